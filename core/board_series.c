/* core/board_series.c: series by the names of what they are of. */
#include "core/board_series.h"

/* Mostly both boards have the same shape: what stands at the same place is looked at first. */
static const struct reading *series_reading(const struct board *b, const struct service *of,
                                            size_t service, const char *id, size_t at)
{
    const struct service *s;
    int found = (int)service;

    if (service >= b->n_services || !text_eq(&b->services[service].id, &of->id))
        found = board_find(b, text_str(&of->id));
    if (found < 0)
        return NULL;
    s = &b->services[found];
    if (at < s->n_readings && text_is(&s->readings[at].id, id))
        return &s->readings[at];
    for (size_t k = 0; k < s->n_readings; k++)
        if (text_is(&s->readings[k].id, id))
            return &s->readings[k];
    return NULL;
}

static struct signal *series_signal(const struct reading *r, const struct signal *of, size_t at)
{
    if (at < r->n_signals && text_eq(&r->signals[at].name, &of->name))
        return &r->signals[at];
    for (size_t j = 0; j < r->n_signals; j++)
        if (text_eq(&r->signals[j].name, &of->name))
            return &r->signals[j];
    return NULL;
}

/* Every signal that both have, with series of the same interval. */
static void series_each(struct board *to, const struct board *from,
                        void (*each)(struct signal *to, struct signal *from))
{
    for (size_t i = 0; i < to->n_services; i++) {
        struct service *s = &to->services[i];

        for (size_t k = 0; k < s->n_readings; k++) {
            struct reading *r = &s->readings[k];
            const struct reading *other = series_reading(from, s, i, text_str(&r->id), k);

            for (size_t j = 0; other && j < r->n_signals; j++) {
                struct signal *mine = &r->signals[j], *theirs = series_signal(other, mine, j);

                if (theirs && mine->series && theirs->series &&
                    series_bytes(mine->series) == series_bytes(theirs->series))
                    each(mine, theirs);
            }
        }
    }
}

static void series_move(struct signal *to, struct signal *from)
{
    struct series *s = to->series;

    if (series_newest_ms(to->series))
        return;
    to->series = from->series;
    from->series = s;
}

static void series_give_copy(struct signal *to, struct signal *from)
{
    if (series_newest_ms(to->series))
        return;
    series_free(to->series);
    to->series = series_copy(from->series);
}

static void series_join_signal(struct signal *to, struct signal *from)
{
    series_join(to->series, from->series);
}

void board_move_series(struct board *to, struct board *from)
{
    series_each(to, from, series_move);
}

void board_copy_series(struct board *to, const struct board *from)
{
    series_each(to, from, series_give_copy);
}

void board_join_series(struct board *to, struct board *past)
{
    series_each(to, past, series_join_signal);
}
