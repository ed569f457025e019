/* examples/sim/metrics.c: request counters and latency histograms. */
#include "metrics.h"

#include <string.h>

static const struct {
    double le_s;
    const char *text;
} metrics_le[METRICS_BUCKETS] = {
    { 0.005, "0.005" }, { 0.01, "0.01" }, { 0.025, "0.025" }, { 0.05, "0.05" }, { 0.1, "0.1" },
    { 0.25, "0.25" },   { 0.5, "0.5" },   { 1, "1" },         { 2.5, "2.5" },
};

void metrics_init(struct metrics *m)
{
    memset(m, 0, sizeof *m);
    pthread_mutex_init(&m->lock, NULL);
}

void metrics_reset(struct metrics *m)
{
    pthread_mutex_lock(&m->lock);
    memset(m->rows, 0, sizeof m->rows);
    memset(m->hists, 0, sizeof m->hists);
    pthread_mutex_unlock(&m->lock);
}

/* A method comes from outside: only known words become labels. */
static const char *metrics_method(const char *method)
{
    static const char *const known[] = {
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"
    };

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (!strcmp(method, known[i]))
            return known[i];
    return "OTHER";
}

static void metrics_row(struct metrics *m, const char *method, const char *route, int code,
                        uint64_t more)
{
    for (int i = 0; i < METRICS_ROWS; i++) {
        if (!m->rows[i].method) {
            m->rows[i].method = method;
            m->rows[i].route = route;
            m->rows[i].code = code;
        }
        if (m->rows[i].method == method && !strcmp(m->rows[i].route, route) &&
            m->rows[i].code == code) {
            m->rows[i].n += more;
            return;
        }
    }
}

/* The histogram of a route, begun when it is new; -1 when there are too many. Locked. */
static int metrics_hist(struct metrics *m, const char *method, const char *route)
{
    for (int i = 0; i < METRICS_ROWS; i++) {
        if (!m->hists[i].method) {
            m->hists[i].method = method;
            m->hists[i].route = route;
        }
        if (m->hists[i].method == method && !strcmp(m->hists[i].route, route))
            return i;
    }
    return -1;
}

void metrics_declare(struct metrics *m, const char *method, const char *route)
{
    method = metrics_method(method);
    pthread_mutex_lock(&m->lock);
    metrics_row(m, method, route, 200, 0);
    metrics_hist(m, method, route);
    pthread_mutex_unlock(&m->lock);
}

void metrics_count(struct metrics *m, const char *method, const char *route, int code, double ms)
{
    int b = 0;

    method = metrics_method(method);
    while (b < METRICS_BUCKETS && ms / 1000 > metrics_le[b].le_s)
        b++;
    pthread_mutex_lock(&m->lock);
    metrics_row(m, method, route, code, 1);
    int h = metrics_hist(m, method, route);
    if (h >= 0) {
        m->hists[h].bucket[b]++;
        m->hists[h].n++;
        m->hists[h].sum_s += ms / 1000;
    }
    pthread_mutex_unlock(&m->lock);
}

void metrics_gauge(struct str *out, const char *name, const char *help, double value)
{
    str_addf(out, "# HELP %s %s\n# TYPE %s gauge\n%s %.15g\n", name, help, name, name, value);
}

void metrics_text(struct metrics *m, struct str *out)
{
    pthread_mutex_lock(&m->lock);
    str_add(out, "# HELP http_requests_total Requests served, by method, route and code.\n"
                 "# TYPE http_requests_total counter\n");
    for (int i = 0; i < METRICS_ROWS && m->rows[i].method; i++)
        str_addf(out, "http_requests_total{method=\"%s\",route=\"%s\",code=\"%d\"} %llu\n",
                 m->rows[i].method, m->rows[i].route, m->rows[i].code,
                 (unsigned long long)m->rows[i].n);
    str_add(out, "# HELP http_request_duration_seconds Time to answer.\n"
                 "# TYPE http_request_duration_seconds histogram\n");
    for (int i = 0; i < METRICS_ROWS && m->hists[i].method; i++) {
        const char *me = m->hists[i].method, *ro = m->hists[i].route;
        uint64_t sum = 0;

        for (int b = 0; b <= METRICS_BUCKETS; b++) {
            sum += m->hists[i].bucket[b];
            str_addf(out,
                     "http_request_duration_seconds_bucket{method=\"%s\",route=\"%s\",le=\"%s\"} "
                     "%llu\n",
                     me, ro, b < METRICS_BUCKETS ? metrics_le[b].text : "+Inf",
                     (unsigned long long)sum);
        }
        str_addf(out,
                 "http_request_duration_seconds_sum{method=\"%s\",route=\"%s\"} %.6f\n"
                 "http_request_duration_seconds_count{method=\"%s\",route=\"%s\"} %llu\n",
                 me, ro, m->hists[i].sum_s, me, ro, (unsigned long long)m->hists[i].n);
    }
    pthread_mutex_unlock(&m->lock);
}

struct metrics_total metrics_total(struct metrics *m)
{
    struct metrics_total t = { 0 };
    uint64_t bucket[METRICS_BUCKETS + 1] = { 0 }, sum = 0;

    pthread_mutex_lock(&m->lock);
    for (int i = 0; i < METRICS_ROWS && m->rows[i].method; i++) {
        t.requests += m->rows[i].n;
        t.errors += m->rows[i].code >= 500 ? m->rows[i].n : 0;
    }
    for (int i = 0; i < METRICS_ROWS && m->hists[i].method; i++)
        for (int b = 0; b <= METRICS_BUCKETS; b++)
            bucket[b] += m->hists[i].bucket[b];
    pthread_mutex_unlock(&m->lock);
    double want = 0.95 * (double)t.requests;
    for (int b = 0; b < METRICS_BUCKETS && t.requests; b++) {
        double low = b ? metrics_le[b - 1].le_s : 0;
        if ((double)(sum + bucket[b]) >= want && bucket[b]) {
            t.p95_ms = 1000 * (low + (metrics_le[b].le_s - low) * (want - (double)sum) /
                                         (double)bucket[b]);
            return t;
        }
        sum += bucket[b];
    }
    if (t.requests)
        t.p95_ms = 1000 * metrics_le[METRICS_BUCKETS - 1].le_s;
    return t;
}
