/* alerts/rule_impl.h: what rule_parse.c, rule_bind.c and rule_ask.c share: a rule as a tree. */
#pragma once

#include "alerts/rule.h"

enum rule_op { OP_GT, OP_GE, OP_LT, OP_LE, OP_EQ, OP_NE };

enum term_kind {
    TERM_AND,
    TERM_OR,
    TERM_NOT,
    TERM_COMPARE, /* left op right */
    TERM_STATE,   /* left is (not) a state */
    TERM_NODATA   /* left cannot be known */
};

enum figure_kind { FIGURE_VALUE, FIGURE_AGE, FIGURE_AVG, FIGURE_MIN, FIGURE_MAX };

enum { RULE_NAMES = 3, RULE_WORD = 64 };

struct figure { /* something on the board that has a number, or a state */
    enum figure_kind kind;
    size_t at; /* of its first name in the text */
    char names[RULE_NAMES][RULE_WORD + 1];
    size_t n_names;
    int64_t window_ms; /* of avg, min and max */
    /* bound */
    int service, reading, signal; /* -1 = the service itself, the reading itself */
};

struct term {
    enum term_kind kind;
    size_t at;
    int a, b; /* the terms below; -1 = none */
    struct figure left, right;
    enum rule_op op;
    bool against;              /* `right` counts, not `limit` */
    double factor;             /* of `right` */
    char words[RULE_WORD + 1]; /* of the limit, as written */
    double limit, recover;     /* in the unit of `left` */
    enum state state;          /* TERM_STATE, with OP_EQ or OP_NE */
};

struct rule {
    struct term terms[RULE_TERMS];
    int n_terms, root;
    int64_t for_ms;
};

/* The unit of a figure's number; after it is bound. */
enum unit figure_unit(const struct figure *f, const struct board *b);
/* As it was written: "api.errors"; out of RULE_NAMES * (RULE_WORD + 1) bytes. */
const char *figure_name(const struct figure *f, char out[RULE_NAMES * (RULE_WORD + 1)]);
