/* alerts/verdict.c: the one line that answers "is anything wrong now?". */
#include "alerts/verdict.h"

static bool verdict_any_critical(const struct board *b)
{
    for (size_t i = 0; i < b->n_services; i++) {
        if (b->services[i].critical)
            return true;
    }
    return false;
}

/* What a service's state does to the whole. What is switched off on purpose counts as available,
 * unless the whole cannot be there without it. */
static enum state verdict_weight(const struct service *s, bool critical)
{
    if (s->state == STATE_DISABLED)
        return s->critical ? STATE_DISABLED : STATE_UP;
    return s->state == STATE_DOWN && !critical ? STATE_DEGRADED : s->state;
}

static bool verdict_all_off(const struct board *b)
{
    for (size_t i = 0; i < b->n_services; i++)
        if (b->services[i].state != STATE_DISABLED)
            return false;
    return b->n_services > 0;
}

/* Which of two roots the line should name: the heavier, then the critical one, then the one that
 * explains more, then the one that was first: the one that stands first in the lists, too. */
static bool verdict_better(const struct service *a, enum state wa, const struct service *b,
                           enum state wb)
{
    if (state_rank(wa) != state_rank(wb))
        return state_rank(wa) > state_rank(wb);
    if (state_rank(a->state) != state_rank(b->state))
        return state_rank(a->state) > state_rank(b->state);
    if (a->critical != b->critical)
        return a->critical;
    if (a->root_hides != b->root_hides)
        return a->root_hides > b->root_hides;
    return a->since_ms < b->since_ms;
}

static void verdict_word(struct board *b)
{
    struct verdict *v = &b->verdict;
    const struct text *own = &b->words[v->state];
    const char *word = own->len ? text_str(own) : state_word(v->state);
    char upper[64];
    size_t i;

    if (v->connecting)
        word = "connecting";
    /* The profile's word, in capitals where it is plain ASCII. */
    for (i = 0; word[i] && i < sizeof upper - 1; i++)
        upper[i] = word[i] >= 'a' && word[i] <= 'z' ? (char)(word[i] - 'a' + 'A') : word[i];
    upper[i] = '\0';
    text_sets(&v->word, upper);
}

/* Not known because nobody has answered yet: not a finding while the console connects. */
static bool verdict_unanswered(const struct service *s)
{
    return s->state == STATE_UNKNOWN && s->worst >= 0 && !s->readings[s->worst].evidence_ms;
}

/* What fires about it is silenced, all of it: somebody knows, and looks at something else. */
static bool verdict_silenced(const struct board *b, int service)
{
    bool silenced = false;

    for (size_t i = 0; i < b->n_alerts; i++) {
        const struct alert *a = &b->alerts[i];

        if (a->service != service || a->state != ALERT_FIRING)
            continue;
        if (a->silenced < 0)
            return false;
        silenced = true;
    }
    return silenced;
}

void verdict_make(struct board *b)
{
    struct verdict *v = &b->verdict;
    bool any = verdict_any_critical(b);
    bool off = verdict_all_off(b);
    enum state worst = b->n_services ? STATE_UP : STATE_UNKNOWN, weight = STATE_UP;
    size_t all = board_n_readings(b), answered = board_n_answered(b);

    v->root = -1;
    v->hides = v->others = 0;
    v->since_ms = 0;
    v->blind = b->unreachable_since_ms != 0;
    for (size_t i = 0; i < b->n_services; i++) {
        const struct service *s = &b->services[i];
        enum state w = off ? s->state : verdict_weight(s, s->critical || !any);

        /* What has not answered yet is not a finding, unless nothing else is. */
        if (w == STATE_UP || verdict_unanswered(s))
            continue;
        if (state_rank(w) > state_rank(worst))
            worst = w;
        if (s->affected_by >= 0 || verdict_silenced(b, (int)i))
            continue;
        if (v->root < 0 || verdict_better(s, w, &b->services[v->root], weight)) {
            v->root = (int)i;
            weight = w;
        }
        v->others++;
    }
    v->others -= v->root >= 0;
    /* What is switched off is no finding that could be told before the others have answered. */
    v->connecting = answered < all && (worst == STATE_UP || worst == STATE_DISABLED);
    v->state = v->connecting ? STATE_UNKNOWN : worst;
    if (v->connecting) {
        v->root = -1;
        v->others = 0;
    }
    text_sets(&v->detail, "");
    if (v->blind) {
        v->state = STATE_UNKNOWN;
        v->root = -1;
        v->others = 0;
        v->since_ms = b->unreachable_since_ms;
        text_sets(&v->detail, "console cannot reach the network");
    } else if (v->root >= 0) {
        const struct service *s = &b->services[v->root];

        v->since_ms = s->since_ms;
        v->hides = s->root_hides;
        text_copy(&v->detail, &s->reason);
    } else if (v->connecting) {
        text_setf(&v->detail, "%zu/%zu", answered, all);
    }
    verdict_word(b);
}
