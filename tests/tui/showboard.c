/* tests/tui/showboard.c: draws a board from a JSON file on the real terminal, to look at screens.
 *
 *   showboard FILE [THEME [busy]]     keys work; the clock goes on from the board's own instant;
 *                                     `busy`: every signal gets a new value each second
 */
#include "core/board_json.h"
#include "tui/console.h"
#include "tui/term.h"

#include <locale.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct show {
    struct term *term;
    struct console *console;
    struct canvas canvas;
    struct keys keys;
    struct board *board;
    bool busy;
    int64_t start_ms, board_ms, fed_ms;
};

static volatile sig_atomic_t show_resized;

static void show_on_winch(int sig)
{
    (void)sig;
    show_resized = 1;
}

static int64_t show_clock_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t show_now_ms(const struct show *s)
{
    return s->board_ms + show_clock_ms() - s->start_ms;
}

static struct board *show_read(const char *path)
{
    static char bytes[4 << 20];
    FILE *f = fopen(path, "r");
    size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    struct err err = { "cannot be read" };
    struct board *b = f ? board_from_json(bytes, n, &err) : NULL;

    if (f)
        fclose(f);
    if (!b)
        fprintf(stderr, "%s: %s\n", path, err.msg);
    return b;
}

static void show_size(struct show *s)
{
    int w, h;

    term_resize(s->term);
    term_size(s->term, &w, &h);
    console_resize(s->console, w, h);
}

static void show_intents(struct show *s)
{
    struct intent intent;

    while (console_intent(s->console, &intent)) {
        if (intent.kind == INTENT_COPY)
            term_copy(s->term, intent.copy);
        if (intent.kind == INTENT_REDRAW)
            term_redraw(s->term);
        if (intent.kind == INTENT_SUSPEND) {
            term_suspend(s->term);
            raise(SIGSTOP);
            term_resume(s->term);
            show_size(s);
        }
    }
}

static bool show_read_keys(struct show *s)
{
    char bytes[1024];
    ssize_t n = term_read(s->term, bytes, sizeof bytes);
    struct press p;

    for (ssize_t at = 0; at < n;) {
        at += (ssize_t)keys_feed(&s->keys, bytes + at, (size_t)(n - at), &p);
        console_press(s->console, p, show_now_ms(s));
        show_intents(s);
    }
    if (n == 0 && keys_wait_ms(&s->keys) > 0) {
        keys_timeout(&s->keys, &p);
        console_press(s->console, p, show_now_ms(s));
    }
    return n >= 0;
}

static void show_feed_signal(struct signal *g, int64_t at_ms)
{
    double step = 1 + (rand() % 200 - 100) / 1000.0;

    if (!g->known)
        return;
    g->value *= step;
    if (g->unit == UNIT_COUNT)
        g->value = rint(g->value);
    g->at_ms = at_ms;
    series_push(g->series, at_ms, g->value);
}

/* A second of a busy system: every signal moves, every answer is fresh. */
static void show_feed(struct show *s, int64_t now_ms)
{
    struct board *b = s->board;

    if (!s->busy || now_ms - s->fed_ms < 1000)
        return;
    s->fed_ms = now_ms;
    b->collector_ms = now_ms;
    for (size_t i = 0; i < b->n_services; i++)
        for (size_t j = 0; j < b->services[i].n_readings; j++) {
            struct reading *r = &b->services[i].readings[j];

            r->evidence_ms = now_ms;
            for (size_t k = 0; k < r->n_signals; k++)
                show_feed_signal(&r->signals[k], now_ms);
        }
    console_board(s->console, b, now_ms);
}

static void show_loop(struct show *s)
{
    while (!console_quitting(s->console)) {
        int wait_ms = keys_wait_ms(&s->keys);
        struct pollfd fds[2] = { { .fd = term_in_fd(s->term), .events = POLLIN },
                                 { .fd = term_out_fd(s->term),
                                   .events = term_pending(s->term) ? POLLOUT : 0 } };

        show_feed(s, show_now_ms(s));
        if (console_wants_draw(s->console, show_now_ms(s)) || term_dropped(s->term)) {
            console_draw(s->console, show_now_ms(s), &s->canvas);
            term_draw(s->term, &s->canvas, console_theme(s->console));
        }
        poll(fds, 2, wait_ms > 0 ? wait_ms : 200);
        if (show_resized) {
            show_resized = 0;
            show_size(s);
        }
        if (term_flush(s->term) == TERM_LOST || !show_read_keys(s))
            break;
    }
}

int main(int argc, char **argv)
{
    static const char *const faults[] = { "api_slow", "conn_leak", "db_down", "redis_down" };
    struct show s = { 0 };
    struct board *board;
    struct err err;

    setlocale(LC_ALL, "");
    board = argc > 1 ? show_read(argv[1]) : NULL;
    if (!board)
        return 1;
    s.term = term_open(&err);
    if (!s.term) {
        fprintf(stderr, "%s\n", err.msg);
        board_free(board);
        return 1;
    }
    sigaction(SIGWINCH, &(struct sigaction){ .sa_handler = show_on_winch }, NULL);
    s.start_ms = show_clock_ms();
    s.board_ms = board->at_ms;
    s.console = console_new(&(struct console_options){
        .theme = theme_pick(argc > 2 ? argv[2] : NULL, getenv("NO_COLOR"), getenv("COLORFGBG")),
        .ascii = term_ascii(s.term),
        .who = "dana@bastion",
        .faults = faults,
        .n_faults = sizeof faults / sizeof *faults });
    canvas_init(&s.canvas, 0, 0);
    show_size(&s);
    s.board = board;
    s.busy = argc > 3 && !strcmp(argv[3], "busy");
    console_board(s.console, board, show_now_ms(&s));
    show_loop(&s);
    term_close(s.term);
    console_free(s.console);
    canvas_fini(&s.canvas);
    board_free(board);
    return 0;
}
