/* examples/sim/rds.h: one kept Redis connection, shared under a lock, reconnected when it broke.
 *
 * Units:   milliseconds.
 * Errors:  NULL with a sentence in why (RDS_WHY bytes); an error reply counts as a failure.
 * Owner:   the caller owns the struct; replies are freed with freeReplyObject().
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <hiredis/hiredis.h>

#define RDS_WHY 160

struct rds {
    int port, timeout_ms;
    const char *password; /* "" : none */
    pthread_mutex_t lock;
    redisContext *c;
    int64_t failed_at_ms; /* who was waiting then need not wait for the same failure */
    char failure[RDS_WHY];
};

void rds_init(struct rds *r, int port, const char *password, int timeout_ms);
void rds_reset(struct rds *r);
redisReply *rds_ask(struct rds *r, char *why, const char *format, ...);
/* For commands whose success matters only. */
bool rds_do(struct rds *r, char *why, const char *format, ...);
/* For commands whose number matters only: the integer, -1 on failure. */
long long rds_count(struct rds *r, char *why, const char *format, ...);
