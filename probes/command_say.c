/* probes/command_say.c: what a command that ended says. */
#include <ctype.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/alloc.h"
#include "core/healthbody.h"
#include "core/json.h"
#include "probes/command_impl.h"
#include "probes/number.h"
#include "probes/perfdata.h"

enum { COMMAND_DEPTH = 32, COMMAND_NODES = 20000 };
#define COMMAND_AGE_MAX_S 1e12 /* 30 000 years fit in milliseconds */

void command_say_fini(struct command_say *s)
{
    if (s->body)
        healthbody_fini(s->body);
    free(s->body);
    s->body = NULL;
    text_fini(&s->rpo.name);
    text_fini(&s->rpo.word);
    text_fini(&s->rpo.note);
}

bool command_has_value(const struct command_options *o)
{
    return o->read == COMMAND_NUMBER || o->value;
}

enum unit command_unit(const struct command_options *o, const struct probe_common *common)
{
    return probe_unit(common, o->backup ? UNIT_SECONDS : UNIT_NONE);
}

/* ---- text ---- */

/* The first line that says something, up to `stop`; "" when there is none. */
static const char *command_line(const char *s, const char *stop, size_t *len)
{
    while (*s && (isspace((unsigned char)*s) || strchr(stop, *s)))
        s++;
    *len = strcspn(s, stop);
    while (*len && isspace((unsigned char)s[*len - 1]))
        --*len;
    return s;
}

static void command_reason(struct report *r, const char *what, const struct run_end *end)
{
    size_t len;
    const char *line = command_line(end->err, "\r\n", &len);
    struct text said = { 0 };

    if (!len)
        line = command_line(end->out, "\r\n", &len);
    text_set(&said, line, len);
    text_setf(&r->reason, "%s%s%s", what, said.len ? ": " : "", text_str(&said));
    text_fini(&said);
}

static void command_unknown(struct report *r, const char *why, const struct run_end *end)
{
    r->state = STATE_UNKNOWN;
    command_reason(r, why, end);
}

/* ---- how it ended, whatever it is read for ---- */

/* False when nothing can be told from its output: the report says so. */
static bool command_ended_well(const struct run_end *end, struct report *r)
{
    char why[64];

    if (!*run_died(end->status, why))
        return true;
    command_unknown(r, why, end);
    return false;
}

/* ---- as a plugin ---- */

static const struct {
    const char *word;
    enum state state;
} plugin_ends[] = { /* by exit code */
                    { "OK", STATE_UP },
                    { "WARNING", STATE_DEGRADED },
                    { "CRITICAL", STATE_DOWN },
                    { "UNKNOWN", STATE_UNKNOWN }
};
enum { PLUGIN_ENDS = sizeof plugin_ends / sizeof *plugin_ends };

static bool command_opinion(const char *word, size_t len, enum state *out)
{
    for (size_t i = 0; i < PLUGIN_ENDS; i++) {
        if (len != strlen(plugin_ends[i].word) || memcmp(word, plugin_ends[i].word, len) != 0)
            continue;
        *out = plugin_ends[i].state;
        return true;
    }
    return false;
}

/* "DISK CRITICAL - ..." and "CRITICAL: ..." say so themselves, in one of the first two words. */
static bool command_says(const char *line, size_t len, enum state *out)
{
    for (int i = 0; i < 2 && len; i++) {
        size_t word = 0;

        while (word < len && isupper((unsigned char)line[word]))
            word++;
        if (command_opinion(line, word, out))
            return true;
        while (word < len && line[word] != ' ')
            word++;
        while (word < len && line[word] == ' ')
            word++;
        line += word;
        len -= word;
    }
    return false;
}

/* How bad: what is not known is worse than a warning, and no failure. */
static int command_badness(enum state s)
{
    return s == STATE_UP ? 0 : s == STATE_DEGRADED ? 1 : s == STATE_UNKNOWN ? 2 : 3;
}

static void command_plugin_value(const struct command_options *o, const struct probe_common *common,
                                 const struct run_end *end, struct report *r)
{
    enum unit unit = command_unit(o, common);
    struct value *v = &r->values[0];
    struct perfdata found;

    if (!perfdata_find(end->out, o->value, &found)) {
        text_setf(&v->note, "it tells no number for '%s'", o->value);
        return;
    }
    if (unit == UNIT_MS && found.unit == UNIT_SECONDS) {
        found.value *= 1000;
        found.unit = UNIT_MS;
    }
    if (found.unit != UNIT_NONE && unit != UNIT_NONE && found.unit != unit) {
        text_setf(&v->note, "'%s' is in %s, not in %s", o->value, unit_name(found.unit),
                  unit_name(unit));
        return;
    }
    v->known = true;
    v->value = found.value;
}

static void command_plugin(const struct command_options *o, const struct probe_common *common,
                           const struct run_end *end, struct report *r)
{
    int code = WEXITSTATUS(end->status);
    enum state said;
    size_t len;
    const char *line = command_line(end->out, "|\r\n", &len);
    char why[64];

    if (o->value)
        command_plugin_value(o, common, end, r);
    if (code >= PLUGIN_ENDS) {
        snprintf(why, sizeof why, "exit %d is none of a plugin", code);
        command_unknown(r, why, end);
        return;
    }
    r->state = plugin_ends[code].state;
    text_set(&r->reason, line, len);
    if (!r->reason.len) { /* or nothing that can be shown */
        if (code == 0) {  /* a plugin that says nothing has checked nothing */
            command_unknown(r, "it printed nothing", end);
            return;
        }
        snprintf(why, sizeof why, "exit %d", code);
        command_reason(r, why, end);
    }
    if (command_says(line, len, &said) && command_badness(said) > command_badness(r->state)) {
        r->state = said;
        r->disagree = true; /* its exit says better than its words */
    }
    if (r->state == STATE_DOWN)
        r->fault = FAULT_STATUS;
    if (o->value && !r->values[0].known && r->state == STATE_UP) {
        r->state = STATE_UNKNOWN;
        text_copy(&r->reason, &r->values[0].note);
    }
}

/* ---- by its exit, as a number ---- */

static void command_exit(const struct run_end *end, struct report *r)
{
    size_t len;
    const char *line = command_line(end->out, "\r\n", &len);
    char why[32];

    if (WEXITSTATUS(end->status) == 0) {
        r->state = STATE_UP;
        text_set(&r->reason, line, len);
        if (!r->reason.len)
            text_sets(&r->reason, "exit 0");
        return;
    }
    r->state = STATE_DOWN;
    r->fault = FAULT_STATUS;
    snprintf(why, sizeof why, "exit %d", WEXITSTATUS(end->status));
    command_reason(r, why, end);
}

/* Other ways to read need an exit of 0: what a command that failed printed is no measurement. */
static bool command_succeeded(const struct run_end *end, struct report *r)
{
    char why[32];

    if (WEXITSTATUS(end->status) == 0)
        return true;
    snprintf(why, sizeof why, "exit %d", WEXITSTATUS(end->status));
    command_unknown(r, why, end);
    return false;
}

static void command_value_said(const struct command_options *o, const struct probe_common *common,
                               struct report *r)
{
    char n[32];

    quantity_format(r->values[0].value, command_unit(o, common), n);
    text_setf(&r->reason, "%s%s%s", n, common->unit_word ? " " : "",
              common->unit_word ? common->unit_word : "");
}

static void command_number(const struct command_options *o, const struct probe_common *common,
                           const struct run_end *end, struct report *r)
{
    struct value *v = &r->values[0];
    char number[64];
    size_t len;
    const char *line = command_line(end->out, "\r\n", &len);

    if (len && line[len - 1] == '%' && probe_unit(common, UNIT_NONE) == UNIT_PERCENT)
        len--;
    snprintf(number, sizeof number, "%.*s", (int)(len < sizeof number ? len : 0), line);
    if (!len || !number_parse(number, &v->value)) {
        v->value = NAN;
        command_unknown(r, len ? "not a number" : "it printed nothing", end);
        return;
    }
    v->known = true;
    r->state = STATE_UP;
    command_value_said(o, common, r);
}

/* ---- as JSON ---- */

static bool command_json_value(const struct command_options *o, const struct run_end *end,
                               struct report *r)
{
    struct value *v = &r->values[0];
    struct err err = { "" };
    struct json *root = json_parse(end->out, end->out_len, COMMAND_DEPTH, COMMAND_NODES, &err);
    const struct json *at = root ? json_pointer(root, o->value) : NULL;

    v->known = at && json_number(at, &v->value) && isfinite(v->value);
    if (!root)
        text_sets(&v->note, err.msg);
    else if (!v->known)
        text_setf(&v->note, "no number at %s", o->value);
    json_free(root);
    if (!v->known)
        v->value = NAN;
    return v->known;
}

static void command_json_status(const struct command_options *o, const struct run_end *end,
                                struct command_say *s, struct report *r)
{
    const struct healthbody_hints hints = { .status = (const char *const *)o->status.items,
                                            .n_status = o->status.n,
                                            .components = o->components };
    struct err err = { "" };

    if (!s->body)
        s->body = xcalloc(1, sizeof *s->body);
    if (!healthbody_read(end->out, end->out_len, "application/json", &hints, s->body, &err)) {
        command_unknown(r, err.msg, end);
        return;
    }
    r->state = s->body->state;
    r->components = s->body->components;
    r->n_components = s->body->n_components;
    text_copy(&r->version, &s->body->version);
    if (s->body->why.len)
        text_copy(&r->reason, &s->body->why);
    else
        text_copy(&r->reason, &s->body->word);
    if (!r->reason.len) /* only its parts spoke */
        text_sets(&r->reason, state_word(r->state));
    if (r->state == STATE_DOWN)
        r->fault = FAULT_STATUS;
}

static void command_json(const struct command_options *o, const struct probe_common *common,
                         const struct run_end *end, struct command_say *s, struct report *r)
{
    if (end->dropped) {
        command_unknown(r, "more output than is kept", end);
        return;
    }
    r->state = STATE_UP;
    if (!o->value || o->status.n || o->components)
        command_json_status(o, end, s, r);
    if (!o->value)
        return;
    if (command_json_value(o, end, r)) {
        if (!r->reason.len)
            command_value_said(o, common, r);
    } else if (r->state == STATE_UP) {
        r->state = STATE_UNKNOWN;
        text_copy(&r->reason, &r->values[0].note);
    }
}

/* ---- as the age of a backup ---- */

/* In the words of the kinds that look at backups themselves. */
static void command_backup(const struct command_options *o, struct command_say *s, struct report *r)
{
    struct component *c = &s->rpo;
    double age_s = r->values[0].value, rpo_s = (double)o->rpo_ms / 1000;
    char age[16], rpo[32];

    if (r->state != STATE_UP || !r->values[0].known || !isfinite(age_s))
        return;
    age_s = fmax(-COMMAND_AGE_MAX_S, fmin(age_s, COMMAND_AGE_MAX_S));
    if (age_s < 0) { /* a clock or a time zone: it proves nothing */
        r->values[0].known = false;
        r->values[0].value = NAN;
        text_setf(&r->reason, "the last good one is %s in the future",
                  age_format_hours((int64_t)(-age_s * 1000), age));
        text_copy(&r->values[0].note, &r->reason);
        r->state = STATE_UNKNOWN;
        return;
    }
    text_sets(&c->name, "RPO");
    c->state = STATE_UP;
    c->value = o->rpo_ms ? rpo_s : NAN;
    c->unit = o->rpo_ms ? UNIT_SECONDS : UNIT_NONE;
    age_format_hours((int64_t)(age_s * 1000), age);
    if (!o->rpo_ms) {
        text_sets(&c->word, "not set");
        text_setf(&c->note, "last good %s ago, RPO not set", age);
    } else {
        bool missed = age_s > rpo_s;

        text_sets(&c->word, missed ? "missed" : "met");
        c->state = missed ? STATE_DOWN : STATE_UP;
        text_setf(&c->note, "%slast good %s ago, RPO %s", missed ? "RPO missed: " : "", age,
                  age_format_hours(o->rpo_ms, rpo));
    }
    text_copy(&r->reason, &c->note);
    r->components = c;
    r->n_components = 1;
    r->state = c->state;
    if (r->state == STATE_DOWN) {
        r->fault = FAULT_BODY;
        r->sure = true; /* asking again finds the same */
    }
}

void command_judge(const struct command_options *o, const struct probe_common *common,
                   const struct run_end *end, struct command_say *s, struct report *r)
{
    struct value *took = &r->values[command_has_value(o) ? 1 : 0];

    took->known = true;
    took->value = (double)end->took_ms;
    if (!command_ended_well(end, r))
        return;
    switch ((enum command_read)o->read) {
    case COMMAND_PLUGIN:
        command_plugin(o, common, end, r);
        break;
    case COMMAND_EXIT:
        command_exit(end, r);
        break;
    case COMMAND_NUMBER:
        if (command_succeeded(end, r))
            command_number(o, common, end, r);
        break;
    case COMMAND_JSON:
        if (command_succeeded(end, r))
            command_json(o, common, end, s, r);
        break;
    }
    if (o->backup)
        command_backup(o, s, r);
}
