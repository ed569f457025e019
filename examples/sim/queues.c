/* examples/sim/queues.c: BullMQ's keys, moved as its workers move them. */
#include "queues.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "now.h"
#include "thread.h"
#include "world.h"

#define QUEUES_ATTEMPTS  3
#define QUEUES_BACKOFF_S 4.0
#define QUEUES_KEEP      100   /* finished jobs of each kind */
#define QUEUES_LOCK_MS   30000 /* a lock that is not renewed by then lapses */

static double queues_now_s(void)
{
    return (double)now_mono_ms() / 1000;
}

bool queues_count(struct rds *r, const char *name, struct queue_counts *out, char *why)
{
    long long paused_list = rds_count(r, why, "LLEN bull:%s:paused", name);
    long long flag = rds_count(r, why, "HEXISTS bull:%s:meta paused", name);

    out->wait = rds_count(r, why, "LLEN bull:%s:wait", name);
    out->active = rds_count(r, why, "LLEN bull:%s:active", name);
    out->delayed = rds_count(r, why, "ZCARD bull:%s:delayed", name);
    out->failed = rds_count(r, why, "ZCARD bull:%s:failed", name);
    out->completed = rds_count(r, why, "ZCARD bull:%s:completed", name);
    if (paused_list < 0 || flag < 0 || out->wait < 0 || out->active < 0 || out->delayed < 0 ||
        out->failed < 0 || out->completed < 0)
        return false;
    out->paused = flag > 0;
    out->wait += paused_list;
    return true;
}

bool queues_pause(struct rds *r, const char *name, bool on, char *why)
{
    const char *from = on ? "wait" : "paused", *to = on ? "paused" : "wait";

    if (!(on ? rds_do(r, why, "HSET bull:%s:meta paused 1", name)
             : rds_do(r, why, "HDEL bull:%s:meta paused", name)))
        return false;
    long long n = rds_count(r, why, "LLEN bull:%s:%s", name, from);
    for (long long i = 0; i < n; i++)
        if (!rds_do(r, why, "RPOPLPUSH bull:%s:%s bull:%s:%s", name, from, name, to))
            return false;
    return n >= 0;
}

static const char *queues_waiting(struct queues *qs, const struct queue_def *q)
{
    char why[RDS_WHY];

    return rds_count(&qs->redis, why, "HEXISTS bull:%s:meta paused", q->name) > 0 ? "paused"
                                                                                  : "wait";
}

static void queues_produce(struct queues *qs, const struct queue_def *q, struct chance *dice)
{
    struct rds *r = &qs->redis;
    char why[RDS_WHY];
    long long id = rds_count(r, why, "INCR bull:%s:id", q->name);

    if (id <= 0)
        return;
    rds_do(r, why,
           "HSET bull:%s:%lld name %s data {\"unitId\":%d} timestamp %lld "
           "attempts %d attemptsMade 0",
           q->name, id, q->work, 1 + chance_below(dice, 600), (long long)now_real_ms(),
           QUEUES_ATTEMPTS);
    rds_do(r, why, "LPUSH bull:%s:%s %lld", q->name, queues_waiting(qs, q), id);
    rds_do(r, why, "XADD bull:%s:events MAXLEN ~ 200 * event waiting jobId %lld", q->name, id);
}

/* Trims a sorted set of finished jobs, with their hashes. */
static void queues_trim(struct queues *qs, const struct queue_def *q, const char *set)
{
    char why[RDS_WHY];
    redisReply *old =
        rds_ask(&qs->redis, why, "ZRANGE bull:%s:%s 0 -%d", q->name, set, QUEUES_KEEP + 1);

    for (size_t i = 0; old && old->type == REDIS_REPLY_ARRAY && i < old->elements; i++) {
        const char *id = old->element[i]->str;
        rds_do(&qs->redis, why, "ZREM bull:%s:%s %s", q->name, set, id);
        rds_do(&qs->redis, why, "DEL bull:%s:%s", q->name, id);
    }
    if (old)
        freeReplyObject(old);
}

static void queues_finish(struct queues *qs, const struct queue_def *q, int slot,
                          struct chance *dice)
{
    int qi = (int)(q - qs->defs);
    struct rds *r = &qs->redis;
    char why[RDS_WHY];
    long long id = qs->jobs[qi][slot].id, now = now_real_ms();
    bool ok = chance_unit(dice) >= q->fail;

    qs->jobs[qi][slot].id = 0;
    if (!rds_do(r, why, "LREM bull:%s:active 1 %lld", q->name, id))
        return;
    rds_do(r, why, "DEL bull:%s:%lld:lock", q->name, id);
    rds_do(r, why, "HSET bull:%s:%lld finishedOn %lld", q->name, id, now);
    if (ok) {
        rds_do(r, why, "ZADD bull:%s:completed %lld %lld", q->name, now, id);
        queues_trim(qs, q, "completed");
    } else {
        long long made = rds_count(r, why, "HINCRBY bull:%s:%lld attemptsMade 1", q->name, id);
        rds_do(r, why, "HSET bull:%s:%lld failedReason %s", q->name, id,
               "Navigation timeout of 30000 ms exceeded");
        if (made >= QUEUES_ATTEMPTS) {
            rds_do(r, why, "ZADD bull:%s:failed %lld %lld", q->name, now, id);
            queues_trim(qs, q, "failed");
        } else {
            rds_do(r, why, "ZADD bull:%s:delayed %lld %lld", q->name,
                   now + (long long)(QUEUES_BACKOFF_S * 1000 * (double)made), id);
        }
    }
    if (qs->w->system->job_done)
        qs->w->system->job_done(qs->w, q, ok, qs->jobs[qi][slot].took_s);
}

/* As the library does it: a job is never at work without the lock of its worker. */
static const char queues_taking[] =
    "local id = redis.call('RPOPLPUSH', KEYS[1], KEYS[2]) "
    "if id then redis.call('SET', ARGV[1] .. id .. ':lock', 'worker', 'PX', ARGV[2]) end "
    "return id";

static void queues_renew(struct queues *qs, const struct queue_def *q, int slot, double now)
{
    int qi = (int)(q - qs->defs);
    char why[RDS_WHY];

    qs->jobs[qi][slot].renew_s = now + QUEUES_LOCK_MS / 2000.0;
    rds_do(&qs->redis, why, "SET bull:%s:%lld:lock worker PX %d", q->name, qs->jobs[qi][slot].id,
           QUEUES_LOCK_MS);
}

static void queues_take(struct queues *qs, const struct queue_def *q, int slot, struct chance *dice)
{
    int qi = (int)(q - qs->defs);
    char why[RDS_WHY];
    redisReply *reply =
        rds_ask(&qs->redis, why, "EVAL %s 2 bull:%s:wait bull:%s:active bull:%s: %d", queues_taking,
                q->name, q->name, q->name, QUEUES_LOCK_MS);

    if (reply && reply->type == REDIS_REPLY_STRING) {
        double took = chance_lognormal(dice, q->job_s, 0.5);
        qs->jobs[qi][slot].id = atoll(reply->str);
        qs->jobs[qi][slot].took_s = took;
        qs->jobs[qi][slot].end_s = queues_now_s() + took;
        qs->jobs[qi][slot].renew_s = queues_now_s() + QUEUES_LOCK_MS / 2000.0;
        rds_do(&qs->redis, why, "HSET bull:%s:%s processedOn %lld", q->name, reply->str,
               (long long)now_real_ms());
    }
    if (reply)
        freeReplyObject(reply);
}

/* Delayed jobs whose time has come. */
static void queues_promote(struct queues *qs, const struct queue_def *q)
{
    char why[RDS_WHY];
    redisReply *due = rds_ask(&qs->redis, why, "ZRANGEBYSCORE bull:%s:delayed 0 %lld", q->name,
                              (long long)now_real_ms());

    for (size_t i = 0; due && due->type == REDIS_REPLY_ARRAY && i < due->elements; i++) {
        const char *id = due->element[i]->str;
        rds_do(&qs->redis, why, "ZREM bull:%s:delayed %s", q->name, id);
        rds_do(&qs->redis, why, "LPUSH bull:%s:%s %s", q->name, queues_waiting(qs, q), id);
    }
    if (due)
        freeReplyObject(due);
}

/* After a restart of Redis: what was active has lost its worker. */
static void queues_recover(struct queues *qs)
{
    char why[RDS_WHY];

    memset(qs->jobs, 0, sizeof qs->jobs);
    for (int i = 0; i < qs->n; i++) {
        const char *name = qs->defs[i].name;
        long long n = rds_count(&qs->redis, why, "LLEN bull:%s:active", name);
        while (n-- > 0)
            rds_do(&qs->redis, why, "RPOPLPUSH bull:%s:active bull:%s:wait", name, name);
    }
}

static void queues_step(struct queues *qs, int qi, struct chance *dice)
{
    const struct queue_def *q = &qs->defs[qi];
    double now = queues_now_s();
    bool dead = world_fault(qs->w, "queues_down");
    bool halted = dead || world_fault(qs->w, "pool_exhausted");

    while (qs->next_s[qi] <= now) {
        queues_produce(qs, q, dice);
        qs->next_s[qi] += chance_exponential(dice, 1 / q->per_s);
        if (qs->next_s[qi] < now - 5)
            qs->next_s[qi] = now; /* Redis was away; what was not sent is not sent later */
    }
    queues_promote(qs, q);
    for (int s = 0; s < q->slots; s++) {
        if (qs->jobs[qi][s].id && qs->jobs[qi][s].end_s <= now && !halted)
            queues_finish(qs, q, s, dice);
        if (qs->jobs[qi][s].id && qs->jobs[qi][s].renew_s <= now && !dead)
            queues_renew(qs, q, s, now);
        if (!qs->jobs[qi][s].id && (!halted || world_fault(qs->w, "pool_exhausted")))
            queues_take(qs, q, s, dice);
    }
}

/* What the library writes when a program opens its queue, before the first job. */
static void queues_open(struct queues *qs)
{
    char why[RDS_WHY];

    for (int i = 0; i < qs->n; i++) {
        const char *name = qs->defs[i].name;

        rds_do(&qs->redis, why, "HSET bull:%s:meta opts.maxLenEvents 200", name);
        rds_do(&qs->redis, why, "SET bull:%s:id 0 NX", name);
    }
}

static void *queues_run(void *arg)
{
    struct queues *qs = arg;
    struct chance dice;
    bool away = true;

    chance_init(&dice, 77);
    for (;;) {
        char why[RDS_WHY];
        bool here = rds_do(&qs->redis, why, "PING");

        if (here && away) {
            queues_open(qs);
            queues_recover(qs);
        }
        away = !here;
        for (int i = 0; here && i < qs->n; i++)
            queues_step(qs, i, &dice);
        now_sleep_ms(here ? 200 : 500);
    }
    return NULL;
}

void queues_start(struct queues *qs, struct world *w)
{
    memset(qs, 0, sizeof *qs);
    qs->w = w;
    qs->defs = w->system->queues;
    rds_init(&qs->redis, w->boot->redis_port, w->boot->redis_password, 500);
    while (qs->defs[qs->n].name)
        qs->next_s[qs->n++] = queues_now_s();
    queues_open(qs);
    thread_start(queues_run, qs);
}
