/* app/live.c: the console at work. */
#include "app/live.h"

#include "app/file.h"
#include "app/guilty.h"
#include "app/hush.h"
#include "app/keeper.h"
#include "app/vars.h"
#include "core/alloc.h"
#include "core/board_json.h"
#include "core/json.h"
#include "tui/console.h"
#include "tui/keys.h"
#include "tui/term.h"
#include "tui/theme.h"

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    QUIET_DRAW_MS = 400,   /* numbers alone redraw the screen so often at most */
    FAULT_SEEN_MS = 60000, /* a fault of the demo is asked for where the next slot is further off */
    DEBUG_MS = 1000
};

static const int live_signos[] = { SIGTSTP, SIGCONT, SIGWINCH, SIGHUP, SIGTERM, SIGINT };
enum {
    LIVE_SIGNALS = sizeof live_signos / sizeof *live_signos,
    LIVE_STOPS = 2 /* the first ones are about being stopped */
};

struct live {
    struct io *io;
    const struct live_options *o;
    struct keeper *keeper;
    struct watch *watch; /* the keeper's */
    struct term *term;
    struct console *console;
    struct canvas canvas;
    struct keys keys;
    struct io_watch *in, *out;
    struct io_signal *signals[LIVE_SIGNALS];
    struct io_timer *esc, *draw, *second, *debug;
    bool drawing_soon, lost;
    bool away; /* our job is in the background: nothing is drawn or read, the watch goes on */
    int64_t drawn_ms;
    char *debug_file;
};

static void live_draw(void *arg);
static void live_signal(void *arg, int signo);

static void live_leave(struct live *l, bool lost)
{
    l->lost |= lost;
    io_stop(l->io);
}

static void live_after(struct live *l, enum term_flush f)
{
    if (f == TERM_LOST) {
        live_leave(l, true);
        return;
    }
    io_watch_set(l->out, term_pending(l->term) ? IO_WRITE : 0);
}

static void live_soon(struct live *l, int64_t delay_ms)
{
    if (l->drawing_soon && delay_ms > 0)
        return;
    l->drawing_soon = true;
    io_timer_arm(l->draw, delay_ms);
}

static void live_draw(void *arg)
{
    struct live *l = arg;
    int64_t now_ms = io_now_ms(l->io);

    l->drawing_soon = false;
    if (l->away)
        return;
    if (term_pending(l->term)) { /* drawn when it has drained, from what is newest then */
        live_after(l, TERM_BLOCKED);
        return;
    }
    if (!console_wants_draw(l->console, now_ms) && !term_dropped(l->term))
        return;
    console_draw(l->console, now_ms, &l->canvas);
    l->drawn_ms = io_mono_ms(l->io);
    live_after(l, term_draw(l->term, &l->canvas, console_theme(l->console)));
}

static void live_changed(void *arg, bool loud)
{
    struct live *l = arg;
    int64_t since_ms = io_mono_ms(l->io) - l->drawn_ms;

    console_board(l->console, watch_board(l->watch), io_now_ms(l->io));
    live_soon(l, loud || since_ms >= QUIET_DRAW_MS ? 0 : QUIET_DRAW_MS - since_ms);
}

static void live_say(struct live *l, bool bad, const char *words)
{
    struct text t = { 0 };

    text_sets(&t, words);
    console_say(l->console, bad, &t, io_now_ms(l->io));
    text_fini(&t);
    live_soon(l, 0);
}

static void live_demo_said(void *arg, bool bad, const char *words)
{
    struct live *l = arg;

    live_say(l, bad, words);
    if (!bad && !strncmp(words, "fault ", 6)) {
        watch_mark(l->watch, MARK_FAULT, words + 6, io_now_ms(l->io));
        watch_ask_seldom(l->watch, FAULT_SEEN_MS); /* who broke it looks now, not in five minutes */
    }
}

static void live_demo_gone(void *arg)
{
    struct live *l = arg;

    keeper_notice(l->keeper, NOTICE_DEMO, demo_gone(l->o->demo));
}

static void live_start(void *arg)
{
    struct live *l = arg;

    watch_start(l->watch);
}

static void live_reload(struct live *l)
{
    struct buf words = { 0 };
    bool taken;

    if (!l->o->config_path) {
        live_say(l, true, "nothing to reload: this watch was opened on addresses");
        return;
    }
    taken = keeper_reload(l->keeper, l->o->config_path,
                          l->o->demo ? demo_vars(l->o->demo) : &l->o->cli->sets,
                          l->o->demo ? demo_own : NULL, &words);
    live_say(l, !taken, buf_str(&words));
    buf_fini(&words);
}

static void live_resized(struct live *l)
{
    int w, h;

    term_resize(l->term);
    term_size(l->term, &w, &h);
    console_resize(l->console, w, h);
    live_soon(l, 0);
}

static void live_signals(struct live *l, size_t n, bool on)
{
    for (size_t i = 0; i < n; i++) {
        io_signal_free(l->signals[i]);
        l->signals[i] = on ? io_signal_new(l->io, live_signos[i], live_signal, l) : NULL;
    }
}

/* In the background (`bg`, or a signal for a stopped job) we are away, and live_second tries again:
 * `fg` says nothing to a job that runs. */
static void live_back(struct live *l)
{
    l->away = !term_resume(l->term);
    io_watch_set(l->in, l->away ? IO_HUP : IO_READ);
    if (l->away)
        return;
    l->keys = (struct keys){ 0 };
    live_resized(l);
}

/* Stops `who` (0: our job, as the terminal would: with what started us, so that a shell that waits
 * for a script takes over) until SIGCONT. Without a shell to bring us back the system ignores
 * SIGTSTP, and the console goes on. */
static void live_suspend(struct live *l, pid_t who)
{
    term_suspend(l->term);
    live_signals(l, LIVE_STOPS, false); /* what they do by default is what is wanted now */
    kill(who, SIGTSTP);
    live_signals(l, LIVE_STOPS, true);
    live_back(l);
}

/* What is there already stays: nobody types over a file by mistake. */
static void live_dump(struct live *l, const struct intent *in)
{
    bool export = in->kind == INTENT_EXPORT;
    struct buf words = { 0 };
    struct err err;
    bool ok = file_create(in->arg, 0600, in->dump, in->dump_len, &err);

    if (ok)
        buf_addf(&words, "the %s is in %s", export ? "timeline" : "screen", in->arg);
    else
        buf_adds(&words, err.msg);
    live_say(l, !ok, buf_str(&words));
    buf_fini(&words);
}

/* It lasts as long as was typed from now on, not from when the prompt was opened. */
static void live_silence(struct live *l, const struct intent *in)
{
    struct silence s = { .since_ms = io_now_ms(l->o->io) };
    struct err err;

    s.until_ms = s.since_ms + in->span_ms;
    text_sets(&s.reason, in->arg);
    hush_id(watch_board(l->watch), s.since_ms, &s.id);
    if (silence_match_parse(&s.match, in->alert, strlen(in->alert), &err) &&
        silence_check(&s, &err))
        book_silence(keeper_book(l->keeper), &s);
    else
        live_say(l, true, err.msg);
    silence_fini(&s);
}

static void live_intent(struct live *l, const struct intent *in)
{
    switch (in->kind) {
    case INTENT_QUIT:
        live_leave(l, false);
        break;
    case INTENT_SUSPEND:
        live_suspend(l, 0);
        break;
    case INTENT_REDRAW:
        term_redraw(l->term);
        live_soon(l, 0);
        break;
    case INTENT_ASK:
        watch_ask(l->watch, in->service);
        break;
    case INTENT_RELOAD:
        live_reload(l);
        break;
    case INTENT_FAULT:
        if (l->o->demo)
            demo_fault(l->o->demo, in->arg);
        else
            live_say(l, true, "faults are for the demo only");
        break;
    case INTENT_NOTE:
        book_note(keeper_book(l->keeper), in->arg);
        break;
    case INTENT_ACK:
        book_ack(keeper_book(l->keeper), in->alert, in->arg);
        break;
    case INTENT_UNACK:
        book_unack(keeper_book(l->keeper), in->alert);
        break;
    case INTENT_SILENCE:
        live_silence(l, in);
        break;
    case INTENT_UNSILENCE:
        book_unsilence(keeper_book(l->keeper), in->alert);
        break;
    case INTENT_COPY:
        term_copy(l->term, in->copy);
        live_after(l, term_flush(l->term));
        break;
    case INTENT_DUMP:
    case INTENT_EXPORT:
        live_dump(l, in);
        break;
    case INTENT_PAST:
        past_ask(keeper_past(l->keeper), in->at_ms, in->span_ms);
        break;
    case INTENT_LIVE:
        past_forget(keeper_past(l->keeper));
        break;
    case INTENT_CANCEL:
    case INTENT_NONE:
        break;
    }
}

static void live_press(struct live *l, struct press p)
{
    struct intent in;

    if (p.code == PRESS_NONE)
        return;
    console_press(l->console, p, io_now_ms(l->io));
    while (console_intent(l->console, &in))
        live_intent(l, &in);
}

static void live_esc(void *arg)
{
    struct live *l = arg;
    struct press p;

    keys_timeout(&l->keys, &p);
    live_press(l, p);
    live_soon(l, 0);
}

static void live_input(void *arg, int events)
{
    struct live *l = arg;
    char bytes[4096];
    ssize_t n = term_read(l->term, bytes, sizeof bytes);

    (void)events;
    if (n < 0) {
        live_leave(l, true);
        return;
    }
    for (size_t at = 0; at < (size_t)n;) {
        struct press p;

        at += keys_feed(&l->keys, bytes + at, (size_t)n - at, &p);
        live_press(l, p);
    }
    if (keys_wait_ms(&l->keys))
        io_timer_arm(l->esc, keys_wait_ms(&l->keys));
    else
        io_timer_off(l->esc);
    live_soon(l, 0);
}

static void live_output(void *arg, int events)
{
    struct live *l = arg;
    enum term_flush f = term_flush(l->term);

    (void)events;
    live_after(l, f);
    if (f == TERM_DRAINED)
        live_soon(l, 0);
}

/* A hang-up means two things: the terminal went away, or "read your configuration again". While we
 * are away it is the shell that goes, and nobody will bring us back. */
static bool live_terminal_gone(const struct live *l)
{
    struct pollfd p = { .fd = term_in_fd(l->term), .events = POLLIN };

    return l->away || (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR | POLLNVAL)));
}

static void live_signal(void *arg, int signo)
{
    struct live *l = arg;

    switch (signo) {
    case SIGWINCH:
        live_resized(l);
        break;
    case SIGHUP:
        if (live_terminal_gone(l))
            live_leave(l, true);
        else
            live_reload(l);
        break;
    case SIGTSTP:
        live_suspend(l, getpid());
        break;
    case SIGCONT:
        live_back(l); /* stopped by others, who left the terminal as they liked */
        break;
    default:
        live_leave(l, false);
    }
}

static void live_second(void *arg)
{
    struct live *l = arg;

    io_timer_arm(l->second, 1000 - io_now_ms(l->io) % 1000);
    if (l->away)
        live_back(l);
    live_soon(l, 0);
}

static void live_debug(void *arg)
{
    struct live *l = arg;
    struct buf out = { 0 }, tmp = { 0 };
    struct err ignored; /* the next second tries again */

    io_timer_arm(l->debug, DEBUG_MS);
    watch_debug(l->watch, &out);
    buf_addf(&tmp, "%s.new", l->debug_file);
    unlink(tmp.bytes); /* of an earlier run that was killed; never written through */
    if (file_create(tmp.bytes, 0600, buf_str(&out), out.len, &ignored))
        rename(tmp.bytes, l->debug_file);
    io_lag_reset(l->io); /* each file speaks of its own second */
    buf_fini(&out);
    buf_fini(&tmp);
}

static void live_who(char *out, size_t size)
{
    char host[64] = "";
    const struct passwd *pw = getpwuid(geteuid());

    gethostname(host, sizeof host - 1);
    host[strcspn(host, ".")] = '\0';
    snprintf(out, size, "%s@%s", pw ? pw->pw_name : "?", *host ? host : "?");
}

static void live_console(struct live *l)
{
    static const char *const names[] = { NULL, "dark", "light", "mono" };
    char who[128];
    size_t n_faults = 0;
    const char *const *faults = l->o->demo ? demo_faults(l->o->demo, &n_faults) : NULL;
    const struct cli *cli = l->o->cli;
    struct console_options options = {
        .theme = theme_pick(names[cli->theme], getenv("NO_COLOR"), getenv("COLORFGBG")),
        .ascii = cli->ascii || term_ascii(l->term),
        .who = who,
        .faults = faults,
        .n_faults = n_faults,
    };
    int w, h;

    live_who(who, sizeof who);
    l->console = console_new(&options);
    term_size(l->term, &w, &h);
    console_resize(l->console, w, h);
    canvas_init(&l->canvas, w, h);
}

/* Somebody at another console has an alert, or has it no more. */
static void live_record(void *arg, const struct record *r)
{
    struct live *l = arg;
    const char *alert = json_string(json_get(r->what, "alert"));
    bool ack = text_is(&r->code, BOOK_ACK);
    struct buf words = { 0 };

    if (r->pid == getpid() || !alert || (!ack && !text_is(&r->code, BOOK_UNACK)) ||
        io_now_ms(l->io) - r->at_ms > FAULT_SEEN_MS)
        return;
    buf_addf(&words, "%s@%s %s %s", text_str(&r->user), text_str(&r->host),
             ack ? "has" : "gave back", alert);
    live_say(l, false, buf_str(&words));
    buf_fini(&words);
}

static void live_keeper_says(void *arg, bool bad, const char *words)
{
    live_say(arg, bad, words);
}

static void live_past(void *arg, struct board *b, int64_t wanted_ms, const char *why)
{
    struct live *l = arg;

    console_past(l->console, b, wanted_ms, why);
    live_soon(l, 0);
}

static void live_keep(struct live *l, struct config *config)
{
    const struct keeper_events events = { live_changed, live_record, live_keeper_says, live_past,
                                          l };
    const struct keeper_options o = { .io = l->io,
                                      .secrets = l->o->secrets,
                                      .demo = l->o->demo != NULL,
                                      .demo_dir = l->o->demo ? demo_dir(l->o->demo) : NULL };

    l->keeper = keeper_new(&o, config, &events);
    l->watch = keeper_watch(l->keeper);
}

static void live_fini(struct live *l)
{
    guilty_end();
    io_watch_free(l->in);
    io_watch_free(l->out);
    live_signals(l, LIVE_SIGNALS, false);
    io_timer_free(l->esc);
    io_timer_free(l->draw);
    io_timer_free(l->second);
    io_timer_free(l->debug);
    term_close(l->term);
    canvas_fini(&l->canvas);
    console_free(l->console);
    keeper_free(l->keeper);
    free(l->debug_file);
}

bool live_run(const struct live_options *o, struct config *config, int *status, struct err *err)
{
    struct live l = { .io = o->io, .o = o };
    l.term = term_open(err);
    if (!l.term)
        return false; /* the configuration stays the caller's */
    live_keep(&l, config);
    live_console(&l);
    l.in = io_watch_new(o->io, term_in_fd(l.term), IO_READ, live_input, &l);
    l.out = io_watch_new(o->io, term_out_fd(l.term), 0, live_output, &l);
    live_signals(&l, LIVE_SIGNALS, true);
    l.esc = io_timer_new(o->io, live_esc, &l);
    l.draw = io_timer_new(o->io, live_draw, &l);
    l.second = io_timer_new(o->io, live_second, &l);
    l.debug = io_timer_new(o->io, live_debug, &l);
    l.debug_file = xstrdup(getenv("MIDWATCH_DEBUG_FILE"));
    if (l.debug_file)
        io_timer_arm(l.debug, DEBUG_MS);
    /* The first frame stands before the network is touched. */
    console_board(l.console, watch_board(l.watch), io_now_ms(o->io));
    live_after(&l, term_flush(l.term)); /* what opened the screen */
    live_draw(&l);
    if (o->warning)
        live_say(&l, true, o->warning);
    if (o->demo)
        demo_on(o->demo, &(struct demo_events){ .said = live_demo_said,
                                                .ready = live_start,
                                                .gone = live_demo_gone,
                                                .arg = &l });
    else
        watch_start(l.watch);
    live_second(&l);
    io_run(o->io);
    *status = l.lost ? 1 : 0;
    if (o->demo)
        demo_on(o->demo, &(struct demo_events){ 0 });
    live_fini(&l);
    return true;
}
