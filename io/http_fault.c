/* io/http_fault.c: what went wrong, in our words, from what curl and the system say. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/http_impl.h"
#include "io/http_tls.h"
#include "io/limits.h"

const char *http_seconds(int64_t ms, char out[24])
{
    if (ms < 1000)
        snprintf(out, 24, "%d ms", (int)ms);
    else if (ms % 1000 == 0)
        snprintf(out, 24, "%lld s", (long long)(ms / 1000));
    else
        snprintf(out, 24, "%.1f s", (double)ms / 1000);
    return out;
}

const char *http_size(size_t bytes, char out[24])
{
    if (bytes < 1024)
        snprintf(out, 24, "%zu byte%s", bytes, bytes == 1 ? "" : "s");
    else if (bytes < (1 << 20))
        snprintf(out, 24, "%zu KB", bytes >> 10);
    else if (bytes % (1 << 20) == 0)
        snprintf(out, 24, "%zu MB", bytes >> 20);
    else
        snprintf(out, 24, "%.1f MB", (double)bytes / (1 << 20));
    return out;
}

void http_fault_why(enum fault fault, const char *detail, struct err *out)
{
    const char *word = fault_word(fault);

    if (strncmp(detail, word, strlen(word)) == 0)
        err_set(out, "%s", detail);
    else if (*detail)
        err_set(out, "%s: %s", word, detail);
    else
        err_set(out, "%s", word);
}

static void http_put(struct http_verdict *out, enum fault fault, const char *detail)
{
    out->fault = fault;
    http_fault_why(fault, detail, &out->why);
}

static bool http_is_local_errno(int e)
{
    return e == EMFILE || e == ENFILE || e == ENOBUFS || e == ENOMEM || e == EPERM || e == EACCES ||
           e == EADDRNOTAVAIL || e == EAFNOSUPPORT;
}

/* When we are out of descriptors curl's resolver and sockets fail in ways that look like the other
 * side's fault. */
static bool http_no_descriptors(void)
{
    int fd = open("/", O_RDONLY | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd < 0 && (errno == EMFILE || errno == ENFILE);
}

static void http_judge_connect(const struct http_target *t, struct http_verdict *out)
{
    long os = 0;

    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &os);
    if (t->open_errno)
        http_put(out, http_is_local_errno(t->open_errno) ? FAULT_LOCAL : FAULT_UNREACHABLE,
                 strerror(t->open_errno));
    else if (os == ECONNREFUSED)
        http_put(out, FAULT_REFUSED, "");
    else if (os == ECONNRESET)
        http_put(out, FAULT_RESET, "while connecting");
    else if (os == ETIMEDOUT)
        http_put(out, FAULT_CONNECT_TIMEOUT, "");
    else if (os && http_is_local_errno((int)os))
        http_put(out, FAULT_LOCAL, strerror((int)os));
    else if (os)
        http_put(out, FAULT_UNREACHABLE, strerror((int)os));
    else
        http_put(out, FAULT_UNREACHABLE, t->error);
}

static void http_judge_tls(const struct http_target *t, CURLcode rc, struct http_verdict *out)
{
    http_put(out, FAULT_TLS, http_tls_words(t->easy, rc, t->error));
}

/* The connection broke after the request was sent. */
static void http_judge_broken(const struct http_target *t, struct http_verdict *out)
{
    char size[24], why[96];

    if (!t->header_bytes) {
        http_put(out, FAULT_RESET, "closed before a reply");
        return;
    }
    if (strstr(t->error, "chunk")) {
        http_put(out, FAULT_PARTIAL, "bad chunk");
        return;
    }
    if (!t->header_end) {
        http_put(out, FAULT_PARTIAL, "the headers broke off");
        return;
    }
    snprintf(why, sizeof why, "the body broke off after %s", http_size(t->got, size));
    http_put(out, FAULT_PARTIAL, why);
}

static void http_judge_resolve(const struct http_target *t, struct http_verdict *out)
{
    if (http_no_descriptors())
        http_put(out, FAULT_LOCAL, strerror(EMFILE));
    else
        http_put(out, FAULT_DNS, *t->error ? t->error : "the name could not be resolved");
}

static void http_judge_too_big(const struct http_target *t, struct http_verdict *out)
{
    char size[24], why[64];

    snprintf(why, sizeof why, "more than %s", http_size(t->max_bytes, size));
    http_put(out, FAULT_TOO_BIG, why);
}

void http_judge(const struct http_target *t, CURLcode rc, struct http_verdict *out)
{
    *out = (struct http_verdict){ .fault = FAULT_NONE };
    if (t->abort_fault) {
        http_put(out, t->abort_fault, t->abort_why);
        return;
    }
    switch (rc) {
    case CURLE_OK: /* curl takes an end in the middle of the headers for the end of the reply */
        if (!t->header_end)
            http_judge_broken(t, out);
        return;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        http_judge_resolve(t, out);
        return;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
        http_judge_connect(t, out);
        return;
    case CURLE_OPERATION_TIMEDOUT:
        http_judge_late(t, out);
        return;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
        http_judge_tls(t, rc, out);
        return;
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
        http_judge_broken(t, out);
        return;
    case CURLE_FILESIZE_EXCEEDED:
        http_judge_too_big(t, out);
        return;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        http_put(out, FAULT_PROTOCOL, "the answer is not HTTP");
        return;
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_WRITE_ERROR: /* not our callback: the decoder */
        http_put(out, FAULT_PROTOCOL, "the content encoding is broken");
        return;
    case CURLE_OUT_OF_MEMORY: /* curl's own limit on one header; true want of memory ends us */
        http_put(out, t->sent ? FAULT_TOO_BIG : FAULT_LOCAL,
                 t->sent ? "a header" : "out of memory");
        return;
    case CURLE_SSL_CACERT_BADFILE: /* ours, or the system's; curl names the file */
        http_put(out, FAULT_LOCAL, *t->error ? t->error : "the CA certificates cannot be read");
        return;
    default:
        http_put(out, t->sent ? FAULT_PROTOCOL : FAULT_LOCAL,
                 *t->error ? t->error : curl_easy_strerror(rc));
        return;
    }
}

static void http_judge_late_connect(const struct http_target *t, struct http_verdict *out)
{
    char limit[24], why[96];

    if (!t->opened) {
        snprintf(why, sizeof why, "no answer in %s", http_seconds(t->timeout_ms, limit));
        http_put(out, FAULT_DNS, why);
    } else if (!http_sock_connected(t)) {
        int64_t ms = t->connect_ms < t->timeout_ms ? t->connect_ms : t->timeout_ms;

        snprintf(why, sizeof why, "no answer in %s", http_seconds(ms, limit));
        http_put(out, FAULT_CONNECT_TIMEOUT, why);
    } else {
        snprintf(why, sizeof why, "no TLS handshake in %s", http_seconds(t->timeout_ms, limit));
        http_put(out, FAULT_TIMEOUT, why);
    }
}

/* curl hands headers out line by line; a first byte may have come before the first line. */
static bool http_first_byte(const struct http_target *t)
{
    curl_off_t us = 0;

    curl_easy_getinfo(t->easy, CURLINFO_STARTTRANSFER_TIME_T, &us);
    return us > 0;
}

void http_judge_late(const struct http_target *t, struct http_verdict *out)
{
    char limit[24], size[24], why[96];

    *out = (struct http_verdict){ .fault = FAULT_NONE };
    if (t->stage == HTTP_QUEUED) {
        snprintf(why, sizeof why, "%d other asks were in flight for %s", HTTP_IN_FLIGHT,
                 http_seconds(t->timeout_ms, limit));
        http_put(out, FAULT_LOCAL, why);
        return;
    }
    if (!t->sent) {
        http_judge_late_connect(t, out);
        return;
    }
    http_seconds(t->timeout_ms, limit);
    if (!t->header_bytes && !http_first_byte(t))
        snprintf(why, sizeof why, "no first byte in %s", limit);
    else if (!t->header_end)
        snprintf(why, sizeof why, "headers still coming after %s", limit);
    else if (t->code < 200)
        snprintf(why, sizeof why, "only interim answers in %s", limit);
    else
        snprintf(why, sizeof why, "body still coming after %s (%s)", limit,
                 http_size(t->got, size));
    http_put(out, FAULT_TIMEOUT, why);
}
