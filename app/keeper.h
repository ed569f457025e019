/* app/keeper.h: what a console and a collector have in common: a watch with its journal. What the
 * journal says goes onto the board, what the board says goes into the journal, and what cannot be
 * recorded stands on the screen.
 *
 * Of what the board was the recorder keeps the past, and `past` gets it back.
 *
 * Owner:   keeper_new() to keeper_free(), which accepts NULL and waits for what is being recorded.
 *          Watch, book and past are the keeper's. It takes the configuration.
 */
#pragma once

#include "app/book.h"
#include "app/past.h"
#include "app/watch.h"

struct keeper;

/* What is so until further notice, the most important first. */
enum keeper_notice { NOTICE_CONFIG, NOTICE_DEMO, NOTICE_JOURNAL, NOTICE_HISTORY, NOTICES };

struct keeper_events {
    void (*changed)(void *arg, bool loud);                /* the board */
    void (*record)(void *arg, const struct record *r);    /* of the journal, whoever wrote it */
    void (*says)(void *arg, bool bad, const char *words); /* what became of what was asked for */
    /* A board of the past, the listener's, as it was asked for; or why there is none. NULL: nobody
     * asks. */
    void (*past)(void *arg, struct board *b, int64_t wanted_ms, const char *why);
    void *arg;
};

struct keeper_options {
    struct io *io;
    struct secrets *secrets; /* borrowed */
    bool demo;
    const char *demo_dir; /* where the journal of a demo lies; NULL = nowhere */
};

struct keeper *keeper_new(const struct keeper_options *o, struct config *config,
                          const struct keeper_events *events);
void keeper_free(struct keeper *k);
struct watch *keeper_watch(struct keeper *k);
struct book *keeper_book(struct keeper *k);
struct past *keeper_past(struct keeper *k);
/* It stands in a row of its own on every screen; NULL takes it away. */
void keeper_notice(struct keeper *k, enum keeper_notice which, const char *words);
/* Another configuration, read from `path`; a wrong one leaves the old. What to tell whom in
 * `words`; false: it was not taken. */
bool keeper_reload(struct keeper *k, const char *path, const struct strmap *sets,
                   void (*own)(struct config *c), struct buf *words);
