/* tests/tui/termtool.c: the terminal layer alone, driven by keys, for tests/tui/test_term.py.
 *
 *   n  draw the same again        u  move only the numbers     f  change every cell
 *   y  copy "copied"              i  say how many bytes the last frame took
 *   r  a byte a number, 60 frames as fast as they come       Ctrl-Z  suspend
 *   !  die of SIGSEGV             q  end
 */
#include "tui/keys.h"
#include "tui/term.h"

#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t resized, continued;

static void on_signal(int sig)
{
    if (sig == SIGWINCH) {
        resized = 1;
    } else if (sig == SIGCONT) {
        continued = 1;
    } else {
        term_emergency();
        signal(sig, SIG_DFL);
        raise(sig);
    }
}

struct tool {
    struct term *term;
    struct canvas canvas;
    unsigned long long before; /* bytes before the last frame */
    int turn, fill;
    bool say, quit;
};

static void tool_draw(struct tool *t)
{
    struct canvas *c = &t->canvas;
    int w, h;

    term_size(t->term, &w, &h);
    canvas_resize(c, w, h);
    c->ascii = term_ascii(t->term);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w && t->fill; x++)
            canvas_put(c, x, y, 1, (enum style)((x + y + t->fill) % STYLE_COUNT),
                       t->fill % 2 ? "▅" : "x");
    canvas_putf(c, 0, 0, w, STYLE_TITLE, "termtool %dx%d ─ 漢字 turn %d", w, h, t->turn);
    for (int i = 0; i < 20 && i + 2 < h; i++) {
        canvas_putf(c, 2, i + 2, 20, STYLE_PLAIN, "service-%d", i);
        canvas_putf(c, 30, i + 2, 10, i % 5 ? STYLE_OK : STYLE_CRIT, "%6.1f ms",
                    20.0 + (t->turn * 7 + i * 3) % 50);
    }
    if (t->say)
        canvas_putf(c, 0, h - 1, w, STYLE_PLAIN, "frame %llu bytes, dropped %llu, colours %d",
                    term_count(t->term).bytes - t->before, term_count(t->term).dropped,
                    term_colors(t->term));
    t->before = t->say ? t->before : term_count(t->term).bytes;
    term_draw(t->term, c, theme_find("dark"));
}

static void tool_press(struct tool *t, struct press p)
{
    char name[24];
    struct text copied = { 0 };

    press_name(p, name);
    t->say = !strcmp(name, "i");
    if (!strcmp(name, "u"))
        t->turn++;
    if (!strcmp(name, "f"))
        t->fill++;
    if (!strcmp(name, "y")) {
        text_sets(&copied, "copied");
        term_copy(t->term, &copied);
        text_fini(&copied);
    }
    for (int i = 0; i < 60 && !strcmp(name, "r"); i++, t->turn++, t->fill++)
        tool_draw(t);
    if (!strcmp(name, "Ctrl-Z")) {
        term_suspend(t->term);
        raise(SIGSTOP);
        term_resume(t->term);
        continued = 0;
    }
    if (!strcmp(name, "!"))
        raise(SIGSEGV);
    t->quit = !strcmp(name, "q");
    tool_draw(t);
}

static void tool_loop(struct tool *t)
{
    struct keys keys = { 0 };
    char bytes[256];

    while (!t->quit) {
        struct pollfd fds[2] = { { .fd = term_in_fd(t->term), .events = POLLIN },
                                 { .fd = term_out_fd(t->term),
                                   .events = term_pending(t->term) ? POLLOUT : 0 } };
        ssize_t n;

        poll(fds, 2, 50); /* a signal just before it waits that long */
        if (continued) {
            continued = 0;
            term_resume(t->term);
            tool_draw(t);
        }
        if (resized) {
            resized = 0;
            term_resize(t->term);
            tool_draw(t);
        }
        if (term_flush(t->term) == TERM_DRAINED && term_dropped(t->term))
            tool_draw(t);
        n = term_read(t->term, bytes, sizeof bytes);
        if (n < 0)
            break;
        for (ssize_t at = 0; at < n;) {
            struct press p;

            at += (ssize_t)keys_feed(&keys, bytes + at, (size_t)(n - at), &p);
            if (p.code != PRESS_NONE)
                tool_press(t, p);
        }
    }
}

int main(void)
{
    struct tool t = { 0 };
    struct err err;
    static const int signals[] = { SIGWINCH, SIGCONT, SIGSEGV };

    setlocale(LC_ALL, "");
    t.term = term_open(&err);
    if (!t.term) {
        printf("no screen: %s\n", err.msg);
        return 1;
    }
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &(struct sigaction){ .sa_handler = on_signal }, NULL);
    canvas_init(&t.canvas, 0, 0);
    tool_draw(&t);
    tool_loop(&t);
    term_close(t.term);
    canvas_fini(&t.canvas);
    printf("closed\n");
    return 0;
}
