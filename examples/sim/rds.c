/* examples/sim/rds.c: hiredis with deadlines and one retry over a fresh connection. */
#include "rds.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "now.h"

void rds_init(struct rds *r, int port, const char *password, int timeout_ms)
{
    memset(r, 0, sizeof *r);
    r->port = port;
    r->password = password;
    r->timeout_ms = timeout_ms;
    pthread_mutex_init(&r->lock, NULL);
}

static void rds_drop(struct rds *r)
{
    if (r->c)
        redisFree(r->c);
    r->c = NULL;
}

void rds_reset(struct rds *r)
{
    pthread_mutex_lock(&r->lock);
    rds_drop(r);
    pthread_mutex_unlock(&r->lock);
}

static bool rds_connect(struct rds *r, char *why)
{
    struct timeval t = { r->timeout_ms / 1000, (r->timeout_ms % 1000) * 1000 };

    r->c = redisConnectWithTimeout("127.0.0.1", r->port, t);
    if (!r->c || r->c->err || redisSetTimeout(r->c, t) != REDIS_OK) {
        snprintf(why, RDS_WHY, "%s", r->c ? r->c->errstr : "out of memory");
        rds_drop(r);
        return false;
    }
    if (r->password[0]) {
        redisReply *a = redisCommand(r->c, "AUTH %s", r->password);
        bool ok = a && a->type == REDIS_REPLY_STATUS;
        if (!ok)
            snprintf(why, RDS_WHY, "%s", a ? a->str : r->c->errstr);
        if (a)
            freeReplyObject(a);
        if (!ok)
            rds_drop(r);
        return ok;
    }
    return true;
}

static redisReply *rds_try(struct rds *r, char *why, const char *format, va_list args)
{
    bool fresh = !r->c;

    for (;;) {
        va_list copy;

        if (!r->c && !rds_connect(r, why))
            return NULL;
        va_copy(copy, args);
        redisReply *reply = redisvCommand(r->c, format, copy);
        va_end(copy);
        if (reply && reply->type != REDIS_REPLY_ERROR)
            return reply;
        bool late = r->c->err == REDIS_ERR_IO && !strcmp(r->c->errstr, "Resource temporarily "
                                                                       "unavailable");
        snprintf(why, RDS_WHY, "%s",
                 reply  ? reply->str
                 : late ? "no answer in time"
                        : r->c->errstr);
        if (reply) {
            freeReplyObject(reply);
            return NULL;
        }
        rds_drop(r); /* also after a timeout: a late reply must not answer the next question */
        if (fresh || late)
            return NULL;
        fresh = true;
    }
}

static redisReply *rds_vask(struct rds *r, char *why, const char *format, va_list args)
{
    int64_t begin = now_mono_ms();

    pthread_mutex_lock(&r->lock);
    if (r->failed_at_ms > begin) {
        snprintf(why, RDS_WHY, "%s", r->failure);
        pthread_mutex_unlock(&r->lock);
        return NULL;
    }
    redisReply *reply = rds_try(r, why, format, args);
    if (!reply) {
        r->failed_at_ms = now_mono_ms();
        snprintf(r->failure, sizeof r->failure, "%s", why);
    }
    pthread_mutex_unlock(&r->lock);
    return reply;
}

redisReply *rds_ask(struct rds *r, char *why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    redisReply *reply = rds_vask(r, why, format, args);
    va_end(args);
    return reply;
}

bool rds_do(struct rds *r, char *why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    redisReply *reply = rds_vask(r, why, format, args);
    va_end(args);
    if (reply)
        freeReplyObject(reply);
    return reply != NULL;
}

long long rds_count(struct rds *r, char *why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    redisReply *reply = rds_vask(r, why, format, args);
    va_end(args);
    long long n = reply ? reply->integer : -1;
    if (reply)
        freeReplyObject(reply);
    return n;
}
