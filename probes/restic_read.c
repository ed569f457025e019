/* probes/restic_read.c: what restic tells of the snapshots in a repository. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/hash.h"
#include "probes/backup_tools.h"

enum { RESTIC_ID = 8 };

/* Sources are told apart as restic's own forget does it: by host and paths. */
static uint64_t restic_source(const struct json *s, const struct restic_filter *chosen)
{
    uint64_t h = HASH_START;

    if (!chosen->host)
        h = hash_string(h, tool_word(json_get(s, "hostname")));
    for (const struct json *p = json_first(json_get(s, "paths")); p && !chosen->path;
         p = json_next(p))
        h = hash_string(h, tool_word(p));
    return h;
}

static void restic_paths(const struct json *s, char *out, size_t cap)
{
    size_t n = 0;

    *out = '\0';
    for (const struct json *p = json_first(json_get(s, "paths")); p && n < cap; p = json_next(p))
        n += (size_t)snprintf(out + n, cap - n, "%s%.60s", n ? "," : "", tool_word(p));
}

/* A tag joins what has another host or path each time, such as containers, one after the other. Two
 * that take turns are two. */
struct restic_turn {
    int64_t at_ms;
    uint64_t host;
};

static int restic_earlier(const void *a, const void *b)
{
    const struct restic_turn *x = a, *y = b;

    return x->at_ms < y->at_ms ? -1 : x->at_ms > y->at_ms;
}

static int restic_by_host(const void *a, const void *b)
{
    const struct restic_turn *x = a, *y = b;

    return x->host < y->host ? -1 : x->host > y->host ? 1 : restic_earlier(a, b);
}

static bool restic_takes_turns(const struct json *root)
{
    size_t n = 0, runs = 0, hosts = 0;
    struct restic_turn *turns = xcalloc(json_count(root) + 1, sizeof *turns);

    for (const struct json *s = json_first(root); s; s = json_next(s))
        turns[n++] = (struct restic_turn){
            .at_ms = tool_stamp_ms(json_get(s, "time")),
            .host = hash_string(HASH_START, tool_word(json_get(s, "hostname"))),
        };
    qsort(turns, n, sizeof *turns, restic_earlier);
    for (size_t i = 0; i < n; i++)
        runs += i == 0 || turns[i].host != turns[i - 1].host;
    qsort(turns, n, sizeof *turns, restic_by_host);
    for (size_t i = 0; i < n; i++)
        hosts += i == 0 || turns[i].host != turns[i - 1].host;
    free(turns);
    return runs > hosts;
}

static bool restic_add(const struct json *s, struct backup_facts *f, struct err *err)
{
    const char *id = tool_word(json_get(s, "id"));
    struct backup *out;
    char paths[100];

    if (strlen(id) < RESTIC_ID)
        return err_set(err, "a snapshot without id");
    out = backup_facts_add(f);
    restic_paths(s, paths, sizeof paths);
    BACKUP_SET(out->name, "%.*s %.40s:%s", RESTIC_ID, id, tool_word(json_get(s, "hostname")),
               paths);
    out->at_ms = tool_stamp_ms(json_get(s, "time"));
    out->size_bytes = tool_size(json_pointer(s, "/summary/total_bytes_processed"));
    return true;
}

bool restic_read_snapshots(const char *bytes, size_t len, const struct restic_filter *chosen,
                           struct backup_facts *f, struct err *err)
{
    struct json *root = tool_json(bytes, len, err);
    uint64_t first = 0, source;
    bool ok = true, none;

    if (!root)
        return false;
    none = json_is(root, JSON_NULL); /* as Go writes an empty list */
    if (!none && !json_is(root, JSON_ARRAY))
        ok = err_set(err, "not a list of snapshots");
    for (const struct json *s = none ? NULL : json_first(root); ok && s; s = json_next(s)) {
        ok = restic_add(s, f, err);
        source = restic_source(s, chosen);
        if (f->total == 1)
            first = source;
        if (ok && !chosen->tag && source != first)
            ok = err_set(err, "snapshots of several sources: name one with %s",
                         chosen->host   ? "path or tag"
                         : chosen->path ? "host or tag"
                                        : "host, path or tag");
    }
    if (ok && !none && chosen->tag && !chosen->host && restic_takes_turns(root))
        ok = err_set(err, "snapshots of several sources: name one with host%s",
                     chosen->path ? "" : " or path");
    json_free(root);
    return ok;
}

double restic_read_size(const char *bytes, size_t len, struct err *err)
{
    struct json *root = tool_json(bytes, len, err);
    double size = tool_size(json_get(root, "total_size"));

    if (root && isnan(size))
        err_set(err, "no total_size");
    json_free(root);
    return size;
}
