/* core/healthbody_words.c: the words of health, and how plain text uses them. */
#include "core/healthbody_impl.h"

#include <string.h>
#include <strings.h>

enum { HEALTHBODY_WORD = 40, HEALTHBODY_LINE = 100, HEALTHBODY_LINES = 500 };

static const struct {
    const char *word; /* lower case, blanks and hyphens as '_' */
    enum state state;
} healthbody_words[] = {
    { "ok", STATE_UP },
    { "okay", STATE_UP },
    { "up", STATE_UP },
    { "pass", STATE_UP },
    { "passed", STATE_UP },
    { "passing", STATE_UP },
    { "healthy", STATE_UP },
    { "true", STATE_UP },
    { "success", STATE_UP },
    { "successful", STATE_UP },
    { "succeeded", STATE_UP },
    { "ready", STATE_UP },
    { "available", STATE_UP },
    { "working", STATE_UP },
    { "running", STATE_UP },
    { "started", STATE_UP },
    { "alive", STATE_UP },
    { "live", STATE_UP },
    { "green", STATE_UP },
    { "good", STATE_UP },
    { "normal", STATE_UP },
    { "operational", STATE_UP },
    { "online", STATE_UP },
    { "active", STATE_UP },
    { "serving", STATE_UP },
    { "connected", STATE_UP },
    { "reachable", STATE_UP },
    { "imok", STATE_UP },
    { "health_ok", STATE_UP },
    { "pong", STATE_UP },
    { "warn", STATE_DEGRADED },
    { "warning", STATE_DEGRADED },
    { "degraded", STATE_DEGRADED },
    { "degraded_performance", STATE_DEGRADED },
    { "partial", STATE_DEGRADED },
    { "partially_available", STATE_DEGRADED },
    { "partial_outage", STATE_DEGRADED },
    { "yellow", STATE_DEGRADED },
    { "shutting_down", STATE_DEGRADED },
    { "initializing", STATE_DEGRADED },
    { "pre_initializing", STATE_DEGRADED },
    { "health_warn", STATE_DEGRADED },
    { "draining", STATE_DEGRADED },
    { "starting", STATE_DEGRADED },
    { "restarting", STATE_DEGRADED },
    { "down", STATE_DOWN },
    { "fail", STATE_DOWN },
    { "failed", STATE_DOWN },
    { "failing", STATE_DOWN },
    { "failure", STATE_DOWN },
    { "error", STATE_DOWN },
    { "errored", STATE_DOWN },
    { "unhealthy", STATE_DOWN },
    { "critical", STATE_DOWN },
    { "unavailable", STATE_DOWN },
    { "crashed", STATE_DOWN },
    { "false", STATE_DOWN },
    { "out_of_service", STATE_DOWN },
    { "timeout", STATE_DOWN },
    { "timed_out", STATE_DOWN },
    { "red", STATE_DOWN },
    { "major_outage", STATE_DOWN },
    { "dead", STATE_DOWN },
    { "offline", STATE_DOWN },
    { "unreachable", STATE_DOWN },
    { "disconnected", STATE_DOWN },
    { "not_ready", STATE_DOWN },
    { "not_ok", STATE_DOWN },
    { "not_serving", STATE_DOWN },
    { "refused", STATE_DOWN },
    { "broken", STATE_DOWN },
    { "fatal", STATE_DOWN },
    { "stopped", STATE_DOWN },
    { "health_err", STATE_DOWN },
    { "ko", STATE_DOWN },
    { "nok", STATE_DOWN },
    { "unknown", STATE_UNKNOWN },
    { "undetermined", STATE_UNKNOWN },
    { "maintenance", STATE_DISABLED },
    { "under_maintenance", STATE_DISABLED },
    { "paused", STATE_DISABLED },
    { "disabled", STATE_DISABLED },
    { "skipped", STATE_DISABLED },
    { "skip", STATE_DISABLED },
    { "ignored", STATE_DISABLED },
    { "not_applicable", STATE_DISABLED },
    { "n/a", STATE_DISABLED },
};

static bool healthbody_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool healthbody_word(const char *word, size_t len, enum state *out)
{
    char folded[HEALTHBODY_WORD];
    size_t n = 0;

    *out = STATE_UNKNOWN;
    while (len && healthbody_is_blank(*word)) {
        word++;
        len--;
    }
    while (len && (healthbody_is_blank(word[len - 1]) || strchr(".!", word[len - 1])))
        len--;
    if (len == 0 || len >= sizeof folded || memchr(word, '\0', len)) /* NUL hides what follows */
        return false;
    for (; n < len; n++) {
        char c = word[n];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        folded[n] = c == ' ' || c == '-' ? '_' : c;
    }
    folded[n] = '\0';
    for (size_t i = 0; i < sizeof healthbody_words / sizeof *healthbody_words; i++) {
        if (*folded == *healthbody_words[i].word && strcmp(folded, healthbody_words[i].word) == 0) {
            *out = healthbody_words[i].state;
            return true;
        }
    }
    return false;
}

/* As much as fits, cut at a character; a NUL, which would hide what follows, as a question mark. */
static void healthbody_copy(char *out, size_t cap, const char *s, size_t len)
{
    if (len >= cap)
        for (len = cap - 1; len && (s[len] & 0xc0) == 0x80;)
            len--;
    for (size_t i = 0; i < len; i++)
        out[i] = s[i] ? s[i] : '?';
    out[len] = '\0';
}

struct opinion healthbody_opinion_word(const char *s, size_t len)
{
    struct opinion o = { .there = true };

    o.known = healthbody_word(s, len, &o.state);
    o.ignored = o.known && o.state == STATE_DISABLED;
    healthbody_copy(o.word, sizeof o.word, s, len);
    return o;
}

static bool healthbody_among(const char *s, size_t len, const char *const *words)
{
    for (; *words; words++)
        if (strlen(*words) == len && strncasecmp(s, *words, len) == 0)
            return true;
    return false;
}

/* Good words that say so also at the head of a line. "Active connections: 291" says nothing. */
static bool healthbody_leads(const char *s, size_t len)
{
    static const char *const words[] = { "ok",    "okay",  "up",     "healthy",
                                         "ready", "alive", "passed", NULL };

    return healthbody_among(s, len, words);
}

static bool healthbody_denies(const char *s, size_t len)
{
    static const char *const words[] = { "not",    "no",   "without", "never",   "cannot", "0",
                                         "unable", "none", "nothing", "neither", "nor",    NULL };

    return healthbody_among(s, len, words) || (len > 3 && strncasecmp(s + len - 3, "n't", 3) == 0);
}

/* What is good to be without: "no problems found and all systems operational" denies only them. */
static bool healthbody_is_trouble(const char *s, size_t len)
{
    static const char *const words[] = { "problem",  "problems",  "issue",    "issues",
                                         "errors",   "warnings",  "failures", "alerts",
                                         "incident", "incidents", "alarms",   NULL };

    return healthbody_among(s, len, words);
}

/* Words after which a good one is hoped for and not told: "waiting for the database to be ready",
 * "available soon". */
static bool healthbody_hopes(const char *s, size_t len)
{
    static const char *const words[] = { "waiting", "wait",     "waits",   "awaiting", "until",
                                         "till",    "unless",   "if",      "when",     "whether",
                                         "before",  "once",     "soon",    "yet",      "almost",
                                         "nearly",  "becoming", "getting", "trying",   "will",
                                         "would",   "shall",    "should",  "may",      "might",
                                         "being",   "expected", NULL };

    return healthbody_among(s, len, words);
}

static bool healthbody_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Between two words? The ' of "isn't" is not. */
static bool healthbody_is_between(const char *s, size_t len, size_t at)
{
    if (s[at] == '\'')
        return at == 0 || at + 1 >= len || !healthbody_is_letter(s[at - 1]) ||
               !healthbody_is_letter(s[at + 1]);
    return strchr(" \t\r,;:()[]\"", s[at]) != NULL;
}

/* The next word of a line: where it begins, and its length without what ends a sentence. */
static size_t healthbody_next(const char *s, size_t len, size_t *at, const char **word)
{
    size_t from, end;

    do {
        while (*at < len && healthbody_is_between(s, len, *at))
            (*at)++;
        for (from = *at; *at < len && !healthbody_is_between(s, len, *at);)
            (*at)++;
        for (end = *at; end > from && strchr(".!?", s[end - 1]);)
            end--;
    } while (end == from && *at < len);
    *word = s + from;
    return end - from;
}

/* Is the word the last of its clause? What was denied there is not what follows. */
static bool healthbody_ends(const char *word, size_t n, const char *end)
{
    return (word + n < end && strchr(",;:.!?", word[n])) || (n == 1 && *word == '-');
}

/* What the words before say about the next one. */
struct prose {
    bool denied; /* a "not" speaks to the end of its clause, or to the word that it turns */
    bool right_before;
    bool hoped; /* to the end of the line: "if it answers, it is up" does not say so */
};

static void healthbody_prose_step(struct prose *p, const char *word, size_t n, const char *end,
                                  bool known)
{
    bool spent = known || (p->right_before && healthbody_is_trouble(word, n));

    p->right_before = healthbody_denies(word, n);
    p->hoped = p->hoped || healthbody_hopes(word, n);
    if (p->right_before)
        p->denied = true;
    else if (spent || healthbody_ends(word, n, end))
        p->denied = false;
}

/* "not yet ready" is as bad as "not ready", and "no connection to it is available" too. "no error"
 * is no news, but "did not answer, error" is: only right before a bad word is it taken back. */
static enum state healthbody_prose_state(const struct prose *p, enum state state)
{
    if (state == STATE_UP && p->denied)
        return STATE_DOWN;
    if (state != STATE_UP && !p->right_before)
        return state;
    return p->hoped ? STATE_UNKNOWN : STATE_UP;
}

struct opinion healthbody_opinion_prose(const char *s, size_t len)
{
    struct opinion whole = healthbody_opinion_word(s, len);
    enum state worst = STATE_UP, state;
    bool first = false, last = false, disabled = false;
    struct prose before = { .hoped = memchr(s, '\0', len) }; /* not text: nothing good in it */
    const char *word;
    size_t at = 0, n;

    if (whole.known || len > HEALTHBODY_LINE)
        return whole;
    for (bool head = true; (n = healthbody_next(s, len, &at, &word)) > 0; head = false) {
        last = healthbody_word(word, n, &state);
        if (last)
            state = healthbody_prose_state(&before, state);
        if (last && (state != STATE_UP || !head || healthbody_leads(word, n))) {
            first = first || head;
            worst = healthbody_worse(worst, state);
            disabled = disabled || state == STATE_DISABLED;
        }
        healthbody_prose_step(&before, word, n, s + len, last);
    }
    whole.known = first || last;
    whole.state = !whole.known ? STATE_UNKNOWN : worst;
    if (whole.known && worst == STATE_UP && disabled)
        whole.state = STATE_DISABLED;
    whole.ignored = whole.state == STATE_DISABLED;
    return whole;
}

/* "[+]etcd ok" and "[-]etcd failed: reason withheld" */
static void healthbody_check_line(struct healthbody_walk *w, const char *s, size_t len)
{
    char name[HEALTHBODY_NAME];
    struct opinion o = { .there = true,
                         .known = true,
                         .state = s[1] == '+' ? STATE_UP : STATE_DOWN };
    size_t n = 3;

    while (n < len && s[n] != ' ')
        n++;
    healthbody_copy(name, sizeof name, s + 3, n - 3);
    while (n < len && s[n] == ' ')
        n++;
    healthbody_copy(o.word, sizeof o.word, s + n, len - n);
    healthbody_part(w, name, &o, NULL, 0, UNIT_NONE);
}

static bool healthbody_is_html(const char *body, size_t len, const char *content_type)
{
    if (len && *body == '<')
        return true;
    /* Frameworks call a plain "OK" or JSON text/html; a page has tags. */
    return content_type && strcasestr(content_type, "html") && memchr(body, '<', len);
}

static bool healthbody_is_check(const char *s, size_t len)
{
    return len > 3 && s[0] == '[' && (s[1] == '+' || s[1] == '-') && s[2] == ']';
}

/* What the lines come to. `said` is the worst of those that are no check. */
static void healthbody_text_settle(struct healthbody_walk *w, const struct opinion *said,
                                   size_t lines)
{
    struct healthbody *h = w->out;

    text_sets(&h->word, said->known || lines == 1 ? said->word : "");
    if (w->counted) { /* the last line only repeats them */
        h->state = healthbody_worse(w->worst, said->known ? said->state : STATE_UP);
        healthbody_why_parts(h);
        if (h->state != STATE_UP && !*text_str(&h->why))
            text_sets(&h->why, said->word);
        return;
    }
    h->state = said->state;
    if (!said->there)
        text_sets(&h->why, "the body is empty");
    else if (!said->known && lines > 1)
        text_sets(&h->why, "no status in the body");
    else if (!said->known)
        text_setf(&h->why, "'%s' is not a known status", said->word);
    else if (said->state != STATE_UP)
        text_sets(&h->why, said->word);
}

bool healthbody_text(struct healthbody_walk *w, const char *body, size_t len,
                     const char *content_type)
{
    struct healthbody *h = w->out;
    struct opinion said = { 0 };
    size_t lines = 0, i = 0;

    if (healthbody_is_html(body, len, content_type))
        return false;
    for (; i < len && lines < HEALTHBODY_LINES; lines++) {
        const char *s = body + i, *nl = memchr(s, '\n', len - i);
        size_t n = nl ? (size_t)(nl - s) : len - i;
        struct opinion o;

        i += n + 1;
        while (n && healthbody_is_blank(s[n - 1]))
            n--;
        if (n == 0)
            continue;
        if (healthbody_is_check(s, n)) {
            healthbody_check_line(w, s, n);
            continue;
        }
        o = healthbody_opinion_prose(s, n);
        if (!said.there)
            said = o;
        else if (said.known && o.known && healthbody_worse(said.state, o.state) != said.state)
            said = o;
    }
    healthbody_text_settle(w, &said, lines);
    if (i < len && h->state == STATE_UP) { /* what was not read may say otherwise */
        h->state = STATE_UNKNOWN;
        text_setf(&h->why, "more than %d lines", HEALTHBODY_LINES);
    }
    return true;
}
