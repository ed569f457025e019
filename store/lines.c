/* store/lines.c: see store/lines.h */
#include "store/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"

enum { LINES_PIECE = 262144 };

/* As much of [at, at + want) as there is; -1 with errno set. */
static ssize_t lines_read(int fd, char *to, size_t want, int64_t at)
{
    size_t done = 0;

    while (done < want) {
        ssize_t n = pread(fd, to + done, want - done, at + (int64_t)done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    return (ssize_t)done;
}

bool lines_walk(int fd, int64_t *at, int64_t size, size_t max,
                bool (*line)(void *arg, const char *bytes, size_t len), void *arg, struct err *err)
{
    size_t room = LINES_PIECE > 2 * max ? LINES_PIECE : 2 * max;
    char *piece = xmalloc(room);
    bool going = true, ok = true;

    while (going && *at < size) {
        size_t want = size - *at < (int64_t)room ? (size_t)(size - *at) : room, done = 0;
        ssize_t got = lines_read(fd, piece, want, *at);
        char *nl;

        if (got < 0) {
            ok = err_set(err, "cannot read: %s", strerror(errno));
            break;
        }
        while (going && (nl = memchr(piece + done, '\n', (size_t)got - done))) {
            size_t len = (size_t)(nl - piece) - done;

            going = len <= max && line(arg, piece + done, len);
            if (going)
                done += len + 1;
        }
        *at += (int64_t)done;
        if (done == 0)
            break; /* an unfinished line, or one without end */
    }
    free(piece);
    return ok;
}

bool lines_last(int fd, int64_t size, size_t max,
                bool (*line)(void *arg, const char *bytes, size_t len), void *arg, int64_t *end,
                struct err *err)
{
    /* a whole line, and an unfinished one after it */
    int64_t back = size < (int64_t)(2 * max + 2) ? size : (int64_t)(2 * max + 2);
    char *piece = xmalloc((size_t)back + 1), *nl;
    ssize_t got = lines_read(fd, piece, (size_t)back, size - back);

    *end = 0;
    if (got < 0) {
        free(piece);
        return err_set(err, "cannot read: %s", strerror(errno));
    }
    nl = memrchr(piece, '\n', (size_t)got);
    while (nl && *end == 0) {
        char *before = memrchr(piece, '\n', (size_t)(nl - piece));
        char *start = before ? before + 1 : piece;

        /* of the first one in the piece the beginning may be missing */
        if ((before || back == size) && nl - start <= (ptrdiff_t)max &&
            line(arg, start, (size_t)(nl - start)))
            *end = size - back + (nl - piece) + 1;
        nl = before;
    }
    free(piece);
    return true;
}

bool lines_copy(int from, int64_t start, int64_t end, int to)
{
    char piece[8192];

    while (start < end) {
        size_t want = end - start < (int64_t)sizeof piece ? (size_t)(end - start) : sizeof piece;
        ssize_t got = lines_read(from, piece, want, start);

        if (got <= 0)
            return false;
        for (ssize_t done = 0, n; done < got; done += n) {
            n = write(to, piece + done, (size_t)(got - done));
            if (n < 0 && errno != EINTR)
                return false;
            if (n < 0)
                n = 0;
        }
        start += got;
    }
    return true;
}
