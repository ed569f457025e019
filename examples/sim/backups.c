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

void backups_name(int64_t ms, char *out, size_t cap)
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;

    gmtime_r(&t, &tm);
    strftime(out, cap, "neurmatic_%Y%m%d_%H%M%S.sql.gz", &tm);
}

static void backups_path(const char *dir, int64_t ms, char *out, size_t cap)
{
    char name[64];

    backups_name(ms, name, sizeof name);
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

    backups_path(dir, ms, path, sizeof path);
    return backups_copy(b->master, path, INT64_MAX, ms, why);
}

static void backups_drop(const char *dir, int64_t ms)
{
    char path[400];

    backups_path(dir, ms, path, sizeof path);
    unlink(path);
}

/* A real dump of the real database, compressed as the script does it. */
static bool backups_dump(struct backups *b, struct world *w, char *why)
{
    static const char script[] =
        "\"$1/pg_dump\" -h \"$2\" -p \"$3\" -U postgres -f \"$5.sql\" \"$4\" && "
        "gzip -9 < \"$5.sql\" > \"$5.new\" && rm \"$5.sql\" && mv \"$5.new\" \"$5\"";

    return tools_sh(w, script, w->system->db_name, b->master, why);
}

/* ---- runs ---- */

static bool backups_run(struct backups *b, struct world *w, int64_t ms, char *why)
{
    if (b->n == BACKUPS_KEPT) { /* older than 30 days: local and S3, as the script has it */
        backups_drop(b->local, b->runs[0]);
        backups_drop(b->bucket, b->runs[0]);
        memmove(b->runs, b->runs + 1, sizeof b->runs[0] * (size_t)--b->n);
    }
    b->runs[b->n++] = ms;
    return backups_lay(b, b->local, ms, why) &&
           (world_fault(w, "s3_missing") || backups_lay(b, b->bucket, ms, why));
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
    snprintf(b->local, sizeof b->local, "%s/backups", dir);
    snprintf(b->bucket, sizeof b->bucket, "%s/s3", dir);
    snprintf(b->master, sizeof b->master, "%s/dump.gz", dir);
    if (!place_subdir(&w->boot->place, "backups", 0755, NULL, why) ||
        !place_subdir(&w->boot->place, "s3", 0755, NULL, why) || !backups_dump(b, w, why))
        return false;
    for (int i = BACKUPS_PAST - 1; i >= 0; i--)
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
            backups_drop(b->local, b->runs[b->n - 1]);
            backups_drop(b->bucket, b->runs[b->n - 1]);
        }
    }
    /* A jump over weeks catches up on the nights that can still be in the folder. */
    if (last - b->next_ms > BACKUPS_KEPT * DAY_MS)
        b->next_ms = last - (BACKUPS_KEPT - 1) * DAY_MS;
    while (ok && b->next_ms <= last) {
        if (!world_fault(w, "backup_missed")) {
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
    int64_t from = last - ((int64_t)world_number(w, "backup_missed") - 1) * DAY_MS;
    while (b->n && b->runs[b->n - 1] >= from) {
        backups_drop(b->local, b->runs[b->n - 1]);
        backups_drop(b->bucket, b->runs[b->n - 1]);
        b->n--;
    }
    return true;
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
    backups_path(b->local, newest, path, sizeof path);
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
    backups_drop(b->bucket, b->runs[b->n - 1]);
    return true;
}
