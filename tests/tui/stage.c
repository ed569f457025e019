/* tests/tui/stage.c: the console in memory, for screen tests. */
#include "tests/tui/stage.h"

#include "tests/cmocka.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/alloc.h"

void stage_world(void)
{
    setenv("TZ", "UTC", 1);
    tzset();
    setlocale(LC_ALL, "C.UTF-8");
}

static char *stage_read(const char *dir, const char *name, const char *ext, size_t *len)
{
    char path[512];
    FILE *f;
    char *bytes;
    long size;

    snprintf(path, sizeof path, "%s/%s/%s.%s", MW_TESTS, dir, name, ext);
    f = fopen(path, "r");
    if (!f)
        return NULL;
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    bytes = xcalloc((size_t)size + 1, 1);
    *len = fread(bytes, 1, (size_t)size, f);
    fclose(f);
    return bytes;
}

struct board *stage_board(const char *name)
{
    size_t len;
    char *bytes = stage_read("tui/boards", name, "json", &len);
    struct err err = { "cannot be read" };
    struct board *b = bytes ? board_from_json(bytes, len, &err) : NULL;

    free(bytes);
    if (!b)
        fail_msg("board %s: %s", name, err.msg);
    return b;
}

void stage_open(struct stage *s, const char *board, int w, int h, bool ascii)
{
    static const char *const faults[] = { "api_slow", "conn_leak", "db_down", "redis_down" };

    memset(s, 0, sizeof *s);
    s->board = stage_board(board);
    s->now_ms = s->board->at_ms;
    s->console = console_new(&(struct console_options){ .theme = theme_find("dark"),
                                                        .ascii = ascii,
                                                        .who = "dana@bastion",
                                                        .faults = faults,
                                                        .n_faults = 4 });
    canvas_init(&s->canvas, 0, 0);
    console_resize(s->console, w, h);
    console_board(s->console, s->board, s->now_ms);
    stage_draw(s);
}

void stage_close(struct stage *s)
{
    console_free(s->console);
    board_free(s->board);
    canvas_fini(&s->canvas);
}

void stage_draw(struct stage *s)
{
    console_draw(s->console, s->now_ms, &s->canvas);
    stage_cells_are_sound(&s->canvas);
}

static void stage_bytes(struct stage *s, const char *bytes, size_t len)
{
    struct keys keys = { 0 };
    struct press p;

    while (len > 0) {
        size_t used = keys_feed(&keys, bytes, len, &p);

        bytes += used;
        len -= used;
        console_press(s->console, p, s->now_ms);
    }
    if (keys_wait_ms(&keys)) {
        keys_timeout(&keys, &p);
        console_press(s->console, p, s->now_ms);
    }
}

static void stage_key(struct stage *s, const char *name)
{
    static const struct {
        const char *name, *bytes;
    } named[] = { { "Enter", "\r" },       { "Esc", "\x1b" },        { "Tab", "\t" },
                  { "Space", " " },        { "Up", "\x1b[A" },       { "Down", "\x1b[B" },
                  { "Right", "\x1b[C" },   { "Left", "\x1b[D" },     { "PgDn", "\x1b[6~" },
                  { "PgUp", "\x1b[5~" },   { "Home", "\x1b[H" },     { "End", "\x1b[F" },
                  { "Backspace", "\x7f" }, { "Shift-Tab", "\x1b[Z" } };
    char letter;

    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (!strcmp(named[i].name, name)) {
            stage_bytes(s, named[i].bytes, strlen(named[i].bytes));
            return;
        }
    if (!strncmp(name, "Ctrl-", 5)) {
        letter = (char)(name[5] & 0x1f);
        stage_bytes(s, &letter, 1);
        return;
    }
    if (strlen(name) != 1)
        fail_msg("no key '%s'", name);
    stage_bytes(s, name, 1);
}

void stage_keys(struct stage *s, const char *keys)
{
    while (*keys) {
        char name[32];
        size_t n;

        if (*keys == '|') {
            n = strcspn(keys + 1, "|");
            stage_bytes(s, keys + 1, n);
            keys += n + 2;
        } else {
            n = strcspn(keys, " ");
            snprintf(name, sizeof name, "%.*s", (int)n, keys);
            stage_key(s, name);
            keys += n;
        }
        keys += strspn(keys, " ");
    }
    stage_draw(s);
}

bool stage_shows(const struct stage *s, const char *words)
{
    char *dump = canvas_dump(&s->canvas);
    bool found = strstr(dump, words) != NULL;

    free(dump);
    return found;
}

void stage_is(struct stage *s, const char *name)
{
    char *text = canvas_dump(&s->canvas), *styles = canvas_dump_styles(&s->canvas);
    size_t cap = strlen(text) + strlen(styles) + 8, len;
    char *got = xcalloc(cap, 1), *want;

    snprintf(got, cap, "%s\n%s", text, styles);
    free(text);
    free(styles);
    if (getenv("UPDATE")) {
        char path[512];
        FILE *f;

        snprintf(path, sizeof path, "%s/screens/%s.txt", MW_TESTS, name);
        f = fopen(path, "w");
        assert_non_null(f);
        fputs(got, f);
        fclose(f);
    }
    want = stage_read("screens", name, "txt", &len);
    if (!want)
        fail_msg("tests/screens/%s.txt is not there; UPDATE=1 writes it", name);
    if (strcmp(got, want))
        fail_msg("tests/screens/%s.txt differs; the screen now is\n%s", name, got);
    free(want);
    free(got);
}

void stage_cells_are_sound(const struct canvas *c)
{
    for (int y = 0; y < c->h; y++)
        for (int x = 0; x < c->w; x++) {
            const struct cell *cell = canvas_at(c, x, y);
            size_t len = strlen(cell->utf8), used;
            uint32_t cp;

            if (len == 0) { /* the right half: the left one is wide */
                const struct cell *left = canvas_at(c, x - 1, y);

                assert_non_null(left);
                utf8_next(left->utf8, strlen(left->utf8), &cp);
                assert_int_equal(cp_width(cp), 2);
                continue;
            }
            used = utf8_next(cell->utf8, len, &cp);
            assert_true(cp_width(cp) >= 1);
            assert_true(cp != 0xfffd || !memcmp(cell->utf8, "\xef\xbf\xbd", 3));
            if (cp_width(cp) == 2)
                assert_true(x + 1 < c->w && !canvas_at(c, x + 1, y)->utf8[0]);
            if (c->ascii)
                assert_true(len == 1 && cp >= 0x20 && cp < 0x7f);
            while (used < len) { /* combining marks only */
                used += utf8_next(cell->utf8 + used, len - used, &cp);
                assert_int_equal(cp_width(cp), 0);
            }
            assert_true(cell->style < STYLE_COUNT);
        }
}

void stage_changed(struct stage *s)
{
    console_board(s->console, s->board, s->now_ms);
    stage_draw(s);
}

void stage_reload(struct stage *s, struct board *b)
{
    console_board(s->console, b, s->now_ms);
    board_free(s->board);
    s->board = b;
    stage_draw(s);
}

void stage_filters(const char *board, const char *key, const char *always,
                   const struct stage_filter *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct stage s;
        char keys[96];

        stage_open(&s, board, 120, 36, false);
        snprintf(keys, sizeof keys, "%s / |%s| Enter", key, cases[i].filter);
        stage_keys(&s, keys);
        if (!stage_shows(&s, cases[i].seen))
            fail_msg("/%s hides '%s'", cases[i].filter, cases[i].seen);
        if (stage_shows(&s, cases[i].unseen))
            fail_msg("/%s shows '%s'", cases[i].filter, cases[i].unseen);
        assert_false(stage_shows(&s, "! there is no"));
        assert_true(!always || stage_shows(&s, always));
        stage_close(&s);
    }
}

void stage_answers(struct stage *s, const char *line, const char *words)
{
    char keys[160];

    snprintf(keys, sizeof keys, ": |%s| Enter", line);
    stage_keys(s, keys);
    if (!stage_shows(s, words))
        fail_msg("':%s' is not answered with '%s'", line, words);
}

struct intent stage_intent(struct stage *s)
{
    struct intent i;

    assert_true(console_intent(s->console, &i));
    return i;
}

void stage_no_intent(struct stage *s)
{
    struct intent i;

    assert_false(console_intent(s->console, &i));
}
