/* probes/queue_layout.c: the layouts as tables of commands. */
#include "probes/queue_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "probes/queue_layout_impl.h"

const char *const queue_layout_words[] = {
    "list", "bullmq", "bull", "sidekiq", "rq", "celery", "stream", "table", NULL,
};

bool queue_tells_time(enum queue_layout layout, const char *stamp)
{
    return layout != QUEUE_CELERY && (layout != QUEUE_LIST || stamp);
}

/* {p} the prefix, {q} the queue, {g} the group, {i} the job or entry, {c} how many,
 * {at} the end that is next.
 * "\006\026" is how Celery's transport writes a priority. */
struct queue_part {
    enum queue_role role;
    const char *words;
};

static const struct queue_part parts_list[] = {
    { ROLE_DEPTH, "LLEN {q}" },
    { ROLE_HEAD, "LINDEX {q} {at}" },
    { 0, NULL },
};

/* BullMQ 3 to 6: up to 5 a paused queue moves its jobs to `paused`, 6 leaves them in `wait`. */
static const struct queue_part parts_bullmq[] = {
    { ROLE_THERE, "EXISTS {p}:{q}:meta" },
    { ROLE_DEPTH, "LLEN {p}:{q}:wait" },
    { ROLE_HELD, "LLEN {p}:{q}:paused" },
    { ROLE_DEPTH, "ZCARD {p}:{q}:prioritized" },
    { ROLE_RUNNING, "LLEN {p}:{q}:active" },
    { ROLE_DELAYED, "ZCARD {p}:{q}:delayed" },
    { ROLE_FAILED, "ZCARD {p}:{q}:failed" },
    { ROLE_DONE, "HGET {p}:{q}:metrics:completed count" },
    { ROLE_PAUSED, "HGET {p}:{q}:meta paused" },
    { ROLE_HEAD, "LRANGE {p}:{q}:wait -2 -1" },
    { ROLE_NEXT, "ZRANGE {p}:{q}:prioritized 0 0" },
    { ROLE_NEXT, "LRANGE {p}:{q}:paused -2 -1" },
    { ROLE_TAKEN, "LINDEX {p}:{q}:active -1" },
    { 0, NULL },
};

static const struct queue_part parts_bull[] = {
    { ROLE_THERE, "EXISTS {p}:{q}:id" },
    { ROLE_DEPTH, "LLEN {p}:{q}:wait" },
    { ROLE_HELD, "LLEN {p}:{q}:paused" },
    { ROLE_RUNNING, "LLEN {p}:{q}:active" },
    { ROLE_DELAYED, "ZCARD {p}:{q}:delayed" },
    { ROLE_FAILED, "ZCARD {p}:{q}:failed" },
    { ROLE_PAUSED, "EXISTS {p}:{q}:meta-paused" },
    { ROLE_HEAD, "LRANGE {p}:{q}:wait -2 -1" },
    { ROLE_NEXT, "LRANGE {p}:{q}:paused -2 -1" },
    { ROLE_TAKEN, "LINDEX {p}:{q}:active -1" },
    { 0, NULL },
};

/* schedule, retry and dead are of all queues of the server, and so is stat:processed: what this
 * queue served is not told. */
static const struct queue_part parts_sidekiq[] = {
    { ROLE_THERE, "SISMEMBER {p}queues {q}" },
    { ROLE_DEPTH, "LLEN {p}queue:{q}" },
    { ROLE_DELAYED, "ZCARD {p}schedule" },
    { ROLE_DELAYED, "ZCARD {p}retry" },
    { ROLE_FAILED, "ZCARD {p}dead" },
    { ROLE_HEAD, "LINDEX {p}queue:{q} -1" },
    { 0, NULL },
};

static const struct queue_part parts_rq[] = {
    { ROLE_THERE, "SISMEMBER {p}:queues {p}:queue:{q}" },
    { ROLE_DEPTH, "LLEN {p}:queue:{q}" },
    { ROLE_RUNNING, "ZCARD {p}:wip:{q}" },
    { ROLE_DELAYED, "ZCARD {p}:scheduled:{q}" },
    { ROLE_DELAYED, "ZCARD {p}:deferred:{q}" },
    { ROLE_FAILED, "ZCARD {p}:failed:{q}" },
    { ROLE_HEAD, "LINDEX {p}:queue:{q} 0" },
    { 0, NULL },
};

/* An absent list is an empty one, and messages carry no time. unacked is of all queues. */
static const struct queue_part parts_celery[] = {
    { ROLE_DEPTH, "LLEN {p}{q}" },
    { ROLE_DEPTH, "LLEN {p}{q}\006\0263" },
    { ROLE_DEPTH, "LLEN {p}{q}\006\0266" },
    { ROLE_DEPTH, "LLEN {p}{q}\006\0269" },
    { ROLE_RUNNING, "HLEN {p}unacked" },
    { ROLE_UNACKED, "ZRANGE {p}unacked_index 0 0 WITHSCORES" },
    { ROLE_HEAD, "LINDEX {p}{q} -1" }, /* 0 is the most urgent */
    { ROLE_NEXT, "LINDEX {p}{q}\006\0263 -1" },
    { ROLE_NEXT, "LINDEX {p}{q}\006\0266 -1" },
    { ROLE_NEXT, "LINDEX {p}{q}\006\0269 -1" },
    { 0, NULL },
};

static const struct queue_part parts_stream[] = {
    { ROLE_GROUPS, "XINFO GROUPS {q}" },
    { ROLE_PENDING, "XPENDING {q} {g} - + 1" },
    { ROLE_LENGTH, "XLEN {q}" },
    { ROLE_FIRST, "XRANGE {q} - + COUNT 1" },
    { 0, NULL },
};

static const struct queue_part head_bull = { ROLE_TIMES, "HMGET {p}:{q}:{i} timestamp delay name" };
static const struct queue_part head_rq = { ROLE_TIME, "HMGET {p}:job:{i} enqueued_at description" };
static const struct queue_part head_stream = { ROLE_ENTRIES, "XRANGE {q} ({i} + COUNT {c}" };

/* In this order: a job that ends in between is no more the oldest at work. */
static const struct queue_part parts_taken[] = {
    { ROLE_LOCK, "EXISTS {p}:{q}:{i}:lock" },
    { ROLE_STILL, "LINDEX {p}:{q}:active -1" },
    { ROLE_WORKED, "HMGET {p}:{q}:{i} processedOn name" },
    { 0, NULL },
};

static const struct queue_form { /* by enum queue_layout; a table has none */
    const char *prefix;
    const struct queue_part *parts, *head; /* head NULL: the element itself tells all */
} queue_forms[] = {
    { "", parts_list, NULL },           { "bull", parts_bullmq, &head_bull },
    { "bull", parts_bull, &head_bull }, { "", parts_sidekiq, NULL },
    { "rq", parts_rq, &head_rq },       { "", parts_celery, NULL },
    { "", parts_stream, &head_stream },
};

bool queue_asks_head(enum queue_layout layout)
{
    return queue_forms[layout].head != NULL;
}

/* ---- asking ---- */

/* One word of a command with its places filled in. */
static char *queue_word(const char *word, size_t len, const struct queue_where *w, const char *id,
                        int count)
{
    const char *prefix = w->prefix ? w->prefix : queue_forms[w->layout].prefix;
    struct buf b = { 0 };
    char *out;

    for (size_t i = 0; i < len;) {
        const char *at = word + i;

        if (strncmp(at, "{p}", 3) == 0)
            buf_adds(&b, prefix), i += 3;
        else if (strncmp(at, "{q}", 3) == 0)
            buf_adds(&b, w->name), i += 3;
        else if (strncmp(at, "{g}", 3) == 0)
            buf_adds(&b, w->group ? w->group : ""), i += 3;
        else if (strncmp(at, "{i}", 3) == 0)
            buf_adds(&b, id), i += 3;
        else if (strncmp(at, "{c}", 3) == 0)
            buf_addf(&b, "%d", count), i += 3;
        else if (strncmp(at, "{at}", 4) == 0)
            buf_adds(&b, w->head_left ? "0" : "-1"), i += 4;
        else
            buf_addc(&b, *at), i++;
    }
    out = xstrdup(buf_str(&b));
    buf_fini(&b);
    return out;
}

static void queue_ask_add(struct queue_ask *ask, const struct queue_part *part,
                          const struct queue_where *w, const char *id, int count)
{
    size_t first = ask->n_argv;

    for (const char *s = part->words; *s;) { /* cut first: a name with a blank stays one word */
        size_t len = strcspn(s, " ");

        ask->words[ask->n_argv] = queue_word(s, len, w, id, count);
        ask->argv[ask->n_argv] = ask->words[ask->n_argv];
        ask->n_argv++;
        s += len + (s[len] == ' ');
    }
    ask->roles[ask->n] = (unsigned char)part->role;
    ask->commands[ask->n++] =
        (struct redis_command){ (int)(ask->n_argv - first), ask->argv + first };
}

void queue_ask_make(struct queue_ask *ask, const struct queue_where *where)
{
    memset(ask, 0, sizeof *ask);
    for (const struct queue_part *p = queue_forms[where->layout].parts; p->words; p++)
        queue_ask_add(ask, p, where, "", 0);
}

void queue_ask_head(struct queue_ask *ask, const struct queue_where *where,
                    const struct queue_facts *facts)
{
    int count = isnan(facts->depth) ? QUEUE_ENTRIES : 1;

    if (queue_forms[where->layout].head)
        queue_ask_add(ask, queue_forms[where->layout].head, where, facts->head_id, count);
}

void queue_ask_taken(struct queue_ask *ask, const struct queue_where *where,
                     const struct queue_facts *facts)
{
    for (const struct queue_part *p = parts_taken; p->words; p++)
        queue_ask_add(ask, p, where, facts->taken_id, 0);
}

void queue_ask_fini(struct queue_ask *ask)
{
    for (size_t i = 0; i < ask->n_argv; i++)
        free(ask->words[i]);
    memset(ask, 0, sizeof *ask);
}
