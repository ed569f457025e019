/* core/event.c: an event's copies and end. */
#include "core/event.h"

void event_fini(struct event *e)
{
    text_fini(&e->code);
    text_fini(&e->who);
    text_fini(&e->alert);
    text_fini(&e->words);
}

void event_copy(struct event *to, const struct event *from)
{
    to->n = from->n;
    to->at_ms = from->at_ms;
    text_copy(&to->code, &from->code);
    text_copy(&to->who, &from->who);
    text_copy(&to->alert, &from->alert);
    text_copy(&to->words, &from->words);
}

bool event_is(const struct event *e, int64_t n, int64_t at_ms)
{
    return e->n == n && e->at_ms == at_ms;
}
