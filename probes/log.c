/* probes/log.c: a log, followed once for all probes that read it. */
#include "probes/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "probes/log_impl.h"
#include "probes/logtime.h"

static const char *const log_times[] = { "timestamp", "time", "@timestamp", "ts" };
enum { LOG_TIMES = sizeof log_times / sizeof log_times[0] };

/* ---- lines ---- */

void log_clock(struct log *g)
{
    int64_t now_ms = io_now_ms(g->clients->io);

    if (now_ms + LOG_STEP_MS < g->now_ms) {
        if (g->covered_ms > now_ms)
            g->covered_ms = now_ms;
        if (g->newest_ms > now_ms)
            g->newest_ms = now_ms;
        for (struct log_reader *r = g->readers; r; r = r->next)
            if (r->joined_ms > now_ms)
                r->joined_ms = now_ms;
        g->last_ms = 0;
        g->emptied_ms = g->skipped_ms = g->gone_ms = g->gap_ms = 0;
    }
    g->now_ms = now_ms;
}

/* The time that a line tells; false when it tells none that can be read. */
static bool log_time(const struct log *g, int64_t *at_ms)
{
    for (size_t i = 0; i < g->n_times; i++)
        if (logtime_read(&g->fields[g->times[i]], at_ms))
            return true;
    return false;
}

/* When it was written: as it says, else as of the line before, else as it came. What is read back
 * came long ago, nobody knows when. */
static bool log_date(struct log *g, struct log_line *l)
{
    bool timed = l->kind == LOG_JSON && log_time(g, &l->at_ms);

    if (g->command && !logcommand_is_new(g->command, l, timed))
        return false;
    if (!timed) {
        l->at_ms = g->live ? g->now_ms : g->last_ms;
        return l->at_ms > 0;
    }
    if (l->at_ms > g->now_ms + LOG_AHEAD_MS)
        l->future = true;
    if (l->at_ms > g->now_ms)
        l->at_ms = g->now_ms;
    g->last_ms = l->at_ms;
    return true;
}

void log_on_line(void *arg, const char *bytes, size_t len)
{
    struct log *g = arg;
    struct log_line l = { .live = g->live, .arrived_ms = g->now_ms, .fields = g->fields };

    if (!bytes)
        l.kind = LOG_TOO_LONG;
    else if (!logline_read(g->paths, bytes, len, g->fields))
        l.kind = LOG_BAD;
    if (!log_date(g, &l)) {
        g->undated += !g->live;
        g->undated_bad += !g->live && l.kind != LOG_JSON;
        return;
    }
    if (g->live || l.at_ms > g->newest_ms)
        g->newest_ms = g->live ? g->now_ms : l.at_ms;
    if (!g->covered_ms)
        g->covered_ms = l.at_ms;
    for (struct log_reader *r = g->readers; r; r = r->next)
        if (r->bound)
            r->line(r->arg, &l);
}

/* ---- readers ---- */

static void log_bind(struct log *g)
{
    while (g->joining) {
        struct log_reader *r = g->joining;

        g->joining = r->next;
        r->next = g->readers;
        g->readers = r;
    }
    for (struct log_reader *r = g->readers; r; r = r->next)
        if (!r->tried && !r->gone) {
            r->tried = true;
            r->bound = r->bind(r->arg, g->paths);
        }
}

static struct log_reader *log_first_gone(struct log *g)
{
    struct log_reader *r = g->readers;

    while (r && !r->gone)
        r = r->next;
    return r;
}

static void log_free(struct log *g)
{
    logfile_free(g->file);
    logpaths_free(g->paths);
    text_fini(&g->why);
    text_fini(&g->said);
    free(g->key);
    free(g);
}

static void log_release(struct log_reader *r)
{
    r->log = NULL;
    r->release(r->arg);
}

/* All have left, and no thread reads. */
static void log_end(struct log *g)
{
    struct log_reader *lists[] = { g->readers, g->joining };

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        for (struct log_reader *r = lists[i], *next; r; r = next) {
            next = r->next;
            log_release(r);
        }
    log_free(g);
}

/* Ends those who left. False when nobody is left, and the log with them. */
static bool log_sweep(struct log *g)
{
    struct log_reader *r;

    if (g->busy)
        return true;
    log_bind(g);
    g->busy = true; /* a release() that makes another one leave must not come back here */
    while ((r = log_first_gone(g))) {
        struct log_reader **at = &g->readers;

        while (*at != r)
            at = &(*at)->next;
        *at = r->next;
        log_release(r);
    }
    g->busy = false;
    if (g->readers)
        return true;
    log_free(g);
    return false;
}

static struct log_reader *log_first_telling(struct log *g)
{
    struct log_reader *r = g->readers;

    while (r && (!r->telling || r->gone))
        r = r->next;
    return r;
}

static bool log_is_asked(const struct log *g)
{
    const struct log_reader *r = g->readers;

    while (r && (!r->asked || r->gone))
        r = r->next;
    return r != NULL;
}

/* Tells everybody who asked until now. */
static void log_tell(struct log *g)
{
    struct log_view v = { .why = text_str(&g->why),
                          .said = text_str(&g->said),
                          .newest_ms = g->newest_ms,
                          .behind = g->behind,
                          .undated = g->undated,
                          .undated_bad = g->undated_bad };
    struct log_reader *r;

    int64_t covered_ms = g->gap_ms > g->covered_ms ? g->gap_ms : g->covered_ms;

    g->busy = true;
    for (r = g->readers; r; r = r->next) {
        r->telling = r->asked;
        r->asked = false;
    }
    while ((r = log_first_telling(g))) {
        r->telling = false;
        v.covered_ms = r->joined_ms > covered_ms ? r->joined_ms : covered_ms;
        r->looked(r->arg, &v);
    }
    g->busy = false;
    if (log_sweep(g) && log_is_asked(g))
        io_timer_arm(g->start, 0);
}

/* ---- a file ---- */

enum { LOG_STACK = 512 << 10 };

static void log_errand_run(void *what)
{
    struct log *g = ((struct log_errand *)what)->log;

    logfile_look(g->file, g->now_ms, LOG_SLICE_BYTES, log_on_line, g, &g->answer);
}

/* By the loop, or by the thread when it comes back to nobody. */
static void log_errand_drop(void *what)
{
    struct log_errand *e = what;

    if (e->left)
        log_end(e->log);
    free(e);
}

static void log_start(struct log *g);

/* What is worth telling of the file beside the numbers. */
static void log_say_file(struct log *g)
{
    const struct logfile_answer *a = &g->answer;

    text_sets(&g->said, "");
    if (a->emptied != g->emptied) {
        g->emptied = a->emptied;
        g->emptied_ms = g->now_ms;
    }
    if (g->emptied_ms && g->now_ms - g->emptied_ms < LOG_EMPTIED_MS)
        text_sets(&g->said, "emptied in place: the last lines before may be missing");
    if (a->skipped != g->skipped) {
        g->skipped = a->skipped;
        g->skipped_ms = g->gap_ms = g->now_ms;
    }
    if (g->skipped_ms && g->now_ms - g->skipped_ms < LOG_EMPTIED_MS)
        text_sets(&g->said, "rotated more than once since the last look: lines are missing");
    if (!*a->why.msg)
        g->gone_ms = 0;
    else if (a->gone && !g->gone_ms)
        g->gone_ms = g->now_ms;
    text_sets(&g->why, a->why.msg);
    if (a->gone && g->gone_ms && g->now_ms - g->gone_ms < LOG_GONE_MS) {
        text_sets(&g->why, ""); /* a rotation may be under way */
        text_sets(&g->said, "the file is gone: a rotation, or the end");
    }
}

static void log_on_done(void *arg, void *what)
{
    struct log *g = arg;

    (void)what;
    g->errand = NULL;
    g->slice = NULL;
    g->busy = false;
    if (!log_sweep(g))
        return;
    log_bind(g);
    g->behind = g->answer.behind;
    if (g->answer.more) {
        log_start(g);
        return;
    }
    log_say_file(g);
    if (!g->live && (!*g->answer.why.msg || g->answer.absent)) {
        g->live = true; /* from here on lines come: what is not there yet holds none from before */
        if (!g->covered_ms)
            g->covered_ms = g->began_ms;
    }
    if (!g->newest_ms)
        g->newest_ms = g->answer.written_ms;
    log_tell(g);
}

static void log_start(struct log *g)
{
    static const struct errand_ops ops = { log_errand_run, log_errand_drop, LOG_STACK };

    log_clock(g);
    g->slice = xcalloc(1, sizeof *g->slice);
    g->slice->log = g;
    g->busy = true;
    g->errand = errand_start(g->clients->io, &ops, g->slice, log_on_done, g);
    if (g->errand)
        return;
    text_setf(&g->why, "cannot be read: %s", strerror(errno));
    free(g->slice);
    g->slice = NULL;
    g->busy = false;
    log_tell(g);
}

/* ---- asking ---- */

static void log_on_start(void *arg)
{
    struct log *g = arg;
    int64_t settle_ms;

    if (g->busy)
        return; /* who came too late for this look gets it with the others: it is not over */
    log_bind(g);
    if (g->file) {
        log_start(g);
        return;
    }
    settle_ms = logcommand_settle_ms(g->command);
    if (settle_ms) {
        io_timer_arm(g->start, settle_ms);
        return;
    }
    log_clock(g);
    logcommand_look(g->command);
    log_tell(g);
}

void log_look(struct log_reader *r)
{
    r->asked = true;
    if (!r->log->busy)
        io_timer_arm(r->log->start, 0); /* those asked in one turn go together */
}

void log_forget(struct log_reader *r)
{
    r->asked = false;
}

int64_t log_behind(const struct log_reader *r)
{
    return r->log ? r->log->behind : 0;
}

static char *log_key(const struct strlist *source, const char *time)
{
    struct buf b = { 0 };

    buf_adds(&b, time ? time : "");
    for (size_t i = 0; i < source->n; i++)
        buf_addf(&b, "\n%s", source->items[i]);
    return b.bytes;
}

static struct log *log_new(struct clients *c, const struct strlist *source, const char *time,
                           char *key)
{
    struct log *g = xcalloc(1, sizeof *g);

    g->clients = c;
    g->key = key;
    g->paths = logpaths_new();
    g->start = io_timer_new(c->io, log_on_start, g);
    g->began_ms = io_now_ms(c->io);
    g->n_times = time ? 1 : LOG_TIMES;
    for (size_t i = 0; i < g->n_times; i++)
        g->times[i] = logpaths_add(g->paths, time ? time : log_times[i]);
    if (source->n == 1)
        g->file = logfile_new(source->items[0], LOG_TAIL_BYTES);
    else
        g->command = logcommand_new(g, source);
    g->next = c->logs;
    c->logs = g;
    return g;
}

void log_join(struct log_reader *r, struct clients *c, const struct strlist *source,
              const char *time)
{
    char *key = log_key(source, time);
    struct log *g = c->logs;

    while (g && strcmp(g->key, key) != 0)
        g = g->next;
    if (g)
        free(key);
    else
        g = log_new(c, source, time, key);
    r->log = g;
    r->tried = r->bound = r->asked = r->telling = r->gone = false;
    r->joined_ms = g->covered_ms || g->busy ? io_now_ms(c->io) : 0;
    r->next = g->joining;
    g->joining = r;
    if (!g->busy)
        log_bind(g);
}

static bool log_is_read(const struct log *g)
{
    const struct log_reader *r;

    for (r = g->readers; r; r = r->next)
        if (!r->gone)
            return true;
    for (r = g->joining; r; r = r->next)
        if (!r->gone)
            return true;
    return false;
}

/* Nobody reads it any more. A thread may still be at work for it, and outlive the clients: then the
 * log ends with it. */
static void log_orphan(struct log *g)
{
    struct log **at = &g->clients->logs;

    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    logcommand_free(g->command);
    io_timer_free(g->start);
    g->start = NULL;
    g->clients = NULL;
    if (g->errand) {
        g->slice->left = true;
        errand_forget(g->errand);
    } else {
        g->command = NULL;
        log_sweep(g);
    }
}

void log_leave(struct log_reader *r)
{
    struct log *g = r->log;

    if (!g || r->gone)
        return;
    r->gone = true;
    if (log_is_read(g))
        log_sweep(g);
    else
        log_orphan(g);
}
