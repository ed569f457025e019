/* tests/store/scratch.c: see tests/store/scratch.h */
#include "tests/store/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/cmocka.h"

void scratch_make(struct scratch *s)
{
    snprintf(s->dir, sizeof s->dir, "/tmp/midwatch-store-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
}

static void scratch_path(const struct scratch *s, const char *name, char out[256])
{
    assert_true(name && snprintf(out, 256, "%s/%s", s->dir, name) < 256);
}

void scratch_empty(const struct scratch *s)
{
    DIR *d = opendir(s->dir);

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            scratch_remove(s, e->d_name);
    closedir(d);
}

void scratch_drop(struct scratch *s)
{
    scratch_empty(s);
    rmdir(s->dir);
}

void scratch_read(const struct scratch *s, const char *name, struct buf *out)
{
    char path[256], piece[4096];
    ssize_t n;
    int fd;

    scratch_path(s, name, path);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    buf_clear(out);
    while ((n = read(fd, piece, sizeof piece)) > 0)
        buf_add(out, piece, (size_t)n);
    close(fd);
}

void scratch_line(const struct scratch *s, const char *name, int n, struct buf *out)
{
    struct buf all = { 0 };
    char *line, *end;

    scratch_read(s, name, &all);
    line = all.bytes;
    for (int i = 1; i < n; i++)
        line = strchr(line, '\n') + 1;
    end = strchr(line, '\n');
    buf_clear(out);
    buf_add(out, line, (size_t)(end - line));
    buf_fini(&all);
}

void scratch_write(const struct scratch *s, const char *name, const char *bytes, size_t len)
{
    char path[256];
    int fd;

    scratch_path(s, name, path);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

void scratch_remove(const struct scratch *s, const char *name)
{
    char path[256];

    scratch_path(s, name, path);
    unlink(path);
}
