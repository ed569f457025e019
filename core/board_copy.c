/* core/board_copy.c: deep copies, made with the functions that the board itself is built with. */
#include "core/board_copy.h"

#include <string.h>

#include "core/alloc.h"

static void board_copy_signal(struct signal *to, const struct signal *from)
{
    struct signal was = *to;

    *to = *from;
    to->name = to->unit_word = to->note = (struct text){ 0 };
    text_copy(&to->name, &from->name);
    text_copy(&to->unit_word, &from->unit_word);
    text_copy(&to->note, &from->note);
    text_fini(&was.name);
    series_free(was.series);
    to->series = series_copy(from->series);
}

static void board_copy_table(struct table *to, const struct table *from)
{
    size_t n = from->cells ? (from->rows + 1) * from->cols : 0;

    to->rows = from->rows;
    to->cols = from->cols;
    to->cut = from->cut;
    to->cells = n ? xcalloc(n, sizeof *to->cells) : NULL;
    for (size_t i = 0; i < n; i++)
        text_copy(&to->cells[i], &from->cells[i]);
}

static void board_copy_reading(struct reading *to, const struct reading *from)
{
    *to = *from;
    to->id = to->name = to->kind = to->target = to->reason = to->version = (struct text){ 0 };
    to->marks = (struct reading_marks){ 0 };
    to->components = NULL;
    to->n_components = to->components_cap = 0;
    to->signals = NULL;
    to->n_signals = 0;
    text_copy(&to->id, &from->id);
    text_copy(&to->name, &from->name);
    text_copy(&to->kind, &from->kind);
    text_copy(&to->target, &from->target);
    text_copy(&to->reason, &from->reason);
    text_copy(&to->version, &from->version);
    reading_set_components(to, from->n_components);
    for (size_t i = 0; i < from->n_components; i++)
        component_copy(&to->components[i], &from->components[i]);
    if (from->n_signals)
        reading_add_signals(to, from->n_signals, from->every_ms > 0 ? from->every_ms : 1000);
    for (size_t i = 0; i < from->n_signals; i++)
        board_copy_signal(&to->signals[i], &from->signals[i]);
    board_copy_table(&to->table, &from->table);
}

static void board_copy_service(struct service *to, const struct service *from)
{
    *to = *from;
    to->id = to->title = to->reason = to->version = (struct text){ 0 };
    to->readings = NULL;
    to->n_readings = 0;
    text_copy(&to->id, &from->id);
    text_copy(&to->title, &from->title);
    text_copy(&to->reason, &from->reason);
    text_copy(&to->version, &from->version);
    to->deps = from->n_deps ? xreallocarray(NULL, from->n_deps, sizeof *to->deps) : NULL;
    if (from->n_deps)
        memcpy(to->deps, from->deps, from->n_deps * sizeof *to->deps);
    if (from->n_readings)
        service_add_readings(to, from->n_readings);
    for (size_t i = 0; i < from->n_readings; i++)
        board_copy_reading(&to->readings[i], &from->readings[i]);
}

static void board_copy_verdict(struct verdict *to, const struct verdict *from)
{
    *to = *from;
    to->word = to->detail = (struct text){ 0 };
    text_copy(&to->word, &from->word);
    text_copy(&to->detail, &from->detail);
}

struct board *board_copy(const struct board *b)
{
    struct board *to = board_new(b->n_services);

    text_copy(&to->watch, &b->watch);
    text_copy(&to->environment, &b->environment);
    text_copy(&to->source, &b->source);
    text_copy(&to->notice, &b->notice);
    for (int i = 0; i < STATE_COUNT; i++)
        text_copy(&to->words[i], &b->words[i]);
    to->at_ms = b->at_ms;
    to->started_ms = b->started_ms;
    to->collector_ms = b->collector_ms;
    to->unreachable_since_ms = b->unreachable_since_ms;
    to->notice_bad = b->notice_bad;
    for (size_t i = 0; i < b->n_services; i++)
        board_copy_service(&to->services[i], &b->services[i]);
    for (size_t i = 0; i < b->n_marks && i < BOARD_MARKS; i++) {
        to->marks[i] = b->marks[i];
        to->marks[i].label = (struct text){ 0 };
        text_copy(&to->marks[i].label, &b->marks[i].label);
    }
    to->n_marks = b->n_marks;
    if (b->n_alerts)
        board_add_alerts(to, b->n_alerts);
    for (size_t i = 0; i < b->n_alerts; i++)
        alert_copy(&to->alerts[i], &b->alerts[i]);
    if (b->n_silences)
        to->silences = xcalloc(b->n_silences, sizeof *to->silences);
    for (; to->n_silences < b->n_silences; to->n_silences++)
        silence_copy(&to->silences[to->n_silences], &b->silences[to->n_silences]);
    for (size_t i = 0; i < b->n_events; i++) {
        struct event e = { 0 };

        event_copy(&e, &b->events[i]);
        board_event(to, e);
    }
    board_copy_verdict(&to->verdict, &b->verdict);
    return to;
}
