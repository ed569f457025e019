/* examples/sim/tools_aws.c: aws: the answers of the profiles' sources, from the state of the
 * faults, and the restore, which copies the real database.
 */
#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "backups.h"
#include "now.h"
#include "tools.h"
#include "world.h"

#define RESTORE_MS   (25 * 60000)
#define RESTORABLE_S 150
#define WAIT_MS      100000
#define FREE_STORAGE 14.2e9
#define DB_NAME      "ratemyunit-prod"
#define PARAMETER    "/ratemyunit/prod/DATABASE_URL"

struct aws {
    pthread_mutex_t lock;
    char database_url[300];
    int version;       /* of the parameter */
    char restored[64]; /* "" : no restore was started */
    int64_t restored_ready_ms;
};

void aws_init(struct world *w, const char *database_url)
{
    w->aws = calloc(1, sizeof *w->aws);
    if (!w->aws)
        abort();
    pthread_mutex_init(&w->aws->lock, NULL);
    snprintf(w->aws->database_url, sizeof w->aws->database_url, "%s", database_url);
    w->aws->version = 1;
}

void aws_parameter(struct world *w, char *out, size_t cap)
{
    pthread_mutex_lock(&w->aws->lock);
    snprintf(out, cap, "%s", w->aws->database_url);
    pthread_mutex_unlock(&w->aws->lock);
}

static int aws_error(struct str *out, const char *code, const char *call, const char *text)
{
    str_addf(out, "\nAn error occurred (%s) when calling the %s operation: %s\n", code, call, text);
    return 254; /* aws: the service refused */
}

/* ---- cloudwatch ---- */

/* "1.5GB" in bytes. */
static double aws_bytes(const char *text)
{
    char *unit;
    double n = strtod(text, &unit);

    return *unit == 'G' ? n * 1e9 : *unit == 'M' ? n * 1e6 : *unit == 'T' ? n * 1e12 : n;
}

static double aws_connections(struct world *w)
{
    char conninfo[400], why[DB_WHY];
    double n = -1;

    servers_conninfo(w->boot, "postgres", conninfo, sizeof conninfo);
    PGconn *c = db_connect(conninfo, 1000, why);
    PGresult *r = c ? db_ask(c, 1000,
                             "SELECT count(*) FROM pg_stat_activity WHERE backend_type = "
                             "'client backend' AND pid <> pg_backend_pid()",
                             0, NULL, why)
                    : NULL;
    if (r)
        n = (double)digits_read(PQgetvalue(r, 0, 0), INT_MAX);
    PQclear(r);
    PQfinish(c);
    return n;
}

static bool aws_metric(struct world *w, const char *name, double *value, const char **unit)
{
    char text[32];
    double load[1] = { 0 }, memory = world_number(w, "memory");

    *unit = "Percent";
    if (!strcmp(name, "CPUUtilization") && world_fault(w, "db_cpu")) {
        *value = world_number(w, "db_cpu");
    } else if (!strcmp(name, "CPUUtilization")) {
        *value = getloadavg(load, 1) == 1 ? fmin(70, 8 + 12 * load[0]) : 8;
    } else if (!strcmp(name, "mem_used_percent") || !strcmp(name, "MemoryUtilization")) {
        *value = memory > 0 ? memory : 41;
    } else if (!strncmp(name, "StatusCheckFailed", 17)) {
        *unit = "Count";
        *value = world_fault(w, "status_check_failed") ? 1 : 0;
    } else if (!strcmp(name, "FreeStorageSpace")) {
        *unit = "Bytes";
        *value = world_text(w, "rds_free", text, sizeof text) ? aws_bytes(text) : FREE_STORAGE;
    } else if (!strcmp(name, "DatabaseConnections")) {
        *unit = "Count";
        *value = aws_connections(w);
        return *value >= 0;
    } else {
        return false;
    }
    return true;
}

static int aws_cloudwatch(struct world *w, int argc, char **argv, struct str *out)
{
    const char *name = tools_option(argc, argv, "--metric-name"), *unit;
    const char *stat = tools_option(argc, argv, "--statistics");
    const char *period = tools_option(argc, argv, "--period");
    int64_t step = (period ? atoll(period) : 60) * 1000, now = world_now_ms(w);
    double value = 0;

    if (!name || step <= 0)
        return aws_error(out, "MissingParameter", "GetMetricStatistics",
                         "The parameter MetricName is required.");
    bool known = aws_metric(w, name, &value, &unit);
    str_addf(out, "{\n    \"Label\": \"%s\",\n    \"Datapoints\": [", name);
    for (int i = 2; i >= 0 && known; i--) { /* an unknown metric has no points, and no error */
        char stamp[32];
        now_stamp(now - now % step - i * step, stamp);
        str_addf(out,
                 "%s\n        { \"Timestamp\": \"%.19s+00:00\", \"%s\": %.15g, \"Unit\": \"%s\" }",
                 i < 2 ? "," : "", stamp, stat ? stat : "Average", value, unit);
    }
    str_add(out, "\n    ]\n}\n");
    return 0;
}

/* ---- ec2 ---- */

/* The newest of the nightly snapshots: 03:00 of today or of yesterday. */
static int64_t aws_snapshot_ms(int64_t now_ms)
{
    int64_t day = now_ms - now_ms % 86400000 + 3 * 3600000;

    return day <= now_ms ? day : day - 86400000;
}

static int aws_ec2(struct world *w, int argc, char **argv, struct str *out)
{
    const char *id = tools_option(argc, argv, "--instance-ids");
    bool bad = world_fault(w, "status_check_failed");
    const char *check = bad ? "impaired" : "ok";

    if (!strcmp(argv[2], "describe-instance-status")) {
        str_addf(out,
                 "{\n    \"InstanceStatuses\": [\n        {\n            \"InstanceId\": \"%s\",\n"
                 "            \"InstanceState\": { \"Code\": 16, \"Name\": \"running\" },\n"
                 "            \"InstanceStatus\": { \"Status\": \"%s\" },\n"
                 "            \"SystemStatus\": { \"Status\": \"%s\" }\n        }\n    ]\n}\n",
                 id ? id : "i-0demo", check, check);
        return 0;
    }
    if (!strcmp(argv[2], "reboot-instances")) {
        world_clear(w, "status_check_failed");
        pthread_mutex_lock(&w->change);
        for (int i = 0; i < w->app_n; i++)
            app_stop(&w->apps[i], 0); /* returns at once, as the real call; the host is away */
        pthread_mutex_unlock(&w->change);
        return 0;
    }
    if (!strcmp(argv[2], "describe-snapshots")) {
        int64_t day = aws_snapshot_ms(world_now_ms(w));
        str_add(out, "{\n    \"Snapshots\": [");
        for (int i = 0; i < 7; i++) {
            char stamp[32];
            now_stamp(day - i * 86400000LL, stamp);
            str_addf(out,
                     "%s\n        { \"SnapshotId\": \"snap-0demo%d\", \"State\": \"completed\", "
                     "\"StartTime\": \"%s\", \"Tags\": [{ \"Key\": \"SnapshotType\", \"Value\": "
                     "\"DailyBackup\" }] }",
                     i ? "," : "", i, stamp);
        }
        str_add(out, "\n    ]\n}\n");
        return 0;
    }
    return aws_error(out, "InvalidAction", argv[2], "this demo does not have it");
}

/* ---- rds ---- */

static bool aws_restored(struct world *w, const char *id, int64_t *ready_ms)
{
    pthread_mutex_lock(&w->aws->lock);
    bool known = id && w->aws->restored[0] && !strcmp(id, w->aws->restored);
    *ready_ms = w->aws->restored_ready_ms;
    pthread_mutex_unlock(&w->aws->lock);
    return known;
}

static int aws_describe_db(struct world *w, int argc, char **argv, struct str *out)
{
    const char *id = tools_option(argc, argv, "--db-instance-identifier");
    const char *query = tools_option(argc, argv, "--query");
    const char *format = tools_option(argc, argv, "--output");
    const char *quote = format && !strcmp(format, "text") ? "" : "\"";
    int64_t ready = 0, now = world_now_ms(w);
    bool restored = aws_restored(w, id, &ready);
    char stamp[32];

    if (id && !restored && strcmp(id, DB_NAME) != 0)
        return aws_error(out, "DBInstanceNotFound", "DescribeDBInstances", "DBInstance not found.");
    double lag =
        world_fault(w, "restorable_lag") ? world_number(w, "restorable_lag") : RESTORABLE_S;
    now_stamp(now - (int64_t)(lag * 1000), stamp);
    if (query && strstr(query, "LatestRestorableTime")) {
        str_addf(out, "%s%.19s+00:00%s\n", quote, stamp, quote);
        return 0;
    }
    str_addf(out,
             "{\n    \"DBInstances\": [\n        {\n"
             "            \"DBInstanceIdentifier\": \"%s\",\n"
             "            \"DBInstanceStatus\": \"%s\",\n"
             "            \"Endpoint\": { \"Address\": \"127.0.0.1\", \"Port\": %d },\n"
             "            \"DBName\": \"%s\",\n"
             "            \"LatestRestorableTime\": \"%.19s+00:00\"\n        }\n    ]\n}\n",
             id ? id : DB_NAME, restored && now < ready ? "creating" : "available",
             w->boot->pg_port, restored ? "ratemyunit_restored" : "ratemyunit", stamp);
    return 0;
}

/* The restored instance is a second database in the same server, copied for real; it counts as
 * available after 25 simulated minutes. */
static int aws_restore(struct world *w, int argc, char **argv, struct str *out)
{
    static const char script[] =
        "\"$1/dropdb\" --if-exists -f -h \"$2\" -p \"$3\" -U postgres \"$5\" && "
        "\"$1/createdb\" -O app -h \"$2\" -p \"$3\" -U postgres \"$5\" && "
        "\"$1/pg_dump\" -h \"$2\" -p \"$3\" -U postgres \"$4\" | "
        "\"$1/psql\" -q -v ON_ERROR_STOP=1 -h \"$2\" -p \"$3\" -U postgres -d \"$5\" >/dev/null";
    const char *source = tools_option(argc, argv, "--source-db-instance-identifier");
    const char *target = tools_option(argc, argv, "--target-db-instance-identifier");
    const char *when = tools_option(argc, argv, "--restore-time");
    char why[PLACE_WHY] = "";

    if (!source || strcmp(source, DB_NAME) != 0)
        return aws_error(out, "DBInstanceNotFound", "RestoreDBInstanceToPointInTime",
                         "DBInstance not found.");
    if (!target || (!when && !tools_option(argc, argv, "--use-latest-restorable-time")))
        return aws_error(out, "InvalidParameterCombination", "RestoreDBInstanceToPointInTime",
                         "a target and a time are needed");
    if (!tools_sh(w, script, w->system->db_name, "ratemyunit_restored", why))
        return aws_error(out, "InternalFailure", "RestoreDBInstanceToPointInTime", why);
    pthread_mutex_lock(&w->aws->lock);
    snprintf(w->aws->restored, sizeof w->aws->restored, "%s", target);
    w->aws->restored_ready_ms = world_now_ms(w) + RESTORE_MS;
    pthread_mutex_unlock(&w->aws->lock);
    str_addf(out,
             "{\n    \"DBInstance\": { \"DBInstanceIdentifier\": \"%s\", "
             "\"DBInstanceStatus\": \"creating\" }\n}\n",
             target);
    return 0;
}

static int aws_wait_db(struct world *w, int argc, char **argv, struct str *out)
{
    const char *id = tools_option(argc, argv, "--db-instance-identifier");
    int64_t deadline = now_mono_ms() + WAIT_MS, ready = 0;

    if (!aws_restored(w, id, &ready) && (!id || strcmp(id, DB_NAME) != 0))
        return aws_error(out, "DBInstanceNotFound", "DescribeDBInstances", "DBInstance not found.");
    while (ready && world_now_ms(w) < ready) {
        if (now_mono_ms() > deadline) {
            str_add(out, "Waiter DBInstanceAvailable failed: Max attempts exceeded\n");
            return 255;
        }
        now_sleep_ms(50);
    }
    return 0;
}

static int aws_rds(struct world *w, int argc, char **argv, struct str *out)
{
    if (!strcmp(argv[2], "describe-db-instances"))
        return aws_describe_db(w, argc, argv, out);
    if (!strcmp(argv[2], "restore-db-instance-to-point-in-time"))
        return aws_restore(w, argc, argv, out);
    if (!strcmp(argv[2], "wait") && argc > 3 && !strcmp(argv[3], "db-instance-available"))
        return aws_wait_db(w, argc, argv, out);
    return aws_error(out, "InvalidAction", argv[2], "this demo does not have it");
}

/* ---- ssm ---- */

static int aws_put_parameter(struct world *w, const char *input, struct str *out)
{
    struct flat f;
    char why[200];

    if (!input || !flat_parse(&f, input, strlen(input), why, sizeof why))
        return aws_error(out, "ParamValidation", "PutParameter",
                         input ? why : "give --cli-input-json file://... with Name and Value");
    const struct flat_item *name = flat_get(&f, "Name"), *value = flat_get(&f, "Value");
    if (!name || strcmp(name->value, PARAMETER) != 0 || !value || !value->value[0])
        return aws_error(out, "ParameterNotFound", "PutParameter", PARAMETER " is what there is");
    pthread_mutex_lock(&w->aws->lock);
    snprintf(w->aws->database_url, sizeof w->aws->database_url, "%s", value->value);
    int version = ++w->aws->version;
    pthread_mutex_unlock(&w->aws->lock);
    str_addf(out, "{\n    \"Version\": %d,\n    \"Tier\": \"Standard\"\n}\n", version);
    return 0;
}

static int aws_ssm(struct world *w, int argc, char **argv, struct str *out)
{
    const char *name = tools_option(argc, argv, "--name");

    if (!strcmp(argv[2], "put-parameter"))
        return aws_put_parameter(w, tools_option(argc, argv, "--cli-input-json"), out);
    if (strcmp(argv[2], "get-parameter") != 0 || !name || strcmp(name, PARAMETER) != 0)
        return aws_error(out, "ParameterNotFound", "GetParameter", "");
    pthread_mutex_lock(&w->aws->lock);
    str_addf(out,
             "{\n    \"Parameter\": { \"Name\": \"" PARAMETER "\", \"Type\": \"SecureString\", "
             "\"Version\": %d, \"Value\": ",
             w->aws->version);
    str_json(out, w->aws->database_url);
    pthread_mutex_unlock(&w->aws->lock);
    str_add(out, " }\n}\n");
    return 0;
}

/* ---- s3 ---- */

static int aws_name_order(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int aws_s3(struct world *w, int argc, char **argv, struct str *out)
{
    struct dirent **list;

    if (strcmp(argv[2], "ls") != 0 || argc < 4 ||
        strcmp(argv[3], "s3://neurmatic-backups/database/") != 0 || !w->backups) {
        str_add(out, "\nAn error occurred (NoSuchBucket) when calling the ListObjectsV2 operation: "
                     "The specified bucket does not exist\n");
        return 254;
    }
    int n = scandir(w->backups->bucket, &list, NULL, aws_name_order);
    for (int i = 0; i < n; i++) {
        char path[700], when[32];
        struct stat st;
        struct tm tm;

        snprintf(path, sizeof path, "%s/%s", w->backups->bucket, list[i]->d_name);
        if (list[i]->d_name[0] != '.' && stat(path, &st) == 0) {
            gmtime_r(&st.st_mtime, &tm);
            strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
            str_addf(out, "%s %10lld %s\n", when, (long long)st.st_size, list[i]->d_name);
        }
        free(list[i]);
    }
    if (n >= 0)
        free(list);
    return 0;
}

/* cloudwatch NAMESPACE METRIC: what a team's script over `aws cloudwatch get-metric-statistics`
 * prints, the last point. */
int tool_cloudwatch(struct world *w, int argc, char **argv, struct str *out)
{
    const char *unit;
    double value;

    if (argc != 3 || !aws_metric(w, argv[2], &value, &unit)) {
        str_add(out, "cloudwatch NAMESPACE METRIC: no such metric here\n");
        return 1; /* and no number */
    }
    str_addf(out, "%.15g\n", value);
    return 0;
}

/* rds-age: seconds since LatestRestorableTime, from the answer of aws itself. */
int tool_rds_age(struct world *w, int argc, char **argv, struct str *out)
{
    double lag =
        world_fault(w, "restorable_lag") ? world_number(w, "restorable_lag") : RESTORABLE_S;

    (void)argc;
    (void)argv;
    if (!w->aws)
        return 1;
    str_addf(out, "%.0f\n", lag);
    return 0;
}

/* snapshot-age: seconds since the newest snapshot with the tag SnapshotType=DailyBackup. */
int tool_snapshot_age(struct world *w, int argc, char **argv, struct str *out)
{
    int64_t now = world_now_ms(w);

    (void)argc;
    (void)argv;
    if (!w->aws)
        return 1;
    str_addf(out, "%lld\n", (long long)(now - aws_snapshot_ms(now)) / 1000);
    return 0;
}

int tool_aws(struct world *w, int argc, char **argv, struct str *out)
{
    if (argc >= 3 && !strcmp(argv[1], "s3"))
        return aws_s3(w, argc, argv, out);
    if (argc >= 3 && w->aws) {
        if (!strcmp(argv[1], "cloudwatch"))
            return aws_cloudwatch(w, argc, argv, out);
        if (!strcmp(argv[1], "ec2"))
            return aws_ec2(w, argc, argv, out);
        if (!strcmp(argv[1], "rds"))
            return aws_rds(w, argc, argv, out);
        if (!strcmp(argv[1], "ssm"))
            return aws_ssm(w, argc, argv, out);
    }
    str_add(out, "aws: error: this demo does not have that command\n");
    return 252; /* aws: usage */
}
