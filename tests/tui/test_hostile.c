/* tests/tui/test_hostile.c: that hostile text changes no foreign cell, and that nobody's random
 * typing breaks anything, whatever board it is about. */
#include "tests/tui/stage.h"

#include "tests/cmocka.h"
#include "tests/patience.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- hostile text -- */

static const char *const hostile[] = {
    "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "a\rB\bC\nnext\tline",
    ("\xe2\x80\xae"
     "evil\xe2\x80\xac\xe2\x80\x8b\xef\xbb\xbf"),
    "\xff\xfe\xc3\x28\xed\xa0\x80\xc2\x9b[31m",
    "z\xcc\x80\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85 algo",
    "\x7f\x01\x02\x03\x04",
};

enum { BOARD_TEXTS = 36 };

/* Every text of the board, by number. */
static struct text *board_text(struct board *b, size_t n)
{
    struct service *s = &b->services[2]; /* api: it has everything */
    struct reading *r = &s->readings[0];
    struct text *all[BOARD_TEXTS] = {
        &b->watch,
        &b->environment,
        &b->notice,
        &b->verdict.detail,
        &b->verdict.word,
        &b->marks[0].label,
        &s->id,
        &s->title,
        &s->reason,
        &s->version,
        &r->name,
        &r->kind,
        &r->target,
        &r->reason,
        &r->version,
        &r->components[0].name,
        &r->components[0].word,
        &r->components[0].note,
        &r->signals[0].name,
        &r->signals[0].unit_word,
        &r->signals[0].note,
        &b->services[0].readings[2].table.cells[0],
        &b->services[0].readings[2].table.cells[5],
        &b->alerts[4].id, /* somebody has it */
        &b->alerts[4].title,
        &b->alerts[4].severity,
        &b->alerts[4].rule,
        &b->alerts[4].runbook,
        &b->alerts[4].value,
        &b->alerts[4].ack.who,
        &b->alerts[4].ack.note,
        &b->alerts[5].note, /* why nothing can be said */
        &b->events[b->n_events - 1].code,
        &b->events[b->n_events - 1].who,
        &b->events[b->n_events - 1].alert,
        &b->events[b->n_events - 1].words,
    };

    return all[n];
}

/* Draws the screen behind `keys` with `bytes` in field n, and puts back what was there. */
static void draw_with(struct stage *s, const char *keys, size_t n, const char *bytes, size_t len,
                      struct canvas *out)
{
    struct text *field = board_text(s->board, n), was = { 0 };

    text_copy(&was, field);
    text_set(field, bytes, len);
    console_board(s->console, s->board, s->now_ms);
    stage_keys(s, "Esc Esc Esc g"); /* with another id another service is selected */
    stage_keys(s, keys);
    canvas_resize(out, s->canvas.w, s->canvas.h);
    memcpy(out->cells, s->canvas.cells, sizeof *out->cells * (size_t)(out->w * out->h));
    text_copy(field, &was);
    text_fini(&was);
}

/* How many cells hold the harmless letters; all other cells must be the same. */
static int compare_screens(const struct canvas *good, const struct canvas *bad, const char *where)
{
    int letters = 0;

    for (int i = 0; i < good->w * good->h; i++) {
        bool letter = !strcmp(good->cells[i].utf8, "X");

        letters += letter;
        if (!letter && memcmp(&bad->cells[i], &good->cells[i], sizeof *bad->cells))
            fail_msg("%s: cell %d,%d is '%s', not '%s'", where, i % good->w, i / good->w,
                     bad->cells[i].utf8, good->cells[i].utf8);
    }
    return letters;
}

/* Against the same screen with as many harmless letters in that field: only cells that hold these
 * letters may differ. */
static void hostile_text_changes_no_foreign_cell(void **state)
{
    static const char *const screens[] = { "",        "2",           "j Enter", "Enter j j",
                                           "3 g j j", "3 g j j j j", "9 g" };
    int seen[BOARD_TEXTS] = { 0 };
    struct canvas bad, good;

    (void)state;
    canvas_init(&bad, 0, 0);
    canvas_init(&good, 0, 0);
    for (size_t k = 0; k < sizeof screens / sizeof *screens; k++)
        for (size_t n = 0; n < BOARD_TEXTS; n++) {
            struct stage s;

            stage_open(&s, "timeline", 120, 36, false);
            for (size_t h = 0; h < sizeof hostile / sizeof *hostile; h++) {
                struct text t = { 0 };
                char letters[128], where[64];

                text_sets(&t, hostile[h]);
                memset(letters, 'X', sizeof letters);
                draw_with(&s, screens[k], n, hostile[h], strlen(hostile[h]), &bad);
                draw_with(&s, screens[k], n, letters, t.cols, &good);
                snprintf(where, sizeof where, "screen '%s', text %zu, sample %zu", screens[k], n,
                         h);
                seen[n] += compare_screens(&good, &bad, where);
                text_fini(&t);
            }
            stage_close(&s);
        }
    for (size_t n = 0; n < BOARD_TEXTS; n++)
        if (seen[n] == 0)
            fail_msg("text %zu was on no screen: nothing is proven", n);
    canvas_fini(&bad);
    canvas_fini(&good);
}

/* -- a monkey -- */

static uint32_t monkey_next(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static struct press monkey_press(uint32_t *seed)
{
    static const char letters[] = "jkhlgGez1234y?/:+-=qabc !=stdown";
    struct press p = { 0 };
    uint32_t r = monkey_next(seed) % 100;

    if (r < 60) {
        p.code = PRESS_CHAR;
        p.cp = (uint32_t)letters[monkey_next(seed) % (sizeof letters - 1)];
    } else if (r < 65) {
        p.code = PRESS_CHAR;
        p.cp = 0x20 + monkey_next(seed) % 0x3000;
        if (cp_width(p.cp) < 0)
            p.cp = 'x';
    } else if (r < 70) {
        p.code = PRESS_CHAR;
        p.cp = 'a' + monkey_next(seed) % 26;
        p.mods = PRESS_CTRL;
    } else {
        p.code = PRESS_ENTER + (enum press_code)(monkey_next(seed) % (PRESS_F12 - PRESS_ENTER + 1));
    }
    p.pasted = monkey_next(seed) % 20 == 0;
    return p;
}

enum { MONKEY_BOARDS = 8 };

static void monkey_breaks_nothing(void **state)
{
    static const char *const names[MONKEY_BOARDS] = {
        "broken", "healthy", "connecting", "stale", "queues", "alerts", "alert-alone", "silences"
    };
    struct board *boards[MONKEY_BOARDS];
    uint32_t seed = getenv("SEED") ? (uint32_t)strtoul(getenv("SEED"), NULL, 0) : 20260129;
    struct stage s;

    (void)state;
    print_message("SEED=%u\n", seed);
    for (int i = 0; i < MONKEY_BOARDS; i++)
        boards[i] = stage_board(names[i]);
    stage_open(&s, "broken", 80, 24, false);
    for (int i = 0; i < (patience_valgrind() ? 1000 : 10000); i++) {
        struct press p = monkey_press(&seed);
        struct intent intent;
        int quits = 0;

        console_press(s.console, p, s.now_ms);
        while (console_intent(s.console, &intent))
            quits += intent.kind == INTENT_QUIT;
        if (quits) /* only q and :quit leave */
            assert_true(p.code == PRESS_ENTER || (p.code == PRESS_CHAR && p.cp == 'q'));
        assert_false(quits && p.pasted);
        s.now_ms += monkey_next(&seed) % 400;
        if (monkey_next(&seed) % 30 == 0)
            console_board(s.console, boards[monkey_next(&seed) % MONKEY_BOARDS], s.now_ms);
        if (monkey_next(&seed) % 20 == 0)
            console_resize(s.console, 1 + (int)(monkey_next(&seed) % 160),
                           1 + (int)(monkey_next(&seed) % 50));
        if (i % 7 == 0)
            stage_draw(&s);
    }
    stage_close(&s);
    for (int i = 0; i < MONKEY_BOARDS; i++)
        board_free(boards[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_text_changes_no_foreign_cell),
        cmocka_unit_test(monkey_breaks_nothing),
    };

    stage_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
