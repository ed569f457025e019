/* io/mail.c: a mail handed over by curl, in a thread of its own. */
#include "io/mail.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "core/alloc.h"
#include "io/errand.h"
#include "io/tls_impl.h"

enum {
    MAIL_STACK = 512 << 10,
    MAIL_BACKSTOP_MS = 250, /* curl keeps the deadline by itself; should it not, we do */
    MAIL_ADDRESS_MAX = 254
};

struct letter { /* a copy of all that the thread needs: it may outlive whoever asked */
    char *url, *from, *user, *ca_file, *bytes;
    struct secret *password;
    struct curl_slist *to;
    size_t len, at; /* at: of what curl has taken */
    bool plain;
    int64_t timeout_ms;
    atomic_bool cancelled;
    /* what was seen on the wire */
    char verb[9]; /* of our last command */
    int code;     /* of the last reply */
    bool leaving; /* what comes now is of no interest */
    int n_to, refused_to, refused_code;
    struct mail_result result;
};

struct mail {
    struct letter *letter; /* the errand's */
    struct errand *errand;
    struct io_timer *timer;
    struct mail_result failed; /* before it began, or at the deadline */
    mail_done *done;
    void *arg;
};

/* ---- addresses ---- */

static bool mail_address_part(const char *s, size_t len, const char *more)
{
    for (size_t i = 0; i < len; i++)
        if (!strchr(more, s[i]) && !(isascii((unsigned char)s[i]) && isalnum((unsigned char)s[i])))
            return false;
    return len > 0;
}

bool mail_address_check(const char *address, struct err *err)
{
    const char *at = strchr(address, '@');
    size_t len = strlen(address);

    if (len <= MAIL_ADDRESS_MAX && at &&
        mail_address_part(address, (size_t)(at - address), ".!#$%&'*+-/=?^_`{|}~") &&
        mail_address_part(at + 1, strlen(at + 1), ".-"))
        return true;
    return err_set(err, "this is not one address; write oncall@example.org, and several as a list");
}

/* ---- on the wire ---- */

static size_t letter_read(char *out, size_t size, size_t n, void *arg)
{
    struct letter *l = arg;
    size_t len = size * n < l->len - l->at ? size * n : l->len - l->at;

    memcpy(out, l->bytes + l->at, len);
    l->at += len;
    return len;
}

static size_t letter_ignore(char *bytes, size_t size, size_t n, void *arg)
{
    (void)bytes;
    (void)arg;
    return size * n;
}

static int letter_progress(void *arg, curl_off_t dt, curl_off_t dn, curl_off_t ut, curl_off_t un)
{
    struct letter *l = arg;

    (void)dt;
    (void)dn;
    (void)ut;
    (void)un;
    return atomic_load(&l->cancelled);
}

/* Which command, never its words: a login is among them. */
static void letter_said(struct letter *l, const char *line, size_t len)
{
    static const char *const verbs[] = {
        "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA"
    };

    l->leaving = len >= 4 && memcmp(line, "QUIT", 4) == 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        size_t n = strlen(verbs[i]);

        if (len >= n && memcmp(line, verbs[i], n) == 0)
            memcpy(l->verb, verbs[i], n + 1);
    }
}

static void letter_heard(struct letter *l, const char *line, size_t len)
{
    if (l->leaving || len < 3 || !isdigit((unsigned char)line[0]) ||
        !isdigit((unsigned char)line[1]) || !isdigit((unsigned char)line[2]) ||
        (len > 3 && line[3] == '-'))
        return;
    l->code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (strcmp(l->verb, "RCPT") == 0 && l->code >= 400) {
        l->refused_to++;
        l->refused_code = l->code;
    }
}

static int letter_overhear(CURL *easy, curl_infotype type, char *bytes, size_t len, void *arg)
{
    (void)easy;
    if (type == CURLINFO_HEADER_OUT)
        letter_said(arg, bytes, len);
    else if (type == CURLINFO_HEADER_IN)
        letter_heard(arg, bytes, len);
    return 0;
}

/* ---- what became of it ---- */

static void letter_answered(struct letter *l)
{
    l->result.refused = l->code >= 500;
    err_set(&l->result.words, "%s: %d%s%s", l->code >= 500 ? "refused" : "put off", l->code,
            *l->verb ? " at " : "", l->verb);
}

static void letter_fails(struct letter *l, const char *words)
{
    err_set(&l->result.words, "%s%s%s", words, *l->verb ? " at " : "", l->verb);
}

static void letter_judge(struct letter *l, CURLcode rc, long os)
{
    struct err *words = &l->result.words;

    l->result.ok = rc == CURLE_OK;
    if (rc == CURLE_OK && l->refused_to)
        err_set(words, "%d, but %d of %d addresses refused: %d", l->code, l->refused_to, l->n_to,
                l->refused_code);
    else if (rc == CURLE_OK)
        err_set(words, "%d", l->code);
    else if (rc == CURLE_USE_SSL_FAILED)
        err_set(words, "tls: STARTTLS is not offered");
    else if (rc == CURLE_PEER_FAILED_VERIFICATION)
        err_set(words, "tls: its certificate is not trusted");
    else if (rc == CURLE_SSL_CONNECT_ERROR)
        err_set(words, "tls: no handshake");
    else if (rc == CURLE_SSL_CACERT_BADFILE)
        err_set(words, "tls: ca_file cannot be used");
    else if (rc == CURLE_COULDNT_RESOLVE_HOST)
        err_set(words, "dns");
    else if (rc == CURLE_COULDNT_CONNECT)
        err_set(words, "%s", os == ECONNREFUSED ? "refused" : "unreachable");
    else if (rc == CURLE_OPERATION_TIMEDOUT)
        letter_fails(l, "timeout");
    else if (l->code >= 400)
        letter_answered(l);
    else if (rc == CURLE_LOGIN_DENIED)
        err_set(words, "auth: no way to log in that both know");
    else
        letter_fails(l, rc == CURLE_RECV_ERROR || rc == CURLE_SEND_ERROR || rc == CURLE_GOT_NOTHING
                            ? "reset"
                            : "protocol");
}

static void letter_limits(CURL *e, const struct letter *l)
{
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)l->timeout_ms);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)l->timeout_ms);
    curl_easy_setopt(e, CURLOPT_SERVER_RESPONSE_TIMEOUT, (long)(l->timeout_ms / 1000 + 1));
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(e, CURLOPT_PROXY, ""); /* nothing from the environment */
    curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(e, CURLOPT_USE_SSL, (long)(l->plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    if (l->ca_file) {
        curl_easy_setopt(e, CURLOPT_CAINFO, l->ca_file);
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    }
}

static void letter_envelope(CURL *e, struct letter *l)
{
    curl_easy_setopt(e, CURLOPT_URL, l->url);
    curl_easy_setopt(e, CURLOPT_MAIL_FROM, l->from);
    curl_easy_setopt(e, CURLOPT_MAIL_RCPT, l->to);
    /* one address that is gone must not keep the others asleep */
    curl_easy_setopt(e, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)l->len);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, letter_read);
    curl_easy_setopt(e, CURLOPT_READDATA, l);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, letter_ignore);
    curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, letter_progress);
    curl_easy_setopt(e, CURLOPT_XFERINFODATA, l);
    curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, letter_overhear);
    curl_easy_setopt(e, CURLOPT_DEBUGDATA, l);
    curl_easy_setopt(e, CURLOPT_VERBOSE, 1L); /* to the function above and nowhere else */
    if (l->user) {
        curl_easy_setopt(e, CURLOPT_USERNAME, l->user);
        curl_easy_setopt(e, CURLOPT_PASSWORD, l->password ? secret_reveal(l->password) : "");
    }
}

static void letter_run(void *what)
{
    struct letter *l = what;
    CURL *e = curl_easy_init();
    CURLcode rc = CURLE_FAILED_INIT;
    long os = 0;

    if (e) {
        letter_limits(e, l);
        letter_envelope(e, l);
        rc = curl_easy_perform(e);
        curl_easy_getinfo(e, CURLINFO_OS_ERRNO, &os);
    }
    letter_judge(l, rc, os);
    if (e)
        curl_easy_cleanup(e);
}

static void letter_drop(void *what)
{
    struct letter *l = what;

    curl_slist_free_all(l->to);
    secret_free(l->password);
    free(l->url);
    free(l->from);
    free(l->user);
    free(l->ca_file);
    free(l->bytes);
    free(l);
}

static const struct errand_ops letter_ops = { letter_run, letter_drop, MAIL_STACK };

/* ---- on the loop ---- */

static void mail_on_errand(void *arg, void *what)
{
    struct mail *m = arg;
    const struct letter *l = what;

    m->errand = NULL;
    m->letter = NULL;
    io_timer_off(m->timer);
    m->done(m->arg, &l->result);
}

static void mail_let_go(struct mail *m)
{
    if (m->letter)
        atomic_store(&m->letter->cancelled, true);
    m->letter = NULL;
    errand_forget(m->errand);
    m->errand = NULL;
}

static void mail_on_timer(void *arg)
{
    struct mail *m = arg;

    mail_let_go(m);
    m->done(m->arg, &m->failed);
}

/* What curl would write into a command line as it is. */
static bool mail_check(const struct mail_spec *s, struct err *err)
{
    bool fine = mail_address_check(s->from, err);

    for (size_t i = 0; fine && i < s->n_to; i++)
        fine = mail_address_check(s->to[i], err);
    for (const char *c = s->url; fine && *c; c++)
        if ((unsigned char)*c <= ' ' || (unsigned char)*c >= 0x7f || *c == '%')
            fine = err_set(err, "its address cannot be used");
    return fine;
}

static struct letter *letter_new(const struct mail_spec *s, int64_t timeout_ms)
{
    struct letter *l = xcalloc(1, sizeof *l);

    l->url = xstrdup(s->url);
    l->from = xstrdup(s->from);
    l->user = xstrdup(s->user);
    l->ca_file = xstrdup(s->ca_file);
    l->password = secret_copy(s->password);
    l->bytes = xcalloc(s->len + 1, 1);
    memcpy(l->bytes, s->bytes, s->len);
    l->len = s->len;
    l->plain = s->plain;
    l->timeout_ms = timeout_ms;
    l->n_to = (int)s->n_to;
    for (size_t i = 0; i < s->n_to; i++) {
        struct curl_slist *list = curl_slist_append(l->to, s->to[i]);

        if (!list)
            alloc_fail();
        l->to = list;
    }
    return l;
}

struct mail *mail_send(struct io *io, const struct mail_spec *spec, int64_t timeout_ms,
                       mail_done *done, void *arg)
{
    struct mail *m = xcalloc(1, sizeof *m);

    assert(timeout_ms > 0);
    tls_keep();
    curl_global_init(CURL_GLOBAL_DEFAULT); /* never undone: a thread may be in it at the end */
    m->done = done;
    m->arg = arg;
    m->timer = io_timer_new(io, mail_on_timer, m);
    if (!mail_check(spec, &m->failed.words)) {
        io_timer_arm(m->timer, 0);
        return m;
    }
    m->letter = letter_new(spec, timeout_ms);
    m->errand = errand_start(io, &letter_ops, m->letter, mail_on_errand, m);
    if (m->errand) {
        err_set(&m->failed.words, "timeout");
        io_timer_arm(m->timer, timeout_ms + MAIL_BACKSTOP_MS);
        return m;
    }
    err_set(&m->failed.words, "local: %s", strerror(errno));
    letter_drop(m->letter);
    m->letter = NULL;
    io_timer_arm(m->timer, 0);
    return m;
}

void mail_free(struct mail *m)
{
    if (!m)
        return;
    mail_let_go(m);
    io_timer_free(m->timer);
    free(m);
}
