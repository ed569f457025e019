/* app/vars.c: the variables of a configuration and the references in its values. */
#include "app/vars.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "app/file.h"
#include "app/names.h"
#include "app/secrets.h"
#include "core/alloc.h"
#include "core/nearest.h"
#include "core/secret.h"

extern char **environ;

enum { NEAREST_MAX = 512 };

void vars_add(struct vars *v, struct var var)
{
    if (v->n == v->cap) {
        v->cap = v->cap ? 2 * v->cap : 16;
        v->items = xreallocarray(v->items, v->cap, sizeof *v->items);
    }
    v->items[v->n++] = var;
}

static int vars_order(const void *a, const void *b)
{
    return strcmp(((const struct var *)a)->name, ((const struct var *)b)->name);
}

void vars_ready(struct vars *v)
{
    if (v->n)
        qsort(v->items, v->n, sizeof *v->items, vars_order);
}

void vars_fini(struct vars *v)
{
    for (size_t i = 0; i < v->n; i++) {
        if (v->items[i].value)
            secret_wipe(v->items[i].value, strlen(v->items[i].value));
        free(v->items[i].value);
    }
    free(v->items);
    *v = (struct vars){ 0 };
}

struct var *vars_find(const struct vars *v, const char *name)
{
    struct var key = { .name = name };

    return v->n ? bsearch(&key, v->items, v->n, sizeof key, vars_order) : NULL;
}

const char *vars_nearest(const struct vars *v, const char *name)
{
    const char *names[NEAREST_MAX];
    size_t n = v->n < NEAREST_MAX ? v->n : NEAREST_MAX;

    for (size_t i = 0; i < n; i++)
        names[i] = v->items[i].name;
    return n ? nearest_word(name, names, n) : NULL;
}

static bool vars_is_first(char c)
{
    return isalpha((unsigned char)c) || c == '_';
}

/* Length of the name that begins here, 0 when none does. ASCII only: isalpha in the C locale or a
 * UTF-8 one says no to bytes above 127. */
static size_t vars_name_len(const char *s)
{
    size_t n = 0;

    if (!vars_is_first(*s))
        return 0;
    while (vars_is_first(s[n]) || isdigit((unsigned char)s[n]))
        n++;
    return n;
}

static const char *vars_nearest_env(const char *name)
{
    static char held[NEAREST_MAX][NAME_MAX_LEN + 1];
    const char *names[NEAREST_MAX];
    size_t n = 0;

    for (char **e = environ; e && *e && n < NEAREST_MAX; e++) {
        size_t len = strcspn(*e, "=");

        if (len == 0 || len > NAME_MAX_LEN)
            continue;
        memcpy(held[n], *e, len);
        held[n][len] = '\0';
        names[n] = held[n];
        n++;
    }
    return n ? nearest_word(name, names, n) : NULL;
}

static bool vars_put(struct vars *v, struct buf *out, const char *bytes, size_t len,
                     struct err *err)
{
    if (!buf_add_max(out, bytes, len, VARS_VALUE_MAX))
        return err_set(err, "the value is longer than %d bytes", VARS_VALUE_MAX);
    v->total_bytes += len;
    if (v->total_bytes > VARS_TOTAL_MAX)
        return err_set(err, "all values together are longer than %d bytes", VARS_TOTAL_MAX);
    return true;
}

static bool vars_env(struct vars *v, const char *name, struct buf *out, struct err *err)
{
    const struct secret *taken;
    const char *value, *near;

    if (!name_is_var(name))
        return err_set(err, "'${env:%.64s}' does not name a variable of the environment", name);
    taken = v->secrets ? secrets_taken(v->secrets, name) : NULL;
    if (taken)
        return vars_put(v, out, secret_reveal(taken), secret_len(taken), err);
    value = getenv(name);
    if (value)
        return vars_put(v, out, value, strlen(value), err);
    near = v->brief ? NULL : vars_nearest_env(name);
    if (near)
        return err_set(err, "the environment has no '%s'; did you mean '%s'?", name, near);
    return err_set(err, "the environment has no '%s'; set it before midwatch starts", name);
}

static bool vars_file(struct vars *v, const char *path, struct buf *out, struct err *err)
{
    struct buf b = { 0 };
    bool fine = false;

    if (*path != '/')
        return err_set(err, "'${file:%.200s}' needs a path from the root, such as ${file:/etc/x}",
                       path);
    if (!file_read(path, VARS_VALUE_MAX, FILE_SECRET, &b, err))
        goto out;
    if (b.len && b.bytes[b.len - 1] == '\n')
        b.len--;
    if (b.len && b.bytes[b.len - 1] == '\r')
        b.len--;
    if (b.len && memchr(b.bytes, '\0', b.len))
        err_set(err, "%s holds a NUL byte", path);
    else
        fine = vars_put(v, out, buf_str(&b), b.len, err);
out:
    if (b.bytes)
        secret_wipe(b.bytes, b.cap);
    buf_fini(&b);
    return fine;
}

static bool vars_expand_in(struct vars *v, const char *raw, bool in_var, struct buf *out,
                           bool *outside, struct err *err);

static bool vars_var(struct vars *v, const char *name, struct buf *out, bool *outside,
                     struct err *err)
{
    struct var *var = vars_find(v, name);

    if (!var) {
        const char *near = v->brief ? NULL : vars_nearest(v, name);

        if (near)
            return err_set(err, "no variable '%s'; did you mean '%s'?", name, near);
        return err_set(err, "no variable '%s'; name it under 'vars' ($$ is a dollar)", name);
    }
    if (var->bad) {
        if (err)
            err->msg[0] = '\0';
        return false;
    }
    if (!var->value) {
        struct buf b = { 0 };
        bool brief = v->brief, fine = true;

        v->brief = false; /* this message stands elsewhere, and is the only one */
        if (var->given)
            buf_adds(&b, var->raw);
        else
            fine = vars_expand_in(v, var->raw, true, &b, &var->outside, err);
        v->brief = brief;
        if (fine)
            var->value = xstrdup(buf_str(&b));
        if (b.bytes)
            secret_wipe(b.bytes, b.cap);
        buf_fini(&b);
        if (!fine) {
            var->bad = true;
            v->blamed = var;
            return false;
        }
    }
    *outside |= var->outside;
    v->hidden |= var->outside && !var->given; /* what is given was said aloud already */
    return vars_put(v, out, var->value, strlen(var->value), err);
}

/* What stands in ${...}. */
static bool vars_braced(struct vars *v, const char *inner, bool in_var, struct buf *out,
                        bool *outside, struct err *err)
{
    if (strncmp(inner, "env:", 4) == 0) {
        *outside = v->hidden = true;
        return vars_env(v, inner + 4, out, err);
    }
    if (strncmp(inner, "file:", 5) == 0) {
        *outside = v->hidden = true;
        return vars_file(v, inner + 5, out, err);
    }
    if (!name_is_var(inner))
        return err_set(err,
                       "'${%.64s}' is not a reference; write ${env:NAME}, ${file:/path} or "
                       "${name}",
                       inner);
    if (in_var)
        return err_set(err, "uses '${%s}'; a variable may use ${env:NAME} and ${file:/path} only",
                       inner);
    return vars_var(v, inner, out, outside, err);
}

/* One reference, at a dollar. Gives the bytes it took, 0 after an error. */
static size_t vars_dollar(struct vars *v, const char *at, bool in_var, struct buf *out,
                          bool *outside, struct err *err)
{
    size_t n;
    char *name;
    bool fine;

    if (at[1] == '$')
        return vars_put(v, out, "$", 1, err) ? 2 : 0;
    if (at[1] == '{') {
        n = strcspn(at + 2, "}");
        if (!at[2 + n]) {
            err_set(err, "'${' is not closed by '}'");
            return 0;
        }
        name = xstrndup(at + 2, n);
        fine = vars_braced(v, name, in_var, out, outside, err);
        free(name);
        return fine ? n + 3 : 0;
    }
    n = vars_name_len(at + 1);
    if (n == 0)
        return vars_put(v, out, "$", 1, err) ? 1 : 0;
    name = xstrndup(at + 1, n);
    if (in_var)
        fine = err_set(err, "uses '$%.64s'; a variable may use ${env:NAME} and ${file:/path} only",
                       name);
    else
        fine = vars_var(v, name, out, outside, err);
    free(name);
    return fine ? n + 1 : 0;
}

static bool vars_expand_in(struct vars *v, const char *raw, bool in_var, struct buf *out,
                           bool *outside, struct err *err)
{
    while (*raw) {
        size_t n = strcspn(raw, "$");

        if (n > 0 && !vars_put(v, out, raw, n, err))
            return false;
        raw += n;
        if (!*raw)
            break;
        n = vars_dollar(v, raw, in_var, out, outside, err);
        if (n == 0)
            return false;
        raw += n;
    }
    return true;
}

bool vars_expand(struct vars *v, const char *raw, struct buf *out, bool *outside, struct err *err)
{
    v->hidden = false;
    return vars_expand_in(v, raw, false, out, outside, err);
}

/* The variable that a value consists of, as "$name" or "${name}"; NULL when it is something else.
 */
static struct var *vars_alone(const struct vars *v, const char *raw)
{
    char name[NAME_MAX_LEN + 1];
    size_t n;

    if (raw[0] != '$')
        return NULL;
    raw += raw[1] == '{' ? 2 : 1;
    n = vars_name_len(raw);
    if (n == 0 || n > NAME_MAX_LEN || (raw[-1] == '{' ? strcmp(raw + n, "}") != 0 : raw[n]))
        return NULL;
    memcpy(name, raw, n);
    name[n] = '\0';
    return vars_find(v, name);
}

bool vars_reference(struct vars *v, const char *raw, struct buf *out, struct err *err)
{
    const struct var *var = vars_alone(v, raw);
    size_t len;
    bool outside = false;

    if (var && var->bad) {
        if (err)
            err->msg[0] = '\0';
        return false;
    }
    if (var)
        raw = var->raw;
    len = strlen(raw);
    if ((strncmp(raw, "${env:", 6) == 0 || strncmp(raw, "${file:", 7) == 0) &&
        strcspn(raw, "}") == len - 1) {
        buf_add(out, raw + 2, len - 3);
    } else if (strncmp(raw, "env:", 4) == 0 || strncmp(raw, "file:", 5) == 0) {
        if (!vars_expand_in(v, raw, var != NULL, out, &outside, err))
            return false;
    }
    return secrets_reference_check(buf_str(out), err);
}
