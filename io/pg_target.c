/* io/pg_target.c: conninfo in, what libpq is really given out. */
#include "io/pg_target.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "core/alloc.h"
#include "core/buf.h"

#define PG_NO_PASSFILE "/dev/null/none" /* can never exist */

bool pg_host_is_unix(const struct pg_host *h)
{
    return !h->hostaddr && (!h->host || h->host[0] == '/' || h->host[0] == '@');
}

bool pg_is_loopback(const char *numeric)
{
    struct in_addr v4;
    struct in6_addr v6;

    if (inet_pton(AF_INET, numeric, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    if (inet_pton(AF_INET6, numeric, &v6) != 1)
        return false;
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

/* ---- reading ---- */

/* The i-th piece of a list with commas; NULL when it is empty or not there. A list of one port
 * holds for all hosts. */
static char *pg_list_item(const char *list, size_t i, bool repeat)
{
    size_t len;

    if (!list)
        return NULL;
    if (repeat && !strchr(list, ','))
        i = 0;
    while (i-- > 0) {
        list = strchr(list, ',');
        if (!list)
            return NULL;
        list++;
    }
    len = strcspn(list, ",");
    return len ? xstrndup(list, len) : NULL;
}

static size_t pg_list_count(const char *list)
{
    size_t n = list ? 1 : 0;

    for (const char *s = list; s && *s; s++)
        n += *s == ',';
    return n;
}

static bool pg_target_hosts(struct pg_target *t, const char *host, const char *hostaddr,
                            const char *port, struct err *err)
{
    size_t n = pg_list_count(hostaddr ? hostaddr : host);

    n = n ? n : 1;
    if (n > PG_HOSTS)
        return err_set(err, "more than %d hosts", PG_HOSTS);
    t->n_hosts = n;
    for (size_t i = 0; i < n; i++) {
        t->hosts[i].host = pg_list_item(host, i, false);
        t->hosts[i].hostaddr = pg_list_item(hostaddr, i, false);
        t->hosts[i].port = pg_list_item(port, i, true);
        if (!t->hosts[i].port)
            t->hosts[i].port = xstrdup("5432");
    }
    return true;
}

/* What libpq is given by ourselves, or must not be given at all. */
static bool pg_setting_is_ours(const char *key)
{
    static const char *const ours[] = {
        "host",        "hostaddr",         "port",
        "password",    "service",          "servicefile",
        "sslmode",     "gssencmode",       "connect_timeout",
        "options",     "keepalives",       "keepalives_idle",
        "replication", "keepalives_count", "keepalives_interval",
        "requiressl",  "tcp_user_timeout", "client_encoding",
        "passfile",    "application_name", "fallback_application_name",
    };

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strcmp(key, ours[i]) == 0)
            return true;
    return false;
}

static void pg_target_set(struct pg_target *t, const char *key, const char *value)
{
    t->settings = xreallocarray(t->settings, t->n_settings + 1, sizeof *t->settings);
    t->settings[t->n_settings++] = (struct pg_setting){ xstrdup(key), xstrdup(value) };
}

static void pg_target_name(struct pg_target *t, const char *dbname)
{
    struct buf b = { 0 };

    for (size_t i = 0; i < t->n_hosts; i++) {
        const struct pg_host *h = &t->hosts[i];
        const char *where = h->host ? h->host : h->hostaddr ? h->hostaddr : "local";

        buf_addf(&b, strchr(where, ':') ? "%s[%s]:%s" : "%s%s:%s", i ? "," : "", where, h->port);
    }
    buf_addf(&b, "/%s", dbname ? dbname : "");
    t->name = b.bytes;
}

static bool pg_target_take(struct pg_target *t, const PQconninfoOption *all, struct err *err)
{
    const char *host = NULL, *hostaddr = NULL, *port = NULL, *dbname = NULL;

    for (const PQconninfoOption *o = all; o->keyword; o++) {
        const char *v = o->val && *o->val ? o->val : NULL;

        if (!v)
            continue;
        if (strcmp(o->keyword, "host") == 0)
            host = v;
        else if (strcmp(o->keyword, "hostaddr") == 0)
            hostaddr = v;
        else if (strcmp(o->keyword, "port") == 0)
            port = v;
        else if (strcmp(o->keyword, "dbname") == 0)
            dbname = v;
        else if (strcmp(o->keyword, "password") == 0)
            t->password = secret_new(v, strlen(v));
        else if (strcmp(o->keyword, "options") == 0)
            t->options = xstrdup(v);
        /* these two promise nothing, and prefer is libpq's default: the same as saying nothing */
        else if (strcmp(o->keyword, "sslmode") == 0 && strcmp(v, "prefer") && strcmp(v, "allow"))
            t->sslmode = xstrdup(v);
        if (strcmp(o->keyword, "sslrootcert") == 0)
            t->has_rootcert = true;
        if (!pg_setting_is_ours(o->keyword))
            pg_target_set(t, o->keyword, v);
    }
    if (!pg_target_hosts(t, host, hostaddr, port, err))
        return false;
    pg_target_name(t, dbname);
    return true;
}

static bool pg_has_password(const PQconninfoOption *options)
{
    for (const PQconninfoOption *o = options; o->keyword; o++)
        if ((strcmp(o->keyword, "password") == 0 || strcmp(o->keyword, "sslpassword") == 0) &&
            o->val && *o->val)
            return true;
    return false;
}

/* libpq adds services, environment and defaults only on its way to a connection. An impossible
 * gssencmode ends that way after the reading and before the network. */
static PGconn *pg_expand(const char *conninfo, const char *key, const char *value)
{
    const char *keys[] = { "dbname", "gssencmode", key, NULL };
    const char *values[] = { conninfo, "midwatch-reads-only", value, NULL };

    return PQconnectStartParams(keys, values, 1);
}

/* Where libpq would look for passwords. It reads that file on the way, and complains about it on
 * stderr, across the screen, unless it has a password already. */
static void pg_target_passfile(struct pg_target *t, const char *conninfo)
{
    PGconn *conn = pg_expand(conninfo, "password", "none");
    PQconninfoOption *all = conn ? PQconninfo(conn) : NULL;

    for (const PQconninfoOption *o = all; o && o->keyword; o++)
        if (strcmp(o->keyword, "passfile") == 0 && o->val && *o->val)
            t->passfile = xstrdup(o->val);
    PQconninfoFree(all);
    PQfinish(conn);
}

static bool pg_target_expand(struct pg_target *t, const char *conninfo, struct err *err)
{
    PGconn *conn = pg_expand(conninfo, "passfile", PG_NO_PASSFILE);
    PQconninfoOption *all = conn ? PQconninfo(conn) : NULL;
    const char *said = conn ? PQerrorMessage(conn) : "";
    bool ok;

    if (all && strstr(said, "midwatch-reads-only"))
        ok = pg_target_take(t, all, err);
    else if (strncmp(said, "definition of service", 21) == 0 ||
             strncmp(said, "could not match", 15) == 0 || strstr(said, "service file"))
        ok = err_set(err, "%.*s", (int)strcspn(said, "\n"), said);
    else
        ok =
            err_set(err, "libpq refuses an option of this address (sslmode, channel_binding, ...)");
    PQconninfoFree(all);
    PQfinish(conn);
    if (ok)
        pg_target_passfile(t, conninfo);
    return ok;
}

bool pg_target_read(struct pg_target *t, const char *conninfo, struct err *err)
{
    PQconninfoOption *given;
    char *words = NULL;
    bool password;

    *t = (struct pg_target){ 0 };
    for (const char *s = conninfo; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return err_set(err, "a database's address may not hold control characters");
    given = PQconninfoParse(conninfo, &words);
    PQfreemem(words); /* quotes pieces of what it could not read */
    if (!given)
        return err_set(err, "not an address of PostgreSQL; write service=NAME, "
                            "postgres://user@host:5432/db or host=... dbname=...");
    password = pg_has_password(given);
    PQconninfoFree(given);
    if (password)
        return err_set(err, "a password does not belong into the address; give it as "
                            "password: ${env:NAME}");
    if (!pg_target_expand(t, conninfo, err)) {
        pg_target_fini(t);
        return false;
    }
    return true;
}

void pg_target_fini(struct pg_target *t)
{
    for (size_t i = 0; i < t->n_hosts; i++) {
        free(t->hosts[i].host);
        free(t->hosts[i].hostaddr);
        free(t->hosts[i].port);
    }
    for (size_t i = 0; i < t->n_settings; i++) {
        free(t->settings[i].key);
        free(t->settings[i].value);
    }
    free(t->settings);
    free(t->options);
    free(t->sslmode);
    free(t->passfile);
    secret_free(t->password);
    free(t->name);
    *t = (struct pg_target){ 0 };
}

/* ---- for a connect ---- */

static void pg_params_add(struct pg_params *p, const char *key, const char *value)
{
    assert(p->n + 1 < sizeof p->keys / sizeof *p->keys);
    p->keys[p->n] = key;
    p->values[p->n++] = value;
}

static void pg_params_hosts(struct pg_params *p, const struct pg_address *addresses, size_t n)
{
    struct buf hosts = { 0 }, addrs = { 0 }, ports = { 0 };
    bool any_addr = false, first = true;

    for (size_t i = 0; i < n; i++) {
        const struct pg_address *a = &addresses[i];

        if (a->dead)
            continue;
        any_addr = any_addr || a->numeric[0];
        buf_addf(&hosts, "%s%s", first ? "" : ",", a->host->host ? a->host->host : "");
        buf_addf(&addrs, "%s%s", first ? "" : ",", a->numeric);
        buf_addf(&ports, "%s%s", first ? "" : ",", a->host->port);
        first = false;
    }
    p->hosts = hosts.bytes;
    p->addrs = addrs.bytes;
    p->ports = ports.bytes;
    pg_params_add(p, "host", p->hosts);
    if (any_addr)
        pg_params_add(p, "hostaddr", p->addrs);
    pg_params_add(p, "port", p->ports);
}

static void pg_params_options(struct pg_params *p, const struct pg_target *t, int64_t timeout_ms,
                              int64_t lock_ms, bool plain)
{
    struct buf b = { 0 };

    if (t->options)
        buf_adds(&b, t->options);
    if (!plain)
        buf_addf(&b,
                 "%s-c statement_timeout=%lld -c lock_timeout=%lld "
                 "-c default_transaction_read_only=on",
                 t->options ? " " : "", (long long)timeout_ms, (long long)lock_ms);
    p->options = b.bytes;
    if (p->options)
        pg_params_add(p, "options", p->options);
}

static bool pg_all_local(const struct pg_address *addresses, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (addresses[i].numeric[0] && !pg_is_loopback(addresses[i].numeric))
            return false;
    return true;
}

/* libpq 15 looks for a root certificate in ~/.postgresql only; the system's serve as well. */
static const char *pg_system_roots(void)
{
    static const char *const files[] = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/ca-bundle.pem",
        "/etc/ssl/cert.pem",
    };

    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (access(files[i], R_OK) == 0)
            return files[i];
    return NULL;
}

static bool pg_own_roots(void)
{
    const char *home = getenv("HOME");
    struct buf b = { 0 };
    bool there;

    buf_addf(&b, "%s/.postgresql/root.crt", home ? home : "");
    there = access(b.bytes, R_OK) == 0;
    buf_fini(&b);
    return there;
}

static void pg_params_tls(struct pg_params *p, const struct pg_target *t, const char *sslmode)
{
    const char *roots;

    pg_params_add(p, "sslmode", sslmode);
    pg_params_add(p, "gssencmode", "disable");
    if (strcmp(sslmode, "verify-full") != 0 || t->has_rootcert || pg_own_roots())
        return;
    roots = pg_system_roots();
    if (roots)
        pg_params_add(p, "sslrootcert", roots);
}

/* A password file that libpq would complain about, on stderr and so across the screen, is not given
 * to it; neither is any where no password may be sent. */
static const char *pg_params_passfile(const struct pg_target *t, bool safe)
{
    struct stat st;

    if (safe && t->passfile && stat(t->passfile, &st) == 0 && S_ISREG(st.st_mode) &&
        (st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
        return t->passfile;
    return PG_NO_PASSFILE;
}

bool pg_params_make(struct pg_params *p, const struct pg_target *t, const struct secret *password,
                    const struct pg_address *addresses, size_t n, int64_t timeout_ms,
                    int64_t lock_ms, bool plain, struct err *err)
{
    bool local = pg_all_local(addresses, n);
    const char *sslmode = t->sslmode ? t->sslmode : local ? "prefer" : "verify-full";
    bool safe = local || strcmp(sslmode, "verify-full") == 0;

    *p = (struct pg_params){ .withheld = !safe };
    if (!password)
        password = t->password;
    if (password && !safe)
        return err_set(err,
                       "sslmode=%s does not verify the server, and a password goes only to a "
                       "verified one: sslmode=verify-full",
                       sslmode);
    for (size_t i = 0; i < t->n_settings; i++)
        pg_params_add(p, t->settings[i].key, t->settings[i].value);
    pg_params_hosts(p, addresses, n);
    pg_params_tls(p, t, sslmode);
    pg_params_options(p, t, timeout_ms, lock_ms, plain);
    if (password)
        pg_params_add(p, "password", secret_reveal(password));
    pg_params_add(p, "passfile", pg_params_passfile(t, safe));
    pg_params_add(p, "application_name", "midwatch");
    pg_params_add(p, "client_encoding", "UTF8");
    pg_params_add(p, "keepalives", "1");
    pg_params_add(p, "keepalives_idle", "5");
    pg_params_add(p, "keepalives_interval", "2");
    pg_params_add(p, "keepalives_count", "2");
    pg_params_add(p, "tcp_user_timeout", "5000");
    return true;
}

void pg_params_fini(struct pg_params *p)
{
    free(p->hosts);
    free(p->addrs);
    free(p->ports);
    free(p->options);
    *p = (struct pg_params){ 0 };
}
