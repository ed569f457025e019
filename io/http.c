/* io/http.c: the client: asks, their places and deadlines, curl driven by our loop, replies. */
#include "io/http.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/alloc.h"
#include "io/http_impl.h"
#include "io/limits.h"
#include "io/tls_impl.h"

enum {
    GRACE_MS = 1,        /* one more turn after the deadline: what has arrived by then counts */
    GRACE_LATE_MS = 100, /* the same when it was our loop that came late ... */
    LATE_MS = 50,        /* ... by more than this */
    BACKSTOP_MS = 1000   /* curl's own timeouts, behind ours */
};

static void http_start(struct http_target *t);

/* ---- places ---- */

static void http_deliver(struct http_target *t, const struct http_reply *reply)
{
    struct http *h = t->h;
    http_done *done = t->done;

    t->done = NULL;
    http_learn_hangup(t, reply);
    h->current = t;
    done(t->arg, reply);
    /* A large body must not sit in memory until the next one; the callback may have freed or asked.
     */
    if (h->current == t && t->stage == HTTP_IDLE && t->reply.cap > HTTP_KEEP_BODY)
        buf_fini(&t->reply);
    h->current = NULL;
}

static void http_queue_remove(struct http_target *t)
{
    struct http *h = t->h;
    struct http_target **at = &h->queue;

    while (*at != t)
        at = &(*at)->queue_next;
    *at = t->queue_next;
    if (!t->queue_next)
        h->queue_tail = at;
    t->queue_next = NULL;
    h->queued--;
}

static void http_leave_place(struct http_target *t)
{
    struct http *h = t->h;

    t->stage = HTTP_IDLE;
    h->in_flight--;
    while (h->queue && h->in_flight < HTTP_IN_FLIGHT) {
        struct http_target *next = h->queue;

        http_queue_remove(next);
        http_start(next);
    }
}

void http_complete(struct http_target *t, const struct http_reply *reply)
{
    io_timer_off(t->timer);
    http_leave_place(t);
    if (t->fake_closes)
        io_timer_arm(t->timer, 0);
    http_deliver(t, reply);
}

/* ---- one exchange ---- */

static void http_reset(struct http_target *t)
{
    t->opened = t->sent = t->connecting = t->grace = t->header_end = false;
    t->code = t->interim = t->open_errno = 0;
    t->header_bytes = t->got = 0;
    t->cert_end_ms = 0;
    t->abort_fault = FAULT_NONE;
    t->error[0] = '\0';
    buf_clear(&t->head);
    buf_clear(&t->reply);
}

static void http_add(struct http_target *t)
{
    int64_t left_ms = t->asked_ms + t->timeout_ms - io_mono_ms(t->h->io);
    long limit = (long)((left_ms > 0 ? left_ms : 0) + BACKSTOP_MS);

    http_reset(t);
    curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, limit);
    curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT_MS, limit);
    if (curl_multi_add_handle(t->h->multi, t->easy) != CURLM_OK) {
        t->abort_fault = FAULT_LOCAL;
        snprintf(t->abort_why, sizeof t->abort_why, "libcurl does not take the request");
        io_timer_arm(t->timer, 0);
    }
}

static void http_start(struct http_target *t)
{
    struct http *h = t->h;

    h->in_flight++;
    h->asked++;
    if (!h->multi) {
        t->stage = HTTP_FAKED;
        http_reset(t);
        http_fake_ask(t);
        return;
    }
    t->stage = HTTP_RUNNING;
    t->exchange = ++h->exchanges;
    t->sends = t->hops = 0;
    if (t->moved)
        curl_easy_setopt(t->easy, CURLOPT_URL, t->url);
    t->moved = false;
    http_add(t);
}

static bool http_same_origin(const char *a, const char *b)
{
    static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };
    CURLU *ua = curl_url(), *ub = curl_url();
    bool same = curl_url_set(ua, CURLUPART_URL, a, 0) == CURLUE_OK &&
                curl_url_set(ub, CURLUPART_URL, b, 0) == CURLUE_OK;

    for (size_t i = 0; same && i < sizeof parts / sizeof parts[0]; i++) {
        char *pa = NULL, *pb = NULL;

        same = curl_url_get(ua, parts[i], &pa, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               curl_url_get(ub, parts[i], &pb, CURLU_DEFAULT_PORT) == CURLUE_OK &&
               strcasecmp(pa, pb) == 0;
        curl_free(pa);
        curl_free(pb);
    }
    curl_url_cleanup(ua);
    curl_url_cleanup(ub);
    return same;
}

/* True when the exchange goes on at the place that the reply names. */
static bool http_redirect(struct http_target *t, struct http_verdict *v)
{
    char *next = NULL, *copy;
    struct text shown = { 0 };

    if (!t->follow || t->code < 300 || t->code > 399 || t->code == 304 ||
        strcmp(t->method, "GET") != 0)
        return false;
    curl_easy_getinfo(t->easy, CURLINFO_REDIRECT_URL, &next);
    if (!next)
        return false;
    if (t->hops >= t->follow) {
        v->fault = FAULT_PROTOCOL;
        err_set(&v->why, "protocol: still redirected after %d redirect%s", t->hops,
                t->hops == 1 ? "" : "s");
        return false;
    }
    if (!http_same_origin(t->url, next)) {
        http_url_show(next, &shown);
        v->fault = FAULT_PROTOCOL;
        err_set(&v->why, "protocol: redirect to another place not followed: %s", text_str(&shown));
        text_fini(&shown);
        return false;
    }
    copy = xstrdup(next);
    curl_easy_setopt(t->easy, CURLOPT_URL, copy);
    free(copy);
    t->moved = true;
    t->hops++;
    /* The next place comes over the same connection, as a rule: no socket is opened that would take
     * the timer over, and the connect limit of the first one must not end this. */
    io_timer_arm(t->timer, t->asked_ms + t->timeout_ms - io_mono_ms(t->h->io));
    http_add(t);
    return true;
}

static void http_finish(struct http_target *t, const struct http_verdict *v, struct http_reply *r)
{
    r->fault = v->fault;
    r->why = v->why;
    r->body = buf_str(&t->reply);
    r->len = t->reply.len;
    r->headers = buf_str(&t->head);
    if (t->code >= 300)
        r->retry_after_ms = http_retry_after(r, io_now_ms(t->h->io));
    http_complete(t, r);
}

/* curl is done with it, in whatever way; `late` when it was our deadline. */
static void http_end(struct http_target *t, CURLcode rc, bool late)
{
    struct http_reply r = { 0 };
    struct http_verdict v;
    curl_socket_t fd = CURL_SOCKET_BAD;

    if (late)
        http_judge_late(t, &v);
    else
        http_judge(t, rc, &v);
    if (v.fault == FAULT_NONE && t->closed && !t->fresh)
        curl_easy_getinfo(t->easy, CURLINFO_ACTIVESOCKET, &fd);
    http_sock_join(t, (int)fd);
    http_fill(t, &r);
    curl_multi_remove_handle(t->h->multi, t->easy);
    if (v.fault == FAULT_NONE && http_redirect(t, &v))
        return;
    http_finish(t, &v, &r);
}

static void http_collect(struct http *h)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(h->multi, &left))) {
        struct http_target *t = NULL;
        CURLcode rc = msg->data.result; /* msg does not outlive the removal */

        if (msg->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
        http_end(t, rc, false);
    }
}

void http_drive(struct http *h, curl_socket_t fd, int mask)
{
    int running;

    h->depth++;
    curl_multi_socket_action(h->multi, fd, mask, &running);
    h->depth--;
    http_collect(h);
}

static void http_on_timer(void *arg)
{
    http_drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int http_on_curl_timer(CURLM *multi, long timeout_ms, void *arg)
{
    struct http *h = arg;

    (void)multi;
    if (timeout_ms < 0)
        io_timer_off(h->timer);
    else
        io_timer_arm(h->timer, timeout_ms);
    return 0;
}

/* ---- deadlines ---- */

/* The limit has passed. Is it certain that not we are the late ones? What lies in the socket by the
 * next turn still counts. */
static bool http_certain(struct http_target *t, int64_t due_ms)
{
    int64_t late_ms = io_mono_ms(t->h->io) - due_ms;

    if (t->grace)
        return true;
    t->grace = true;
    io_timer_arm(t->timer, late_ms > LATE_MS ? GRACE_LATE_MS : GRACE_MS);
    return false;
}

static void http_on_deadline(void *arg)
{
    struct http_target *t = arg;
    int64_t due_ms = t->asked_ms + t->timeout_ms, now_ms = io_mono_ms(t->h->io);

    if (t->stage == HTTP_IDLE) {
        http_fake_hangup(t);
        return;
    }
    if (t->stage == HTTP_FAKED) {
        http_fake_deliver(t);
        return;
    }
    if (t->stage == HTTP_QUEUED) {
        struct http_reply r = {
            .phases = PHASES_NONE, .body = "", .content_type = "", .headers = ""
        };
        struct http_verdict v;

        http_judge_late(t, &v);
        http_queue_remove(t);
        t->stage = HTTP_IDLE;
        r.fault = v.fault;
        r.why = v.why;
        http_deliver(t, &r);
        return;
    }
    if (t->abort_fault) {
        http_end(t, CURLE_OK, false);
        return;
    }
    if (t->connecting && (t->sent || http_sock_connected(t))) {
        t->connecting = t->grace = false;
        io_timer_arm(t->timer, due_ms - now_ms);
        return;
    }
    if (http_certain(t, t->connecting ? now_ms : due_ms))
        http_end(t, CURLE_OPERATION_TIMEDOUT, true);
}

/* ---- the interface ---- */

void http_room(struct http *h, int max_targets)
{
    if (h->multi) /* a virtual loop has none */
        curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS,
                          (long)(max_targets > 32 ? max_targets : 32));
}

struct http *http_new(struct io *io, int max_targets)
{
    struct http *h = xcalloc(1, sizeof *h);

    h->io = io;
    h->queue_tail = &h->queue;
    if (io_is_virtual(io))
        return h;
    tls_keep();
    curl_global_init(CURL_GLOBAL_DEFAULT);
    h->timer = io_timer_new(io, http_on_timer, h);
    h->multi = curl_multi_init();
    if (!h->multi)
        alloc_fail();
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, http_sock_on_curl);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, http_on_curl_timer);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
    http_room(h, max_targets);
    return h;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    assert(h->n_targets == 0 && !h->depth);
    if (h->multi) {
        curl_multi_cleanup(h->multi); /* closes the kept connections through us */
        http_sock_fini(h);
        curl_global_cleanup();
    }
    io_timer_free(h->timer);
    free(h);
}

struct http_target *http_target_new(struct http *h, const struct http_spec *spec, struct err *err)
{
    struct http_target *t = xcalloc(1, sizeof *t);

    t->h = h;
    if (spec->ca_file && access(spec->ca_file, R_OK) != 0)
        err_set(err, "ca_file %s cannot be read", spec->ca_file);
    else if (http_target_setup(t, spec, err)) {
        h->n_targets++;
        t->moved = true;
        t->timer = io_timer_new(h->io, http_on_deadline, t);
        return t;
    }
    http_target_fini(t);
    free(t);
    return NULL;
}

void http_target_free(struct http_target *t)
{
    if (!t)
        return;
    http_cancel(t);
    http_sock_leave(t);
    if (t->h->current == t)
        t->h->current = NULL;
    t->h->n_targets--;
    io_timer_free(t->timer);
    http_target_fini(t);
    free(t);
}

void http_on_closed(struct http_target *t, http_closed *fn, void *arg)
{
    t->closed = fn;
    t->closed_arg = arg;
    if (!fn)
        http_sock_leave(t);
}

void http_ask(struct http_target *t, int64_t timeout_ms, http_done *done, void *arg)
{
    struct http *h = t->h;

    assert(t->stage == HTTP_IDLE && !h->depth && timeout_ms > 0);
    t->done = done;
    t->arg = arg;
    t->asked_ms = io_mono_ms(h->io);
    t->timeout_ms = timeout_ms;
    t->connecting = t->grace = false;
    t->fake_closes = false;
    io_timer_arm(t->timer, timeout_ms);
    if (h->in_flight < HTTP_IN_FLIGHT) {
        http_start(t);
        return;
    }
    t->stage = HTTP_QUEUED;
    t->queue_next = NULL;
    *h->queue_tail = t;
    h->queue_tail = &t->queue_next;
    h->queued++;
}

bool http_asking(const struct http_target *t)
{
    return t->stage != HTTP_IDLE;
}

void http_cancel(struct http_target *t)
{
    if (!t || t->stage == HTTP_IDLE)
        return;
    assert(!t->h->depth);
    io_timer_off(t->timer);
    t->done = NULL;
    if (t->stage == HTTP_QUEUED) {
        http_queue_remove(t);
        t->stage = HTTP_IDLE;
        return;
    }
    if (t->stage == HTTP_RUNNING)
        curl_multi_remove_handle(t->h->multi, t->easy);
    http_leave_place(t);
}

void http_stats(const struct http *h, struct http_stats *out)
{
    *out = (struct http_stats){ .asked = h->asked,
                                .retried = h->retried,
                                .connections = h->connections,
                                .in_flight = h->in_flight,
                                .queued = h->queued };
    for (size_t i = 0; i < h->n_socks; i++)
        out->idle += h->socks[i] && h->socks[i]->idle;
}

void http_url_show(const char *url, struct text *out)
{
    CURLU *u = curl_url();
    char *shown = NULL;

    if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) {
        curl_url_set(u, CURLUPART_USER, NULL, 0);
        curl_url_set(u, CURLUPART_PASSWORD, NULL, 0);
        curl_url_set(u, CURLUPART_QUERY, NULL, 0);
        curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0);
        curl_url_get(u, CURLUPART_URL, &shown, 0);
    }
    text_sets(out, shown ? shown : "(not a URL)");
    curl_free(shown);
    curl_url_cleanup(u);
}
