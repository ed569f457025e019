/* probes/backup_tools.h: what the backup tools print, into facts of backups. Pure: bytes in.
 *
 * Errors:  false with err for what is not the tool's answer; the facts are then not to be used.
 *          What the tool says against its own backups is a fact (wrong, why, contradictions).
 * Formats: pgBackRest 2.45's info, WAL-G's backup_time.go and backup_sentinel_dto.go, Barman 3.4's
 *          output.py, restic 0.14's to 0.17's snapshots and stats.
 */
#pragma once

#include "core/json.h"
#include "probes/backup.h"

/* ---- what they share ---- */

enum { TOOL_DEPTH = 16 };

/* The whole answer, or NULL with err. */
struct json *tool_json(const char *bytes, size_t len, struct err *err);
/* A number, or a string that is one; false (NaN) for everything else. */
bool tool_number(const struct json *v, double *out);
/* Unix seconds into milliseconds; 0 when there are none. */
int64_t tool_unix_ms(const struct json *v);
/* RFC 3339 into milliseconds; 0 when it is none. */
int64_t tool_stamp_ms(const struct json *v);
const char *tool_word(const struct json *v); /* "" when it is no string */
/* A size in bytes, never negative; NaN when there is none. */
double tool_size(const struct json *v);
/* What a tool that failed said last on its error channel, without the tool's name and level: one
 * line, raw; "" when nothing. `len` gets its length. */
const char *tool_complaint(const char *err, size_t *len);

/* ---- pgbackrest --output=json info ---- */

/* Where several repositories are there, one whose newest is more than
 * `lag_ms` older than the newest of all is a contradiction; 0 = none is. */
bool pgbackrest_read(const char *bytes, size_t len, const char *stanza, int64_t lag_ms,
                     struct backup_facts *f, struct err *err);

/* ---- wal-g ---- */

/* backup-list --detail --json. WAL-G prints nothing at all when there is none. */
bool walg_read_list(const char *bytes, size_t len, struct backup_facts *f, struct err *err);
/* Up to when the archive reaches. wal-verify looks at whole segments, not at the one that is being
 * written, and names no times: all that was written until one answer is there when a later one
 * finds a newer segment than it. Zeroed at first; kept from one answer to the next. */
struct walg_archive {
    char last[25];      /* segment */
    int64_t asked_ms;   /* when it was the last one */
    int64_t reaches_ms; /* 0 = not seen yet */
};
/* wal-verify integrity timeline --json; asked at `asked_ms`. */
bool walg_read_verify(const char *bytes, size_t len, int64_t asked_ms, struct walg_archive *a,
                      struct backup_facts *f, struct err *err);

/* ---- barman -f json ---- */

bool barman_read_list(const char *bytes, size_t len, const char *server, struct backup_facts *f,
                      struct err *err);
bool barman_read_check(const char *bytes, size_t len, const char *server, struct backup_facts *f,
                       struct err *err);

/* ---- restic --json ---- */

struct restic_filter {
    bool host, path, tag; /* the snapshots were chosen by these */
};
/* snapshots. Those of several sources are refused: what is new of one says nothing of the other. */
bool restic_read_snapshots(const char *bytes, size_t len, const struct restic_filter *chosen,
                           struct backup_facts *f, struct err *err);
/* stats --mode restore-size of one snapshot; NaN with err when it tells none. */
double restic_read_size(const char *bytes, size_t len, struct err *err);
