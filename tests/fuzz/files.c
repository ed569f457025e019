/* tests/fuzz/files.c: what `files` reads of a file that anybody may have put there: its name, its
 * first and last bytes, the checksum file beside it. Each comes to evidence or to a reason against
 * it, never to both or to neither, and no name makes a file newer than it was written.
 *
 * An input is a line of options, the name, the checksum file, and what the file holds, with a NUL
 * between them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/files_impl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FUZZ_HEX = 64 };

/* The next piece, NUL-terminated; what is left stays. */
static char *fuzz_piece(const uint8_t **data, size_t *size, size_t max)
{
    const uint8_t *nul = memchr(*data, '\0', *size);
    size_t len = nul ? (size_t)(nul - *data) : *size, kept = len < max ? len : max;
    char *piece = malloc(kept + 1);

    memcpy(piece, *data, kept);
    piece[kept] = '\0';
    *data += len + (nul != NULL);
    *size -= len + (nul != NULL);
    return piece;
}

static void fuzz_name(struct files_file *f, enum files_names zone)
{
    struct files_stamp stamp = files_stamp(f->name, zone);
    size_t stem = 0;

    if (files_sum_tool(f->name, &stem) && (stem == 0 || stem >= strlen(f->name)))
        abort();
    if (stamp.told && zone == FILES_NAME_NONE)
        abort();
    files_date(f, zone);
    if (f->at_ms > f->mtime_ms || (f->at_ms != f->mtime_ms && f->at_ms != stamp.at_ms))
        abort();
    if (*f->why && !stamp.told)
        abort();
    *f->why = '\0';
}

static void fuzz_sum(struct files_file *f, const char *sum)
{
    files_sum_says(sum, "x.sha256", FUZZ_HEX, f);
    if (!*f->sum == !*f->sum_why)
        abort();
    if (*f->sum &&
        (strlen(f->sum) != FUZZ_HEX || strspn(f->sum, "0123456789abcdefABCDEF") != FUZZ_HEX))
        abort();
}

/* As a file of that size is read. */
static void fuzz_content(struct files_file *f, const char *bytes, size_t size)
{
    size_t n = size < FILES_HEAD ? size : FILES_HEAD, t = size < FILES_TAIL ? size : FILES_TAIL;

    files_content(bytes, n, bytes + size - t, t, f);
    if (!*f->how == !*f->why || (f->whole && *f->why))
        abort();
    if (f->whole !=
        (files_dump_whole(bytes, n, bytes + size - t, t) > 0 && strncmp(f->how, "plain", 5) == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct files_file f = { 0 };
    char *options, *name, *sum, *bytes;
    uint64_t mtime = 0;

    options = fuzz_piece(&data, &size, 8);
    name = fuzz_piece(&data, &size, sizeof f.name - 1);
    sum = fuzz_piece(&data, &size, 4096);
    bytes = malloc(size ? size : 1); /* to its end and no further */
    memcpy(bytes, data, size);
    memcpy(f.name, name, strlen(name) + 1);
    for (char *at = options; *at; at++)
        mtime = mtime * 256 + (unsigned char)*at;
    f.mtime_ms = (int64_t)(mtime % 8000000000000); /* to the year 2223 */
    f.size_bytes = (int64_t)size;
    fuzz_name(&f, (enum files_names)((unsigned char)*options % 3));
    fuzz_sum(&f, sum);
    if (size)
        fuzz_content(&f, bytes, size);
    free(options);
    free(name);
    free(sum);
    free(bytes);
    return 0;
}
