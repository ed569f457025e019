/* store/journal_file.c: one writer at a time, and what is on the disk is what was said to be. */
#include "store/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/json.h"
#include "store/lines.h"
#include "store/place.h"

enum { LOCK_MS = 2000, LOCK_STEP_MS = 2 };

struct journal_file {
    int dir, fd; /* of the file; -1 = to be opened again */
    bool write;
    char path[PATH_MAX];     /* for errors */
    struct record_link link; /* of the last record that we know */
    int64_t end;             /* where it ends */
};

/* ---- the file itself ---- */

static bool journal_errno(const struct journal_file *f, const char *deed, struct err *err)
{
    return err_set(err, "cannot %s %s: %s", deed, f->path, strerror(errno));
}

/* A new name in the folder is kept only when the folder is. */
static bool journal_keep_names(struct journal_file *f, struct err *err)
{
    return fsync(f->dir) == 0 || journal_errno(f, "keep", err);
}

static bool journal_check(struct journal_file *f, struct err *err)
{
    struct stat st;

    if (fstat(f->fd, &st) != 0)
        return journal_errno(f, "look at", err);
    if (!S_ISREG(st.st_mode))
        return err_set(err, "%s is not a regular file", f->path);
    if (st.st_uid != geteuid())
        return err_set(err, "it belongs to another user (uid %u): %s", (unsigned)st.st_uid,
                       f->path);
    if (st.st_mode & 077)
        return err_set(err, "others can read or write it (mode %04o); chmod 600 %s",
                       (unsigned)(st.st_mode & 07777), f->path);
    return true;
}

static void journal_let_go(struct journal_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

static bool journal_take(struct journal_file *f, struct err *err)
{
    int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (f->write ? O_RDWR | O_APPEND : O_RDONLY);

    if (f->fd >= 0)
        return true;
    f->fd = openat(f->dir, JOURNAL_NAME, flags);
    if (f->fd < 0 && errno == ENOENT && f->write) {
        f->fd = openat(f->dir, JOURNAL_NAME, flags | O_CREAT | O_EXCL, 0600);
        if (f->fd < 0 && errno == EEXIST) /* another was faster */
            f->fd = openat(f->dir, JOURNAL_NAME, flags);
        if (f->fd >= 0 && !journal_keep_names(f, err)) {
            journal_let_go(f);
            return false;
        }
    }
    if (f->fd < 0)
        return journal_errno(f, "open", err);
    if (!journal_check(f, err)) {
        journal_let_go(f);
        return false;
    }
    return true;
}

struct journal_file *journal_file_open(const char *dir, bool write, struct err *err)
{
    struct journal_file *f = xcalloc(1, sizeof *f);

    f->fd = -1;
    f->write = write;
    record_link_init(&f->link);
    f->dir = place_open(dir, write, err);
    if (f->dir < 0)
        goto fail;
    if (snprintf(f->path, sizeof f->path, "%s/" JOURNAL_NAME, dir) >= (int)sizeof f->path) {
        err_set(err, "%s: the path is too long", dir);
        goto fail;
    }
    if (!journal_take(f, err))
        goto fail;
    return f;

fail:
    journal_file_close(f);
    return NULL;
}

void journal_file_close(struct journal_file *f)
{
    if (!f)
        return;
    journal_let_go(f);
    if (f->dir >= 0)
        close(f->dir);
    free(f);
}

/* ---- one at a time ---- */

/* A writer holds the lock for the length of one write; one that was stopped holds it until it goes
 * on, and nobody waits for that. */
static bool journal_lock(struct journal_file *f, int how, struct err *err)
{
    const struct timespec step = { .tv_nsec = LOCK_STEP_MS * 1000000L };

    for (int waited_ms = 0; flock(f->fd, how | LOCK_NB) != 0; waited_ms += LOCK_STEP_MS) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return journal_errno(f, "lock", err);
        if (waited_ms >= LOCK_MS)
            return err_set(err, "%s is held by another midwatch for more than %d s", f->path,
                           LOCK_MS / 1000);
        nanosleep(&step, NULL);
    }
    return true;
}

/* Is the file that we hold still the one of that name? */
static bool journal_is_there(const struct journal_file *f)
{
    struct stat ours, named;

    return fstat(f->fd, &ours) == 0 &&
           fstatat(f->dir, JOURNAL_NAME, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_dev == named.st_dev && ours.st_ino == named.st_ino;
}

/* The lock, of the file that has the name now. */
static bool journal_hold(struct journal_file *f, struct err *err)
{
    for (int i = 0; i < 3; i++) {
        if (!journal_take(f, err) || !journal_lock(f, LOCK_EX, err))
            return false;
        if (journal_is_there(f))
            return true;
        journal_let_go(f); /* removed, or renamed by one who found it bad: the lock goes with it */
    }
    return err_set(err, "%s is replaced again and again", f->path);
}

/* ---- what stands at the end ---- */

struct journal_ending {
    struct record_link link; /* of the last record that is one */
    int64_t end;             /* where it ends: what comes after was not finished, or is damaged */
    int64_t size;
    bool none;      /* there is something, and no record among the last of it */
    bool other;     /* what we knew is not there any more */
    struct err why; /* of `other` */
};

static bool journal_tail_follows(void *arg, const char *line, size_t len)
{
    struct journal_ending *t = arg;

    return record_follows(line, len, &t->link, NULL);
}

static bool journal_tail_stands(void *arg, const char *line, size_t len)
{
    struct journal_ending *t = arg;

    return record_stands(line, len, &t->link, NULL);
}

/* By the last record alone, wherever it is: one that is damaged further up stays where it is, for
 * whoever verifies. */
static bool journal_look_back(struct journal_file *f, struct journal_ending *t, struct err *err)
{
    if (!lines_last(f->fd, t->size, RECORD_MAX, journal_tail_stands, t, &t->end, err))
        return false;
    t->none = t->end == 0 && t->size > 0;
    return true;
}

/* What others wrote after what we know; where that does not follow, the last record counts. */
static bool journal_follow(struct journal_file *f, struct journal_ending *t, struct err *err)
{
    t->link = f->link;
    t->end = f->end;
    if (!lines_walk(f->fd, &t->end, t->size, RECORD_MAX, journal_tail_follows, t, err))
        return false;
    if (t->end == t->size)
        return true;
    record_link_init(&t->link);
    return journal_look_back(f, t, err);
}

/* Does the record that we know last still end where it ended? */
static bool journal_is_known(const struct journal_file *f)
{
    char there[RECORD_HASH + 3]; /* its hash, "} and the line feed */

    return f->end >= (int64_t)sizeof there &&
           pread(f->fd, there, sizeof there, f->end - (int64_t)sizeof there) ==
               (ssize_t)sizeof there &&
           memcmp(there, f->link.hash, RECORD_HASH) == 0;
}

static bool journal_tail(struct journal_file *f, struct journal_ending *t, struct err *err)
{
    struct stat st;

    *t = (struct journal_ending){ 0 };
    record_link_init(&t->link);
    if (fstat(f->fd, &st) != 0)
        return journal_errno(f, "look at", err);
    t->size = st.st_size;
    if (f->link.n > 0 && !journal_is_known(f)) {
        t->other = true;
        err_set(&t->why, "record %lld is not there any more", (long long)f->link.n);
    }
    return f->link.n > 0 && !t->other ? journal_follow(f, t, err) : journal_look_back(f, t, err);
}

/* ---- mending ---- */

static const char *journal_aside_name(const char *kind, char out[64])
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    snprintf(out, 64, JOURNAL_NAME ".%s-%lld%03ld-%ld", kind, (long long)t.tv_sec,
             t.tv_nsec / 1000000, (long)getpid());
    return out;
}

/* The bytes of what was not finished, beside the journal, and then off its end. */
static bool journal_set_aside(struct journal_file *f, const struct journal_ending *t, char name[64],
                              struct err *err)
{
    int fd = openat(f->dir, journal_aside_name("torn", name),
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && lines_copy(f->fd, t->end, t->size, fd) && fsync(fd) == 0;

    if (!ok)
        journal_errno(f, "set aside the unfinished end of", err);
    if (fd >= 0)
        close(fd);
    if (!ok && fd >= 0)
        unlinkat(f->dir, name, 0); /* a copy of ours, and not whole */
    if (!ok || !journal_keep_names(f, err))
        return false;
    return ftruncate(f->fd, t->end) == 0 || journal_errno(f, "shorten", err);
}

/* A journal whose end cannot be trusted keeps its bytes under another name. */
static bool journal_retire(struct journal_file *f, char name[64], struct err *err)
{
    if (renameat(f->dir, JOURNAL_NAME, f->dir, journal_aside_name("bad", name)) != 0)
        return journal_errno(f, "rename the damaged", err);
    journal_let_go(f);
    f->link.n = 0;
    f->end = 0;
    record_link_init(&f->link);
    return journal_keep_names(f, err) && journal_hold(f, err);
}

static void journal_mended(struct buf *what, const char *why, const char *aside, int64_t bytes,
                           const struct record_link *lost)
{
    struct jsonw w;

    jsonw_begin(&w, what, false);
    jsonw_object(&w);
    jsonw_key(&w, "why");
    jsonw_string(&w, why);
    if (aside) {
        jsonw_key(&w, "aside");
        jsonw_string(&w, aside);
        jsonw_key(&w, "bytes");
        jsonw_int(&w, bytes);
    }
    if (lost && lost->n > 0) {
        jsonw_key(&w, "known_n");
        jsonw_int(&w, lost->n);
        jsonw_key(&w, "known_h");
        jsonw_string(&w, lost->hash);
    }
    jsonw_end(&w, '}');
}

/* Makes the end such that a record can follow; what had to be done is in `what` (empty: nothing).
 */
static bool journal_mend(struct journal_file *f, struct journal_ending *t, struct buf *what,
                         struct err *err)
{
    const struct record_link known = f->link;
    char name[64];

    if (t->none) {
        int64_t bytes = t->size;

        if (!journal_retire(f, name, err))
            return false;
        journal_mended(what, "its end is no record", name, bytes, &known);
        return journal_tail(f, t, err);
    }
    if (t->end < t->size) {
        if (!journal_set_aside(f, t, name, err))
            return false;
        journal_mended(what, t->other ? t->why.msg : "a record was not written to its end", name,
                       t->size - t->end, t->other ? &known : NULL);
        t->size = t->end;
    } else if (t->other) {
        journal_mended(what, t->why.msg, NULL, 0, &known);
    }
    return true;
}

/* ---- appending ---- */

static bool journal_put(struct journal_file *f, const struct buf *line)
{
    for (size_t done = 0; done < line->len;) {
        ssize_t n = write(f->fd, line->bytes + done, line->len - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool journal_sync(struct journal_file *f)
{
    while (fdatasync(f->fd) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

/* With the lock held. */
static enum journal_outcome journal_write(struct journal_file *f, const struct journal_ending *t,
                                          const struct buf *lines, const struct record_link *after,
                                          struct err *err)
{
    if (!journal_put(f, lines)) {
        journal_errno(f, "write", err);
        if (ftruncate(f->fd, t->end) != 0) /* else the next writer sets it aside */
            err_wrap(err, "a piece of it stands there");
        return JOURNAL_REFUSED;
    }
    f->link = *after;
    f->end = t->end + (int64_t)lines->len;
    if (!journal_sync(f)) {
        journal_errno(f, "keep on the disk", err);
        return JOURNAL_IN_DOUBT;
    }
    return JOURNAL_DURABLE;
}

/* The lines of those that can be written; `link` moves on. */
static void journal_lines(struct journal_entry *entries, size_t n, const struct record_origin *o,
                          struct buf *lines, struct record_link *link)
{
    struct record_origin at = *o;

    for (size_t i = 0; i < n; i++) {
        struct journal_entry *e = &entries[i];

        at.at_ms = e->at_ms;
        e->outcome = record_write(lines, link, &at, e->code, e->what, &e->why) ? JOURNAL_DURABLE
                                                                               : JOURNAL_REFUSED;
        e->at = *link;
    }
}

/* What became of all of them, but for those that were refused by themselves. */
static void journal_came_of(struct journal_entry *entries, size_t n, enum journal_outcome outcome,
                            const struct err *why)
{
    for (size_t i = 0; i < n; i++) {
        if (entries[i].outcome == JOURNAL_REFUSED)
            continue;
        entries[i].outcome = outcome;
        entries[i].why = *why;
    }
}

static enum journal_outcome journal_append_held(struct journal_file *f,
                                                const struct record_origin *o,
                                                struct journal_entry *entries, size_t n,
                                                struct err *err)
{
    struct journal_ending tail;
    struct buf lines = { 0 }, mended = { 0 };
    enum journal_outcome outcome = JOURNAL_REFUSED;
    struct record_link link;

    if (!journal_tail(f, &tail, err) || !journal_mend(f, &tail, &mended, err))
        goto done;
    link = tail.link;
    if (mended.len && !record_write(&lines, &link, o, JOURNAL_MENDED, mended.bytes, err))
        goto done;
    journal_lines(entries, n, o, &lines, &link);
    outcome = lines.len ? journal_write(f, &tail, &lines, &link, err) : JOURNAL_DURABLE;
done:
    buf_fini(&lines);
    buf_fini(&mended);
    return outcome;
}

void journal_file_append_all(struct journal_file *f, const struct record_origin *o,
                             struct journal_entry *entries, size_t n)
{
    enum journal_outcome outcome = JOURNAL_REFUSED;
    struct err err = { "" };

    for (size_t i = 0; i < n; i++)
        entries[i].outcome = JOURNAL_DURABLE; /* nothing speaks against it yet */
    if (journal_hold(f, &err))
        outcome = journal_append_held(f, o, entries, n, &err);
    journal_came_of(entries, n, outcome, &err);
    if (outcome == JOURNAL_DURABLE && f->fd >= 0)
        flock(f->fd, LOCK_UN);
    else
        journal_let_go(f); /* after a failed fsync a descriptor tells nothing true any more */
}

enum journal_outcome journal_file_append(struct journal_file *f, const struct record_origin *o,
                                         const char *code, const char *what, struct record_link *at,
                                         struct err *err)
{
    struct journal_entry e = { .at_ms = o->at_ms, .code = code, .what = what };

    journal_file_append_all(f, o, &e, 1);
    if (e.outcome != JOURNAL_REFUSED)
        *at = e.at;
    if (e.outcome != JOURNAL_DURABLE && err)
        *err = e.why;
    return e.outcome;
}

/* ---- reading ---- */

struct journal_walking {
    const struct journal_walk *walk;
    const struct record_link *published;
    struct journal_health *out;
    bool found, stopped;
};

static bool journal_walk_record(void *arg, const char *line, size_t len)
{
    struct journal_walking *w = arg;
    struct journal_health *h = w->out;

    if (!record_follows(line, len, &h->head, &h->why)) {
        h->bad_n = h->head.n + 1;
        return false;
    }
    h->bytes += (int64_t)len + 1;
    if (w->published && w->published->n == h->head.n) {
        w->found = true;
        if (strcmp(w->published->hash, h->head.hash) != 0) {
            h->bad_n = h->head.n;
            err_set(&h->why,
                    "record %lld is not the one that was published: the journal was "
                    "written anew",
                    (long long)h->head.n);
            return false;
        }
    }
    if (w->walk && w->walk->record && !w->walk->record(w->walk->arg, line, len)) {
        w->stopped = true;
        return false;
    }
    return true;
}

/* How much there is to read: with the lock held, for the record that somebody is writing just now
 * is not torn. A writer that was stopped amid one keeps nobody from reading what stands before it.
 */
static bool journal_size(struct journal_file *f, int64_t *size, struct err *err)
{
    bool held = journal_lock(f, LOCK_SH, NULL);
    struct stat st;
    bool ok = fstat(f->fd, &st) == 0 || journal_errno(f, "look at", err);

    *size = ok ? st.st_size : 0;
    if (held)
        flock(f->fd, LOCK_UN);
    return ok;
}

struct journal_following {
    const struct journal_walk *walk;
    struct journal_place *at;
};

static bool journal_follow_record(void *arg, const char *line, size_t len)
{
    struct journal_following *f = arg;

    if (record_follows(line, len, &f->at->link, NULL) ||
        record_stands(line, len, &f->at->link, NULL))
        return f->walk->record(f->walk->arg, line, len);
    return true;
}

static bool journal_follow_on(struct journal_file *f, struct journal_place *at,
                              const struct journal_walk *walk, struct err *err)
{
    struct journal_following w = { walk, at };
    struct stat st;
    int64_t size;

    if (!journal_size(f, &size, err))
        return false;
    if (fstat(f->fd, &st) != 0)
        return journal_errno(f, "look at", err);
    if (at->ino != st.st_ino || at->dev != st.st_dev || size < at->offset) {
        *at = (struct journal_place){ .dev = st.st_dev, .ino = st.st_ino };
        record_link_init(&at->link);
    }
    return size == at->offset ||
           lines_walk(f->fd, &at->offset, size, RECORD_MAX, journal_follow_record, &w, err);
}

bool journal_file_follow(const char *dir, struct journal_place *at, const struct journal_walk *walk,
                         struct err *err)
{
    struct journal_file *f;
    bool ok;

    errno = 0;
    f = journal_file_open(dir, false, err);
    if (!f)
        return errno == ENOENT;
    ok = journal_follow_on(f, at, walk, err);
    journal_file_close(f);
    return ok;
}

bool journal_file_walk(struct journal_file *f, const struct journal_walk *walk,
                       const struct record_link *published, struct journal_health *out,
                       struct err *err)
{
    struct journal_walking w = { .walk = walk, .published = published, .out = out };
    int64_t end = 0, size;

    *out = (struct journal_health){ 0 };
    record_link_init(&out->head);
    if (!journal_take(f, err) || !journal_size(f, &size, err))
        return false;
    if (!lines_walk(f->fd, &end, size, RECORD_MAX, journal_walk_record, &w, err))
        return false;
    if (w.stopped || out->bad_n)
        return true;
    out->torn_bytes = size - end;
    if (out->torn_bytes > RECORD_MAX) {
        out->bad_n = out->head.n + 1;
        err_set(&out->why, "record %lld: it is not a whole record", (long long)out->bad_n);
    } else if (published && !w.found && published->n > 0) {
        out->bad_n = out->head.n + 1;
        err_set(&out->why, "record %lld is missing: record %lld was published",
                (long long)out->bad_n, (long long)published->n);
    }
    return true;
}
