/* tests/alerts/small.c: see tests/alerts/small.h */
#include "tests/alerts/small.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void small_service(struct board *b, int at, const char *id, const char *const *probes,
                          size_t n)
{
    struct service *s = &b->services[at];
    struct reading *r = service_add_readings(s, n);

    text_sets(&s->id, id);
    for (size_t i = 0; i < n; i++) {
        text_sets(&r[i].id, probes[i]);
        text_setf(&r[i].name, "title of %s", probes[i]);
        r[i].every_ms = 10000;
    }
}

static void small_signal(struct reading *r, size_t i, const char *name, enum unit unit,
                         const char *word)
{
    text_sets(&r->signals[i].name, name);
    text_sets(&r->signals[i].unit_word, word);
    r->signals[i].unit = unit;
}

struct board *small_board(void)
{
    struct board *b = board_new(3);

    b->at_ms = b->started_ms = SMALL_T0;
    small_service(b, SMALL_API, "api", (const char *[]){ "health", "errors" }, 2);
    small_service(b, SMALL_JOBS, "jobs", (const char *[]){ "queue" }, 1);
    small_service(b, SMALL_DUMPS, "dumps", (const char *[]){ "nightly", "check" }, 2);
    reading_add_signals(&b->services[SMALL_API].readings[0], 1, 10000);
    small_signal(&b->services[SMALL_API].readings[0], 0, "latency", UNIT_MS, "");
    reading_add_signals(&b->services[SMALL_API].readings[1], 1, 10000);
    small_signal(&b->services[SMALL_API].readings[1], 0, "errors", UNIT_PERCENT, "");
    reading_add_signals(&b->services[SMALL_JOBS].readings[0], 2, 10000);
    small_signal(&b->services[SMALL_JOBS].readings[0], 0, "depth", UNIT_COUNT, "jobs");
    small_signal(&b->services[SMALL_JOBS].readings[0], 1, "growth", UNIT_RATE, "");
    reading_add_signals(&b->services[SMALL_DUMPS].readings[0], 1, 10000);
    small_signal(&b->services[SMALL_DUMPS].readings[0], 0, "age", UNIT_SECONDS, "");
    return b;
}

/* "api.errors", or "jobs.queue.growth" */
static struct signal *small_find(struct board *b, const char *name, struct reading **out)
{
    for (size_t i = 0; i < b->n_services; i++) {
        for (size_t k = 0; k < b->services[i].n_readings; k++) {
            struct reading *r = &b->services[i].readings[k];

            for (size_t n = 0; n < r->n_signals; n++) {
                char full[100], brief[70];

                snprintf(brief, sizeof brief, "%s.%s", text_str(&b->services[i].id),
                         text_str(&r->id));
                snprintf(full, sizeof full, "%s.%s", brief, text_str(&r->signals[n].name));
                if (strcmp(name, full) != 0 && (n || strcmp(name, brief) != 0))
                    continue;
                *out = r;
                return &r->signals[n];
            }
        }
    }
    fprintf(stderr, "no %s\n", name);
    abort();
}

void small_value(struct board *b, const char *probe, double value)
{
    struct reading *r;
    struct signal *s = small_find(b, probe, &r);

    r->state = STATE_UP;
    r->evidence_ms = r->good_ms = s->at_ms = b->at_ms;
    s->known = !isnan(value);
    s->value = value;
    text_sets(&s->note, "");
    series_push(s->series, b->at_ms, value);
}

void small_ratio(struct board *b, const char *probe, double num, double den)
{
    struct reading *r;
    struct signal *s = small_find(b, probe, &r);

    small_value(b, probe, 100 * num / den);
    s->num = num;
    s->den = den;
}

void small_unknown(struct board *b, const char *probe, const char *why)
{
    struct reading *r;
    struct signal *s = small_find(b, probe, &r);

    r->evidence_ms = b->at_ms;
    s->known = false;
    s->value = NAN;
    text_sets(&s->note, why);
}

void small_state(struct board *b, int service, enum state state, const char *reason)
{
    struct service *s = &b->services[service];

    s->state = s->readings[0].state = state;
    s->evidence_ms = s->readings[0].evidence_ms = b->at_ms;
    text_sets(&s->reason, reason);
    text_sets(&s->readings[0].reason, reason);
}
