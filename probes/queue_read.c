/* probes/queue_read.c: what the answers of a queue mean, one reader for all layouts. */
#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/stamp.h"
#include "io/redis_words.h"
#include "probes/number.h"
#include "probes/queue_layout_impl.h"

/* The bytes as a word; false when they are too many, none, or hold a NUL. */
static bool queue_word_of(const char *s, size_t len, char *out, size_t cap)
{
    if (len == 0 || len >= cap || memchr(s, '\0', len))
        return false;
    memcpy(out, s, len);
    out[len] = '\0';
    return true;
}

static int64_t queue_stamp_number(double n)
{
    if (!(n > 0 && n < 1e14))
        return 0;
    return (int64_t)(n > 1e11 ? n : n * 1000);
}

int64_t queue_stamp(const char *s, size_t len)
{
    char word[64];
    double n;
    int64_t ms;

    if (!queue_word_of(s, len, word, sizeof word))
        return 0;
    if (number_parse(word, &n))
        return queue_stamp_number(n);
    return stamp_parse(word, len, &ms) ? ms : 0;
}

static bool queue_number(const struct redis_value *v, double *out)
{
    char word[40];

    if (v->kind == REDIS_INT) {
        *out = (double)v->number;
        return true;
    }
    return v->kind == REDIS_STRING && queue_word_of(v->str, v->len, word, sizeof word) &&
           number_parse(word, out);
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

/* Cut at a character. */
static void queue_name(char out[QUEUE_JOB_MAX], const char *name, size_t len)
{
    if (len >= QUEUE_JOB_MAX)
        for (len = QUEUE_JOB_MAX - 1; len && ((unsigned char)name[len] & 0xc0) == 0x80; len--)
            ;
    memcpy(out, name, len);
    out[len] = '\0';
}

void queue_job(struct queue_facts *out, const char *name, size_t len)
{
    queue_name(out->job, name, len);
}

/* Where an element itself holds its time and its name; the first name that is there counts. */
static const struct queue_inside {
    const char *stamp, *names[2];
} queue_inside[] = {
    [QUEUE_SIDEKIQ] = { "/enqueued_at", { "/wrapped", "/class" } }, /* ActiveJob wraps its own */
    [QUEUE_CELERY] = { NULL, { "/headers/task" } },
    [QUEUE_STREAM] = { NULL, { NULL } },
};

static void queue_read_inside(const struct queue_where *w, const char *s, size_t len,
                              struct queue_facts *out)
{
    const struct queue_inside *in = &queue_inside[w->layout];
    const char *stamp = w->stamp ? w->stamp : in->stamp;
    const struct json *v;
    struct json *root;
    double n;

    if (!stamp && !in->names[0])
        return;
    root = json_parse(s, len, 0, 0, NULL);
    v = stamp ? json_pointer(root, stamp) : NULL;
    if (json_string(v))
        out->oldest_ms = queue_stamp(json_string(v), strlen(json_string(v)));
    else if (json_number(v, &n))
        out->oldest_ms = queue_stamp_number(n);
    for (size_t i = 0; i < 2 && in->names[i] && !*out->job; i++) {
        v = json_pointer(root, in->names[i]);
        if (json_string(v))
            queue_job(out, json_string(v), strlen(json_string(v)));
    }
    json_free(root);
}

static void queue_read_next(const struct queue_where *w, const struct redis_value *v,
                            struct queue_facts *out)
{
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
    if (queue_asks_head(w->layout))
        queue_word_of(v->str, v->len, out->head_id, sizeof out->head_id);
    else
        queue_read_inside(w, v->str, v->len, out);
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
        if (last && !(out->depth == 0) && last->kind == REDIS_STRING &&
            queue_word_of(last->str, last->len, out->head_id, sizeof out->head_id))
            out->head = queue_fingerprint(last->str, last->len); /* moves when one is read */
        return;
    }
    err_set(&out->wrong, "the stream has no group '%.100s'", w->group);
}

/* "1769652827000-0": entries are named by the time they came. */
static int64_t queue_entry_ms(const struct redis_value *id)
{
    return id->kind == REDIS_STRING ? queue_stamp(id->str, strcspn(id->str, "-")) : 0;
}

/* Of [[id, fields], ...] the first; 0 = there is none. */
static int64_t queue_first_ms(const struct redis_value *v)
{
    bool any = v->kind == REDIS_ARRAY && v->n && v->items[0].kind == REDIS_ARRAY && v->items[0].n;

    return any ? queue_entry_ms(&v->items[0].items[0]) : 0;
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
        redis_error_words(v->str, v->len, &out->wrong);
}

static void queue_read_one(const struct queue_where *w, enum queue_role role,
                           const struct redis_value *v, int64_t now_ms, struct queue_facts *out)
{
    const struct redis_value *idle;
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
    case ROLE_NEXT:
        if (!out->head)
            queue_read_next(w, v, out);
        break;
    case ROLE_TAKEN:
        if (v->kind == REDIS_STRING)
            queue_word_of(v->str, v->len, out->taken_id, sizeof out->taken_id);
        break;
    case ROLE_LENGTH:
        queue_count(&out->length, v);
        if (out->depth > out->length) /* the lag counts what was trimmed away unread */
            out->depth = out->length;
        break;
    case ROLE_FIRST:
        out->first_ms = queue_first_ms(v);
        break;
    case ROLE_UNACKED:
        if (v->kind == REDIS_ARRAY && v->n == 2 && v->items[1].kind == REDIS_STRING)
            out->unacked_ms = queue_stamp(v->items[1].str, v->items[1].len);
        break;
    case ROLE_GROUPS:
        queue_read_groups(w, v, out);
        break;
    case ROLE_PENDING:
        if (v->kind != REDIS_ARRAY || !v->n || v->items[0].kind != REDIS_ARRAY ||
            v->items[0].n != 4)
            break;
        idle = &v->items[0].items[2];
        if (queue_number(idle, &n) && n >= 0 && n < (double)now_ms)
            out->unacked_ms = now_ms - (int64_t)n;
        break;
    case ROLE_TIMES:
    case ROLE_TIME:
    case ROLE_ENTRIES:
    case ROLE_LOCK:
    case ROLE_STILL:
    case ROLE_WORKED:
        break; /* of the second question */
    }
}

void queue_read(const struct queue_where *where, const struct queue_ask *ask,
                const struct redis_value *values, size_t n, int64_t now_ms, struct queue_facts *out)
{
    bool told = false;

    *out = (struct queue_facts){
        .depth = NAN, .running = NAN, .delayed = NAN, .failed = NAN, .done = NAN, .length = NAN
    };
    for (size_t i = 0; i < n && i < ask->n; i++) {
        told |= ask->roles[i] == ROLE_THERE || ask->roles[i] == ROLE_GROUPS;
        if (values[i].kind == REDIS_ERROR)
            queue_wrong(out, &ask->commands[i], &values[i]);
        else
            queue_read_one(where, (enum queue_role)ask->roles[i], &values[i], now_ms, out);
    }
    if (!told)
        out->there = true;
}

/* A delayed job waits only from the moment it was due. */
static void queue_read_times(const struct redis_value *v, struct queue_facts *out)
{
    double delay;

    if (v->kind != REDIS_ARRAY || v->n != 3)
        return;
    if (v->items[2].kind == REDIS_STRING && strcmp(v->items[2].str, "__default__") != 0)
        queue_job(out, v->items[2].str, v->items[2].len); /* Bull's word for none */
    if (v->items[0].kind != REDIS_STRING)
        return;
    out->oldest_ms = queue_stamp(v->items[0].str, v->items[0].len);
    if (out->oldest_ms && queue_number(&v->items[1], &delay) && delay > 0 && delay < 1e13)
        out->oldest_ms += (int64_t)delay;
}

static void queue_read_entries(const struct redis_value *v, struct queue_facts *out)
{
    if (v->kind != REDIS_ARRAY)
        return;
    if (isnan(out->depth)) {
        out->depth = (double)v->n;
        out->at_least = v->n >= QUEUE_ENTRIES;
    }
    if (v->n == 0)
        out->head = 0; /* what was read last was the last there is */
    else
        out->oldest_ms = queue_first_ms(v);
}

/* [when, what] of a job, each of them where it is written. */
static void queue_read_worked(const struct redis_value *v, struct queue_facts *out)
{
    if (v->kind != REDIS_ARRAY || v->n != 2)
        return;
    if (v->items[0].kind == REDIS_STRING)
        out->taken_ms = queue_stamp(v->items[0].str, v->items[0].len);
    if (v->items[1].kind == REDIS_STRING && strcmp(v->items[1].str, "__default__") != 0)
        queue_name(out->taken_job, v->items[1].str, v->items[1].len);
}

static void queue_read_second(enum queue_role role, const struct redis_value *v,
                              struct queue_facts *out)
{
    double n;

    switch (role) {
    case ROLE_TIMES:
        queue_read_times(v, out);
        break;
    case ROLE_TIME:
        if (v->kind != REDIS_ARRAY || v->n != 2)
            break;
        if (v->items[0].kind == REDIS_STRING)
            out->oldest_ms = queue_stamp(v->items[0].str, v->items[0].len);
        if (v->items[1].kind ==
            REDIS_STRING) /* "app.send(1, to='x')": what it is given is its own */
            queue_job(out, v->items[1].str, strcspn(v->items[1].str, "("));
        break;
    case ROLE_ENTRIES:
        queue_read_entries(v, out);
        break;
    case ROLE_LOCK:
        out->unlocked = queue_number(v, &n) && n == 0;
        break;
    case ROLE_STILL:
        if (v->kind != REDIS_STRING || strcmp(v->str, out->taken_id) != 0)
            out->unlocked = false;
        break;
    case ROLE_WORKED:
        queue_read_worked(v, out);
        break;
    default:
        break;
    }
}

void queue_read_head(const struct queue_ask *ask, const struct redis_value *values, size_t n,
                     struct queue_facts *out)
{
    for (size_t i = 0; i < n && i < ask->n; i++)
        if (values[i].kind != REDIS_ERROR)
            queue_read_second((enum queue_role)ask->roles[i], &values[i], out);
}
