/* probes/walg_read.c: what WAL-G tells of its backups and of the WAL between them. A backup that
 * was not finished is absent: WAL-G has no status. */
#include <stdio.h>
#include <string.h>

#include "probes/backup_tools.h"

enum { WALG_SEGMENT = 24 /* digits of its name */ };

/* What it was asked with decides on the name of the time: finish_time with --detail, time without,
 * modified in some releases. */
static int64_t walg_time(const struct json *b)
{
    static const char *const names[] = { "finish_time", "time", "modified" };
    int64_t at_ms = 0;

    for (size_t i = 0; i < sizeof names / sizeof *names && !at_ms; i++)
        at_ms = tool_stamp_ms(json_get(b, names[i]));
    return at_ms;
}

static bool walg_add(const struct json *b, struct backup_facts *f, struct err *err)
{
    const char *name = tool_word(json_get(b, "backup_name"));
    const char *storage = tool_word(json_get(b, "storage_name"));
    bool permanent, named = *storage && strcmp(storage, "default") != 0;
    struct backup *out;

    if (!*name)
        return err_set(err, "a backup without backup_name");
    out = backup_facts_add(f);
    if (named)
        BACKUP_SET(out->name, "%.110s (%.40s)", name, storage);
    else
        BACKUP_SET(out->name, "%.150s", name);
    out->at_ms = walg_time(b);
    out->size_bytes = tool_size(json_get(b, "uncompressed_size"));
    if (!(out->size_bytes > 0)) /* 0 where an old release did not write it */
        out->size_bytes = tool_size(json_get(b, "compressed_size"));
    if (out->size_bytes == 0 && !json_get(b, "finish_time"))
        out->size_bytes = tool_size(NULL);
    out->type = strstr(name, "_D_") ? BACKUP_INCR : BACKUP_FULL;
    if (json_bool(json_get(b, "is_permanent"), &permanent) && permanent)
        BACKUP_SET(out->how, "permanent");
    return true;
}

bool walg_read_list(const char *bytes, size_t len, struct backup_facts *f, struct err *err)
{
    struct json *root;
    bool ok = true;

    if (strspn(bytes, " \t\r\n") == len)
        return true; /* "No backups found", on the error channel */
    root = tool_json(bytes, len, err);
    if (!root)
        return false;
    if (json_is(root, JSON_NULL)) /* an empty list, as Go writes it */
        ok = true;
    else if (!json_is(root, JSON_ARRAY))
        ok = err_set(err, "not a list of backups");
    else
        for (const struct json *b = json_first(root); ok && b; b = json_next(b))
            ok = walg_add(b, f, err);
    json_free(root);
    return ok;
}

/* ---- wal-verify ---- */

enum walg_verdict { WALG_OK, WALG_WARNING, WALG_FAILURE, WALG_NONE };

static enum walg_verdict walg_verdict(const struct json *check)
{
    static const char *const words[] = { "OK", "WARNING", "FAILURE" };
    const char *said = tool_word(json_get(check, "status"));

    for (size_t i = 0; i < WALG_NONE; i++)
        if (strcmp(said, words[i]) == 0)
            return (enum walg_verdict)i;
    return WALG_NONE;
}

/* Segments in a state, counted, and the first range of them. */
static double walg_segments(const struct json *integrity, const char *state,
                            const struct json **first)
{
    double sum = 0, n;

    *first = NULL;
    for (const struct json *r = json_first(json_get(integrity, "details")); r; r = json_next(r)) {
        if (strcmp(tool_word(json_get(r, "status")), state) != 0)
            continue;
        if (tool_number(json_get(r, "segments_count"), &n) && n > 0)
            sum += n;
        if (!*first)
            *first = r;
    }
    return sum;
}

static void walg_say_lost(const struct json *integrity, struct backup_facts *f)
{
    const struct json *lost;
    double n = walg_segments(integrity, "MISSING_LOST", &lost);

    if (lost)
        BACKUP_SET(f->wal.why, "%.0f WAL segment%s lost, first %.30s to %.30s", n,
                   n == 1 ? "" : "s", tool_word(json_get(lost, "start_segment")),
                   tool_word(json_get(lost, "end_segment")));
    else
        BACKUP_SET(f->wal.why, "wal-verify: integrity is FAILURE");
}

/* The newest segment that is there; "" when none is named. */
static const char *walg_last(const struct json *integrity)
{
    const char *last = "";

    for (const struct json *r = json_first(json_get(integrity, "details")); r; r = json_next(r)) {
        const char *end = tool_word(json_get(r, "end_segment"));

        if (strcmp(tool_word(json_get(r, "status")), "FOUND") == 0 && strlen(end) == WALG_SEGMENT &&
            strcmp(end, last) > 0)
            last = end;
    }
    return last;
}

static void walg_reach(struct walg_archive *a, const char *last, int64_t asked_ms)
{
    int newer = *a->last ? strcmp(last, a->last) : 0;

    if (newer > 0)
        a->reaches_ms = a->asked_ms;
    else if (newer < 0) /* another server stands there */
        a->reaches_ms = 0;
    memcpy(a->last, last, sizeof a->last);
    a->asked_ms = asked_ms;
}

static void walg_say_coming(const struct json *integrity, int64_t asked_ms, struct walg_archive *a,
                            struct backup_facts *f)
{
    const char *last = walg_last(integrity);
    const struct json *ignored;
    double n = walg_segments(integrity, "MISSING_DELAYED", &ignored) +
               walg_segments(integrity, "MISSING_UPLOADING", &ignored);

    if (n > 0) {
        BACKUP_SET(f->wal.how, "no segment lost, %.0f not there yet", n);
        return;
    }
    walg_reach(a, last, asked_ms);
    f->wal.at_ms = a->reaches_ms;
    f->wal.awaited = !a->reaches_ms;
    BACKUP_SET(f->wal.how, "wal-verify: no segment is missing up to %s", last);
}

/* False when it looked at nothing, or says it in words that we do not know. */
static bool walg_is_verdict(const struct json *integrity, const struct json *timeline,
                            struct err *err)
{
    enum walg_verdict whole = walg_verdict(integrity);

    if (whole == WALG_FAILURE)
        return true;
    if (whole == WALG_NONE || walg_verdict(timeline) == WALG_NONE)
        return err_set(err, "wal-verify: no status OK, WARNING or FAILURE");
    return *walg_last(integrity) || json_count(json_get(integrity, "details"))
               ? true
               : err_set(err, "wal-verify: it names no segment");
}

bool walg_read_verify(const char *bytes, size_t len, int64_t asked_ms, struct walg_archive *a,
                      struct backup_facts *f, struct err *err)
{
    struct json *root = tool_json(bytes, len, err);
    const struct json *integrity = json_get(root, "integrity");
    const struct json *timeline = json_get(root, "timeline"), *ignored;
    enum walg_verdict whole = walg_verdict(integrity), line = walg_verdict(timeline);
    double ours, highest;
    bool ok;

    if (!root)
        return false;
    ok = walg_is_verdict(integrity, timeline, err);
    f->wal.told = true;
    if (ok && (whole == WALG_FAILURE || walg_segments(integrity, "MISSING_LOST", &ignored) > 0))
        walg_say_lost(integrity, f);
    else if (ok)
        walg_say_coming(integrity, asked_ms, a, f);
    if (ok && whole == WALG_WARNING && !*f->wal.why)
        backup_contradict(f, "wal-verify: integrity is WARNING");
    if (ok && line == WALG_FAILURE && !*f->wal.why) {
        const struct json *d = json_get(timeline, "details");

        if (tool_number(json_get(d, "current_timeline_id"), &ours) &&
            tool_number(json_get(d, "highest_storage_timeline_id"), &highest))
            BACKUP_SET(f->wal.why, "the server is on timeline %.0f, the archive on %.0f", ours,
                       highest);
        else
            BACKUP_SET(f->wal.why, "wal-verify: timeline is FAILURE");
    } else if (ok && line == WALG_WARNING) {
        backup_contradict(f, "wal-verify: timeline is WARNING");
    }
    json_free(root);
    return ok;
}
