/* probes/log_impl.h: between log.c and logcommand.c. */
#pragma once

#include "io/errand.h"
#include "probes/log.h"
#include "probes/logfile.h"

enum {
    LOG_EMPTIED_MS = 300000, /* how long it is told, also of what was skipped or started again */
    LOG_GONE_MS = 30000,     /* a rotation takes no longer */
    LOG_TIMES_MAX = 4
};

struct logcommand;

struct log_errand { /* one slice of a file, in a thread that may hang with its file system */
    struct log *log;
    bool left; /* nobody is there any more: the log ends with the thread */
};

struct log {
    struct log *next;
    struct clients *clients;
    char *key;
    struct logpaths *paths;
    struct log_reader *readers;
    struct log_reader *joining; /* while a thread goes along `readers` */
    struct io_timer *start;
    struct errand *errand; /* while a thread reads */
    struct log_errand *slice;
    struct logfile *file; /* one of the two */
    struct logcommand *command;
    bool busy; /* a thread reads, or readers are being told: nothing may go */
    bool live; /* what was there at the start was read */
    int times[LOG_TIMES_MAX];
    size_t n_times;
    struct logfield fields[LOGLINE_FIELDS];
    int64_t now_ms;     /* of this slice */
    int64_t began_ms;   /* of following */
    int64_t last_ms;    /* time of the last line that told one */
    int64_t newest_ms;  /* of the newest line */
    int64_t covered_ms; /* 0 = nothing was read yet */
    int64_t gap_ms;     /* lines before may be missing; 0 = none are */
    int64_t behind, gone_ms, emptied_ms, skipped_ms;
    uint64_t emptied, skipped, undated, undated_bad;
    struct logfile_answer answer;
    struct text why, said;
};

/* The time of what is read next. A clock that is set back takes what is known with it: times of
 * before would lie ahead for as long. */
void log_clock(struct log *g);
/* Of one line, wherever it comes from: a logsplit_line(). */
void log_on_line(void *log, const char *bytes, size_t len);
struct logcommand *logcommand_new(struct log *g, const struct strlist *argv);
void logcommand_free(struct logcommand *c);
/* Starts it when it never ran. How long an answer had better wait. */
int64_t logcommand_settle_ms(struct logcommand *c);
/* What is wrong with it, or what is to be told, into `g`. */
void logcommand_look(struct logcommand *c);
/* False for a line that it printed before and repeats, `timed` when it tells its own time. */
bool logcommand_is_new(struct logcommand *c, const struct log_line *l, bool timed);
