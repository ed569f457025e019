/* app/walk.h: options are set from a tree by their tables, every mistake with place and path.
 *
 * Errors:  to `errors`; the path of the key stands before the words. No message ever holds a
 *          secret, nor what came from the environment or a file.
 */
#pragma once

#include "app/config_errors.h"
#include "app/vars.h"
#include "app/yaml_tree.h"
#include "core/option.h"

struct walk {
    const char *file;
    struct config_errors *errors;
    struct vars vars;
    bool cut;       /* struct tree: what is missing may only be unread */
    bool silent;    /* something was passed over without a word: it is reported already */
    char path[512]; /* "services.api.probes.health" */
    size_t path_len;
    struct buf value; /* of the option in hand */
};

struct walk_table {
    const struct option *options;
    void *self;
};

enum walk_pass { WALK_PLAIN, WALK_QUANTITIES }; /* quantities wait until their unit is known */

void walk_fini(struct walk *w);
/* One key deeper; gives what walk_leave() needs. */
size_t walk_enter(struct walk *w, const char *key);
void walk_leave(struct walk *w, size_t before);
void walk_error(struct walk *w, const struct node *at, const char *fmt, ...) MW_PRINTF(3, 4);
size_t walk_errors(const struct walk *w); /* so far, to see whether something went wrong since */

/* Is it a map, and not bad? Says so if not ("'services' takes a map"). */
bool walk_is_map(struct walk *w, const struct node *n, const char *what);
/* Sets every option of `tables` that stands in `map`; `others` (NULL-terminated) are keys that the
 * caller reads. WALK_PLAIN also reports unknown keys and missing required ones. */
void walk_options(struct walk *w, const struct node *map, const struct walk_table *tables, size_t n,
                  const char *const *others, enum walk_pass pass, enum unit unit);
/* "unknown key 'evry'; did you mean 'every'?" */
void walk_unknown(struct walk *w, const struct node *key, const struct walk_table *tables, size_t n,
                  const char *const *others);
bool walk_is_null(const struct node *n); /* nothing, ~ or null */
