/* app/test_alert.c: one message marked TEST through one channel, or the receipt of one. */
#include "app/test_alert.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/book.h"
#include "app/sender.h"
#include "app/watch_board.h"
#include "core/json.h"

struct trial {
    struct io *io;
    struct book *book;
    const char *channel;
    struct sender_result result;
    bool durable;
};

/* Of what others write meanwhile nothing is wanted. */
static void trial_record(void *arg, const struct record *r)
{
    (void)arg;
    (void)r;
}

static void trial_event(void *arg)
{
    (void)arg;
}

static void trial_says(void *arg, bool bad, const char *words)
{
    (void)arg;
    if (bad)
        fprintf(stderr, "midwatch: %s\n", words);
}

static void trial_trouble(void *arg, const char *why)
{
    (void)arg;
    if (why)
        fprintf(stderr, "midwatch: nothing can be recorded: %s\n", why);
}

static void trial_recorded(void *arg, bool durable)
{
    struct trial *t = arg;

    t->durable = durable;
    io_stop(t->io);
}

/* {"channel","result"} of a message, {"channel","received"} of its receipt. */
static void trial_note(struct trial *t, const char *result)
{
    struct buf what = { 0 };
    struct jsonw w;

    jsonw_begin(&w, &what, false);
    jsonw_object(&w);
    jsonw_key(&w, "channel");
    jsonw_string(&w, t->channel);
    jsonw_key(&w, result ? "result" : "received");
    if (result)
        jsonw_string(&w, result);
    else
        jsonw_bool(&w, true);
    jsonw_end(&w, '}');
    if (book_fact(t->book, BOOK_TESTED, buf_str(&what), trial_recorded, t))
        io_run(t->io);
    buf_fini(&what);
}

static void trial_sent(void *arg, const struct sender_result *r)
{
    struct trial *t = arg;

    t->result = *r;
    io_stop(t->io);
}

static void trial_send(struct trial *t, struct secrets *secrets, const struct config *config,
                       const struct config_channel *c)
{
    struct board *b = watch_board_new(config, io_now_ms(t->io));
    struct http *http = http_new(t->io, 1);
    struct alert alert;
    struct message_item item = {
        .action = MESSAGE_TRIGGER, .id = "midwatch-test", .alert = &alert, .fired_ms = b->at_ms
    };
    const struct message m = { .board = b, .items = &item, .n = 1, .test = true };
    struct sender *sender;

    alert_init(&alert);
    text_sets(&alert.title, "nothing has happened, somebody tries this channel");
    alert.rank = 4; /* the mildest word that PagerDuty has */
    sender = sender_new(t->io, http, secrets, c, &m, trial_sent, t);
    io_run(t->io);
    sender_free(sender);
    http_free(http);
    alert_fini(&alert);
    board_free(b);
}

static int trial_send_and_say(struct trial *t, struct secrets *secrets, const struct config *config,
                              const struct config_channel *c)
{
    trial_send(t, secrets, config, c);
    trial_note(t, t->result.words.msg);
    if (!t->result.ok) {
        fprintf(stderr, "midwatch: %s did not take it: %s\n", t->channel, t->result.words.msg);
        return 1;
    }
    printf("%s took it: %s\nDid it arrive? Then record that: midwatch test-alert %s --received\n",
           t->channel, t->result.words.msg, t->channel);
    return CLI_OK;
}

int test_alert_command(const char *channel, struct io *io, struct secrets *secrets,
                       const struct config *config, const struct cli *cli)
{
    const struct config_channel *c = config_channel_find(config, channel);
    const struct book_events events = { trial_record, trial_event,   trial_event,
                                        trial_says,   trial_trouble, NULL };
    struct trial t = { .io = io };
    int status;

    if (!c) {
        struct err err;

        err_set(&err, "no channel '%.40s' under 'notify'", channel);
        fprintf(stderr, "midwatch: %s\n", err.msg);
        return CLI_USAGE;
    }
    t.channel = c->id;
    t.book = book_new(io, config->watch, &events);
    if (cli->received) {
        trial_note(&t, NULL);
        status = t.durable ? CLI_OK : 1;
        if (t.durable)
            printf("recorded: what is told through %s arrives\n", t.channel);
    } else {
        status = trial_send_and_say(&t, secrets, config, c);
    }
    book_free(t.book);
    return status;
}
