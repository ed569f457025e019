/* core/report.c: an empty report, and one made of a failure. */
#include "core/report.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void report_init(struct report *r, int64_t at_ms)
{
    *r = (struct report){ .state = STATE_UNKNOWN };
    report_clear(r, at_ms);
}

void report_clear(struct report *r, int64_t at_ms)
{
    r->at_ms = at_ms;
    r->state = STATE_UNKNOWN;
    r->fault = FAULT_NONE;
    r->sure = r->disagree = false;
    r->http_code = 0;
    r->phases = PHASES_NONE;
    r->components = NULL;
    r->n_components = 0;
    r->table = NULL;
    text_sets(&r->reason, "");
    text_sets(&r->version, "");
    text_sets(&r->restart, "");
    for (size_t i = 0; i < READING_SIGNALS; i++) {
        struct value *v = &r->values[i];
        struct text note = v->note;

        *v = (struct value){ .value = NAN, .num = NAN, .den = NAN, .note = note };
        text_sets(&v->note, "");
    }
}

void report_fini(struct report *r)
{
    for (size_t i = 0; i < READING_SIGNALS; i++)
        text_fini(&r->values[i].note);
    text_fini(&r->reason);
    text_fini(&r->version);
    text_fini(&r->restart);
}

void report_fault(struct report *r, enum fault fault, const char *fmt, ...)
{
    const char *word = fault_word(fault);
    char detail[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(detail, sizeof detail, fmt, ap);
    va_end(ap);
    r->fault = fault;
    r->state = fault_is_ours(fault) ? STATE_UNKNOWN : STATE_DOWN;
    /* A detail that already begins with the word is not introduced twice. */
    if (!detail[0])
        text_sets(&r->reason, word);
    else if (!strncmp(detail, word, strlen(word)))
        text_sets(&r->reason, detail);
    else if (fault == FAULT_STATUS || fault == FAULT_BODY)
        text_sets(&r->reason, detail);
    else
        text_setf(&r->reason, "%s: %s", word, detail);
}
