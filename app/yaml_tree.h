/* app/yaml_tree.h: a YAML file as a small tree. The only file that knows libyaml is yaml_tree.c.
 *
 * The tree is narrower than YAML on purpose: one document; scalars, maps and lists; every key a
 * scalar and once in its map. Anchors, aliases and tags are refused, and so are tabs outside of
 * text, byte order marks, control characters and invalid UTF-8. What is refused is reported with
 * its place, and reading goes on where that is possible, so that one run shows all of it.
 *
 * Units:   line and column are 1-based code points; the end mark is one past the last.
 * Errors:  added to `errors`. A node that is wrong in itself is `bad`: its reader passes over it in
 *          silence. After a syntax error the tree holds what stood before it, and `cut` is set.
 * Owner:   tree_free() ends all nodes and texts at once. The texts are raw: core/text.h first.
 */
#pragma once

#include "app/config_errors.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TREE_BYTES_MAX = 1 << 20,
    TREE_DEPTH_MAX = 32,
    TREE_NODES_MAX = 160000, /* 10 MB, and 0.1 s of parsing */
};

enum node_kind { NODE_SCALAR, NODE_MAP, NODE_LIST };

struct node {
    uint8_t kind; /* enum node_kind */
    bool quoted;  /* any style but plain: "200" is text, 200 a number */
    bool bad;     /* already reported */
    uint32_t len; /* bytes of `text` */
    int line, col, end_line, end_col;
    const char *text;   /* of a scalar: NUL-terminated, without a NUL inside; else NULL */
    struct node *first; /* of a list: its items; of a map: its keys */
    struct node *next;  /* in the same list or map */
    struct node *value; /* of a key; never NULL in a finished tree */
    uint32_t n;         /* items or keys */
};

struct tree {
    struct node *root; /* NULL when there is nothing */
    bool cut;          /* a syntax error ended it early: what seems missing may only be unread */
    struct tree_block *blocks;
};

/* Never NULL. `file` is borrowed for the messages. */
struct tree *tree_parse(const char *file, const char *bytes, size_t len,
                        struct config_errors *errors);
void tree_free(struct tree *t);

/* The value of a key that is not bad, or NULL. */
const struct node *node_get(const struct node *map, const char *key);
struct pos node_pos(const struct node *n, const char *file);
