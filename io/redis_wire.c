/* io/redis_wire.c: RESP2 both ways; hiredis' reader behind the meter. */
#include "io/redis_wire.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "core/alloc.h"
#include "io/redis_meter.h"

enum { ARENA_CHUNK = 16 << 10, ARENA_KEEP = 64 << 10 };

/* Values of one round live here. Chunks never move, so that a value may point at its items. */
struct arena_chunk {
    struct arena_chunk *next;
    size_t cap, used;
    max_align_t bytes[];
};

struct resp {
    struct redis_meter meter;
    redisReader *reader;
    struct arena_chunk *chunks; /* the one being filled first */
};

#if HIREDIS_MAJOR >= 1
typedef size_t resp_count;
#else
typedef int resp_count;
#endif

static void *resp_alloc(struct resp *r, size_t size)
{
    struct arena_chunk *c = r->chunks;
    size_t aligned = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    void *at;

    if (!c || c->cap - c->used < aligned) {
        size_t cap = aligned > ARENA_CHUNK ? aligned : ARENA_CHUNK;

        c = xmalloc(sizeof *c + cap);
        *c = (struct arena_chunk){ .next = r->chunks, .cap = cap };
        r->chunks = c;
    }
    at = (char *)c->bytes + c->used;
    c->used += aligned;
    return at;
}

size_t resp_held(const struct resp *r)
{
    size_t sum = 0;

    for (const struct arena_chunk *c = r->chunks; c; c = c->next)
        sum += c->cap;
    return sum;
}

/* Keeps what an everyday reply needs; a large one gives its memory back. */
void resp_release(struct resp *r)
{
    bool all = resp_held(r) > ARENA_KEEP;
    struct arena_chunk **at = &r->chunks;

    while (*at) {
        struct arena_chunk *c = *at;

        if (all || c != r->chunks) {
            *at = c->next;
            free(c);
        } else {
            c->used = 0;
            at = &c->next;
        }
    }
}

/* Where the value of a task goes: into its array, or a place of its own for the outermost one. */
static struct redis_value *resp_place(const redisReadTask *task)
{
    struct resp *r = task->privdata;

    if (task->parent) {
        struct redis_value *array = task->parent->obj;

        return (struct redis_value *)array->items + task->idx;
    }
    return resp_alloc(r, sizeof(struct redis_value));
}

static void *resp_string(const redisReadTask *task, char *str, size_t len)
{
    struct redis_value *v = resp_place(task);
    char *copy = resp_alloc(task->privdata, len + 1);

    memcpy(copy, str, len);
    copy[len] = '\0';
    *v = (struct redis_value){
        .kind = task->type == REDIS_REPLY_ERROR    ? REDIS_ERROR
                : task->type == REDIS_REPLY_STATUS ? REDIS_STATUS
                                                   : REDIS_STRING,
        .str = copy,
        .len = len,
    };
    return v;
}

static void *resp_array(const redisReadTask *task, resp_count n)
{
    struct redis_value *v = resp_place(task);
    struct redis_value *items = NULL;

    if (n > 0) {
        size_t bytes = (size_t)n * sizeof *items; /* the meter bounded n */

        items = resp_alloc(task->privdata, bytes);
        memset(items, 0, bytes);
    }
    *v = (struct redis_value){ .kind = REDIS_ARRAY, .items = items, .n = (size_t)n };
    return v;
}

static void *resp_integer(const redisReadTask *task, long long number)
{
    struct redis_value *v = resp_place(task);

    *v = (struct redis_value){ .kind = REDIS_INT, .number = number };
    return v;
}

static void *resp_nil(const redisReadTask *task)
{
    struct redis_value *v = resp_place(task);

    *v = (struct redis_value){ .kind = REDIS_NIL };
    return v;
}

static void resp_forget(void *value)
{
    (void)value; /* lives in the arena */
}

static redisReplyObjectFunctions resp_functions = {
    .createString = resp_string,
    .createArray = resp_array,
    .createInteger = resp_integer,
    .createNil = resp_nil,
    .freeObject = resp_forget,
};

static void resp_reader_new(struct resp *r)
{
    r->reader = redisReaderCreateWithFunctions(&resp_functions);
    if (!r->reader)
        alloc_fail();
    r->reader->privdata = r;
}

struct resp *resp_new(void)
{
    struct resp *r = xcalloc(1, sizeof *r);

    redis_meter_reset(&r->meter);
    resp_reader_new(r);
    return r;
}

void resp_free(struct resp *r)
{
    if (!r)
        return;
    redisReaderFree(r->reader);
    while (r->chunks) {
        struct arena_chunk *c = r->chunks;

        r->chunks = c->next;
        free(c);
    }
    free(r);
}

void resp_reset(struct resp *r)
{
    redisReaderFree(r->reader);
    resp_reader_new(r);
    redis_meter_reset(&r->meter);
    resp_release(r);
}

bool resp_between(const struct resp *r)
{
    return redis_meter_between(&r->meter);
}

bool resp_feed(struct resp *r, const char *bytes, size_t len, size_t *taken,
               const struct redis_value **reply, enum fault *fault, struct err *err)
{
    bool complete;
    void *value = NULL;
    ptrdiff_t n = redis_meter_take(&r->meter, bytes, len, &complete, fault, err);

    *taken = 0;
    *reply = NULL;
    if (n < 0)
        return false;
    if (redisReaderFeed(r->reader, bytes, (size_t)n) != REDIS_OK ||
        redisReaderGetReply(r->reader, &value) != REDIS_OK) {
        *fault = FAULT_PROTOCOL;
        return err_set(err, "not Redis: %s", r->reader->errstr);
    }
    /* Two readers of one grammar: that they agree is what keeps a reply with its question. */
    if ((value != NULL) != complete) {
        *fault = FAULT_PROTOCOL;
        return err_set(err, "not Redis: a reply that ends in two places");
    }
    *taken = (size_t)n;
    *reply = value;
    return true;
}

/* "$12\r\n". By hand: it is half of what asking costs. */
static void resp_head(struct buf *out, char kind, size_t n)
{
    char bytes[24], *at = bytes + sizeof bytes;

    *--at = '\n';
    *--at = '\r';
    do
        *--at = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    *--at = kind;
    buf_add(out, at, (size_t)(bytes + sizeof bytes - at));
}

void resp_command(struct buf *out, int argc, const char *const *argv)
{
    resp_head(out, '*', (size_t)argc);
    for (int i = 0; i < argc; i++) {
        size_t len = strlen(argv[i]);

        resp_head(out, '$', len);
        buf_add(out, argv[i], len);
        buf_add(out, "\r\n", 2);
    }
}
