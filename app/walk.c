/* app/walk.c: options are set from a tree by their tables, every mistake with place and path. */
#include "app/walk.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "app/names.h"
#include "app/secrets.h"
#include "core/nearest.h"
#include "core/secret.h"

enum { KNOWN_MAX = 96 };

void walk_fini(struct walk *w)
{
    vars_fini(&w->vars);
    if (w->value.bytes)
        secret_wipe(w->value.bytes, w->value.cap);
    buf_fini(&w->value);
}

size_t walk_enter(struct walk *w, const char *key)
{
    size_t before = w->path_len;
    char part[72];
    int n;

    /* the key of a map may be an address; what it must not hold is not told either */
    if (strstr(key, "://") && secrets_in_address(key))
        key = "***";
    name_excerpt(part, sizeof part, key);
    n = snprintf(w->path + before, sizeof w->path - before, "%s%s", before ? "." : "", part);
    w->path_len = before + (size_t)n < sizeof w->path ? before + (size_t)n : sizeof w->path - 1;
    return before;
}

void walk_leave(struct walk *w, size_t before)
{
    w->path_len = before;
    w->path[before] = '\0';
}

void walk_error(struct walk *w, const struct node *at, const char *fmt, ...)
{
    char words[512];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    config_errors_add(w->errors, node_pos(at, w->file), w->path, "%s", words);
}

size_t walk_errors(const struct walk *w)
{
    return w->errors->n + w->errors->more;
}

bool walk_is_null(const struct node *n)
{
    return n->kind == NODE_SCALAR && !n->quoted &&
           (n->len == 0 || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

/* Wrong in itself, or perhaps only unread: its reporting is done. */
static bool walk_pass_over(struct walk *w, const struct node *n)
{
    bool over = n->bad || (w->cut && walk_is_null(n));

    w->silent |= over;
    return over;
}

static const char *walk_kind_words(const struct node *n)
{
    static const char *const words[] = { "a single value", "a map", "a list" };

    return walk_is_null(n) ? "nothing" : words[n->kind];
}

bool walk_is_map(struct walk *w, const struct node *n, const char *what)
{
    if (walk_pass_over(w, n))
        return false;
    if (n->kind == NODE_MAP)
        return true;
    walk_error(w, n, "%s stands here; %s", walk_kind_words(n), what);
    return false;
}

/* In a map `null` is a word: what must stand at a JSON Pointer. */
static bool walk_is_scalar(struct walk *w, const struct node *n, const struct option *o,
                           const char *map_key)
{
    bool word = map_key && n->kind == NODE_SCALAR && strcmp(n->text, "null") == 0;

    if (walk_pass_over(w, n))
        return false;
    if (n->kind == NODE_SCALAR && (word || !walk_is_null(n)))
        return true;
    walk_error(w, n, "%s stands here; write %s", walk_kind_words(n), option_type_words(o->type));
    return false;
}

/* Control characters would reach headers, statements and addresses; only a text of several lines
 * has a use for some. */
static bool walk_has_control(const char *s, enum option_type type)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        bool layout = c == '\n' || c == '\t' || c == '\r';

        if ((c < 0x20 || c == 0x7f) && !(type == OPTION_STRING && layout))
            return true;
    }
    return false;
}

/* What is wrong with a variable is told where it stands, not where it is used. */
static void walk_blame(struct walk *w, const struct var *var, const struct err *err)
{
    char key[80], name[40];

    snprintf(key, sizeof key, "vars.%s", name_excerpt(name, sizeof name, var->name));
    config_errors_add(w->errors, node_pos(var->at, w->file), key, "%s", err->msg);
}

/* "exists", "*": whether there is one is asked of an answer, and that is no secret. */
static bool walk_asks_whether(const char *value)
{
    static const char *const words[] = { "exists", "absent", "*", "!*" };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(value, words[i]) == 0)
            return true;
    return false;
}

/* The value with its references resolved, in w->value; false after an error. */
static bool walk_expand(struct walk *w, const struct node *n, const struct option *o,
                        const char *map_key, bool *outside)
{
    struct err err = { 0 };

    *outside = false;
    buf_clear(&w->value);
    w->vars.brief = config_errors_late(w->errors, node_pos(n, w->file));
    if (o->type == OPTION_SECRET) {
        if (vars_reference(&w->vars, n->text, &w->value, &err))
            return true;
        w->silent |= !*err.msg;
        if (*err.msg)
            walk_error(w, n, "%s", err.msg);
        return false;
    }
    w->vars.blamed = NULL;
    if (!vars_expand(&w->vars, n->text, &w->value, outside, &err)) {
        w->silent |= !*err.msg || w->vars.blamed;
        if (w->vars.blamed)
            walk_blame(w, w->vars.blamed, &err);
        else if (*err.msg)
            walk_error(w, n, "%s", err.msg);
        return false;
    }
    if (walk_has_control(buf_str(&w->value), o->type))
        walk_error(w, n, "the value holds a control character; leave it out");
    else if (secrets_in_address(buf_str(&w->value)) &&
             (o->type == OPTION_URL || o->type == OPTION_DSN || strstr(buf_str(&w->value), "://")))
        walk_error(w, n,
                   "an address is shown on screen and cannot hold a password or token; take "
                   "it out and give it by reference: env:NAME or file:/path");
    else if (o->open_to_all && w->vars.hidden)
        walk_error(w, n,
                   "everybody on this machine can read arguments of a program; give it in env");
    else if (map_key && secrets_header(map_key) && !*outside && !walk_asks_whether(n->text))
        walk_error(w, n, "a secret cannot stand in the file; write ${env:NAME} or ${file:/path}");
    else
        return true;
    return false;
}

static bool walk_is_number(enum option_type type, enum unit unit)
{
    return type == OPTION_INT || type == OPTION_NUMBER || type == OPTION_BOOL ||
           (type == OPTION_QUANTITY && (unit == UNIT_NONE || unit == UNIT_COUNT));
}

/* One scalar of an option: the value itself, an item of a list, or a map's value. */
static void walk_scalar(struct walk *w, const struct node *n, const struct walk_table *t,
                        const struct option *o, const char *map_key, bool item, enum unit unit)
{
    struct err err = { 0 };
    bool outside, fine;
    char start[120];

    if (!walk_is_scalar(w, n, o, map_key) || !walk_expand(w, n, o, map_key, &outside))
        return;
    name_excerpt(start, sizeof start, n->text);
    if (n->quoted && walk_is_number(o->type, unit) && !strchr(n->text, '$')) {
        walk_error(w, n, "'%s' is text because of its quotes; write it without them", start);
        return;
    }
    if (map_key)
        fine = option_map_add(o, t->self, map_key, buf_str(&w->value), &err);
    else if (item)
        fine = option_list_add(o, t->self, buf_str(&w->value), &err);
    else
        fine = option_set(o, t->self, buf_str(&w->value), unit, &err);
    if (fine)
        return;
    if (outside) /* err quotes what it read, and that is nobody's to read */
        walk_error(w, n, "'%s' does not give %s", start, option_type_words(o->type));
    else
        walk_error(w, n, "%s", err.msg);
}

/* The items of a list stand instead of the default, not after it. */
static void walk_empty(const struct option *o, void *self)
{
    void *at = (char *)self + o->offset;

    if (o->type == OPTION_LIST)
        strlist_fini(at);
    else
        *(struct codes *)at = (struct codes){ 0 };
}

static void walk_option(struct walk *w, const struct node *key, const struct walk_table *t,
                        const struct option *o, enum unit unit)
{
    const struct node *v = key->value;

    if (o->type == OPTION_MAP) {
        if (!walk_is_map(w, v, "write a map, such as { name: value }"))
            return;
        for (const struct node *k = v->first; k; k = k->next) {
            size_t before = walk_enter(w, k->text ? k->text : "");

            if (!k->bad && walk_has_control(k->text, OPTION_MAP))
                walk_error(w, k, "the name holds a control character; leave it out");
            else if (!k->bad)
                walk_scalar(w, k->value, t, o, k->text, false, unit);
            walk_leave(w, before);
        }
    } else if ((o->type == OPTION_LIST || o->type == OPTION_CODES) && v->kind == NODE_LIST) {
        walk_empty(o, t->self);
        for (const struct node *item = v->first; item; item = item->next)
            walk_scalar(w, item, t, o, NULL, true, unit);
    } else {
        walk_scalar(w, v, t, o, NULL, false, unit);
    }
}

static const struct option *walk_find(const struct walk_table *tables, size_t n, const char *name,
                                      const struct walk_table **in)
{
    for (size_t i = 0; i < n; i++) {
        const struct option *o = option_find(tables[i].options, name);

        *in = &tables[i];
        if (o)
            return o;
    }
    return NULL;
}

static size_t walk_known(const struct walk_table *tables, size_t n, const char *const *others,
                         const char *known[KNOWN_MAX])
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++)
        for (const struct option *o = tables[i].options; o->name && found < KNOWN_MAX; o++)
            known[found++] = o->name;
    for (size_t i = 0; others && others[i] && found < KNOWN_MAX; i++)
        known[found++] = others[i];
    return found;
}

void walk_unknown(struct walk *w, const struct node *key, const struct walk_table *tables, size_t n,
                  const char *const *others)
{
    const char *known[KNOWN_MAX], *near;
    size_t n_known, len = 0;
    char start[64], list[320] = "";

    if (config_errors_late(w->errors, node_pos(key, w->file))) {
        w->errors->more++;
        return;
    }
    name_excerpt(start, sizeof start, key->text);
    n_known = walk_known(tables, n, others, known);
    near = nearest_word(start, known, n_known);
    if (near) {
        walk_error(w, key, "unknown key '%s'; did you mean '%s'?", start, near);
        return;
    }
    for (size_t i = 0; i < n_known && len < sizeof list - 40; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%.32s", i ? ", " : "", known[i]);
    walk_error(w, key, "unknown key '%s'; known here: %s", start, list);
}

static void walk_required(struct walk *w, const struct node *map, const struct walk_table *t)
{
    for (const struct option *o = t->options; o->name; o++) {
        bool stands = false;

        if (!o->required)
            continue;
        for (const struct node *k = map->first; k && !stands; k = k->next)
            stands = k->text && strcmp(k->text, o->name) == 0;
        w->silent |= !stands && w->cut;
        if (!stands && !w->cut)
            walk_error(w, map, "'%s' is missing: %s", o->name, o->help);
    }
}

static bool walk_is_other(const char *const *others, const char *name)
{
    for (; others && *others; others++)
        if (strcmp(*others, name) == 0)
            return true;
    return false;
}

void walk_options(struct walk *w, const struct node *map, const struct walk_table *tables, size_t n,
                  const char *const *others, enum walk_pass pass, enum unit unit)
{
    for (const struct node *k = map->first; k; k = k->next) {
        const struct walk_table *t;
        const struct option *o;
        size_t before;

        w->silent |= k->bad;
        if (k->bad)
            continue;
        o = walk_find(tables, n, k->text, &t);
        before = walk_enter(w, k->text);
        if (o && (o->type == OPTION_QUANTITY) == (pass == WALK_QUANTITIES))
            walk_option(w, k, t, o, unit);
        else if (!o && pass == WALK_PLAIN && !walk_is_other(others, k->text))
            walk_unknown(w, k, tables, n, others);
        walk_leave(w, before);
    }
    for (size_t i = 0; pass == WALK_PLAIN && i < n; i++)
        walk_required(w, map, &tables[i]);
}
