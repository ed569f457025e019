/* app/urls_look.c: what can be found behind an address that names only a host. */
#include "app/urls_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

static const char *const look_health[] = { "/health",        "/healthz",         "/api/health",
                                           "/api/v1/health", "/actuator/health", "/q/health",
                                           "/health/ready",  "/-/healthy",       "/status" };

/* On the heap. */
static char *look_url(const char *base, const char *path)
{
    struct buf url = { 0 };

    buf_adds(&url, base);
    buf_adds(&url, path);
    return url.bytes;
}

static bool look_get(urls_get *get, void *arg, const char *base, const char *path, int *code,
                     struct buf *body)
{
    char *url = look_url(base, path);
    bool answered;

    buf_clear(body);
    *code = 0;
    answered = get(arg, url, code, body);
    free(url);
    return answered;
}

/* A health page answers 200 or 503 with JSON or a word. A page for people proves nothing: many
 * servers give theirs for every path. */
static bool look_is_health(int code, const struct buf *body)
{
    const char *s = buf_str(body);

    s += strspn(s, " \t\r\n");
    if (code != 200 && code != 503)
        return false;
    if (*s == '{')
        return true;
    return *s && *s != '<' && body->len <= 64;
}

static const char *look_line(const char *page, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = page; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (strncmp(at, name, len) == 0 && (at[len] == '{' || at[len] == ' '))
            return at;
    }
    return NULL;
}

/* The label that holds the HTTP code differs from library to library. */
static void look_requests(struct url *u, const char *page)
{
    static const char *const labels[] = { "code", "status", "status_code", "http_status" };
    const char *line = look_line(page, "http_requests_total");

    if (!line)
        return;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        for (const char *begin = "{,"; *begin; begin++) {
            char label[32];
            const char *at;

            snprintf(label, sizeof label, "%c%s=\"", *begin, labels[i]);
            at = strstr(line, label);
            if (at && at < line + strcspn(line, "\n")) {
                snprintf(u->code_label, sizeof u->code_label, "%s", labels[i]);
                return;
            }
        }
    }
}

static void look_metrics(struct url *u, const char *base, urls_get *get, void *arg,
                         const char *path)
{
    struct buf page = { 0 };
    int code;

    if (look_get(get, arg, base, path, &code, &page) && code == 200) {
        look_requests(u, buf_str(&page));
        u->durations = look_line(buf_str(&page), "http_request_duration_seconds_bucket") != NULL;
        if (*u->code_label || u->durations)
            u->metrics = look_url(base, path);
    }
    buf_fini(&page);
}

static void look_find_health(struct url *u, const char *base, urls_get *get, void *arg)
{
    struct buf body = { 0 };

    for (size_t i = 0; i < sizeof look_health / sizeof *look_health && !u->health; i++) {
        int code;

        if (!look_get(get, arg, base, look_health[i], &code, &body)) {
            u->silent = i == 0;
            break; /* nothing there answers at all */
        }
        if (look_is_health(code, &body))
            u->health = look_url(base, look_health[i]);
    }
    buf_fini(&body);
}

void urls_look(struct urls *u, urls_get *get, void *arg)
{
    for (size_t i = 0; i < u->n; i++) {
        struct url *url = &u->items[i];
        bool bare = !*url->path || strcmp(url->path, "/") == 0, taken = false;
        char *base;

        if (url->kind != URL_HTTP || url->password || url->given)
            continue;
        base = xstrndup(url->address, strlen(url->address));
        base[(size_t)(strstr(base, "://") - base) + 3 + strlen(url->host)] = '\0';
        for (size_t j = 0; j < u->n; j++) /* another address may name the health page itself */
            taken |= j != i && strcmp(u->items[j].id, url->id) == 0 &&
                     strcmp(u->items[j].probe, "health") == 0;
        if (bare && !taken)
            look_find_health(url, base, get, arg);
        if (url->first || strcmp(url->path, "/metrics") == 0)
            look_metrics(url, base, get, arg, "/metrics");
        free(base);
    }
}
