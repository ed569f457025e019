/* examples/sim/app.c: phases of an instance, and the way of a request through it. */
#include "app.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "now.h"
#include "world.h"

#define APP_GONE_MS 2000 /* between the old process and the new one */

#define APP_LOG_BYTES (4 << 20) /* then the file starts anew; the one before is kept as .1 */

/* ---- the log, in pino's form where the system has none of its own ---- */

static void app_log_path(const struct app *a, const char *suffix, char *out, size_t cap)
{
    snprintf(out, cap, "%s/log/%s.jsonl%s", a->world->boot->place.dir, a->def->name, suffix);
}

static void app_log_open(struct app *a)
{
    char path[400];

    app_log_path(a, "", path, sizeof path);
    a->log_fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0644);
    a->log_bytes = 0;
}

void app_log(struct app *a, const struct str *line)
{
    pthread_mutex_lock(&a->lock);
    if (a->log_bytes > APP_LOG_BYTES) {
        char path[400], old[400];
        app_log_path(a, "", path, sizeof path);
        app_log_path(a, ".1", old, sizeof old);
        close(a->log_fd);
        rename(path, old);
        app_log_open(a);
    }
    if (a->log_fd >= 0 && write(a->log_fd, line->s, line->len) == (ssize_t)line->len)
        a->log_bytes += (long)line->len;
    pthread_mutex_unlock(&a->lock);
}

static void app_log_pino(struct app *a, const struct http_request *rq, int code, int64_t ms,
                         struct str *out)
{
    str_addf(out,
             "{\"level\":%d,\"time\":%lld,\"pid\":%d,\"req\":{\"method\":", code >= 500 ? 50 : 30,
             (long long)world_now_ms(a->world), (int)getpid());
    str_json(out, rq->method);
    str_add(out, ",\"url\":");
    str_json(out, rq->path);
    str_addf(out, "},\"res\":{\"statusCode\":%d},\"responseTime\":%lld,\"msg\":\"%s\"}\n", code,
             (long long)ms, code >= 500 ? "request errored" : "request completed");
}

static void app_log_request(struct app *a, const struct http_request *rq, int code, int64_t ms)
{
    struct str s = { 0 };

    (a->def->log_line ? a->def->log_line : app_log_pino)(a, rq, code, ms, &s);
    app_log(a, &s);
    str_fini(&s);
}

void app_log_tail(struct app *a, size_t bytes, struct str *out)
{
    char buf[8192];
    ssize_t n = -1;

    if (bytes > sizeof buf)
        bytes = sizeof buf;
    pthread_mutex_lock(&a->lock);
    off_t end = a->log_fd >= 0 ? lseek(a->log_fd, 0, SEEK_END) : 0;
    if (end > 0)
        n = pread(a->log_fd, buf, bytes, end > (off_t)bytes ? end - (off_t)bytes : 0);
    pthread_mutex_unlock(&a->lock);
    if (n <= 0)
        return;
    const char *from = buf, *line = end > (off_t)bytes ? memchr(buf, '\n', (size_t)n) : NULL;
    if (line)
        from = line + 1;
    str_addn(out, from, (size_t)(buf + n - from));
}

/* ---- what it is ---- */

static const char *app_label(const struct app_route *r)
{
    return r->label ? r->label : r->path;
}

/* Each route counts from 0. */
static void app_declare(struct app *a)
{
    for (const struct app_route *r = a->def->routes; r->method; r++)
        if (r->ordinary)
            metrics_declare(&a->metrics, r->method, app_label(r));
}

void app_database(const struct app *a, const char *db_name, char *out, size_t cap)
{
    snprintf(out, cap, "postgres://app@127.0.0.1:%d/%s?application_name=%s",
             a->world->boot->pg_port, db_name, a->def->application);
}

void app_init(struct app *a, struct world *w, const struct app_def *def)
{
    const struct boot *b = w->boot;
    char database[DB_ADDRESS];

    a->world = w;
    a->def = def;
    snprintf(a->version, sizeof a->version, "%s", def->version ? def->version : "");
    metrics_init(&a->metrics);
    app_declare(a);
    app_database(a, w->system->db_name, database, sizeof database);
    db_init(&a->db, database, def->pool_max, def->pool_idle_ms);
    rds_init(&a->redis, b->redis_port, b->redis_password, 500);
    pthread_mutex_init(&a->lock, NULL);
    chance_init(&a->chance,
                (uint64_t)(def->name[0] + (unsigned char)def->name[strlen(def->name) - 1] * 256));
    a->start_ms = world_now_ms(w);
    app_log_open(a);
}

/* ---- phases ---- */

enum app_phase app_phase(struct app *a)
{
    pthread_mutex_lock(&a->lock);
    enum app_phase p = a->phase;
    pthread_mutex_unlock(&a->lock);
    return p;
}

double app_uptime_s(struct app *a)
{
    pthread_mutex_lock(&a->lock);
    double s = (double)(world_now_ms(a->world) - a->start_ms) / 1000;
    pthread_mutex_unlock(&a->lock);
    return s;
}

void app_version(struct app *a, char out[APP_VERSION])
{
    pthread_mutex_lock(&a->lock);
    memcpy(out, a->version, APP_VERSION);
    pthread_mutex_unlock(&a->lock);
}

/* Listens or refuses, as faults and phase want it. */
static void app_settle(struct app *a)
{
    if (world_fault(a->world, a->def->down_fault) || app_phase(a) == APP_GONE)
        http_refuse(&a->http);
    else
        http_listen(&a->http);
}

void app_reborn(struct app *a)
{
    metrics_reset(&a->metrics);
    app_declare(a);
    db_reset(&a->db);
    rds_reset(&a->redis);
    pthread_mutex_lock(&a->lock);
    a->phase = APP_UP;
    a->start_ms = world_now_ms(a->world);
    a->error_debt = 0;
    pthread_mutex_unlock(&a->lock);
    app_settle(a);
}

void app_down(struct app *a, bool on)
{
    if (on)
        app_settle(a);
    else
        app_reborn(a);
}

void app_stop(struct app *a, int64_t for_ms)
{
    pthread_mutex_lock(&a->lock);
    a->phase = APP_STOPPING;
    a->phase_until_ms = world_now_ms(a->world) + for_ms;
    pthread_mutex_unlock(&a->lock);
}

void app_tick(struct app *a)
{
    int64_t now = world_now_ms(a->world);
    bool gone = false, back = false;

    pthread_mutex_lock(&a->lock);
    if (a->phase == APP_STOPPING && now >= a->phase_until_ms) {
        a->phase = APP_GONE;
        a->phase_until_ms += APP_GONE_MS;
        gone = true;
    }
    back = a->phase == APP_GONE && now >= a->phase_until_ms;
    pthread_mutex_unlock(&a->lock);
    if (gone) {
        app_settle(a);
        db_reset(&a->db);
        system_passed(a->world, a, APP_GONE);
    }
    if (back) {
        app_reborn(a);
        system_passed(a->world, a, APP_UP);
    }
    db_tick(&a->db);
}

/* ---- a request ---- */

static const struct app_route *app_route(const struct app *a, const struct http_request *rq,
                                         bool *known_path)
{
    const char *method = !strcmp(rq->method, "HEAD") ? "GET" : rq->method;

    *known_path = false;
    for (const struct app_route *r = a->def->routes; r->path; r++) {
        size_t n = strlen(r->path);
        bool here =
            r->path[n - 1] == '*' ? !strncmp(rq->path, r->path, n - 1) : !strcmp(rq->path, r->path);
        if (!here)
            continue;
        if (!strcmp(method, r->method))
            return r;
        *known_path = *known_path || strcmp(r->path, "*") != 0;
    }
    return NULL;
}

/* Takes the time that an everyday request takes, and says whether this one is to fail. */
static bool app_labour(struct app *a)
{
    double p95 = fmax(world_number(a->world, "p95"), world_number(a->world, "slow_nonai"));
    double rate = world_number(a->world, "error_rate");
    double sigma = p95 > 0 ? 0.8 : a->def->sigma;
    double median = p95 > 0 ? p95 / exp(1.6449 * sigma) : a->def->median_ms;

    pthread_mutex_lock(&a->lock);
    double ms = chance_lognormal(&a->chance, median, sigma);
    a->error_debt = rate > 0 ? a->error_debt + rate : 0;
    bool fail = a->error_debt >= 1;
    if (fail)
        a->error_debt -= 1;
    pthread_mutex_unlock(&a->lock);
    now_sleep_ms((int64_t)(ms < 20000 ? ms : 20000));
    return fail;
}

static void app_refuse(struct app *a, const struct http_request *rq, int code,
                       struct http_response *rs)
{
    if (a->def->refuse)
        a->def->refuse(a, rq, code, rs);
    else if (code == 503)
        http_tell(rs, code, "{\"error\":", "Server is shutting down");
    else
        app_fail(rs, code, http_reason(code));
}

void app_fail(struct http_response *rs, int code, const char *why)
{
    http_tell(rs, code, "{\"success\":false,\"error\":", why);
}

static void app_serve(struct app *a, struct http_request *rq, struct http_response *rs)
{
    int64_t begin = now_mono_ms();
    bool known;
    const struct app_route *r = app_route(a, rq, &known);
    const char *label = r ? app_label(r) : "*";

    now_sleep_ms((int64_t)(world_number(a->world, "latency") + world_number(a->world, "slow")));
    if (app_phase(a) != APP_UP) {
        app_refuse(a, rq, 503, rs);
        rs->close = true;
    } else if (!a->def->guard || !a->def->guard(a, rq, rs)) {
        if (!r)
            app_refuse(a, rq, known ? 405 : 404, rs);
        else if (r->ordinary && app_labour(a))
            app_refuse(a, rq, 500, rs);
        else
            r->answer(a, rq, rs);
    }
    if (strcmp(rq->path, "/metrics") != 0) {
        metrics_count(&a->metrics, rq->method, label, rs->code, (double)(now_mono_ms() - begin));
        app_log_request(a, rq, rs->code, now_mono_ms() - begin);
    }
}

static void app_handle(void *arg, struct http_request *rq, struct http_response *rs)
{
    struct app *a = arg;

    if (control_handle(a->world, rq, rs) || (a->def->proxy && a->def->proxy(a, rq, rs)))
        return;
    app_serve(a, rq, rs);
}

void app_open(struct app *a)
{
    const struct boot *b = a->world->boot;
    enum boot_listener at = a->def->listener;

    http_serve(&a->http, b->fd[at], b->port[at], app_handle, a);
}

/* Start time and the pool. */
static void app_gauges(struct app *a, struct str *out)
{
    struct db_load l = db_load(&a->db);

    pthread_mutex_lock(&a->lock);
    double start = (double)a->start_ms / 1000;
    pthread_mutex_unlock(&a->lock);
    metrics_gauge(out, "process_start_time_seconds", "Start of the process, Unix time.", start);
    metrics_gauge(out, "db_pool_connections_open", "Database sessions of the pool.", l.open);
    metrics_gauge(out, "db_pool_connections_idle", "Sessions that wait for work.", l.idle);
    metrics_gauge(out, "db_pool_connections_busy", "Sessions that work.", l.busy);
    metrics_gauge(out, "db_pool_connections_max", "Limit of the pool.", l.max);
    metrics_gauge(out, "db_pool_requests_waiting", "Requests that wait for a session.", l.waiting);
}

void app_metrics(struct app *a, struct http_request *rq, struct http_response *rs)
{
    (void)rq;
    http_answer(rs, 200, METRICS_TYPE, "");
    metrics_text(&a->metrics, &rs->body);
    app_gauges(a, &rs->body);
}
