/* app/file.h: small files, read and written whole and with care.
 *
 * Only regular files are read: a FIFO, a device or a directory is refused before a byte is read,
 * and nothing here can block on one. The size is checked before and while reading.
 *
 * Units:   bytes.
 * Errors:  "cannot read /x: No such file or directory", "/x is not a regular file", ...
 */
#pragma once

#include "core/buf.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum file_care {
    FILE_PLAIN,
    FILE_SECRET, /* refuses a symbolic link, another owner than us or root, and any right of others
                  */
};

bool file_read(const char *path, size_t max_bytes, enum file_care care, struct buf *out,
               struct err *err);
/* FILE_PLAIN, and who else could have written what was read: `others` says so, "/x can be written
 * by others (mode 0666); chmod go-w /x"; empty when only we and root can. */
bool file_read_ours(const char *path, size_t max_bytes, struct buf *out, struct err *others,
                    struct err *err);
/* The checks of FILE_SECRET without reading. True too when the file does not exist: that is a fault
 * of the hour, not of the configuration. */
bool file_is_private(const char *path, struct err *err);
/* A new file, whole or not at all. What is there already stays as it is, a link too. */
bool file_create(const char *path, unsigned mode, const char *bytes, size_t len, struct err *err);
