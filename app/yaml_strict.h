/* app/yaml_strict.h: what libyaml lets pass and YAML does not.
 *
 * Found with the YAML test suite: '#' without a blank before it, block scalar headers with more
 * than their indicators, text in quotes or brackets that is indented less than the map it lies in
 * (or by a tab). Each of them reads as something else than it looks like, so each is an error.
 *
 * Units:   indices are code points from 0, as in libyaml's marks; columns from 0, -1 = no block.
 * Errors:  words for the message and the place; NULL = nothing to say.
 */
#pragma once

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

struct source { /* the text, and a place in it that follows the events forward */
    const char *bytes;
    size_t len;
    size_t index, at; /* code points and bytes of the same place */
};

/* The byte offset of a code point. */
size_t source_seek(struct source *s, size_t index);
/* After a quoted text or a bracket that ends at byte `end`. */
const char *strict_end(const struct source *s, size_t end);
/* The lines after the first of [start, end): `indent` is the column of the enclosing block. `*line`
 * counts from the start. */
const char *strict_lines(const struct source *s, size_t start, size_t end, int indent, int *line);
/* The header and the leading blank lines of a block scalar whose '|' or '>' is at byte `start`. */
const char *strict_block(const struct source *s, size_t start, int indent, int *line);
