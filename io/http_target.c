/* io/http_target.c: what a target tells curl once, and the callbacks that fill its reply. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "io/http_impl.h"
#include "io/http_tls.h"
#include "io/limits.h"

#define HTTP_AGENT "midwatch/" MW_VERSION
#define HTTP_SHA256_OF_NOTHING \
    "x-amz-content-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* ---- callbacks ---- */

static void http_abort(struct http_target *t, enum fault fault, const char *why)
{
    t->abort_fault = fault;
    snprintf(t->abort_why, sizeof t->abort_why, "%s", why);
}

/* Only what was asked for is unpacked, and one coding at a time: each of curl's other decoders
 * would be one more that a server can feed. */
static bool http_is_packed_well(struct http_target *t, const char *line, size_t len)
{
    static const char name[] = "content-encoding:";
    static const char *const fine[] = { "gzip", "x-gzip", "deflate", "identity" };
    const char *end = line + len;
    char why[96];

    if (len < sizeof name - 1 || strncasecmp(line, name, sizeof name - 1) != 0)
        return true;
    line += sizeof name - 1;
    while (line < end && (*line == ' ' || *line == '\t'))
        line++;
    while (end > line && strchr("\r\n \t", end[-1]))
        end--;
    len = (size_t)(end - line);
    if (len == 0)
        return true;
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (len == strlen(fine[i]) && strncasecmp(line, fine[i], len) == 0)
            return true;
    snprintf(why, sizeof why, "packed as '%.*s', which was not asked for",
             (int)(len < 40 ? len : 40), line);
    http_abort(t, FAULT_BODY, why);
    return false;
}

/* "HTTP/1.1 503 …" gives 503; 0 when it is no status line. The bytes end at len, not at a NUL. */
static int http_status_code(const char *line, size_t len)
{
    const char *blank = memchr(line, ' ', len);
    int code = 0;

    if (!blank || line + len - blank < 4)
        return 0;
    for (const char *s = blank + 1; s <= blank + 3; s++) {
        if (!isdigit((unsigned char)*s))
            return 0;
        code = code * 10 + (*s - '0');
    }
    return code;
}

static bool http_head_line(struct http_target *t, const char *line, size_t len)
{
    if (len >= 5 &&
        memcmp(line, "HTTP/", 5) == 0) { /* a new reply: an interim one came before it */
        buf_clear(&t->head);
        t->header_end = false;
        t->code = http_status_code(line, len);
        if (t->code >= 100 && t->code < 200 && ++t->interim > HTTP_INTERIM_MAX) {
            http_abort(t, FAULT_PROTOCOL, "one interim answer after the other");
            return false;
        }
    }
    if (len <= 2 && (len == 0 || line[0] == '\r' || line[0] == '\n'))
        t->header_end = true;
    return true;
}

static size_t http_on_header(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_target *t = arg;
    size_t len = size * n;

    t->header_bytes += len;
    if (!http_head_line(t, bytes, len) || !http_is_packed_well(t, bytes, len))
        return 0;
    if (t->header_bytes > HTTP_HEADER_MAX) {
        char cap[24], why[64];

        snprintf(why, sizeof why, "headers beyond %s", http_size(HTTP_HEADER_MAX, cap));
        http_abort(t, FAULT_TOO_BIG, why);
        return 0;
    }
    buf_add(&t->head, bytes, len);
    return len;
}

static size_t http_on_body(char *bytes, size_t size, size_t n, void *arg)
{
    struct http_target *t = arg;
    size_t len = size * n;
    char cap[24], why[64];

    if (len > t->max_bytes - t->got) {
        snprintf(why, sizeof why, "more than %s", http_size(t->max_bytes, cap));
        http_abort(t, FAULT_TOO_BIG, why);
        return 0;
    }
    t->got += len;
    if (t->chunk && t->code >= 200 && t->code < 300) {
        if (t->chunk(t->arg, bytes, len))
            return len;
        http_abort(t, FAULT_BODY, "");
        return 0;
    }
    buf_add(&t->reply, bytes, len);
    return len;
}

/* The connection stands and the request is about to go out. The second time in one exchange it goes
 * out again: the kept connection was dead. */
static int http_on_send(void *arg, char *primary_ip, char *local_ip, int primary_port,
                        int local_port)
{
    struct http_target *t = arg;

    (void)primary_ip;
    (void)local_ip;
    (void)primary_port;
    (void)local_port;
    t->sent = true;
    if (t->https)
        t->cert_end_ms = http_tls_end_ms(t->easy);
    if (t->sends++ > t->hops)
        t->h->retried++;
    return CURL_PREREQFUNC_OK;
}

/* ---- set-up ---- */

static bool http_is_token(const char *s)
{
    if (!*s)
        return false;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f ||
            strchr("()<>@,;:\\\"/[]?={}", *s))
            return false;
    return true;
}

static bool http_has_control(const char *s)
{
    for (; *s; s++)
        if (((unsigned char)*s < ' ' && *s != '\t') || *s == 0x7f)
            return true;
    return false;
}

static void http_add_header(struct http_target *t, const char *line)
{
    struct curl_slist *list = curl_slist_append(t->headers, line);

    if (!list)
        alloc_fail(); /* never a request without its credentials */
    t->headers = list;
}

static bool http_check_headers(const struct http_spec *spec, struct err *err)
{
    for (size_t i = 0; i < spec->n_headers; i++) {
        const struct http_header *h = &spec->headers[i];

        if (!http_is_token(h->name))
            return err_set(err, "'%s' is not a header name", h->name);
        if (http_has_control(h->value))
            return err_set(err, "the value of header %s contains a control character", h->name);
    }
    return true;
}

/* A header whose value is a secret. */
static bool http_add_secret(struct http_target *t, const char *name, const struct secret *value,
                            const char *what, struct err *err)
{
    const char *token = secret_reveal(value);
    struct buf line = { 0 };

    if (!*token || http_has_control(token))
        return err_set(err, "%s is empty or contains a control character", what);
    buf_addf(&line, "%s%s", name, token);
    http_add_header(t, buf_str(&line));
    secret_wipe(line.bytes, line.len);
    buf_fini(&line);
    return true;
}

static bool http_setup_headers(struct http_target *t, const struct http_spec *spec, struct err *err)
{
    struct buf line = { 0 };

    if (!http_check_headers(spec, err))
        return false;
    for (size_t i = 0; i < spec->n_headers; i++) {
        const struct http_header *h = &spec->headers[i];

        buf_clear(&line);
        /* curl sends an empty header only when it ends in a semicolon */
        buf_addf(&line, *h->value ? "%s: %s" : "%s;", h->name, h->value);
        http_add_header(t, buf_str(&line));
    }
    if (!spec->aws_region) /* curl would sign what it then does not send */
        http_add_header(t, "Expect:");
    buf_fini(&line);
    if (spec->aws_region && !spec->body) /* curl signs it, and S3 wants it there */
        http_add_header(t, HTTP_SHA256_OF_NOTHING);
    if (spec->bearer &&
        !http_add_secret(t, "Authorization: Bearer ", spec->bearer, "the bearer token", err))
        return false;
    if (spec->aws_session &&
        !http_add_secret(t, "x-amz-security-token: ", spec->aws_session, "the session token", err))
        return false;
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers);
    return true;
}

static bool http_setup_url(struct http_target *t, const struct http_spec *spec, struct err *err)
{
    CURLU *u = curl_url();
    char *scheme = NULL, *user = NULL;
    CURLUcode rc = curl_url_set(u, CURLUPART_URL, spec->url, 0);
    bool ok = false;

    if (rc == CURLUE_OK)
        rc = curl_url_get(u, CURLUPART_SCHEME, &scheme, 0);
    if (rc != CURLUE_OK)
        err_set(err, "the address is not a URL: %s", curl_url_strerror(rc)); /* may hold a secret */
    else if (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)
        err_set(err, "'%s' is not a protocol to ask over; http and https are", scheme);
    else if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK)
        err_set(err, "the address contains a user name or password");
    else
        ok = true;
    t->https = ok && strcmp(scheme, "https") == 0;
    curl_free(scheme);
    curl_free(user);
    curl_url_cleanup(u);
    return ok;
}

static void http_setup_method(struct http_target *t, const struct http_spec *spec)
{
    const char *m = t->method;
    bool safe = strcmp(m, "GET") == 0 || strcmp(m, "HEAD") == 0;

    if (spec->body) {
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body_len);
        curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, t->body);
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, m);
    } else if (strcmp(m, "HEAD") == 0) {
        curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
    } else if (!safe) {
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, m);
    }
    /* On a dead kept connection curl asks again by itself: only what may be asked twice is. */
    if (!safe)
        curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
    if (t->fresh) {
        curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(t->easy, CURLOPT_FORBID_REUSE, 1L);
        curl_easy_setopt(t->easy, CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
}

static void http_setup_limits(struct http_target *t)
{
    CURL *e = t->easy;

    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* else a hanging resolver is joined on timeout */
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
    curl_easy_setopt(e, CURLOPT_PROXY, ""); /* nothing from the environment */
    curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_SSL_ENABLE_ALPN, t->https ? 1L : 0L);
    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)t->max_bytes);
    curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
    if (!t->fresh) {
        curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, 15L);
        curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, 5L);
    }
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, 3600L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, HTTP_AGENT);
}

static void http_setup_callbacks(struct http_target *t)
{
    CURL *e = t->easy;

    curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, http_on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, http_on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, http_on_send);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, http_sock_open);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, t);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, http_sock_close);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, t->h); /* a connection outlives its target */
}

static void http_setup_tls(struct http_target *t, const struct http_spec *spec)
{
    CURL *e = t->easy;
    char *bundle = NULL;

    if (!t->https)
        return;
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, spec->insecure ? 0L : 1L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, spec->insecure ? 0L : 2L);
    if (spec->ca_file)
        curl_easy_setopt(e, CURLOPT_CAINFO, spec->ca_file);
    curl_easy_getinfo(e, CURLINFO_CAINFO, &bundle);
    if (spec->ca_file ||
        bundle) /* beside a CAPATH curl reads the bundle, 80 ms, for each handshake */
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
}

static bool http_setup_signature(struct http_target *t, const struct http_spec *spec,
                                 struct err *err)
{
    char what[128];

    if (!spec->aws_region)
        return true;
    if (!http_is_token(spec->aws_region) || strchr(spec->aws_region, ':') ||
        (size_t)snprintf(what, sizeof what, "aws:amz:%s:%s", spec->aws_region, spec->aws_service) >=
            sizeof what)
        return err_set(err, "'%s' is not a region", spec->aws_region);
    if (!spec->aws_key || http_has_control(secret_reveal(spec->aws_key)))
        return err_set(err, "the access key is missing or contains a control character");
    curl_easy_setopt(t->easy, CURLOPT_AWS_SIGV4, what);
    curl_easy_setopt(t->easy, CURLOPT_USERPWD, secret_reveal(spec->aws_key));
    return true;
}

bool http_target_setup(struct http_target *t, const struct http_spec *spec, struct err *err)
{
    t->url = xstrdup(spec->url);
    t->method = xstrdup(spec->method ? spec->method : "GET");
    t->body = xstrdup(spec->body);
    t->body_len = spec->body ? strlen(spec->body) : 0;
    t->connect_ms = spec->connect_timeout_ms > 0 ? spec->connect_timeout_ms : HTTP_CONNECT_MS;
    t->max_bytes = spec->max_bytes ? spec->max_bytes : HTTP_BODY_MAX;
    t->follow = spec->follow;
    t->fresh = spec->fresh;
    t->chunk = spec->chunk;
    if (!http_is_token(t->method))
        return err_set(err, "'%s' is not a method", t->method);
    if (!http_setup_url(t, spec, err))
        return false;
    if (!t->h->multi) /* a virtual loop has no curl */
        return true;
    t->easy = curl_easy_init();
    if (!t->easy)
        return err_set(err, "libcurl cannot make a handle");
    http_setup_limits(t);
    http_setup_callbacks(t);
    http_setup_method(t, spec);
    http_setup_tls(t, spec);
    if (spec->resolve) {
        t->resolve = curl_slist_append(NULL, spec->resolve);
        curl_easy_setopt(t->easy, CURLOPT_RESOLVE, t->resolve);
    }
    if (spec->basic) {
        curl_easy_setopt(t->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
        curl_easy_setopt(t->easy, CURLOPT_USERPWD, secret_reveal(spec->basic));
    }
    return http_setup_signature(t, spec, err) && http_setup_headers(t, spec, err);
}

void http_target_fini(struct http_target *t)
{
    if (t->easy)
        curl_easy_cleanup(t->easy);
    for (struct curl_slist *l = t->headers; l; l = l->next)
        secret_wipe(l->data, strlen(l->data)); /* one of them may be the token */
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->resolve);
    buf_fini(&t->head);
    buf_fini(&t->reply);
    free(t->url);
    free(t->method);
    free(t->body);
}
