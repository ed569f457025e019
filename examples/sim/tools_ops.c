/* examples/sim/tools_ops.c: load test, memory, certificates, backup and health scripts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "backups.h"
#include "client.h"
#include "now.h"
#include "tools.h"
#include "world.h"

#define K6_REQUESTS 60

static int k6_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* k6 run FILE: a short burst of real requests, and the summary of what they took. */
int tool_k6(struct world *w, int argc, char **argv, struct str *out)
{
    double took[K6_REQUESTS];
    int failed = 0, port = w->boot->port[BOOT_API];
    struct client c;

    if (argc < 3 || strcmp(argv[1], "run") != 0) {
        str_add(out, "k6: this demo knows: k6 run FILE\n");
        return 1;
    }
    client_init(&c, port);
    int64_t begin = now_mono_ms();
    for (int i = 0; i < K6_REQUESTS; i++) {
        char why[CLIENT_WHY];
        int64_t at = now_mono_ms();
        int code = client_ask(
            &c, "GET", w->nginx ? "/api/v1/feed?page=1" : "/api/units?search=test",
            "X-Forwarded-For: 203.0.113.6\r\nAuthorization: Bearer k6\r\n", NULL, 10000, why);
        took[i] = (double)(now_mono_ms() - at);
        failed += code < 200 || code >= 400;
        if (w->nginx) /* the load balancer lets ten a second pass */
            now_sleep_ms(100 - (int64_t)took[i]);
    }
    client_fini(&c);
    qsort(took, K6_REQUESTS, sizeof took[0], k6_order);
    double p95 = took[K6_REQUESTS * 95 / 100], bad = 100.0 * failed / K6_REQUESTS;
    bool ok = p95 < 1000 && bad < 5;
    str_addf(
        out,
        "     http_req_duration..............: med=%.2fms p(95)=%.2fms max=%.2fms\n"
        "     http_req_failed................: %.2f%% %d out of %d\n"
        "     http_reqs......................: %d %.2f/s\n"
        "     vus............................: 1 (the demo's burst, not the stages of the file)\n",
        took[K6_REQUESTS / 2], p95, took[K6_REQUESTS - 1], bad, failed, K6_REQUESTS, K6_REQUESTS,
        1000.0 * K6_REQUESTS / (double)(now_mono_ms() - begin + 1));
    str_add(out, ok ? "" : "ERRO thresholds on metrics have been crossed\n");
    return ok ? 0 : 99; /* k6's own code for crossed thresholds */
}

int tool_free(struct world *w, int argc, char **argv, struct str *out)
{
    double share = world_number(w, "memory") > 0 ? world_number(w, "memory") : 41;
    long total = w->nginx ? 8192 : 1024, used = (long)((double)total * share / 100);

    (void)argc;
    (void)argv;
    str_addf(out,
             "               total        used        free      shared  buff/cache   available\n"
             "Mem:         %7ld     %7ld     %7ld           0           0     %7ld\n"
             "Swap:              0           0           0\n",
             total, used, total - used, total - used);
    return 0;
}

int tool_certbot(struct world *w, int argc, char **argv, struct str *out)
{
    int days = edge_days(w);
    char stamp[32];

    if (argc < 2 || strcmp(argv[1], "certificates") != 0) {
        str_add(out, "certbot: this demo knows: certbot certificates\n");
        return 1;
    }
    now_stamp(world_now_ms(w) + days * 86400000LL, stamp);
    str_addf(out,
             "Found the following certs:\n  Certificate Name: neurmatic.com\n"
             "    Domains: neurmatic.com www.neurmatic.com api.neurmatic.com\n"
             "    Expiry Date: %.10s %.8s+00:00 (%s: %d days)\n",
             stamp, stamp + 11, days > 0 ? "VALID" : "INVALID", days);
    return 0;
}

int tool_backup(struct world *w, int argc, char **argv, struct str *out)
{
    char why[PLACE_WHY] = "", name[64];
    bool ok = false;

    (void)argc;
    (void)argv;
    pthread_mutex_lock(&w->change);
    if (w->backups) {
        ok = backups_now(w->backups, w, why);
        backups_name(w->system->dumps, w->backups->runs[w->backups->n - 1], name, sizeof name);
    } else {
        snprintf(why, sizeof why, "this system has no dumps");
    }
    pthread_mutex_unlock(&w->change);
    if (ok)
        str_addf(out, "%s%s%s: %s\n", "dump", w->system->dumps->gzip ? ", gzip" : "",
                 w->system->dumps->bucket ? ", upload" : "", name);
    else
        str_addf(out, "backup.sh: %s\n", why);
    return ok ? 0 : 1;
}

/* The provider's listing of what lies in DIR/backups, newest first. */
int tool_snapshots(struct world *w, int argc, char **argv, struct str *out)
{
    int64_t now = world_now_ms(w);

    (void)argc;
    (void)argv;
    if (!w->backups) {
        str_add(out, "snapshots: not in this demo\n");
        return 64;
    }
    pthread_mutex_lock(&w->change);
    const struct backups *b = w->backups;
    str_add(out, "{\"snapshots\":[");
    for (int i = b->n - 1; i >= 0; i--) {
        char name[64], stamp[32], path[400];
        struct stat st = { 0 };
        backups_name(b->plan, b->runs[i], name, sizeof name);
        snprintf(path, sizeof path, "%s/%s", b->local, name);
        now_stamp(b->runs[i], stamp);
        if (stat(path, &st) == 0)
            str_addf(out, "%s{\"id\":\"%s\",\"created_at\":\"%s\",\"size\":%lld}",
                     i < b->n - 1 ? "," : "", name, stamp, (long long)st.st_size);
    }
    str_add(out, "]");
    if (b->n) /* with none there is no age: a number would be made up */
        str_addf(out, ",\"newest_age_s\":%lld", (long long)(now - b->runs[b->n - 1]) / 1000);
    str_addf(out, ",\"kept\":%d}\n", b->n);
    pthread_mutex_unlock(&w->change);
    return 0;
}

/* check_host, a plugin of the monitoring: the disk as it is, the memory as the fault has it [P]. */
int tool_check_host(struct world *w, int argc, char **argv, struct str *out)
{
    struct statvfs fs;
    double memory = world_number(w, "memory"), disk;

    (void)argc;
    (void)argv;
    if (statvfs(w->boot->place.dir, &fs) != 0 || !fs.f_blocks) {
        str_add(out, "HOST UNKNOWN - the disk does not tell\n");
        return 3;
    }
    disk = 100 * (1 - (double)fs.f_bavail / (double)fs.f_blocks);
    double left = 100 - (memory > 0 ? memory : 45);
    bool bad = disk >= 90 || left <= 10;
    str_addf(
        out,
        "HOST %s - disk %.0f%% used, %.0f%% of the memory free | disk=%.1f%%;90 free=%.1f%%;10:\n",
        bad ? "WARNING" : "OK", disk, left, disk, left);
    return bad ? 1 : 0;
}

/* s3-age: seconds since the newest object of the bucket, by its own time. */
int tool_s3_age(struct world *w, int argc, char **argv, struct str *out)
{
    int64_t newest = 0;

    (void)argc;
    (void)argv;
    pthread_mutex_lock(&w->change);
    for (int i = 0; w->backups && i < w->backups->n; i++) {
        char name[64], path[400];
        struct stat st;
        backups_name(w->system->dumps, w->backups->runs[i], name, sizeof name);
        snprintf(path, sizeof path, "%s/%s", w->backups->bucket, name);
        if (stat(path, &st) == 0 && (int64_t)st.st_mtime > newest)
            newest = st.st_mtime;
    }
    pthread_mutex_unlock(&w->change);
    if (!newest)
        return 1; /* nothing there: no age */
    str_addf(out, "%lld\n", (long long)(world_now_ms(w) / 1000 - newest));
    return 0;
}

/* s3-same, a plugin: the newest dump has its like in the bucket, of the same name and size; a
 * quarter of an hour is what an upload takes [P]. */
int tool_s3_same(struct world *w, int argc, char **argv, struct str *out)
{
    char name[64] = "", path[400];
    struct stat local = { 0 }, object = { 0 };
    bool same = false;

    (void)argc;
    (void)argv;
    pthread_mutex_lock(&w->change);
    for (int i = w->backups ? w->backups->n - 1 : -1; i >= 0 && !*name; i--) {
        backups_name(w->system->dumps, w->backups->runs[i], name, sizeof name);
        snprintf(path, sizeof path, "%s/%s", w->backups->local, name);
        if (stat(path, &local) != 0) {
            *name = '\0';
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", w->backups->bucket, name);
        same = stat(path, &object) == 0 && object.st_size == local.st_size;
    }
    pthread_mutex_unlock(&w->change);
    if (!*name) {
        str_add(out, "S3 UNKNOWN - there is no dump to look for\n");
        return 3;
    }
    bool late = world_now_ms(w) / 1000 - (int64_t)local.st_mtime > 15 * 60;
    str_addf(out, "S3 %s - %s %s the bucket\n",
             same   ? "OK"
             : late ? "CRITICAL"
                    : "WARNING",
             name,
             same   ? "is in"
             : late ? "is not in"
                    : "is not yet in");
    return same ? 0 : late ? 2 : 1;
}

/* health-check.sh --verbose: asks every listener; 0 only when all are well. */
int tool_health_check(struct world *w, int argc, char **argv, struct str *out)
{
    const char *path = w->nginx ? "/api/v1/health" : "/health";
    bool ok = true;

    (void)argc;
    (void)argv;
    for (int i = -1; i < w->app_n; i++) {
        char why[CLIENT_WHY] = "";
        struct client c;

        client_init(&c, i < 0 ? w->boot->port[BOOT_API] : w->apps[i].http.port);
        int code = client_ask(&c, "GET", path, "Connection: close\r\n", NULL, 6000, why);
        bool well = code == 200 && c.body.s && !strstr(c.body.s, "\"degraded\"");
        str_addf(out, "%-4s %-10s %d %s\n", well ? "ok" : "FAIL",
                 i < 0 ? "public" : w->apps[i].def->name, code, code < 0 ? why : "");
        client_fini(&c);
        ok = ok && well;
    }
    return ok ? 0 : 1;
}
