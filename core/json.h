/* core/json.h: strict JSON, read and written.
 *
 * Stricter than most readers: the whole input must be one value; duplicate keys, \u0000, numbers
 * out of form (01, 0x10, NaN, 1e999), invalid UTF-8, lone surrogates and raw control characters are
 * refused with their place. Depth and the number of values are bounded on the way, and what is
 * allocated stays in proportion to the input: its length, and 32 bytes a value.
 *
 * Units:   offsets in bytes from 0.
 * Errors:  a message such as "offset 17: duplicate key 'status'".
 * Owner:   the document owns every value; values and strings are borrowed until json_free().
 *          Strings are raw: put them through core/text.h before showing them.
 */
#pragma once

#include "core/buf.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_DEPTH_MAX = 32, JSON_NODES_MAX = 100000 };

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json; /* one value */

/* NULL with err set when refused. `depth_max`, `nodes_max` of 0 take the defaults above. */
struct json *json_parse(const char *bytes, size_t len, int depth_max, size_t nodes_max,
                        struct err *err);
void json_free(struct json *root); /* only of what json_parse() gave; NULL is fine */

enum json_kind json_kind(const struct json *v);          /* NULL is JSON_NULL */
bool json_is(const struct json *v, enum json_kind kind); /* false for NULL */
const char *json_string(const struct json *v);           /* NULL when not a string */
bool json_number(const struct json *v, double *out);     /* false when not a number */
bool json_bool(const struct json *v, bool *out);
const struct json *json_get(const struct json *obj, const char *key); /* case-sensitive; or NULL */
/* The member after `after` (NULL: the first) whose name is `key` in any case; or NULL. */
const struct json *json_find(const struct json *obj, const char *key, const struct json *after);
const struct json *json_first(const struct json *container); /* of an array or object, or NULL */
const struct json *json_members(const struct json *obj);     /* as json_first, of an object alone */
const struct json *json_next(const struct json *v);
const char *json_key(const struct json *v); /* member's name inside an object, or NULL */
size_t json_count(const struct json *container);
/* Numbers of the reader's own for keys that it knows, given once to a whole document: 1 to 63, 0
 * for any other. What an object has of them is then one walk, not one search a key. */
void json_class_keys(struct json *root, unsigned (*class_of)(const char *key, size_t len));
unsigned json_class(const struct json *member);
uint64_t json_classes(const struct json *obj); /* bit n: it has a key of class n */
/* The member after `after` (NULL: the first) of that class; or NULL. */
const struct json *json_find_class(const struct json *obj, unsigned class,
                                   const struct json *after);
/* RFC 6901; "" is the root itself. NULL when there is nothing there. */
const struct json *json_pointer(const struct json *root, const char *pointer);
bool json_pointer_valid(const char *pointer, struct err *err);

/* Writing. The writer adds commas and escapes; strings are escaped as UTF-8 JSON with all control
 * characters, DEL and C1 as \u00XX. Non-finite numbers are written as null. */
struct jsonw {
    struct buf *out;
    bool pretty; /* two blanks a level, one member a line */
    int depth;
    uint64_t any; /* bit per level: something was written there already */
    bool after_key;
};

void jsonw_begin(struct jsonw *w, struct buf *out, bool pretty);
void jsonw_object(struct jsonw *w);
void jsonw_array(struct jsonw *w);
void jsonw_end(struct jsonw *w, char close); /* '}' or ']' */
void jsonw_key(struct jsonw *w, const char *key);
void jsonw_string(struct jsonw *w, const char *s); /* NULL writes null */
void jsonw_int(struct jsonw *w, int64_t n);
void jsonw_number(struct jsonw *w, double n); /* shortest form that reads back the same */
void jsonw_bool(struct jsonw *w, bool b);
void jsonw_null(struct jsonw *w);
