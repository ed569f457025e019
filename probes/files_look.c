/* probes/files_look.c: a folder is listed, and what is new in it is looked into. In a thread: a
 * file system can take for ever. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "probes/files_impl.h"

static int files_newer(const void *a, const void *b)
{
    const struct files_file *x = a, *y = b;

    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? 1 : -1;
    return strcmp(y->name, x->name);
}

bool files_same(const struct files_file *a, const struct files_file *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size_bytes == b->size_bytes &&
           a->mtime_ms == b->mtime_ms && strcmp(a->name, b->name) == 0;
}

/* What is there and cannot be looked at may be the newest: then nothing is known. */
static void files_fail(struct files_look *l, const char *what, int error)
{
    BACKUP_SET(l->failed, "%.120s: %s", what, strerror(error));
}

/* False when it is no file of ours. Links are followed: what they lead to counts. */
static bool files_stat(struct files_look *l, int folder, const struct dirent *e,
                       struct files_file *f)
{
    const char *name = e->d_name;
    struct stat st;
    size_t stem;

    if (fnmatch(l->pattern, name, FNM_PERIOD) != 0 || files_sum_tool(name, &stem) ||
        strlen(name) >= sizeof f->name)
        return false;
    if (fstatat(folder, name, &st, 0) < 0) {
        if (errno != ENOENT && errno != ELOOP) /* it went, or a link leads nowhere */
            files_fail(l, name, errno);
        return false;
    }
    if (!S_ISREG(st.st_mode))
        return false;
    *f = (struct files_file){ .link = e->d_type == DT_LNK,
                              .dev = st.st_dev,
                              .ino = st.st_ino,
                              .size_bytes = st.st_size,
                              .mtime_ms = files_mtime_ms(&st) };
    snprintf(f->name, sizeof f->name, "%s", name);
    files_date(f, (enum files_names)l->name_time);
    return true;
}

/* The newest BACKUP_MAX stay. */
static void files_settle(struct files_look *l)
{
    qsort(l->found, l->n, sizeof *l->found, files_newer);
    if (l->n > BACKUP_MAX)
        l->n = BACKUP_MAX;
}

static void files_list(struct files_look *l, DIR *dir)
{
    size_t cap = 0;
    struct dirent *e;

    while (!*l->failed && (errno = 0, e = readdir(dir))) {
        if (l->n == (size_t)2 * BACKUP_MAX)
            files_settle(l);
        if (l->n == cap) {
            cap = cap ? cap * 2 : 64;
            l->found = xreallocarray(l->found, cap, sizeof *l->found);
        }
        if (!files_stat(l, dirfd(dir), e, &l->found[l->n]))
            continue;
        if (!l->oldest_ms || l->found[l->n].at_ms < l->oldest_ms)
            l->oldest_ms = l->found[l->n].at_ms;
        l->n++;
        if (++l->total > FILES_MATCHES) {
            l->too_many = true;
            break;
        }
    }
    if (!*l->failed && !l->too_many && errno)
        files_fail(l, l->folder, errno);
    if (l->n)
        files_settle(l);
}

/* "latest.sql.gz" beside what it leads to is one backup, under its own name. */
static void files_once(struct files_look *l)
{
    size_t kept = 0;

    for (size_t i = 0; i < l->n; i++) {
        struct files_file *f = &l->found[i], *same = NULL;

        for (size_t k = 0; k < kept && !same; k++)
            if (l->found[k].dev == f->dev && l->found[k].ino == f->ino)
                same = &l->found[k];
        if (!same)
            l->found[kept++] = *f;
        else if (same->link)
            *same = *f;
    }
    l->total -= l->n - kept;
    l->n = kept;
}

static const struct files_file *files_known(const struct files_look *l, const struct files_file *f)
{
    for (size_t i = 0; i < l->n_known; i++)
        if (l->known[i].dev == f->dev && l->known[i].ino == f->ino &&
            strcmp(l->known[i].name, f->name) == 0)
            return &l->known[i];
    return NULL;
}

static void files_look_into(struct files_look *l, int folder)
{
    for (size_t i = 0; i < l->n; i++) {
        struct files_file *f = &l->found[i];
        const struct files_file *known = files_known(l, f);
        bool grows = known && !files_same(known, f);

        if (known && !grows && known->opened && !*known->unseen)
            *f = *known;
        else if (i < FILES_OPENED && !*f->why)
            files_read(folder, f);
        f->grows = grows;
        if (i < FILES_SUMMED && f->size_bytes > 0)
            files_sum(folder, l->checksum, f);
    }
}

void files_look(void *look)
{
    struct files_look *l = look;
    DIR *dir = opendir(l->folder);

    if (!dir) {
        files_fail(l, l->folder, errno);
        return;
    }
    files_list(l, dir);
    if (!*l->failed && !l->too_many) {
        files_once(l);
        files_look_into(l, dirfd(dir));
    }
    closedir(dir);
}
