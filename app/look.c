/* app/look.c: one GET at a time, waited for. */
#include "app/look.h"

struct look_answer {
    bool done, answered;
    int *code;
    struct buf *body;
};

static void look_done(void *arg, const struct http_reply *reply)
{
    struct look_answer *a = arg;

    a->done = true;
    a->answered = reply->fault == FAULT_NONE;
    *a->code = reply->code;
    if (a->answered)
        buf_add(a->body, reply->body, reply->len);
}

bool look_get(void *arg, const char *url, int *code, struct buf *body)
{
    struct look *look = arg;
    struct http_spec spec = { .url = url, .max_bytes = LOOK_BYTES_MAX };
    struct look_answer answer = { .code = code, .body = body };
    struct http_target *t = http_target_new(look->http, &spec, NULL);

    if (!t)
        return false;
    http_ask(t, LOOK_TIMEOUT_MS, look_done, &answer);
    while (!answer.done)
        io_turn(look->io, LOOK_TIMEOUT_MS);
    http_target_free(t);
    return answer.answered;
}
