/* tests/fuzz/logline.c: whatever bytes a log holds, in whatever pieces they come: the lines are the
 * same; what is taken for JSON is JSON to the strict reader too (apart from the leniences that
 * loggers need); fields, times and patterns stay within the line.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"
#include "probes/logfilter.h"
#include "probes/logline.h"
#include "probes/logsplit.h"
#include "probes/logtime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
    struct logpaths *paths;
    struct logfilter *filter;
    struct logfield fields[LOGLINE_FIELDS];
    uint64_t hash;
    size_t lines;
};

static bool fuzz_strict(const char *line, size_t len)
{
    struct err err;
    struct json *root = json_parse(line, len, LOGLINE_DEPTH, 0, &err);
    /* what a logger may print and the strict reader refuses */
    static const char *const lenient[] = { "duplicate key", "\\u0000", "surrogate", "range",
                                           "hash",          "nested",  "more than" };
    bool fine = root && json_is(root, JSON_OBJECT);

    json_free(root);
    for (size_t i = 0; !root && i < sizeof lenient / sizeof lenient[0]; i++)
        fine |= strstr(err.msg, lenient[i]) != NULL;
    return fine;
}

static void fuzz_fields(struct fuzz *z, const char *line, size_t len)
{
    char room[64];

    for (size_t i = 0; i < logpaths_n(z->paths); i++) {
        const struct logfield *f = &z->fields[i];
        const char *text;
        double number;
        int64_t ms;
        size_t n;

        if (f->at && (f->at < line || f->at + f->len > line + len))
            abort();
        if (logfield_number(f, &number) && !isfinite(number))
            abort();
        if (logtime_read(f, &ms) && ms < 0)
            abort();
        text = logfield_text(f, room, sizeof room, &n);
        if (text && n > sizeof room)
            abort();
        z->hash = hash_bytes(z->hash, text ? text : "", text ? n : 0);
    }
    z->hash = hash_add(z->hash, logfilter_match(z->filter, z->fields));
}

static void fuzz_line(void *arg, const char *bytes, size_t len)
{
    struct fuzz *z = arg;
    char *line;
    bool json;

    z->lines++;
    z->hash = hash_add(z->hash, len);
    if (!bytes)
        return;
    line = xcalloc(1, len + LOGLINE_SLACK); /* no byte more: a sanitizer sees who reads further */
    memcpy(line, bytes, len);
    line[len] = '\n';
    json = logline_read(z->paths, line, len, z->fields);
    if (json && !fuzz_strict(line, len))
        abort();
    z->hash = hash_add(z->hash, json);
    if (json)
        fuzz_fields(z, line, len);
    free(line);
}

static uint64_t fuzz_pieces(struct fuzz *z, const uint8_t *data, size_t size, size_t step)
{
    struct logsplit s = { .bytes = NULL };

    z->hash = HASH_START;
    for (size_t at = 0; at < size; at += step) {
        size_t n = size - at < step ? size - at : step;

        memcpy(logsplit_room(&s, n), data + at, n);
        logsplit_take(&s, n, fuzz_line, z);
    }
    logsplit_end(&s, fuzz_line, z);
    logsplit_fini(&s);
    return z->hash;
}

/* Input: a pattern up to the first newline, then the log. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const wanted[] = {
        "time", "level", "a.b", "/c/0", "d.1.e", "res.statusCode"
    };
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    struct fuzz z = { .paths = logpaths_new() };
    char field[] = "level", *key = field, *value;
    struct strmap where = { &key, &value, 1 };
    struct err err;

    value = xstrndup((const char *)data, end ? (size_t)(end - data) : 0);
    if (!logfilter_check("where", &where, &err))
        where.n = 0;
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        logpaths_add(z.paths, wanted[i]);
    z.filter = logfilter_new(&where, z.paths);
    if (end) {
        size_t len = size - (size_t)(end + 1 - data);

        if (fuzz_pieces(&z, end + 1, len, len ? len : 1) != fuzz_pieces(&z, end + 1, len, 7))
            abort();
    }
    logfilter_free(z.filter);
    logpaths_free(z.paths);
    free(value);
    return 0;
}
