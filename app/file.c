/* app/file.c: small files, read and written whole and with care. */
#include "app/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/secret.h"

static bool file_private(const char *path, const struct stat *st, struct err *err)
{
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return err_set(err, "%s belongs to another user; a secret must be your own or root's",
                       path);
    if (st->st_mode & 077)
        return err_set(err, "%s can be read by others (mode %04o); chmod 600 %s", path,
                       (unsigned)st->st_mode & 07777, path);
    return true;
}

/* O_NONBLOCK: opening a FIFO must not wait for its writer. */
static int file_open(const char *path, enum file_care care, struct stat *st, struct err *err)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = open(path, care == FILE_SECRET ? flags | O_NOFOLLOW : flags);

    if (fd < 0) {
        if (care == FILE_SECRET && errno == ELOOP)
            err_set(err, "%s is a symbolic link; name the file itself", path);
        else
            err_set(err, "cannot read %s: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    close(fd);
    err_set(err, "%s is not a regular file", path);
    return -1;
}

static bool file_read_all(const char *path, size_t max_bytes, enum file_care care, struct buf *out,
                          struct stat *st, struct err *err)
{
    char piece[16 << 10];
    ssize_t n = 0;
    bool fine = false;
    int fd = file_open(path, care, st, err);

    if (fd < 0)
        return false;
    if (care == FILE_SECRET && !file_private(path, st, err))
        goto out;
    if (st->st_size < 0 || (uintmax_t)st->st_size > max_bytes) {
        err_set(err, "%s has %jd bytes; at most %zu are read", path, (intmax_t)st->st_size,
                max_bytes);
        goto out;
    }
    while ((n = read(fd, piece, sizeof piece)) > 0 || (n < 0 && errno == EINTR)) {
        if (n > 0 && !buf_add_max(out, piece, (size_t)n, max_bytes)) { /* it grew meanwhile */
            err_set(err, "%s has more than %zu bytes, the most that is read", path, max_bytes);
            goto out;
        }
    }
    if (n < 0) {
        err_set(err, "cannot read %s: %s", path, strerror(errno));
        goto out;
    }
    fine = true;

out:
    if (care == FILE_SECRET)
        secret_wipe(piece, sizeof piece);
    close(fd);
    return fine;
}

bool file_read(const char *path, size_t max_bytes, enum file_care care, struct buf *out,
               struct err *err)
{
    struct stat st;

    return file_read_all(path, max_bytes, care, out, &st, err);
}

bool file_read_ours(const char *path, size_t max_bytes, struct buf *out, struct err *others,
                    struct err *err)
{
    struct stat st;

    others->msg[0] = '\0';
    if (!file_read_all(path, max_bytes, FILE_PLAIN, out, &st, err))
        return false;
    if (st.st_uid != geteuid() && st.st_uid != 0)
        err_set(others, "%s belongs to another user; it must be your own or root's", path);
    else if (st.st_mode & (S_IWGRP | S_IWOTH))
        err_set(others, "%s can be written by others (mode %04o); chmod go-w %s", path,
                (unsigned)st.st_mode & 07777, path);
    return true;
}

bool file_is_private(const char *path, struct err *err)
{
    struct stat st;

    if (lstat(path, &st) != 0)
        return true;
    if (S_ISLNK(st.st_mode))
        return err_set(err, "%s is a symbolic link; name the file itself", path);
    if (!S_ISREG(st.st_mode))
        return err_set(err, "%s is not a regular file", path);
    return file_private(path, &st, err);
}

static bool file_write(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

bool file_create(const char *path, unsigned mode, const char *bytes, size_t len, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode);
    bool ok;

    if (fd < 0 && errno == EEXIST)
        return err_set(err, "%s is there already and stays as it is; name another file", path);
    if (fd < 0)
        return err_set(err, "cannot write %s: %s", path, strerror(errno));
    ok = file_write(fd, bytes, len);
    if (!ok)
        err_set(err, "cannot write %s: %s", path, strerror(errno));
    if (close(fd) != 0 && ok)
        ok = err_set(err, "cannot write %s: %s", path, strerror(errno));
    if (!ok)
        unlink(path);
    return ok;
}
