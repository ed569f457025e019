/* store/record.c: lines of the journal, written and held against their hashes. */
#include "store/record.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/json.h"
#include "core/stamp.h"
#include "core/unit.h"
#include "io/digest.h"

#define RECORD_TAIL ",\"h\":\""

enum {
    RECORD_PREFIX = 128,                                       /* {"n":..,"prev":"..", */
    RECORD_END = (int)sizeof RECORD_TAIL - 1 + RECORD_HASH + 2 /* ,"h":"..."} */
};

void record_link_init(struct record_link *link)
{
    link->n = 0;
    memset(link->hash, '0', RECORD_HASH);
    link->hash[RECORD_HASH] = '\0';
}

/* ---- who and when ---- */

static int64_t record_clock_ms(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void record_boot(char out[40])
{
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");

    out[0] = '\0';
    if (!f)
        return;
    if (!fgets(out, 40, f))
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(f);
}

void record_origin_take(struct record_origin *o)
{
    struct passwd pw, *found = NULL;
    char room[4096];

    *o = (struct record_origin){ .at_ms = record_clock_ms(CLOCK_REALTIME),
                                 .mono_ms = record_clock_ms(CLOCK_BOOTTIME),
                                 .uid = getuid(),
                                 .pid = getpid() };
    record_boot(o->boot);
    if (getpwuid_r(o->uid, &pw, room, sizeof room, &found) == 0 && found)
        snprintf(o->user, sizeof o->user, "%s", pw.pw_name);
    if (gethostname(o->host, sizeof o->host - 1) != 0)
        o->host[0] = '\0';
}

/* ---- writing ---- */

/* What every record after `link` begins with, byte for byte. */
static int record_prefix(const struct record_link *link, char out[RECORD_PREFIX])
{
    return snprintf(out, RECORD_PREFIX, "{\"n\":%lld,\"prev\":\"%s\",", (long long)link->n + 1,
                    link->hash);
}

/* "2026-01-29T02:13:47.120Z" */
static const char *record_stamp(int64_t at_ms, char out[40])
{
    char second[32];
    int n = (int)strlen(stamp_format_utc(at_ms, second));

    snprintf(out, 40, "%.*s.%03dZ", n - 1, second, (int)(((at_ms % 1000) + 1000) % 1000));
    return out;
}

static void record_member(struct jsonw *w, const char *key, const char *value)
{
    jsonw_key(w, key);
    jsonw_string(w, value);
}

static void record_body(struct buf *b, const struct record_origin *o, const char *code,
                        const char *what)
{
    char stamp[40];
    struct jsonw w;
    struct buf members = { 0 };

    jsonw_begin(&w, &members, false);
    jsonw_object(&w);
    record_member(&w, "t", record_stamp(o->at_ms, stamp));
    jsonw_key(&w, "mono");
    jsonw_int(&w, o->mono_ms);
    record_member(&w, "boot", o->boot);
    record_member(&w, "code", code);
    jsonw_key(&w, "uid");
    jsonw_int(&w, o->uid);
    record_member(&w, "user", o->user);
    record_member(&w, "host", o->host);
    jsonw_key(&w, "pid");
    jsonw_int(&w, o->pid);
    buf_add(b, members.bytes + 1, members.len - 1); /* after its brace: ours stands already */
    buf_addf(b, ",\"what\":%s", what);
    buf_fini(&members);
}

bool record_write(struct buf *out, struct record_link *link, const struct record_origin *o,
                  const char *code, const char *what, struct err *err)
{
    char prefix[RECORD_PREFIX];
    size_t start = out->len;
    int n = record_prefix(link, prefix);

    buf_add(out, prefix, (size_t)n);
    record_body(out, o, code, what);
    if (out->len - start + RECORD_END > RECORD_MAX) {
        n = (int)(out->len - start);
        out->len = start;
        out->bytes[start] = '\0';
        return err_set(err, "a record of %d bytes is too long: %d are the most", n, RECORD_MAX);
    }
    digest_hex(out->bytes + start, out->len - start, link->hash);
    link->n++;
    buf_addf(out, RECORD_TAIL "%s\"}\n", link->hash);
    return true;
}

/* ---- holding a line against its hash ---- */

static long long record_number(const char *line, size_t len)
{
    char head[40];

    if (len < 6 || memcmp(line, "{\"n\":", 5) != 0)
        return -1;
    snprintf(head, sizeof head, "%.*s", (int)(len - 5 < 30 ? len - 5 : 30), line + 5);
    return strtoll(head, NULL, 10);
}

/* The hash that a line carries is the one of its bytes; `out` gets it. */
static bool record_hash(const char *line, size_t len, char out[RECORD_HASH + 1], struct err *err)
{
    size_t body = len - RECORD_END;
    char want[RECORD_HASH + 1];

    if (len <= RECORD_END || len > RECORD_MAX ||
        memcmp(line + body, RECORD_TAIL, sizeof RECORD_TAIL - 1) != 0 ||
        memcmp(line + len - 2, "\"}", 2) != 0)
        return err_set(err, "it is not a whole record");
    digest_hex(line, body, want);
    if (memcmp(want, line + body + sizeof RECORD_TAIL - 1, RECORD_HASH) != 0)
        return err_set(err,
                       "its bytes are not those that were written: their hash is %.12s…, it "
                       "carries %.12s…",
                       want, line + body + sizeof RECORD_TAIL - 1);
    memcpy(out, want, sizeof want);
    return true;
}

bool record_follows(const char *line, size_t len, struct record_link *link, struct err *err)
{
    char prefix[RECORD_PREFIX], hash[RECORD_HASH + 1];
    int n = record_prefix(link, prefix);
    long long got;

    if (!record_hash(line, len, hash, err))
        return err_wrap(err, "record %lld", (long long)link->n + 1);
    if (len < (size_t)n || memcmp(line, prefix, (size_t)n) != 0) {
        got = record_number(line, len);
        if (got == link->n + 1)
            return err_set(err, "record %lld does not follow record %lld: another stood before it",
                           got, (long long)link->n);
        return err_set(err, "record %lld is missing: %lld stands in its place",
                       (long long)link->n + 1, got);
    }
    link->n++;
    memcpy(link->hash, hash, sizeof hash);
    return true;
}

bool record_stands(const char *line, size_t len, struct record_link *link, struct err *err)
{
    struct record_link at;
    long long n = record_number(line, len);

    if (!record_hash(line, len, at.hash, err))
        return err_wrap(err, "the last record");
    if (n < 1)
        return err_set(err, "the last record has no number");
    at.n = n;
    *link = at;
    return true;
}

/* ---- reading ---- */

static bool record_int(const struct json *doc, const char *key, int64_t *out)
{
    double d;

    if (!json_number(json_get(doc, key), &d) || d < -9e15 || d > 9e15)
        return false;
    *out = (int64_t)d;
    return true;
}

static void record_text(const struct json *doc, const char *key, struct text *out)
{
    text_sets(out, json_string(json_get(doc, key)));
}

bool record_read(struct record *r, const char *line, size_t len, struct err *err)
{
    const char *t;

    *r = (struct record){ 0 };
    r->doc = json_parse(line, len, 0, 0, err);
    if (!r->doc)
        return false;
    t = json_string(json_get(r->doc, "t"));
    r->what = json_get(r->doc, "what");
    if (!record_int(r->doc, "n", &r->n) || !t || !stamp_parse(t, strlen(t), &r->at_ms) ||
        !json_is(r->what, JSON_OBJECT)) {
        record_fini(r);
        return err_set(err, "it lacks n, t or what");
    }
    if (!record_int(r->doc, "mono", &r->mono_ms))
        r->mono_ms = 0;
    if (!record_int(r->doc, "uid", &r->uid))
        r->uid = -1;
    if (!record_int(r->doc, "pid", &r->pid))
        r->pid = 0;
    record_text(r->doc, "code", &r->code);
    record_text(r->doc, "user", &r->user);
    record_text(r->doc, "host", &r->host);
    return true;
}

void record_fini(struct record *r)
{
    text_fini(&r->code);
    text_fini(&r->user);
    text_fini(&r->host);
    json_free(r->doc);
    *r = (struct record){ 0 };
}
