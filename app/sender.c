/* app/sender.c: over HTTP, or by a program that somebody wrote for it. */
#include "app/sender.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/alloc.h"
#include "io/child.h"
#include "io/mail.h"
#include "probes/program.h"

enum {
    SENDER_REPLY_MAX = 16 << 10,
    SENDER_ENV_MAX = 100 << 10,
    SENDER_REFUSED_MS = 300000 /* who refuses for good is not asked often */
};

struct sender {
    struct io *io;
    struct http_target *target;
    struct child *child;
    struct mail *mail;
    struct io_timer *later; /* to tell what could not even be begun */
    struct sender_result result;
    void (*done)(void *arg, const struct sender_result *r);
    void *arg;
};

static void sender_later(void *arg)
{
    struct sender *s = arg;

    s->done(s->arg, &s->result);
}

static void sender_fails(struct sender *s, const char *why)
{
    err_set(&s->result.words, "%s", why);
    io_timer_arm(s->later, 0);
}

/* ---- HTTP ---- */

static void sender_replied(void *arg, const struct http_reply *r)
{
    struct sender *s = arg;

    s->result.ok = r->fault == FAULT_NONE && r->code >= 200 && r->code < 300;
    s->result.retry_after_ms = r->retry_after_ms;
    if (r->code)
        err_set(&s->result.words, "%d", r->code);
    else
        err_set(&s->result.words, "%s",
                fault_word(r->fault)); /* `why` may hold a part of the address */
    s->done(s->arg, &s->result);
}

static void sender_post(struct sender *s, struct http *http, const struct config_channel *c,
                        const char *url, const struct secret *bearer, const char *body)
{
    const struct http_header json = { "Content-Type", "application/json" };
    struct http_spec spec = { .url = url,
                              .method = "POST",
                              .body = body,
                              .headers = &json,
                              .n_headers = 1,
                              .bearer = bearer,
                              .max_bytes = SENDER_REPLY_MAX,
                              .fresh = true,
                              .ca_file = c->ca_file };
    struct err err;

    s->target = http_target_new(http, &spec, &err);
    if (s->target)
        http_ask(s->target, c->timeout_ms, sender_replied, s);
    else
        sender_fails(s, "its address cannot be used");
}

static void sender_http(struct sender *s, struct http *http, struct secrets *secrets,
                        const struct config_channel *c, const struct message *m)
{
    const char *reference = c->kind == CHANNEL_SLACK       ? c->slack
                            : c->kind == CHANNEL_PAGERDUTY ? c->pagerduty
                                                           : c->bearer;
    struct secret *secret = NULL;
    struct buf body = { 0 };
    struct err err;

    if (reference)
        secret = secrets_get(secrets, reference, &err);
    if (reference && !secret) {
        sender_fails(s, err.msg);
        return;
    }
    if (c->kind == CHANNEL_SLACK) {
        message_slack(m, &body);
        sender_post(s, http, c, secret_reveal(secret), NULL, buf_str(&body));
    } else if (c->kind == CHANNEL_PAGERDUTY) {
        message_pagerduty(m, secret_reveal(secret), &body);
        sender_post(s, http, c, c->url, NULL, buf_str(&body));
    } else {
        message_json(m, &body);
        sender_post(s, http, c, c->webhook, secret, buf_str(&body));
    }
    if (body.bytes)
        secret_wipe(body.bytes, body.len);
    buf_fini(&body);
    secret_free(secret);
}

/* ---- a program ---- */

static void sender_ended(void *arg, int status, const struct err *err, const char *out,
                         const char *errout, size_t dropped)
{
    struct sender *s = arg;

    (void)out;
    (void)errout; /* what a stranger's program prints may hold anything */
    (void)dropped;
    s->result.ok = !err && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (err)
        err_set(&s->result.words, "%s", err->msg);
    else if (WIFEXITED(status))
        err_set(&s->result.words, "exit status %d", WEXITSTATUS(status));
    else
        err_set(&s->result.words, "ended by signal %d", WTERMSIG(status));
    s->done(s->arg, &s->result);
}

/* The message stands in its environment: never in a shell's words, never among its arguments. */
static void sender_run(struct sender *s, const struct config_channel *c, const struct message *m)
{
    static const struct child_events events = { .ended = sender_ended };
    struct buf text = { 0 }, json = { 0 };
    const char *argv[64], *env[3];
    char program[PROGRAM_PATH_MAX];
    struct text line = { 0 };
    size_t n = 0;

    if (!program_find(c->command.items[0], program)) {
        sender_fails(s, "there is no such program");
        return;
    }
    message_line(m, &line);
    buf_addf(&text, "MIDWATCH_TEXT=%s", text_str(&line));
    buf_adds(&json, "MIDWATCH_JSON=");
    message_json(m, &json);
    argv[n++] = program;
    for (size_t i = 1; i < c->command.n && n < 63; i++)
        argv[n++] = c->command.items[i];
    argv[n] = NULL;
    env[0] = buf_str(&text);
    env[1] = json.len < SENDER_ENV_MAX ? buf_str(&json) : NULL; /* the system takes no more */
    env[2] = NULL;
    s->child = child_start(
        s->io, &(struct child_spec){ .argv = argv, .env = env, .limit_ms = c->timeout_ms }, &events,
        s);
    text_fini(&line);
    buf_fini(&text);
    buf_fini(&json);
}

/* ---- mail ---- */

static void sender_mailed(void *arg, const struct mail_result *r)
{
    struct sender *s = arg;

    s->result.ok = r->ok;
    s->result.words = r->words;
    s->result.retry_after_ms = r->refused ? SENDER_REFUSED_MS : 0;
    s->done(s->arg, &s->result);
}

static void sender_mail(struct sender *s, struct secrets *secrets, const struct config_channel *c,
                        const struct message *m)
{
    struct message_envelope envelope = { .from = c->from,
                                         .to = (const char *const *)c->mail.items,
                                         .n_to = c->mail.n,
                                         .now_ms = io_now_ms(s->io) };
    struct mail_spec spec = { .url = c->smtp,
                              .from = c->from,
                              .to = envelope.to,
                              .n_to = envelope.n_to,
                              .user = c->user,
                              .ca_file = c->ca_file,
                              .plain = c->tls == CHANNEL_TLS_NONE };
    struct secret *password = NULL;
    struct buf bytes = { 0 };
    struct err err;

    if (c->password)
        password = secrets_get(secrets, c->password, &err);
    if (c->password && !password) {
        sender_fails(s, err.msg);
        return;
    }
    message_mail(m, &envelope, &bytes);
    spec.password = password;
    spec.bytes = buf_str(&bytes);
    spec.len = bytes.len;
    s->mail = mail_send(s->io, &spec, c->timeout_ms, sender_mailed, s);
    buf_fini(&bytes);
    secret_free(password);
}

struct sender *sender_new(struct io *io, struct http *http, struct secrets *secrets,
                          const struct config_channel *channel, const struct message *m,
                          void (*done)(void *arg, const struct sender_result *r), void *arg)
{
    struct sender *s = xcalloc(1, sizeof *s);

    s->io = io;
    s->done = done;
    s->arg = arg;
    s->later = io_timer_new(io, sender_later, s);
    if (channel->kind == CHANNEL_COMMAND)
        sender_run(s, channel, m);
    else if (channel->kind == CHANNEL_MAIL)
        sender_mail(s, secrets, channel, m);
    else
        sender_http(s, http, secrets, channel, m);
    return s;
}

void sender_free(struct sender *s)
{
    if (!s)
        return;
    http_target_free(s->target);
    child_free(s->child);
    mail_free(s->mail);
    io_timer_free(s->later);
    free(s);
}
