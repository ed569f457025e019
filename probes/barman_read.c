/* probes/barman_read.c: what Barman tells of one server: its backups, and what it checks itself. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "probes/backup_tools.h"

/* What Barman found of the server; NULL with its own words when it has none to say. */
static const struct json *barman_server(const struct json *root, const char *server,
                                        struct err *err)
{
    static const char *const said[] = { "_EXCEPTION", "_ERROR", "_WARNING" };
    const struct json *of = json_get(root, server);

    if (of)
        return of;
    for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
        const char *word = tool_word(json_first(json_get(root, said[i])));

        if (*word) {
            err_set(err, "%s", word);
            return NULL;
        }
    }
    err_set(err, "it says nothing about server '%s'", server);
    return NULL;
}

/* ---- list-backups ---- */

static void barman_judge(const char *status, struct backup *out)
{
    if (strcmp(status, "DONE") == 0)
        return;
    if (strcmp(status, "WAITING_FOR_WALS") == 0) {
        out->pending = true;
        BACKUP_SET(out->how, "copied, waits for its WAL");
    } else {
        BACKUP_SET(out->why, "Barman says %.40s", *status ? status : "nothing of its status");
    }
}

static bool barman_is_under_way(const char *status)
{
    return strcmp(status, "STARTED") == 0 || strcmp(status, "EMPTY") == 0 ||
           strcmp(status, "SYNCING") == 0;
}

/* When one began that never ended: "20160201T000001" is its id, in the time of Barman's host, which
 * is ours. It never counts as good; but it has to stand where it belongs, before older ones. */
static int64_t barman_began(const char *id)
{
    struct tm tm = { .tm_isdst = -1 };
    int end = 0;
    time_t at;

    if (strspn(id, "0123456789T") != strlen(id) ||
        sscanf(id, "%4d%2d%2dT%2d%2d%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
               &tm.tm_min, &tm.tm_sec, &end) != 6 ||
        id[end])
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    at = mktime(&tm);
    return at > 0 ? (int64_t)at * 1000 : 0;
}

static bool barman_add(const struct json *b, struct backup_facts *f, struct err *err)
{
    const char *id = tool_word(json_get(b, "backup_id"));
    const char *name = tool_word(json_get(b, "backup_name"));
    const char *status = tool_word(json_get(b, "status"));
    const char *retention = tool_word(json_get(b, "retention_status"));
    struct backup *out;

    if (!*id)
        return err_set(err, "a backup without backup_id");
    if (barman_is_under_way(status)) { /* no backup yet */
        f->running = true;
        return true;
    }
    out = backup_facts_add(f);
    BACKUP_SET(out->name, *name ? "%.60s %.80s" : "%.60s%.80s", id, name);
    out->at_ms = tool_unix_ms(json_get(b, "end_time_timestamp"));
    out->size_bytes = tool_size(json_get(b, "size_bytes"));
    barman_judge(status, out);
    if (*out->why && !out->at_ms)
        out->at_ms = barman_began(id);
    if (!*out->why && !*out->how && strncmp(retention, "OBSOLETE", 8) == 0)
        BACKUP_SET(out->how, "obsolete by the retention policy");
    return true;
}

bool barman_read_list(const char *bytes, size_t len, const char *server, struct backup_facts *f,
                      struct err *err)
{
    struct json *root = tool_json(bytes, len, err);
    const struct json *list;
    bool ok = true;

    if (!root)
        return false;
    list = barman_server(root, server, err);
    if (list && !json_is(list, JSON_ARRAY))
        err_set(err, "not a list of backups");
    ok = list && json_is(list, JSON_ARRAY);
    for (const struct json *b = ok ? json_first(list) : NULL; ok && b; b = json_next(b))
        ok = barman_add(b, f, err);
    json_free(root);
    return ok;
}

/* ---- check ---- */

/* What Barman itself judges by its own configuration, or by our options too. */
static bool barman_is_about_wal(const char *check)
{
    static const char *const wal[] = { "archive_command",
                                       "archive_mode",
                                       "archiver_errors",
                                       "continuous_archiving",
                                       "incoming_wals_directory",
                                       "receive_wal_running",
                                       "replication_slot",
                                       "streaming_wal",
                                       "wal_archive",
                                       "wal_level",
                                       "wal_maximum_age" };

    for (size_t i = 0; i < sizeof wal / sizeof *wal; i++)
        if (strcmp(check, wal[i]) == 0)
            return true;
    return false;
}

/* "continuous archiving (hint)" behind what was there before. */
static void barman_failed(struct buf *b, const char *check, const char *hint)
{
    buf_addf(b, "%s%.60s", b->len ? ", " : "", check);
    if (*hint)
        buf_addf(b, " (%.80s)", hint);
}

bool barman_read_check(const char *bytes, size_t len, const char *server, struct backup_facts *f,
                       struct err *err)
{
    struct json *root = tool_json(bytes, len, err);
    struct buf wal = { 0 }, other = { 0 };
    const struct json *checks;
    size_t n = 0, n_wal = 0;
    bool ok = true;

    if (!root)
        return false;
    checks = barman_server(root, server, err);
    for (const struct json *c = json_members(checks); ok && c; c = json_next(c)) {
        const char *name = json_key(c), *status = tool_word(json_get(c, "status"));
        bool failed = strcmp(status, "FAILED") == 0, about_wal;

        if (!name || (!failed && strcmp(status, "OK") != 0)) {
            ok = err_set(err, "check '%.60s' is neither OK nor FAILED", name ? name : "");
            break;
        }
        about_wal = barman_is_about_wal(name);
        n++;
        n_wal += about_wal;
        if (failed)
            barman_failed(about_wal ? &wal : &other, name, tool_word(json_get(c, "hint")));
    }
    ok = ok && checks && (n || err_set(err, "not one check"));
    f->wal.told = ok && n_wal;
    if (ok && wal.len)
        BACKUP_SET(f->wal.why, "barman check failed: %s", buf_str(&wal));
    else if (ok && n_wal)
        BACKUP_SET(f->wal.how, "barman's check of it is well; its time is not told");
    if (ok && other.len)
        backup_contradict(f, "barman check failed: %s", buf_str(&other));
    buf_fini(&wal);
    buf_fini(&other);
    json_free(root);
    return ok;
}
