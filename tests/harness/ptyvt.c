/* tests/harness/ptyvt.c: run a program in a pseudo terminal and hold its screen in memory.
 *
 *   ptyvt [-s COLSxROWS] [-e NAME=VALUE]... [-u NAME]... [--raw-log FILE] [--ready PATTERN]
 *         -- PROGRAM [ARG...]
 *
 * Commands are lines on stdin, each answered by one line of JSON on stdout ("ok":false with an
 * "error" when it could not be done). The first line of all says {"ok":true,"pid":N}. A PATTERN is
 * literal text, or /an extended regular expression/ over the rows of the screen.
 *
 *   key NAME | key TEXT      Up Enter Esc F5 C-c M-x Space Tab BTab PgDn ...; else typed as it is
 *   text TEXT, raw HEX       typed as it is
 *   paste TEXT               typed between brackets when the program asked for bracketed paste
 *   resize COLSxROWS
 *   dump, cells              the screen with style runs, or with every cell by itself
 *   wait MS PATTERN          until the screen shows it: "found", "after_ms"; the screen when not
 *   wait-gone MS PATTERN
 *   settle QUIET_MS MS       until nothing came for so long
 *   latency MS KEY           from the key to the first byte that came back, after 20 ms of quiet
 *   bytes                    received so far; first and last byte, and --ready, in ms from the
 * start stop-reading, resume-reading, rate BYTES_PER_S (0 = as fast as it comes) stty settings of
 * the terminal, and whether they are those of the start signal NAME, signal-group NAME exit?,
 * wait-exit MS      "exited", "status" or "signal" again                    the same program once
 * more in the same terminal hangup                   close the terminal quit                     as
 * the end of stdin: hang up, then kill
 */
#include "ptychild.h"
#include "vtscreen.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <regex.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

enum { SIZE_MAX_CELLS = 1000, ENV_MAX = 128, CHUNK = 65536, QUIET_MS = 20 };

struct ptyvt {
    struct ptychild child;
    struct vtscreen *screen;
    int raw_log, sigfd;
    char *const *argv;
    char *env[ENV_MAX];
    size_t n_env;
    const char *ready;
    double start_ms, first_ms, last_ms, ready_ms; /* -1 = not yet */
    uint64_t bytes;
    bool stopped;
    double rate, budget, budget_ms; /* bytes a second; 0 = no limit */
};

static double ptyvt_now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void ptyvt_reply(void *arg, const char *s, size_t n)
{
    ptychild_write(&((struct ptyvt *)arg)->child, s, n);
}

/* ---- patterns ---- */

static bool pattern_found(const char *pattern, const char *text, bool *bad)
{
    size_t n = strlen(pattern);
    char inner[4096];
    regex_t re;
    bool found;

    *bad = false;
    if (n < 2 || pattern[0] != '/' || pattern[n - 1] != '/' || n - 2 >= sizeof inner)
        return strstr(text, pattern) != NULL;
    memcpy(inner, pattern + 1, n - 2);
    inner[n - 2] = '\0';
    if (regcomp(&re, inner, REG_EXTENDED | REG_NOSUB | REG_NEWLINE)) {
        *bad = true;
        return false;
    }
    found = regexec(&re, text, 0, NULL, 0) == 0;
    regfree(&re);
    return found;
}

static bool ptyvt_shows(struct ptyvt *p, const char *pattern, bool *bad)
{
    char *text = vtscreen_text(p->screen);
    bool found = pattern_found(pattern, text, bad);

    free(text);
    return found;
}

/* ---- the pump ---- */

static void ptyvt_take(struct ptyvt *p, const char *bytes, size_t n)
{
    double now = ptyvt_now_ms();
    bool bad;

    if (p->raw_log >= 0 && write(p->raw_log, bytes, n) != (ssize_t)n)
        abort();
    p->bytes += n;
    p->last_ms = now;
    if (p->first_ms < 0)
        p->first_ms = now;
    vtscreen_feed(p->screen, bytes, n);
    if (p->ready && p->ready_ms < 0 && ptyvt_shows(p, p->ready, &bad))
        p->ready_ms = ptyvt_now_ms();
}

/* How many bytes may be taken now, and when the next one may (in ms) if none. */
static size_t ptyvt_allowance(struct ptyvt *p, double *next_ms)
{
    double now = ptyvt_now_ms();

    *next_ms = -1;
    if (p->stopped || p->child.master < 0)
        return 0;
    if (p->rate <= 0)
        return CHUNK;
    p->budget += p->rate * (now - p->budget_ms) / 1000;
    p->budget_ms = now;
    if (p->budget > p->rate / 10 + 1)
        p->budget = p->rate / 10 + 1;
    if (p->budget >= 1)
        return p->budget < CHUNK ? (size_t)p->budget : CHUNK;
    *next_ms = (1 - p->budget) * 1000 / p->rate + 0.5;
    return 0;
}

static bool ptyvt_read(struct ptyvt *p, size_t allowed)
{
    char buf[CHUNK];
    ssize_t n = read(p->child.master, buf, allowed);

    if (n <= 0)
        return false;
    if (p->rate > 0)
        p->budget -= (double)n;
    ptyvt_take(p, buf, (size_t)n);
    return true;
}

static void ptyvt_reaped(struct ptyvt *p)
{
    struct signalfd_siginfo si;
    double next;

    while (read(p->sigfd, &si, sizeof si) > 0)
        continue;
    if (ptychild_reap(&p->child)) /* what it said last is still in the terminal */
        while (ptyvt_allowance(p, &next) && ptyvt_read(p, ptyvt_allowance(p, &next)))
            continue;
}

/* One turn: waits at most `wait_ms` for the program, or for a command when `commands`. Returns true
 * when a command can be read. */
static bool ptyvt_turn(struct ptyvt *p, double wait_ms, bool commands)
{
    double next;
    size_t allowed = ptyvt_allowance(p, &next);
    struct pollfd fds[3] = {
        { .fd = p->sigfd, .events = POLLIN },
        { .fd = p->child.master,
          .events = (short)((allowed ? POLLIN : 0) | (p->child.queued ? POLLOUT : 0)) },
        { .fd = commands ? 0 : -1, .events = POLLIN },
    };

    if (!fds[1].events)
        fds[1].fd = -1;
    if (next >= 0 && (wait_ms < 0 || next < wait_ms))
        wait_ms = next;
    if (poll(fds, 3, wait_ms < 0 ? -1 : (int)(wait_ms + 0.999)) < 0 && errno != EINTR)
        abort();
    if (fds[1].revents & (POLLIN | POLLHUP | POLLERR) && allowed)
        ptyvt_read(p, allowed);
    if (fds[1].revents & POLLOUT)
        ptychild_flush(&p->child);
    if (fds[0].revents)
        ptyvt_reaped(p);
    return fds[2].revents != 0;
}

/* ---- commands ---- */

static void reply_error(const char *why, const char *what)
{
    fputs("{\"ok\":false,\"error\":", stdout);
    char text[512];
    snprintf(text, sizeof text, "%s%s%s", why, *what ? ": " : "", what);
    json_string(stdout, text, strlen(text));
    fputs("}\n", stdout);
}

static void reply_ok(void)
{
    fputs("{\"ok\":true}\n", stdout);
}

static void reply_screen(struct ptyvt *p, bool cells)
{
    fputs("{\"ok\":true,", stdout);
    vtscreen_dump(p->screen, cells, stdout);
    fputs("}\n", stdout);
}

/* "MS rest" */
static bool take_ms(const char *arg, double *ms, const char **rest)
{
    char *end;

    *ms = strtod(arg, &end);
    if (end == arg || (*end && *end != ' ') || *ms < 0)
        return false;
    *rest = *end ? end + 1 : end;
    return true;
}

static bool parse_size(const char *s, int *cols, int *rows)
{
    return sscanf(s, "%dx%d", cols, rows) == 2 && *cols >= 1 && *rows >= 1 &&
           *cols <= SIZE_MAX_CELLS && *rows <= SIZE_MAX_CELLS;
}

static void command_wait(struct ptyvt *p, const char *arg, bool want)
{
    double ms, t0 = ptyvt_now_ms(), left;
    const char *pattern;
    bool bad, found;
    uint64_t seen;

    if (!take_ms(arg, &ms, &pattern) || !*pattern) {
        reply_error("wait MS PATTERN", arg);
        return;
    }
    for (;;) {
        seen = p->bytes;
        found = ptyvt_shows(p, pattern, &bad) == want;
        if (bad) {
            reply_error("not a regular expression", pattern);
            return;
        }
        do
            left = t0 + ms - ptyvt_now_ms();
        while (!found && left > 0 && p->bytes == seen &&
               !(p->child.exited && p->child.master < 0) && (ptyvt_turn(p, left, false), true));
        if (found || left <= 0)
            break;
    }
    printf("{\"ok\":true,\"found\":%s,\"after_ms\":%.3f", found ? "true" : "false",
           ptyvt_now_ms() - t0);
    if (!found) {
        putchar(',');
        vtscreen_dump(p->screen, false, stdout);
    }
    puts("}");
}

static void command_settle(struct ptyvt *p, const char *arg)
{
    double quiet, ms, t0 = ptyvt_now_ms(), last = t0, now;
    const char *rest;
    uint64_t seen = p->bytes;

    if (!take_ms(arg, &quiet, &rest) || !take_ms(rest, &ms, &rest)) {
        reply_error("settle QUIET_MS MS", arg);
        return;
    }
    while ((now = ptyvt_now_ms()) < t0 + ms && now - last < quiet) {
        double left = last + quiet < t0 + ms ? last + quiet - now : t0 + ms - now;

        ptyvt_turn(p, left, false);
        if (p->bytes != seen) {
            seen = p->bytes;
            last = ptyvt_now_ms();
        }
    }
    printf("{\"ok\":true,\"settled\":%s}\n", now - last >= quiet ? "true" : "false");
}

/* One character, or the name of a key; a misspelt name must not pass for its letters. */
static bool type_key(struct ptyvt *p, const char *arg)
{
    size_t chars = 0;

    if (vtscreen_key(p->screen, arg))
        return true;
    for (const char *s = arg; *s; s++)
        chars += (*s & 0xc0) != 0x80;
    if (chars != 1) {
        reply_error("no such key", arg);
        return false;
    }
    ptychild_write(&p->child, arg, strlen(arg));
    return true;
}

static void command_latency(struct ptyvt *p, const char *arg)
{
    double ms, t0;
    const char *key;
    uint64_t seen;

    if (!take_ms(arg, &ms, &key) || !*key) {
        reply_error("latency MS KEY", arg);
        return;
    }
    /* a quiet moment first, so that the answer is one to this key; 2 s at most */
    t0 = ptyvt_now_ms();
    do {
        seen = p->bytes;
        for (double until = ptyvt_now_ms() + QUIET_MS; ptyvt_now_ms() < until && seen == p->bytes;)
            ptyvt_turn(p, until - ptyvt_now_ms(), false);
    } while (seen != p->bytes && ptyvt_now_ms() < t0 + 2000);
    seen = p->bytes;
    t0 = ptyvt_now_ms();
    if (!type_key(p, key))
        return;
    while (p->bytes == seen && ptyvt_now_ms() - t0 < ms && !p->child.exited)
        ptyvt_turn(p, t0 + ms - ptyvt_now_ms(), false);
    if (p->bytes == seen)
        fputs("{\"ok\":true,\"ms\":null}\n", stdout);
    else
        printf("{\"ok\":true,\"ms\":%.3f}\n", p->last_ms - t0);
}

static void command_raw(struct ptyvt *p, const char *hex)
{
    size_t n = strlen(hex);
    char *bytes = malloc(n / 2 + 1);

    if (!bytes)
        abort();
    for (size_t i = 0; i < n; i += 2) {
        char two[3] = { hex[i], hex[i + 1], '\0' }, *end;

        bytes[i / 2] = (char)strtol(two, &end, 16);
        if (end != two + 2) {
            reply_error("raw HEX", two);
            free(bytes);
            return;
        }
    }
    ptychild_write(&p->child, bytes, n / 2);
    free(bytes);
    reply_ok();
}

static void command_paste(struct ptyvt *p, const char *text)
{
    vtscreen_paste(p->screen, true);
    ptychild_write(&p->child, text, strlen(text));
    vtscreen_paste(p->screen, false);
    reply_ok();
}

static void command_resize(struct ptyvt *p, const char *arg)
{
    int cols, rows;

    if (!parse_size(arg, &cols, &rows)) {
        reply_error("not a size", arg);
        return;
    }
    vtscreen_resize(p->screen, cols, rows);
    ptychild_resize(&p->child, cols, rows);
    reply_ok();
}

static void command_bytes(const struct ptyvt *p)
{
    double t[3] = { p->first_ms, p->last_ms, p->ready_ms };
    const char *names[3] = { "first_ms", "last_ms", "ready_ms" };

    printf("{\"ok\":true,\"bytes\":%llu,\"now_ms\":%.3f", (unsigned long long)p->bytes,
           ptyvt_now_ms() - p->start_ms);
    for (int i = 0; i < 3; i++) {
        if (t[i] < 0)
            printf(",\"%s\":null", names[i]);
        else
            printf(",\"%s\":%.3f", names[i], t[i] - p->start_ms);
    }
    puts("}");
}

static void command_stty(struct ptyvt *p)
{
    struct termios t;

    if (p->child.slave < 0 || tcgetattr(p->child.slave, &t) < 0) {
        reply_error("the terminal is closed", "");
        return;
    }
#define FLAG(field, bit) (t.field & (bit) ? "true" : "false")
    printf("{\"ok\":true,\"icanon\":%s,\"echo\":%s,\"isig\":%s,\"ixon\":%s,\"icrnl\":%s,"
           "\"opost\":%s,\"alternate\":%s,\"as_at_start\":%s}\n",
           FLAG(c_lflag, ICANON), FLAG(c_lflag, ECHO), FLAG(c_lflag, ISIG), FLAG(c_iflag, IXON),
           FLAG(c_iflag, ICRNL), FLAG(c_oflag, OPOST),
           vtscreen_alternate(p->screen) ? "true" : "false",
           ptychild_same_termios(&p->child) ? "true" : "false");
#undef FLAG
}

static void command_signal(struct ptyvt *p, const char *name, bool group)
{
    static const struct {
        const char *name;
        int no;
    } signals[] = {
        { "HUP", SIGHUP },   { "INT", SIGINT },     { "QUIT", SIGQUIT }, { "KILL", SIGKILL },
        { "TERM", SIGTERM }, { "USR1", SIGUSR1 },   { "USR2", SIGUSR2 }, { "STOP", SIGSTOP },
        { "CONT", SIGCONT }, { "TSTP", SIGTSTP },   { "SEGV", SIGSEGV }, { "ABRT", SIGABRT },
        { "PIPE", SIGPIPE }, { "WINCH", SIGWINCH },
    };

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (!strcmp(signals[i].name, name)) {
            ptychild_reap(&p->child);
            if (p->child.exited || kill(group ? -p->child.pid : p->child.pid, signals[i].no) < 0)
                reply_error("the program has ended", "");
            else
                reply_ok();
            return;
        }
    reply_error("no such signal", name);
}

static void command_exit(struct ptyvt *p, double ms)
{
    double t0 = ptyvt_now_ms(), left = ms;

    ptychild_reap(&p->child);
    while (!p->child.exited && left > 0) {
        ptyvt_turn(p, left, false);
        left = t0 + ms - ptyvt_now_ms();
    }
    if (!p->child.exited)
        puts("{\"ok\":true,\"exited\":false}");
    else if (WIFSIGNALED(p->child.status))
        printf(
            "{\"ok\":true,\"exited\":true,\"status\":null,\"signal\":\"%s\",\"after_ms\":%.3f}\n",
            sigabbrev_np(WTERMSIG(p->child.status)), ptyvt_now_ms() - t0);
    else
        printf("{\"ok\":true,\"exited\":true,\"status\":%d,\"signal\":null,\"after_ms\":%.3f}\n",
               WEXITSTATUS(p->child.status), ptyvt_now_ms() - t0);
}

static void ptyvt_started(struct ptyvt *p)
{
    p->start_ms = ptyvt_now_ms();
    p->first_ms = p->last_ms = p->ready_ms = -1;
    p->bytes = 0;
    if (ptychild_start(&p->child, p->argv, p->env, p->n_env))
        printf("{\"ok\":true,\"pid\":%d}\n", (int)p->child.pid);
    else
        reply_error("cannot start", strerror(errno));
}

static void command_again(struct ptyvt *p)
{
    if (!ptychild_reap(&p->child))
        reply_error("the program still runs", "");
    else if (p->child.slave < 0)
        reply_error("the terminal is closed", "");
    else
        ptyvt_started(p);
}

/* The commands that take nothing; false when it is none of them. */
static bool command_plain(struct ptyvt *p, const char *name)
{
    if (!strcmp(name, "dump") || !strcmp(name, "cells")) {
        reply_screen(p, *name == 'c');
    } else if (!strcmp(name, "bytes")) {
        command_bytes(p);
    } else if (!strcmp(name, "stty")) {
        command_stty(p);
    } else if (!strcmp(name, "exit?")) {
        command_exit(p, 0);
    } else if (!strcmp(name, "again")) {
        command_again(p);
    } else if (!strcmp(name, "hangup")) {
        ptychild_hangup(&p->child);
        reply_ok();
    } else if (!strcmp(name, "stop-reading") || !strcmp(name, "resume-reading")) {
        p->stopped = *name == 's';
        reply_ok();
    } else {
        return false;
    }
    return true;
}

static void command_rate(struct ptyvt *p, const char *arg)
{
    p->rate = atof(arg);
    p->budget = 0;
    p->budget_ms = ptyvt_now_ms();
    reply_ok();
}

static void ptyvt_command(struct ptyvt *p, char *line)
{
    char *arg = strchr(line, ' ');
    double ms;
    const char *rest;

    if (arg)
        *arg++ = '\0';
    else
        arg = line + strlen(line);
    if (command_plain(p, line))
        return;
    if (!strcmp(line, "key")) {
        if (type_key(p, arg))
            reply_ok();
    } else if (!strcmp(line, "text")) {
        ptychild_write(&p->child, arg, strlen(arg));
        reply_ok();
    } else if (!strcmp(line, "raw")) {
        command_raw(p, arg);
    } else if (!strcmp(line, "paste")) {
        command_paste(p, arg);
    } else if (!strcmp(line, "resize")) {
        command_resize(p, arg);
    } else if (!strcmp(line, "wait") || !strcmp(line, "wait-gone")) {
        command_wait(p, arg, line[4] == '\0');
    } else if (!strcmp(line, "settle")) {
        command_settle(p, arg);
    } else if (!strcmp(line, "latency")) {
        command_latency(p, arg);
    } else if (!strcmp(line, "rate")) {
        command_rate(p, arg);
    } else if (!strcmp(line, "signal") || !strcmp(line, "signal-group")) {
        command_signal(p, arg, line[6] == '-');
    } else if (!strcmp(line, "wait-exit") && take_ms(arg, &ms, &rest)) {
        command_exit(p, ms);
    } else {
        reply_error("no such command", line);
    }
}

/* Reads and obeys until stdin ends or "quit". */
static void ptyvt_serve(struct ptyvt *p)
{
    char *buf = NULL;
    size_t len = 0, cap = 0;

    for (;;) {
        if (!ptyvt_turn(p, -1, true))
            continue;
        if (len + CHUNK > cap && !(buf = realloc(buf, cap = (len + CHUNK) * 2)))
            abort();
        ssize_t n = read(0, buf + len, CHUNK);
        if (n <= 0)
            break;
        len += (size_t)n;
        char *line = buf, *end;
        while ((end = memchr(line, '\n', len - (size_t)(line - buf)))) {
            *end = '\0';
            if (!strcmp(line, "quit")) {
                free(buf);
                return;
            }
            ptyvt_command(p, line);
            fflush(stdout);
            line = end + 1;
        }
        len -= (size_t)(line - buf);
        memmove(buf, line, len);
    }
    free(buf);
}

static int ptyvt_usage(const char *why)
{
    fprintf(stderr,
            "ptyvt: %s\nusage: ptyvt [-s COLSxROWS] [-e NAME=VALUE]... [-u NAME]... "
            "[--raw-log FILE] [--ready PATTERN] -- PROGRAM [ARG...]\n",
            why);
    return 64;
}

static bool ptyvt_options(struct ptyvt *p, int argc, char **argv, int *cols, int *rows)
{
    static const struct option longs[] = { { "raw-log", required_argument, NULL, 'l' },
                                           { "ready", required_argument, NULL, 'r' },
                                           { 0 } };
    int o;

    while ((o = getopt_long(argc, argv, "+s:e:u:", longs, NULL)) != -1) {
        if (o == 's' && !parse_size(optarg, cols, rows))
            return ptyvt_usage("not a size: write 120x36") < 0;
        if ((o == 'e' || o == 'u') && p->n_env == ENV_MAX)
            return ptyvt_usage("too many -e") < 0;
        if (o == 'e' || o == 'u')
            p->env[p->n_env++] = optarg;
        if (o == 'r')
            p->ready = optarg;
        if (o == 'l')
            p->raw_log = open(optarg, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (o == '?' || (o == 'l' && p->raw_log < 0))
            return ptyvt_usage(o == 'l' ? strerror(errno) : "unknown option") < 0;
    }
    if (optind == argc)
        return ptyvt_usage("no program") < 0;
    p->argv = argv + optind;
    return true;
}

int main(int argc, char **argv)
{
    struct ptyvt p = { .raw_log = -1, .first_ms = -1, .last_ms = -1, .ready_ms = -1 };
    int cols = 80, rows = 24;
    sigset_t set;

    if (!ptyvt_options(&p, argc, argv, &cols, &rows))
        return 64;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    p.sigfd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (p.sigfd < 0 || !ptychild_open(&p.child, cols, rows)) {
        perror("ptyvt");
        return 1;
    }
    p.screen = vtscreen_new(cols, rows, ptyvt_reply, &p);
    ptyvt_started(&p);
    fflush(stdout);
    ptyvt_serve(&p);
    ptychild_close(&p.child);
    vtscreen_free(p.screen);
    return 0;
}
