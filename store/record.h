/* store/record.h: one record of the journal, one line of JSON that carries its own hash and the one
 * of the record before it:
 *
 *   {"n":7,"prev":"<h of 6>","t":"2026-01-29T02:13:47.120Z","mono":86400123,"boot":"<id>",
 *    "code":"NOTE","uid":1000,"user":"anna","host":"ops1","pid":4711,"what":{...},"h":"<SHA-256>"}
 *
 * `h` is of every byte of the line before `,"h":`. Order is that of the file; both clocks stand
 * beside it, for the wall clock can be set and the other begins anew with each boot.
 *
 * Units:   `t` is UTC, `mono` milliseconds since `boot` began (suspended time counts).
 * Errors:  say what is wrong with which record.
 * Owner:   record_fini() for what record_read() made.
 * Text:    what is shown of a record is sanitized when it is read: others write files too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/text.h"

enum { RECORD_HASH = 64, RECORD_MAX = 65536, RECORD_CODE_MAX = 16 };

struct record_link { /* where a chain stands: after record n, whose hash this is */
    int64_t n;       /* 0 = nothing was written yet */
    char hash[RECORD_HASH + 1];
};

struct record_origin { /* who writes, and when */
    int64_t at_ms, mono_ms;
    char boot[40], user[64], host[65];
    unsigned uid;
    long pid;
};

void record_link_init(struct record_link *link); /* of an empty journal */
/* Who this process is; `at_ms` and `mono_ms` are now. */
void record_origin_take(struct record_origin *o);

/* Adds the line, with its line feed, of the record that comes after `link`, and moves `link` on to
 * it. `code` is of A-Z, 0-9 and _; `what` is a JSON object. False when it would be too long. */
bool record_write(struct buf *out, struct record_link *link, const struct record_origin *o,
                  const char *code, const char *what, struct err *err);

/* Is this line (without its line feed) the record that comes after `link`, as it was written?
 * Moves `link` on to it if so. */
bool record_follows(const char *line, size_t len, struct record_link *link, struct err *err);
/* The link after a line by the line alone: nothing is known of what stood before it. */
bool record_stands(const char *line, size_t len, struct record_link *link, struct err *err);

struct json;
struct record {
    int64_t n, at_ms, mono_ms, pid, uid;
    struct text code, user, host;
    struct json *doc;
    const struct json *what; /* inside doc; never NULL after a good record_read() */
};

bool record_read(struct record *r, const char *line, size_t len, struct err *err);
void record_fini(struct record *r);
