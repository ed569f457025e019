/* examples/sim/backups.c: dump, lay out, damage. */
#include "backups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tools.h"
#include "world.h"

#define DAY_MS       86400000LL
#define RUN_AT_MS    (2 * 3600000LL) /* 02:00 UTC */
#define BACKUPS_PAST 10

void backups_name(const struct backups_plan *plan, int64_t ms, char *out, size_t cap)
{
    time_t t = (time_t)(ms / 1000);
    char day[16], clock[16];
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(day, sizeof day, "%Y%m%d", &tm);
    strftime(clock, sizeof clock, "_%H%M%S", &tm);
    snprintf(out, cap, "%s%s%s%s", plan->before, day, plan->clock ? clock : "", plan->after);
}

static void backups_path(const struct backups *b, const char *dir, int64_t ms, char *out,
                         size_t cap)
{
    char name[64];

    backups_name(b->plan, ms, name, sizeof name);
    snprintf(out, cap, "%s/%s", dir, name);
}

/* ---- files ---- */

static bool backups_copy(const char *from, const char *to, off_t limit, int64_t mtime_ms, char *why)
{
    struct timespec times[2] = { { mtime_ms / 1000, 0 }, { mtime_ms / 1000, 0 } };
    char buf[65536], temp[420];
    off_t done = 0;
    ssize_t n = 0;
    bool ok = false;

    snprintf(temp, sizeof temp, "%s.part", to);
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (in >= 0 && out >= 0) {
        while (done < limit && (n = read(in, buf, sizeof buf)) > 0) {
            if (n > limit - done)
                n = (ssize_t)(limit - done);
            if (write(out, buf, (size_t)n) != n)
                break;
            done += n;
        }
        ok = n >= 0 && futimens(out, times) == 0 && rename(temp, to) == 0;
    }
    if (!ok)
        snprintf(why, PLACE_WHY, "%s: %s", to, strerror(errno));
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return ok;
}

static bool backups_lay(struct backups *b, const char *dir, int64_t ms, char *why)
{
    char path[400];

    backups_path(b, dir, ms, path, sizeof path);
    return backups_copy(b->master, path, INT64_MAX, ms, why);
}

static void backups_drop(const struct backups *b, const char *dir, int64_t ms)
{
    char path[400];

    backups_path(b, dir, ms, path, sizeof path);
    unlink(path);
}

/* A real dump of the real database, compressed where the system's script does it. */
static bool backups_dump(struct backups *b, struct world *w, char *why)
{
    static const char zipped[] =
        "\"$1/pg_dump\" -h \"$2\" -p \"$3\" -U postgres -f \"$5.sql\" \"$4\" && "
        "gzip -9 < \"$5.sql\" > \"$5.new\" && rm \"$5.sql\" && mv \"$5.new\" \"$5\"";
    static const char plain[] = "\"$1/pg_dump\" -h \"$2\" -p \"$3\" -U postgres \"$4\" > "
                                "\"$5.new\" && mv \"$5.new\" \"$5\"";

    return tools_sh(w, b->plan->gzip ? zipped : plain, w->system->db_name, b->master, why);
}

/* ---- runs ---- */

static bool backups_same_name(const struct backups *b, int64_t x_ms, int64_t y_ms)
{
    char x[64], y[64];

    backups_name(b->plan, x_ms, x, sizeof x);
    backups_name(b->plan, y_ms, y, sizeof y);
    return !strcmp(x, y);
}

static bool backups_run(struct backups *b, struct world *w, int64_t ms, char *why)
{
    if (b->n && backups_same_name(b, b->runs[b->n - 1], ms))
        b->n--;                  /* the second of a day writes over the first */
    if (b->n == b->plan->kept) { /* older ones: local and S3, as the script has it */
        backups_drop(b, b->local, b->runs[0]);
        backups_drop(b, b->bucket, b->runs[0]);
        memmove(b->runs, b->runs + 1, sizeof b->runs[0] * (size_t)--b->n);
    }
    b->runs[b->n++] = ms;
    return backups_lay(b, b->local, ms, why) &&
           (!b->plan->bucket || world_fault(w, "s3_missing") || backups_lay(b, b->bucket, ms, why));
}

static int64_t backups_last_due(int64_t now_ms)
{
    int64_t day = now_ms - now_ms % DAY_MS + RUN_AT_MS;

    return day <= now_ms ? day : day - DAY_MS;
}

bool backups_init(struct backups *b, struct world *w, char *why)
{
    const char *dir = w->boot->place.dir;
    int64_t last = backups_last_due(world_now_ms(w));

    memset(b, 0, sizeof *b);
    b->plan = w->system->dumps;
    snprintf(b->local, sizeof b->local, "%s/backups", dir);
    snprintf(b->bucket, sizeof b->bucket, "%s/s3", dir);
    snprintf(b->master, sizeof b->master, "%s/dump%s", dir, b->plan->gzip ? ".gz" : "");
    if (!place_subdir(&w->boot->place, "backups", 0755, NULL, why) ||
        (b->plan->bucket && !place_subdir(&w->boot->place, "s3", 0755, NULL, why)) ||
        !backups_dump(b, w, why))
        return false;
    for (int i = (b->plan->kept < BACKUPS_PAST ? b->plan->kept : BACKUPS_PAST) - 1; i >= 0; i--)
        if (!backups_run(b, w, last - i * DAY_MS, why))
            return false;
    b->next_ms = last + DAY_MS;
    return true;
}

bool backups_now(struct backups *b, struct world *w, char *why)
{
    int64_t now = world_now_ms(w);

    return backups_dump(b, w, why) && backups_run(b, w, now - now % 1000, why);
}

bool backups_tick(struct backups *b, struct world *w, char *why)
{
    int64_t last = backups_last_due(world_now_ms(w));
    bool ok = true;

    if (last + DAY_MS < b->next_ms) { /* the clock was put back */
        b->next_ms = last + DAY_MS;
        for (; b->n && b->runs[b->n - 1] > world_now_ms(w); b->n--) {
            backups_drop(b, b->local, b->runs[b->n - 1]);
            backups_drop(b, b->bucket, b->runs[b->n - 1]);
        }
    }
    /* A jump over weeks catches up on the nights that can still be in the folder. */
    if (last - b->next_ms > BACKUPS_KEPT * DAY_MS)
        b->next_ms = last - (BACKUPS_KEPT - 1) * DAY_MS;
    while (ok && b->next_ms <= last) {
        if (world_fault(w, "backup_empty")) {
            ok = backups_run(b, w, b->next_ms, why) && backups_empty(w, true, why);
        } else if (!world_fault(w, "backup_missed") && !world_fault(w, "backup_missing")) {
            if (b->next_ms == last)
                ok = backups_dump(b, w, why);
            ok = ok && backups_run(b, w, b->next_ms, why);
        }
        b->next_ms += DAY_MS;
    }
    return ok;
}

/* ---- faults ---- */

bool backups_missed(struct world *w, bool on, char *why)
{
    struct backups *b = w->backups;
    int64_t last = backups_last_due(world_now_ms(w));

    if (!on) /* somebody ran it by hand */
        return b->n && b->runs[b->n - 1] >= last ? true : backups_now(b, w, why);
    int64_t nights =
        world_fault(w, "backup_missing") ? 1 : (int64_t)world_number(w, "backup_missed");
    int64_t from = last - (nights - 1) * DAY_MS;
    while (b->n && b->runs[b->n - 1] >= from) {
        backups_drop(b, b->local, b->runs[b->n - 1]);
        backups_drop(b, b->bucket, b->runs[b->n - 1]);
        b->n--;
    }
    return true;
}

/* A pg_dump that cannot log in has had its file made by the shell all the same: nobody looked, and
 * every file that is there has no bytes. */
bool backups_empty(struct world *w, bool on, char *why)
{
    static const char failing[] =
        "\"$1/pg_dump\" -h \"$2\" -p \"$3\" -U nobody_there \"$4\" > \"$5\"; "
        "test ! -s \"$5\"";
    struct backups *b = w->backups;
    char empty[340], path[400];
    bool ok = true;

    snprintf(empty, sizeof empty, "%s.empty", b->master);
    if (on && !tools_sh(w, failing, w->system->db_name, empty, why))
        return false;
    for (int i = 0; i < b->n && ok; i++) {
        backups_path(b, b->local, b->runs[i], path, sizeof path);
        ok = backups_copy(on ? empty : b->master, path, INT64_MAX, b->runs[i], why);
    }
    return ok;
}

bool backups_corrupt(struct world *w, bool on, char *why)
{
    struct backups *b = w->backups;
    struct stat st;
    char path[400];

    if (!b->n)
        return true;
    int64_t newest = b->runs[b->n - 1];
    if (!on)
        return backups_lay(b, b->local, newest, why);
    backups_path(b, b->local, newest, path, sizeof path);
    if (stat(b->master, &st) != 0) {
        snprintf(why, PLACE_WHY, "%s: %s", b->master, strerror(errno));
        return false;
    }
    /* Cut at nine tenths: the size still looks right, gzip -t does not. */
    return backups_copy(b->master, path, st.st_size * 9 / 10, newest, why);
}

bool backups_s3_missing(struct world *w, bool on, char *why)
{
    struct backups *b = w->backups;

    if (!b->n)
        return true;
    if (!on)
        return backups_lay(b, b->bucket, b->runs[b->n - 1], why);
    backups_drop(b, b->bucket, b->runs[b->n - 1]);
    return true;
}
