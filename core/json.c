/* core/json.c: looking into a document. */
#include "core/json_impl.h"

#include <string.h>
#include <strings.h>

enum json_kind json_kind(const struct json *v)
{
    return v ? (enum json_kind)v->kind : JSON_NULL;
}

bool json_is(const struct json *v, enum json_kind kind)
{
    return v && v->kind == kind;
}

const char *json_string(const struct json *v)
{
    return json_is(v, JSON_STRING) ? v->as.string : NULL;
}

bool json_number(const struct json *v, double *out)
{
    if (!json_is(v, JSON_NUMBER))
        return false;
    *out = v->as.number;
    return true;
}

bool json_bool(const struct json *v, bool *out)
{
    if (!json_is(v, JSON_BOOL))
        return false;
    *out = v->as.truth;
    return true;
}

const struct json *json_first(const struct json *container)
{
    return json_count(container) ? container + 1 : NULL;
}

const struct json *json_members(const struct json *obj)
{
    return json_is(obj, JSON_OBJECT) ? json_first(obj) : NULL;
}

const struct json *json_next(const struct json *v)
{
    return !v || v->last ? NULL : v + v->size;
}

const char *json_key(const struct json *v)
{
    return v ? v->key : NULL;
}

size_t json_count(const struct json *container)
{
    return container ? container->count : 0;
}

static bool json_may_have(const struct json *obj, const char *key, size_t len)
{
    return json_is(obj, JSON_OBJECT) && (obj->as.keys & json_key_bit(key, len));
}

const struct json *json_get(const struct json *obj, const char *key)
{
    size_t len = strlen(key);

    if (!json_may_have(obj, key, len))
        return NULL;
    for (const struct json *v = json_first(obj); v; v = json_next(v))
        if (v->key_len == len && memcmp(v->key, key, len) == 0)
            return v;
    return NULL;
}

const struct json *json_find(const struct json *obj, const char *key, const struct json *after)
{
    size_t len = strlen(key);

    if (!json_may_have(obj, key, len))
        return NULL;
    for (const struct json *v = after ? json_next(after) : json_first(obj); v; v = json_next(v))
        if (v->key_len == len && strcasecmp(v->key, key) == 0)
            return v;
    return NULL;
}

void json_class_keys(struct json *root, unsigned (*class_of)(const char *key, size_t len))
{
    for (uint32_t i = 0; i < root->size; i++)
        if (root[i].key)
            root[i].class = (uint8_t)(class_of(root[i].key, root[i].key_len) & 63);
}

unsigned json_class(const struct json *member)
{
    return member ? member->class : 0;
}

uint64_t json_classes(const struct json *obj)
{
    uint64_t has = 0;

    if (!json_is(obj, JSON_OBJECT) || obj->count == 0)
        return 0;
    for (const struct json *v = obj + 1;; v += v->size) {
        has |= UINT64_C(1) << v->class;
        if (v->last)
            return has & ~UINT64_C(1);
    }
}

const struct json *json_find_class(const struct json *obj, unsigned class, const struct json *after)
{
    if (!json_is(obj, JSON_OBJECT) || class == 0)
        return NULL;
    for (const struct json *v = after ? json_next(after) : json_first(obj); v; v = json_next(v))
        if (v->class == class)
            return v;
    return NULL;
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
