/* probes/logturned.c: files that a log was turned over into between two looks. */
#include "probes/logturned.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"

struct turned { /* while one folder is read */
    const char *name;
    const struct stat *old;
    logturned_known *known;
    void *arg;
    struct stat now; /* what has the name */
    char *best;      /* the name of the oldest */
    struct timespec best_time;
    bool packed;
};

static bool turned_before(const struct timespec *a, const struct timespec *b)
{
    return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

static bool turned_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Is it the log's name, turned over? `*packed` when it is one that was packed since. */
static bool turned_is_named(const struct turned *t, const char *name, bool *packed)
{
    static const char *const packs[] = { "", ".gz", ".xz", ".zst", ".bz2", ".lz4" };
    size_t own = strlen(t->name);
    const char *rest, *end;

    if (strncmp(name, t->name, own) != 0)
        return false;
    rest = name + own;
    if (!*rest || !strchr(".-_", *rest) || rest[1] < '0' || rest[1] > '9')
        return false;
    end = rest + strspn(rest, "0123456789-_.:T");
    if (*end && end[-1] == '.')
        end--;
    for (size_t i = 0; i < sizeof packs / sizeof packs[0]; i++)
        if (strcmp(end, packs[i]) == 0) {
            *packed = i > 0;
            return true;
        }
    return false;
}

static void turned_look(struct turned *t, int folder, const char *name)
{
    bool packed;
    struct stat st;

    if (!turned_is_named(t, name, &packed) || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
        !S_ISREG(st.st_mode) || st.st_size == 0 || !turned_before(&t->old->st_mtim, &st.st_mtim) ||
        turned_same(t->old, &st) || turned_same(&t->now, &st) ||
        t->known(t->arg, folder, name, &st))
        return;
    if (packed) {
        t->packed = true;
    } else if (!t->best || turned_before(&st.st_mtim, &t->best_time)) {
        free(t->best);
        t->best = xstrdup(name);
        t->best_time = st.st_mtim;
    }
}

struct logturned logturned_find(const char *path, const struct stat *old, logturned_known *known,
                                void *arg)
{
    size_t len = (size_t)(strrchr(path, '/') - path) + 1;
    struct turned t = { .name = path + len, .old = old, .known = known, .arg = arg };
    struct logturned found = { .path = NULL };
    char *folder = xstrndup(path, len);
    DIR *dir = stat(path, &t.now) == 0 ? opendir(folder) : NULL;
    struct dirent *e;
    struct buf b = { 0 };

    for (int n = 0; dir && n < LOGTURNED_NAMES && (e = readdir(dir)); n++)
        turned_look(&t, dirfd(dir), e->d_name);
    if (dir)
        closedir(dir);
    if (t.best) {
        buf_addf(&b, "%s%s", folder, t.best);
        found.path = b.bytes;
    }
    found.packed = t.packed;
    free(t.best);
    free(folder);
    return found;
}
