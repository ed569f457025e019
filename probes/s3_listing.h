/* probes/s3_listing.h: one page of a bucket's listing (ListObjectsV2), or the error that came in
 * its place, fed as it arrives.
 *
 * Only what S3 writes passes: no DTD and so no entities, no processing instruction, eight levels, a
 * thousand objects, 4 KiB a field, each field of an object exactly once. A page that does not say
 * whether it is the last one is refused: what lies behind it may be the newest.
 *
 * Units:   times are Unix milliseconds, sizes bytes.
 * Errors:  false with err; nothing of a page that was refused is to be used.
 * Owner:   the caller owns the listing, the listing its objects; borrowed until it is cleared.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

enum { S3_PAGE_OBJECTS = 1000, S3_FIELD_MAX = 4096 };

struct s3_object {
    char *key; /* as its owner named it, also when it was encoded for the way */
    int64_t modified_ms;
    double size_bytes;
    char storage[32]; /* "STANDARD_IA"; empty = not told, or not a word */
};

struct s3_listing;

struct s3_listing *s3_listing_new(void);
void s3_listing_free(struct s3_listing *l);
void s3_listing_clear(struct s3_listing *l); /* for the next page */
bool s3_listing_feed(struct s3_listing *l, const char *bytes, size_t len, struct err *err);
/* All has arrived. An <Error> is none here: s3_listing_error() has its code. */
bool s3_listing_end(struct s3_listing *l, struct err *err);

size_t s3_listing_objects(const struct s3_listing *l, const struct s3_object **out);
/* What to ask the next page with; NULL when this was the last one. */
const char *s3_listing_next(const struct s3_listing *l);
/* "AccessDenied"; NULL when it was a listing. `message` ("" when there is none) may be NULL. */
const char *s3_listing_error(const struct s3_listing *l, const char **message);
