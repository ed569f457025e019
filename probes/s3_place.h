/* probes/s3_place.h: where a bucket's objects lie, and the address that lists them. Pure.
 *
 * The query is in the one form that a signature of Amazon's is made of: sorted by name, encoded but
 * for -_.~, an = behind each name.
 */
#pragma once

#include "core/buf.h"
#include "core/err.h"

struct s3_place {
    const char *endpoint; /* NULL = Amazon's own of the region */
    const char *region;
    char bucket[64];
    const char *prefix; /* "" = the whole bucket; borrowed from `address` */
};

/* "s3://bucket/prefix"; endpoint and region as the options have them. */
bool s3_place_read(struct s3_place *p, const char *address, const char *endpoint,
                   const char *region, struct err *err);
/* The address of one page of at most `max_keys`; `token` is what the page before gave, or NULL. */
void s3_place_url(const struct s3_place *p, int max_keys, const char *token, struct buf *out);
