/* io/http_reply.c: what a finished exchange says of itself: headers and phases; and what is
 * learned from it of the server's patience with idle connections.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/http_impl.h"
#include "io/limits.h"

/* The value of the first header of that name in or after `line`, its length in *len; or NULL. */
static const char *http_next_header(const char *line, const char *name, size_t *len)
{
    size_t n = strlen(name);

    while (line && *line) {
        const char *end = strchr(line, '\n');
        const char *stop = end ? end : line + strlen(line);

        if ((size_t)(stop - line) > n && strncasecmp(line, name, n) == 0 && line[n] == ':') {
            const char *found = line + n + 1;

            while (found < stop && (*found == ' ' || *found == '\t'))
                found++;
            while (stop > found && isspace((unsigned char)stop[-1]))
                stop--;
            *len = (size_t)(stop - found);
            return found;
        }
        line = end ? end + 1 : NULL;
    }
    return NULL;
}

static const char *http_last_header(const char *head, const char *name, size_t *len)
{
    const char *found = NULL;
    size_t n;

    for (const char *at = http_next_header(head, name, &n); at;
         at = strchr(at, '\n') ? http_next_header(strchr(at, '\n') + 1, name, &n) : NULL) {
        found = at;
        if (len)
            *len = n;
    }
    return found;
}

const char *http_reply_header(const struct http_reply *r, const char *name, size_t *len)
{
    return http_last_header(r->headers, name, len);
}

const char *http_reply_header_next(const struct http_reply *r, const char *name, const char *after,
                                   size_t *len)
{
    if (!after)
        return http_next_header(r->headers, name, len);
    after = strchr(after, '\n');
    return after ? http_next_header(after + 1, name, len) : NULL;
}

const char *http_header_now(const struct http_target *t, const char *name, size_t *len)
{
    return http_last_header(buf_str(&t->head), name, len);
}

/* Seconds or a date, capped: a server may not silence us for days. */
int64_t http_retry_after(const struct http_reply *r, int64_t now_ms)
{
    char value[64];
    size_t len;
    const char *found = http_reply_header(r, "Retry-After", &len);
    int64_t ms = 0;

    if (!found || len == 0 || len >= sizeof value)
        return 0;
    memcpy(value, found, len);
    value[len] = '\0';
    if (strspn(value, "0123456789") == len) {
        ms = len > 9 ? HTTP_RETRY_AFTER_MS : strtoll(value, NULL, 10) * 1000;
    } else {
        time_t at = curl_getdate(value, NULL);

        if (at > 0 && (int64_t)at * 1000 > now_ms)
            ms = (int64_t)at * 1000 - now_ms;
    }
    return ms > HTTP_RETRY_AFTER_MS ? HTTP_RETRY_AFTER_MS : ms;
}

static int32_t http_phase_us(const struct http_target *t, CURLINFO info)
{
    curl_off_t us = 0;

    curl_easy_getinfo(t->easy, info, &us);
    return us <= 0 ? -1 : us > INT32_MAX ? INT32_MAX : (int32_t)us;
}

static void http_fill_phases(const struct http_target *t, struct http_reply *r)
{
    r->phases = PHASES_NONE;
    if (!r->reused) {
        r->phases.dns_us = http_phase_us(t, CURLINFO_NAMELOOKUP_TIME_T);
        r->phases.connect_us = http_phase_us(t, CURLINFO_CONNECT_TIME_T);
        if (t->https)
            r->phases.tls_us = http_phase_us(t, CURLINFO_APPCONNECT_TIME_T);
    }
    if (t->header_bytes)
        r->phases.first_byte_us = http_phase_us(t, CURLINFO_STARTTRANSFER_TIME_T);
    r->phases.total_us = http_phase_us(t, CURLINFO_TOTAL_TIME_T);
}

void http_fill(struct http_target *t, struct http_reply *r)
{
    char *type = NULL;
    long connects = 0;

    curl_easy_getinfo(t->easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &connects);
    r->code = t->code;
    r->content_type = type ? type : "";
    r->reused = t->sent && connects == 0;
    r->retries = t->sends > t->hops + 1 ? t->sends - t->hops - 1 : 0;
    r->cert_end_ms = t->cert_end_ms;
    http_fill_phases(t, r);
}

/* What the server says about its patience with idle connections. */
void http_learn_hangup(struct http_target *t, const struct http_reply *r)
{
    size_t len;
    const char *keep = http_reply_header(r, "Keep-Alive", &len);
    const char *at = keep ? strstr(keep, "timeout=") : NULL;
    int64_t false_ms = t->triggered_ms;

    t->triggered_ms = 0;
    if (at && at < keep + len) {
        long seconds = strtol(at + 8, NULL, 10);

        t->hangup_ms = seconds > 0 && seconds < 86400 ? seconds * 1000 : 0;
        return;
    }
    /* It closed and was found alive: twice at about the same age is a habit. */
    if (r->fault != FAULT_NONE || false_ms == 0)
        return;
    if (t->habit_ms > 0 && llabs(false_ms - t->habit_ms) <= t->habit_ms / 8 + 250)
        t->hangup_ms = false_ms < t->habit_ms ? false_ms : t->habit_ms;
    t->habit_ms = false_ms;
}
