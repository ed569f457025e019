/* probes/logfile.c: a file that somebody else writes to its end, followed. */
#include "probes/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/alloc.h"
#include "probes/logturned.h"

enum { LOGFILE_PIECE = 128 << 10, LOGFILE_MARK = 64, LOGFILE_PAST = 8 };

struct place { /* how far a file was read */
    dev_t dev;
    ino_t ino;
    int64_t offset;
    /* The bytes before `offset`: are they still there? */
    char mark[LOGFILE_MARK];
    size_t mark_len;
};

struct stream { /* one file under that name */
    int fd;     /* -1 = none */
    struct place place;
    struct logsplit split;
};

struct logfile {
    char *path;
    int64_t tail_bytes;
    bool found; /* it was there once */
    uint64_t rotated, emptied, skipped;
    int64_t rotated_ms;
    struct stream now, before;
    struct place past[LOGFILE_PAST]; /* of files that were left */
    size_t n_past;
};

struct look { /* of one call */
    int64_t now_ms, left;
    logsplit_line *line;
    void *arg;
    struct logfile_answer *out;
};

struct logfile *logfile_new(const char *path, int64_t tail_bytes)
{
    struct logfile *f = xcalloc(1, sizeof *f);

    f->path = xstrdup(path);
    f->tail_bytes = tail_bytes;
    f->now.fd = f->before.fd = -1;
    return f;
}

static void stream_close(struct stream *s)
{
    if (s->fd >= 0)
        close(s->fd);
    logsplit_fini(&s->split);
    *s = (struct stream){ .fd = -1 };
}

void logfile_free(struct logfile *f)
{
    if (!f)
        return;
    stream_close(&f->now);
    stream_close(&f->before);
    free(f->path);
    free(f);
}

/* ---- what is there ---- */

/* NULL for a file; else what it is instead. */
static const char *logfile_no_file(mode_t mode)
{
    return S_ISREG(mode)    ? NULL
           : S_ISLNK(mode)  ? "a symbolic link; name the file that it leads to"
           : S_ISDIR(mode)  ? "a folder, no file"
           : S_ISFIFO(mode) ? "a FIFO, no file"
           : S_ISSOCK(mode) ? "a socket, no file"
                            : "a device, no file";
}

static bool logfile_is_file(const struct stat *st, struct err *err)
{
    const char *what = logfile_no_file(st->st_mode);

    return !what || err_set(err, "is %s", what);
}

static bool logfile_absent(struct logfile_answer *out)
{
    out->absent = errno == ENOENT;
    return err_set(&out->why, "%s", strerror(errno));
}

static bool stream_open(struct stream *s, const char *path, struct logfile_answer *out)
{
    struct stat st;

    /* looked at before it is opened: opening a FIFO or a device does something to it */
    if (lstat(path, &st) < 0)
        return logfile_absent(out);
    if (!logfile_is_file(&st, &out->why))
        return false;
    s->fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (s->fd < 0)
        return err_set(&out->why, "cannot be opened: %s", strerror(errno));
    if (fstat(s->fd, &st) < 0)
        err_set(&out->why, "%s", strerror(errno));
    else if (logfile_is_file(&st, &out->why)) {
        s->place.dev = st.st_dev;
        s->place.ino = st.st_ino;
        return true;
    }
    stream_close(s);
    return false;
}

static bool logfile_open(struct logfile *f, struct look *l)
{
    struct stat st;

    if (!stream_open(&f->now, f->path, l->out)) {
        l->out->gone = f->found && l->out->absent;
        return false;
    }
    if (!f->found && fstat(f->now.fd, &st) == 0 && st.st_size > f->tail_bytes) {
        f->now.place.offset = st.st_size - f->tail_bytes;
        logsplit_restart(&f->now.split, true);
    }
    f->found = true;
    return true;
}

/* ---- reading ---- */

static void place_mark(struct place *p, const char *bytes, size_t len)
{
    p->offset += (int64_t)len;
    p->mark_len = len < LOGFILE_MARK ? len : LOGFILE_MARK;
    memcpy(p->mark, bytes + len - p->mark_len, p->mark_len);
}

/* False when another content stands where we were. */
static bool place_same(const struct place *p, int fd, int64_t size)
{
    char now[LOGFILE_MARK];

    if (size < p->offset)
        return false; /* of the same size it may be another one all the same */
    if (!p->mark_len)
        return true;
    return pread(fd, now, p->mark_len, p->offset - (int64_t)p->mark_len) == (ssize_t)p->mark_len &&
           memcmp(now, p->mark, p->mark_len) == 0;
}

/* True when its end was reached; false with `why` when it cannot be read, without when there is
 * more than was asked for. */
static bool stream_read(struct stream *s, struct look *l)
{
    for (;;) {
        char *room;
        ssize_t n;

        if (l->left <= 0)
            return false;
        room = logsplit_room(&s->split, LOGFILE_PIECE);
        n = pread(s->fd, room, LOGFILE_PIECE, s->place.offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(&l->out->why, "cannot be read: %s", strerror(errno));
        if (n == 0)
            return true;
        l->left -= n;
        place_mark(&s->place, room, (size_t)n);
        logsplit_take(&s->split, (size_t)n, l->line, l->arg);
    }
}

/* Looks for a beginning anew, then reads. */
static bool logfile_read_now(struct logfile *f, struct look *l)
{
    struct stat st;

    if (fstat(f->now.fd, &st) < 0)
        return err_set(&l->out->why, "cannot be read: %s", strerror(errno));
    l->out->written_ms = (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
    if (!place_same(&f->now.place, f->now.fd, st.st_size)) {
        f->emptied++;
        f->now.place.offset = 0;
        f->now.place.mark_len = 0;
        logsplit_restart(&f->now.split, false);
    }
    if (stream_read(&f->now, l))
        return true;
    l->out->behind = st.st_size > f->now.place.offset ? st.st_size - f->now.place.offset : 0;
    return false;
}

/* What a writer still adds under the old name. */
static bool logfile_read_before(struct logfile *f, struct look *l)
{
    if (f->before.fd < 0)
        return true;
    if (!stream_read(&f->before, l) && l->left <= 0)
        return false;
    l->out->why.msg[0] = '\0'; /* it is the past */
    if (l->now_ms - f->rotated_ms >= LOGFILE_LINGER_MS || l->now_ms < f->rotated_ms) {
        logsplit_end(&f->before.split, l->line, l->arg);
        stream_close(&f->before);
    }
    return true;
}

/* Everything was read: is it still the file of that name? False when another one is to be read. */
static bool logfile_is_same(struct logfile *f, struct look *l)
{
    struct stat st;

    if (lstat(f->path, &st) < 0) {
        logfile_absent(l->out);
        l->out->gone = l->out->absent;
        return true;
    }
    if (!logfile_is_file(&st, &l->out->why))
        return true;
    return st.st_dev == f->now.place.dev && st.st_ino == f->now.place.ino;
}

/* By what stands where we left it: numbers of files are given again, and somebody may have made a
 * copy. Of an empty one, by its number. */
static bool logfile_knows(void *arg, int folder, const char *name, const struct stat *st)
{
    const struct logfile *f = arg;
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool known = false;

    for (size_t i = 0; fd >= 0 && i < LOGFILE_PAST && i < f->n_past && !known; i++) {
        const struct place *p = &f->past[i];

        known = (p->mark_len || (p->dev == st->st_dev && p->ino == st->st_ino)) &&
                place_same(p, fd, st->st_size);
    }
    if (fd >= 0)
        close(fd);
    return known;
}

/* The file that came after the one that was read to its end: what has its name, or when it was
 * turned over more than once, what had it first. */
static bool logfile_open_next(struct logfile *f, struct look *l, struct stream *fresh)
{
    struct logturned turned = { .path = NULL };
    struct logfile_answer ignored = { .more = false };
    struct stat old;
    bool opened;

    if (fstat(f->now.fd, &old) == 0)
        turned = logturned_find(f->path, &old, logfile_knows, f);
    opened = turned.path && stream_open(fresh, turned.path, &ignored);
    if (turned.packed || (turned.path && !opened))
        f->skipped++;
    free(turned.path);
    return opened || stream_open(fresh, f->path, l->out);
}

static void logfile_rotate(struct logfile *f, struct look *l)
{
    struct stream fresh = { .fd = -1 };

    f->past[f->n_past++ % LOGFILE_PAST] = f->now.place;
    if (!logfile_open_next(f, l, &fresh))
        return; /* the old one stays, in case it comes back */
    if (f->before.fd >= 0)
        logsplit_end(&f->before.split, l->line, l->arg);
    stream_close(&f->before);
    f->before = f->now;
    f->now = fresh;
    f->rotated++;
    f->rotated_ms = l->now_ms;
}

void logfile_look(struct logfile *f, int64_t now_ms, int64_t max_bytes, logsplit_line *line,
                  void *arg, struct logfile_answer *out)
{
    struct look l = { now_ms, max_bytes, line, arg, out };

    *out = (struct logfile_answer){ .more = false };
    if (!logfile_read_before(f, &l)) {
        out->more = true;
    } else if (f->now.fd >= 0 || logfile_open(f, &l)) {
        uint64_t rotated = f->rotated;

        if (logfile_read_now(f, &l)) {
            if (!logfile_is_same(f, &l))
                logfile_rotate(f, &l);
            out->more = f->rotated != rotated;
        } else {
            out->more = !*out->why.msg;
        }
    }
    out->rotated = f->rotated;
    out->skipped = f->skipped;
    out->emptied = f->emptied;
}
