/* io/redis.c: the Redis client: servers by address, shared by those who ask. */
#include "io/redis.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "io/redis_db.h"
#include "io/redis_words.h"

struct redis *redis_new(struct io *io)
{
    struct redis *r = xcalloc(1, sizeof *r);

    r->io = io;
    r->net = redis_net_new(io);
    return r;
}

static void redis_db_free(struct redis_db *db)
{
    redis_db_fini(db);
    redis_address_fini(&db->address);
    secret_free(db->password);
    free(db->url);
    free(db->ca_file);
    free(db);
}

void redis_free(struct redis *r)
{
    if (!r)
        return;
    while (r->dbs) {
        struct redis_db *db = r->dbs;

        r->dbs = db->next;
        redis_db_free(db);
    }
    redis_net_free(r->net);
    free(r);
}

void redis_db_hold(struct redis_db *db)
{
    db->refs++;
}

void redis_db_release(struct redis_db *db)
{
    struct redis_db **at = &db->r->dbs;

    if (--db->refs > 0)
        return;
    while (*at != db)
        at = &(*at)->next;
    *at = db->next;
    redis_db_free(db);
}

static bool redis_same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

struct redis_db *redis_db_get(struct redis *r, const char *url, const struct secret *password,
                              const char *ca_file, bool insecure, struct err *err)
{
    struct redis_address address;
    struct redis_db *db;

    if (!redis_address_parse(&address, url, err))
        return NULL;
    for (db = r->dbs; db; db = db->next)
        if (redis_same(db->url, url) && secret_same(db->password, password) &&
            redis_same(db->ca_file, ca_file) && db->insecure == insecure) {
            redis_address_fini(&address);
            redis_db_hold(db);
            return db;
        }
    if (password && strlen(secret_reveal(password)) != secret_len(password)) {
        redis_address_fini(&address);
        err_set(err, "the password holds a NUL byte");
        return NULL;
    }
    db = xcalloc(1, sizeof *db);
    db->r = r;
    db->refs = 1;
    db->next = r->dbs;
    r->dbs = db;
    db->url = xstrdup(url);
    db->address = address;
    db->ca_file = xstrdup(ca_file);
    db->insecure = insecure;
    db->password = secret_copy(password);
    redis_db_init(db);
    return db;
}

void redis_db_put(struct redis_db *db)
{
    if (db)
        redis_db_release(db);
}

void redis_on_closed(struct redis_db *db, void (*fn)(void *arg), void *arg)
{
    hangup_listen(&db->hangup, fn, arg);
}

void redis_off_closed(struct redis_db *db, void *arg)
{
    hangup_unlisten(&db->hangup, arg);
}

void redis_show(const char *url, struct text *out)
{
    struct redis_address address;
    char *name;

    if (!redis_address_parse(&address, url, NULL)) {
        text_sets(out, "redis");
        return;
    }
    name = redis_address_name(&address);
    text_sets(out, name);
    free(name);
    redis_address_fini(&address);
}

struct redis_call *redis_ask(struct redis_db *db, const struct redis_command *cmds, size_t n,
                             int64_t timeout_ms, redis_done *done, void *arg)
{
    struct redis_call *c = redis_call_take(db);

    assert(n > 0);
    if (c->values_cap < n) {
        c->values = xreallocarray(c->values, n, sizeof *c->values);
        c->values_cap = n;
    }
    c->n = n;
    c->done = done;
    c->arg = arg;
    c->timeout_ms = timeout_ms;
    c->started_us = io_mono_us(db->r->io);
    redis_call_queue(c);
    for (size_t i = 0; i < n; i++)
        assert(redis_reads(cmds[i].argc, cmds[i].argv));
    if (io_is_virtual(db->r->io)) {
        redis_fake_ask(c, cmds, n);
        return c;
    }
    for (size_t i = 0; i < n; i++)
        resp_command(&c->request, cmds[i].argc, cmds[i].argv);
    snprintf(c->token, sizeof c->token, "mw-%llx", (unsigned long long)++db->tokens);
    resp_command(&c->request, 2, (const char *[]){ "PING", c->token });
    io_timer_arm(c->timer, timeout_ms);
    io_timer_arm(db->soon, 0);
    return c;
}

void redis_cancel(struct redis_call *c)
{
    if (!c)
        return;
    if (!c->sent || io_is_virtual(c->db->r->io)) {
        redis_call_drop(c);
        return;
    }
    io_timer_off(c->timer); /* its replies are still to come and to be counted */
    c->done = NULL;
}
