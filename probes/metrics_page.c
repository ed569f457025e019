/* probes/metrics_page.c: a page of metrics, fetched once for all probes that read it and are asked
 * at the same time; scanned as it comes in, never kept.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "io/limits.h"
#include "probes/metrics_impl.h"
#include "probes/target.h"

#define PAGE_ACCEPT \
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
#define PAGE_PROCESS "process_start_time_seconds"

struct metrics_page {
    struct metrics_page *next;
    struct clients *clients;
    char *key;
    struct http_target *target; /* NULL while a secret cannot be had */
    struct io_timer *start;     /* those asked in one turn go together */
    struct metrics_state *readers;
    struct expo *expo;
    bool stale_names; /* readers changed since `expo` was made */
    bool running, fed, refused;
    struct err why;
    int64_t process_ms;
    int busy;   /* answering: the memory has to stay */
    bool ended; /* ... although the last reader left meanwhile */
};

static const struct metrics_options *page_options(const struct metrics_page *g)
{
    return g->readers->probe->self; /* they are alike in all that the page needs */
}

static struct metrics_state *page_first(const struct metrics_page *g, bool taking)
{
    struct metrics_state *s = g->readers;

    while (s && !(taking ? s->taking : s->waiting))
        s = s->next;
    return s;
}

/* ---- reading ---- */

static void page_on_sample(void *arg, const struct expo_sample *sample)
{
    struct metrics_page *g = arg;

    if (sample->name_len == sizeof PAGE_PROCESS - 1 &&
        memcmp(sample->name, PAGE_PROCESS, sample->name_len) == 0 && sample->value > 0 &&
        sample->value < 1e11)
        g->process_ms = (int64_t)(sample->value * 1000);
    for (struct metrics_state *s = g->readers; s; s = s->next)
        if (s->taking)
            metrics_sample(s, sample);
}

static void page_learn_names(struct metrics_page *g)
{
    const char **names = NULL;
    size_t n = 1, cap = 1;

    for (struct metrics_state *s = g->readers; s; s = s->next)
        cap += 4;
    names = xcalloc(cap, sizeof *names);
    names[0] = PAGE_PROCESS;
    for (struct metrics_state *s = g->readers; s; s = s->next) {
        const char *wanted[4];
        size_t more = metrics_wanted(s, wanted);

        for (size_t i = 0; i < more; i++) {
            size_t k = 0;

            while (k < n && strcmp(names[k], wanted[i]) != 0)
                k++;
            if (k == n)
                names[n++] = wanted[i];
        }
    }
    expo_free(g->expo);
    g->expo = expo_new(names, n, page_on_sample, g);
    free(names);
    g->stale_names = false;
}

static void page_first_bytes(struct metrics_page *g)
{
    char type[128] = "";
    size_t len = 0;
    const char *found = http_header_now(g->target, "Content-Type", &len);

    if (found)
        snprintf(type, sizeof type, "%.*s", (int)(len < sizeof type ? len : sizeof type - 1),
                 found);
    g->fed = true;
    expo_begin(g->expo, expo_format_of(type), false);
}

static bool page_on_chunk(void *arg, const char *bytes, size_t len)
{
    struct metrics_page *g = arg;

    if (!g->fed)
        page_first_bytes(g);
    g->refused = !expo_feed(g->expo, bytes, len, &g->why);
    return !g->refused;
}

/* ---- answering ---- */

static void page_report(struct metrics_state *s)
{
    s->waiting = s->taking = false;
    probe_report(s->probe, &s->report);
}

static void page_answer(struct metrics_page *g, struct metrics_state *s, const struct http_reply *r,
                        int64_t now_ms)
{
    char why[sizeof(struct err) + 32];

    report_clear(&s->report, now_ms);
    s->report.http_code = r->code;
    s->report.phases = r->phases;
    if (g->refused) {
        snprintf(why, sizeof why, "not a page of metrics: %s", g->why.msg);
        probe_report_failed(&s->report, FAULT_BODY, why);
    } else if (target_answered(r, "a page of metrics", &s->report)) {
        metrics_complete(s, now_ms, g->process_ms);
    }
}

static void page_release(struct metrics_page *g)
{
    http_target_free(g->target);
    io_timer_free(g->start);
    expo_free(g->expo);
    free(g->key);
    free(g);
}

/* After answering: false when the last reader left meanwhile, and the page with it. */
static bool page_stays(struct metrics_page *g)
{
    g->busy--;
    if (!g->ended || g->busy)
        return true;
    page_release(g);
    return false;
}

static bool page_answer_all(struct metrics_page *g, const struct http_reply *r)
{
    int64_t now_ms = io_now_ms(g->clients->io);
    struct metrics_state *s;

    g->busy++;
    while ((s = page_first(g, true))) {
        page_answer(g, s, r, now_ms);
        page_report(s);
    }
    return page_stays(g);
}

static void page_on_reply(void *arg, const struct http_reply *r)
{
    struct metrics_page *g = arg;
    const struct metrics_options *o = page_options(g);
    bool rejected = r->code == 401 || r->code == 403;

    g->running = false;
    if (r->fault == FAULT_NONE && r->code >= 200 && r->code <= 299) {
        if (!g->fed)
            page_first_bytes(g); /* and last ones: the page is empty */
        g->refused = !expo_end(g->expo, &g->why);
    }
    rejected = rejected && (o->bearer || o->basic);
    if (!page_answer_all(g, r))
        return;
    if (rejected) { /* the secret may have been renewed: read it again next time */
        http_target_free(g->target);
        g->target = NULL;
    }
    if (page_first(g, false))
        io_timer_arm(g->start, 0); /* who came too late for this page */
}

/* ---- asking ---- */

static void page_on_closed(void *arg)
{
    struct metrics_page *g = arg;

    for (struct metrics_state *s = g->readers, *next; s; s = next) {
        next = s->next;
        probe_closed(s->probe);
    }
}

static bool page_prepare(struct metrics_page *g, bool *fatal, struct err *err)
{
    const struct metrics_options *o = page_options(g);
    static char accept_key[] = "Accept", accept_value[] = PAGE_ACCEPT;
    struct strmap headers = { xcalloc(o->headers.n + 1, sizeof(char *)),
                              xcalloc(o->headers.n + 1, sizeof(char *)), o->headers.n };
    struct http_spec spec = {
        .url = o->url,
        .connect_timeout_ms = o->connect_ms,
        .max_bytes = EXPO_PAGE_MAX,
        .insecure = o->insecure,
        .ca_file = o->ca_file,
        .chunk = page_on_chunk,
    };
    bool accepts = false;

    for (size_t i = 0; i < headers.n; i++) {
        headers.keys[i] = o->headers.keys[i];
        headers.values[i] = o->headers.values[i];
        accepts |= strcasecmp(headers.keys[i], "Accept") == 0;
    }
    if (!accepts) {
        headers.keys[headers.n] = accept_key;
        headers.values[headers.n++] = accept_value;
    }
    g->target = target_new(g->clients, &spec, &headers, o->bearer, o->basic, fatal, err);
    if (g->target)
        http_on_closed(g->target, page_on_closed, g);
    free(headers.keys);
    free(headers.values);
    return g->target != NULL;
}

static void page_no_secret(struct metrics_page *g, const struct err *why)
{
    int64_t now_ms = io_now_ms(g->clients->io);
    struct metrics_state *s;

    g->busy++;
    while ((s = page_first(g, false))) {
        report_clear(&s->report, now_ms);
        probe_report_failed(&s->report, FAULT_AUTH, why->msg);
        page_report(s);
    }
    page_stays(g);
}

static void page_take(struct metrics_state *s)
{
    s->taking = true;
    metrics_begin(s);
}

static void page_on_start(void *arg)
{
    struct metrics_page *g = arg;
    struct metrics_state *first = page_first(g, false);
    struct err why = { "" };
    bool fatal;

    if (g->running || !first)
        return;
    if (!g->target && !page_prepare(g, &fatal, &why)) {
        page_no_secret(g, &why);
        return;
    }
    if (g->stale_names || !g->expo)
        page_learn_names(g);
    for (struct metrics_state *s = g->readers; s; s = s->next)
        if (s->waiting)
            page_take(s);
    g->running = true;
    g->fed = g->refused = false;
    g->process_ms = 0;
    http_ask(g->target, first->probe->common->timeout_ms, page_on_reply, g);
}

void metrics_page_poll(struct metrics_state *s)
{
    struct metrics_page *g = s->page;

    s->waiting = true;
    if (!g->running)
        io_timer_arm(g->start, 0);
    else if (!g->fed && !g->stale_names)
        page_take(s); /* nothing was read yet */
}

/* ---- readers ---- */

char *metrics_page_key(const struct metrics_options *o, int64_t timeout_ms)
{
    struct buf b = { 0 };

    buf_addf(&b, "%s\n%s\n%s\n%s\n%d\n%lld\n%lld", o->url, o->bearer ? o->bearer : "",
             o->basic ? o->basic : "", o->ca_file ? o->ca_file : "", o->insecure,
             (long long)o->connect_ms, (long long)timeout_ms);
    for (size_t i = 0; i < o->headers.n; i++)
        buf_addf(&b, "\n%s: %s", o->headers.keys[i], o->headers.values[i]);
    return b.bytes;
}

static void page_free(struct metrics_page *g)
{
    struct metrics_page **at = &g->clients->pages;

    while (*at != g)
        at = &(*at)->next;
    *at = g->next;
    g->ended = true;
    if (!g->busy)
        page_release(g);
}

bool metrics_page_join(struct metrics_state *s, struct err *err)
{
    struct clients *c = s->probe->clients;
    char *key = metrics_page_key(s->probe->self, s->probe->common->timeout_ms);
    struct metrics_page *g = c->pages;
    struct err why = { "" };
    bool fatal = false;

    while (g && strcmp(g->key, key) != 0)
        g = g->next;
    if (!g) {
        g = xcalloc(1, sizeof *g);
        g->clients = c;
        g->key = key;
        g->start = io_timer_new(c->io, page_on_start, g);
        g->next = c->pages;
        c->pages = g;
    } else {
        free(key);
    }
    s->page = g;
    s->next = g->readers;
    g->readers = s;
    g->stale_names = true;
    if (g->target || page_prepare(g, &fatal, &why) || !fatal)
        return true;
    metrics_page_leave(s);
    if (err)
        *err = why;
    return false;
}

void metrics_page_leave(struct metrics_state *s)
{
    struct metrics_page *g = s->page;
    struct metrics_state **at;

    if (!g)
        return;
    for (at = &g->readers; *at != s; at = &(*at)->next)
        ;
    *at = s->next;
    s->page = NULL;
    s->next = NULL;
    g->stale_names = true;
    if (!g->readers) {
        page_free(g);
        return;
    }
    if (g->running && !page_first(g, true) && !page_first(g, false)) {
        http_cancel(g->target); /* nobody waits for it any more */
        g->running = false;
    }
}
