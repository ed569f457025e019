/* examples/sim/tokens.c: issue, renew, judge. */
#include "tokens.h"

#include <string.h>
#include <strings.h>

#include "chance.h"
#include "world.h"

#define TOKEN_GOOD_MS  (15 * 60000)
#define TOKEN_RENEW_MS (10 * 60000)

static bool tokens_fresh(int64_t issued_ms, int64_t now_ms)
{
    return now_ms >= issued_ms && now_ms - issued_ms < TOKEN_GOOD_MS;
}

static void tokens_issue(struct tokens *t, struct world *w)
{
    char why[PLACE_WHY];

    t->before = t->now;
    memcpy(t->now.text, "admin.", 7);
    chance_hex(t->now.text + 6, 32);
    t->now.issued_ms = world_now_ms(w);
    if (!place_write(&w->boot->place, "token", t->now.text, NULL, 0600, why))
        world_log(w, "%s", why);
}

void tokens_init(struct tokens *t, struct world *w)
{
    memset(t, 0, sizeof *t);
    pthread_mutex_init(&t->lock, NULL);
    tokens_issue(t, w);
}

void tokens_tick(struct tokens *t, struct world *w)
{
    int64_t now = world_now_ms(w);

    pthread_mutex_lock(&t->lock);
    /* Also when the clock was put back: a token from the future is nobody's. */
    if ((now - t->now.issued_ms >= TOKEN_RENEW_MS || now < t->now.issued_ms) &&
        !world_fault(w, "token_stale"))
        tokens_issue(t, w);
    pthread_mutex_unlock(&t->lock);
}

bool tokens_good(struct tokens *t, struct world *w, const struct http_request *rq)
{
    const char *h = http_header(rq, "authorization");
    int64_t now = world_now_ms(w);
    bool good = false;

    if (!h || strncasecmp(h, "bearer ", 7) != 0)
        return false;
    h += 7 + strspn(h + 7, " ");
    pthread_mutex_lock(&t->lock);
    if (!strcmp(h, t->now.text))
        good = tokens_fresh(t->now.issued_ms, now);
    else if (t->before.text[0] && !strcmp(h, t->before.text))
        good = tokens_fresh(t->before.issued_ms, now);
    pthread_mutex_unlock(&t->lock);
    return good;
}
