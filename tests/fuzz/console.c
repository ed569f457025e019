/* tests/fuzz/console.c: any typing on a console of any size; the cells stay sound, nothing is
 * pasted into a deed, and only q and :quit leave. */
#include "tui/console.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/board_json.h"

static const char console_fuzz_board[] =
    "{\"midwatch_board\":1,\"watch\":\"w\",\"environment\":\"production\",\"at_ms\":1769652827000,"
    "\"services\":[{\"id\":\"db\",\"state\":\"down\",\"reason\":\"refused\",\"readings\":[{"
    "\"name\":"
    "\"ping\",\"kind\":\"postgres\",\"state\":\"down\",\"reason\":\"refused\",\"every_ms\":1000}]},"
    "{\"id\":\"api\",\"depends_on\":[\"db\"],\"state\":\"up\",\"reason\":\"200\",\"readings\":[{"
    "\"name\":\"health\",\"kind\":\"http\",\"state\":\"up\",\"every_ms\":1000}]}],"
    "\"alerts\":[{\"id\":\"db-down\",\"state\":\"firing\",\"service\":\"db\"}],"
    "\"events\":[{\"n\":1,\"at_ms\":1769552827000,\"code\":\"NOTE\",\"who\":\"a@b\",\"words\":"
    "\"w\"},"
    "{\"n\":2,\"at_ms\":1769652827000,\"code\":\"FIRING\",\"alert\":\"db-down\"},"
    "{\"n\":3,\"at_ms\":1769652828000,\"code\":\"ACK\",\"alert\":\"gone\"}]}";

static void console_fuzz_cells(const struct canvas *c)
{
    for (int i = 0; i < c->w * c->h; i++) {
        const struct cell *cell = &c->cells[i];
        uint32_t cp;

        if (!cell->utf8[0])
            continue;
        if (!memchr(cell->utf8, 0, sizeof cell->utf8) || cell->style >= STYLE_COUNT)
            abort();
        utf8_next(cell->utf8, strlen(cell->utf8), &cp);
        if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp_width(cp) < 1)
            abort();
    }
}

static void console_fuzz_intents(struct console *c, struct press p)
{
    struct intent in;

    while (console_intent(c, &in)) {
        if (p.pasted)
            abort();
        if (in.kind == INTENT_QUIT && p.code != PRESS_ENTER && p.cp != 'q')
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const faults[] = { "db_down", "redis_down" };
    struct keys keys = { 0 };
    struct canvas canvas;
    struct console *c;
    struct board *b;
    struct err err;
    int64_t now_ms;

    setlocale(LC_ALL, "C.UTF-8");
    b = board_from_json(console_fuzz_board, sizeof console_fuzz_board - 1, &err);
    if (!b)
        abort(); /* our own board */
    now_ms = b->at_ms;
    c = console_new(&(struct console_options){ .faults = faults, .n_faults = 2 });
    canvas_init(&canvas, 0, 0);
    console_resize(c, size > 0 ? 1 + data[0] % 130 : 80, size > 1 ? 1 + data[1] % 45 : 24);
    console_board(c, b, now_ms);
    for (size_t at = 2; at < size;) {
        struct press p;

        at += keys_feed(&keys, (const char *)data + at, size - at, &p);
        console_press(c, p, now_ms += 40);
        console_fuzz_intents(c, p);
        console_draw(c, now_ms, &canvas);
        console_fuzz_cells(&canvas);
    }
    console_free(c);
    board_free(b);
    canvas_fini(&canvas);
    return 0;
}
