/* alerts/rule_bind.c: the names and limits of a rule, found on a board. */
#include "alerts/rule_impl.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/nearest.h"

enum { BIND_NEAR = 200 }; /* names to find a likeness in */

/* 24 h is how far back the memory of a board reaches. */
static const int64_t bind_past_ms = 24 * 3600000LL;

struct binding {
    const struct board *board;
    size_t *at;
    struct err *err;
};

const char *figure_name(const struct figure *f, char out[RULE_NAMES * (RULE_WORD + 1)])
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < f->n_names; i++)
        len += (size_t)snprintf(out + len, RULE_NAMES * (RULE_WORD + 1) - len, "%s%s", i ? "." : "",
                                f->names[i]);
    return out;
}

static const struct signal *bind_signal(const struct figure *f, const struct board *b)
{
    return &b->services[f->service].readings[f->reading].signals[f->signal];
}

enum unit figure_unit(const struct figure *f, const struct board *b)
{
    return f->kind == FIGURE_AGE ? UNIT_SECONDS : bind_signal(f, b)->unit;
}

/* Nothing has this name: what would have been near. */
static bool bind_miss(const struct binding *bi, const struct figure *f, const char *what, int i,
                      const char *const *names, size_t n)
{
    const char *near = nearest_word(f->names[i], names, n);

    *bi->at = f->at;
    for (int k = 0; k < i; k++)
        *bi->at += strlen(f->names[k]) + 1;
    if (near)
        return err_set(bi->err, "no %s '%s'; did you mean '%s'?", what, f->names[i], near);
    return err_set(bi->err, "no %s '%s'%s%s", what, f->names[i], i ? " in " : " under 'services'",
                   i ? f->names[i - 1] : "");
}

static bool bind_service(const struct binding *bi, struct figure *f)
{
    const char *names[BIND_NEAR];
    size_t n = 0;

    f->service = board_find(bi->board, f->names[0]);
    if (f->service >= 0)
        return true;
    for (; n < bi->board->n_services && n < BIND_NEAR; n++)
        names[n] = text_str(&bi->board->services[n].id);
    return bind_miss(bi, f, "service", 0, names, n);
}

static bool bind_reading(const struct binding *bi, struct figure *f)
{
    const struct service *s = &bi->board->services[f->service];
    const char *names[BIND_NEAR];
    size_t n = 0;

    for (size_t i = 0; i < s->n_readings; i++) {
        if (text_is(&s->readings[i].id, f->names[1])) {
            f->reading = (int)i;
            return true;
        }
        if (n < BIND_NEAR)
            names[n++] = text_str(&s->readings[i].id);
    }
    return bind_miss(bi, f, "probe", 1, names, n);
}

static bool bind_of_reading(const struct binding *bi, struct figure *f)
{
    const struct reading *r = &bi->board->services[f->service].readings[f->reading];
    const char *names[READING_SIGNALS];

    for (size_t i = 0; i < r->n_signals; i++) {
        names[i] = text_str(&r->signals[i].name);
        if (f->n_names == 3 && text_is(&r->signals[i].name, f->names[2])) {
            f->signal = (int)i;
            return true;
        }
    }
    if (f->n_names == 3)
        return bind_miss(bi, f, "signal", 2, names, r->n_signals);
    f->signal = r->n_signals ? 0 : -1;
    return true;
}

static bool bind_names(const struct binding *bi, struct figure *f)
{
    if (!bind_service(bi, f))
        return false;
    return f->n_names == 1 || (bind_reading(bi, f) && bind_of_reading(bi, f));
}

/* A figure that has a number. */
static bool bind_figure(const struct binding *bi, struct figure *f)
{
    char name[RULE_NAMES * (RULE_WORD + 1)];

    if (!bind_names(bi, f))
        return false;
    *bi->at = f->at;
    if (f->n_names == 1)
        return err_set(bi->err,
                       "'%s' is a service and has no number; write %s.PROBE, or '%s is down'",
                       f->names[0], f->names[0], f->names[0]);
    if (f->kind != FIGURE_AGE && f->signal < 0)
        return err_set(bi->err, "'%s' measures no number; its state can be asked: '%s is down'",
                       figure_name(f, name), name);
    if (f->window_ms > bind_past_ms)
        return err_set(bi->err, "the past that is kept reaches back 24h");
    if (f->kind >= FIGURE_AVG && f->window_ms <= 0)
        return err_set(bi->err, "%s needs a time to look back", figure_name(f, name));
    return true;
}

static bool bind_limit(const struct binding *bi, struct term *t)
{
    struct err why;

    if (t->against) {
        enum unit left = figure_unit(&t->left, bi->board), right;

        if (!bind_figure(bi, &t->right))
            return false;
        right = figure_unit(&t->right, bi->board);
        *bi->at = t->right.at;
        return left == right ||
               err_set(bi->err, "%s is compared with %s", unit_name(left), unit_name(right));
    }
    *bi->at = t->left.at;
    return quantity_parse(t->words, figure_unit(&t->left, bi->board), &t->limit, &why) ||
           err_set(bi->err, "%s", why.msg);
}

static bool bind_term(const struct binding *bi, struct term *t)
{
    switch (t->kind) {
    case TERM_AND:
    case TERM_OR:
    case TERM_NOT:
        return true;
    case TERM_COMPARE:
        return bind_figure(bi, &t->left) && bind_limit(bi, t);
    case TERM_STATE:
        if (t->left.n_names == 3 || t->left.kind != FIGURE_VALUE) {
            *bi->at = t->left.at;
            return err_set(bi->err, "a service or a probe has a state, a signal has none");
        }
        return bind_names(bi, &t->left);
    case TERM_NODATA:
        return bind_names(bi, &t->left);
    }
    return false;
}

/* On the way back the limit lies on the good side of the other one, else it would never end. */
static bool bind_recover(const struct binding *bi, struct rule *r, const char *words)
{
    struct term *t = &r->terms[r->root];
    struct err why;

    *bi->at = SIZE_MAX;
    if (t->kind != TERM_COMPARE || t->against || t->op > OP_LE)
        return err_set(bi->err, "is for a rule of one comparison with a limit");
    if (!quantity_parse(words, figure_unit(&t->left, bi->board), &t->recover, &why))
        return err_set(bi->err, "%s", why.msg);
    if (t->op <= OP_GE ? t->recover > t->limit : t->recover < t->limit)
        return err_set(bi->err,
                       "'%s' lies beyond the limit %s: what is over it would never recover", words,
                       t->words);
    return true;
}

bool rule_bind(struct rule *r, const struct board *b, const char *recover, size_t *at,
               struct err *err)
{
    const struct binding bi = { b, at, err };

    for (int i = 0; i < r->n_terms; i++)
        if (!bind_term(&bi, &r->terms[i]))
            return false;
    return !recover || bind_recover(&bi, r, recover);
}

int rule_service(const struct rule *r)
{
    for (int i = 0; i < r->n_terms; i++)
        if (r->terms[i].kind >= TERM_COMPARE)
            return r->terms[i].left.service;
    return -1;
}
