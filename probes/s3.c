/* probes/s3.c: backups that are objects in a bucket: listed page by page, each request signed.
 *
 * A listing says what was stored and when; it reads nothing back. What is in several pages is one
 * answer: a page that fails, or more objects than are looked at, and nothing is known.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/secret.h"
#include "probes/backup.h"
#include "probes/files_impl.h"
#include "probes/registry.h"
#include "probes/s3_listing.h"
#include "probes/s3_place.h"
#include "probes/target.h"

enum { S3_PAGES = 100, S3_EVERY_MIN_MS = 60 * 1000 };

struct s3_options {
    char *s3, *match, *endpoint, *region;
    char *access_key, *secret_key, *session_token;
    struct backup_options backup;
    int name_time; /* enum files_names */
    int64_t connect_ms;
    char *ca_file, *insecure_reason;
    bool insecure;
    struct s3_place place; /* by s3_check() */
};

#define S3(field) offsetof(struct s3_options, field)

static const char *const s3_name_times[] = { "utc", "local", "none", NULL };

static const struct option s3_options[] = {
    { "s3", OPTION_STRING, S3(s3), NULL, "bucket and prefix: s3://bucket/prefix",
      .required = true },
    { "match", OPTION_STRING, S3(match), NULL,
      "pattern for what follows the prefix: db_*.sql.gz; else all" },
    { "endpoint", OPTION_URL, S3(endpoint), NULL, "server, where it is not Amazon's own" },
    { "region", OPTION_STRING, S3(region), "us-east-1", "region that requests are signed for" },
    { "access_key", OPTION_SECRET, S3(access_key), NULL, "id of the access key", .required = true },
    { "secret_key", OPTION_SECRET, S3(secret_key), NULL, "its secret", .required = true },
    { "session_token", OPTION_SECRET, S3(session_token), NULL, "token of a key for a while" },
    BACKUP_OPTIONS(S3(backup)),
    { "name_time", OPTION_ENUM, S3(name_time), "utc",
      "the zone of a date in the name; none: a name tells no time", .words = s3_name_times },
    TARGET_TRUST(struct s3_options),
    { 0 }
};

struct s3_state {
    struct http_target *target; /* of the page that is asked */
    struct s3_listing *listing;
    struct err wrong; /* what is not a listing in the page that comes */
    char *token;      /* what the page was asked with; NULL = the first */
    int pages;
    size_t others;    /* objects that do not match */
    int64_t asked_ms; /* monotonic */
    struct backup_facts facts;
    struct backup_say say;
    struct report report;
};

/* ---- options ---- */

static bool s3_check(void *self, struct probe_common *common, struct err *err)
{
    struct s3_options *o = self;
    const struct probe_trust trust = { o->ca_file, o->insecure_reason, o->insecure };
    bool tls = !o->endpoint || strncmp(o->endpoint, "https:", 6) == 0;

    if (!s3_place_read(&o->place, o->s3, o->endpoint, o->region, err) ||
        !probe_trust_check(&trust, tls, "the endpoint is http", err))
        return false;
    if (!probe_seldom(common, S3_EVERY_MIN_MS,
                      "a bucket is listed every 1m at most; write every: 15m", err))
        return false;
    return backup_check_listed(&o->backup, common, err);
}

static size_t s3_signals(const void *self, const struct probe_common *common,
                         struct signal_spec out[READING_SIGNALS])
{
    (void)self;
    (void)common;
    return backup_signals(out);
}

static void s3_target(const void *self, struct text *out)
{
    const struct s3_options *o = self;
    struct text server = { 0 };

    if (o->endpoint)
        http_url_show(o->endpoint, &server);
    text_setf(out, "%s%s%s", o->s3, o->endpoint ? " on " : "", text_str(&server));
    text_fini(&server);
}

/* ---- what is reported ---- */

static void s3_end(struct s3_state *s)
{
    http_target_free(s->target);
    s->target = NULL;
    free(s->token);
    s->token = NULL;
}

static void s3_failed(struct probe *p, enum fault fault, const char *why)
{
    struct s3_state *s = p->state;

    report_clear(&s->report, io_now_ms(p->clients->io));
    probe_report_failed(&s->report, fault, why); /* before what `why` may lie in ends */
    s3_end(s);
    probe_report(p, &s->report);
}

static void s3_done(struct probe *p, const struct http_reply *r)
{
    const struct s3_options *o = p->self;
    struct s3_state *s = p->state;

    report_clear(&s->report, io_now_ms(p->clients->io));
    s->report.phases = r->phases;
    s->report.http_code = r->code;
    s3_end(s);
    if (!s->facts.total && s->others) /* a wrong pattern, more often than a lost backup */
        BACKUP_SET(s->facts.wrong, "of %zu object%s none matches %.60s", s->others,
                   s->others == 1 ? "" : "s", o->match);
    backup_facts_sort(&s->facts);
    backup_say(&o->backup, &s->facts, &s->say, &s->report);
    probe_report(p, &s->report);
}

/* Whose fault an error is, by its code: a key that is not taken is ours to mend. */
static enum fault s3_error_fault(const char *code, int http_code)
{
    static const char *const ours[] = { "AccessDenied",         "AuthorizationHeaderMalformed",
                                        "ExpiredToken",         "InvalidAccessKeyId",
                                        "InvalidSecurity",      "InvalidToken",
                                        "RequestTimeTooSkewed", "SignatureDoesNotMatch",
                                        "TokenRefreshRequired" };

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(code, ours[i]) == 0)
            return FAULT_AUTH;
    return http_code == 401 || http_code == 403 ? FAULT_AUTH : FAULT_STATUS;
}

/* "403 SignatureDoesNotMatch: The request signature we calculated does not match ..." */
static void s3_refused(struct probe *p, const struct http_reply *r)
{
    struct s3_state *s = p->state;
    const char *code = NULL, *message = "", *region;
    struct err ignored;
    char why[512];
    size_t len;

    if (r->code != 200) { /* else it was fed as it came */
        s3_listing_clear(s->listing);
        if (!s3_listing_feed(s->listing, r->body, r->len, &ignored) ||
            !s3_listing_end(s->listing, &ignored))
            s3_listing_clear(s->listing);
    }
    code = s3_listing_error(s->listing, &message);
    region = http_reply_header(r, "x-amz-bucket-region", &len);
    if (region && r->code / 100 == 3)
        snprintf(why, sizeof why, "%d: the bucket is in region %.*s", r->code,
                 (int)(len < 40 ? len : 40), region);
    else
        snprintf(why, sizeof why, "%d%s%.60s%s%.300s", r->code, code ? " " : "", code ? code : "",
                 *message ? ": " : "", message);
    s3_failed(
        p, region && r->code / 100 == 3 ? FAULT_LOCAL : s3_error_fault(code ? code : "", r->code),
        why);
}

/* ---- objects into backups ---- */

/* What a folder of the console is made of, and checksums, are no backups. */
static bool s3_is_file(const struct s3_options *o, const struct s3_object *object)
{
    const char *name = object->key + strlen(o->place.prefix);
    size_t len = strlen(object->key), stem;

    return len > 0 && object->key[len - 1] != '/' && !files_sum_tool(name, &stem);
}

static bool s3_matches(const struct s3_options *o, const struct s3_object *object)
{
    return !o->match || fnmatch(o->match, object->key + strlen(o->place.prefix), 0) == 0;
}

static void s3_add(struct s3_state *s, const struct s3_options *o, const struct s3_object *object)
{
    struct files_file f = { .mtime_ms = object->modified_ms };
    struct backup *b = backup_facts_add(&s->facts);
    const char *name = object->key + strlen(o->place.prefix);

    BACKUP_SET(f.name, "%s", name);
    files_date(&f, (enum files_names)o->name_time);
    BACKUP_SET(b->name, "%s", *name ? name : object->key);
    BACKUP_SET(b->why, "%s", f.why);
    b->at_ms = f.at_ms;
    b->written_ms = object->modified_ms;
    b->size_bytes = object->size_bytes;
    if (strcmp(object->storage, "GLACIER") == 0 || strcmp(object->storage, "DEEP_ARCHIVE") == 0)
        BACKUP_SET(b->how, "listed in %s: hours until it can be read", object->storage);
    else
        BACKUP_SET(b->how, "listed%s%s", *object->storage ? " in " : "", object->storage);
}

/* False when the page holds what was not asked for: then it was reported. */
static bool s3_take(struct probe *p)
{
    const struct s3_options *o = p->self;
    struct s3_state *s = p->state;
    const struct s3_object *objects;
    size_t n = s3_listing_objects(s->listing, &objects);

    for (size_t i = 0; i < n; i++) {
        if (strncmp(objects[i].key, o->place.prefix, strlen(o->place.prefix)) != 0) {
            s3_failed(p, FAULT_BODY, "it lists what does not begin with the prefix");
            return false;
        }
        if (!s3_is_file(o, &objects[i]))
            continue;
        if (s3_matches(o, &objects[i]))
            s3_add(s, o, &objects[i]);
        else
            s->others++;
    }
    return true;
}

/* ---- asking ---- */

static void s3_ask(struct probe *p);

static void s3_on_page(void *arg, const struct http_reply *r)
{
    struct probe *p = arg;
    struct s3_state *s = p->state;
    const char *next;

    if (*s->wrong.msg)
        s3_failed(p, FAULT_BODY, s->wrong.msg);
    else if (r->fault != FAULT_NONE)
        s3_failed(p, r->fault, r->why.msg);
    else if (r->code != 200)
        s3_refused(p, r);
    else if (!s3_listing_end(s->listing, &s->wrong))
        s3_failed(p, FAULT_BODY, s->wrong.msg);
    else if (s3_listing_error(s->listing, NULL))
        s3_refused(p, r);
    else if (s3_take(p)) {
        next = s3_listing_next(s->listing);
        if (!next) {
            s3_done(p, r);
        } else if (s->token && strcmp(next, s->token) == 0) {
            s3_failed(p, FAULT_BODY, "it gives the same page again and again");
        } else if (++s->pages == S3_PAGES) {
            s3_failed(p, FAULT_BODY, "more than 100 000 objects: name a longer prefix");
        } else {
            free(s->token);
            s->token = xstrdup(next);
            s3_ask(p);
        }
    }
}

static bool s3_on_chunk(void *arg, const char *bytes, size_t len)
{
    struct s3_state *s = ((struct probe *)arg)->state;

    return s3_listing_feed(s->listing, bytes, len, &s->wrong);
}

/* "ID:SECRET" for the client; NULL with err when one cannot be had. */
static struct secret *s3_key(const struct probe *p, struct err *err)
{
    const struct s3_options *o = p->self;
    struct secret *id = NULL, *key = NULL, *both = NULL;
    struct buf b = { 0 };

    if (probe_secret(p->clients, o->access_key, &id, err) &&
        probe_secret(p->clients, o->secret_key, &key, err)) {
        if (!secret_len(id) || strchr(secret_reveal(id), ':')) {
            err_set(err, "access_key: what %s names is no id of a key", o->access_key);
        } else {
            buf_addf(&b, "%s:%s", secret_reveal(id), secret_reveal(key));
            both = secret_new(b.bytes, b.len);
            secret_wipe(b.bytes, b.len);
        }
    }
    buf_fini(&b);
    secret_free(id);
    secret_free(key);
    return both;
}

/* Each page is a target of its own; the connection is kept between them. */
static bool s3_target_new(struct probe *p, struct err *err)
{
    const struct s3_options *o = p->self;
    struct s3_state *s = p->state;
    struct secret *key = s3_key(p, err), *session = NULL;
    struct buf url = { 0 };
    struct http_spec spec = { .aws_region = o->region,
                              .aws_service = "s3",
                              .aws_key = key,
                              .connect_timeout_ms = o->connect_ms,
                              .insecure = o->insecure,
                              .ca_file = o->ca_file,
                              .chunk = s3_on_chunk };

    http_target_free(s->target);
    s->target = NULL;
    if (key && probe_secret(p->clients, o->session_token, &session, err)) {
        s3_place_url(&o->place, S3_PAGE_OBJECTS, s->token, &url);
        spec.url = buf_str(&url);
        spec.aws_session = session;
        s->target = http_target_new(p->clients->http, &spec, err);
    }
    buf_fini(&url);
    secret_free(session);
    secret_free(key);
    return s->target != NULL;
}

static void s3_ask(struct probe *p)
{
    struct s3_state *s = p->state;
    int64_t left_ms = p->common->timeout_ms - (io_mono_ms(p->clients->io) - s->asked_ms);
    struct err err = { "" };
    char why[64];

    if (left_ms <= 0) {
        snprintf(why, sizeof why, "no time left after %d pages", s->pages);
        s3_failed(p, FAULT_TIMEOUT, why);
    } else if (!s3_target_new(p, &err)) {
        s3_failed(p, FAULT_AUTH, err.msg);
    } else {
        s3_listing_clear(s->listing);
        s->wrong.msg[0] = '\0';
        http_ask(s->target, left_ms, s3_on_page, p);
    }
}

static void s3_poll(struct probe *p)
{
    struct s3_state *s = p->state;

    s3_end(s);
    s->pages = 0;
    s->others = 0;
    s->asked_ms = io_mono_ms(p->clients->io);
    backup_facts_clear(&s->facts);
    s3_ask(p);
}

static bool s3_open(struct probe *p, struct err *err)
{
    struct s3_state *s = xcalloc(1, sizeof *s);

    (void)err;
    s->listing = s3_listing_new();
    report_init(&s->report, 0);
    p->state = s;
    return true;
}

static void s3_close(struct probe *p)
{
    struct s3_state *s = p->state;

    if (!s)
        return;
    s3_end(s);
    s3_listing_free(s->listing);
    backup_facts_fini(&s->facts);
    backup_say_fini(&s->say);
    report_fini(&s->report);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_s3 = {
    .kind = "s3",
    .help = "backups that are objects in a bucket of S3",
    .options = s3_options,
    .size = sizeof(struct s3_options),
    .check = s3_check,
    .signals = s3_signals,
    .target = s3_target,
    .requests_max = S3_PAGES,
    .open = s3_open,
    .poll = s3_poll,
    .close = s3_close,
};
