/* app/yaml_tree.c: a YAML file as a small tree. */
#include "app/yaml_tree.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "app/yaml_scan.h"
#include "app/yaml_strict.h"
#include "core/alloc.h"
#include "core/hash.h"

enum { BLOCK_BYTES = 64 << 10 };

struct tree_block { /* nodes and texts live as long as their tree: no free() one by one */
    struct tree_block *next;
    size_t used, size;
    max_align_t bytes[];
};

struct frame { /* a map or list that is still open */
    struct node *node, *last;
    struct node *key; /* of a map: waits for its value */
    int indent;   /* column (from 0) of the innermost block that this is or lies in; -1 = none */
    bool flow;    /* in brackets */
    size_t start; /* byte of the bracket */
};

struct parse {
    struct tree *tree;
    const char *file;
    struct config_errors *errors;
    struct source source;
    struct frame frames[TREE_DEPTH_MAX];
    int depth;
    struct node *tail; /* the newest scalar */
    size_t n_nodes, n_documents;
    bool over; /* a cap was met: enough is known */
};

static void *tree_alloc(struct tree *t, size_t size)
{
    struct tree_block *b = t->blocks;
    size_t need = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
    char *p;

    if (!b || b->size - b->used < need) {
        size_t room = need > BLOCK_BYTES ? need : BLOCK_BYTES;

        b = xmalloc(sizeof *b + room);
        *b = (struct tree_block){ .next = t->blocks, .size = room };
        t->blocks = b;
    }
    p = (char *)b->bytes + b->used;
    b->used += need;
    return p;
}

void tree_free(struct tree *t)
{
    if (!t)
        return;
    for (struct tree_block *b = t->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(t);
}

struct pos node_pos(const struct node *n, const char *file)
{
    return (struct pos){ file, n->line, n->col };
}

const struct node *node_get(const struct node *map, const char *key)
{
    if (!map || map->kind != NODE_MAP)
        return NULL;
    for (const struct node *k = map->first; k; k = k->next)
        if (!k->bad && strcmp(k->text, key) == 0)
            return k->value;
    return NULL;
}

/* The first of a key's repetitions stands; each further one is named with both lines. */
static void parse_unique(struct parse *p, struct node *map)
{
    size_t size = 16;
    struct node **seen;

    while (size < 2 * (size_t)map->n)
        size *= 2;
    seen = xcalloc(size, sizeof *seen);
    for (struct node *k = map->first; k; k = k->next) {
        uint64_t hash;

        if (k->bad)
            continue;
        hash = hash_bytes(HASH_START, k->text, k->len);
        hash ^= hash >> 32;
        for (size_t at = hash & (size - 1);; at = (at + 1) & (size - 1)) {
            if (!seen[at]) {
                seen[at] = k;
                break;
            }
            if (seen[at]->len == k->len && memcmp(seen[at]->text, k->text, k->len) == 0) {
                config_errors_add(p->errors, node_pos(k, p->file), NULL,
                                  "key '%.64s' stands here again; first on line %d", k->text,
                                  seen[at]->line);
                k->bad = true;
                break;
            }
        }
    }
    free(seen);
}

static void parse_strict(struct parse *p, const struct node *n, const char *words, int line)
{
    struct pos pos = { p->file, n->line + line, line ? 1 : n->col };

    if (words)
        config_errors_add(p->errors, pos, NULL, "%s", words);
}

static int parse_indent(const struct parse *p)
{
    return p->depth ? p->frames[p->depth - 1].indent : -1;
}

static bool parse_in_flow(const struct parse *p)
{
    return p->depth && p->frames[p->depth - 1].flow;
}

/* What ends in a quote or bracket: [start, end) in code points. Lines inside brackets are looked at
 * once, when the outermost bracket ends. */
static void parse_closed(struct parse *p, const struct node *n, size_t start, size_t end_index)
{
    size_t end = source_seek(&p->source, end_index);
    const char *words = strict_end(&p->source, end);
    int line = 0;

    if (words) {
        config_errors_add(p->errors, (struct pos){ p->file, n->end_line, n->end_col }, NULL, "%s",
                          words);
    } else if (n->end_line > n->line && !parse_in_flow(p)) {
        words = strict_lines(&p->source, start, end, parse_indent(p), &line);
        parse_strict(p, n, words, line);
    }
}

static void parse_end(struct parse *p, const yaml_event_t *ev)
{
    struct frame *f = &p->frames[--p->depth];

    f->node->end_line = (int)ev->end_mark.line + 1;
    f->node->end_col = (int)ev->end_mark.column + 1;
    if (f->node->kind == NODE_MAP)
        parse_unique(p, f->node);
    if (f->flow)
        parse_closed(p, f->node, f->start, ev->end_mark.index);
}

/* Hangs a node where it belongs. A key is checked here: it must be a word. */
static void parse_put(struct parse *p, struct node *n)
{
    struct frame *f = p->depth ? &p->frames[p->depth - 1] : NULL;

    if (!f) {
        p->tree->root = n;
        return;
    }
    if (f->key) {
        f->key->value = n;
        f->key = NULL;
        return;
    }
    if (f->last)
        f->last->next = n;
    else
        f->node->first = n;
    f->last = n;
    f->node->n++;
    if (f->node->kind != NODE_MAP)
        return;
    f->key = n;
    if (!n->bad && (n->kind != NODE_SCALAR || n->len == 0)) {
        config_errors_add(p->errors, node_pos(n, p->file), NULL,
                          n->kind != NODE_SCALAR ? "a key must be a word, not a map or a list"
                                                 : "a key is missing before ':'");
        n->bad = true;
    }
}

static struct node *parse_node(struct parse *p, enum node_kind kind, const yaml_event_t *ev)
{
    struct node *n = tree_alloc(p->tree, sizeof *n);

    *n = (struct node){
        .kind = kind,
        .line = (int)ev->start_mark.line + 1,
        .col = (int)ev->start_mark.column + 1,
        .end_line = (int)ev->end_mark.line + 1,
        .end_col = (int)ev->end_mark.column + 1,
    };
    if (++p->n_nodes > TREE_NODES_MAX && !p->over) {
        config_errors_add(p->errors, node_pos(n, p->file), NULL,
                          "more than %d keys and values; that is the most that is read",
                          TREE_NODES_MAX);
        p->over = true;
    }
    return n;
}

static void parse_plain(struct parse *p, struct node *n, const yaml_char_t *anchor,
                        const yaml_char_t *tag)
{
    if (anchor) {
        config_errors_add(p->errors, node_pos(n, p->file), NULL,
                          "anchor '&%.64s' is not taken: write the value where it is used, or "
                          "name it under 'vars'",
                          (const char *)anchor);
        n->bad = true;
    }
    if (tag) {
        static const char core[] = "tag:yaml.org,2002:";
        bool ours = strncmp((const char *)tag, core, sizeof core - 1) == 0;

        config_errors_add(p->errors, node_pos(n, p->file), NULL,
                          "tag '%s%.64s' is not taken: leave it out", ours ? "!!" : "",
                          (const char *)tag + (ours ? sizeof core - 1 : 0));
        n->bad = true;
    }
}

static void parse_style(struct parse *p, const struct node *n, const yaml_event_t *ev)
{
    yaml_scalar_style_t style = ev->data.scalar.style;
    size_t start = source_seek(&p->source, ev->start_mark.index);
    int line = 0;

    if (style == YAML_SINGLE_QUOTED_SCALAR_STYLE || style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
        parse_closed(p, n, start, ev->end_mark.index);
    } else if (style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE) {
        const char *words = strict_block(&p->source, start, parse_indent(p), &line);

        parse_strict(p, n, words, line);
    }
}

static void parse_scalar(struct parse *p, const yaml_event_t *ev)
{
    struct node *n = parse_node(p, NODE_SCALAR, ev);
    size_t len = ev->data.scalar.length;
    char *text = tree_alloc(p->tree, len + 1);

    memcpy(text, ev->data.scalar.value, len);
    text[len] = '\0';
    n->text = text;
    n->len = (uint32_t)len;
    n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    p->tail = n;
    parse_plain(p, n, ev->data.scalar.anchor, ev->data.scalar.tag);
    if (n->quoted && !n->bad)
        parse_style(p, n, ev);
    if (memchr(text, '\0', len)) {
        config_errors_add(p->errors, node_pos(n, p->file), NULL, "the text holds a NUL (\\0)");
        n->len = (uint32_t)strlen(text);
        n->bad = true;
    }
    parse_put(p, n);
}

static void parse_alias(struct parse *p, const yaml_event_t *ev)
{
    struct node *n = parse_node(p, NODE_SCALAR, ev);

    n->text = "";
    config_errors_add(p->errors, node_pos(n, p->file), NULL,
                      "alias '*%.64s' is not taken: write the value here, or name it under 'vars'; "
                      "a text that begins with '*' needs quotes",
                      (const char *)ev->data.alias.anchor);
    n->bad = true;
    parse_put(p, n);
}

static void parse_start(struct parse *p, enum node_kind kind, const yaml_event_t *ev)
{
    struct node *n = parse_node(p, kind, ev);
    bool flow = kind == NODE_MAP ? ev->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE
                                 : ev->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    int indent = flow ? parse_indent(p) : (int)ev->start_mark.column;

    if (kind == NODE_MAP)
        parse_plain(p, n, ev->data.mapping_start.anchor, ev->data.mapping_start.tag);
    else
        parse_plain(p, n, ev->data.sequence_start.anchor, ev->data.sequence_start.tag);
    parse_put(p, n);
    if (p->depth == TREE_DEPTH_MAX) {
        config_errors_add(p->errors, node_pos(n, p->file), NULL,
                          "maps and lists stand more than %d deep in each other", TREE_DEPTH_MAX);
        p->over = true;
        return;
    }
    p->frames[p->depth++] = (struct frame){
        .node = n,
        .indent = indent,
        .flow = flow,
        .start = source_seek(&p->source, ev->start_mark.index),
    };
}

static void parse_document(struct parse *p, const yaml_event_t *ev)
{
    struct pos pos = { p->file, (int)ev->start_mark.line + 1, (int)ev->start_mark.column + 1 };

    if (++p->n_documents > 1) {
        config_errors_add(p->errors, pos, NULL, "a second document; one file holds one");
        p->over = true;
    } else if (ev->data.document_start.tag_directives.start !=
               ev->data.document_start.tag_directives.end) {
        config_errors_add(p->errors, pos, NULL, "%%TAG is not taken: leave it out");
    }
}

static void parse_event(struct parse *p, const yaml_event_t *ev)
{
    switch (ev->type) {
    case YAML_DOCUMENT_START_EVENT:
        parse_document(p, ev);
        break;
    case YAML_SCALAR_EVENT:
        parse_scalar(p, ev);
        break;
    case YAML_ALIAS_EVENT:
        parse_alias(p, ev);
        break;
    case YAML_MAPPING_START_EVENT:
        parse_start(p, NODE_MAP, ev);
        break;
    case YAML_SEQUENCE_START_EVENT:
        parse_start(p, NODE_LIST, ev);
        break;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        parse_end(p, ev);
        break;
    default:
        break;
    }
}

/* Libyaml's words are about its grammar; these are about what to do. */
static const struct {
    const char *problem, *words;
} syntax_words[] = {
    { "did not find expected key", "a key was expected here; check the indentation" },
    { "mapping values are not allowed in this context",
      "': ' is not possible here; quote the value, or check the indentation" },
    { "could not find expected ':'", "a key without ': ' after it" },
    { "found unexpected end of stream", "a quote is opened and never closed" },
    { "did not find expected '-' indicator", "a '- ' was expected here; check the indentation" },
    { "did not find expected ',' or ']'", "a list '[' is not closed: ',' or ']' was expected" },
    { "did not find expected ',' or '}'", "a map '{' is not closed: ',' or '}' was expected" },
    { "found character that cannot start any token",
      "a value cannot begin with this character; quote it" },
    { "did not find expected alphabetic or numeric character",
      "'&' and '*' begin anchors, which are not taken; quote the text" },
    { "found unknown escape character", "an unknown escape after '\\'; use single quotes" },
    { "did not find expected node content", "a value was expected here" },
    { "did not find expected <document start>",
      "this stands outside of the map above; check the indentation" },
};

/* A bracket right behind a word: `[${env:X}]`, `{ of: requests{code="500"} }`. */
static bool parse_is_glued(const struct source *s, size_t at)
{
    return at > 0 && at < s->len && strchr("{[", s->bytes[at]) &&
           !strchr(" \t\n\r,[{:", s->bytes[at - 1]);
}

static void parse_syntax(struct parse *p, const yaml_parser_t *y)
{
    struct pos pos = { p->file, (int)y->problem_mark.line + 1, (int)y->problem_mark.column + 1 };
    const char *words = y->problem ? y->problem : "not YAML";
    size_t at = source_seek(&p->source, y->problem_mark.index);

    for (size_t i = 0; i < sizeof syntax_words / sizeof *syntax_words; i++)
        if (strcmp(words, syntax_words[i].problem) == 0)
            words = syntax_words[i].words;
    if ((at < p->source.len && p->source.bytes[at] == '\t') ||
        scan_line_has_tab(p->source.bytes, p->source.len, pos.line))
        words = "a tab indents this line; indent with blanks";
    else if (parse_is_glued(&p->source, at))
        words = "inside [ ] or { } a value with a bracket in it, such as ${env:X}, needs quotes";
    if (p->tail && p->tail->end_line == pos.line) /* perhaps only the half of a value */
        p->tail->bad = true;
    if (y->context && y->context_mark.line + 1 < (size_t)pos.line)
        config_errors_add(p->errors, pos, NULL, "%s (begun on line %zu)", words,
                          y->context_mark.line + 1);
    else
        config_errors_add(p->errors, pos, NULL, "%s", words);
}

/* After an early end: what is open gets what it has, keys without a value go. */
static void parse_close(struct parse *p)
{
    p->tree->cut = true;
    while (p->depth > 0) {
        struct frame *f = &p->frames[--p->depth];

        if (f->key) {
            struct node *none = tree_alloc(p->tree, sizeof *none);

            *none = (struct node){ .kind = NODE_SCALAR, .text = "", .bad = true };
            f->key->value = none;
            f->key->bad = true;
        }
        if (f->node->kind == NODE_MAP)
            parse_unique(p, f->node);
    }
}

static void parse_run(struct parse *p)
{
    yaml_parser_t y;
    yaml_event_t ev;
    bool ended = false, sound = true;

    if (!yaml_parser_initialize(&y)) {
        config_errors_add(p->errors, (struct pos){ p->file, 0, 0 }, NULL, "out of memory");
        return;
    }
    yaml_parser_set_encoding(&y, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&y, (const unsigned char *)p->source.bytes, p->source.len);
    while (!ended && !p->over && (sound = yaml_parser_parse(&y, &ev))) {
        ended = ev.type == YAML_STREAM_END_EVENT;
        parse_event(p, &ev);
        yaml_event_delete(&ev);
    }
    if (!sound)
        parse_syntax(p, &y);
    if (!ended)
        parse_close(p);
    yaml_parser_delete(&y);
}

struct tree *tree_parse(const char *file, const char *bytes, size_t len,
                        struct config_errors *errors)
{
    struct tree *t = xcalloc(1, sizeof *t);
    struct parse p = {
        .tree = t, .file = file, .errors = errors, .source = { .bytes = bytes, .len = len }
    };

    if (len > TREE_BYTES_MAX) {
        config_errors_add(errors, (struct pos){ file, 0, 0 }, NULL,
                          "%zu bytes; at most %d are read", len, TREE_BYTES_MAX);
        t->cut = true;
    } else if (!scan_text(file, bytes, len, errors)) {
        t->cut = true;
    } else {
        parse_run(&p);
    }
    return t;
}
