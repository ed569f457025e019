/* tui/intents.c: a ring of what was asked for. */
#include "tui/intents.h"

#include <stdlib.h>
#include <string.h>

static void intent_slot_clear(struct intent_slot *s)
{
    text_fini(&s->copy);
    free(s->dump);
    memset(s, 0, sizeof *s);
}

void intents_fini(struct intents *q)
{
    for (int i = 0; i < INTENTS_MAX; i++)
        intent_slot_clear(&q->slots[i]);
    intent_slot_clear(&q->taken);
    q->first = q->n = 0;
}

struct intent_slot *intents_push(struct intents *q, enum intent_kind kind)
{
    struct intent_slot *s;

    if (q->n == INTENTS_MAX) {
        q->first = (q->first + 1) % INTENTS_MAX;
        q->n--;
    }
    s = &q->slots[(q->first + q->n++) % INTENTS_MAX];
    intent_slot_clear(s);
    s->kind = kind;
    s->service = -1;
    return s;
}

bool intents_take(struct intents *q, struct intent *out)
{
    struct intent_slot *s = &q->slots[q->first];

    intent_slot_clear(&q->taken);
    *out = (struct intent){ 0 };
    if (q->n == 0)
        return false;
    q->taken = *s;
    memset(s, 0, sizeof *s);
    q->first = (q->first + 1) % INTENTS_MAX;
    q->n--;
    *out = (struct intent){ .kind = q->taken.kind,
                            .service = q->taken.service,
                            .at_ms = q->taken.at_ms,
                            .span_ms = q->taken.span_ms,
                            .arg = q->taken.arg,
                            .alert = q->taken.alert,
                            .copy = &q->taken.copy,
                            .dump = q->taken.dump,
                            .dump_len = q->taken.dump ? strlen(q->taken.dump) : 0 };
    return true;
}
