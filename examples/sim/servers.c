/* examples/sim/servers.c: asking the guardian, waiting for the servers. */
#include "servers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "db.h"
#include "now.h"
#include "rds.h"

void servers_init(struct servers *s, const struct boot *b)
{
    struct timeval t = { 5, 0 };

    *s = (struct servers){ .boot = b };
    pthread_mutex_init(&s->lock, NULL);
    setsockopt(b->link, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

void servers_tell(struct servers *s, const char *message)
{
    pthread_mutex_lock(&s->lock);
    if (send(s->boot->link, message, strlen(message), MSG_NOSIGNAL) < 0)
        fprintf(stderr, "midwatch-sim: the guardian is gone\n");
    pthread_mutex_unlock(&s->lock);
}

static bool servers_ask(struct servers *s, const char *question, char *why)
{
    char buf[PLACE_WHY + 8];
    int pg = 0, redis = 0;
    bool ok = false;

    pthread_mutex_lock(&s->lock);
    ssize_t n = send(s->boot->link, question, strlen(question), MSG_NOSIGNAL);
    if (n >= 0)
        n = recv(s->boot->link, buf, sizeof buf - 1, 0);
    if (n <= 0) {
        snprintf(why, PLACE_WHY, "the guardian does not answer: %s",
                 n < 0 ? strerror(errno) : "it has ended");
    } else {
        buf[n] = '\0';
        ok = sscanf(buf, "ok %d %d", &pg, &redis) == 2;
        if (ok) {
            s->pid[SERVER_PG] = pg;
            s->pid[SERVER_REDIS] = redis;
        } else {
            snprintf(why, PLACE_WHY, "%.*s", PLACE_WHY - 1, n > 3 ? buf + 3 : buf);
        }
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool servers_pids(struct servers *s, char *why)
{
    return servers_ask(s, "pids", why);
}

void servers_conninfo(const struct boot *b, const char *db, char *out, size_t cap)
{
    snprintf(out, cap, "host=%s/run port=%d dbname=%s user=postgres application_name=midwatch-sim",
             b->place.dir, b->pg_port, db);
}

static bool servers_answers(struct servers *s, enum server which, char *why)
{
    char conninfo[400];

    if (which == SERVER_PG) {
        servers_conninfo(s->boot, "postgres", conninfo, sizeof conninfo);
        PGconn *c = db_connect(conninfo, 1000, why);
        PQfinish(c);
        return c != NULL;
    }
    struct rds r;
    rds_init(&r, s->boot->redis_port, s->boot->redis_password, 500);
    redisReply *reply = rds_ask(&r, why, "PING");
    if (reply)
        freeReplyObject(reply);
    rds_reset(&r);
    pthread_mutex_destroy(&r.lock);
    return reply != NULL;
}

bool servers_await(struct servers *s, enum server which, int timeout_ms, char *why)
{
    int64_t deadline = now_mono_ms() + timeout_ms;
    char last[DB_WHY > RDS_WHY ? DB_WHY : RDS_WHY] = "";

    while (!servers_answers(s, which, last)) {
        if (now_mono_ms() > deadline) {
            snprintf(why, PLACE_WHY, "%s does not answer on its port: %s",
                     which == SERVER_PG ? "postgres" : "redis", last);
            return false;
        }
        now_sleep_ms(10);
    }
    return true;
}

bool servers_stop(struct servers *s, enum server which, char *why)
{
    return servers_ask(s, which == SERVER_PG ? "pg stop" : "redis stop", why);
}

bool servers_start(struct servers *s, enum server which, char *why)
{
    return servers_ask(s, which == SERVER_PG ? "pg start" : "redis start", why) &&
           servers_await(s, which, 8000, why);
}
