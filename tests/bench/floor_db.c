/* tests/bench/floor_db.c: the least that a poll of databases costs: the depths of QUEUES queues in
 * one pipeline of Redis and three statistics queries in one pipeline of PostgreSQL, once per
 * interval.
 *
 *   floor_db -p REDIS_PORT -c CONNINFO [-q QUEUES] [-i INTERVAL_MS]
 *
 * Prints "floor ready", polls until SIGTERM, then prints how often. Errors: end the program.
 */
#include <getopt.h>
#include <hiredis/hiredis.h>
#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>

enum { QUERIES = 3 };

static const char *const floor_sql[QUERIES] = {
    "select numbackends, xact_commit, xact_rollback, blks_hit, blks_read, deadlocks"
    " from pg_stat_database where datname = current_database()",
    "select state, count(*), max(extract(epoch from now() - xact_start)) from pg_stat_activity"
    " where backend_type = 'client backend' group by 1",
    "select count(*) from pg_locks where not granted",
};

static volatile sig_atomic_t floor_stop;

static void floor_signal(int signo)
{
    (void)signo;
    floor_stop = 1;
}

static void floor_die(const char *what)
{
    fprintf(stderr, "floor_db: %s\n", what);
    exit(1);
}

static long long floor_depths(redisContext *redis, int queues)
{
    long long sum = 0;

    for (int i = 0; i < queues; i++)
        redisAppendCommand(redis, "LLEN queue:%d", i);
    for (int i = 0; i < queues; i++) {
        redisReply *r;

        if (redisGetReply(redis, (void **)&r) != REDIS_OK || r->type != REDIS_REPLY_INTEGER)
            floor_die("Redis gave no depth");
        sum += r->integer;
        freeReplyObject(r);
    }
    return sum;
}

static void floor_statistics(PGconn *pg)
{
    char name[8];
    PGresult *r;

    for (int i = 0; i < QUERIES; i++) {
        snprintf(name, sizeof name, "s%d", i);
        PQsendQueryPrepared(pg, name, 0, NULL, NULL, NULL, 0);
    }
    PQpipelineSync(pg);
    for (int i = 0; i < QUERIES; i++)
        while ((r = PQgetResult(pg))) {
            if (PQresultStatus(r) != PGRES_TUPLES_OK)
                floor_die(PQerrorMessage(pg));
            PQclear(r);
        }
    PQclear(PQgetResult(pg)); /* the sync itself */
}

static PGconn *floor_postgres(const char *conninfo)
{
    PGconn *pg = PQconnectdb(conninfo);
    char name[8];

    if (PQstatus(pg) != CONNECTION_OK)
        floor_die(PQerrorMessage(pg));
    for (int i = 0; i < QUERIES; i++) {
        snprintf(name, sizeof name, "s%d", i);
        PQclear(PQprepare(pg, name, floor_sql[i], 0, NULL));
    }
    PQenterPipelineMode(pg);
    return pg;
}

int main(int argc, char **argv)
{
    int port = 0, queues = 20, interval_ms = 1000, c;
    const char *conninfo = "";
    unsigned long polls = 0;
    struct timespec due;
    redisContext *redis;
    PGconn *pg;

    while ((c = getopt(argc, argv, "p:c:q:i:")) != -1) {
        if (c == 'p')
            port = atoi(optarg);
        else if (c == 'c')
            conninfo = optarg;
        else if (c == 'q')
            queues = atoi(optarg);
        else if (c == 'i')
            interval_ms = atoi(optarg);
        else
            return 64;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigaction(SIGTERM, &(struct sigaction){ .sa_handler = floor_signal }, NULL);
    redis = redisConnect("127.0.0.1", port);
    if (!redis || redis->err)
        floor_die("no connection to Redis");
    pg = floor_postgres(conninfo);
    puts("floor ready");
    fflush(stdout);
    clock_gettime(CLOCK_MONOTONIC, &due);
    while (!floor_stop) {
        floor_depths(redis, queues);
        floor_statistics(pg);
        polls++;
        due.tv_nsec += (long)(interval_ms % 1000) * 1000000;
        due.tv_sec += interval_ms / 1000 + due.tv_nsec / 1000000000;
        due.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
    }
    printf("{\"polls\":%lu}\n", polls);
    PQfinish(pg);
    redisFree(redis);
    return 0;
}
