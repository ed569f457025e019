/* app/watch_impl.h: what the files of the collector share. */
#pragma once

#include "alerts/judge.h"
#include "app/watch.h"
#include "core/board.h"
#include "io/http.h"
#include "io/pg.h"
#include "io/redis.h"
#include "probes/probe.h"

struct watched { /* one probe on its schedule */
    struct watch *watch;
    size_t service, reading;
    struct probe probe;
    struct err open_error; /* why it could not be opened; asked all the same, and said each time */
    bool open, asking, of_slot; /* of_slot: the question that is out belongs to a slot */
    bool again;       /* the one that is out began too early: another as soon as it is answered */
    int64_t asked_ms; /* monotonic */
    struct io_timer *timer;
    int64_t phase_ms, slot_ms; /* slot_ms: the next one, monotonic */
    int asks_left;             /* one-shot: how often at most */
    struct watch_slots slots;
#ifdef MW_GUILTY
    bool guilty; /* it has failed once; app/guilty.h */
#endif
};

struct watch {
    struct io *io;
    struct config *config;
    struct board *board;
    struct clients clients;
    struct watched **probes; /* in the order of the configuration */
    size_t n_probes;
    struct watch_events events;
    struct judge *judge;
    struct io_timer *settle, *tick, *due; /* due: an alert fires or ends by time alone */
    bool settling, started;
    int64_t moment_ms; /* between the moments at which slots fall */
    uint64_t look;     /* hash of what counts as loud */
    /* one-shot */
    bool once;
    size_t once_left;
    void (*once_done)(void *arg);
    void *once_arg;
};

/* app/watch.c */
struct watched *watch_open_probe(struct watch *w, size_t service, size_t reading);
void watch_close_probe(struct watched *p);
void watch_ask_first(struct watched *p); /* now; from then on at its slots */
void watch_room(struct watch *w);        /* the clients take as many targets as there are now */
void watch_judge(struct watch *w);       /* the board as a whole, and tells of it */
struct judge *watch_judge_new(const struct config *c, struct board *b);
