/* tui/console_silence.c: silencing alerts: by key, with what it hits typed already, or by a typed
 * command. */
#include "tui/console_impl.h"

#include <stdio.h>
#include <string.h>

#include "tui/alert_list.h"
#include "tui/alerts.h"
#include "tui/silence_words.h"
#include "widgets/textflow.h"

enum { PREVIEW_ROWS = 3 };

/* A picture of the past is no place to act from. */
static bool console_silence_frozen(struct console *c)
{
    if (console_past_locked(c))
        return true;
    if (c->frozen)
        console_says(c, true, "the screen is frozen: z first, then silence");
    return c->frozen != NULL;
}

static bool console_silence_any(const struct board *b, int service)
{
    for (size_t i = 0; i < b->n_alerts; i++)
        if (b->alerts[i].service == service)
            return true;
    return false;
}

void console_silence(struct console *c, int service)
{
    const struct view *v = &c->view;
    const struct alert *a =
        c->stack[0] == &screen_alerts && !console_in_detail(c) ? alert_list_selected(v) : NULL;
    char line[INPUT_MAX];

    if (console_silence_frozen(c))
        return;
    if (a) {
        snprintf(line, sizeof line, "silence alert=%.200s 1h ", text_str(&a->id));
    } else if (service >= 0 && !console_silence_any(v->board, service)) {
        console_says(c, true, "there is no alert about it");
        return;
    } else if (service >= 0) {
        snprintf(line, sizeof line, "silence service=%.200s 1h ",
                 text_str(&v->board->services[service].id));
    } else {
        console_says(c, true, "nothing is selected");
        return;
    }
    prompt_open(&c->prompt, PROMPT_COMMAND, line);
}

void console_silence_run(struct console *c, const char *arg)
{
    struct silence_typed typed;
    struct intent_slot *slot;
    struct err err;

    if (console_silence_frozen(c))
        return;
    if (!silence_typed(arg, c->view.board, &typed, &err)) {
        console_says(c, true, err.msg);
        return;
    }
    slot = intents_push(&c->intents, INTENT_SILENCE);
    slot->span_ms = typed.ms;
    snprintf(slot->alert, sizeof slot->alert, "%.*s", (int)typed.match_len, typed.match);
    snprintf(slot->arg, sizeof slot->arg, "%s", typed.reason);
}

void console_unsilence_run(struct console *c, const char *id)
{
    if (console_silence_frozen(c))
        return;
    snprintf(intents_push(&c->intents, INTENT_UNSILENCE)->alert, INTENT_ARG, "%s", id);
}

void console_silence_preview(const struct console *c, struct rect line, struct canvas *canvas)
{
    struct cmdline_names names = console_names(c);
    const struct verb_row *verb;
    struct text words = { 0 };
    const char *arg;
    struct err err;
    struct rect r;
    bool ok;

    if (c->prompt.mode != PROMPT_COMMAND)
        return;
    cmdline_parse(c->prompt.command.line, &names, &verb, &arg, &err);
    if (!verb || verb->verb != VERB_SILENCE || !*arg)
        return;
    ok = silence_preview(arg, c->view.board, c->clock_ms, &words);
    r = (struct rect){ line.x, line.y, line.w, words.cols / (line.w - 4 > 8 ? line.w - 4 : 8) + 1 };
    r.h = r.h < PREVIEW_ROWS ? r.h : PREVIEW_ROWS;
    r.h = r.h < line.y ? r.h : line.y;
    r.y -= r.h;
    if (r.h > 0) {
        canvas_fill(canvas, r, " ", STYLE_PLAIN);
        canvas_put(canvas, r.x, r.y, 2, ok ? STYLE_OK : STYLE_WARN, ok ? "→ " : "! ");
        textflow_draw(&words, (struct rect){ r.x + 2, r.y, r.w - 2, r.h },
                      ok ? STYLE_STRONG : STYLE_WARN, canvas);
    }
    text_fini(&words);
}
