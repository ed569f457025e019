/* probes/logline.h: one line of a log: whether it is an object of JSON, and the few fields that
 * somebody wants of it. One walk over the bytes, nothing allocated.
 *
 * Strict as RFC 8259 is, with three leniences that loggers need: of two members with one name the
 * last counts (pino writes such lines), \u0000 and lone surrogates are taken, and only an object is
 * a line of a log. Nested deeper than LOGLINE_DEPTH is no line.
 *
 * Errors:  false: it is not JSON.
 * Owner:   fields point into the line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum {
    LOGLINE_DEPTH = 64,
    LOGLINE_FIELDS = 64, /* that all readers of one log may want together */
    LOGLINE_NAMES = 8,   /* parts of the name of a field */
    LOGLINE_SLACK = 16   /* readable bytes behind the line, the first of them a newline */
};

enum field_kind {
    FIELD_ABSENT,
    FIELD_NULL,
    FIELD_FALSE,
    FIELD_TRUE,
    FIELD_NUMBER,
    FIELD_STRING,
    FIELD_INSIDE /* an object or array: it is there, and has no value of its own */
};

struct logfield {
    uint8_t kind;   /* enum field_kind */
    bool escaped;   /* a string with backslashes */
    uint32_t len;   /* of `at` */
    const char *at; /* the text of a scalar; of a string what is between the quotes */
};

struct logpaths; /* which fields are wanted */

struct logpaths *logpaths_new(void);
void logpaths_free(struct logpaths *p);
/* "level", "res.statusCode", or a JSON Pointer "/res/statusCode": where a name holds a dot. */
bool logpaths_valid(const char *field, struct err *err);
/* Its place among the fields, the same for the same path; -1 when there are too many. */
int logpaths_add(struct logpaths *p, const char *field);
size_t logpaths_n(const struct logpaths *p);

/* line[len] is a newline, and LOGLINE_SLACK bytes from there on can be read. `fields` has room for
 * logpaths_n(); after false it holds anything. */
bool logline_read(const struct logpaths *p, const char *line, size_t len, struct logfield *fields);

/* The number, also one in quotes; false when it is none. */
bool logfield_number(const struct logfield *f, double *out);
/* The text of a scalar as it was meant: without escapes, at most `cap` bytes (at least 8), cut at a
 * character. Borrowed from the line or from `room`; NULL when there is none. */
const char *logfield_text(const struct logfield *f, char *room, size_t cap, size_t *len);
