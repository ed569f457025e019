/* alerts/rule_parse.c: a rule from its words, from left to right, with one word ahead. */
#include "alerts/rule_impl.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/nearest.h"

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_OP,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_COMMA,
    TOKEN_STAR,
    TOKEN_OTHER
};

struct token {
    enum token_kind kind;
    size_t at, len;
};

struct parser {
    const char *words;
    struct token now;
    struct rule *rule;
    int depth;
    size_t *at;
    struct err *err;
};

static const char *const parse_ops[] = {
    [OP_GT] = ">", [OP_GE] = ">=", [OP_LT] = "<", [OP_LE] = "<=", [OP_EQ] = "==", [OP_NE] = "!=",
};
enum { OPS = sizeof parse_ops / sizeof *parse_ops };

static const char *const parse_figures[] = {
    [FIGURE_VALUE] = "",  [FIGURE_AGE] = "age", [FIGURE_AVG] = "avg",
    [FIGURE_MIN] = "min", [FIGURE_MAX] = "max",
};

/* Names, quantities ("5%", "10/s", "-3") and words of ours. */
static bool parse_is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("._-%/", c)) || (unsigned char)c >= 0x80;
}

static void parse_next(struct parser *p)
{
    const char *start = p->words + p->now.at + p->now.len, *end;

    start += strspn(start, " \t\r\n");
    end = start;
    if (parse_is_word(*end)) {
        p->now.kind = TOKEN_WORD;
        while (parse_is_word(*end))
            end++;
    } else if (*end && strchr("<>=!", *end)) {
        p->now.kind = TOKEN_OP;
        end += 1 + (end[1] == '=');
    } else {
        p->now.kind = *end == '('   ? TOKEN_OPEN
                      : *end == ')' ? TOKEN_CLOSE
                      : *end == ',' ? TOKEN_COMMA
                      : *end == '*' ? TOKEN_STAR
                      : *end        ? TOKEN_OTHER
                                    : TOKEN_END;
        end += *end != '\0';
    }
    p->now.at = (size_t)(start - p->words);
    p->now.len = (size_t)(end - start);
}

static bool parse_fail(struct parser *p, size_t at, const char *fmt, ...) MW_PRINTF(3, 4);
static bool parse_fail(struct parser *p, size_t at, const char *fmt, ...)
{
    char words[400];
    va_list args;

    va_start(args, fmt);
    vsnprintf(words, sizeof words, fmt, args);
    va_end(args);
    *p->at = at;
    return err_set(p->err, "%s", words);
}

static bool parse_is(const struct parser *p, const char *word)
{
    return p->now.len == strlen(word) && memcmp(p->words + p->now.at, word, p->now.len) == 0 &&
           p->now.kind != TOKEN_END;
}

static bool parse_takes(struct parser *p, const char *word)
{
    if (!parse_is(p, word))
        return false;
    parse_next(p);
    return true;
}

/* What stands there, for a message. */
static const char *parse_found(const struct parser *p, char out[48])
{
    if (p->now.kind == TOKEN_END)
        return "the end";
    snprintf(out, 48, "'%.*s'", (int)(p->now.len < 40 ? p->now.len : 40), p->words + p->now.at);
    return out;
}

static bool parse_word(struct parser *p, char out[RULE_WORD + 1], const char *what)
{
    char found[48];

    if (p->now.kind != TOKEN_WORD)
        return parse_fail(p, p->now.at, "%s stands here instead of %s", parse_found(p, found),
                          what);
    if (p->now.len > RULE_WORD)
        return parse_fail(p, p->now.at, "this word has more than %d letters", RULE_WORD);
    memcpy(out, p->words + p->now.at, p->now.len);
    out[p->now.len] = '\0';
    parse_next(p);
    return true;
}

static bool parse_duration(struct parser *p, int64_t *ms)
{
    char word[RULE_WORD + 1];
    size_t at = p->now.at;
    struct err why;

    if (!parse_word(p, word, "a duration, such as 5m"))
        return false;
    if (!duration_parse(word, ms, &why))
        return parse_fail(p, at, "%s", why.msg);
    return true;
}

static bool parse_closes(struct parser *p, const char *after)
{
    char found[48];

    if (p->now.kind != TOKEN_CLOSE)
        return parse_fail(p, p->now.at, "%s stands here instead of the ')' after %s",
                          parse_found(p, found), after);
    parse_next(p);
    return true;
}

/* service, service.probe or service.probe.signal */
static bool parse_name(struct parser *p, struct figure *f)
{
    const char *s = p->words + p->now.at, *end = s + p->now.len;
    char found[48];

    f->at = p->now.at;
    if (p->now.kind != TOKEN_WORD)
        return parse_fail(p, p->now.at, "%s stands here instead of a name, such as api.errors",
                          parse_found(p, found));
    for (;;) {
        size_t len = 0;

        while (s + len < end && s[len] != '.')
            len++;
        if (len == 0 || len > RULE_WORD || f->n_names == RULE_NAMES)
            return parse_fail(p, p->now.at,
                              "%s is no name; write service.probe or service.probe.signal",
                              parse_found(p, found));
        memcpy(f->names[f->n_names], s, len);
        f->names[f->n_names++][len] = '\0';
        if (s + len == end)
            break;
        s += len + 1;
    }
    parse_next(p);
    return true;
}

/* A name, or a function of one. */
static bool parse_figure(struct parser *p, struct figure *f)
{
    *f = (struct figure){ .service = -1, .reading = -1, .signal = -1 };
    for (int k = FIGURE_AGE; k <= FIGURE_MAX; k++) {
        struct parser ahead = *p;

        parse_next(&ahead);
        if (!parse_is(p, parse_figures[k]) || ahead.now.kind != TOKEN_OPEN)
            continue;
        parse_next(p);
        parse_next(p);
        f->kind = (enum figure_kind)k;
        if (!parse_name(p, f))
            return false;
        if (k != FIGURE_AGE) {
            char found[48];

            if (p->now.kind != TOKEN_COMMA)
                return parse_fail(p, p->now.at,
                                  "%s stands here instead of ', 24h': over how long %s is made",
                                  parse_found(p, found), parse_figures[k]);
            parse_next(p);
            if (!parse_duration(p, &f->window_ms))
                return false;
        }
        return parse_closes(p, "the name");
    }
    return parse_name(p, f);
}

static int parse_add(struct parser *p, enum term_kind kind, size_t at)
{
    struct rule *r = p->rule;

    if (r->n_terms == RULE_TERMS) {
        parse_fail(p, at, "this rule has more than %d parts; make two of it", RULE_TERMS);
        return -1;
    }
    r->terms[r->n_terms] =
        (struct term){ .kind = kind, .at = at, .a = -1, .b = -1, .factor = 1, .recover = NAN };
    return r->n_terms++;
}

static bool parse_state(struct parser *p, struct term *t)
{
    const char *words[STATE_COUNT], *near;
    char word[RULE_WORD + 1];
    size_t at = p->now.at;

    if (!parse_word(p, word, "a state, such as down"))
        return false;
    if (state_parse(word, &t->state))
        return true;
    for (int i = 0; i < STATE_COUNT; i++)
        words[i] = state_word((enum state)i);
    near = nearest_word(word, words, STATE_COUNT);
    if (near)
        return parse_fail(p, at, "'%s' is no state; did you mean '%s'?", word, near);
    return parse_fail(
        p, at, "'%s' is no state; write up, degraded, down, unknown, stale or disabled", word);
}

static bool parse_op(struct parser *p, enum rule_op *op)
{
    for (int i = 0; i < OPS; i++) {
        if (parse_takes(p, parse_ops[i])) {
            *op = (enum rule_op)i;
            return true;
        }
    }
    return false;
}

/* "2 GB": the unit of a bare number may stand apart, a word that goes on with the rule is none. */
static bool parse_unit(struct parser *p, struct term *t)
{
    size_t len = strlen(t->words);
    char last = t->words[len - 1];

    if (p->now.kind != TOKEN_WORD || last < '0' || last > '9' || parse_is(p, "for") ||
        parse_is(p, "and") || parse_is(p, "or"))
        return true;
    if (len + 1 + p->now.len > RULE_WORD)
        return parse_fail(p, p->now.at, "this word has more than %d letters", RULE_WORD);
    snprintf(t->words + len, sizeof t->words - len, " %.*s", (int)p->now.len, p->words + p->now.at);
    parse_next(p);
    return true;
}

/* A limit in the unit of the left side, or another figure, or "2 * figure". */
static bool parse_limit(struct parser *p, struct term *t)
{
    char c = p->words[p->now.at], *end;
    bool number = (c >= '0' && c <= '9') || c == '-' || c == '.';
    size_t at = p->now.at;

    if (!number) {
        t->against = true;
        return parse_figure(p, &t->right);
    }
    if (!parse_word(p, t->words, "a limit"))
        return false;
    if (p->now.kind == TOKEN_STAR) {
        parse_next(p);
        t->factor = strtod(t->words, &end);
        if (*end || !isfinite(t->factor))
            return parse_fail(p, at, "'%s' is not a plain number to multiply by", t->words);
        t->against = true;
        return parse_figure(p, &t->right);
    }
    return parse_unit(p, t);
}

/* What may follow a figure: a comparison, or a state. */
static bool parse_test(struct parser *p, struct term *t)
{
    char found[48];

    if (parse_takes(p, "is")) {
        t->kind = TERM_STATE;
        t->op = parse_takes(p, "not") ? OP_NE : OP_EQ;
        return parse_state(p, t);
    }
    if (parse_op(p, &t->op))
        return parse_limit(p, t);
    if (p->now.kind == TOKEN_OP && parse_is(p, "="))
        return parse_fail(p, p->now.at, "'=' is no comparison; write '=='");
    return parse_fail(p, p->now.at,
                      "%s stands here instead of a comparison: >, >=, <, <=, ==, !=, is",
                      parse_found(p, found));
}

/* status(x) == down */
static bool parse_status(struct parser *p, struct term *t)
{
    char found[48];

    t->kind = TERM_STATE;
    if (!parse_name(p, &t->left) || !parse_closes(p, "the name"))
        return false;
    if (parse_takes(p, "is"))
        t->op = parse_takes(p, "not") ? OP_NE : OP_EQ;
    else if (!parse_op(p, &t->op) || (t->op != OP_EQ && t->op != OP_NE))
        return parse_fail(p, p->now.at, "%s stands here; a state is compared with == or !=",
                          parse_found(p, found));
    return parse_state(p, t);
}

static int parse_either(struct parser *p);

static int parse_one(struct parser *p)
{
    size_t at = p->now.at;
    struct parser ahead = *p;
    int i;

    parse_next(&ahead);
    if (p->now.kind == TOKEN_OPEN) {
        parse_next(p);
        i = parse_either(p);
        return i >= 0 && parse_closes(p, "what it encloses") ? i : -1;
    }
    if (parse_is(p, "not")) {
        int below;

        parse_next(p);
        if (++p->depth > RULE_DEPTH) {
            parse_fail(p, at, "this rule is nested more than %d deep", RULE_DEPTH);
            return -1;
        }
        below = parse_one(p);
        p->depth--;
        i = below >= 0 ? parse_add(p, TERM_NOT, at) : -1;
        if (i >= 0)
            p->rule->terms[i].a = below;
        return i;
    }
    i = parse_add(p, TERM_COMPARE, at);
    if (i < 0)
        return -1;
    if (ahead.now.kind == TOKEN_OPEN && (parse_is(p, "status") || parse_is(p, "nodata"))) {
        struct term *t = &p->rule->terms[i];
        bool state = parse_is(p, "status");

        parse_next(p);
        parse_next(p);
        t->left = (struct figure){ .service = -1, .reading = -1, .signal = -1 };
        t->kind = TERM_NODATA;
        if (state)
            return parse_status(p, t) ? i : -1;
        return parse_name(p, &t->left) && parse_closes(p, "the name") ? i : -1;
    }
    return parse_figure(p, &p->rule->terms[i].left) && parse_test(p, &p->rule->terms[i]) ? i : -1;
}

/* Terms with `word` between them, each read by `below`. */
static int parse_chain(struct parser *p, const char *word, enum term_kind kind,
                       int (*below)(struct parser *))
{
    int a;

    if (++p->depth > RULE_DEPTH) {
        parse_fail(p, p->now.at, "this rule is nested more than %d deep", RULE_DEPTH);
        return -1;
    }
    a = below(p);
    while (a >= 0 && parse_is(p, word)) {
        size_t at = p->now.at;
        int b, i;

        parse_next(p);
        b = below(p);
        i = b >= 0 ? parse_add(p, kind, at) : -1;
        if (i >= 0) {
            p->rule->terms[i].a = a;
            p->rule->terms[i].b = b;
        }
        a = i;
    }
    p->depth--;
    return a;
}

static int parse_both(struct parser *p)
{
    return parse_chain(p, "and", TERM_AND, parse_one);
}

static int parse_either(struct parser *p)
{
    return parse_chain(p, "or", TERM_OR, parse_both);
}

static bool parse_rule(struct parser *p)
{
    char found[48];

    p->rule->root = parse_either(p);
    if (p->rule->root < 0)
        return false;
    if (parse_takes(p, "for") && !parse_duration(p, &p->rule->for_ms))
        return false;
    if (p->now.kind != TOKEN_END)
        return parse_fail(p, p->now.at, "%s is too much here; 'and', 'or' or 'for 5m' may follow",
                          parse_found(p, found));
    return true;
}

struct rule *rule_parse(const char *words, size_t *at, struct err *err)
{
    struct parser p = { .words = words, .at = at, .err = err };

    *at = 0;
    if (strlen(words) > RULE_LEN) {
        err_set(err, "a rule has at most %d letters", RULE_LEN);
        return NULL;
    }
    p.rule = xcalloc(1, sizeof *p.rule);
    p.rule->for_ms = -1;
    parse_next(&p);
    if (parse_rule(&p))
        return p.rule;
    rule_free(p.rule);
    return NULL;
}

void rule_free(struct rule *r)
{
    free(r);
}

int64_t rule_for_ms(const struct rule *r)
{
    return r->for_ms;
}
