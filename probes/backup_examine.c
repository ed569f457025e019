/* probes/backup_examine.c: what speaks against a backup whatever wrote it: its time, and its size
 * against those before it. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/unit.h"
#include "probes/backup_impl.h"

enum { LAST = 7 };

bool backup_is_good(const struct backup *b)
{
    return !*b->why && !b->pending;
}

static int backup_smaller(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* Of the seven before the i-th that are of its type and whose content is no known failure. One that
 * shrank counts: what stays small is no accident for ever. */
static double backup_median(const struct backup_facts *f, const bool *broken, size_t i, size_t *n)
{
    double sizes[LAST];

    *n = 0;
    for (size_t k = i + 1; k < f->n && *n < LAST; k++)
        if (!broken[k] && f->list[k].type == f->list[i].type && f->list[k].size_bytes > 0)
            sizes[(*n)++] = f->list[k].size_bytes;
    if (*n == 0)
        return NAN;
    qsort(sizes, *n, sizeof *sizes, backup_smaller);
    return *n % 2 ? sizes[*n / 2] : (sizes[*n / 2 - 1] + sizes[*n / 2]) / 2;
}

const char *backup_like(size_t n, char out[48])
{
    if (n == 1)
        snprintf(out, 48, "the one before it");
    else if (n < LAST)
        snprintf(out, 48, "the median of the %zu before it", n);
    else
        snprintf(out, 48, "the median of the last seven");
    return out;
}

static void backup_examine_time(struct backup *b, int64_t now_ms)
{
    char ahead[16];

    if (*b->why)
        return;
    if (b->at_ms <= 0)
        BACKUP_SET(b->why, "its time is not told");
    else if (b->at_ms > now_ms + BACKUP_SKEW_MS)
        BACKUP_SET(b->why, "its time lies %s in the future",
                   age_format_hours(b->at_ms - now_ms, ahead));
    else if (b->written_ms > now_ms + BACKUP_SKEW_MS)
        BACKUP_SET(b->why, "it was written %s in the future",
                   age_format_hours(b->written_ms - now_ms, ahead));
    else if (b->size_bytes == 0)
        BACKUP_SET(b->why, "0 bytes");
}

void backup_examine(const struct backup_options *o, struct backup_facts *f, int64_t now_ms,
                    struct backup_seen *out)
{
    bool broken[BACKUP_MAX];

    *out = (struct backup_seen){ .change_pct = NAN };
    for (size_t i = 0; i < f->n; i++) {
        backup_examine_time(&f->list[i], now_ms);
        broken[i] = f->list[i].why[0];
    }
    for (size_t i = 0; i < f->n; i++) {
        struct backup *b = &f->list[i];
        size_t n;
        double share_pct = b->size_bytes / backup_median(f, broken, i, &n) * 100;
        char like[48];

        if (!*b->why && o->size_floor > 0 && share_pct < o->size_floor)
            BACKUP_SET(b->why, "its size is %.0f%% of %s", floor(share_pct), backup_like(n, like));
        out->n_pending += !*b->why && b->pending;
        if (!backup_is_good(b))
            continue;
        if (out->n_good++ == 0) {
            out->good = b;
            out->change_pct = share_pct - 100; /* NaN where either is not told */
            out->n_compared = n;
        }
    }
}
