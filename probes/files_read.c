/* probes/files_read.c: what a file holds, as far as its first and last bytes tell, and what the
 * checksum file beside it says. Each is read once. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probes/files_impl.h"

enum { FILES_SUM_MAX = 4096 };

static const struct {
    const char *magic;
    size_t len;
    const char *what, *suffix;
} files_formats[] = {
    { "\x1f\x8b", 2, "gzip", ".gz" },
    { "\x28\xb5\x2f\xfd", 4, "zstd", ".zst" },
    { "\xfd"
      "7zXZ",
      5, "xz", ".xz" },
    { "BZh", 3, "bzip2", ".bz2" },
    { "\x04\x22\x4d\x18", 4, "lz4", ".lz4" },
    { "PK\x03\x04", 4, "zip", ".zip" },
    { "PGDMP", 5, "pg_dump's own format", NULL },
};
enum { FILES_FORMATS = sizeof files_formats / sizeof *files_formats };

static const struct {
    const char *suffix, *tool;
    size_t hex;
} files_sums[] = {
    { ".sha256", "sha256sum", 64 },  { ".sha256sum", "sha256sum", 64 },
    { ".sha512", "sha512sum", 128 }, { ".sha1", "sha1sum", 40 },
    { ".md5", "md5sum", 32 },
};
enum { FILES_SUMS = sizeof files_sums / sizeof *files_sums };

static bool files_ends(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);

    return n > m && strcmp(name + n - m, suffix) == 0;
}

const char *files_sum_tool(const char *name, size_t *stem)
{
    for (size_t i = 0; i < FILES_SUMS; i++) {
        if (!files_ends(name, files_sums[i].suffix))
            continue;
        *stem = strlen(name) - strlen(files_sums[i].suffix);
        return files_sums[i].tool;
    }
    return NULL;
}

/* ---- plain dumps ---- */

/* Where `words` stand; NULL = nowhere. */
static const char *files_find(const char *bytes, size_t len, const char *words)
{
    return memmem(bytes, len, words, strlen(words));
}

/* The first line of a dump is the beginning of its last: "... complete" alone is no beginning. */
static bool files_begins(const char *head, size_t len, const char *words)
{
    static const char ends[] = " complete";
    const char *at = files_find(head, len, words);
    size_t n = strlen(words);

    return at && ((size_t)(head + len - at) < n + sizeof ends - 1 ||
                  memcmp(at + n, ends, sizeof ends - 1) != 0);
}

int files_dump_whole(const char *head, size_t head_len, const char *tail, size_t tail_len)
{
    static const struct {
        const char *head, *tail;
    } dumps[] = {
        { "-- PostgreSQL database dump", "-- PostgreSQL database dump complete" },
        { "-- PostgreSQL database cluster dump", "-- PostgreSQL database cluster dump complete" },
        { "-- MySQL dump", "-- Dump completed" },
        { "-- MariaDB dump", "-- Dump completed" },
    };

    for (size_t i = 0; i < sizeof dumps / sizeof *dumps; i++)
        if (files_begins(head, head_len, dumps[i].head))
            return files_find(tail, tail_len, dumps[i].tail) ? 1 : -1;
    return 0;
}

/* ---- first and last bytes ---- */

static bool files_all_zero(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return len > 0;
}

/* "pg_dump ... > db.sql 2>&1" that failed: what stands in it is why. NULL = nothing of that kind.
 */
static const char *files_complaint(const char *head, size_t n)
{
    static const char *const dumpers[] = { "pg_dump", "pg_dumpall", "mysqldump", "mariadb-dump" };

    for (size_t i = 0; i < sizeof dumpers / sizeof *dumpers; i++) {
        size_t len = strlen(dumpers[i]);

        if (n > len + 1 && memcmp(head, dumpers[i], len) == 0 && memcmp(head + len, ": ", 2) == 0)
            return dumpers[i];
    }
    return NULL;
}

static void files_plain(const char *head, size_t n, const char *tail, size_t t,
                        struct files_file *f)
{
    switch (files_dump_whole(head, n, tail, t)) {
    case 1:
        f->whole = true;
        BACKUP_SET(f->how, "plain dump, its last line is there");
        break;
    case -1:
        BACKUP_SET(f->why, "the dump broke off: its last line is missing");
        break;
    default:
        if (files_all_zero(head, n))
            BACKUP_SET(f->why, "it begins with zeros: it was never written through");
        else if (files_complaint(head, n))
            BACKUP_SET(f->why, "it holds what %s complained of, no dump", files_complaint(head, n));
        else
            BACKUP_SET(f->how, "a format we do not know");
        break;
    }
}

void files_content(const char *head, size_t n, const char *tail, size_t t, struct files_file *f)
{
    for (size_t i = 0; i < FILES_FORMATS; i++) {
        bool is = n >= files_formats[i].len &&
                  memcmp(head, files_formats[i].magic, files_formats[i].len) == 0;

        if (is) {
            BACKUP_SET(f->how, "%s", files_formats[i].what);
            return;
        }
        if (files_formats[i].suffix && files_ends(f->name, files_formats[i].suffix)) {
            BACKUP_SET(f->why, "it is no %s although its name says so", files_formats[i].what);
            return;
        }
    }
    files_plain(head, n, tail, t, f);
}

/* ---- the checksum beside it ---- */

void files_sum_says(const char *text, const char *sidecar, size_t hex, struct files_file *f)
{
    size_t len = strspn(text, "0123456789abcdefABCDEF");
    const char *name = text + len, *slash;
    size_t n;

    if (len != hex || (*name && !isspace((unsigned char)*name))) {
        BACKUP_SET(f->sum_why, "its checksum file %.100s holds no checksum", sidecar);
        return;
    }
    name += strspn(name, " \t*");
    n = strcspn(name, "\r\n");
    slash = memrchr(name, '/', n);
    if (slash) {
        n -= (size_t)(slash + 1 - name);
        name = slash + 1;
    }
    if (n && (n != strlen(f->name) || memcmp(name, f->name, n) != 0)) {
        BACKUP_SET(f->sum_why, "its checksum file is for another one: %.*s", n > 100 ? 100 : (int)n,
                   name);
        return;
    }
    snprintf(f->sum, sizeof f->sum, "%.*s", (int)len, text);
}

void files_sum(int folder, bool demanded, struct files_file *f)
{
    char sidecar[BACKUP_NAME + 16], text[FILES_SUM_MAX + 1];

    *f->sum = *f->sum_why = '\0';
    f->sum_empty_ms = 0;
    for (size_t i = 0; i < FILES_SUMS && !*f->sum && !*f->sum_why; i++) {
        struct stat st;
        ssize_t n;
        int fd;

        snprintf(sidecar, sizeof sidecar, "%s%s", f->name, files_sums[i].suffix);
        fd = openat(folder, sidecar, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
        if (fd < 0 && errno == ENOENT)
            continue;
        n = fd >= 0 && fstat(fd, &st) == 0 ? read(fd, text, FILES_SUM_MAX) : -1;
        if (n < 0)
            BACKUP_SET(f->unseen, "its checksum file %.100s cannot be read: %s", sidecar,
                       strerror(errno));
        if (fd >= 0)
            close(fd);
        if (n < 0)
            return;
        text[n] = '\0';
        if (n == 0)
            f->sum_empty_ms = files_mtime_ms(&st);
        files_sum_says(text, sidecar, files_sums[i].hex, f);
        snprintf(f->tool, sizeof f->tool, "%s", files_sums[i].tool);
    }
    if (demanded && !*f->sum && !*f->sum_why)
        BACKUP_SET(f->sum_why, "there is no checksum file beside it");
}

/* All of it, of the file that was listed; else false with errno. */
static bool files_piece(int fd, const struct files_file *f, char *to, size_t want, int64_t from)
{
    struct stat st;
    ssize_t n = pread(fd, to, want, from);

    if (n < 0 || fstat(fd, &st) < 0)
        return false;
    errno = EAGAIN; /* it changes just now */
    return (size_t)n == want && st.st_dev == f->dev && st.st_ino == f->ino &&
           st.st_size == f->size_bytes && files_mtime_ms(&st) == f->mtime_ms;
}

void files_read(int folder, struct files_file *f)
{
    char head[FILES_HEAD], tail[FILES_TAIL];
    size_t n = f->size_bytes < FILES_HEAD ? (size_t)f->size_bytes : FILES_HEAD;
    size_t t = f->size_bytes < FILES_TAIL ? (size_t)f->size_bytes : FILES_TAIL;
    int fd;

    f->opened = true;
    if (f->size_bytes == 0)
        return; /* the judge has a word for it */
    fd = openat(folder, f->name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd >= 0 && files_piece(fd, f, head, n, 0) &&
        files_piece(fd, f, tail, t, f->size_bytes - (int64_t)t))
        files_content(head, n, tail, t, f);
    else if (errno == EAGAIN)
        BACKUP_SET(f->unseen, "it changed while it was read");
    else
        BACKUP_SET(f->unseen, "it cannot be read: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
}
