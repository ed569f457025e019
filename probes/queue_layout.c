/* probes/queue_layout.c: the layouts as tables of commands, and one reader for all of them. */
#include "probes/queue_layout.h"

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const queue_layout_words[] = {
    "list", "bullmq", "bull", "sidekiq", "rq", "celery", "stream", NULL,
};

enum queue_role {
    ROLE_THERE,   /* integer above 0: the queue is known */
    ROLE_DEPTH,   /* a length that waits */
    ROLE_HELD,    /* a length that waits in a paused queue */
    ROLE_RUNNING, /* */
    ROLE_DELAYED, /* */
    ROLE_FAILED,  /* */
    ROLE_DONE,    /* a counter */
    ROLE_PAUSED,  /* "1" or 1: paused */
    ROLE_HEAD,    /* the next element: a list of the last two, or one */
    ROLE_UNACKED, /* [member, score]: the oldest that was taken, Unix seconds */
    ROLE_GROUPS,  /* XINFO GROUPS */
    ROLE_PENDING, /* XPENDING */
    ROLE_TIMES,   /* [timestamp, delay] of a job */
    ROLE_TIME,    /* a time */
    ROLE_ENTRIES  /* XRANGE: the entries that no consumer has read */
};

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
    { 0, NULL },
};

/* schedule, retry and dead are of all queues of the server. */
static const struct queue_part parts_sidekiq[] = {
    { ROLE_THERE, "SISMEMBER {p}queues {q}" }, { ROLE_DEPTH, "LLEN {p}queue:{q}" },
    { ROLE_DELAYED, "ZCARD {p}schedule" },     { ROLE_DELAYED, "ZCARD {p}retry" },
    { ROLE_FAILED, "ZCARD {p}dead" },          { ROLE_DONE, "GET {p}stat:processed" },
    { ROLE_HEAD, "LINDEX {p}queue:{q} -1" },   { 0, NULL },
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
    { ROLE_HEAD, "LINDEX {p}{q} -1" },
    { 0, NULL },
};

static const struct queue_part parts_stream[] = {
    { ROLE_GROUPS, "XINFO GROUPS {q}" },
    { ROLE_PENDING, "XPENDING {q} {g}" },
    { 0, NULL },
};

static const struct queue_part head_bull = { ROLE_TIMES, "HMGET {p}:{q}:{i} timestamp delay" };
static const struct queue_part head_rq = { ROLE_TIME, "HGET {p}:job:{i} enqueued_at" };
enum { QUEUE_ENTRIES = 100 }; /* at most so many are read to count them */
static const struct queue_part head_stream = { ROLE_ENTRIES, "XRANGE {q} ({i} + COUNT {c}" };

static const struct queue_form { /* by enum queue_layout */
    const char *prefix;
    const struct queue_part *parts, *head; /* head NULL: the element itself tells all */
} queue_forms[] = {
    { "", parts_list, NULL },           { "bull", parts_bullmq, &head_bull },
    { "bull", parts_bull, &head_bull }, { "", parts_sidekiq, NULL },
    { "rq", parts_rq, &head_rq },       { "", parts_celery, NULL },
    { "", parts_stream, &head_stream },
};

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

    memset(ask, 0, sizeof *ask);
    if (queue_forms[where->layout].head)
        queue_ask_add(ask, queue_forms[where->layout].head, where, facts->head_id, count);
}

void queue_ask_fini(struct queue_ask *ask)
{
    for (size_t i = 0; i < ask->n_argv; i++)
        free(ask->words[i]);
    memset(ask, 0, sizeof *ask);
}

/* ---- reading ---- */

static int64_t queue_stamp_iso(const char *s)
{
    struct tm tm = { 0 };
    double seconds;
    int used = 0;

    if (sscanf(s, "%4d-%2d-%2d%*1[T ]%2d:%2d:%lf%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
               &tm.tm_hour, &tm.tm_min, &seconds, &used) != 6 ||
        tm.tm_year < 1970 || tm.tm_year > 9999 || seconds < 0 || seconds >= 61)
        return 0;
    if (s[used] && strcmp(s + used, "Z") != 0 && strcmp(s + used, "+00:00") != 0)
        return 0; /* another zone is not written by any of them */
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    return (int64_t)timegm(&tm) * 1000 + (int64_t)(seconds * 1000);
}

int64_t queue_stamp(const char *s, size_t len)
{
    char word[64], *end;
    double n;

    if (len == 0 || len >= sizeof word)
        return 0;
    memcpy(word, s, len);
    word[len] = '\0';
    n = strtod(word, &end);
    if (*end)
        return queue_stamp_iso(word);
    if (!isfinite(n) || n <= 0 || n >= 1e14)
        return 0;
    return (int64_t)(n > 1e11 ? n : n * 1000);
}

static bool queue_number(const struct redis_value *v, double *out)
{
    char word[40], *end;

    if (v->kind == REDIS_INT) {
        *out = (double)v->number;
        return true;
    }
    if (v->kind != REDIS_STRING || v->len == 0 || v->len >= sizeof word)
        return false;
    memcpy(word, v->str, v->len);
    word[v->len] = '\0';
    *out = strtod(word, &end);
    return !*end && isfinite(*out);
}

/* A count that a layout tells in several pieces. */
static void queue_count(double *sum, const struct redis_value *v)
{
    double n;

    if (queue_number(v, &n) && n >= 0)
        *sum = isnan(*sum) ? n : *sum + n;
}

static uint64_t queue_fingerprint(const char *s, size_t len)
{
    uint64_t h = hash_bytes(HASH_START, s, len);

    return h ? h : 1;
}

/* The time that stands inside an element. */
static int64_t queue_stamp_inside(const char *s, size_t len, const char *pointer)
{
    struct json *root = json_parse(s, len, 0, 0, NULL);
    const struct json *v = json_pointer(root, pointer);
    int64_t out = 0;
    double n;
    char word[40];

    if (json_string(v)) {
        out = queue_stamp(json_string(v), strlen(json_string(v)));
    } else if (json_number(v, &n)) {
        int k = snprintf(word, sizeof word, "%.17g", n);

        out = queue_stamp(word, (size_t)k);
    }
    json_free(root);
    return out;
}

static void queue_read_next(const struct queue_where *w, const struct redis_value *v,
                            struct queue_facts *out)
{
    const char *stamp = w->layout == QUEUE_SIDEKIQ ? "/enqueued_at" : w->stamp;

    if (v->kind ==
        REDIS_ARRAY) { /* Bull: [before, next]; old ones keep a marker "0:..." at the end */
        bool marker = v->n && v->items[v->n - 1].kind == REDIS_STRING &&
                      strncmp(v->items[v->n - 1].str, "0:", 2) == 0;

        out->depth -= marker && out->depth > 0;
        if (v->n <= (size_t)marker)
            return;
        v = &v->items[v->n - 1 - marker];
    }
    if (v->kind != REDIS_STRING)
        return;
    out->head = queue_fingerprint(v->str, v->len);
    if (queue_forms[w->layout].head && v->len < sizeof out->head_id &&
        !memchr(v->str, '\0', v->len))
        memcpy(out->head_id, v->str, v->len + 1);
    else if (stamp)
        out->oldest_ms = queue_stamp_inside(v->str, v->len, stamp);
}

/* The value of a field in [name, value, name, value...]; or NULL. */
static const struct redis_value *queue_field(const struct redis_value *pairs, const char *name)
{
    for (size_t i = 0; pairs->kind == REDIS_ARRAY && i + 1 < pairs->n; i += 2)
        if (pairs->items[i].kind == REDIS_STRING && strcmp(pairs->items[i].str, name) == 0)
            return &pairs->items[i + 1];
    return NULL;
}

/* After a deletion, or for a group made at some entry, Redis does not know the lag: then what was
 * not read yet is counted, up to a bound. */
static void queue_read_groups(const struct queue_where *w, const struct redis_value *v,
                              struct queue_facts *out)
{
    for (size_t i = 0; v->kind == REDIS_ARRAY && i < v->n; i++) {
        const struct redis_value *g = &v->items[i], *name = queue_field(g, "name");
        const struct redis_value *lag = queue_field(g, "lag"),
                                 *read = queue_field(g, "entries-read");
        const struct redis_value *last = queue_field(g, "last-delivered-id");

        if (!name || name->kind != REDIS_STRING || strcmp(name->str, w->group) != 0)
            continue;
        out->there = true;
        if (queue_field(g, "pending"))
            queue_count(&out->running, queue_field(g, "pending"));
        if (lag)
            queue_count(&out->depth, lag);
        if (read)
            queue_count(&out->done, read);
        if (last && last->kind == REDIS_STRING && last->len < sizeof out->head_id &&
            !(out->depth == 0))
            memcpy(out->head_id, last->str, last->len + 1);
        return;
    }
    err_set(&out->wrong, "the stream has no group '%.100s'", w->group);
}

/* "1769652827000-0": entries are named by the time they came. */
static int64_t queue_entry_ms(const struct redis_value *id)
{
    return id->kind == REDIS_STRING ? queue_stamp(id->str, strcspn(id->str, "-")) : 0;
}

static void queue_wrong(struct queue_facts *out, const struct redis_command *command,
                        const struct redis_value *v)
{
    const char *key = command->argc > 2 && strcmp(command->argv[0], "XINFO") == 0
                          ? command->argv[2]
                          : command->argv[1];

    if (*out->wrong.msg)
        return;
    if (strncmp(v->str, "WRONGTYPE", 9) == 0)
        err_set(&out->wrong, "the key %.150s is not of the kind that this layout has", key);
    else if (strstr(v->str, "no such key"))
        err_set(&out->wrong, "there is no key %.150s", key);
    else if (strncmp(v->str, "NOGROUP", 7) != 0) /* XINFO tells that better */
        err_set(&out->wrong, "%.200s", v->str);
}

static void queue_read_one(const struct queue_where *w, enum queue_role role,
                           const struct redis_value *v, struct queue_facts *out)
{
    double n = 0;

    switch (role) {
    case ROLE_THERE:
        out->there = queue_number(v, &n) && n > 0;
        break;
    case ROLE_HELD:
        out->paused |= queue_number(v, &n) && n > 0;
        queue_count(&out->depth, v);
        break;
    case ROLE_DEPTH:
        queue_count(&out->depth, v);
        break;
    case ROLE_RUNNING:
        queue_count(&out->running, v);
        break;
    case ROLE_DELAYED:
        queue_count(&out->delayed, v);
        break;
    case ROLE_FAILED:
        queue_count(&out->failed, v);
        break;
    case ROLE_DONE:
        queue_count(&out->done, v);
        break;
    case ROLE_PAUSED:
        out->paused |= queue_number(v, &n) && n > 0;
        break;
    case ROLE_HEAD:
        queue_read_next(w, v, out);
        break;
    case ROLE_UNACKED:
        if (v->kind == REDIS_ARRAY && v->n == 2 && v->items[1].kind == REDIS_STRING)
            out->unacked_ms = queue_stamp(v->items[1].str, v->items[1].len);
        break;
    case ROLE_GROUPS:
        queue_read_groups(w, v, out);
        break;
    case ROLE_PENDING:
        if (v->kind == REDIS_ARRAY && v->n > 1)
            out->unacked_ms = queue_entry_ms(&v->items[1]);
        break;
    case ROLE_TIMES:
    case ROLE_TIME:
    case ROLE_ENTRIES:
        break; /* of the second question */
    }
}

void queue_read(const struct queue_where *where, const struct queue_ask *ask,
                const struct redis_value *values, size_t n, struct queue_facts *out)
{
    bool told = false;

    *out = (struct queue_facts){
        .depth = NAN, .running = NAN, .delayed = NAN, .failed = NAN, .done = NAN
    };
    for (size_t i = 0; i < n && i < ask->n; i++) {
        told |= ask->roles[i] == ROLE_THERE || ask->roles[i] == ROLE_GROUPS;
        if (values[i].kind == REDIS_ERROR)
            queue_wrong(out, &ask->commands[i], &values[i]);
        else
            queue_read_one(where, (enum queue_role)ask->roles[i], &values[i], out);
    }
    if (!told)
        out->there = true;
}

void queue_read_head(const struct queue_ask *ask, const struct redis_value *values, size_t n,
                     struct queue_facts *out)
{
    const struct redis_value *v = values;
    double delay;

    if (n < 1 || ask->n < 1 || v->kind == REDIS_ERROR)
        return;
    switch ((enum queue_role)ask->roles[0]) {
    case ROLE_TIMES: /* a delayed job waits only from the moment it was due */
        if (v->kind != REDIS_ARRAY || v->n != 2 || v->items[0].kind != REDIS_STRING)
            break;
        out->oldest_ms = queue_stamp(v->items[0].str, v->items[0].len);
        if (out->oldest_ms && queue_number(&v->items[1], &delay) && delay > 0 && delay < 1e13)
            out->oldest_ms += (int64_t)delay;
        break;
    case ROLE_TIME:
        if (v->kind == REDIS_STRING)
            out->oldest_ms = queue_stamp(v->str, v->len);
        break;
    case ROLE_ENTRIES:
        if (v->kind != REDIS_ARRAY)
            break;
        if (isnan(out->depth)) {
            out->depth = (double)v->n;
            out->at_least = v->n >= QUEUE_ENTRIES;
        }
        if (v->n && v->items[0].kind == REDIS_ARRAY && v->items[0].n &&
            v->items[0].items[0].kind == REDIS_STRING) {
            out->oldest_ms = queue_entry_ms(&v->items[0].items[0]);
            out->head = queue_fingerprint(v->items[0].items[0].str, v->items[0].items[0].len);
        }
        break;
    default:
        break;
    }
}
