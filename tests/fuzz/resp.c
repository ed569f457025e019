/* tests/fuzz/resp.c: bytes of a Redis that lies. Read in pieces they are the same replies as read
 * at once; every value lies within its bounds, and what the meter lets through costs what it may.
 * INFO is read out of whatever came as a string, and a queue of each layout out of every array.
 */
#include "core/hash.h"
#include "io/limits.h"
#include "io/redis_wire.h"
#include "io/redis_words.h"
#include "probes/queue_layout.h"
#include "probes/redis_info.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_sum {
    size_t replies, items;
    uint64_t hash;
    bool refused;
};

static void fuzz_hash(struct fuzz_sum *sum, const void *bytes, size_t len)
{
    const unsigned char *b = bytes;

    for (size_t i = 0; i < len; i++)
        sum->hash = hash_add(sum->hash, b[i]);
}

static void fuzz_string(const struct redis_value *v)
{
    static const char *const fields[] = { "used_memory", "db0.keys", "a", "a.b", "run_id" };
    char word[24];

    if (v->str[v->len] != '\0')
        abort();
    if (v->kind == REDIS_ERROR && redis_error_fault(v->str, v->len, word) == FAULT_NONE)
        abort();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const char *value;
        size_t len;
        double n;

        if (!redis_info_field(v->str, v->len, fields[i], &value, &len))
            continue;
        if (value < v->str || value + len > v->str + v->len)
            abort();
        redis_info_number(value, len, &n);
    }
}

static void fuzz_value(struct fuzz_sum *sum, const struct redis_value *v, int depth)
{
    if (depth > REDIS_DEPTH_MAX || ++sum->items > REDIS_ITEMS_MAX + 1)
        abort();
    fuzz_hash(sum, &v->kind, sizeof v->kind);
    switch (v->kind) {
    case REDIS_NIL:
        break;
    case REDIS_INT:
        fuzz_hash(sum, &v->number, sizeof v->number);
        break;
    case REDIS_ARRAY:
        for (size_t i = 0; i < v->n; i++)
            fuzz_value(sum, &v->items[i], depth + 1);
        break;
    default:
        fuzz_hash(sum, v->str, v->len);
        fuzz_string(v);
    }
}

static void fuzz_count(double n)
{
    if (!isnan(n) && !(n >= 0))
        abort();
}

static void fuzz_facts(const struct queue_facts *f)
{
    fuzz_count(f->running);
    fuzz_count(f->delayed);
    fuzz_count(f->failed);
    fuzz_count(f->done);
    fuzz_count(f->depth);
    if (f->oldest_ms < 0 || f->unacked_ms < 0 || f->first_ms < 0 || f->taken_ms < 0)
        abort();
    if (strlen(f->job) >= sizeof f->job || strlen(f->head_id) >= sizeof f->head_id ||
        strlen(f->taken_id) >= sizeof f->taken_id || strlen(f->taken_job) >= sizeof f->taken_job)
        abort();
}

/* The items as the answers to a queue's questions, the first and the second. */
static void fuzz_queue(const struct redis_value *v)
{
    for (int layout = 0; v->kind == REDIS_ARRAY && layout < QUEUE_TABLE; layout++) {
        struct queue_where where = { .layout = (enum queue_layout)layout,
                                     .name = "q",
                                     .group = layout == QUEUE_STREAM ? "g" : NULL,
                                     .stamp = layout == QUEUE_LIST ? "/at" : NULL };
        struct queue_ask first, second = { 0 };
        struct queue_facts facts;

        queue_ask_make(&first, &where);
        queue_read(&where, &first, v->items, v->n, 1769652827000, &facts);
        fuzz_facts(&facts);
        if (*facts.head_id)
            queue_ask_head(&second, &where, &facts);
        if (*facts.taken_id)
            queue_ask_taken(&second, &where, &facts);
        queue_read_head(&second, v->items, v->n, &facts);
        fuzz_facts(&facts);
        queue_ask_fini(&second);
        queue_ask_fini(&first);
    }
}

static void fuzz_read(struct resp *r, const char *bytes, size_t len, size_t piece,
                      struct fuzz_sum *sum)
{
    *sum = (struct fuzz_sum){ .hash = HASH_START };
    resp_reset(r);
    while (len) {
        size_t n = len < piece ? len : piece, taken;
        const struct redis_value *v;
        enum fault fault = FAULT_NONE;
        struct err err = { "" };

        if (!resp_feed(r, bytes, n, &taken, &v, &fault, &err)) {
            if ((fault != FAULT_PROTOCOL && fault != FAULT_TOO_BIG) || !*err.msg)
                abort();
            sum->refused = true;
            return;
        }
        if (taken > n || (!taken && !v) || (taken < n && !v))
            abort();
        bytes += taken;
        len -= taken;
        if (!v)
            continue;
        sum->replies++;
        sum->items = 0;
        fuzz_value(sum, v, 0);
        if (piece > len) /* once is enough */
            fuzz_queue(v);
        if (!resp_between(r))
            abort();
        resp_release(r);
        if (resp_held(r) > 128 << 10)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t pieces[] = { size + 1, 1, 7 };
    struct resp *r = resp_new();
    struct fuzz_sum first, other;

    fuzz_read(r, (const char *)data, size, pieces[0], &first);
    for (size_t i = 1; i < sizeof pieces / sizeof *pieces; i++) {
        fuzz_read(r, (const char *)data, size, pieces[i], &other);
        if (first.replies != other.replies || first.hash != other.hash ||
            first.refused != other.refused)
            abort();
    }
    resp_free(r);
    return 0;
}
