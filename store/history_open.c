/* store/history_open.c: the file, its schema, and what becomes of a damaged one. */
#include "store/history_impl.h"
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"

enum { HISTORY_APPLICATION = 0x6d777463, /* "mwtc" */ HISTORY_BUSY_MS = 2000 };

static const char history_schema[] =
    "CREATE TABLE signal(id INTEGER PRIMARY KEY, service TEXT NOT NULL, reading TEXT NOT NULL,"
    " name TEXT NOT NULL, step_ms INTEGER NOT NULL, UNIQUE(service, reading, name, step_ms));"
    "CREATE TABLE chunk(id INTEGER PRIMARY KEY, slots BLOB NOT NULL);"
    "CREATE TABLE minutes(id INTEGER PRIMARY KEY, slots BLOB NOT NULL);"
    "CREATE TABLE reel(from_ms INTEGER PRIMARY KEY, until_ms INTEGER NOT NULL,"
    " bytes INTEGER NOT NULL, film BLOB NOT NULL);"
    "CREATE TABLE mark(id INTEGER PRIMARY KEY, seen_ms INTEGER NOT NULL, at_ms INTEGER NOT NULL,"
    " kind INTEGER NOT NULL, service TEXT NOT NULL, label TEXT NOT NULL,"
    " UNIQUE(at_ms, kind, service, label));"
    "CREATE INDEX mark_seen ON mark(seen_ms, id);"
    "CREATE TABLE event(id INTEGER PRIMARY KEY, seen_ms INTEGER NOT NULL, n INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, code TEXT NOT NULL, who TEXT NOT NULL, alert TEXT NOT NULL,"
    " words TEXT NOT NULL, UNIQUE(n, at_ms));"
    "CREATE INDEX event_seen ON event(seen_ms, id);"
    "CREATE TABLE fact(name TEXT PRIMARY KEY, value INTEGER NOT NULL);";

/* ---- statements ---- */

bool history_failed(struct history *h, struct err *err)
{
    int rc = sqlite3_errcode(h->db);

    h->damaged = rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB;
    return err_set(err, "%s: %s", HISTORY_NAME, sqlite3_errmsg(h->db));
}

bool history_run(struct history *h, const char *sql, struct err *err)
{
    return sqlite3_exec(h->db, sql, NULL, NULL, NULL) == SQLITE_OK || history_failed(h, err);
}

sqlite3_stmt *history_ask(struct history *h, const char *sql, struct err *err)
{
    sqlite3_stmt *s;

    if (sqlite3_prepare_v2(h->db, sql, -1, &s, NULL) == SQLITE_OK)
        return s;
    history_failed(h, err);
    return NULL;
}

bool history_done(struct history *h, sqlite3_stmt *s, struct err *err)
{
    bool ok = sqlite3_step(s) == SQLITE_DONE || history_failed(h, err);

    sqlite3_reset(s);
    return ok;
}

bool history_row(struct history *h, sqlite3_stmt *s, struct err *err)
{
    int rc = sqlite3_step(s);

    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        history_failed(h, err);
    return rc == SQLITE_ROW;
}

void history_bind_text(sqlite3_stmt *s, int at, const struct text *t)
{
    sqlite3_bind_text(s, at, text_str(t), t->len, SQLITE_STATIC);
}

void history_read_text(sqlite3_stmt *s, int col, struct text *out)
{
    const void *bytes = sqlite3_column_blob(s, col);

    text_set(out, bytes ? bytes : "", (size_t)sqlite3_column_bytes(s, col));
}

int64_t history_number(struct history *h, const char *sql, int64_t none, struct err *err)
{
    sqlite3_stmt *s = history_ask(h, sql, err);
    int64_t n = none;

    if (s && history_row(h, s, err) && sqlite3_column_type(s, 0) != SQLITE_NULL)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

/* ---- opening ---- */

static bool history_path(char *out, size_t size, const char *dir, const char *tail, struct err *err)
{
    if (snprintf(out, size, "%s/%s%s", dir, HISTORY_NAME, tail) < (int)size)
        return true;
    return err_set(err, "the path of the history is too long");
}

/* With what SQLite keeps beside it: a log of another file would be played into the new one. */
bool history_set_aside(const char *dir, struct buf *name, struct err *err)
{
    static const char *const tails[] = { "-wal", "-shm", "" };
    char from[4096], to[4096], tail[64];
    int64_t now = (int64_t)time(NULL);

    do /* never over another one */
        snprintf(tail, sizeof tail, ".bad-%lld", (long long)now++);
    while (history_path(to, sizeof to, dir, tail, err) && access(to, F_OK) == 0);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        char both[80];

        snprintf(both, sizeof both, "%s%s", tail, tails[i]);
        if (!history_path(from, sizeof from, dir, tails[i], err) ||
            !history_path(to, sizeof to, dir, both, err))
            return false;
        if (rename(from, to) != 0 && errno != ENOENT)
            return err_set(err, "cannot set aside %s: %s", from, strerror(errno));
    }
    buf_clear(name);
    buf_addf(name, "%s%s", HISTORY_NAME, tail);
    return true;
}

/* Made by us with our rights: SQLite would ask the umask. What is no plain file is not opened. */
static bool history_file(const char *path, bool write, bool *absent, struct err *err)
{
    int fd = open(path, (write ? O_RDWR | O_CREAT : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK,
                  0600);
    struct stat st;
    bool plain;

    *absent = fd < 0 && errno == ENOENT;
    if (fd < 0)
        return err_set(err, "cannot open %s: %s", path, strerror(errno));
    plain = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    close(fd);
    return plain || err_set(err, "%s is not a plain file", path);
}

static bool history_settings(struct history *h, struct err *err)
{
    sqlite3_busy_timeout(h->db, HISTORY_BUSY_MS);
    return history_run(h,
                       "PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;"
                       "PRAGMA cache_size=-512",
                       err) &&
           (!h->write || history_run(h, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL", err));
}

static bool history_has_schema(struct history *h, struct err *err)
{
    int64_t app, version;

    err_set(err, "%s", "");
    app = history_number(h, "PRAGMA application_id", -1, err);
    version = history_number(h, "PRAGMA user_version", -1, err);
    if (err->msg[0])
        return false;
    if (!app && !version && h->write &&
        !history_number(h, "SELECT count(*) FROM sqlite_master", -1, err))
        return history_run(h, "BEGIN", err) && history_run(h, history_schema, err) &&
               history_run(h, "PRAGMA application_id=1836545123; PRAGMA user_version=1; COMMIT",
                           err);
    if (app != HISTORY_APPLICATION) {
        h->damaged = !err->msg[0] || h->damaged;
        return err_set(err, "%s is not a history of midwatch", HISTORY_NAME);
    }
    if (version > HISTORY_SCHEMA)
        return err_set(err,
                       "%s was written by a newer midwatch (schema %lld, this one knows %d): it is "
                       "left as it is",
                       HISTORY_NAME, (long long)version, HISTORY_SCHEMA);
    return true;
}

static struct history *history_try(const char *path, bool write, bool *damaged, struct err *err)
{
    struct history *h = xcalloc(1, sizeof *h);
    int flags = write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
    bool ok;

    h->write = write;
    ok = sqlite3_open_v2(path, &h->db, flags | SQLITE_OPEN_NOFOLLOW, NULL) == SQLITE_OK;
    if (!ok)
        history_failed(h, err);
    else
        ok = history_settings(h, err) && history_has_schema(h, err);
    *damaged = h->damaged;
    if (ok)
        return h;
    history_close(h);
    return NULL;
}

struct history *history_open(const char *dir, bool write, struct buf *set_aside, struct err *err)
{
    int folder = place_open(dir, write, err);
    struct history *h = NULL;
    char path[4096];
    bool absent = false, damaged = false;

    if (folder < 0) {
        if (!write && access(dir, F_OK) != 0)
            err_set(err, "%s", "");
        return NULL;
    }
    close(folder);
    if (!history_path(path, sizeof path, dir, "", err))
        return NULL;
    if (history_file(path, write, &absent, err))
        h = history_try(path, write, &damaged, err);
    else if (absent && !write)
        err_set(err, "%s", "");
    if (!h && damaged && write && history_set_aside(dir, set_aside, err) &&
        history_file(path, write, &absent, err))
        h = history_try(path, write, &damaged, err);
    return h;
}

void history_close(struct history *h)
{
    if (!h)
        return;
    sqlite3_close(h->db);
    free(h);
}

bool history_is_damaged(const struct history *h)
{
    return h->damaged;
}
