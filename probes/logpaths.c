/* probes/logpaths.c: the fields that are wanted of a log, as a tree of their names. */
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/decimal.h"
#include "core/json.h"
#include "probes/logline_impl.h"

enum { PLACE_MAX = 999999 }; /* in an array */

struct logpaths *logpaths_new(void)
{
    struct logpaths *p = xcalloc(1, sizeof *p);

    p->nodes = xcalloc(1, sizeof *p->nodes);
    p->nodes[0] = (struct lognode){ .slot = -1, .first = -1, .next = -1, .index = -1 };
    p->n_nodes = 1;
    return p;
}

void logpaths_free(struct logpaths *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n_nodes; i++)
        free(p->nodes[i].name);
    free(p->nodes);
    free(p);
}

size_t logpaths_n(const struct logpaths *p)
{
    return (size_t)p->n_slots;
}

/* ---- names ---- */

struct path {
    char *names[LOGLINE_NAMES];
    size_t n;
};

static void path_fini(struct path *p)
{
    for (size_t i = 0; i < p->n; i++)
        free(p->names[i]);
    p->n = 0;
}

/* ~1 is a slash and ~0 a tilde in a JSON Pointer. */
static void path_unescape(char *s)
{
    char *to = s;

    for (; *s; s++) {
        char c = *s;

        if (c == '~' && (s[1] == '0' || s[1] == '1'))
            c = *++s == '0' ? '~' : '/';
        *to++ = c;
    }
    *to = '\0';
}

static bool path_read(struct path *p, const char *field, struct err *err)
{
    bool pointer = *field == '/';
    const char *stop = pointer ? "/" : ".", *at = field + pointer;

    if (!*field)
        return err_set(err, "names no field");
    if (pointer && !json_pointer_valid(field, err))
        return false;
    for (;; at++) {
        size_t len = strcspn(at, stop);

        if (!len && !pointer)
            return err_set(err, "'%s' has an empty part; write res.statusCode, or /res/statusCode",
                           field);
        if (p->n == LOGLINE_NAMES)
            return err_set(err, "'%s' has more than %d parts", field, LOGLINE_NAMES);
        p->names[p->n++] = xstrndup(at, len);
        if (pointer)
            path_unescape(p->names[p->n - 1]);
        at += len;
        if (!*at)
            return true;
    }
}

bool logpaths_valid(const char *field, struct err *err)
{
    struct path path = { .n = 0 };
    bool ok = path_read(&path, field, err);

    path_fini(&path);
    return ok;
}

/* ---- the tree ---- */

/* The place in an array that a name stands for; -1 when it is none. */
static int32_t node_index(const char *name)
{
    size_t len = strlen(name);
    long place;

    return decimal_whole(name, len, PLACE_MAX, &place) && (*name != '0' || len == 1)
               ? (int32_t)place
               : -1;
}

static int node_child(struct logpaths *p, int parent, const char *name)
{
    size_t len = strlen(name);
    int i = p->nodes[parent].first;

    while (i >= 0 && (p->nodes[i].len != len || memcmp(p->nodes[i].name, name, len) != 0))
        i = p->nodes[i].next;
    if (i >= 0)
        return i;
    i = p->n_nodes++;
    p->nodes = xreallocarray(p->nodes, (size_t)p->n_nodes, sizeof *p->nodes);
    p->nodes[i] = (struct lognode){ .name = xstrdup(name),
                                    .len = (uint32_t)len,
                                    .slot = -1,
                                    .first = -1,
                                    .next = p->nodes[parent].first,
                                    .index = node_index(name) };
    p->nodes[parent].first = (int16_t)i;
    p->nodes[parent].keys |= logline_key_bit(name, len);
    return i;
}

int logpaths_add(struct logpaths *p, const char *field)
{
    struct path path = { .n = 0 };
    int at = 0;

    if (path_read(&path, field, NULL)) {
        for (size_t i = 0; i < path.n; i++)
            at = node_child(p, at, path.names[i]);
        if (p->nodes[at].slot < 0 && p->n_slots < LOGLINE_FIELDS)
            p->nodes[at].slot = (int16_t)p->n_slots++;
    }
    path_fini(&path);
    return p->nodes[at].slot;
}
