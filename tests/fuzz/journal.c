/* tests/fuzz/journal.c: any bytes as a journal: lines from a file, records against the chain, and
 * read for a screen. Half of the inputs get the hash that belongs to them, for what comes behind
 * it.
 */
#include "store/record.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/digest.h"
#include "store/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct record_link link;
    int64_t lines, bytes;
};

static bool on_line(void *arg, const char *line, size_t len)
{
    struct seen *s = arg;
    struct record_link follows = s->link, stands = { 0 };
    struct record r;
    struct err err;

    assert(!memchr(line, '\n', len));
    s->lines++;
    s->bytes += (int64_t)len + 1;
    if (record_follows(line, len, &follows, &err)) {
        /* what follows a chain also stands by itself, as the same record */
        assert(record_stands(line, len, &stands, &err));
        assert(stands.n == s->link.n + 1 && strcmp(stands.hash, follows.hash) == 0);
        s->link = follows;
    } else {
        assert(*err.msg);
    }
    if (record_read(&r, line, len, &err)) {
        assert(r.what);
        record_fini(&r);
    }
    return true;
}

static bool on_stands(void *arg, const char *line, size_t len)
{
    return record_stands(line, len, arg, NULL);
}

static void walk(const char *bytes, size_t len)
{
    static int fd = -1;
    struct seen s = { 0 };
    struct record_link last;
    struct err err;
    int64_t at = 0, end = 0;

    if (fd < 0)
        fd = memfd_create("journal", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, bytes, len, 0) != (ssize_t)len)
        abort();
    record_link_init(&s.link);
    assert(lines_walk(fd, &at, (int64_t)len, RECORD_MAX, on_line, &s, &err));
    assert(at == s.bytes && at <= (int64_t)len);
    record_link_init(&last);
    assert(lines_last(fd, (int64_t)len, RECORD_MAX, on_stands, &last, &end, &err));
    assert(end >= 0 && end <= (int64_t)len && (end == 0) == (last.n == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf b = { 0 };
    char hash[DIGEST_HEX + 1];

    if (size < 2 || size > 2 * RECORD_MAX)
        return 0;
    if (data[0] & 1) {
        walk((const char *)data + 1, size - 1);
        return 0;
    }
    digest_hex(data + 1, size - 1, hash);
    buf_add(&b, data + 1, size - 1);
    buf_addf(&b, ",\"h\":\"%s\"}\n", hash);
    walk(b.bytes, b.len);
    buf_fini(&b);
    return 0;
}
