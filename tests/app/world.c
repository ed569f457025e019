/* tests/app/world.c: the two systems of the demo, scripted. The bodies are those of the documents.
 */
#include "tests/app/world.h"

#include "app/config.h"
#include "core/alloc.h"
#include "io/dns.h"
#include "io/tls.h"
#include "tests/cmocka.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void world_rmu_health(struct world *w, struct fake_answer *a)
{
    bool bad = w->redis_down || w->db_down;

    if (w->html_200) {
        a->body = "<!doctype html><html><head><title>RateMyUnit</title></head></html>";
        a->headers = "Content-Type: text/html\r\n";
        a->code = 200;
        return;
    }
    snprintf(w->body, sizeof w->body,
             "{\"api\":\"ok\",\"database\":\"%s\",\"redis\":\"%s\","
             "\"timestamp\":\"2026-01-29T10:30:00.000Z\"}",
             w->db_down ? "error" : "ok", w->redis_down ? "error" : "ok");
    a->body = w->body;
    a->headers = "Content-Type: application/json\r\n";
    a->code = bad ? 503 : 200;
}

static void world_nm_health(struct world *w, struct fake_answer *a)
{
    const char *status = w->db_down ? "unhealthy" : w->redis_down ? "degraded" : "healthy";

    snprintf(w->body, sizeof w->body,
             "{\"status\":\"%s\",\"services\":{\"database\":{\"status\":\"%s\",\"responseTime\":5},"
             "\"redis\":{\"status\":\"%s\",\"responseTime\":2},"
             "\"queues\":{\"status\":\"%s\",\"waiting\":0,\"failed\":0},"
             "\"memory\":{\"status\":\"up\",\"percentage\":45}},"
             "\"uptime\":%.2f,\"version\":\"1.0.0\",\"environment\":\"production\"}",
             status, w->db_down ? "down" : "up", w->redis_down ? "down" : "up",
             w->redis_down ? "down" : "up", (double)io_now_ms(w->io) / 1000 - WORLD_T0_S + 1000);
    a->body = w->body;
    a->headers = "Content-Type: application/json\r\n";
    a->code = w->db_down || (w->redis_down && w->degraded_as_503) ? 503 : 200;
}

static void world_metrics(struct world *w, struct fake_answer *a)
{
    double n = w->requests += 100;

    snprintf(w->body, sizeof w->body,
             "# TYPE http_requests_total counter\n"
             "http_requests_total{method=\"GET\",route=\"/api/units\",code=\"200\"} %.0f\n"
             "# TYPE http_request_duration_seconds histogram\n"
             "http_request_duration_seconds_bucket{route=\"/api/units\",le=\"0.05\"} %.0f\n"
             "http_request_duration_seconds_bucket{route=\"/api/units\",le=\"0.1\"} %.0f\n"
             "http_request_duration_seconds_bucket{route=\"/api/units\",le=\"+Inf\"} %.0f\n"
             "http_request_duration_seconds_sum{route=\"/api/units\"} %.0f\n"
             "http_request_duration_seconds_count{route=\"/api/units\"} %.0f\n"
             "# TYPE process_memory_percent gauge\nprocess_memory_percent 45\n",
             n, n * 0.9, n, n, n * 0.03, n);
    a->body = w->body;
    a->headers = "Content-Type: text/plain; version=0.0.4\r\n";
    a->code = 200;
}

static void world_http(void *arg, const char *method, const char *url, struct fake_answer *a)
{
    struct world *w = arg;

    (void)method;
    a->delay_ms = 12;
    a->code = 200;
    a->headers =
        "Content-Type: application/json\r\nX-Frame-Options: SAMEORIGIN\r\n"
        "Strict-Transport-Security: max-age=31536000\r\nX-Content-Type-Options: nosniff\r\n"
        "X-XSS-Protection: 1; mode=block\r\nReferrer-Policy: same-origin\r\n"
        "Permissions-Policy: camera=()\r\n";
    if (w->backend_1_down && strstr(url, ":18181/")) {
        a->fault = FAULT_REFUSED;
        a->why = "refused";
        return;
    }
    if ((w->shutting_down || w->away) && !strstr(url, ":18081")) {
        a->code = 503;
        a->body = "{\"error\":\"Server is shutting down\"}";
        a->fault = w->away ? FAULT_REFUSED : FAULT_NONE;
        a->why = "refused";
        return;
    }
    if (strstr(url, "/health/live") || strstr(url, "/health/ready"))
        a->body = "{\"status\":\"ok\"}";
    else if (strstr(url, "/health"))
        w->neurmatic ? world_nm_health(w, a) : world_rmu_health(w, a);
    else if (strstr(url, "/api/v1/"))
        a->body = "{\"cpu\":12}";
    else if (strstr(url, "/metrics"))
        world_metrics(w, a);
    else if (strstr(url, "/browser-pool/"))
        a->body = "{\"size\":4,\"available\":3,\"borrowed\":1,\"pending\":0}";
    else if (strstr(url, "/api/units"))
        a->body = "{\"success\":true,\"data\":[{\"id\":1}]}";
    else
        a->body = "<!doctype html><html></html>";
}

static void world_postgres(void *arg, const char *conninfo, const char *sql, struct fake_answer *a)
{
    static const char *const one[] = { "1" }, *const share[] = { "96.5" };
    static const char *const shown[9] = { "3", "0", NULL }, *const none[9] = { "0", "0", NULL };
    static const char *const names[9] = { "n", "hidden", "s", "a", "b", "c", "d", "e", "f" };
    struct world *w = arg;

    (void)conninfo;
    a->delay_ms = 3;
    if (w->db_down) {
        a->fault = FAULT_REFUSED;
        a->why = "refused";
        return;
    }
    a->names = names;
    a->rows = 1;
    a->cols = strstr(sql, "pg_blocking_pids") ? 9 : strstr(sql, "xact_start") ? 8 : 3;
    a->cells = a->cols == 3 ? shown : none;
    if (strstr(sql, "scrapes") || !strcmp(sql, "SELECT 1")) {
        a->cols = 1;
        a->cells = strstr(sql, "scrapes") ? share : one;
    }
}

static void world_redis(void *arg, const char *address, int argc, const char *const *argv,
                        struct fake_answer *a)
{
    static const char info[] = "used_memory:1000000\r\nmaxmemory:2147483648\r\n"
                               "maxmemory_policy:allkeys-lru\r\naof_last_write_status:ok\r\n"
                               "rdb_last_bgsave_status:ok\r\nevicted_keys:0\r\n";
    struct world *w = arg;

    (void)address;
    (void)argc;
    a->delay_ms = 2;
    if (w->redis_down) {
        a->fault = FAULT_REFUSED;
        a->why = "refused";
        return;
    }
    if (strcasecmp(argv[0], "PING") == 0) {
        a->body = "+PONG\r\n";
        return;
    }
    if (strcasecmp(argv[0], "INFO") != 0) { /* a queue that is there, and empty */
        bool there = strcasecmp(argv[0], "EXISTS") == 0 && !strstr(argv[1], "paused");

        a->body = there                                ? ":1\r\n"
                  : strcasecmp(argv[0], "LRANGE") == 0 ? "*0\r\n"
                  : strcasecmp(argv[0], "HGET") == 0   ? "$-1\r\n"
                                                       : ":0\r\n";
        return;
    }
    snprintf(w->body, sizeof w->body, "$%zu\r\n%s\r\n", sizeof info - 1, info);
    a->body = w->body;
}

/* A private file for the secrets that the profile names. */
static void world_secret(struct strmap *vars, const char *name)
{
    char path[] = "/tmp/midwatch-test-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, "s3cret\n", 7), 7);
    close(fd);
    vars->keys = xreallocarray(vars->keys, vars->n + 1, sizeof *vars->keys);
    vars->values = xreallocarray(vars->values, vars->n + 1, sizeof *vars->values);
    vars->keys[vars->n] = xstrdup(name);
    vars->values[vars->n++] = xstrdup(path);
}

/* ---- dumps ---- */

enum { NIGHTS = 10, NIGHT_S = 86400, DAY_MS = NIGHT_S * 1000 };

void world_dump(const struct world *w, int nights, bool there)
{
    time_t at = WORLD_T0_S - (time_t)nights * NIGHT_S;
    struct timespec times[2] = { { .tv_sec = at }, { .tv_sec = at } };
    char name[64], path[160];
    struct tm tm;
    FILE *f;

    gmtime_r(&at, &tm);
    strftime(name, sizeof name, "neurmatic_%Y%m%d_%H%M%S.sql.gz", &tm);
    snprintf(path, sizeof path, "%s/%s", w->backups, name);
    if (!there) {
        unlink(path);
        return;
    }
    f = fopen(path, "w");
    assert_non_null(f);
    fputs("\x1f\x8b in this world only gzip is asked", f);
    fclose(f);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void world_dumps(struct world *w, struct strmap *vars)
{
    snprintf(w->backups, sizeof w->backups, "/tmp/midwatch-test-XXXXXX");
    assert_non_null(mkdtemp(w->backups));
    for (int i = 0; i < NIGHTS; i++)
        world_dump(w, i, true);
    vars->keys = xreallocarray(vars->keys, vars->n + 1, sizeof *vars->keys);
    vars->values = xreallocarray(vars->values, vars->n + 1, sizeof *vars->values);
    vars->keys[vars->n] = xstrdup("backups");
    vars->values[vars->n++] = xstrdup(w->backups);
}

/* What the team's scripts print while all is well. */
static const char *world_script(const struct world *w, struct fake_answer *a,
                                const char *const *argv)
{
    if (strstr(argv[0], "/s3-same")) {
        a->code = w->s3_missing ? 2 : 0;
        return w->s3_missing ? "S3 CRITICAL - the newest dump is not in the bucket\n"
                             : "S3 OK - the newest dump is in the bucket\n";
    }
    if (strstr(argv[0], "/check_host"))
        return "HOST OK - fine | disk=34%;90 free=59%;10:\n";
    if (strstr(argv[0], "/cloudwatch"))
        return strstr(argv[2], "Failed")    ? "0\n"
               : strstr(argv[2], "Storage") ? "14200000000\n"
                                            : "20\n";
    return "150\n"; /* an age */
}

/* A log that goes on through the whole test: a line every two seconds, the later ones being told
 * ahead of their time. */
static void world_log(struct world *w, struct strmap *vars)
{
    FILE *f;
    int fd;

    snprintf(w->log, sizeof w->log, "/tmp/midwatch-test-XXXXXX");
    fd = mkstemp(w->log);
    assert_true(fd >= 0);
    f = fdopen(fd, "w");
    assert_non_null(f);
    for (int i = -150; i < 300; i++)
        fprintf(f,
                "{\"level\":30,\"time\":%lld,\"res\":{\"statusCode\":200},\"responseTime\":12}\n",
                (long long)(WORLD_T0_S + i * 2) * 1000);
    fclose(f);
    vars->keys = xreallocarray(vars->keys, vars->n + 1, sizeof *vars->keys);
    vars->values = xreallocarray(vars->values, vars->n + 1, sizeof *vars->values);
    vars->keys[vars->n] = xstrdup("log");
    vars->values[vars->n++] = xstrdup(w->log);
}

static void world_command(void *arg, const char *const *argv, struct fake_answer *a)
{
    const struct world *w = arg;
    size_t n = 0;

    while (argv[n + 1])
        n++;
    a->delay_ms = 40;
    if (strstr(argv[0], "/ops/")) {
        a->body = world_script(w, a, argv);
        return;
    }
    if (strcmp(argv[0], "/bin/gzip") != 0 && strcmp(argv[0], "/usr/bin/gzip") != 0)
        a->code = 127;
    else if (w->newest_corrupt && strstr(argv[n], "_20260129_"))
        a->code = 1;
    else
        a->body = "-- PostgreSQL database dump\n-- PostgreSQL database dump complete\n";
}

/* ---- certificates and names ---- */

static void world_tls(void *arg, const char *host, struct tls_facts *f)
{
    const struct world *w = arg;

    (void)host;
    f->not_before_ms = io_now_ms(w->io) - 30LL * DAY_MS;
    f->not_after_ms = io_now_ms(w->io) + 60LL * DAY_MS;
    text_sets(&f->issuer, "Authority");
    f->covers_name = true;
    for (int i = 0; i < TLS_WANTED; i++)
        f->covers[i] = true;
    snprintf(f->version, sizeof f->version, "TLS 1.3");
    f->floor = TLS_FLOOR_HOLDS;
}

static void world_dns(void *arg, const char *name, struct dns_answer *a)
{
    const struct world *w = arg;

    (void)name;
    text_sets(&a->records[a->n++], w->neurmatic ? "203.0.113.20" : "203.0.113.40");
    a->ttl_s = 300;
}

void world_start(struct world *w, const char *system, int64_t step_ms)
{
    static struct fake_net net = { .http = world_http,
                                   .postgres = world_postgres,
                                   .redis = world_redis,
                                   .command = world_command,
                                   .tls = world_tls,
                                   .dns = world_dns };
    struct watch_events events = { w->changed, w->changed_arg };
    struct config_errors errors = { 0 };
    struct strmap vars = { 0 };
    struct config *config;
    char path[4096];

    w->neurmatic = !strcmp(system, "neurmatic");
    if (w->neurmatic) {
        world_secret(&vars, "redis_password_file");
        world_secret(&vars, "token_file");
        world_dumps(w, &vars);
    } else {
        world_log(w, &vars);
    }
    snprintf(path, sizeof path, "%s/examples/%s/midwatch.yaml", getenv("MIDWATCH_SOURCE"), system);
    config = config_load(path, &vars, NULL, &errors);
    if (!config)
        fail_msg("%s", errors.items[0].err.msg);
    w->io = io_new_virtual((int64_t)WORLD_T0_S * 1000);
    io_advance(w->io, step_ms);
    net.arg = w;
    io_fake_set(w->io, &net);
    w->secrets = secrets_new();
    w->watch = watch_new(w->io, config, w->secrets, &events);
    watch_start(w->watch);
    io_advance(w->io, 120000);
    for (size_t i = 0; i < vars.n; i++)
        if (strcmp(vars.values[i], w->log) != 0)
            unlink(vars.values[i]); /* but not the folder of dumps */
    strmap_fini(&vars);
}

void world_stop(struct world *w)
{
    watch_free(w->watch);
    io_free(w->io);
    secrets_free(w->secrets);
    if (*w->backups) {
        for (int i = 0; i < NIGHTS; i++)
            world_dump(w, i, false);
        rmdir(w->backups);
    }
    if (*w->log)
        unlink(w->log);
    *w = (struct world){ 0 };
}

const struct service *world_service(const struct world *w, const char *id)
{
    const struct board *b = watch_board(w->watch);
    int at = board_find(b, id);

    if (at < 0)
        fail_msg("no service %s", id);
    return &b->services[at];
}

const struct alert *world_alert(const struct world *w, const char *id)
{
    const struct board *b = watch_board(w->watch);
    int at = board_find_alert(b, id);

    if (at < 0)
        fail_msg("no alert %s", id);
    return &b->alerts[at];
}

const struct reading *world_reading(const struct world *w, const char *id, const char *probe)
{
    const struct service *s = world_service(w, id);

    for (size_t i = 0; i < s->n_readings; i++) {
        if (text_is(&s->readings[i].name, probe))
            return &s->readings[i];
    }
    fail_msg("no probe %s.%s", id, probe);
    return NULL;
}
