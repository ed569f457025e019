/* app/message_mail.c: alerts as a mail (RFC 5322): plain text, in UTF-8 and quoted-printable. */
#include "app/message.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/hash.h"
#include "core/unit.h"

enum {
    MAIL_LINE = 76,    /* of an encoded line; and what a header may take before it is folded */
    MAIL_WORD = 45,    /* bytes in one encoded word: 60 characters */
    MAIL_SUBJECT = 200 /* bytes */
};

/* ---- headers ---- */

static void mail_base64(struct buf *out, const unsigned char *s, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        unsigned v =
            (unsigned)s[i] << 16 | (left > 1 ? s[i + 1] << 8 : 0) | (left > 2 ? s[i + 2] : 0);

        buf_addc(out, digits[v >> 18 & 63]);
        buf_addc(out, digits[v >> 12 & 63]);
        buf_addc(out, left > 1 ? digits[v >> 6 & 63] : '=');
        buf_addc(out, left > 2 ? digits[v & 63] : '=');
    }
}

static bool mail_is_plain(const char *s)
{
    for (const char *c = s; *c; c++)
        if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            return false;
    return !strstr(s, "=?");
}

/* As it is where that is ASCII, else in encoded words (RFC 2047), none of which parts a character.
 */
static void mail_words(struct buf *out, const char *s)
{
    size_t len = strlen(s);

    if (mail_is_plain(s)) {
        buf_adds(out, s);
        return;
    }
    for (size_t at = 0; at < len;) {
        size_t n = len - at < MAIL_WORD ? len - at : MAIL_WORD;

        while (at + n < len && n > 1 && ((unsigned char)s[at + n] & 0xc0) == 0x80)
            n--;
        buf_addf(out, "%s=?UTF-8?B?", at ? "\r\n " : "");
        mail_base64(out, (const unsigned char *)s + at, n);
        buf_adds(out, "?=");
        at += n;
    }
}

/* In the words of the standard, whatever the language here. */
static void mail_date(struct buf *out, int64_t at_ms)
{
    static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t t = (time_t)(at_ms / 1000);
    struct tm tm;

    if (!gmtime_r(&t, &tm))
        return;
    buf_addf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void mail_addresses(struct buf *out, const struct message_envelope *e)
{
    buf_addf(out, "From: midwatch <%s>\r\nTo: ", e->from);
    for (size_t i = 0; i < e->n_to; i++)
        buf_addf(out, "%s<%s>", i ? ",\r\n " : "", e->to[i]);
    buf_adds(out, "\r\n");
}

static void mail_atom(struct buf *out, const char *s)
{
    for (; *s; s++)
        buf_addc(out, strchr("abcdefghijklmnopqrstuvwxyz0123456789-_", *s) ? *s : '-');
}

/* The name of a thread: of one firing of one alert. */
static void mail_thread(struct buf *out, const struct message *m, const struct message_item *i,
                        const char *more, const char *host)
{
    buf_addf(out, "<midwatch%s.", m->test ? ".test" : "");
    mail_atom(out, text_str(&m->board->watch));
    buf_addc(out, '.');
    mail_atom(out, i->id); /* out of the journal, perhaps: nothing in it ends the line */
    buf_addf(out, ".%lld%s%s>", (long long)i->fired_ms, more, host);
}

static void mail_ids(struct buf *out, const struct message *m, const struct message_envelope *e)
{
    const struct message_item *first = &m->items[0];
    const char *host = strchr(e->from, '@');
    uint64_t h = HASH_START;
    char more[48] = "";

    if (m->n > 1 || first->action != MESSAGE_TRIGGER) {
        for (size_t i = 0; i < m->n; i++) {
            h = hash_string(h, m->items[i].id);
            h = hash_add(h, (uint64_t)m->items[i].fired_ms << 2 | (uint64_t)m->items[i].action);
            h = hash_add(h, (uint64_t)m->items[i].reminder);
        }
        snprintf(more, sizeof more, ".%s.%016llx", message_word(first->action),
                 (unsigned long long)h);
    }
    buf_adds(out, "Message-ID: ");
    mail_thread(out, m, first, more, host);
    buf_adds(out, "\r\n");
    if (!*more)
        return;
    buf_adds(out, "In-Reply-To: ");
    mail_thread(out, m, first, "", host);
    buf_adds(out, "\r\nReferences:");
    for (size_t i = 0; i < m->n && i < MESSAGE_LISTED; i++) {
        buf_adds(out, i ? "\r\n " : " ");
        mail_thread(out, m, &m->items[i], "", host);
    }
    buf_adds(out, "\r\n");
}

static void mail_subject(struct buf *out, const struct message *m)
{
    char subject[MAIL_SUBJECT + 1];
    struct text line = { 0 };

    message_line(m, &line);
    text_clean(subject, sizeof subject, text_str(&line), line.len, NULL);
    buf_adds(out, "Subject: ");
    mail_words(out, subject);
    buf_adds(out, "\r\n");
    text_fini(&line);
}

/* ---- the body ---- */

/* Quoted-printable: every line short, nothing at an end of one that is lost on the way, no line
 * that begins with "From " or a dot. */
static void mail_quoted(struct buf *out, const char *s)
{
    size_t col = 0;

    for (; *s; s++) {
        bool end = !s[1] || s[1] == '\n';
        bool plain = *s >= ' ' && *s < 0x7f && *s != '=' && !(*s == ' ' && end) &&
                     !(col == 0 && (*s == '.' || *s == 'F'));

        if (*s == '\n') {
            buf_adds(out, "\r\n");
            col = 0;
            continue;
        }
        if (col + (plain ? 1 : 3) > MAIL_LINE - 1) {
            buf_adds(out, "=\r\n");
            col = 0;
            plain = plain && *s != '.' && *s != 'F';
        }
        if (plain)
            buf_addc(out, *s);
        else
            buf_addf(out, "=%02X", (unsigned char)*s);
        col += plain ? 1 : 3;
    }
}

static void mail_item(struct buf *out, const struct message *m, const struct message_item *i)
{
    const struct alert *a = i->alert;
    struct text line = { 0 };
    char stamp[32];

    message_item_line(m, i, &line);
    buf_addf(out, "%s\n", text_str(&line));
    if (a && a->rule.len)
        buf_addf(out, "  rule: %s\n", text_str(&a->rule));
    if (i->fired_ms)
        buf_addf(out, "  since: %s\n", stamp_format_utc(i->fired_ms, stamp));
    if (a && a->ack.at_ms)
        buf_addf(out, "  acknowledged by: %s\n", text_str(&a->ack.who));
    if (a && a->runbook.len)
        buf_addf(out, "  runbook: %s\n", text_str(&a->runbook));
    text_fini(&line);
}

static void mail_body(struct buf *out, const struct message *m)
{
    struct buf words = { 0 };

    if (m->test)
        buf_adds(&words, "This is a test: nothing has happened.\n\n");
    for (size_t i = 0; i < m->n && i < MESSAGE_LISTED; i++)
        mail_item(&words, m, &m->items[i]);
    if (m->n > MESSAGE_LISTED)
        buf_addf(&words, "and %zu more\n", m->n - MESSAGE_LISTED);
    buf_addf(&words, "\n-- \nmidwatch %s (%s)\n", text_str(&m->board->watch),
             text_str(&m->board->environment));
    if (m->head)
        buf_addf(&words, "journal %s\n", m->head);
    mail_quoted(out, buf_str(&words));
    buf_fini(&words);
}

void message_mail(const struct message *m, const struct message_envelope *e, struct buf *out)
{
    mail_date(out, e->now_ms);
    mail_addresses(out, e);
    mail_subject(out, m);
    mail_ids(out, m, e);
    buf_adds(out, "Auto-Submitted: auto-generated\r\n"
                  "MIME-Version: 1.0\r\n"
                  "Content-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    mail_body(out, m);
}
