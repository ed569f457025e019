/* app/journal.c: the journal of a watch on standard output. */
#include "app/journal.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "core/text.h"
#include "core/unit.h"
#include "store/journal_file.h"
#include "store/place.h"

enum { JOURNAL_CHANGED = 1, JOURNAL_UNREAD = 2 };

struct shown { /* what `show` is about */
    const struct cli *cli;
    int64_t from_ms; /* what is older is not wanted */
    int status;
};

static int journal_fail(const char *words)
{
    fprintf(stderr, "midwatch: %s\n", words);
    return JOURNAL_UNREAD;
}

/* "text of the note"; every other member as key=value, in their order. */
static void journal_words(const struct json *what, struct text *out)
{
    struct buf b = { 0 };

    for (const struct json *m = json_members(what); m; m = json_next(m)) {
        const char *s = json_string(m);
        double d;
        bool yes;

        buf_adds(&b, b.len ? " " : "");
        if (s && strcmp(json_key(m), "text") == 0)
            buf_adds(&b, s);
        else if (s)
            buf_addf(&b, "%s=%s", json_key(m), s);
        else if (json_number(m, &d))
            buf_addf(&b, "%s=%.15g", json_key(m), d);
        else if (json_bool(m, &yes))
            buf_addf(&b, "%s=%s", json_key(m), yes ? "true" : "false");
        else
            buf_addf(&b, "%s=…", json_key(m));
    }
    text_set(out, b.bytes, b.len);
    buf_fini(&b);
}

static bool journal_wanted(const struct shown *s, const struct record *r)
{
    return (!s->cli->code || text_is(&r->code, s->cli->code)) && r->at_ms >= s->from_ms;
}

/* As JSON the line itself, which whoever reads it can verify; else a line for people. */
static bool journal_show_one(void *arg, const char *line, size_t len)
{
    struct shown *s = arg;
    struct record r;
    struct err err;
    struct text words = { 0 };
    char at[32];

    if (!record_read(&r, line, len, &err)) { /* its hash is right: who wrote it wrote this */
        struct text why = { 0 };

        text_sets(&why, err.msg);
        fprintf(stderr, "midwatch: a record cannot be shown: %s\n", text_str(&why));
        text_fini(&why);
        s->status = JOURNAL_CHANGED;
        return true;
    }
    if (journal_wanted(s, &r)) {
        if (s->cli->json) {
            fwrite(line, 1, len, stdout);
            putchar('\n');
        } else {
            journal_words(r.what, &words);
            printf("%6lld  %s  %-10s  %s@%s  %s\n", (long long)r.n, stamp_format_utc(r.at_ms, at),
                   text_str(&r.code), text_str(&r.user), text_str(&r.host), text_str(&words));
            text_fini(&words);
        }
    }
    record_fini(&r);
    return true;
}

/* What stands in the way of trust goes to standard error, whatever was asked for. */
static int journal_verdict(const struct journal_health *h)
{
    if (h->bad_n) {
        fprintf(stderr, "midwatch: the journal was changed: %s\n", h->why.msg);
        return JOURNAL_CHANGED;
    }
    if (h->torn_bytes) {
        fprintf(stderr,
                "midwatch: %lld bytes of an unfinished record stand after record %lld: its writer "
                "was cut off, and nobody was told that it is done\n",
                (long long)h->torn_bytes, (long long)h->head.n);
        return JOURNAL_CHANGED;
    }
    return 0;
}

/* "12:<64 hexadecimal digits>", as `head` prints it. */
static bool journal_head(const char *words, struct record_link *out)
{
    char *end;

    if (*words < '1' || *words > '9')
        return false;
    out->n = strtoll(words, &end, 10);
    if (*end != ':' || strspn(end + 1, "0123456789abcdef") != RECORD_HASH || end[1 + RECORD_HASH])
        return false;
    memcpy(out->hash, end + 1, RECORD_HASH + 1);
    return true;
}

/* `published`: NULL = none was given. */
static int journal_read(struct journal_file *f, const char *deed, const struct cli *cli,
                        const struct record_link *published)
{
    struct shown shown = { .cli = cli };
    struct journal_walk walk = { strcmp(deed, "show") == 0 ? journal_show_one : NULL, &shown };
    struct journal_health h;
    struct err err;
    int status;

    if (cli->since_ms)
        shown.from_ms = (int64_t)time(NULL) * 1000 - cli->since_ms;
    if (!journal_file_walk(f, &walk, published, &h, &err))
        return journal_fail(err.msg);
    status = journal_verdict(&h);
    if (strcmp(deed, "head") == 0 && status == 0)
        printf("%lld:%s\n", (long long)h.head.n, h.head.hash);
    if (strcmp(deed, "verify") == 0 && status == 0)
        printf("%lld records, none changed%s; head %lld:%s\n", (long long)h.head.n,
               published ? ", and the published one is among them" : "", (long long)h.head.n,
               h.head.hash);
    return status ? status : shown.status;
}

int journal_command(const char *deed, const struct config *config, const struct cli *cli)
{
    struct record_link published;
    struct journal_file *f;
    struct err err;
    char dir[PATH_MAX];
    int status;

    if (cli->head && !journal_head(cli->head, &published)) {
        fprintf(stderr, "midwatch: --head takes what `midwatch journal head` prints: N:HASH\n");
        return CLI_USAGE;
    }
    if (!place_of(config->watch, dir, sizeof dir, &err))
        return journal_fail(err.msg);
    f = journal_file_open(dir, false, &err);
    if (!f)
        return journal_fail(err.msg);
    status = journal_read(f, deed, cli, cli->head ? &published : NULL);
    journal_file_close(f);
    return status;
}
