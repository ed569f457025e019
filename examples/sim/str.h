/* examples/sim/str.h: growing text, JSON out, and the one flat JSON object that controls take in.
 *
 * Errors:  out of memory ends the program; flat_parse() returns false with a text.
 * Owner:   the caller; str_fini() copes with a zeroed str.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct str {
    char *s; /* NUL-terminated, NULL while empty */
    size_t len, cap;
};

void str_fini(struct str *b);
void str_clear(struct str *b);
void str_addn(struct str *b, const void *data, size_t n);
void str_add(struct str *b, const char *text);
void str_addf(struct str *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void str_json(struct str *b, const char *text);  /* with its quotes */
void str_shell(struct str *b, const char *text); /* as one word of sh */

/* A whole decimal number from 0 to most, digits and nothing else; -1 otherwise. */
long digits_read(const char *text, long most);

/* {"name":"redis_down","on":true,"value":25}: scalars only, the text of each kept. */
struct flat {
    struct flat_item {
        char key[32];
        char value[160];
        enum { FLAT_STRING, FLAT_NUMBER, FLAT_BOOL, FLAT_NULL } kind;
    } items[16];
    size_t n;
};

bool flat_parse(struct flat *f, const char *text, size_t len, char *why, size_t cap);
const struct flat_item *flat_get(const struct flat *f, const char *key); /* NULL when absent */
/* The value of one member of such an object, cut at cap; false when there is none. */
bool flat_find(const char *text, size_t len, const char *key, char *out, size_t cap);
