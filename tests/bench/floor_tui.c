/* tests/bench/floor_tui.c: the least that a screen costs: ncurses with 20 braille graphs and
 * numbers that move.
 *
 *   floor_tui [-m scroll|sweep|numbers|idle] [-i INTERVAL_MS]
 *
 * scroll: each graph moves by a column. sweep: one column of each changes. numbers: only the
 * figures. idle: nothing at all. j and k move a bar and repaint at once; q ends. It links what
 * midwatch links, so that its start pays for the same libraries.
 */
#include <curses.h>
#include <locale.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { GRAPHS = 20, ACROSS = 4, HISTORY = 400 };
enum mode { MODE_SCROLL, MODE_SWEEP, MODE_NUMBERS, MODE_IDLE };

struct tui {
    enum mode mode;
    unsigned frame, selected;
    uint32_t seed;
    uint8_t history[GRAPHS][HISTORY]; /* 0..255, a ring */
};

static unsigned tui_random(struct tui *t)
{
    t->seed ^= t->seed << 13;
    t->seed ^= t->seed >> 17;
    t->seed ^= t->seed << 5;
    return t->seed;
}

/* A load that wanders: most columns differ from their neighbour by a dot or by nothing. */
static void tui_fill(uint8_t *history, struct tui *t)
{
    int v = (int)(tui_random(t) >> 9) & 255;

    for (int i = 0; i < HISTORY; i++) {
        v += (int)(tui_random(t) >> 9) % 9 - 4;
        v = v < 0 ? 0 : v > 255 ? 255 : v;
        history[i] = (uint8_t)v;
    }
}

/* Two columns of four dots each, filled from below. */
static wchar_t tui_braille(unsigned left, unsigned right)
{
    static const uint8_t l[5] = { 0, 0x40, 0x44, 0x46, 0x47 }, r[5] = { 0, 0x80, 0xa0, 0xb0, 0xb8 };

    return (wchar_t)(0x2800 + l[left > 4 ? 4 : left] + r[right > 4 ? 4 : right]);
}

static void tui_graph(const struct tui *t, int g, int y, int x, int w, int h)
{
    wchar_t line[512];

    if (w > 500)
        w = 500;
    for (int row = 0; row < h; row++) {
        for (int col = 0; col < w; col++) {
            unsigned v[2];

            for (unsigned k = 0; k < 2; k++) {
                unsigned at = (unsigned)(col * 2) + k;

                if (t->mode == MODE_SCROLL)
                    at += t->frame * 2;
                v[k] = t->history[g][at % HISTORY] * (unsigned)h * 4 / 256;
                v[k] = v[k] > (unsigned)(h - 1 - row) * 4 ? v[k] - (unsigned)(h - 1 - row) * 4 : 0;
            }
            line[col] = tui_braille(v[0], v[1]);
        }
        line[w] = L'\0';
        attrset(COLOR_PAIR(1 + g % 6));
        mvaddwstr(y + row, x, line);
    }
}

static void tui_draw(struct tui *t)
{
    int down = GRAPHS / ACROSS, h = LINES / down, w = COLS / ACROSS;

    for (int g = 0; g < GRAPHS; g++) {
        int y = g / ACROSS * h, x = g % ACROSS * w;
        unsigned figure = t->history[g][t->frame % HISTORY] * 37u;

        attrset((unsigned)g == t->selected ? A_REVERSE : A_NORMAL);
        mvprintw(y, x, "signal %02d %8u ms", g, t->mode == MODE_IDLE ? 0 : figure);
        tui_graph(t, g, y + 1, x, w - 1, h - 1);
    }
    refresh();
}

static void tui_step(struct tui *t)
{
    t->frame++;
    if (t->mode != MODE_SWEEP)
        return;
    for (int g = 0; g < GRAPHS; g++)
        for (unsigned k = 0; k < 2; k++)
            t->history[g][(t->frame * 2 + k) % 64] = (uint8_t)(tui_random(t) >> 9);
}

static int64_t tui_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool tui_keys(struct tui *t)
{
    int c;

    while ((c = getch()) != ERR) {
        if (c == 'q')
            return false;
        t->selected = (t->selected + (c == 'j' ? 1 : GRAPHS - 1)) % GRAPHS;
        tui_draw(t);
    }
    return true;
}

static void tui_run(struct tui *t, int interval_ms)
{
    struct pollfd in = { .fd = 0, .events = POLLIN };
    int64_t due = tui_now_ms();

    for (;;) {
        int64_t left = due - tui_now_ms();

        if (left > 0 && poll(&in, 1, (int)left) > 0) {
            if (!tui_keys(t))
                return;
            continue;
        }
        tui_draw(t);
        tui_step(t);
        due += interval_ms;
    }
}

int main(int argc, char **argv)
{
    static const char *const modes[] = { "scroll", "sweep", "numbers", "idle" };
    static struct tui t = { .seed = 88172645u };
    int interval_ms = 1000, o;

    while ((o = getopt(argc, argv, "m:i:")) != -1) {
        if (o == 'i')
            interval_ms = atoi(optarg);
        for (int m = 0; o == 'm' && m < 4; m++)
            if (!strcmp(optarg, modes[m]))
                t.mode = (enum mode)m;
        if (o == '?')
            return 64;
    }
    setlocale(LC_ALL, "");
    for (int g = 0; g < GRAPHS; g++)
        tui_fill(t.history[g], &t);
    if (!newterm(NULL, stdout, stdin))
        return 1;
    start_color();
    use_default_colors();
    for (short i = 1; i <= 6; i++)
        init_pair(i, i, -1);
    cbreak();
    noecho();
    nodelay(stdscr, TRUE);
    curs_set(0);
    tui_run(&t, interval_ms);
    endwin();
    return 0;
}
