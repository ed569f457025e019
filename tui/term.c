/* tui/term.c: the terminal: its modes, its size, and one pending frame.
 *
 * Entering and leaving are bytes computed once, and the same bytes serve suspend, close and a
 * crash.
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
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "tui/pen.h"
#include "tui/terminfo.h"

enum { TERM_W_MAX = 1000, TERM_H_MAX = 500, TERM_DRAIN_MS = 200 };

struct term {
    int in_fd, out_fd;
    struct terminfo info;
    struct termios saved, raw;
    bool modes_saved, entered, ascii, lost, dropped;
    bool whole; /* the next frame is drawn from nothing */
    int w, h;
    struct pen pen;
    struct buf pending;
    size_t sent;
    const struct theme *theme;
    struct term_count count;
};

/* What a signal handler needs; it gets no argument, so this is the one global of this folder. */
static struct {
    volatile sig_atomic_t armed;
    int fd;
    struct termios saved;
    char leave[PEN_BYTES];
    size_t len;
} term_rescue;

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
    return true;
}

/* False while our job is in the background: who touches the terminal then is stopped in the middle
 * of the call and, being restarted, hears of no signal but one that kills. Async-signal-safe. */
static bool term_is_ours(int fd)
{
    pid_t front = tcgetpgrp(fd);

    return front < 0 || front == getpgrp();
}

static void term_enter(struct term *t)
{
    tcsetattr(t->in_fd, TCSANOW, &t->raw); /* not DRAIN: nobody may read */
    t->entered = true;
    t->whole = true;
    buf_adds(&t->pending, t->info.enter);
}

/* What was pending is lost: the next frame is a whole one. */
static void term_leave(struct term *t)
{
    if (!t->entered)
        return;
    if (term_is_ours(t->in_fd)) { /* else it was taken from us, and is as its owner likes it */
        if (!term_write_all(t->out_fd, buf_str(&t->pending) + t->sent, t->pending.len - t->sent))
            tcflush(t->out_fd, TCOFLUSH); /* nobody reads: half a frame is worth nothing now */
        term_write_last(t->out_fd, t->info.leave, strlen(t->info.leave));
        tcsetattr(t->in_fd, TCSANOW, &t->saved);
    }
    buf_clear(&t->pending);
    t->sent = 0;
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
    if (!term_read_modes(t, err) || !terminfo_load(&t->info, err))
        goto fail;
    t->ascii = strcasecmp(nl_langinfo(CODESET), "UTF-8") != 0;
    term_rescue.fd = t->out_fd;
    term_rescue.saved = t->saved;
    memcpy(term_rescue.leave, t->info.leave, sizeof t->info.leave);
    term_rescue.len = strlen(t->info.leave);
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
    terminfo_free(&t->info);
    if (t->in_fd >= 0)
        close(t->in_fd);
    if (t->out_fd >= 0)
        close(t->out_fd);
    pen_fini(&t->pen);
    buf_fini(&t->pending);
    free(t);
}

void term_emergency(void)
{
    if (!term_rescue.armed)
        return;
    term_rescue.armed = 0;
    if (!term_is_ours(term_rescue.fd))
        return;
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
    return t->info.colors;
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
    t->whole = true;
    return true;
}

ssize_t term_read(struct term *t, char *bytes, size_t cap)
{
    ssize_t n;

    if (t->lost)
        return -1;
    if (!term_is_ours(t->in_fd)) /* these keys are for the shell */
        return 0;
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

static void term_use_theme(struct term *t, const struct theme *theme)
{
    for (int i = 0; i < STYLE_COUNT * 2; i++) {
        struct paint p = theme_paint(theme, t->info.colors, (enum style)(i / 2), i % 2);

        terminfo_ink(&t->info, &p, &t->pen.inks[i / 2][i % 2]);
    }
    t->pen.off = t->info.off;
    t->pen.clear = t->info.clear;
    t->pen.scrolls = t->info.scrolls;
    t->theme = theme;
    t->whole = true;
}

enum term_flush term_draw(struct term *t, const struct canvas *c, const struct theme *theme)
{
    size_t before;

    if (!t->entered)
        return TERM_DRAINED;
    if (term_pending(t) && term_flush(t) != TERM_DRAINED) {
        t->dropped = true;
        t->count.dropped++;
        return t->lost ? TERM_LOST : TERM_BLOCKED;
    }
    if (theme != t->theme)
        term_use_theme(t, theme);
    before = t->pending.len;
    if (t->whole || t->w != t->pen.shown.w || t->h != t->pen.shown.h) {
        pen_begin(&t->pen, t->w, t->h, &t->pending);
        t->whole = false;
    }
    pen_draw(&t->pen, c, &t->pending);
    t->count.bytes += t->pending.len - before;
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

void term_suspend(struct term *t)
{
    term_leave(t);
}

bool term_resume(struct term *t)
{
    buf_clear(&t->pending);
    t->sent = 0;
    t->entered = false;
    if (!term_is_ours(t->in_fd))
        return false;
    term_enter(t);
    term_resize(t);
    term_flush(t);
    return true;
}

struct term_count term_count(const struct term *t)
{
    return t->count;
}
