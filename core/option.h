/* core/option.h: options as tables: name, type, place, default, help. The table is the only place
 * that knows an option: parsing, limits, defaults, `midwatch --list-options`, the JSON Schema,
 * shell completion and the check of the man pages read it.
 *
 * Units:   durations in milliseconds, quantities in the unit of the signal they belong to.
 * Errors:  option_set() says what was read and what would work, without place: the caller knows it.
 * Owner:   what option_set() stores belongs to the struct; option_fini() frees it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/unit.h"

enum option_type {                /* what lies at `offset` */
                   OPTION_STRING, /* char * */
                   OPTION_URL,    /* char *; http:// or https://, no password inside */
                   OPTION_DSN,    /* char *; libpq conninfo or postgres:// or redis:// / rediss:// /
                                     unix:, no password */
                   OPTION_PATH,   /* char * */
                   OPTION_POINTER,  /* char *; JSON Pointer */
                   OPTION_DURATION, /* int64_t ms */
                   OPTION_INT,      /* int */
                   OPTION_NUMBER,   /* double */
                   OPTION_QUANTITY, /* double, NaN when not given; read in the unit of the probe's
                                       signal */
                   OPTION_BOOL,     /* bool; true / false only */
                   OPTION_ENUM,     /* int: index into `words` */
                   OPTION_UNIT,     /* enum unit */
                   OPTION_SECRET,   /* char *: a reference env:NAME, file:/path or ${env:..}
                                       ${file:..}; never a literal */
                   OPTION_LIST,     /* struct strlist; a YAML list, or one scalar */
                   OPTION_MAP,      /* struct strmap; name -> scalar */
                   OPTION_CODES     /* struct codes; "200", [200, 204], "2xx", "200-299" */
};

struct strlist {
    char **items;
    size_t n;
};

struct strmap {
    char **keys, **values;
    size_t n;
};

struct codes { /* closed ranges */
    struct {
        int lo, hi;
    } range[8];
    size_t n;
};

struct option {
    const char *name;
    enum option_type type;
    size_t offset;
    const char *dflt;         /* as written in a file; NULL = none (zero, or NaN for quantities) */
    const char *help;         /* one line, no full stop */
    const char *const *words; /* OPTION_ENUM: NULL-terminated */
    double min, max;          /* durations (ms), ints, numbers; both 0 = any */
    bool required;
    bool open_to_all; /* all users of the machine can read it: nothing of ${env:} and ${file:} */
};

/* Scalars only (lists and maps are added item by item). `unit` matters for OPTION_QUANTITY only. */
bool option_set(const struct option *o, void *self, const char *value, enum unit unit,
                struct err *err);
bool option_list_add(const struct option *o, void *self, const char *value, struct err *err);
bool option_map_add(const struct option *o, void *self, const char *key, const char *value,
                    struct err *err);
/* Every default of the table into a zeroed struct. A default that does not parse is our mistake. */
void option_defaults(const struct option *table, void *self, enum unit unit);
void option_fini(const struct option *table, void *self);
const struct option *option_find(const struct option *table, const char *name);
bool codes_match(const struct codes *c, int code);
void strlist_fini(struct strlist *l);
void strmap_fini(struct strmap *m);
/* "a duration such as 30s", for messages and schema. */
const char *option_type_words(enum option_type type);
