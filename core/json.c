/* core/json.c: strict JSON over cJSON: scanned first, then parsed. */
#include "core/json.h"

#include "core/alloc.h"
#include "core/json_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

static const cJSON *json_c(const struct json *v)
{
    return (const cJSON *)v;
}

static const struct json *json_v(const cJSON *c)
{
    return (const struct json *)c;
}

/* The library reads numbers through a buffer of 64 bytes. Longer ones are written anew, short. */
static void json_shorten(const char *bytes, size_t len, struct buf *out)
{
    size_t i = 0, from;
    bool inside = false;

    while (i < len) {
        char c = bytes[i];

        from = i++;
        if (inside && c == '\\' && i < len)
            i++;
        else if (c == '"')
            inside = !inside;
        else if (!inside && (c == '-' || (c >= '0' && c <= '9'))) {
            while (i < len && strchr("0123456789+-.eE", bytes[i]))
                i++;
            if (i - from > JSON_NUMBER_MAX) {
                char *token = xstrndup(bytes + from, i - from);

                buf_addf(out, "%.17g", strtod(token, NULL));
                free(token);
                continue;
            }
        }
        buf_add(out, bytes + from, i - from);
    }
}

struct json *json_parse(const char *bytes, size_t len, int depth_max, size_t nodes_max,
                        struct err *err)
{
    struct json_scan scan;
    struct buf shorter = { 0 };
    cJSON *root;

    if (depth_max <= 0)
        depth_max = JSON_DEPTH_MAX;
    if (depth_max > JSON_SCAN_DEPTH)
        depth_max = JSON_SCAN_DEPTH;
    if (!json_scan(bytes, len, depth_max, nodes_max ? nodes_max : JSON_NODES_MAX, &scan, err))
        return NULL;
    if (scan.long_numbers) {
        json_shorten(bytes, len, &shorter);
        bytes = shorter.bytes;
        len = shorter.len;
    }
    root = cJSON_ParseWithLength(bytes, len);
    buf_fini(&shorter);
    if (!root)
        err_set(err, "out of memory for %zu values", scan.nodes);
    return (struct json *)root;
}

void json_free(struct json *root)
{
    cJSON_Delete((cJSON *)root);
}

enum json_kind json_kind(const struct json *v)
{
    switch (v ? json_c(v)->type & 0xff : cJSON_NULL) {
    case cJSON_True:
    case cJSON_False:
        return JSON_BOOL;
    case cJSON_Number:
        return JSON_NUMBER;
    case cJSON_String:
        return JSON_STRING;
    case cJSON_Array:
        return JSON_ARRAY;
    case cJSON_Object:
        return JSON_OBJECT;
    default:
        return JSON_NULL;
    }
}

bool json_is(const struct json *v, enum json_kind kind)
{
    return v && json_kind(v) == kind;
}

const char *json_string(const struct json *v)
{
    return json_is(v, JSON_STRING) ? json_c(v)->valuestring : NULL;
}

bool json_number(const struct json *v, double *out)
{
    if (!json_is(v, JSON_NUMBER))
        return false;
    *out = json_c(v)->valuedouble;
    return true;
}

bool json_bool(const struct json *v, bool *out)
{
    if (!json_is(v, JSON_BOOL))
        return false;
    *out = cJSON_IsTrue(json_c(v));
    return true;
}

static bool json_is_container(const struct json *v)
{
    return json_is(v, JSON_OBJECT) || json_is(v, JSON_ARRAY);
}

const struct json *json_get(const struct json *obj, const char *key)
{
    if (!json_is(obj, JSON_OBJECT))
        return NULL;
    return json_v(cJSON_GetObjectItemCaseSensitive(json_c(obj), key));
}

const struct json *json_first(const struct json *container)
{
    return json_is_container(container) ? json_v(json_c(container)->child) : NULL;
}

const struct json *json_next(const struct json *v)
{
    return v ? json_v(json_c(v)->next) : NULL;
}

const char *json_key(const struct json *v)
{
    return v ? json_c(v)->string : NULL;
}

size_t json_count(const struct json *container)
{
    return json_is_container(container) ? (size_t)cJSON_GetArraySize(json_c(container)) : 0;
}

/* Is the key of a member what stands in the token, with ~0 and ~1 for ~ and /? */
static bool json_token_is(const char *token, size_t len, const char *key)
{
    for (size_t i = 0; i < len; i++, key++) {
        char c = token[i];

        if (c == '~')
            c = token[++i] == '1' ? '/' : '~';
        if (c != *key)
            return false;
    }
    return !*key;
}

static const struct json *json_token(const struct json *v, const char *token, size_t len)
{
    size_t index = 0;

    if (json_is(v, JSON_ARRAY)) {
        if (len == 0 || len > 9 || (token[0] == '0' && len > 1) ||
            strspn(token, "0123456789") < len)
            return NULL;
        for (size_t i = 0; i < len; i++)
            index = index * 10 + (size_t)(token[i] - '0');
        for (v = json_first(v); v && index; index--)
            v = json_next(v);
        return v;
    }
    if (!json_is(v, JSON_OBJECT))
        return NULL;
    for (v = json_first(v); v; v = json_next(v))
        if (json_token_is(token, len, json_key(v)))
            return v;
    return NULL;
}

const struct json *json_pointer(const struct json *root, const char *pointer)
{
    if (!json_pointer_valid(pointer, NULL))
        return NULL;
    while (root && *pointer == '/') {
        size_t len = strcspn(++pointer, "/");

        root = json_token(root, pointer, len);
        pointer += len;
    }
    return root;
}

bool json_pointer_valid(const char *pointer, struct err *err)
{
    if (*pointer && *pointer != '/')
        return err_set(err, "'%.80s' is not a JSON Pointer; write /%.80s", pointer, pointer);
    for (const char *p = strchr(pointer, '~'); p; p = strchr(p + 1, '~'))
        if (p[1] != '0' && p[1] != '1')
            return err_set(err,
                           "'%.80s' is not a JSON Pointer; write ~0 for a tilde and ~1 for a "
                           "slash inside a name",
                           pointer);
    return true;
}
