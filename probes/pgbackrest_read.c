/* probes/pgbackrest_read.c: what `pgbackrest info` tells of one stanza. Its exit says nothing: it
 * is 0 also when there is no stanza. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "probes/backup_tools.h"

enum {
    PGBACKREST_REPOS = 256,     /* repo1 to repo256 */
    PGBACKREST_CLUSTERS = 1024, /* one more with each pg_upgrade, in each repository */
    PGBACKREST_DIFFERENT = 4,
    PGBACKREST_SEGMENT = 24 /* digits of a WAL segment's name */
};

struct pgbackrest {
    const struct json *stanza;
    struct backup_facts *f;
    size_t n_repos;
};

static const struct json *pgbackrest_stanza(const struct json *root, const char *name)
{
    for (const struct json *s = json_first(root); s; s = json_next(s))
        if (strcmp(tool_word(json_get(s, "name")), name) == 0)
            return s;
    return NULL;
}

static int pgbackrest_repo(const struct json *database)
{
    double key;

    return tool_number(json_get(database, "repo-key"), &key) && key >= 1 && key <= PGBACKREST_REPOS
               ? (int)key
               : 1; /* told since there can be more than one */
}

/* The version that the cluster has now, in this repository; NULL when it does not tell. */
static const struct json *pgbackrest_current(const struct pgbackrest *p, int repo, double *id)
{
    const struct json *current = NULL;
    double n;

    *id = NAN;
    for (const struct json *d = json_first(json_get(p->stanza, "db")); d; d = json_next(d)) {
        if (pgbackrest_repo(d) != repo || !tool_number(json_get(d, "id"), &n) || n < *id)
            continue;
        *id = n;
        current = d;
    }
    return current;
}

static const struct json *pgbackrest_archive(const struct pgbackrest *p, int repo, double id)
{
    double n;

    for (const struct json *a = json_first(json_get(p->stanza, "archive")); a; a = json_next(a)) {
        const struct json *database = json_get(a, "database");

        if (pgbackrest_repo(database) == repo && tool_number(json_get(database, "id"), &n) &&
            n == id)
            return a;
    }
    return NULL;
}

/* "" when it is none. */
static const char *pgbackrest_segment(const struct json *v)
{
    const char *s = tool_word(v);

    return strlen(s) == PGBACKREST_SEGMENT && strspn(s, "0123456789ABCDEF") == PGBACKREST_SEGMENT
               ? s
               : "";
}

/* ---- one backup ---- */

/* What it needs to become consistent must lie in the archive. One that was made of a stopped
 * server needs nothing: both are null. */
static void pgbackrest_wal_of(const struct pgbackrest *p, const struct json *b, int repo, double id,
                              struct backup *out)
{
    const struct json *need = json_get(b, "archive"), *have = pgbackrest_archive(p, repo, id);
    const char *from = pgbackrest_segment(json_get(need, "start"));
    const char *to = pgbackrest_segment(json_get(need, "stop"));
    const char *min = pgbackrest_segment(json_get(have, "min"));
    const char *max = pgbackrest_segment(json_get(have, "max"));

    if (!*from && !*to)
        return;
    if (!*from || !*to)
        BACKUP_SET(out->why, "it does not tell which WAL it needs");
    else if (!*min || !*max)
        BACKUP_SET(out->why, "its WAL is not there: the archive is empty");
    else if (strcmp(from, min) < 0 || strcmp(to, max) > 0)
        BACKUP_SET(out->why, "its WAL %s to %s is not in the archive, which has %s to %s", from, to,
                   min, max);
}

static void pgbackrest_checksums(const struct json *b, struct backup *out)
{
    const struct json *files = json_get(b, "error-list");
    bool error;

    if (!json_bool(json_get(b, "error"), &error))
        return; /* the cluster has no page checksums, or nothing was looked at */
    if (!error)
        BACKUP_SET(out->how, "page checksums good");
    else if (json_count(files))
        BACKUP_SET(out->why, "page checksum errors in %zu file%s: %.100s", json_count(files),
                   json_count(files) == 1 ? "" : "s", tool_word(json_first(files)));
    else
        BACKUP_SET(out->why, "page checksum errors");
}

static enum backup_type pgbackrest_type(const char *word)
{
    return strcmp(word, "full") == 0   ? BACKUP_FULL
           : strcmp(word, "diff") == 0 ? BACKUP_DIFF
           : strcmp(word, "incr") == 0 ? BACKUP_INCR
                                       : BACKUP_UNTOLD;
}

static bool pgbackrest_add(const struct pgbackrest *p, const struct json *b, struct err *err)
{
    const struct json *database = json_get(b, "database"), *current;
    const char *label = tool_word(json_get(b, "label"));
    int repo = pgbackrest_repo(database);
    struct backup *out;
    double id, now_id;

    if (!*label)
        return err_set(err, "a backup without a label");
    out = backup_facts_add(p->f);
    BACKUP_SET(out->name, p->n_repos > 1 ? "%.120s (repo%d)" : "%.120s", label, repo);
    out->type = pgbackrest_type(tool_word(json_get(b, "type")));
    out->at_ms = tool_unix_ms(json_get(json_get(b, "timestamp"), "stop"));
    out->size_bytes = tool_size(json_get(json_get(b, "info"), "size"));
    pgbackrest_checksums(b, out);
    current = pgbackrest_current(p, repo, &now_id);
    if (*out->why || !tool_number(json_get(database, "id"), &id))
        return true;
    if (current && id != now_id)
        BACKUP_SET(out->why, "of the cluster before, not of the one that runs now (%.20s)",
                   tool_word(json_get(current, "version")));
    else
        pgbackrest_wal_of(p, b, repo, id, out);
    return true;
}

/* ---- the repositories ---- */

static int pgbackrest_code(const struct json *of, const char **message)
{
    const struct json *status = json_get(of, "status");
    double code;

    *message = tool_word(json_get(status, "message"));
    return tool_number(json_get(status, "code"), &code) && code >= 0 && code < 1000 ? (int)code
                                                                                    : -1;
}

static int64_t pgbackrest_newest(const struct pgbackrest *p, int repo)
{
    int64_t newest = 0;

    for (const struct json *b = json_first(json_get(p->stanza, "backup")); b; b = json_next(b)) {
        int64_t at_ms = tool_unix_ms(json_get(json_get(b, "timestamp"), "stop"));

        if ((!repo || pgbackrest_repo(json_get(b, "database")) == repo) && at_ms > newest)
            newest = at_ms;
    }
    return newest;
}

static void pgbackrest_say_repo(const struct pgbackrest *p, const struct json *repo, int64_t lag_ms)
{
    double key = 1;
    const char *message;
    int64_t behind_ms;
    char age[16];

    tool_number(json_get(repo, "key"), &key);
    if (pgbackrest_code(repo, &message) != 0) {
        backup_contradict(p->f, "repo%.0f: %.100s", key, *message ? message : "status not told");
        return;
    }
    behind_ms = pgbackrest_newest(p, 0) - pgbackrest_newest(p, (int)key);
    if (lag_ms && behind_ms > lag_ms)
        backup_contradict(p->f, "repo%.0f: its newest is %s older than the newest of all", key,
                          age_format(behind_ms, age));
}

/* A stanza's own status says whether all are well; each repository's says which is not. */
static bool pgbackrest_status(const struct pgbackrest *p, int64_t lag_ms, struct err *err)
{
    const struct json *repos = json_get(p->stanza, "repo");
    const char *message;
    int code = pgbackrest_code(p->stanza, &message);
    size_t well = 0;

    if (code < 0)
        return err_set(err, "the stanza has no status code");
    for (const struct json *r = json_first(repos); r; r = json_next(r)) {
        const char *ignored;

        well += pgbackrest_code(r, &ignored) == 0;
    }
    if (code != 0 && (p->n_repos < 2 || well == 0)) {
        const char *why = message;

        if (code >= PGBACKREST_DIFFERENT && p->n_repos) /* the repository's own words say more */
            pgbackrest_code(json_first(repos), &why);
        BACKUP_SET(p->f->wrong, "%.150s", *why ? why : *message ? message : "status not told");
        return true;
    }
    if (code != 0 && code != PGBACKREST_DIFFERENT)
        backup_contradict(p->f, "%.150s", *message ? message : "status not told");
    for (const struct json *r = json_first(repos); r && p->n_repos > 1; r = json_next(r))
        pgbackrest_say_repo(p, r, lag_ms);
    return true;
}

/* Of the version that runs now, in each repository that is well. */
static void pgbackrest_wal(const struct pgbackrest *p)
{
    const char *best = "";

    for (const struct json *r = json_first(json_get(p->stanza, "repo")); r; r = json_next(r)) {
        const struct json *current, *archive;
        const char *message, *max;
        double key, id;

        if (pgbackrest_code(r, &message) != 0 || !tool_number(json_get(r, "key"), &key))
            continue;
        current = pgbackrest_current(p, (int)key, &id);
        if (!current)
            continue;
        p->f->wal.told = true;
        archive = pgbackrest_archive(p, (int)key, id);
        max = pgbackrest_segment(json_get(archive, "max"));
        if (!*max)
            BACKUP_SET(p->f->wal.why, "repo%.0f: nothing is archived of the cluster that runs now",
                       key);
        else if (strcmp(max, best) > 0)
            best = max;
    }
    if (*best)
        BACKUP_SET(p->f->wal.how, "up to segment %s, its time is not told", best);
}

/* Each backup is held against all of these. */
static bool pgbackrest_bounded(const struct json *stanza, const char *list, size_t max,
                               struct err *err)
{
    return json_count(json_get(stanza, list)) <= max ||
           err_set(err, "%s: more than %zu", list, max);
}

bool pgbackrest_read(const char *bytes, size_t len, const char *stanza, int64_t lag_ms,
                     struct backup_facts *f, struct err *err)
{
    struct json *root = tool_json(bytes, len, err);
    struct pgbackrest p = { .f = f };
    bool ok = false, held;

    if (!root)
        return false;
    if (!json_is(root, JSON_ARRAY)) {
        err_set(err, "not a list of stanzas");
    } else if (!(p.stanza = pgbackrest_stanza(root, stanza))) {
        err_set(err, "it says nothing about stanza '%s'", stanza);
    } else if (pgbackrest_bounded(p.stanza, "repo", PGBACKREST_REPOS, err) &&
               pgbackrest_bounded(p.stanza, "db", PGBACKREST_CLUSTERS, err) &&
               pgbackrest_bounded(p.stanza, "archive", PGBACKREST_CLUSTERS, err)) {
        p.n_repos = json_count(json_get(p.stanza, "repo"));
        ok = pgbackrest_status(&p, lag_ms, err);
        for (const struct json *b = json_first(json_get(p.stanza, "backup")); ok && b;
             b = json_next(b))
            ok = pgbackrest_add(&p, b, err);
        pgbackrest_wal(&p);
        f->running = json_bool(json_pointer(p.stanza, "/status/lock/backup/held"), &held) && held;
    }
    json_free(root);
    return ok;
}
