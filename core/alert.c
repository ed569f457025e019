/* core/alert.c: an alert's words, copies and end. */
#include "core/alert.h"

#include <string.h>

static const char *const alert_words[ALERT_STATES] = {
    [ALERT_INACTIVE] = "inactive", [ALERT_PENDING] = "pending", [ALERT_FIRING] = "firing",
    [ALERT_RESOLVED] = "resolved", [ALERT_NO_DATA] = "no data",
};

const char *alert_state_word(enum alert_state s)
{
    return (unsigned)s < ALERT_STATES ? alert_words[s] : "no data";
}

bool alert_state_parse(const char *s, enum alert_state *out)
{
    for (int i = 0; i < ALERT_STATES; i++) {
        if (strcmp(s, alert_words[i]) == 0) {
            *out = (enum alert_state)i;
            return true;
        }
    }
    return false;
}

void alert_init(struct alert *a)
{
    *a = (struct alert){ .service = -1, .affected_by = -1, .silenced = -1 };
}

/* Its texts, for what does the same with each of them. */
enum { ALERT_TEXTS = 10 };

static void alert_texts(struct alert *a, struct text *out[ALERT_TEXTS])
{
    struct text *const all[ALERT_TEXTS] = { &a->id,       &a->title, &a->severity, &a->rule,
                                            &a->value,    &a->note,  &a->runbook,  &a->ack.who,
                                            &a->ack.note, &a->told };

    memcpy(out, all, sizeof all);
}

void alert_fini(struct alert *a)
{
    struct text *texts[ALERT_TEXTS];

    alert_texts(a, texts);
    for (int i = 0; i < ALERT_TEXTS; i++)
        text_fini(texts[i]);
}

void alert_copy(struct alert *to, const struct alert *from)
{
    struct alert was = *to, source = *from;
    struct text *kept[ALERT_TEXTS], *mine[ALERT_TEXTS], *theirs[ALERT_TEXTS];

    *to = *from;
    alert_texts(&was, kept);
    alert_texts(to, mine);
    alert_texts(&source, theirs);
    for (int i = 0; i < ALERT_TEXTS; i++) {
        *mine[i] = *kept[i]; /* its own memory, to be used again */
        text_copy(mine[i], theirs[i]);
    }
}

bool alert_is_root(const struct alert *a)
{
    return a->state == ALERT_FIRING && a->affected_by < 0 && a->silenced < 0;
}
