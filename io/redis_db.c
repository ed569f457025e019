/* io/redis_db.c: one Redis: connect, greet, ask, match replies with questions, notice the end. */
#include "io/redis_db.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/unit.h"
#include "io/limits.h"
#include "io/phases.h"
#include "io/redis_words.h"

enum { REDIS_READ = 16 << 10, REDIS_GREETING_ROOM = 256 };

static void redis_db_flush(struct redis_db *db);
static void redis_db_close(struct redis_db *db);
static void redis_db_on_ready(void *arg, int events);
static void redis_db_lost(struct redis_db *db, enum fault fault, const struct err *why);
static void redis_db_fail_all(struct redis_db *db, enum fault fault, const struct err *why);

/* ---- deadlines ---- */

/* When the loop itself was late the answer may lie there already: no server is blamed for that.
 * True when the call was answered so. */
static bool redis_db_answered_late(struct redis_db *db, struct redis_call *c)
{
    uint64_t serial = c->serial;

    if (!c->sent || db->state != REDIS_READY)
        return false;
    redis_db_on_ready(db, IO_READ);
    return c->serial != serial || !c->done;
}

void redis_db_on_deadline(void *arg)
{
    struct redis_call *c = arg;
    struct redis_db *db = c->db;
    enum fault fault = FAULT_TIMEOUT;
    struct err why;

    if (io_is_virtual(db->r->io)) {
        redis_fake_due(c);
        return;
    }
    redis_db_hold(db);
    if (redis_db_answered_late(db, c)) {
        redis_db_release(db);
        return;
    }
    if (db->state == REDIS_CONNECTING)
        fault = redis_conn_late(db->conn, c->timeout_ms, &why);
    else
        err_set(&why, "no answer within %lld ms", (long long)c->timeout_ms);
    if (c->sent || db->state == REDIS_GREETING) {
        /* Redis answers in order: whatever stands behind this one would wait too */
        redis_call_doom(c, fault, &why);
        redis_db_lost(db, fault, &why);
    } else {
        redis_call_end(c, fault, &why);
        if (!db->first && db->state != REDIS_READY)
            redis_db_close(db); /* nobody waits for it: the next one begins anew */
    }
    redis_db_release(db);
}

/* ---- the connection's end ---- */

void redis_db_notify(struct redis_db *db)
{
    redis_db_hold(db);
    hangup_tell(&db->hangup);
    redis_db_release(db);
}

/* What was to be sent is sent, or never will be; no copy of a password stays. */
static void redis_db_out_done(struct redis_db *db)
{
    if (db->out.bytes && db->secret_out)
        secret_wipe(db->out.bytes, db->out.cap);
    db->secret_out = false;
    buf_clear(&db->out);
    db->out_sent = 0;
}

static void redis_db_close(struct redis_db *db)
{
    redis_conn_close(db->conn);
    db->conn = NULL;
    db->state = REDIS_CLOSED;
    redis_db_out_done(db);
    resp_reset(db->resp);
}

/* Whom the loss of the connection answers. The others that were sent are asked once more over a new
 * one, for only that tells how the server is now; a second loss is their answer. Nothing that is
 * asked here changes anything. */
static void redis_db_doom(struct redis_db *db, enum fault fault, const struct err *why)
{
    bool broke = fault == FAULT_RESET || fault == FAULT_TIMEOUT;
    struct redis_call *c = db->first, *next, *head = db->first;

    if (head && head->sent && head->n_done && head->values[0].kind == REDIS_ERROR) {
        /* "-ERR max number of clients reached", then the end: that was the answer */
        const struct redis_value *v = &head->values[0];
        struct err said;
        char word[24];

        redis_error_words(v->str, v->len, &said);
        redis_call_doom(head, redis_error_fault(v->str, v->len, word), &said);
    }
    for (; c; c = next) {
        next = c->next;
        if (!c->sent || c->doomed)
            continue;
        if (!c->done) {
            redis_call_drop(c);
        } else if (c->retried || (c == head && !broke)) {
            redis_call_doom(c, fault, why);
        } else {
            c->sent = false;
            c->retried = true;
            c->n_done = 0;
            c->first_us = 0;
        }
    }
}

/* The one that is doomed first; answers may change the queue, so it is searched anew each time. */
static struct redis_call *redis_db_doomed(const struct redis_db *db)
{
    struct redis_call *c = db->first;

    while (c && !c->doomed)
        c = c->next;
    return c;
}

static void redis_db_lost(struct redis_db *db, enum fault fault, const struct err *why)
{
    struct err copy = *why; /* it may lie in what is ended below */
    struct redis_call *c;
    bool idle, greeted = db->state == REDIS_READY;

    redis_db_hold(db);
    redis_db_doom(db, fault, &copy);
    redis_db_close(db);
    idle = !db->first;
    while ((c = redis_db_doomed(db))) {
        struct err said = c->why;

        redis_call_end(c, c->fault, &said);
    }
    if (!greeted)
        redis_db_fail_all(db, fault,
                          &copy); /* or a server that ends each greeting is asked for ever */
    else if (db->first)
        io_timer_arm(db->soon, 0);
    if (idle && greeted && hangup_is_news(&db->hangup, db->conn_us, io_mono_us(db->r->io)))
        redis_db_notify(db);
    redis_db_release(db);
}

/* Nothing was sent yet: the reason is everybody's. */
static void redis_db_fail_all(struct redis_db *db, enum fault fault, const struct err *why)
{
    struct err copy = *why;
    struct redis_call *last = db->last;

    redis_db_hold(db);
    redis_db_close(db);
    while (db->first) { /* up to what was there: an answer may ask again */
        struct redis_call *c = db->first;
        bool end = c == last;

        redis_call_end(c, fault, &copy);
        if (end)
            break;
    }
    redis_db_release(db);
}

/* ---- bytes out ---- */

static void redis_db_write(struct redis_db *db)
{
    enum fault fault;
    struct err why;

    while (db->out_sent < db->out.len) {
        ptrdiff_t n = redis_conn_send(db->conn, db->out.bytes + db->out_sent,
                                      db->out.len - db->out_sent, &fault, &why);

        if (n < 0) {
            redis_db_lost(db, fault, &why);
            return;
        }
        if (n == 0) {
            redis_conn_want(db->conn, IO_READ | IO_WRITE);
            return;
        }
        db->out_sent += (size_t)n;
    }
    redis_db_out_done(db);
    redis_conn_want(db->conn, IO_READ);
}

static void redis_db_greet(struct redis_db *db)
{
    char number[16];
    const char *auth[] = { "AUTH", NULL, NULL }, *choose[] = { "SELECT", number };
    int argc = 1;

    db->greetings = 0;
    db->sent_auth = db->secret_out = db->password != NULL;
    if (db->password) {
        size_t room = secret_len(db->password) + REDIS_GREETING_ROOM;

        if (db->address.user)
            room += strlen(db->address.user);
        if (db->out.cap < room) { /* at once: growing would leave copies behind */
            db->out.bytes = xrealloc(db->out.bytes, room);
            db->out.cap = room;
        }
        if (db->address.user)
            auth[argc++] = db->address.user;
        auth[argc++] = secret_reveal(db->password);
        resp_command(&db->out, argc, auth);
        db->greetings++;
    }
    if (db->address.db) {
        snprintf(number, sizeof number, "%d", db->address.db);
        resp_command(&db->out, 2, choose);
        db->greetings++;
    }
    db->state = db->greetings ? REDIS_GREETING : REDIS_READY;
    if (db->state == REDIS_READY) {
        redis_db_flush(db);
        return;
    }
    redis_db_write(db);
}

static void redis_db_send_calls(struct redis_db *db)
{
    for (struct redis_call *c = db->first; c; c = c->next) {
        if (c->sent)
            continue;
        c->sent = true;
        buf_add(&db->out, c->request.bytes, c->request.len);
    }
    if (db->out.len)
        redis_db_write(db);
}

/* ---- replies ---- */

/* A server that wants no password is not the less alive. The words differ by version. */
static bool redis_wants_no_password(const struct redis_value *v)
{
    return memmem(v->str, v->len, "no password is set", 18) ||
           memmem(v->str, v->len, "without any password", 20);
}

/* The reply to AUTH or SELECT. False when the connection is given up. */
static bool redis_db_greeting(struct redis_db *db, const struct redis_value *v)
{
    bool is_auth = db->sent_auth;

    db->sent_auth = false;
    if (v->kind == REDIS_ERROR && !(is_auth && redis_wants_no_password(v))) {
        char word[24];
        enum fault fault = redis_error_fault(v->str, v->len, word);
        struct err why;

        redis_error_words(v->str, v->len, &why);
        if (is_auth && fault == FAULT_STATUS && strcmp(word, "ERR") == 0)
            fault = FAULT_AUTH;
        if (is_auth && fault == FAULT_AUTH) {
            db->auth_until_us = io_mono_us(db->r->io) + AUTH_RETRY_MS * 1000LL;
            db->auth_why = why;
        }
        redis_db_fail_all(db, fault, &why);
        return false;
    }
    if (--db->greetings == 0) {
        db->state = REDIS_READY;
        db->auth_until_us = 0;
        redis_db_flush(db);
    }
    return true;
}

static bool redis_db_out_of_step(struct redis_db *db)
{
    struct err why;

    err_set(&why, "the replies are not those to the questions");
    redis_db_lost(db, FAULT_PROTOCOL, &why);
    return false;
}

/* One reply. False when the connection is no longer this one. */
static bool redis_db_reply(struct redis_db *db, const struct redis_value *v)
{
    struct redis_conn *conn = db->conn;
    struct redis_call *c = db->first;

    if (db->state == REDIS_GREETING)
        return redis_db_greeting(db, v);
    if (!c || !c->sent)
        return redis_db_out_of_step(db);
    if (!c->first_us)
        c->first_us = io_mono_us(db->r->io);
    if (c->n_done < c->n) {
        c->values[c->n_done++] = *v;
        return true;
    }
    if (v->kind != REDIS_ERROR &&
        (v->kind != REDIS_STRING || v->len != strlen(c->token) || memcmp(v->str, c->token, v->len)))
        return redis_db_out_of_step(db);
    redis_call_answer(c, FAULT_NONE, NULL, v);
    if (db->conn != conn)
        return false;
    resp_release(db->resp);
    return true;
}

static void redis_db_feed(struct redis_db *db, const char *bytes, size_t len)
{
    struct redis_conn *conn = db->conn;
    const struct redis_value *v;
    enum fault fault;
    struct err why;
    size_t taken;

    while (len) {
        if (!resp_feed(db->resp, bytes, len, &taken, &v, &fault, &why)) {
            redis_db_lost(db, fault, &why);
            return;
        }
        bytes += taken;
        len -= taken;
        if (v && (!redis_db_reply(db, v) || db->conn != conn))
            return;
    }
}

static void redis_db_on_ready(void *arg, int events)
{
    struct redis_db *db = arg;
    struct redis_conn *conn = db->conn;
    char bytes[REDIS_READ];
    enum fault fault;
    struct err why;

    redis_db_hold(db);
    if (events & IO_WRITE && db->out.len)
        redis_db_write(db);
    while (events & IO_READ && db->conn == conn) {
        ptrdiff_t n = redis_conn_recv(conn, bytes, sizeof bytes, &fault, &why);

        if (n == 0)
            break;
        if (n < 0) {
            redis_db_lost(db, fault, &why);
            break;
        }
        redis_db_feed(db, bytes, (size_t)n);
        if ((size_t)n < sizeof bytes && !db->address.tls)
            break; /* TLS may hold more than the socket shows */
    }
    redis_db_release(db);
}

/* ---- connecting ---- */

static void redis_db_on_opened(void *arg)
{
    struct redis_db *db = arg;

    for (struct redis_call *c = db->first; c; c = c->next)
        phases_wait(&c->phases, c->started_us, redis_conn_phases(db->conn), db->conn_us);
    redis_db_hold(db);
    redis_db_greet(db);
    redis_db_release(db);
}

static void redis_db_on_failed(void *arg, enum fault fault, const struct err *why)
{
    redis_db_fail_all(arg, fault, why);
}

static void redis_db_connect(struct redis_db *db)
{
    static const struct redis_conn_events events = {
        .opened = redis_db_on_opened,
        .failed = redis_db_on_failed,
        .ready = redis_db_on_ready,
    };
    const struct redis_conn_tls tls = { .ca_file = db->ca_file, .insecure = db->insecure };

    db->state = REDIS_CONNECTING;
    db->conn_us = io_mono_us(db->r->io);
    db->conn = redis_conn_open(db->r->net, &db->address, &tls, HTTP_CONNECT_MS, &events, db);
}

/* Sends what waits, by whatever is the next step to get there. */
static void redis_db_flush(struct redis_db *db)
{
    int64_t wait_us = db->auth_until_us - io_mono_us(db->r->io);

    if (!db->first)
        return;
    if (db->state == REDIS_READY) {
        redis_db_send_calls(db);
    } else if (db->state == REDIS_CLOSED && wait_us > 0) {
        char when[32];
        struct err why;

        clock_format_utc(io_now_ms(db->r->io) + wait_us / 1000, when);
        err_set(&why, "%s; next try %s", db->auth_why.msg, when);
        redis_db_fail_all(db, FAULT_AUTH, &why);
    } else if (db->state == REDIS_CLOSED) {
        redis_db_connect(db);
    }
}

static void redis_db_on_soon(void *arg)
{
    struct redis_db *db = arg;

    redis_db_hold(db);
    redis_db_flush(db);
    redis_db_release(db);
}

void redis_db_init(struct redis_db *db)
{
    db->resp = resp_new();
    db->soon = io_timer_new(db->r->io, redis_db_on_soon, db);
}

void redis_db_fini(struct redis_db *db)
{
    redis_conn_close(db->conn);
    while (db->first)
        redis_call_drop(db->first);
    while (db->pool) {
        struct redis_call *c = db->pool;

        db->pool = c->next;
        redis_call_free(c);
    }
    io_timer_free(db->soon);
    resp_free(db->resp);
    if (db->out.bytes)
        secret_wipe(db->out.bytes, db->out.cap);
    buf_fini(&db->out);
    hangup_fini(&db->hangup);
}
