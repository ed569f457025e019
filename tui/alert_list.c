/* tui/alert_list.c: order and selection of alerts. */
#include "tui/alert_list.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "tui/alert_words.h"

static bool alert_list_wants(const struct view *v, const struct alert *a)
{
    if (v->problems_only && alert_class(a) >= ALERTS_RESOLVED)
        return false;
    return filter_matches_alert(v->filter, v->board, a);
}

/* Those alike as they are configured. */
static int alert_list_compare(const void *a, const void *b, void *arg)
{
    const struct board *board = arg;
    const int *x = a, *y = b;
    int order = alert_compare(&board->alerts[*x], &board->alerts[*y]);

    return order ? order : *x - *y;
}

/* Where the chosen one is now; what is gone leaves its place to the one after. */
static void alert_list_find(struct alert_list *l)
{
    size_t at = 0;

    if (l->chosen < 0 || l->n == 0) {
        l->at = 0;
        return;
    }
    while (at < l->n && l->rows[at] != l->chosen)
        at++;
    if (at < l->n) {
        l->at = (int)at;
        return;
    }
    if ((size_t)l->at >= l->n)
        l->at = (int)l->n - 1;
    l->chosen = l->rows[l->at];
}

void alert_list_settle(struct view *v)
{
    struct alert_list *l = &v->alerts;
    const struct board *b = v->board;

    if (b->n_alerts > l->cap) {
        l->cap = b->n_alerts;
        l->rows = xreallocarray(l->rows, l->cap, sizeof *l->rows);
    }
    l->n = 0;
    for (size_t i = 0; i < b->n_alerts; i++)
        if (alert_list_wants(v, &b->alerts[i]))
            l->rows[l->n++] = (int)i;
    if (l->n)
        qsort_r(l->rows, l->n, sizeof *l->rows, alert_list_compare, (void *)b);
    alert_list_find(l);
}

void alert_list_carry(struct view *v, const struct board *was, const struct board *now)
{
    struct alert_list *l = &v->alerts;

    if (l->chosen >= 0 && (size_t)l->chosen < was->n_alerts)
        l->chosen = board_find_alert(now, text_str(&was->alerts[l->chosen].id));
    l->n = 0;
}

void alert_list_fini(struct view *v)
{
    free(v->alerts.rows);
    v->alerts = (struct alert_list){ .chosen = -1 };
}

bool alert_list_move(struct view *v, int by)
{
    struct alert_list *l = &v->alerts;
    int64_t to = (int64_t)l->at + by, last = (int64_t)l->n - 1;

    if (l->n == 0)
        return true;
    l->at = (int)(to < 0 ? 0 : to > last ? last : to);
    l->chosen = l->rows[l->at];
    return true;
}

const struct alert *alert_list_at(const struct view *v, size_t row)
{
    return row < v->alerts.n ? &v->board->alerts[v->alerts.rows[row]] : NULL;
}

const struct alert *alert_list_selected(const struct view *v)
{
    return alert_list_at(v, (size_t)v->alerts.at);
}
