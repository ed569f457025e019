/* tests/probes/probe_case.h: one probe on the virtual clock, made from option pairs, and what it
 * reported. */
#pragma once

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/fake.h"
#include "probes/probe.h"
#include "probes/registry.h"

struct probe_case {
    struct io *io;
    struct clients clients;
    struct fake_net net;
    struct fake_answer answer; /* to every HTTP request, to every query, to every INFO */
    const char *pong;          /* to every PING, RESP; NULL = +PONG */
    const char *hash;          /* to every HMGET, RESP */
    char asked_url[256];
    char asked_sql[2048]; /* or the words of the last Redis command */
    const char *secret;   /* what every reference names; NULL = cannot be had */
    int asked;
    struct probe probe;
    struct probe_common common;
    /* the newest report */
    int reports, closed;
    enum state state;
    enum fault fault;
    bool disagree, known, above;
    int code;
    char reason[512], version[64], restart[64], note[256];
    double value, num, den;
    enum unit share_unit;
    int64_t window_ms, at_ms;
    struct {
        bool known;
        double value;
        char note[128];
    } second, third;  /* the signals after the main one */
    char notes[1024]; /* of all signals: "note|note|" */
    size_t table_rows, table_cols;
    bool table_cut;
    char table[1024]; /* "a b|1 2|" header first */
    size_t n_components;
    char components[512]; /* "redis=down db=up" */
    struct phases phases;
};

static inline void case_http(void *arg, const char *method, const char *url,
                             struct fake_answer *out)
{
    struct probe_case *c = arg;

    (void)method;
    c->asked++;
    snprintf(c->asked_url, sizeof c->asked_url, "%s", url);
    *out = c->answer;
}

static inline void case_postgres(void *arg, const char *conninfo, const char *sql,
                                 struct fake_answer *out)
{
    struct probe_case *c = arg;

    c->asked++;
    snprintf(c->asked_url, sizeof c->asked_url, "%s", conninfo);
    snprintf(c->asked_sql, sizeof c->asked_sql, "%s", sql);
    *out = c->answer;
}

static inline void case_redis(void *arg, const char *address, int argc, const char *const *argv,
                              struct fake_answer *out)
{
    struct probe_case *c = arg;

    c->asked++;
    snprintf(c->asked_url, sizeof c->asked_url, "%s", address);
    snprintf(c->asked_sql, sizeof c->asked_sql, "%s%s%s", argv[0], argc > 1 ? " " : "",
             argc > 1 ? argv[1] : "");
    if (strcmp(argv[0], "PING") == 0)
        *out = (struct fake_answer){ .body = c->pong ? c->pong : "+PONG\r\n",
                                     .fault = c->answer.fault,
                                     .why = c->answer.why,
                                     .delay_ms = c->answer.delay_ms };
    else if (strcmp(argv[0], "HMGET") == 0)
        *out = (struct fake_answer){ .body = c->hash };
    else
        *out = c->answer;
}

static inline struct secret *case_secret(void *arg, const char *reference, struct err *err)
{
    struct probe_case *c = arg;

    if (!c->secret) {
        err_set(err, "%s is not set", reference);
        return NULL;
    }
    return secret_new(c->secret, strlen(c->secret));
}

static inline void case_table(struct probe_case *c, const struct table *t)
{
    size_t n = 0;

    c->table[0] = '\0';
    c->table_rows = t ? t->rows : 0;
    c->table_cols = t ? t->cols : 0;
    c->table_cut = t && t->cut;
    for (size_t i = 0; t && i < (t->rows + 1) * t->cols && n < sizeof c->table; i++)
        n += (size_t)snprintf(c->table + n, sizeof c->table - n, "%s%s", text_str(&t->cells[i]),
                              (i + 1) % t->cols ? " " : "|");
}

static inline void case_report(void *arg, struct probe *p, const struct report *r)
{
    struct probe_case *c = arg;
    size_t n = 0;

    (void)p;
    c->reports++;
    c->at_ms = r->at_ms;
    c->state = r->state;
    c->fault = r->fault;
    c->disagree = r->disagree;
    c->code = r->http_code;
    c->phases = r->phases;
    c->known = r->values[0].known;
    c->above = r->values[0].above;
    c->value = r->values[0].value;
    c->num = r->values[0].num;
    c->share_unit = r->values[0].share_unit;
    c->den = r->values[0].den;
    c->window_ms = r->values[0].window_ms;
    snprintf(c->note, sizeof c->note, "%s", text_str(&r->values[0].note));
    c->second.known = r->values[1].known;
    c->second.value = r->values[1].value;
    snprintf(c->second.note, sizeof c->second.note, "%s", text_str(&r->values[1].note));
    c->third.known = r->values[2].known;
    c->third.value = r->values[2].value;
    snprintf(c->third.note, sizeof c->third.note, "%s", text_str(&r->values[2].note));
    c->notes[0] = '\0';
    for (size_t i = 0, at = 0; i < READING_SIGNALS && at < sizeof c->notes; i++)
        at += (size_t)snprintf(c->notes + at, sizeof c->notes - at, "%s|",
                               text_str(&r->values[i].note));
    case_table(c, r->table);
    snprintf(c->reason, sizeof c->reason, "%s", text_str(&r->reason));
    snprintf(c->version, sizeof c->version, "%s", text_str(&r->version));
    snprintf(c->restart, sizeof c->restart, "%s", text_str(&r->restart));
    c->n_components = r->n_components;
    c->components[0] = '\0';
    for (size_t i = 0; i < r->n_components && n < sizeof c->components; i++)
        n += (size_t)snprintf(c->components + n, sizeof c->components - n, "%s%s=%s", i ? " " : "",
                              text_str(&r->components[i].name), state_word(r->components[i].state));
}

static inline void case_closed(void *arg, struct probe *p)
{
    (void)p;
    ((struct probe_case *)arg)->closed++;
}

/* `pairs`: name, value, ...; NULL ends. "assert:/x" adds to a map, a repeated name to a list. */
static inline bool case_options(const struct probe_ops *ops, void *self,
                                struct probe_common *common, const char *const *pairs,
                                struct err *err)
{
    struct signal_spec specs[READING_SIGNALS] = { 0 };
    enum unit unit = UNIT_NONE;

    option_defaults(probe_common_options, common, UNIT_NONE);
    option_defaults(ops->options, self, UNIT_NONE);
    for (int pass = 0; pass < 2; pass++) { /* quantities last: they need the unit */
        if (pass && ops->signals && ops->signals(self, common, specs))
            unit = specs[0].unit;
        for (const char *const *at = pairs; *at; at += 2) {
            char name[128];
            const char *colon = strchr(at[0], ':');
            const struct option *o;
            void *to = self;
            bool ok;

            snprintf(name, sizeof name, "%.*s", (int)(colon ? colon - at[0] : 100), at[0]);
            o = option_find(ops->options, name);
            if (!o) {
                o = option_find(probe_common_options, name);
                to = common;
            }
            if (!o)
                return err_set(err, "no option %s", name);
            if ((o->type == OPTION_QUANTITY) != pass)
                continue;
            if (o->type == OPTION_MAP)
                ok = option_map_add(o, to, colon ? colon + 1 : "", at[1], err);
            else if (o->type == OPTION_LIST)
                ok = option_list_add(o, to, at[1], err);
            else
                ok = option_set(o, to, at[1], unit, err);
            if (!ok)
                return err_wrap(err, "%s", name);
        }
    }
    return !ops->check || ops->check(self, common, err);
}

static inline void case_fini(struct probe_case *c)
{
    if (c->probe.ops && c->probe.ops->close)
        c->probe.ops->close(&c->probe);
    if (c->probe.self)
        option_fini(c->probe.ops->options, c->probe.self);
    free(c->probe.self);
    option_fini(probe_common_options, &c->common);
    http_free(c->clients.http);
    pg_free(c->clients.pg);
    redis_free(c->clients.redis);
    io_free(c->io);
}

/* Opens the probe in a case that has its loop; the clients may be those of another case. */
static inline void case_open(struct probe_case *c, struct clients *clients, const char *kind,
                             const char *const *pairs)
{
    struct err err = { "" };

    c->probe = (struct probe){ .ops = probe_kind(kind),
                               .common = &c->common,
                               .clients = clients,
                               .on_report = case_report,
                               .on_closed = case_closed,
                               .arg = c };
    assert_non_null(c->probe.ops);
    c->probe.self = calloc(1, c->probe.ops->size);
    if (!case_options(c->probe.ops, c->probe.self, &c->common, pairs, &err) ||
        !c->probe.ops->open(&c->probe, &err))
        fail_msg("%s", err.msg);
}

static inline void case_init(struct probe_case *c, const char *kind, const char *const *pairs)
{
    memset(c, 0, sizeof *c);
    c->io = io_new_virtual(1769652827000);
    c->net = (struct fake_net){
        .arg = c, .http = case_http, .postgres = case_postgres, .redis = case_redis
    };
    io_fake_set(c->io, &c->net);
    c->clients = (struct clients){ .io = c->io,
                                   .http = http_new(c->io, 16),
                                   .pg = pg_new(c->io),
                                   .redis = redis_new(c->io),
                                   .secret = case_secret,
                                   .secret_arg = c };
    case_open(c, &c->clients, kind, pairs);
}

/* One poll, until its report. */
static inline void case_poll(struct probe_case *c)
{
    int before = c->reports;

    c->probe.ops->poll(&c->probe);
    assert_int_equal(c->reports, before); /* never inside the call, unless it is said */
    io_advance(c->io, c->common.timeout_ms);
    assert_int_equal(c->reports, before + 1);
}

/* What check() says of these options, or what reading them does. */
static inline void case_refused(const char *kind, const char *why, const char *const *pairs)
{
    const struct probe_ops *ops = probe_kind(kind);
    struct probe_common common = { 0 };
    struct err err = { "" };
    void *self = calloc(1, ops->size);
    bool ok = case_options(ops, self, &common, pairs, &err);

    if (ok || !strstr(err.msg, why))
        fail_msg("wanted '%s', got '%s'", why, ok ? "no error" : err.msg);
    option_fini(ops->options, self);
    option_fini(probe_common_options, &common);
    free(self);
}

#define PAIRS(...) ((const char *const[]){ __VA_ARGS__, NULL })
