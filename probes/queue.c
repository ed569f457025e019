/* probes/queue.c: one queue, in a Redis by any library or in a table of PostgreSQL: depth, age of
 * the next job, what is at work, delayed and failed, and where it is going. One pipeline a poll; a
 * second, short one only when another job is next whose time stands elsewhere. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "probes/queue_impl.h"
#include "probes/registry.h"

#define QUEUE_LOCK_MS 10000 /* a lock lasts 30 s where nobody says otherwise */

#define QUEUE(field) offsetof(struct queue_options, field)

static const char *const queue_heads[] = { "right", "left", NULL };

static const struct option queue_options[] = {
    { "queue", OPTION_STRING, QUEUE(queue), NULL,
      "name of the queue; the key of a list or stream; a table", .required = true },
    { "redis", OPTION_DSN, QUEUE(link.redis), NULL,
      "server: redis://[user@]host:6379[/db], rediss:// for TLS, or unix:/path; of all but a "
      "table" },
    { "postgres", OPTION_DSN, QUEUE(postgres), NULL,
      "database of a table: service=NAME, postgres://user@host/db or host=... dbname=..." },
    { "layout", OPTION_ENUM, QUEUE(layout), NULL, "who writes it", queue_layout_words,
      .required = true },
    { "prefix", OPTION_STRING, QUEUE(prefix), NULL,
      "before the keys, where it is not the library's own: bull, rq" },
    { "group", OPTION_STRING, QUEUE(group), NULL, "consumer group of a stream" },
    { "stamp", OPTION_POINTER, QUEUE(stamp), NULL,
      "where the time of a job stands in an element of a list: /created_at" },
    { "head", OPTION_ENUM, QUEUE(head), "right", "the end of a list from which jobs are taken",
      queue_heads },
    { "stuck", OPTION_DURATION, QUEUE(stuck_ms), "10m",
      "degraded when the same job is next, or not acknowledged, for so long; 0s = never", .min = 0,
      .max = 604800000 },
    { "oldest_warn", OPTION_DURATION, QUEUE(oldest_warn_ms), NULL,
      "warning when the next job waits for so long", .min = 0, .max = 2592000000 },
    { "oldest_crit", OPTION_DURATION, QUEUE(oldest_crit_ms), NULL,
      "critical when the next job waits for so long", .min = 0, .max = 2592000000 },
    { "failed_warn", OPTION_INT, QUEUE(failed_warn), NULL, "warning when so many jobs have failed",
      .min = 1, .max = 1000000000 },
    { "waiting", OPTION_LIST, QUEUE(waiting), NULL, "of a table: the states of jobs that wait" },
    { "running", OPTION_LIST, QUEUE(running), NULL, "of a table: the states of jobs at work" },
    { "failed", OPTION_LIST, QUEUE(failed), NULL, "of a table: the states of jobs that failed" },
    { "status", OPTION_STRING, QUEUE(status), NULL,
      "column of a table that holds the state, where it is not status" },
    { "created", OPTION_STRING, QUEUE(created), NULL,
      "column of a table that holds when a job was put in, where it is not created_at" },
    { "due", OPTION_STRING, QUEUE(due), NULL,
      "column of a table that holds from when on a job may run; before, it is delayed" },
    { "job", OPTION_STRING, QUEUE(job), NULL, "column of a table that names the kind of job" },
    { "sql", OPTION_STRING, QUEUE(sql), NULL,
      "instead of the columns: gives one row of depth, oldest age in seconds, and by name "
      "running, failed, delayed, job" },
    REDIS_LINK_OPTIONS(QUEUE(link)),
    { 0 }
};

/* ---- options ---- */

/* What only a table has. */
static bool queue_check_redis(const struct queue_options *o, struct err *err)
{
    const char *one = o->waiting.n   ? "waiting"
                      : o->running.n ? "running"
                      : o->failed.n  ? "failed"
                      : o->status    ? "status"
                      : o->created   ? "created"
                      : o->due       ? "due"
                      : o->job       ? "job"
                      : o->sql       ? "sql"
                                     : NULL;

    if (o->postgres)
        return err_set(err, "postgres: %s is in a Redis; only layout table is in a PostgreSQL",
                       queue_layout_words[o->layout]);
    if (!o->link.redis)
        return err_set(err, "redis is missing: the server that holds the queue");
    if (one)
        return err_set(err, "%s: goes with layout table", one);
    return redis_link_check(&o->link, err);
}

static bool queue_check_table(const struct queue_options *o, struct err *err)
{
    const struct queue_table from = queue_table_of(o);

    if (o->link.redis)
        return err_set(err, "redis: a table is in a PostgreSQL; name it with postgres");
    if (!o->postgres)
        return err_set(err, "postgres is missing: the database that holds the table");
    if (o->prefix)
        return err_set(err, "prefix: a table has none; write queue: schema.table");
    if (o->link.ca_file)
        return err_set(err, "ca_file: of a PostgreSQL it stands in the address: sslrootcert");
    if (o->link.insecure)
        return err_set(err, "insecure: of a PostgreSQL it stands in the address: sslmode");
    if (o->link.insecure_reason)
        return err_set(err, "insecure_reason: goes with insecure, and that with a Redis");
    if (o->failed_warn && !o->failed.n && !o->sql)
        return err_set(err, "failed_warn: say with failed which state that is");
    return queue_table_check(&from, err);
}

static bool queue_check(void *self, struct probe_common *common, struct err *err)
{
    struct queue_options *o = self;

    if (!(o->layout == QUEUE_TABLE ? queue_check_table(o, err) : queue_check_redis(o, err)))
        return false;
    if (common->unit != UNIT_NONE && common->unit != UNIT_COUNT)
        return err_set(err, "unit: a depth is a count");
    if ((o->layout == QUEUE_STREAM) != (o->group != NULL))
        return err_set(err, o->group ? "group: only a stream has one"
                                     : "group: a stream is read by one; name it");
    if (o->stamp && o->layout != QUEUE_LIST)
        return err_set(err, "stamp: goes with layout list; %s is known",
                       queue_layout_words[o->layout]);
    if (o->head && o->layout != QUEUE_LIST)
        return err_set(err, "head: goes with layout list");
    if ((o->oldest_warn_ms || o->oldest_crit_ms) &&
        !queue_tells_time((enum queue_layout)o->layout, o->stamp))
        return err_set(err, "oldest_warn, oldest_crit: the jobs of this layout tell no time%s",
                       o->layout == QUEUE_LIST ? "; name its place with stamp" : "");
    if (o->failed_warn &&
        (o->layout == QUEUE_LIST || o->layout == QUEUE_CELERY || o->layout == QUEUE_STREAM))
        return err_set(err, "failed_warn: %s does not tell what failed",
                       queue_layout_words[o->layout]);
    o->failed_limit = o->failed_warn ? o->failed_warn : NAN;
    o->oldest_warn_s = o->oldest_warn_ms ? (double)o->oldest_warn_ms / 1000 : NAN;
    o->oldest_crit_s = o->oldest_crit_ms ? (double)o->oldest_crit_ms / 1000 : NAN;
    return true;
}

static size_t queue_signals(const void *self, const struct probe_common *common,
                            struct signal_spec out[READING_SIGNALS])
{
    const struct queue_options *o = self;
    const char *jobs = common->unit_word ? common->unit_word : "jobs";

    out[QUEUE_DEPTH] = (struct signal_spec){ "depth", UNIT_COUNT, jobs, .main = true };
    out[QUEUE_OLDEST] = (struct signal_spec){
        .name = "oldest", .unit = UNIT_SECONDS, .warn = &o->oldest_warn_s, .crit = &o->oldest_crit_s
    };
    out[QUEUE_RUNNING] = (struct signal_spec){ "running", UNIT_COUNT, jobs };
    out[QUEUE_DELAYED] = (struct signal_spec){ "delayed", UNIT_COUNT, jobs };
    out[QUEUE_FAILED] = (struct signal_spec){
        .name = "failed", .unit = UNIT_COUNT, .unit_word = jobs, .warn = &o->failed_limit
    };
    out[QUEUE_SERVED] = (struct signal_spec){ "served", UNIT_NONE, "/min" };
    out[QUEUE_GROWTH] = (struct signal_spec){ "growth", UNIT_NONE, "/min" };
    out[QUEUE_LATENCY] = (struct signal_spec){ "latency", UNIT_MS };
    return QUEUE_SIGNALS;
}

static void queue_target(const void *self, struct text *out)
{
    const struct queue_options *o = self;
    struct text server = { 0 };

    if (o->layout == QUEUE_TABLE)
        pg_show(o->postgres, &server);
    else
        redis_show(o->link.redis, &server);
    text_setf(out, "%s %s on %s", queue_layout_words[o->layout], o->queue, text_str(&server));
    text_fini(&server);
}

/* The queues of one server are asked at one moment: one wake-up, one write, one round trip. */
static uint64_t queue_together(const void *self)
{
    const struct queue_options *o = self;

    return hash_string(HASH_START, o->layout == QUEUE_TABLE ? o->postgres : o->link.redis);
}

/* ---- asking ---- */

static bool queue_open(struct probe *p, struct err *err)
{
    const struct queue_options *o = p->self;
    struct queue_state *s = xcalloc(1, sizeof *s);

    p->state = s;
    report_init(&s->report, 0);
    s->where = (struct queue_where){ .layout = (enum queue_layout)o->layout,
                                     .name = o->queue,
                                     .prefix = o->prefix,
                                     .group = o->group,
                                     .stamp = o->stamp,
                                     .head_left = o->head == 1 };
    if (o->layout == QUEUE_TABLE)
        return queue_sql_open(p, err);
    queue_ask_make(&s->ask, &s->where);
    return redis_link_open(&s->link, p, &o->link, err);
}

void queue_done(struct probe *p)
{
    struct queue_state *s = p->state;

    queue_say(p->self, p->common, s, io_mono_ms(p->clients->io));
    probe_report(p, &s->report);
}

void queue_failed(struct probe *p, enum fault fault, const char *why)
{
    struct queue_state *s = p->state;

    trend_gap(&s->trend);
    probe_report_failed(&s->report, fault, why);
    probe_report(p, &s->report);
}

/* The layout's own errors are its reader's to explain; all others are the server's. */
static bool queue_is_about_keys(const struct redis_reply *r)
{
    return r->n && (strcmp(r->word, "WRONGTYPE") == 0 || strcmp(r->word, "NOGROUP") == 0 ||
                    strcmp(r->word, "MOVED") == 0 || strcmp(r->word, "ASK") == 0 ||
                    strstr(r->why.msg, "no such key"));
}

static bool queue_answered(struct probe *p, const struct redis_reply *r)
{
    struct queue_state *s = p->state;

    s->link.call = NULL;
    s->link.rejected = r->fault == FAULT_AUTH;
    report_clear(&s->report, io_now_ms(p->clients->io));
    if (r->fault == FAULT_NONE || queue_is_about_keys(r))
        return true;
    if (strcmp(r->word, "LOADING") == 0) { /* neither up nor down */
        trend_gap(&s->trend);
        s->report.state = STATE_DEGRADED;
        text_sets(&s->report.reason, "Redis is loading its data set");
        text_copy(&s->report.values[0].note, &s->report.reason);
        probe_report(p, &s->report);
    } else {
        queue_failed(p, r->fault, r->why.msg);
    }
    return false;
}

static void queue_learn_head(struct queue_state *s)
{
    memcpy(s->known_id, s->facts.head_id, sizeof s->known_id);
    memcpy(s->known_job, s->facts.job, sizeof s->known_job);
    s->known_ms = s->facts.oldest_ms;
}

static void queue_learn_taken(struct queue_state *s, int64_t mono_ms)
{
    bool same = strcmp(s->taken_id, s->facts.taken_id) == 0;

    s->unlocked = !s->facts.unlocked ? 0 : same ? s->unlocked + 1 : 1;
    memcpy(s->taken_id, s->facts.taken_id, sizeof s->taken_id);
    memcpy(s->taken_job, s->facts.taken_job, sizeof s->taken_job);
    s->taken_ms = s->facts.taken_ms;
    s->locked_ms = mono_ms;
}

static void queue_on_head(void *arg, const struct redis_reply *r)
{
    struct probe *p = arg;
    struct queue_state *s = p->state;

    if (!queue_answered(p, r))
        return;
    queue_read_head(&s->ask_head, r->values, r->n, &s->facts);
    if (s->asks_head)
        queue_learn_head(s);
    if (s->asks_taken)
        queue_learn_taken(s, io_mono_ms(p->clients->io));
    queue_done(p);
}

/* What is known of the job that is next holds as long as the same is. Of a stream that was trimmed
 * it is no older than what there still is. */
static bool queue_knows_head(struct queue_state *s)
{
    if (!*s->facts.head_id)
        return true;
    if (isnan(s->facts.depth) || !s->known_ms || strcmp(s->known_id, s->facts.head_id) != 0)
        return false;
    s->facts.oldest_ms = s->known_ms > s->facts.first_ms ? s->known_ms : s->facts.first_ms;
    memcpy(s->facts.job, s->known_job, sizeof s->facts.job);
    return true;
}

/* A lock is renewed for as long as its worker lives: it is looked at now and then, and at once
 * again when it was not there. */
static bool queue_knows_taken(struct queue_state *s, int64_t mono_ms)
{
    if (*s->facts.taken_id && strcmp(s->taken_id, s->facts.taken_id) == 0)
        return !s->unlocked && mono_ms - s->locked_ms < QUEUE_LOCK_MS;
    s->unlocked = 0;
    *s->taken_id = '\0';
    return !*s->facts.taken_id;
}

static void queue_on_reply(void *arg, const struct redis_reply *r)
{
    struct probe *p = arg;
    struct queue_state *s = p->state;
    int64_t mono_ms = io_mono_ms(p->clients->io);
    int64_t left_ms = p->common->timeout_ms - (mono_ms - s->asked_ms);

    if (!queue_answered(p, r))
        return;
    s->phases = r->phases;
    queue_read(&s->where, &s->ask, r->values, r->n, s->report.at_ms, &s->facts);
    s->asks_head = !queue_knows_head(s);
    s->asks_taken = !queue_knows_taken(s, mono_ms);
    if (*s->facts.wrong.msg || (!s->asks_head && !s->asks_taken)) {
        queue_done(p);
    } else if (left_ms <= 0) {
        queue_failed(p, FAULT_TIMEOUT, "no time left to ask about the next job");
    } else {
        queue_ask_fini(&s->ask_head);
        if (s->asks_head)
            queue_ask_head(&s->ask_head, &s->where, &s->facts);
        if (s->asks_taken)
            queue_ask_taken(&s->ask_head, &s->where, &s->facts);
        s->link.call =
            redis_ask(s->link.db, s->ask_head.commands, s->ask_head.n, left_ms, queue_on_head, p);
    }
}

static void queue_poll(struct probe *p)
{
    struct queue_state *s = p->state;
    struct err why = { "" };

    if (s->where.layout == QUEUE_TABLE) {
        queue_sql_poll(p);
        return;
    }
    if (!redis_link_ready(&s->link, &why)) {
        report_clear(&s->report, io_now_ms(p->clients->io));
        queue_failed(p, FAULT_AUTH, why.msg);
        return;
    }
    s->asked_ms = io_mono_ms(p->clients->io);
    s->link.call =
        redis_ask(s->link.db, s->ask.commands, s->ask.n, p->common->timeout_ms, queue_on_reply, p);
}

static void queue_close(struct probe *p)
{
    struct queue_state *s = p->state;

    if (!s)
        return;
    redis_link_close(&s->link);
    pg_link_close(&s->pg);
    buf_fini(&s->sql);
    queue_ask_fini(&s->ask);
    queue_ask_fini(&s->ask_head);
    for (size_t i = 0; i < sizeof s->cells / sizeof *s->cells; i++)
        text_fini(&s->cells[i]);
    report_fini(&s->report);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_queue = {
    .kind = "queue",
    .help =
        "a queue in a Redis or a table: its depth, the age of its next job, and where it is going",
    .options = queue_options,
    .size = sizeof(struct queue_options),
    .check = queue_check,
    .signals = queue_signals,
    .together = queue_together,
    .target = queue_target,
    .open = queue_open,
    .poll = queue_poll,
    .close = queue_close,
};
