/* examples/sim/hireflux_work.c: the workers of HireFlux: résumés by a model, e-mails, applications
 * that a periodic task takes from a table. */
#include "hireflux.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "chance.h"
#include "now.h"
#include "thread.h"
#include "world.h"

#define RESUME_WORKERS 3
#define IDLE_MS        100
#define APPLY_MS       15000

struct worker {
    struct world *w;
    const char *queue;
    double median_ms; /* of a job */
    bool ai;
};

static void worker_log(struct world *w, struct str *line)
{
    app_log(&w->apps[0], line);
    str_fini(line);
}

/* A call of a model, with its tokens and its price, as the documented line has them. */
static void worker_tell_ai(struct world *w, int64_t took_ms)
{
    struct str s = { 0 };
    double dearer = world_number(w, "cost_x");
    int tokens = 1500 + (int)(took_ms % 1000);

    hf_line(w, "INFO", "worker", "Resume generated successfully", took_ms, &s);
    str_addf(&s, ",\"model\":\"gpt-4-turbo\",\"tokens\":%d,\"cost_usd\":%.4f}\n", tokens,
             0.00006 * tokens * (dearer > 0 ? dearer : 1));
    worker_log(w, &s);
}

static void worker_tell(struct world *w, const char *message, int64_t took_ms)
{
    struct str s = { 0 };

    hf_line(w, "INFO", "worker", message, took_ms, &s);
    str_add(&s, "}\n");
    worker_log(w, &s);
}

/* True when there was a job. */
static bool worker_take(struct worker *k, struct chance *dice)
{
    struct flux *f = k->w->own;
    char why[RDS_WHY];
    double slow = k->ai ? world_number(k->w, "slow_ai") : 0;
    redisReply *job = world_fault(k->w, "workers_stopped")
                          ? NULL
                          : rds_ask(&f->redis, why, "RPOP queue:%s", k->queue);
    bool taken = job && job->type == REDIS_REPLY_STRING;

    if (taken) {
        double ms = chance_lognormal(dice, slow > 0 ? slow : k->median_ms, slow > 0 ? 0.05 : 0.08);
        now_sleep_ms((int64_t)ms);
        if (k->ai)
            worker_tell_ai(k->w, (int64_t)ms);
        else
            worker_tell(k->w, "Email sent", (int64_t)ms);
    }
    if (job)
        freeReplyObject(job);
    return taken;
}

static void *worker_loop(void *arg)
{
    struct worker *k = arg;
    struct chance dice;

    chance_init(&dice, (uint64_t)(uintptr_t)k);
    for (;;)
        if (!worker_take(k, &dice))
            now_sleep_ms(IDLE_MS);
    return NULL;
}

/* The periodic task: takes the oldest applications and leaves a line for each in the audit. */
static void *worker_apply(void *arg)
{
    struct world *w = arg;
    char why[DB_WHY];

    for (;;) {
        if (!world_fault(w, "workers_stopped"))
            PQclear(db_query(&w->apps[0].db, DB_TIMEOUT_MS,
                             "WITH done AS (UPDATE auto_apply_jobs SET status = 'done' WHERE id IN "
                             "(SELECT id FROM auto_apply_jobs WHERE status = 'queued' ORDER BY "
                             "created_at LIMIT 50) RETURNING id) INSERT INTO events_audit (action, "
                             "user_id) SELECT 'auto_apply', id % 500 FROM done",
                             0, NULL, why));
        now_sleep_ms(APPLY_MS);
    }
    return NULL;
}

void hf_work_start(struct world *w)
{
    worker_tell_ai(w,
                   4500); /* this system did not begin today: whoever reads its log finds lines */
    for (int i = 0; i <= RESUME_WORKERS; i++) {
        struct worker *k = world_alloc(sizeof *k);
        bool ai = i < RESUME_WORKERS;

        *k = (struct worker){ w, ai ? "resume_generation" : "email_notifications", ai ? 4500 : 300,
                              ai };
        thread_start(worker_loop, k);
    }
    thread_start(worker_apply, w);
}
