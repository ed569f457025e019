/* app/headless.c: the watch as a service: each change is a line of its log. */
#include "app/headless.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/event_words.h"
#include "app/keeper.h"
#include "core/alloc.h"
#include "core/hash.h"
#include "core/json.h"

enum {
    HEADLESS_SIGNALS = 3,
    LINE_WORDS = 2000 /* even escaped, a line goes into a pipe whole or not at all */
};

struct headless {
    const struct headless_options *o;
    struct keeper *keeper;
    struct io_signal *signals[HEADLESS_SIGNALS];
    enum state *states;        /* as they were told, in the board's order */
    uint64_t *told;            /* of each alert: words of who was not told, 0 = all were */
    const struct board *board; /* that they are of: another one begins anew */
    char *notice;              /* as it was told */
    size_t lost;               /* lines that nobody took */
};

static const int headless_signos[HEADLESS_SIGNALS] = { SIGTERM, SIGINT, SIGHUP };

/* A log that nobody reads holds up no watch: what does not go in is counted. */
static bool headless_put(const struct buf *line)
{
    struct pollfd p = { .fd = STDERR_FILENO, .events = POLLOUT };

    return poll(&p, 1, 0) > 0 && (p.revents & POLLOUT) &&
           write(STDERR_FILENO, line->bytes, line->len) == (ssize_t)line->len;
}

/* `what` of `whom` ("" = of the watch itself). */
static void headless_line(const struct headless *h, bool bad, const char *what, const char *whom,
                          const char *said, struct buf *line)
{
    char stamp[32], words[LINE_WORDS];
    struct jsonw w;

    text_clean(words, sizeof words, said, strlen(said), NULL);
    stamp_format_utc(io_now_ms(h->o->io), stamp);
    if (h->o->cli->json) {
        jsonw_begin(&w, line, false);
        jsonw_object(&w);
        jsonw_key(&w, "t");
        jsonw_string(&w, stamp);
        jsonw_key(&w, "level");
        jsonw_string(&w, bad ? "warn" : "info");
        jsonw_key(&w, "what");
        jsonw_string(&w, what);
        if (*whom) {
            jsonw_key(&w, "of");
            jsonw_string(&w, whom);
        }
        jsonw_key(&w, "words");
        jsonw_string(&w, words);
        jsonw_end(&w, '}');
    } else {
        buf_addf(line, "%s %s %s%s%s: %s", stamp, bad ? "warn" : "info", what, *whom ? " " : "",
                 whom, words);
    }
    buf_addc(line, '\n');
}

static void headless_log(struct headless *h, bool bad, const char *what, const char *whom,
                         const char *words)
{
    struct buf line = { 0 };
    char lost[64];

    if (h->lost) {
        snprintf(lost, sizeof lost, "%zu lines before this one", h->lost);
        headless_line(h, true, "lost", "", lost, &line);
        if (headless_put(&line))
            h->lost = 0;
        buf_clear(&line);
    }
    headless_line(h, bad, what, whom, words, &line);
    h->lost += h->lost || !headless_put(&line); /* in order, or not at all */
    buf_fini(&line);
}

static void headless_service(struct headless *h, const struct board *b, size_t i)
{
    const struct service *s = &b->services[i];
    struct text words = { 0 };

    if (h->states[i] == s->state)
        return;
    h->states[i] = s->state;
    if (s->affected_by >= 0)
        text_setf(&words, "%s, affected by %s: %s", state_word(s->state),
                  text_str(&b->services[s->affected_by].id), text_str(&s->reason));
    else
        text_setf(&words, "%s: %s", state_word(s->state), text_str(&s->reason));
    headless_log(h, s->state != STATE_UP && s->state != STATE_DISABLED, "service", text_str(&s->id),
                 text_str(&words));
    text_fini(&words);
}

/* Somebody should be awake and is not: that is for whoever reads the log. */
static void headless_alert(struct headless *h, const struct alert *a, size_t i)
{
    uint64_t told = a->told_bad ? hash_string(HASH_START, text_str(&a->told)) | 1 : 0;

    if (h->told[i] != told && told)
        headless_log(h, true, "alert", text_str(&a->id), text_str(&a->told));
    h->told[i] = told;
}

static void headless_changed(void *arg, bool loud)
{
    struct headless *h = arg;
    const struct board *b = watch_board(keeper_watch(h->keeper));

    if (b != h->board) { /* seen while the one before is still there: no two have one address */
        h->states = xreallocarray(h->states, b->n_services ? b->n_services : 1, sizeof *h->states);
        for (size_t i = 0; i < b->n_services; i++)
            h->states[i] = STATE_UNKNOWN;
        free(h->told);
        h->told = xcalloc(b->n_alerts ? b->n_alerts : 1, sizeof *h->told);
        h->board = b;
    }
    if (!loud)
        return;
    for (size_t i = 0; i < b->n_services; i++)
        headless_service(h, b, i);
    for (size_t i = 0; i < b->n_alerts; i++)
        headless_alert(h, &b->alerts[i], i);
    if (!text_is(&b->notice, h->notice ? h->notice : "")) {
        free(h->notice);
        h->notice = xstrdup(text_str(&b->notice));
        headless_log(h, b->notice_bad, "notice", "", *h->notice ? h->notice : "none any more");
    }
}

/* What stands in the journal is told as it comes in, by whomever: what was there before is not. */
static void headless_record(void *arg, const struct record *r)
{
    struct headless *h = arg;
    const char *alert = json_string(json_get(r->what, "alert"));
    struct text id = { 0 }, words = { 0 };
    struct event said = { 0 };
    const char *more = NULL;

    if (r->at_ms < watch_board(keeper_watch(h->keeper))->started_ms)
        return;
    for (const char *const *key =
             (const char *[]){ "value", "why", "note", "text", "reason", NULL };
         *key && !more; key++)
        more = json_string(json_get(r->what, *key));
    text_sets(&id, alert ? alert : json_string(json_get(r->what, "id"))); /* of a silence */
    if (text_is(&r->code, BOOK_SENT) || text_is(&r->code, BOOK_TESTED)) {
        said = event_of(r);
        more = text_str(&said.words);
    }
    text_setf(&words, "%s, by %s@%s, record %lld", more ? more : "", text_str(&r->user),
              text_str(&r->host), (long long)r->n);
    headless_log(h, text_is(&r->code, BOOK_FIRING), text_str(&r->code), text_str(&id),
                 text_str(&words));
    event_fini(&said);
    text_fini(&id);
    text_fini(&words);
}

static void headless_says(void *arg, bool bad, const char *words)
{
    headless_log(arg, bad, "watch", "", words);
}

static void headless_signal(void *arg, int signo)
{
    struct headless *h = arg;
    struct buf words = { 0 };
    bool taken;

    if (signo != SIGHUP) {
        io_stop(h->o->io);
        return;
    }
    if (!h->o->config_path) {
        headless_log(h, true, "watch", "", "nothing to reload: it was opened on addresses");
        return;
    }
    taken = keeper_reload(h->keeper, h->o->config_path, &h->o->cli->sets, NULL, &words);
    headless_log(h, !taken, "watch", "", buf_str(&words));
    buf_fini(&words);
}

static void headless_begins(struct headless *h)
{
    const struct board *b = watch_board(keeper_watch(h->keeper));
    struct text words = { 0 };

    text_setf(&words, "%s, %zu services, %zu probes, %zu alerts", text_str(&b->watch),
              b->n_services, board_n_readings(b), b->n_alerts);
    headless_log(h, false, "begins", "", text_str(&words));
    text_fini(&words);
}

int headless_run(const struct headless_options *o, struct config *config)
{
    struct headless h = { .o = o };
    const struct keeper_events events = { headless_changed, headless_record, headless_says, NULL,
                                          &h };
    const struct keeper_options keep = { .io = o->io, .secrets = o->secrets };

    h.keeper = keeper_new(&keep, config, &events);
    for (int i = 0; i < HEADLESS_SIGNALS; i++)
        h.signals[i] = io_signal_new(o->io, headless_signos[i], headless_signal, &h);
    headless_begins(&h);
    watch_start(keeper_watch(h.keeper));
    io_run(o->io);
    for (int i = 0; i < HEADLESS_SIGNALS; i++)
        io_signal_free(h.signals[i]);
    headless_log(&h, false, "ends", "", "asked to");
    keeper_free(h.keeper);
    free(h.states);
    free(h.told);
    free(h.notice);
    return CLI_OK;
}
