/* examples/sim/tokens.c: issue, renew, judge. */
#include "tokens.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

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
    char path[400], next[400];

    t->before = t->now;
    memcpy(t->now.text, "admin.", 7);
    chance_hex(t->now.text + 6, 32);
    t->now.issued_ms = world_now_ms(w);
    snprintf(path, sizeof path, "%s/token", w->boot->place.dir);
    snprintf(next, sizeof next, "%s/token.new", w->boot->place.dir);
    /* Written beside and renamed: a reader never sees half a token. */
    int fd = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    size_t n = strlen(t->now.text);
    bool ok = fd >= 0 && write(fd, t->now.text, n) == (ssize_t)n;
    if (fd >= 0)
        close(fd);
    if (!ok || rename(next, path) != 0)
        world_log(w, "%s: %s", path, strerror(errno));
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
