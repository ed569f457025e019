/* probes/redis_info.h: the answer to INFO: "field:value" lines.
 *
 * Units:   as Redis writes them; nothing is converted.
 * Owner:   values are borrowed from the answer.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The value of a field; "db0.keys" finds `keys` in "db0:keys=1,expires=0". False when it is not
 * there. */
bool redis_info_field(const char *info, size_t len, const char *field, const char **value,
                      size_t *value_len);
/* True when the value is a finite number. A percent sign behind it is left out. */
bool redis_info_number(const char *value, size_t len, double *out);
/* "all" when a field stands only in the long form of INFO, else NULL. */
const char *redis_info_section(const char *field);
/* True for fields that count bytes, by their names. */
bool redis_info_is_bytes(const char *field);
