/* tui/cmdline.c: the commands after `:`. */
#include "tui/cmdline.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/nearest.h"
#include "tui/alert_words.h"
#include "tui/filter.h"
#include "tui/screen.h"
#include "tui/silence_words.h"
#include "tui/theme.h"
#include "tui/words.h"

const struct verb_row cmdline_verbs[] = {
    { "ack", VERB_ACK, ARG_ACK, true, "ack ALERT [NOTE]", "acknowledge an alert: you have it" },
    { "ask", VERB_ASK, ARG_NONE, false, "ask", "ask every probe now" },
    { "dump", VERB_DUMP, ARG_FILE, true, "dump FILE", "write this screen as text" },
    { "export", VERB_EXPORT, ARG_FILE, true, "export FILE", "write the timeline as Markdown" },
    { "fault", VERB_FAULT, ARG_FAULT, true, "fault NAME[=VALUE]",
      "inject a fault of the demo, or lift it" },
    { "filter", VERB_FILTER, ARG_FILTER, false, "filter [TERMS]",
      "show what matches; without terms everything" },
    { "goto", VERB_GOTO, ARG_PLACE, true, "goto N|SERVICE",
      "a screen by number, a service by name" },
    { "help", VERB_HELP, ARG_NONE, false, "help", "keys and commands" },
    { "note", VERB_NOTE, ARG_WORDS, true, "note WORDS", "write a line into the journal" },
    { "past", VERB_PAST, ARG_WORDS, true, "past TIME|live",
      "the board as it was: 15m ago, at 02:09, at 2026-11-22 02:09" },
    { "quit", VERB_QUIT, ARG_NONE, false, "quit", "leave midwatch" },
    { "reload", VERB_RELOAD, ARG_NONE, false, "reload", "read the configuration again" },
    { "silence", VERB_SILENCE, ARG_SILENCE, true, "silence KEY=VALUE... TIME REASON",
      "for so long nobody is told of the alerts that it hits" },
    { "theme", VERB_THEME, ARG_THEME, true, "theme NAME", "dark, light or mono" },
    { "unack", VERB_UNACK, ARG_ALERT, true, "unack ALERT", "give an alert back: nobody has it" },
    { "unsilence", VERB_UNSILENCE, ARG_UNSILENCE, true, "unsilence ID", "end a silence now" },
    { 0 },
};

static size_t cmdline_word_len(const char *s)
{
    return strcspn(s, " ");
}

/* A verb by its name, or by a beginning that is the only one. */
static const struct verb_row *cmdline_find(const char *word, size_t len)
{
    const struct verb_row *found = NULL;

    for (const struct verb_row *v = cmdline_verbs; v->name; v++) {
        if (strncmp(v->name, word, len))
            continue;
        if (strlen(v->name) == len)
            return v;
        if (found)
            return NULL;
        found = v;
    }
    return found;
}

static bool cmdline_unknown(const char *word, size_t len, struct err *err)
{
    const char *names[32];
    size_t n = 0;
    const char *near;
    char typed[64];

    for (const struct verb_row *v = cmdline_verbs; v->name && n < 32; v++)
        names[n++] = v->name;
    snprintf(typed, sizeof typed, "%.*s", (int)(len < 60 ? len : 60), word);
    near = nearest_word(typed, names, n);
    if (near)
        return err_set(err, "'%s' is no command; did you mean '%s'?", typed, near);
    return err_set(err, "'%s' is no command; Tab shows them all", typed);
}

static bool cmdline_check_fault(const char *arg, const struct cmdline_names *names, struct err *err)
{
    size_t len = strcspn(arg, "="); /* the simulator judges the value */
    const char *near;

    if (names->n_faults == 0)
        return err_set(err, "faults exist in `midwatch demo` only");
    for (size_t i = 0; i < names->n_faults; i++)
        if (!strncmp(names->faults[i], arg, len) && !names->faults[i][len])
            return true;
    near = nearest_word(arg, names->faults, names->n_faults);
    return near ? err_set(err, "no fault '%s'; did you mean '%s'?", arg, near)
                : err_set(err, "no fault '%s'; Tab shows them all", arg);
}

int cmdline_place(const struct board *b, const char *name)
{
    int at = board_find(b, name);

    for (size_t i = 0; at < 0 && i < b->n_services; i++)
        if (!strcasecmp(text_str(&b->services[i].id), name) ||
            !strcasecmp(text_str(service_title(&b->services[i])), name))
            at = (int)i;
    return at;
}

static bool cmdline_check_place(const char *arg, const struct cmdline_names *names, struct err *err)
{
    for (const struct screen_ops *const *s = console_screens; *s; s++)
        if ((*s)->number && arg[0] == (*s)->number && !arg[1])
            return true;
    if (cmdline_place(names->board, arg) >= 0)
        return true;
    return err_set(err, "no screen and no service '%s'; Tab shows them all", arg);
}

static bool cmdline_check_alert(const struct verb_row *v, const char *arg,
                                const struct cmdline_names *names, struct err *err)
{
    const struct board *b = names->board;
    size_t len = cmdline_word_len(arg);
    const char *near = NULL;
    char typed[64];

    if (b->n_alerts == 0)
        return err_set(err, "there are no alerts: the file has no 'alerts'");
    if (v->arg == ARG_ALERT && arg[len + strspn(arg + len, " ")])
        return err_set(err, "'%s' takes one alert and nothing more", v->name);
    snprintf(typed, sizeof typed, "%.*s", (int)(len < 60 ? len : 60), arg);
    for (size_t i = 0; i < b->n_alerts; i++) {
        const char *id = text_str(&b->alerts[i].id);

        if (!strncmp(id, arg, len) && !id[len])
            return true;
        near = near ? near : nearest_word(typed, &id, 1);
    }
    return near ? err_set(err, "no alert '%s'; did you mean '%s'?", typed, near)
                : err_set(err, "no alert '%s'; Tab shows them all", typed);
}

static bool cmdline_check(const struct verb_row *v, const char *arg,
                          const struct cmdline_names *names, struct err *err)
{
    if (!*arg)
        return !v->required || err_set(err, "write: %s", v->usage);
    switch (v->arg) {
    case ARG_NONE:
        return err_set(err, "'%s' takes nothing more", v->name);
    case ARG_FAULT:
        return cmdline_check_fault(arg, names, err);
    case ARG_FILTER:
        return filter_check(arg, names->board, err);
    case ARG_PLACE:
        return cmdline_check_place(arg, names, err);
    case ARG_ACK:
    case ARG_ALERT:
        return cmdline_check_alert(v, arg, names, err);
    case ARG_SILENCE:
        return silence_check_typed(arg, names->board, err);
    case ARG_UNSILENCE:
        return silence_check_id(arg, names->board, err);
    case ARG_THEME:
        return theme_find(arg) || err_set(err, "no theme '%s'; write dark, light or mono", arg);
    default:
        return true;
    }
}

bool cmdline_parse(const char *line, const struct cmdline_names *names,
                   const struct verb_row **verb, const char **arg, struct err *err)
{
    size_t len;

    line += strspn(line, " ");
    len = cmdline_word_len(line);
    *verb = cmdline_find(line, len);
    if (!*verb)
        return cmdline_unknown(line, len, err);
    *arg = line + len + strspn(line + len, " ");
    return cmdline_check(*verb, *arg, names, err);
}

struct completion {
    char (*out)[CMDLINE_WORD];
    size_t n;
    const char *before; /* the verb and a blank, or "" */
    const char *word;   /* the beginning that was typed */
};

/* A word that does not fit is not offered: cut, it would be another one. */
static void completion_add(struct completion *k, const char *word)
{
    size_t before = strlen(k->before), len = strlen(word);

    if (k->n == CMDLINE_WORDS || strncmp(word, k->word, strlen(k->word)) != 0 ||
        before + len >= CMDLINE_WORD)
        return;
    memcpy(k->out[k->n], k->before, before);
    memcpy(k->out[k->n] + before, word, len + 1);
    k->n++;
}

/* What can be acknowledged; what was. */
static void completion_alerts(struct completion *k, enum verb_arg arg, const struct board *b)
{
    for (size_t i = 0; i < b->n_alerts; i++) {
        const struct alert *a = &b->alerts[i];

        if (arg == ARG_ACK ? alert_check_ack(a, &(struct err){ "" }) : a->ack.at_ms > 0)
            completion_add(k, text_str(&a->id));
    }
}

static void completion_matcher(struct completion *k, const char *key, const struct text *value)
{
    char word[CMDLINE_WORD];

    if (value->len &&
        (size_t)snprintf(word, sizeof word, "%s=%s", key, text_str(value)) < sizeof word)
        completion_add(k, word);
}

/* Every severity once. */
static void completion_matchers(struct completion *k, const struct board *b)
{
    for (size_t i = 0; i < b->n_alerts; i++)
        completion_matcher(k, "alert", &b->alerts[i].id);
    for (size_t i = 0; i < b->n_services; i++)
        completion_matcher(k, "service", &b->services[i].id);
    for (size_t i = 0; i < b->n_alerts; i++) {
        size_t before = 0;

        while (before < i && !text_eq(&b->alerts[before].severity, &b->alerts[i].severity))
            before++;
        if (before == i)
            completion_matcher(k, "severity", &b->alerts[i].severity);
    }
}

static void completion_args(struct completion *k, enum verb_arg arg,
                            const struct cmdline_names *names)
{
    static const char *const filters[] = { "state=down", "state=degraded", "state=unknown", "kind=",
                                           "name=",      "critical=yes",   "affected=no",   "code=",
                                           "who=",       "alert=" };

    if (arg == ARG_FAULT)
        for (size_t i = 0; i < names->n_faults; i++)
            completion_add(k, names->faults[i]);
    if (arg == ARG_THEME)
        for (const char *const *name = theme_names(); *name; name++)
            completion_add(k, *name);
    if (arg == ARG_PLACE)
        for (size_t i = 0; i < names->board->n_services; i++)
            completion_add(k, text_str(&names->board->services[i].id));
    if (arg == ARG_ACK || arg == ARG_ALERT)
        completion_alerts(k, arg, names->board);
    if (arg == ARG_SILENCE)
        completion_matchers(k, names->board);
    for (size_t i = 0; arg == ARG_UNSILENCE && i < names->board->n_silences; i++)
        if (!names->board->silences[i].planned)
            completion_add(k, text_str(&names->board->silences[i].id));
    if (arg == ARG_FILTER)
        for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
            completion_add(k, filters[i]);
}

/* Up to the last word, which is being typed: behind how long it lasts nothing is to be completed.
 */
static bool cmdline_matchers_only(const char *s)
{
    while (strchr(s, ' ')) {
        size_t len = cmdline_word_len(s);

        if (len && !memchr(s, '=', len))
            return false;
        s += len + 1;
    }
    return true;
}

size_t cmdline_complete(const char *line, const struct cmdline_names *names,
                        char out[CMDLINE_WORDS][CMDLINE_WORD])
{
    struct completion k = { .out = out, .before = "", .word = line };
    size_t len = cmdline_word_len(line);
    const struct verb_row *verb;
    char before[CMDLINE_WORD];

    if (!line[len]) {
        for (const struct verb_row *v = cmdline_verbs; v->name; v++)
            completion_add(&k, v->name);
        return k.n;
    }
    verb = cmdline_find(line, len);
    if (!verb)
        return 0;
    k.word = line + len + strspn(line + len, " ");
    if (verb->arg == ARG_SILENCE && strrchr(k.word, ' ')) { /* several words: the last one */
        if (!cmdline_matchers_only(k.word))
            return 0;
        k.word = strrchr(k.word, ' ') + 1;
        if ((size_t)(k.word - line) >= sizeof before)
            return 0;
        snprintf(before, sizeof before, "%.*s", (int)(k.word - line), line);
    } else {
        snprintf(before, sizeof before, "%s ", verb->name);
    }
    k.before = before;
    completion_args(&k, verb->arg, names);
    return k.n;
}
