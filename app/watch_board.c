/* app/watch_board.c: the empty board of a configuration, and what an old one hands over to it. */
#include "app/watch_board.h"

#include "core/alloc.h"

#include <math.h>
#include <string.h>

static bool watch_is_insecure(const struct config_probe *p)
{
    const struct option *o = option_find(p->ops->options, "insecure");

    return o && o->type == OPTION_BOOL && *(const bool *)((const char *)p->self + o->offset);
}

static void watch_board_signals(struct reading *r, const struct config_probe *p)
{
    struct signal_spec specs[READING_SIGNALS] = { 0 };
    size_t n = p->ops->signals ? p->ops->signals(p->self, &p->common, specs) : 0;
    struct signal *signals = reading_add_signals(r, n, p->common.every_ms);

    for (size_t i = 0; i < n; i++) {
        text_sets(&signals[i].name, specs[i].name);
        signals[i].unit = specs[i].unit;
        signals[i].window_ms = specs[i].window_ms;
        text_sets(&signals[i].unit_word, specs[i].unit_word);
        if (specs[i].warn)
            signals[i].warn = *specs[i].warn;
        if (specs[i].crit)
            signals[i].crit = *specs[i].crit;
        if (!specs[i].main)
            continue;
        signals[i].warn = p->common.warn;
        signals[i].crit = p->common.crit;
        signals[i].max = p->common.max;
        signals[i].low_is_bad = p->common.low_is_bad || specs[i].low_is_bad;
    }
}

struct board *watch_board_new(const struct config *c, int64_t now_ms)
{
    struct board *b = board_new(c->n_services);

    text_sets(&b->watch, c->watch);
    text_sets(&b->environment, c->environment);
    text_sets(&b->source, c->source);
    for (int i = 0; i < STATE_COUNT; i++)
        text_sets(&b->words[i], c->words.of[i]);
    b->started_ms = b->at_ms = b->collector_ms = now_ms;
    for (size_t i = 0; i < c->n_services; i++) {
        const struct config_service *from = &c->services[i];
        struct service *s = &b->services[i];
        struct reading *r = service_add_readings(s, from->n_probes);

        text_sets(&s->id, from->id);
        text_sets(&s->title, from->title ? from->title : from->id);
        s->critical = from->critical;
        s->n_deps = from->depends_on.n;
        s->deps = xcalloc(s->n_deps, sizeof *s->deps);
        if (s->n_deps)
            memcpy(s->deps, from->deps, s->n_deps * sizeof *s->deps);
        for (size_t k = 0; k < from->n_probes; k++) {
            const struct config_probe *p = &from->probes[k];

            text_sets(&r[k].id, p->name);
            text_sets(&r[k].name, p->common.title ? p->common.title : p->name);
            text_sets(&r[k].kind, p->ops->kind);
            r[k].local = p->ops->local;
            if (p->ops->target)
                p->ops->target(p->self, &r[k].target);
            r[k].every_ms = p->common.every_ms;
            r[k].timeout_ms = p->common.timeout_ms;
            r[k].fail_after = p->common.fail_after;
            r[k].insecure = watch_is_insecure(p);
            watch_board_signals(&r[k], p);
        }
    }
    return b;
}

static void watch_board_adopt_service(struct service *now, struct service *was,
                                      const struct config_service *cn,
                                      const struct config_service *cw)
{
    now->state = was->state;
    now->since_ms = was->since_ms;
    now->evidence_ms = was->evidence_ms;
    text_copy(&now->version, &was->version);
    for (size_t k = 0; k < cn->n_probes; k++) {
        const struct config_probe *old = config_probe_find(cw, cn->probes[k].name);
        struct reading spare;

        if (!old || !config_probe_same(&cn->probes[k], old))
            continue;
        spare = now->readings[k];
        now->readings[k] = was->readings[old - cw->probes];
        was->readings[old - cw->probes] = spare;
    }
}

void watch_board_adopt(struct board *now, struct board *was, const struct config *cn,
                       const struct config *cw)
{
    now->started_ms = was->started_ms;
    now->unreachable_since_ms = was->unreachable_since_ms;
    for (size_t i = 0; i < cn->n_services; i++) {
        int at = board_find(was, cn->services[i].id);

        if (at >= 0)
            watch_board_adopt_service(&now->services[i], &was->services[at], &cn->services[i],
                                      &cw->services[at]);
    }
    for (size_t i = 0; i < was->n_marks; i++) {
        struct mark m = was->marks[i];

        m.service = m.service >= 0 ? board_find(now, text_str(&was->services[m.service].id)) : -1;
        board_mark(now, m); /* with its label */
    }
    was->n_marks = 0;
    for (size_t i = 0; i < was->n_events; i++)
        board_event(now, was->events[i]); /* with its texts */
    was->n_events = 0;
    for (size_t i = 0; i < was->n_silences; i++)
        if (was->silences[i].planned) /* as the other configuration says */
            silence_fini(&was->silences[i]);
        else
            board_silence(now, was->silences[i]); /* with its texts */
    was->n_silences = 0;
}
