/* tui/words.c: glyphs, words and figures. */
#include "tui/words.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct look look_state(enum state s)
{
    static const struct {
        const char *glyph;
        enum style style;
    } looks[STATE_COUNT] = {
        [STATE_UNKNOWN] = { "?", STYLE_UNKNOWN }, [STATE_UP] = { "●", STYLE_OK },
        [STATE_DEGRADED] = { "!", STYLE_WARN },   [STATE_DOWN] = { "✗", STYLE_CRIT },
        [STATE_STALE] = { "~", STYLE_STALE },     [STATE_DISABLED] = { "-", STYLE_DISABLED },
    };

    return (struct look){ looks[s].glyph, state_word(s), looks[s].style };
}

struct look look_service(const struct board *b, const struct service *s)
{
    if (service_root(b, s))
        return (struct look){ "↳", "affected", STYLE_AFFECTED };
    return look_state(s->state);
}

void words_upper(const struct text *from, struct text *to)
{
    char words[128];
    size_t n = 0;

    for (const char *s = text_str(from); *s && n + 1 < sizeof words; s++)
        words[n++] = (char)((unsigned char)*s < 0x80 ? toupper((unsigned char)*s) : *s);
    text_set(to, words, n);
}

enum style style_level(enum level level)
{
    static const enum style styles[] = { [LEVEL_NONE] = STYLE_PLAIN,
                                         [LEVEL_OK] = STYLE_OK,
                                         [LEVEL_WARN] = STYLE_WARN,
                                         [LEVEL_CRIT] = STYLE_CRIT };

    return styles[level];
}

/* With a point before it; by hand, as every row of every picture has one. */
static size_t label_add(char *out, size_t len, size_t cap, const struct text *t)
{
    size_t n = t->len < cap - len - 1 ? t->len : cap - len - 1;

    if (len)
        out[len++] = '.';
    memcpy(out + len, text_str(t), n);
    return len + n;
}

void signal_label(const struct service *s, const struct reading *r, const struct signal *signal,
                  struct text *out)
{
    char label[TEXT_MAX + 1];
    size_t len = label_add(label, 0, sizeof label, service_title(s));

    len = label_add(label, len, sizeof label, &r->name);
    if (signal && signal > r->signals && !text_eq(&r->name, &signal->name))
        len = label_add(label, len, sizeof label, &signal->name);
    text_set(out, label, len);
}

bool signal_is_ratio(const struct signal *s)
{
    return s->unit == UNIT_PERCENT && (s->window_ms > 0 || !isnan(s->den));
}

/* Adds to a string of `cap` bytes; what does not fit is left out. */
static void words_add(char *out, size_t cap, const char *before, const char *words)
{
    size_t len = strlen(out);

    if (*words && len + strlen(before) + strlen(words) < cap)
        snprintf(out + len, cap - len, "%s%s", len ? before : "", words);
}

const char *signal_figure(const struct signal *s, char out[64])
{
    char v[32], max[32];

    if (!s->known) {
        snprintf(out, 64, "unknown");
        return out;
    }
    quantity_format(s->value, s->unit, v);
    snprintf(out, 64, "%s%s", s->above ? ">" : "", v);
    if (!isnan(s->max) && (s->unit == UNIT_COUNT || s->unit == UNIT_NONE)) {
        words_add(out, 64, "/", quantity_format(s->max, s->unit, max));
    }
    words_add(out, 64, " ", text_str(&s->unit_word));
    return out;
}

const char *signal_note(const struct signal *s, char out[96])
{
    char a[32], share[72];

    out[0] = '\0';
    if (!s->known) {
        words_add(out, 96, "", text_str(&s->note));
        return out;
    }
    if (!isnan(s->num) && !isnan(s->den))
        snprintf(out, 96, "%s", share_format(s->num, s->den, s->share_unit, share));
    else
        words_add(out, 96, "", text_str(&s->note));
    if (s->window_ms > 0)
        words_add(out, 96, " · ", age_format(s->window_ms, a));
    return out;
}

enum style signal_style(const struct reading *r, const struct signal *s)
{
    if (r->state == STATE_STALE)
        return STYLE_STALE;
    if (!s->known)
        return STYLE_UNKNOWN;
    return s->level == LEVEL_WARN || s->level == LEVEL_CRIT ? style_level(s->level) : STYLE_PLAIN;
}

const char *age_words(int64_t now_ms, int64_t at_ms, char out[16])
{
    if (at_ms <= 0)
        return "-";
    return age_format(now_ms - at_ms, out);
}

const char *local_words(int64_t at_ms, char out[32])
{
    time_t t = (time_t)(at_ms / 1000);
    struct tm tm;

    out[0] = '\0';
    if (localtime_r(&t, &tm) && tm.tm_gmtoff != 0)
        strftime(out, 32, "%H:%M %Z", &tm);
    return out;
}

const struct service *service_root(const struct board *b, const struct service *s)
{
    if (s->affected_by < 0 || (size_t)s->affected_by >= b->n_services ||
        &b->services[s->affected_by] == s)
        return NULL;
    return &b->services[s->affected_by];
}

const struct text *service_title(const struct service *s)
{
    return s->title.len ? &s->title : &s->id;
}
