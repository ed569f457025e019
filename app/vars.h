/* app/vars.h: the variables of a configuration and the references in its values.
 *
 *   $name ${name}   a variable of `vars:`
 *   ${env:NAME}     from the environment
 *   ${file:/path}   from a file of mode 0600, one line end at its end cut off
 *   $$              a dollar
 * Any other dollar stands for itself (SQL and expressions have them). A variable may use the
 * environment and files, not other variables: nothing can grow by nesting, and what is read stays
 * below VARS_VALUE_MAX a value and VARS_TOTAL_MAX in all.
 *
 * Errors:  "no variable 'pgg'; did you mean 'pg'?". An empty message says that the cause has been
 *          reported elsewhere. No message holds what came from the environment or a file.
 * Owner:   names and raw values are borrowed and must outlive the vars.
 */
#pragma once

#include "core/buf.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { VARS_VALUE_MAX = 64 << 10, VARS_TOTAL_MAX = 8 << 20 };

struct node;
struct secrets;

struct var {
    const char *name, *raw;
    const struct node *at; /* where its value stands, for messages */
    bool bad;              /* reported where it stands: its users stay silent */
    bool given;            /* from outside the file: taken as it is, nothing in it is a reference */
    bool outside;          /* `value` holds something of the environment or a file */
    char *value;           /* NULL until its first use */
};

struct vars {
    struct var *items; /* ordered by name after vars_ready() */
    size_t n, cap;
    size_t total_bytes;
    const struct secrets *secrets; /* what is no longer in the environment, since a probe took it;
                                    * or NULL */
    bool brief;                    /* nobody will read the message: no nearest word is looked for */
    /* The variable whose own value could not be made in the last vars_expand(): the message is
     * about it. It is `bad` from then on, so that it is told once and not at each of its users. */
    const struct var *blamed;
    /* The last vars_expand() put in something of the environment or a file. A value that was given
     * (--set) stands on a command line, for everybody to read. */
    bool hidden;
};

void vars_add(struct vars *v, struct var var);
void vars_ready(struct vars *v); /* after the last add */
void vars_fini(struct vars *v);
struct var *vars_find(const struct vars *v, const char *name);
/* The nearest name, or NULL. */
const char *vars_nearest(const struct vars *v, const char *name);

/* Appends the value of `raw`. `outside` becomes true when the environment or a file is in it. */
bool vars_expand(struct vars *v, const char *raw, struct buf *out, bool *outside, struct err *err);
/* For what must be a secret's reference: gives "env:NAME" or "file:/path" without reading it. */
bool vars_reference(struct vars *v, const char *raw, struct buf *out, struct err *err);
