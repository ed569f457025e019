/* tests/bench/past.c: writes a past into a folder, as a watch would have: so many probes once a
 * second, each with three signals (a latency with the noise of real ones, a depth that walks,
 * whether it is up), so many seconds up to a moment, each minute in one go. Prints what it cost.
 *
 *     past DIR PROBES SECONDS END_MS [slots]     slots: signals alone, without boards
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"
#include "core/film.h"
#include "store/chunk.h"
#include "store/history.h"

enum { SIGNALS = 3 };

static const char *const names[SIGNALS] = { "latency", "depth", "up" };

static double noise(void)
{
    return (double)rand() / RAND_MAX;
}

static struct board *past_board(size_t probes)
{
    struct board *b = board_new(probes);

    text_sets(&b->watch, "past");
    for (size_t i = 0; i < probes; i++) {
        struct service *s = &b->services[i];
        struct reading *r = service_add_readings(s, 1);

        text_setf(&s->id, "s%03zu", i);
        text_copy(&s->title, &s->id);
        text_sets(&r->id, "p");
        text_sets(&r->name, "p");
        text_sets(&r->kind, "http");
        text_setf(&r->target, "http://127.0.0.1:18080/t%zu/health", i);
        r->every_ms = 1000;
        r->timeout_ms = 900;
        r->fail_after = 3;
        r->state = s->state = STATE_UP;
        reading_add_signals(r, SIGNALS, 1000);
        for (int k = 0; k < SIGNALS; k++) {
            text_sets(&r->signals[k].name, names[k]);
            r->signals[k].unit = k ? UNIT_NONE : UNIT_MS;
            r->signals[k].value = k == 1 ? (double)(rand() % 500) : 1;
        }
    }
    return b;
}

static void past_second(struct board *b, int64_t at_ms)
{
    b->at_ms = b->collector_ms = at_ms;
    for (size_t i = 0; i < b->n_services; i++) {
        struct service *s = &b->services[i];
        struct reading *r = s->readings;
        double ms = 40 * exp(0.3 * (noise() + noise() + noise() - 1.5));
        const double values[SIGNALS] = { ms, fmax(0, r->signals[1].value + rand() % 5 - 2),
                                         noise() < 0.9995 };

        r->evidence_ms = r->good_ms = s->evidence_ms = at_ms - rand() % 900;
        r->phases.first_byte_us = (int32_t)(ms * 900);
        r->phases.total_us = (int32_t)(ms * 1000);
        r->http_code = 200;
        text_setf(&r->reason, "200 in %.0f ms", ms);
        text_copy(&s->reason, &r->reason);
        for (int k = 0; k < SIGNALS; k++) {
            r->signals[k].known = true;
            r->signals[k].value = values[k];
            r->signals[k].at_ms = r->evidence_ms;
            series_push(r->signals[k].series, r->evidence_ms, values[k]);
        }
    }
}

static void past_chunk(struct history_batch *batch, const struct service *s,
                       const struct signal *signal, int64_t from_ms)
{
    struct history_chunk *c = &batch->chunks[batch->n_chunks++];
    size_t n = history_slots(1000);
    struct series_span spans[64];
    double values[64];

    *c = (struct history_chunk){ .step_ms = 1000, .from_ms = from_ms };
    text_copy(&c->service, &s->id);
    text_sets(&c->reading, "p");
    text_copy(&c->signal, &signal->name);
    series_read(signal->series, from_ms, from_ms + 1000 * (int64_t)n, spans, n);
    for (size_t i = 0; i < n; i++)
        values[i] = spans[i].n ? spans[i].mean : NAN;
    chunk_write(values, n, &c->slots);
}

static void past_minute(struct history *h, struct film *camera, struct board *b, int64_t from_ms,
                        bool boards)
{
    struct history_batch batch = { .n_reels = boards ? 1 : 0,
                                   .reels = xcalloc(1, sizeof *batch.reels) };
    int64_t chunk_ms = 1000 * (int64_t)history_slots(1000);
    struct err err;

    batch.reels[0].from_ms = from_ms;
    for (int64_t at_ms = from_ms; at_ms < from_ms + 60000; at_ms += 1000) {
        past_second(b, at_ms);
        if (boards)
            film_shoot(camera, b, &batch.reels[0].film);
    }
    batch.reels[0].until_ms = b->at_ms;
    batch.chunks = xcalloc(2 * SIGNALS * b->n_services, sizeof *batch.chunks);
    for (int64_t at_ms = from_ms / chunk_ms * chunk_ms; at_ms <= b->at_ms; at_ms += chunk_ms)
        for (size_t i = 0; i < b->n_services; i++)
            for (int k = 0; k < SIGNALS; k++)
                past_chunk(&batch, &b->services[i], &b->services[i].readings->signals[k], at_ms);
    if (!history_write(h, &batch, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
    batch.n_reels = 1;
    history_batch_fini(&batch);
}

int main(int argc, char **argv)
{
    struct history_extent extent;
    struct buf aside = { 0 };
    struct film *camera;
    struct history *h;
    struct board *b;
    struct err err;
    int64_t end_ms, seconds;

    if (argc < 5) {
        fprintf(stderr, "usage: past DIR PROBES SECONDS END_MS [slots]\n");
        return 64;
    }
    seconds = atoll(argv[3]) / 60 * 60;
    end_ms = atoll(argv[4]) / 1000 * 1000;
    h = history_open(argv[1], true, &aside, &err);
    if (!h) {
        fprintf(stderr, "%s\n", err.msg);
        return 1;
    }
    b = past_board((size_t)atoll(argv[2]));
    camera = film_new();
    for (int64_t at_ms = end_ms - seconds * 1000; at_ms < end_ms; at_ms += 60000)
        past_minute(h, camera, b, at_ms, argc == 5);
    if (!history_extent(h, &extent, &err))
        return 1;
    printf("{\"bytes\": %lld, \"cpu_ms\": %.1f}\n", (long long)extent.bytes,
           (double)clock() * 1000 / CLOCKS_PER_SEC);
    history_close(h);
    film_free(camera);
    board_free(b);
    buf_fini(&aside);
    return 0;
}
