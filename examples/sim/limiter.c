/* examples/sim/limiter.c: a table of windows; the one that is oldest makes room. */
#include "limiter.h"

#include <stdio.h>
#include <string.h>

void limiter_init(struct limiter *l)
{
    memset(l, 0, sizeof *l);
    pthread_mutex_init(&l->lock, NULL);
}

bool limiter_take(struct limiter *l, const char *rule, const char *client, int max,
                  int64_t window_ms, int64_t now_ms, int64_t *wait_ms)
{
    char key[sizeof l->slots[0].key];
    int at = 0;

    snprintf(key, sizeof key, "%s %s", rule, client);
    pthread_mutex_lock(&l->lock);
    for (int i = 0; i < LIMITER_SLOTS; i++) {
        if (!strcmp(l->slots[i].key, key)) {
            at = i;
            break;
        }
        if (l->slots[i].from_ms < l->slots[at].from_ms)
            at = i;
    }
    if (strcmp(l->slots[at].key, key) != 0 || now_ms - l->slots[at].from_ms >= window_ms ||
        now_ms < l->slots[at].from_ms) {
        memcpy(l->slots[at].key, key, sizeof key);
        l->slots[at].from_ms = now_ms;
        l->slots[at].n = 0;
    }
    bool fine = ++l->slots[at].n <= max;
    *wait_ms = l->slots[at].from_ms + window_ms - now_ms;
    pthread_mutex_unlock(&l->lock);
    return fine;
}

void limiter_forget(struct limiter *l)
{
    pthread_mutex_lock(&l->lock);
    memset(l->slots, 0, sizeof l->slots);
    pthread_mutex_unlock(&l->lock);
}
