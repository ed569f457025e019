/* tests/fuzz/s3_listing.c: whatever a server sends for a listing: it is refused with a reason, or
 * its objects are whole; in one piece or in many it says the same; and what was refused leaves
 * nothing for the next page.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "probes/s3_listing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool fuzz_read(struct s3_listing *l, const uint8_t *data, size_t size, size_t piece)
{
    struct err err = { "" };
    bool ok = true;

    s3_listing_clear(l);
    for (size_t at = 0; ok && at < size; at += piece)
        ok = s3_listing_feed(l, (const char *)data + at, size - at < piece ? size - at : piece,
                             &err);
    ok = ok && s3_listing_end(l, &err);
    if (ok != !*err.msg)
        abort();
    return ok;
}

static void fuzz_check(const struct s3_listing *l)
{
    const struct s3_object *o;
    size_t n = s3_listing_objects(l, &o);
    const char *message;

    if (n > S3_PAGE_OBJECTS)
        abort();
    for (size_t i = 0; i < n; i++)
        if (!o[i].key || strlen(o[i].key) > S3_FIELD_MAX || o[i].modified_ms < 0 ||
            !(o[i].size_bytes >= 0) || !isfinite(o[i].size_bytes) ||
            !memchr(o[i].storage, '\0', sizeof o[i].storage))
            abort();
    if (s3_listing_next(l) && !*s3_listing_next(l))
        abort();
    if (s3_listing_error(l, &message) && (n || !message))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct s3_listing *whole, *pieces;
    const struct s3_object *a, *b;
    size_t n;
    bool ok;

    if (size > 60000) /* below what may wait for the end of a tag: that depends on the pieces */
        return 0;
    if (!whole) {
        whole = s3_listing_new();
        pieces = s3_listing_new();
    }
    ok = fuzz_read(whole, data, size, size + 1);
    if (ok != fuzz_read(pieces, data, size, 1 + size % 97))
        abort();
    if (!ok)
        return 0;
    fuzz_check(whole);
    fuzz_check(pieces);
    n = s3_listing_objects(whole, &a);
    if (n != s3_listing_objects(pieces, &b))
        abort();
    for (size_t i = 0; i < n; i++)
        if (strcmp(a[i].key, b[i].key) != 0 || a[i].modified_ms != b[i].modified_ms)
            abort();
    return 0;
}
