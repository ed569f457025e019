/* probes/log.h: a log, followed once for all probes that read it: a file, or what a command prints.
 *
 * A file is read in a thread beside the loop, a slice at a time, when a reader asks for a look; a
 * command's output is taken as it comes. Each line is scanned once, for the fields of all readers.
 *
 * Units:   times are Unix milliseconds.
 * Errors:  in the view.
 * Owner:   the reader is its owner's until release(): a thread may be giving it lines. What line()
 *          touches is nobody else's between bind() and release() but inside looked().
 */
#pragma once

#include "core/option.h"
#include "probes/logline.h"
#include "probes/probe.h"

enum {
    LOG_TAIL_BYTES = 64 << 20, /* read back at the first look */
    LOG_SLICE_BYTES = 8 << 20, /* in one go of the thread */
    LOG_AHEAD_MS = 60000,      /* clocks differ: further ahead is a time in the future */
    LOG_STEP_MS = 1000         /* a clock that goes back by more was set */
};

struct log;

enum log_line_kind { LOG_JSON, LOG_BAD, LOG_TOO_LONG };

struct log_line {
    enum log_line_kind kind;
    bool live;   /* it came while we followed, and was not read back */
    bool future; /* its time lies ahead; at_ms is its arrival */
    int64_t at_ms, arrived_ms;
    const struct logfield *fields; /* of LOG_JSON */
};

struct log_view {       /* how the log stands; borrowed */
    const char *why;    /* not empty: nothing can be told now, because of this */
    const char *said;   /* not empty: worth telling beside a number */
    int64_t covered_ms; /* everything since then is known; 0 = nothing was read yet */
    int64_t newest_ms;  /* the newest line; 0 = there was none */
    int64_t behind;     /* bytes that are there and were not read yet */
    /* Lines that were there at the start and tell no time, as of a text that is no JSON: they
     * belong to no window. */
    uint64_t undated, undated_bad;
};

struct log_reader {
    /* Names the fields it wants; before the first line. False: there are too many. */
    bool (*bind)(void *arg, struct logpaths *paths);
    void (*line)(void *arg, const struct log_line *line); /* maybe in a thread */
    void (*looked)(void *arg, const struct log_view *view);
    void (*release)(void *arg); /* maybe in a thread: of one that came back to nobody */
    void *arg;
    /* log.c's own */
    struct log_reader *next;
    struct log *log;
    int64_t joined_ms;                       /* 0 = before the first look */
    bool tried, bound, asked, telling, gone; /* bound: it gets lines */
};

/* `source` is a path, or the words of a command; `time` the field of the time, NULL = the usual. */
void log_join(struct log_reader *r, struct clients *c, const struct strlist *source,
              const char *time);
/* looked() comes later, once. */
void log_look(struct log_reader *r);
/* looked() for this reader is not waited for any more. */
void log_forget(struct log_reader *r);
void log_leave(struct log_reader *r); /* fine when it never joined, fine twice */
/* As far as it was known when the last slice ended. */
int64_t log_behind(const struct log_reader *r);
