/* tests/alerts/differ.c: what midwatch says of recorded series, evaluation by evaluation, for
 * tests/alerts/test_prometheus.py, which asks the real Prometheus the same.
 *
 * Reads lines from standard input:
 *     step MS
 *     gauge NAME V V _ V ...      values, _ = nothing was read
 *     counter NAME V V ...        of two of them, errors and requests, is api.errors made
 *     state NAME 1 1 0 ...        whether the service of that name is up
 *     rule ID FOR_MS KEEP_MS WHEN
 * and prints for each evaluation and rule: ID, number of the evaluation, state of the alert,
 * whether it is flapping, and whether its condition is not known.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alerts/judge.h"
#include "alerts/rule.h"
#include "core/alloc.h"
#include "probes/window.h"

#define T0 1769652000000ll

enum { RULES = 64, VALUES = 4000, NAMES = 16, LINE = 1 << 16, WINDOW_MS = 300000 };

struct track {
    char kind[8], name[32];
    double v[VALUES];
    size_t n;
};

static struct track tracks[NAMES];
static struct judge_rule rules[RULES];
static size_t n_tracks, n_rules;
static int64_t step_ms;

static void read_track(char *line)
{
    struct track *t = &tracks[n_tracks++];
    char *save, *word = strtok_r(line, " \n", &save);

    snprintf(t->kind, sizeof t->kind, "%s", word);
    snprintf(t->name, sizeof t->name, "%s", strtok_r(NULL, " \n", &save));
    while ((word = strtok_r(NULL, " \n", &save)) && t->n < VALUES)
        t->v[t->n++] = *word == '_' ? NAN : atof(word);
}

static void read_rule(char *line)
{
    struct judge_rule *r = &rules[n_rules++];
    char id[32];
    long long for_ms, keep_ms;
    int used;

    line[strcspn(line, "\n")] = '\0';
    sscanf(line, "rule %31s %lld %lld %n", id, &for_ms, &keep_ms, &used);
    *r = (struct judge_rule){ .id = xstrdup(id),
                              .severity = "SEV-1",
                              .rank = 1,
                              .when = xstrdup(line + used),
                              .service = -1,
                              .for_ms = for_ms,
                              .keep_ms = keep_ms,
                              .no_data_ms = 300000 };
}

static void read_all(void)
{
    static char line[LINE];

    while (fgets(line, sizeof line, stdin)) {
        if (!strncmp(line, "step ", 5))
            step_ms = atoll(line + 5);
        else if (!strncmp(line, "rule ", 5))
            read_rule(line);
        else
            read_track(line);
    }
}

/* A service for each track, and "api" with the share of errors. */
static struct board *make_board(void)
{
    struct board *b = board_new(n_tracks + 1);

    b->at_ms = b->started_ms = T0;
    for (size_t i = 0; i <= n_tracks; i++) {
        struct service *s = &b->services[i];
        struct reading *r = service_add_readings(s, 1);

        text_sets(&s->id, i < n_tracks ? tracks[i].name : "api");
        text_sets(&r->id, i < n_tracks ? "v" : "errors");
        r->every_ms = step_ms;
        reading_add_signals(r, 1, step_ms);
        text_copy(&r->signals[0].name, &r->id);
        r->signals[0].unit = i < n_tracks ? UNIT_NONE : UNIT_PERCENT;
    }
    return b;
}

static void tell(struct service *s, double v, const char *why, int64_t at_ms)
{
    struct signal *signal = &s->readings[0].signals[0];

    s->state = s->readings[0].state = isnan(v) ? STATE_UNKNOWN : STATE_UP;
    signal->known = !isnan(v);
    signal->value = v;
    text_sets(&signal->note, why);
    series_push(signal->series, at_ms, v);
    if (isnan(v))
        return;
    signal->at_ms = s->readings[0].evidence_ms = s->readings[0].good_ms = s->evidence_ms = at_ms;
}

static void tell_errors(struct board *b, struct window *w, size_t k, int64_t at_ms)
{
    struct value out = { .value = NAN };
    bool any = true;
    int lane = 0;

    window_begin(w, at_ms, 0);
    for (size_t i = 0; i < n_tracks; i++) {
        if (strcmp(tracks[i].kind, "counter") != 0)
            continue;
        any = any && !isnan(tracks[i].v[k]);
        if (!isnan(tracks[i].v[k]))
            window_add(w, lane, (uint64_t)lane + 1, tracks[i].v[k], 0);
        lane++;
    }
    if (!any) {
        window_abort(w);
        tell(&b->services[n_tracks], NAN, "nothing was read", at_ms);
        return;
    }
    window_commit(w);
    window_ratio(w, 0, 1, at_ms, 0, &out);
    tell(&b->services[n_tracks], out.known ? out.value : NAN, out.known ? "" : "not enough data",
         at_ms);
    text_fini(&out.note);
}

static void evaluate(struct board *b, struct judge *j, struct window *w, size_t k)
{
    const struct judge_events nobody = { 0 };
    int64_t at_ms = T0 + (int64_t)k * step_ms;

    b->at_ms = at_ms;
    for (size_t i = 0; i < n_tracks; i++) {
        double v = k < tracks[i].n ? tracks[i].v[k] : NAN;

        tell(&b->services[i], v, isnan(v) ? "nothing was read" : "", at_ms);
        if (!strcmp(tracks[i].kind, "state") && !isnan(v))
            b->services[i].state = b->services[i].readings[0].state = v > 0 ? STATE_UP : STATE_DOWN;
    }
    tell_errors(b, w, k, at_ms);
    judge_board(j, b, &nobody);
    for (size_t i = 0; i < b->n_alerts; i++) {
        const struct alert *a = &b->alerts[i];

        printf("%s %zu %s %d %d\n", text_str(&a->id), k,
               a->state == ALERT_NO_DATA ? "nodata" : alert_state_word(a->state), a->flapping,
               a->no_data_ms != 0);
    }
}

int main(void)
{
    struct board *b;
    struct judge *j;
    struct window *w;
    size_t bad, at, n = 0;
    struct err err;

    read_all();
    b = make_board();
    j = judge_new(rules, n_rules, b, &bad, &at, &err);
    if (!j) {
        fprintf(stderr, "rule %s, at %zu: %s\n", rules[bad].id, at, err.msg);
        return 1;
    }
    w = window_new(WINDOW_MS, step_ms);
    for (size_t i = 0; i < n_tracks; i++)
        n = tracks[i].n > n ? tracks[i].n : n;
    for (size_t k = 0; k < n; k++)
        evaluate(b, j, w, k);
    window_free(w);
    judge_free(j);
    board_free(b);
    for (size_t i = 0; i < n_rules; i++) {
        free((char *)rules[i].id);
        free((char *)rules[i].when);
    }
    return 0;
}
