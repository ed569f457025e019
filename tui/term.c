/* tui/term.c: the terminal behind ncurses, with ncurses' output caught in memory.
 *
 * Traps: newterm() installs signal handlers of its own (taken back at once); it may say nothing to
 * the terminal itself, so entering and leaving are bytes of ours, computed once from terminfo, and
 * the same bytes serve suspend, close and a crash.
 */
#include "tui/term.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <curses.h>

#include "core/alloc.h"
#include "core/buf.h"

enum {
    TERM_W_MAX = 1000,
    TERM_H_MAX = 500,
    TERM_DRAIN_MS = 200,
    TERM_BYTES_MAX = 192 /* of entering or leaving */
};

struct term {
    int in_fd, out_fd;
    FILE *catch, *nothing; /* what ncurses takes for its terminal; what it takes for its keyboard */
    SCREEN *screen;
    struct termios saved, raw;
    bool modes_saved, entered, ascii, lost, dropped;
    bool whole; /* the next frame is drawn from nothing */
    int w, h, colors;
    struct canvas shown; /* what ncurses was last told */
    cchar_t *run;        /* scratch for one row */
    struct buf pending;
    size_t sent;
    const struct theme *theme;
    attr_t attrs[STYLE_COUNT][2];
    short pairs[STYLE_COUNT][2];
    char enter[TERM_BYTES_MAX], leave[TERM_BYTES_MAX];
    struct term_count count;
};

/* What a signal handler needs; it gets no argument, so this is the one global of this folder. */
static struct {
    volatile sig_atomic_t armed;
    int fd;
    struct termios saved;
    char leave[TERM_BYTES_MAX];
    size_t len;
} term_rescue;

/* A terminfo string without its padding ($<5>), added to `out`. */
static void term_add_cap(char out[TERM_BYTES_MAX], const char *cap)
{
    const char *s = tigetstr(cap);
    size_t len = strlen(out);

    if (!s || s == (const char *)-1)
        return;
    while (*s && len + 1 < TERM_BYTES_MAX) {
        if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
            s = strchr(s, '>') + 1;
        else
            out[len++] = *s++;
    }
    out[len] = '\0';
}

static void term_add_bytes(char out[TERM_BYTES_MAX], const char *bytes)
{
    strncat(out, bytes, TERM_BYTES_MAX - 1 - strlen(out));
}

static bool term_has(const char *cap)
{
    const char *s = tigetstr(cap);

    return s && s != (const char *)-1;
}

static void term_compute_bytes(struct term *t)
{
    term_add_cap(t->enter, "smcup");
    term_add_cap(t->enter, "civis");
    term_add_bytes(t->enter, "\033[?2004h");

    term_add_bytes(t->leave, "\033\\"); /* ends a sequence that was cut off half-way */
    term_add_cap(t->leave, "sgr0");
    term_add_cap(t->leave, "op");
    term_add_bytes(t->leave, "\033[?2004l");
    term_add_cap(t->leave, "cnorm");
    if (!term_has("smcup"))
        term_add_cap(t->leave, "clear");
    term_add_cap(t->leave, "rmcup");
}

static int64_t term_clock_ms(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Writes all of it, but never waits longer than TERM_DRAIN_MS. Async-signal-safe. */
static bool term_write_all(int fd, const char *bytes, size_t len)
{
    int64_t end_ms = term_clock_ms() + TERM_DRAIN_MS;

    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno == EAGAIN && term_clock_ms() < end_ms) {
            struct pollfd p = { .fd = fd, .events = POLLOUT };

            poll(&p, 1, (int)(end_ms - term_clock_ms()));
        } else {
            return false;
        }
    }
    return true;
}

/* The last bytes. A terminal that takes nothing is emptied of what it still holds, so that these
 * arrive at its next reading and whoever writes next is not held up either. */
static void term_write_last(int fd, const char *bytes, size_t len)
{
    if (!term_write_all(fd, bytes, len) && tcflush(fd, TCOFLUSH) == 0)
        term_write_all(fd, bytes, len);
}

static FILE *term_open_catch(void)
{
#if defined(__linux__)
    int fd = memfd_create("midwatch-frame", MFD_CLOEXEC);
    FILE *f = fd >= 0 ? fdopen(fd, "w+") : NULL;

    if (fd >= 0 && !f)
        close(fd);
    return f ? f : tmpfile();
#else
    return tmpfile();
#endif
}

/* Modes that were left behind by a program that died are not worth restoring. */
static void term_make_sane(struct termios *m)
{
    if (m->c_lflag & ICANON)
        return;
    m->c_lflag |= ICANON | ECHO | ECHOE | ECHOK | ISIG | IEXTEN;
    m->c_iflag |= ICRNL | IXON; /* as the kernel opens a terminal */
    m->c_oflag |= OPOST | ONLCR;
    m->c_cc[VMIN] = 1;
    m->c_cc[VTIME] = 0;
    m->c_cc[VINTR] = 3;
    m->c_cc[VQUIT] = 28;
    m->c_cc[VERASE] = 127;
    m->c_cc[VKILL] = 21;
    m->c_cc[VEOF] = 4;
    m->c_cc[VSUSP] = 26;
}

static bool term_read_modes(struct term *t, struct err *err)
{
    if (tcgetattr(t->in_fd, &t->saved) != 0)
        return err_set(err, "the terminal's modes cannot be read: %s", strerror(errno));
    term_make_sane(&t->saved);
    t->modes_saved = true;
    t->raw = t->saved;
    t->raw.c_iflag &=
        ~(tcflag_t)(IXON | IXOFF | ICRNL | INLCR | IGNCR | BRKINT | INPCK | ISTRIP | PARMRK);
    t->raw.c_oflag &= ~(tcflag_t)OPOST;
    t->raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
    t->raw.c_cflag = (t->raw.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8;
    t->raw.c_cc[VMIN] = 1;
    t->raw.c_cc[VTIME] = 0;
    return true;
}

static int term_clamp(int v, int max)
{
    return v < 1 ? 1 : v > max ? max : v;
}

/* True when the size is another than before. */
static bool term_ask_size(struct term *t)
{
    struct winsize ws = { 0 };
    int w = 80, h = 24;

    if (ioctl(t->in_fd, TIOCGWINSZ, &ws) == 0 && ws.ws_col > 0 && ws.ws_row > 0) {
        w = term_clamp(ws.ws_col, TERM_W_MAX);
        h = term_clamp(ws.ws_row, TERM_H_MAX);
    }
    if (w == t->w && h == t->h)
        return false;
    t->w = w;
    t->h = h;
    t->run = xreallocarray(t->run, (size_t)w + 1, sizeof *t->run);
    return true;
}

/* Puts one of LINES and COLUMNS back to what the user had. */
static void term_setenv(const char *name, const char *value)
{
    if (value)
        setenv(name, value, 1);
    else
        unsetenv(name);
}

/* newterm(), told the size that it cannot ask a file for, and with the signal handlers that it
 * installs taken back. */
static SCREEN *term_newterm(const struct term *t, const char *type)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
    enum { N = sizeof signals / sizeof *signals };
    struct sigaction old[N];
    char *lines = xstrdup(getenv("LINES")), *columns = xstrdup(getenv("COLUMNS")), number[16];
    SCREEN *screen;

    snprintf(number, sizeof number, "%d", t->h);
    setenv("LINES", number, 1);
    snprintf(number, sizeof number, "%d", t->w);
    setenv("COLUMNS", number, 1);

    for (int i = 0; i < N; i++)
        sigaction(signals[i], NULL, &old[i]);
    screen = newterm(type, t->catch, t->nothing);
    for (int i = 0; i < N; i++)
        sigaction(signals[i], &old[i], NULL);
    term_setenv("LINES", lines);
    term_setenv("COLUMNS", columns);
    free(lines);
    free(columns);
    return screen;
}

/* Takes what ncurses wrote into the pending frame, or throws it away. */
static void term_collect(struct term *t, bool keep)
{
    int fd = fileno(t->catch);
    off_t end = lseek(fd, 0, SEEK_CUR), at = 0;
    char bytes[8192];

    while (keep && at < end) {
        size_t want = end - at < (off_t)sizeof bytes ? (size_t)(end - at) : sizeof bytes;
        ssize_t n = pread(fd, bytes, want, at);

        if (n <= 0)
            break;
        buf_add(&t->pending, bytes, (size_t)n);
        t->count.bytes += (unsigned long long)n;
        at += n;
    }
    if (end > 0 && (ftruncate(fd, 0) != 0 || lseek(fd, 0, SEEK_SET) < 0))
        t->lost = true;
}

static bool term_start_curses(struct term *t, struct err *err)
{
    const char *type = getenv("TERM");

    if (!type || !*type)
        return err_set(err, "TERM is not set");
    t->catch = term_open_catch();
    t->nothing = fopen("/dev/null", "r");
    if (!t->catch || !t->nothing)
        return err_set(err, "no memory file for the screen: %s", strerror(errno));
    t->screen = term_newterm(t, type);
    if (!t->screen)
        return err_set(err, "TERM '%s' is not known here", type);
    if (!term_has("cup") || !term_has("clear") || tigetflag("hc") > 0)
        return err_set(err, "a terminal of type '%s' cannot place its cursor", type);
    /* pastes are bracketed, and half a sequence is ended, in the words of ECMA-48 */
    if (strncmp(tigetstr("cup"), "\033[", 2) != 0)
        return err_set(err, "a terminal of type '%s' does not speak ANSI", type);
    leaveok(stdscr, TRUE);
    typeahead(-1);
    curs_set(0);
    t->colors = 0;
    if (has_colors() && start_color() == OK && use_default_colors() == OK)
        t->colors = COLORS > 256    ? 16
                    : COLORS >= 256 ? 256
                    : COLORS >= 16  ? 16
                    : COLORS >= 8   ? 8
                                    : 0;
    term_compute_bytes(t);
    doupdate(); /* what it says at first (alternate screen, scroll region) is ours to say */
    term_collect(t, false);
    return true;
}

static void term_enter(struct term *t)
{
    tcsetattr(t->in_fd, TCSANOW, &t->raw); /* not DRAIN: nobody may read */
    t->entered = true;
    t->whole = true;
    buf_adds(&t->pending, t->enter);
}

/* What was pending is lost: the next frame is a whole one. */
static void term_leave(struct term *t)
{
    if (!t->entered)
        return;
    if (!term_write_all(t->out_fd, buf_str(&t->pending) + t->sent, t->pending.len - t->sent))
        tcflush(t->out_fd, TCOFLUSH); /* nobody reads: half a frame is worth nothing now */
    buf_clear(&t->pending);
    t->sent = 0;
    term_write_last(t->out_fd, t->leave, strlen(t->leave));
    tcsetattr(t->in_fd, TCSANOW, &t->saved);
    t->entered = false;
    t->whole = true;
}

struct term *term_open(struct err *err)
{
    struct term *t = xcalloc(1, sizeof *t);

    assert(!term_rescue.armed); /* one at a time */
    t->out_fd = -1;
    t->in_fd = open("/dev/tty", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (t->in_fd < 0) {
        err_set(err, "no terminal: %s", strerror(errno));
        goto fail;
    }
    if (!isatty(STDOUT_FILENO)) {
        err_set(err, "standard output is not a terminal");
        goto fail;
    }
    t->out_fd = open("/dev/tty", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (t->out_fd < 0) {
        err_set(err, "the terminal cannot be written: %s", strerror(errno));
        goto fail;
    }
    term_ask_size(t);
    if (!term_read_modes(t, err) || !term_start_curses(t, err))
        goto fail;
    t->ascii = strcasecmp(nl_langinfo(CODESET), "UTF-8") != 0;
    canvas_init(&t->shown, 0, 0);
    term_rescue.fd = t->out_fd;
    term_rescue.saved = t->saved;
    memcpy(term_rescue.leave, t->leave, sizeof t->leave);
    term_rescue.len = strlen(t->leave);
    term_rescue.armed = 1;
    term_enter(t);
    return t;

fail:
    term_close(t);
    return NULL;
}

void term_close(struct term *t)
{
    if (!t)
        return;
    term_leave(t);
    term_rescue.armed = 0;
    if (t->screen) {
        set_term(t->screen);
        endwin();
        delscreen(t->screen);
    }
    if (t->catch)
        fclose(t->catch);
    if (t->nothing)
        fclose(t->nothing);
    if (t->in_fd >= 0)
        close(t->in_fd);
    if (t->out_fd >= 0)
        close(t->out_fd);
    canvas_fini(&t->shown);
    buf_fini(&t->pending);
    free(t->run);
    free(t);
}

void term_emergency(void)
{
    if (!term_rescue.armed)
        return;
    term_rescue.armed = 0;
    term_write_last(term_rescue.fd, term_rescue.leave, term_rescue.len);
    tcsetattr(term_rescue.fd, TCSANOW, &term_rescue.saved);
}

int term_in_fd(const struct term *t)
{
    return t->in_fd;
}

int term_out_fd(const struct term *t)
{
    return t->out_fd;
}

int term_colors(const struct term *t)
{
    return t->colors;
}

bool term_ascii(const struct term *t)
{
    return t->ascii;
}

void term_size(const struct term *t, int *w, int *h)
{
    *w = t->w;
    *h = t->h;
}

bool term_resize(struct term *t)
{
    if (!term_ask_size(t))
        return false;
    resize_term(t->h, t->w);
    t->whole = true;
    return true;
}

ssize_t term_read(struct term *t, char *bytes, size_t cap)
{
    ssize_t n;

    if (t->lost)
        return -1;
    do
        n = read(t->in_fd, bytes, cap);
    while (n < 0 && errno == EINTR);
    if (n > 0)
        return n;
    if (n < 0 && errno == EAGAIN)
        return 0;
    t->lost = true;
    return -1;
}

/* Styles as ncurses wants them; pairs are shared by styles of equal colours. */
static void term_use_theme(struct term *t, const struct theme *theme)
{
    struct {
        int fg, bg;
    } made[STYLE_COUNT * 2 + 1] = { { 0 } };
    int n = 0, max = COLOR_PAIRS - 1 < STYLE_COUNT * 2 ? COLOR_PAIRS - 1 : STYLE_COUNT * 2;

    for (int i = 0; i < STYLE_COUNT * 2; i++) {
        struct paint p = theme_paint(theme, t->colors, (enum style)(i / 2), i % 2);
        attr_t a = (p.attrs & PAINT_BOLD ? A_BOLD : 0) | (p.attrs & PAINT_DIM ? A_DIM : 0) |
                   (p.attrs & PAINT_REVERSE ? A_REVERSE : 0) |
                   (p.attrs & PAINT_UNDERLINE ? A_UNDERLINE : 0);
        int pair = 0;

        if (t->colors >= 8 && (p.fg >= 0 || p.bg >= 0)) {
            for (pair = 1; pair <= n; pair++)
                if (made[pair].fg == p.fg && made[pair].bg == p.bg)
                    break;
            if (pair > n && n < max) {
                init_pair((short)++n, (short)p.fg, (short)p.bg);
                made[n].fg = p.fg;
                made[n].bg = p.bg;
            } else if (pair > n) {
                pair = 0;
            }
        }
        t->attrs[i / 2][i % 2] = a;
        t->pairs[i / 2][i % 2] = (short)pair;
    }
    t->theme = theme;
    t->whole = true;
}

static void term_to_cchar(const struct term *t, const struct cell *cell, cchar_t *out)
{
    wchar_t wide[4] = { 0 };
    size_t len = strlen(cell->utf8), at = 0;
    int n = 0;

    while (at < len && n < 3) {
        uint32_t cp;

        at += utf8_next(cell->utf8 + at, len - at, &cp);
        wide[n++] = (wchar_t)cp;
    }
    setcchar(out, wide, t->attrs[cell->style][cell->selected],
             t->pairs[cell->style][cell->selected], NULL);
}

/* Hands the cells [from, to) of row y to ncurses, whole characters only. */
static void term_put_run(struct term *t, const struct canvas *c, int y, int from, int to)
{
    const struct cell *row = &c->cells[y * c->w];
    int n = 0;

    while (from > 0 && !row[from].utf8[0])
        from--;
    while (to < c->w && !row[to].utf8[0])
        to++;
    for (int x = from; x < to && x < t->w; x++)
        if (row[x].utf8[0])
            term_to_cchar(t, &row[x], &t->run[n++]);
    mvadd_wchnstr(y, from, t->run, n);
}

static void term_put_row(struct term *t, const struct canvas *c, int y)
{
    struct cell *old = &t->shown.cells[y * c->w];
    const struct cell *new = &c->cells[y * c->w];

    if (!memcmp(old, new, (size_t)c->w * sizeof *new))
        return;
    for (int x = 0; x < c->w && x < t->w; x++) {
        int from = x;

        while (x < c->w && memcmp(&old[x], &new[x], sizeof *new))
            x++;
        if (x > from)
            term_put_run(t, c, y, from, x);
    }
    memcpy(old, new, (size_t)c->w * sizeof *new);
}

enum term_flush term_draw(struct term *t, const struct canvas *c, const struct theme *theme)
{
    if (!t->entered)
        return TERM_DRAINED;
    if (term_pending(t) && term_flush(t) != TERM_DRAINED) {
        t->dropped = true;
        t->count.dropped++;
        return t->lost ? TERM_LOST : TERM_BLOCKED;
    }
    if (theme != t->theme)
        term_use_theme(t, theme);
    if (t->whole || c->w != t->shown.w || c->h != t->shown.h) {
        canvas_resize(&t->shown, c->w, c->h);
        erase();
        clearok(curscr, TRUE);
        t->whole = false;
    }
    for (int y = 0; y < c->h && y < t->h; y++)
        term_put_row(t, c, y);
    wnoutrefresh(stdscr);
    doupdate();
    term_collect(t, true);
    t->dropped = false;
    t->count.frames++;
    return term_flush(t);
}

enum term_flush term_flush(struct term *t)
{
    while (!t->lost && t->sent < t->pending.len) {
        ssize_t n = write(t->out_fd, t->pending.bytes + t->sent, t->pending.len - t->sent);

        if (n > 0)
            t->sent += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0 && errno == EAGAIN)
            return TERM_BLOCKED;
        else
            t->lost = true;
    }
    buf_clear(&t->pending);
    t->sent = 0;
    return t->lost ? TERM_LOST : TERM_DRAINED;
}

bool term_pending(const struct term *t)
{
    return t->sent < t->pending.len;
}

bool term_dropped(const struct term *t)
{
    return t->dropped;
}

void term_redraw(struct term *t)
{
    t->whole = true;
}

void term_copy(struct term *t, const struct text *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *s = (const unsigned char *)text_str(text);
    size_t len = text->len;

    buf_adds(&t->pending, "\033]52;c;");
    for (size_t i = 0; i < len; i += 3) {
        unsigned b1 = i + 1 < len ? s[i + 1] : 0, b2 = i + 2 < len ? s[i + 2] : 0;

        buf_addc(&t->pending, digits[s[i] >> 2]);
        buf_addc(&t->pending, digits[(s[i] & 3) << 4 | b1 >> 4]);
        buf_addc(&t->pending, i + 1 < len ? digits[(b1 & 15) << 2 | b2 >> 6] : '=');
        buf_addc(&t->pending, i + 2 < len ? digits[b2 & 63] : '=');
    }
    buf_addc(&t->pending, '\a');
    term_flush(t);
}

void term_bell(struct term *t)
{
    buf_addc(&t->pending, '\a');
    term_flush(t);
}

void term_suspend(struct term *t)
{
    term_leave(t);
}

void term_resume(struct term *t)
{
    buf_clear(&t->pending);
    t->sent = 0;
    term_enter(t);
    term_resize(t);
    term_flush(t);
}

struct term_count term_count(const struct term *t)
{
    return t->count;
}
