/* io/http_fake.c: HTTP on the virtual loop: a scripted answer, through the same places, deadlines
 * and caps as a real one. */
#include <stdlib.h>
#include <string.h>

#include "io/fake.h"
#include "io/http_impl.h"

static void http_fake_put(struct http_target *t, enum fault fault, const char *why)
{
    t->abort_fault = fault;
    snprintf(t->abort_why, sizeof t->abort_why, "%s", why ? why : "");
}

static void http_fake_body(struct http_target *t, const struct fake_answer *a)
{
    size_t len = fake_answer_len(a), half = len / 2;
    char cap[24], why[64];

    t->code = a->code ? a->code : 200;
    if (a->headers)
        buf_adds(&t->head, a->headers);
    if (len > t->max_bytes) {
        snprintf(why, sizeof why, "more than %s", http_size(t->max_bytes, cap));
        http_fake_put(t, FAULT_TOO_BIG, why);
        return;
    }
    t->got = len;
    if (!t->chunk || t->code < 200 || t->code > 299) {
        buf_add(&t->reply, a->body ? a->body : "", len);
        return;
    }
    /* In two pieces, as a network would. */
    if ((half && !t->chunk(t->arg, a->body, half)) ||
        (len > half && !t->chunk(t->arg, a->body + half, len - half)))
        http_fake_put(t, FAULT_BODY, "");
}

/* What is answered is decided now, as if the request had arrived; it is heard `delay_ms` later. */
void http_fake_ask(struct http_target *t)
{
    struct io *io = t->h->io;
    const struct fake_net *net = io_fake(io);
    struct fake_answer a = { 0 };
    int64_t left_ms = t->asked_ms + t->timeout_ms - io_mono_ms(io);

    if (!net || !net->http)
        http_fake_put(t, FAULT_LOCAL, "no network on this loop");
    else
        net->http(net->arg, t->method, t->url, &a);
    t->fake_delay_ms = a.delay_ms;
    t->fake_closes = a.closes;
    if (a.delay_ms > left_ms) {
        char limit[24], why[64];

        snprintf(why, sizeof why, "no first byte in %s", http_seconds(t->timeout_ms, limit));
        http_fake_put(t, FAULT_TIMEOUT, why);
        t->fake_delay_ms = left_ms;
    } else if (a.fault != FAULT_NONE) {
        http_fake_put(t, a.fault, a.why);
    } else if (!t->abort_fault) {
        http_fake_body(t, &a);
    }
    io_timer_arm(t->timer, t->fake_delay_ms);
}

void http_fake_deliver(struct http_target *t)
{
    struct http_reply r = { .phases = PHASES_NONE,
                            .body = buf_str(&t->reply),
                            .len = t->reply.len };
    char type[128];
    const char *found;
    size_t len = 0;

    r.headers = buf_str(&t->head);
    found = http_reply_header(&r, "Content-Type", &len);
    snprintf(type, sizeof type, "%.*s", (int)(len < sizeof type ? len : 0), found ? found : "");
    r.content_type = type;
    r.fault = t->abort_fault;
    if (r.fault != FAULT_NONE)
        http_fault_why(r.fault, t->abort_why, &r.why);
    else
        r.code = t->code;
    r.phases.first_byte_us = r.phases.total_us = (int32_t)(t->fake_delay_ms * 1000);
    r.retry_after_ms = http_retry_after(&r, io_now_ms(t->h->io));
    http_complete(t, &r);
}

void http_fake_hangup(struct http_target *t)
{
    if (!t->fake_closes)
        return;
    t->fake_closes = false;
    if (t->closed && !t->fresh)
        t->closed(t->closed_arg);
}
