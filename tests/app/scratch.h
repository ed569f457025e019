/* tests/app/scratch.h: files in a folder that is gone afterwards. */
#pragma once

#include "tests/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_folder[] = "/tmp/mw-config-XXXXXX";

static inline int scratch_make(void **state)
{
    (void)state;
    return mkdtemp(scratch_folder) ? 0 : -1;
}

static inline int scratch_remove(void **state)
{
    static const char *const names[] = { "token", "open", "link", "fifo", "big" };
    char path[200];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", scratch_folder, names[i]);
        unlink(path);
    }
    return rmdir(scratch_folder);
}

static inline void scratch(char path[200], const char *name, const char *bytes, mode_t mode)
{
    int fd;

    snprintf(path, 200, "%s/%s", scratch_folder, name);
    unlink(path);
    fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
    close(fd);
}
