/* core/film_walk.c: the order in which a board lies on a film, for both directions. */
#include "core/film_impl.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/varint.h"

/* ---- one number, one text ---- */

static void film_put_num(struct film_walk *w, int64_t was, int64_t now, bool is_double)
{
    double v, thousand;
    uint64_t step = varint_fold((int64_t)((uint64_t)now - (uint64_t)was));

    varint_put(&w->nums, w->num + 1 - w->told_num);
    w->told_num = w->num + 1;
    if (!is_double && step >> 63 == 0) {
        varint_put(&w->nums, step << 1);
        return;
    }
    memcpy(&v, &now, sizeof v);
    thousand = v * FILM_DECIMALS;
    if (is_double && fabs(thousand) < 1e15) {
        int64_t n = llround(thousand);
        double back = (double)n / FILM_DECIMALS;

        if (!memcmp(&back, &v, sizeof v)) {
            varint_put(&w->nums, varint_fold(n) << 2 | 1);
            return;
        }
    }
    varint_put(&w->nums, 3);
    buf_add(&w->nums, &now, sizeof now);
}

static void film_number(struct film_walk *w, int64_t *v, bool is_double)
{
    if (w->play) {
        *v = w->num < w->lane->n_nums ? w->lane->nums[w->num] : 0;
    } else {
        int64_t *was = film_num(w->lane, w->num);

        if (*was != *v)
            film_put_num(w, *was, *v, is_double);
        *was = *v;
    }
    w->num++;
}

static void film_i64(struct film_walk *w, int64_t *v)
{
    film_number(w, v, false);
}

static void film_double(struct film_walk *w, double *v)
{
    int64_t bits;

    memcpy(&bits, v, sizeof bits);
    film_number(w, &bits, true);
    if (w->play)
        memcpy(v, &bits, sizeof bits);
}

/* A number that must lie in [least, most]; what does not is the end of this walk's trust. */
static int64_t film_ranged(struct film_walk *w, int64_t v, int64_t least, int64_t most,
                           const char *what)
{
    film_i64(w, &v);
    if (v < least || v > most) {
        w->bad = what;
        return least;
    }
    return v;
}

/* What is only read while shooting is never written, not even with its own value. */
#define FILM_SET(w, field, value) \
    do {                          \
        int64_t film_v = (value); \
        if ((w)->play)            \
            (field) = film_v;     \
    } while (0)
#define FILM_ENUM(w, field, last) \
    FILM_SET(w, field, film_ranged(w, (int64_t)(field), 0, last, "a state that there is not"))
#define FILM_BOOL(w, field) \
    FILM_SET(w, field, film_ranged(w, (field) ? 1 : 0, 0, 1, "neither yes nor no"))
#define FILM_INDEX(w, field, n) \
    FILM_SET(w, field, film_ranged(w, (field), -1, (int64_t)(n)-1, "a place that there is not"))
#define FILM_COUNT(w, field, max) \
    (size_t) film_ranged(w, (int64_t)(field), 0, (int64_t)(max), "a number of things")

static void film_int(struct film_walk *w, int *v)
{
    FILM_SET(w, *v, (int)film_ranged(w, *v, INT_MIN, INT_MAX, "a number that is none"));
}

static void film_i32(struct film_walk *w, int32_t *v)
{
    FILM_SET(w, *v, (int32_t)film_ranged(w, *v, INT32_MIN, INT32_MAX, "a number that is none"));
}

static void film_keep_words(struct film_words *was, const struct text *t)
{
    if (t->len > was->cap) {
        was->own = xrealloc(was->own, t->len);
        was->cap = t->len;
    }
    if (t->len)
        memcpy(was->own, t->utf8, t->len);
    was->bytes = was->own;
    was->len = t->len;
}

static void film_text(struct film_walk *w, struct text *t)
{
    if (w->play) {
        if (w->word < w->lane->n_words)
            text_set(t, w->lane->words[w->word].bytes, w->lane->words[w->word].len);
    } else {
        struct film_words *was = film_words(w->lane, w->word);

        if (was->len != t->len || (t->len && memcmp(was->bytes, t->utf8, t->len) != 0)) {
            varint_put(&w->words, w->word + 1 - w->told_word);
            w->told_word = w->word + 1;
            varint_put(&w->words, t->len);
            buf_add(&w->words, t->utf8, t->len);
            film_keep_words(was, t);
        }
    }
    w->word++;
}

/* ---- lanes ---- */

static void film_lane_begin(struct film_walk *w)
{
    if (w->play && w->next_lane >= w->lanes->n) {
        static struct film_lane none;

        w->lane = &none; /* all of it zero: it was never told of */
    } else {
        w->lane = film_lane(w->lanes, w->next_lane);
    }
    w->next_lane++;
    w->num = w->word = w->told_num = w->told_word = 0;
    if (!w->play) {
        buf_clear(&w->nums);
        buf_clear(&w->words);
    }
}

static void film_lane_end(struct film_walk *w)
{
    if (w->play || (!w->nums.len && !w->words.len))
        return;
    varint_put(w->frame, w->next_lane - w->told_lane);
    w->told_lane = w->next_lane;
    varint_put(&w->nums, 0);
    varint_put(&w->words, 0);
    buf_add(w->frame, w->nums.bytes, w->nums.len);
    buf_add(w->frame, w->words.bytes, w->words.len);
}

/* ---- what lies where ---- */

static void film_signal(struct film_walk *w, struct signal *s)
{
    film_text(w, &s->name);
    film_text(w, &s->unit_word);
    FILM_ENUM(w, s->unit, UNITS - 1);
    FILM_BOOL(w, s->low_is_bad);
    film_double(w, &s->warn);
    film_double(w, &s->crit);
    film_double(w, &s->max);
    FILM_BOOL(w, s->known);
    film_double(w, &s->value);
    FILM_BOOL(w, s->above);
    film_double(w, &s->num);
    film_double(w, &s->den);
    FILM_ENUM(w, s->share_unit, UNITS - 1);
    film_text(w, &s->note);
    film_i64(w, &s->at_ms);
    film_i64(w, &s->window_ms);
    FILM_ENUM(w, s->level, LEVEL_CRIT);
    film_i64(w, &s->since_ms);
}

static void film_component(struct film_walk *w, struct component *c)
{
    film_text(w, &c->name);
    film_text(w, &c->word);
    FILM_ENUM(w, c->state, STATE_COUNT - 1);
    film_text(w, &c->note);
    film_double(w, &c->value);
    FILM_ENUM(w, c->unit, UNITS - 1);
}

static void film_table(struct film_walk *w, struct table *t)
{
    size_t rows = FILM_COUNT(w, t->rows, TABLE_ROWS);
    size_t cols = FILM_COUNT(w, t->cells ? t->cols : 0, TABLE_COLS);

    FILM_BOOL(w, t->cut);
    if (w->play && cols) {
        t->rows = rows;
        t->cols = cols;
        t->cells = xcalloc((rows + 1) * cols, sizeof *t->cells);
    }
    for (size_t i = 0; i < (rows + 1) * cols; i++)
        film_text(w, &t->cells[i]);
}

static void film_reading_head(struct film_walk *w, struct reading *r)
{
    film_text(w, &r->id);
    film_text(w, &r->name);
    film_text(w, &r->kind);
    film_text(w, &r->target);
    film_i64(w, &r->every_ms);
    film_i64(w, &r->timeout_ms);
    film_int(w, &r->fail_after);
    FILM_ENUM(w, r->state, STATE_COUNT - 1);
    film_text(w, &r->reason);
    FILM_ENUM(w, r->fault, FAULT_COUNT - 1);
    film_i64(w, &r->since_ms);
    film_i64(w, &r->evidence_ms);
    film_i64(w, &r->good_ms);
    film_int(w, &r->failing);
    FILM_BOOL(w, r->in_flight);
    FILM_BOOL(w, r->disagree);
    FILM_BOOL(w, r->insecure);
    film_int(w, &r->http_code);
    film_text(w, &r->version);
    film_i32(w, &r->phases.dns_us);
    film_i32(w, &r->phases.connect_us);
    film_i32(w, &r->phases.tls_us);
    film_i32(w, &r->phases.first_byte_us);
    film_i32(w, &r->phases.total_us);
}

static void film_reading(struct film_walk *w, struct reading *r)
{
    size_t n;

    film_lane_begin(w);
    film_reading_head(w, r);
    n = FILM_COUNT(w, r->n_signals, READING_SIGNALS);
    if (w->play && n)
        reading_add_signals(r, n, r->every_ms > 0 ? r->every_ms : 1000);
    for (size_t i = 0; i < n; i++)
        film_signal(w, &r->signals[i]);
    n = FILM_COUNT(w, r->n_components, READING_COMPONENTS);
    if (w->play)
        reading_set_components(r, n);
    for (size_t i = 0; i < n; i++)
        film_component(w, &r->components[i]);
    film_table(w, &r->table);
    film_lane_end(w);
}

/* A part of the board for each lane at most: a count that says more is damaged. */
static size_t film_parts(struct film_walk *w, size_t has)
{
    return FILM_COUNT(w, has, w->play ? w->lanes->n : SIZE_MAX / 2);
}

static void film_service(struct film_walk *w, struct service *s, size_t n_services)
{
    size_t n;

    film_lane_begin(w);
    film_text(w, &s->id);
    film_text(w, &s->title);
    FILM_BOOL(w, s->critical);
    FILM_ENUM(w, s->state, STATE_COUNT - 1);
    film_text(w, &s->reason);
    film_i64(w, &s->since_ms);
    film_i64(w, &s->evidence_ms);
    FILM_INDEX(w, s->affected_by, n_services);
    film_int(w, &s->root_hides);
    film_text(w, &s->version);
    n = FILM_COUNT(w, s->n_deps, n_services);
    if (w->play && n) {
        s->deps = xcalloc(n, sizeof *s->deps);
        s->n_deps = n;
    }
    for (size_t i = 0; i < n; i++)
        FILM_SET(w, s->deps[i],
                 film_ranged(w, (int64_t)s->deps[i], 0, (int64_t)n_services - 1,
                             "a dependency that there is not"));
    n = film_parts(w, s->n_readings);
    FILM_INDEX(w, s->worst, n);
    film_lane_end(w);
    if (w->play && n && !w->bad)
        service_add_readings(s, n);
    for (size_t i = 0; i < n && !w->bad; i++)
        film_reading(w, &s->readings[i]);
}

/* The last of its lane, and one more than it is: where it is not told of there is none. */
static void film_silenced(struct film_walk *w, struct alert *a, size_t n_silences)
{
    FILM_SET(w, a->silenced,
             (int)film_ranged(w, a->silenced + 1, 0, (int64_t)n_silences,
                              "a silence that there is not") -
                 1);
}

static void film_silence(struct film_walk *w, struct silence *s)
{
    film_lane_begin(w);
    film_text(w, &s->id);
    film_text(w, &s->match.alert);
    film_text(w, &s->match.service);
    film_text(w, &s->match.severity);
    film_text(w, &s->who);
    film_text(w, &s->reason);
    film_i64(w, &s->since_ms);
    film_i64(w, &s->until_ms);
    FILM_BOOL(w, s->planned);
    film_lane_end(w);
}

static void film_alert(struct film_walk *w, struct alert *a, size_t n_services, size_t n_silences)
{
    film_lane_begin(w);
    film_text(w, &a->id);
    film_text(w, &a->title);
    film_text(w, &a->severity);
    film_int(w, &a->rank);
    film_text(w, &a->rule);
    film_text(w, &a->runbook);
    FILM_INDEX(w, a->service, n_services);
    FILM_ENUM(w, a->state, ALERT_STATES - 1);
    film_i64(w, &a->since_ms);
    film_i64(w, &a->held_ms);
    film_i64(w, &a->clear_ms);
    film_i64(w, &a->no_data_ms);
    film_i64(w, &a->for_ms);
    film_i64(w, &a->keep_ms);
    film_i64(w, &a->fired_ms);
    film_i64(w, &a->resolved_ms);
    film_int(w, &a->fired_n);
    FILM_BOOL(w, a->flapping);
    film_text(w, &a->value);
    film_text(w, &a->note);
    FILM_INDEX(w, a->affected_by, n_services);
    film_text(w, &a->ack.who);
    film_text(w, &a->ack.note);
    film_i64(w, &a->ack.at_ms);
    film_i64(w, &a->ack.until_ms);
    film_text(w, &a->told);
    FILM_BOOL(w, a->told_bad);
    film_i64(w, &a->remind_ms);
    film_silenced(w, a, n_silences);
    film_lane_end(w);
}

static void film_verdict(struct film_walk *w, struct verdict *v, size_t n_services)
{
    FILM_ENUM(w, v->state, STATE_COUNT - 1);
    FILM_BOOL(w, v->connecting);
    FILM_BOOL(w, v->blind);
    film_text(w, &v->word);
    FILM_INDEX(w, v->root, n_services);
    film_i64(w, &v->since_ms);
    film_int(w, &v->hides);
    film_int(w, &v->others);
    film_text(w, &v->detail);
}

struct film_counts {
    size_t services, alerts, silences;
};

static struct film_counts film_head(struct film_walk *w, struct board *b)
{
    struct film_counts n;

    film_lane_begin(w);
    film_text(w, &b->watch);
    film_text(w, &b->environment);
    film_text(w, &b->source);
    for (int i = 0; i < STATE_COUNT; i++)
        film_text(w, &b->words[i]);
    film_i64(w, &b->at_ms);
    film_i64(w, &b->started_ms);
    film_i64(w, &b->collector_ms);
    film_i64(w, &b->unreachable_since_ms);
    film_text(w, &b->notice);
    FILM_BOOL(w, b->notice_bad);
    n.services = film_parts(w, b->n_services);
    n.alerts = film_parts(w, b->n_alerts);
    film_verdict(w, &b->verdict, n.services);
    n.silences = film_parts(w, b->n_silences);
    film_lane_end(w);
    return n;
}

void film_walk(struct film_walk *w, struct board *b)
{
    struct film_counts n = film_head(w, b);

    if (w->play && !w->bad)
        board_add_services(b, n.services);
    for (size_t i = 0; i < n.services && !w->bad; i++)
        film_service(w, &b->services[i], n.services);
    if (w->play && n.alerts && !w->bad)
        board_add_alerts(b, n.alerts);
    for (size_t i = 0; i < n.alerts && !w->bad; i++)
        film_alert(w, &b->alerts[i], n.services, n.silences);
    if (w->play && n.silences && !w->bad) {
        b->silences = xcalloc(n.silences, sizeof *b->silences);
        b->n_silences = n.silences;
    }
    for (size_t i = 0; i < n.silences && !w->bad; i++)
        film_silence(w, &b->silences[i]);
}
