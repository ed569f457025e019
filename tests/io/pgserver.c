/* tests/io/pgserver.c: see pgserver.h. */
#include "tests/io/pgserver.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

enum { PG_SSL = 80877103, PG_GSS = 80877104, PG_CANCEL = 80877102 };

static uint32_t pgserver_int(const char *at)
{
    uint32_t n;

    memcpy(&n, at, 4);
    return ntohl(n);
}

void pg_say(struct peer *p, char type, const void *body, size_t len)
{
    uint32_t n = htonl((uint32_t)len + 4);
    struct buf b = { 0 };

    buf_addc(&b, type);
    buf_add(&b, &n, 4);
    buf_add(&b, body, len);
    peer_send(p, b.bytes, b.len);
    buf_fini(&b);
}

void pg_say_ready(struct peer *p)
{
    pg_say(p, 'Z', "I", 1);
}

void pg_say_greeting(struct peer *p)
{
    static const char *const parameters[][2] = {
        { "server_version", "15.20" },
        { "client_encoding", "UTF8" },
        { "standard_conforming_strings", "on" },
    };

    pg_say(p, 'R', "\0\0\0\0", 4);
    for (size_t i = 0; i < sizeof parameters / sizeof *parameters; i++) {
        struct buf b = { 0 };

        buf_add(&b, parameters[i][0], strlen(parameters[i][0]) + 1);
        buf_add(&b, parameters[i][1], strlen(parameters[i][1]) + 1);
        pg_say(p, 'S', b.bytes, b.len);
        buf_fini(&b);
    }
    pg_say(p, 'K', "\0\0\0\7\0\0\0\11", 8);
    pg_say_ready(p);
}

void pg_say_ask_password(struct peer *p)
{
    pg_say(p, 'R', "\0\0\0\3", 4);
}

void pg_say_error(struct peer *p, const char *severity, const char *sqlstate, const char *words)
{
    struct buf b = { 0 };

    buf_addf(&b, "S%s", severity);
    buf_addc(&b, '\0');
    buf_addf(&b, "V%s", severity);
    buf_addc(&b, '\0');
    buf_addf(&b, "C%s", sqlstate);
    buf_addc(&b, '\0');
    buf_addf(&b, "M%s", words);
    buf_add(&b, "\0\0", 2);
    pg_say(p, 'E', b.bytes, b.len);
    buf_fini(&b);
}

void pg_say_columns(struct peer *p, int n, int oid)
{
    struct buf b = { 0 };
    uint16_t count = htons((uint16_t)n);
    char rest[18] = { 0 };
    uint32_t type = htonl((uint32_t)oid);

    memcpy(rest + 6, &type, 4);
    buf_add(&b, &count, 2);
    for (int i = 0; i < n; i++) {
        buf_addf(&b, "c%d", i);
        buf_addc(&b, '\0');
        buf_add(&b, rest, sizeof rest);
    }
    if (p->more) /* its text came with it */
        pg_say(p, '1', "", 0);
    p->more = 0;
    pg_say(p, '2', "", 0);
    pg_say(p, 'T', b.bytes, b.len);
    buf_fini(&b);
}

void pg_say_row(struct peer *p, int n, const char *cell)
{
    struct buf b = { 0 };
    uint16_t count = htons((uint16_t)n);
    uint32_t len = htonl(cell ? (uint32_t)strlen(cell) : UINT32_MAX);

    buf_add(&b, &count, 2);
    for (int i = 0; i < n; i++) {
        buf_add(&b, &len, 4);
        buf_adds(&b, cell ? cell : "");
    }
    pg_say(p, 'D', b.bytes, b.len);
    buf_fini(&b);
}

void pg_say_done(struct peer *p)
{
    pg_say(p, 'C', "SELECT 1", 9);
}

void pg_say_one(struct peer *p, const char *sql)
{
    (void)sql;
    pg_say_columns(p, 1, 23);
    pg_say_row(p, 1, "1");
    pg_say_done(p);
    pg_say_ready(p);
}

/* The packets without a type, before the greeting. */
static bool pgserver_startup(struct pgserver *s, struct peer *p)
{
    uint32_t len, code;

    if (p->in.len < 8)
        return false;
    len = pgserver_int(p->in.bytes);
    code = pgserver_int(p->in.bytes + 4);
    if (p->in.len < len)
        return false;
    if (code == PG_CANCEL) {
        s->cancels++;
        peer_close(p);
        return false;
    }
    if (code == PG_SSL || code == PG_GSS) {
        buf_drop(&p->in, len);
        peer_sends(p, "N");
        return true;
    }
    p->said = 1;
    s->startups++;
    for (size_t i = 8; i + 1 < len && i - 8 < sizeof s->startup - 1; i++)
        s->startup[i - 8] = p->in.bytes[i] ? p->in.bytes[i] : ' ';
    buf_drop(&p->in, len);
    if (s->on_startup)
        s->on_startup(p);
    else
        pg_say_greeting(p);
    return true;
}

static bool pgserver_message(struct pgserver *s, struct peer *p)
{
    uint32_t len;
    const char *name;
    char type, *at;

    if (p->in.len < 5 || p->said == PG_STUCK)
        return false;
    type = p->in.bytes[0];
    len = pgserver_int(p->in.bytes + 1);
    if (p->in.len < len + 1)
        return false;
    name = p->in.bytes + 5 + (type == 'B'); /* behind the portal, which has none */
    at = strncmp(name, "mw", 2) == 0 ? s->prepared[atoi(name + 2) % 8] : s->sql;
    if (type == 'P') {
        snprintf(at, sizeof s->sql, "%s", name + strlen(name) + 1);
        s->parses++;
        p->more = 1;
    }
    if (type == 'p') {
        s->passwords++;
        snprintf(s->last_password, sizeof s->last_password, "%s", p->in.bytes + 5);
        buf_drop(&p->in, len + 1);
        if (s->on_startup)
            s->on_startup(p);
        return true;
    }
    buf_drop(&p->in, len + 1);
    if (type == 'B') {
        s->queries++;
        (s->on_query ? s->on_query : pg_say_one)(p, at);
        p->more = 0;
    }
    return true;
}

static void pgserver_on_bytes(struct peer *p);

void pgserver_unstick(struct peer *p)
{
    p->said = 1;
    pgserver_on_bytes(p);
}

static void pgserver_on_bytes(struct peer *p)
{
    struct pgserver *s = p->server->arg;

    while (p->fd >= 0 && (p->said ? pgserver_message(s, p) : pgserver_startup(s, p)))
        ;
}

struct pgserver *pgserver_new(struct io *io)
{
    struct pgserver *s = xcalloc(1, sizeof *s);

    s->io = io;
    s->server = server_new(io);
    s->server->arg = s;
    s->server->on_bytes = pgserver_on_bytes;
    return s;
}

void pgserver_free(struct pgserver *s)
{
    if (!s)
        return;
    server_free(s->server);
    free(s);
}
