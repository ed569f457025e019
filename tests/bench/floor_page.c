/* tests/bench/floor_page.c: the least that a page of metrics costs: fetch with libcurl, look at
 * each line as it streams by, and convert the numbers of the series that are wanted. Options:
 * floor.h.
 *
 * The wanted series are those of the bench's `metrics` probe: a ratio over http_requests_total and
 * a quantile over the buckets of http_request_duration_seconds; five names by prefix.
 */
#include "floor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 4096 };

static const char *const floor_wanted[] = {
    "http_requests_total{",
    "http_request_duration_seconds_bucket{",
    "http_request_duration_seconds_count",
    "queue_depth{queue=\"mail\"}",
    "queue_depth{queue=\"scrape\"}",
};

struct page_scan { /* one target's page as it comes */
    char line[LINE_MAX_BYTES];
    size_t len;
    unsigned found;
    double sum;
};

static struct page_scan *floor_scans[65536];

static void scan_line(struct page_scan *s, const char *line, size_t len)
{
    if (len < 8 || line[0] == '#')
        return;
    for (size_t i = 0; i < sizeof floor_wanted / sizeof *floor_wanted; i++) {
        size_t n = strlen(floor_wanted[i]);
        char number[64];
        const char *space;

        if (len <= n || memcmp(line, floor_wanted[i], n))
            continue;
        space = memrchr(line, ' ', len);
        if (!space || (size_t)(line + len - space) > sizeof number)
            return;
        memcpy(number, space + 1, (size_t)(line + len - space - 1));
        number[line + len - space - 1] = '\0';
        s->sum += strtod(number, NULL);
        s->found++;
        return;
    }
}

static size_t scan_bytes(char *data, size_t size, size_t n, void *arg)
{
    struct floor_fetch *f = arg;
    struct page_scan *s = floor_scans[f->id];
    char *at = data, *end = data + size * n, *newline;

    if (!s && !(s = floor_scans[f->id] = calloc(1, sizeof *s)))
        abort();
    while ((newline = memchr(at, '\n', (size_t)(end - at)))) {
        size_t len = (size_t)(newline - at);

        if (s->len && s->len + len < LINE_MAX_BYTES) {
            memcpy(s->line + s->len, at, len);
            scan_line(s, s->line, s->len + len);
        } else if (!s->len) {
            scan_line(s, at, len);
        }
        s->len = 0;
        at = newline + 1;
    }
    if (s->len + (size_t)(end - at) < LINE_MAX_BYTES) {
        memcpy(s->line + s->len, at, (size_t)(end - at));
        s->len += (size_t)(end - at);
    }
    return size * n;
}

static bool scan_ended(struct floor_fetch *f, long code)
{
    struct page_scan *s = floor_scans[f->id];
    bool good = code == 200 && s && s->found >= 18;

    if (s)
        *s = (struct page_scan){ .len = 0 };
    return good;
}

int main(int argc, char **argv)
{
    struct floor_options o = {
        .targets = 20, .addresses = 1, .interval_ms = 1000, .in_flight = 64, .path = "/metrics"
    };

    floor_parse(argc, argv, &o);
    return floor_run(&o, &(struct floor_job){ scan_bytes, scan_ended });
}
