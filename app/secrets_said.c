/* app/secrets_said.c: secrets that come back: a server that says a token back, a program that
 * prints its password, a log with one in it. None of that is drawn, told or kept.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/secrets_impl.h"
#include "core/alloc.h"
#include "core/buf.h"

enum {
    FORM_LEAST = 8,  /* bytes: a shorter one is a word that may stand anywhere */
    FORM_BEGUN = 12, /* what is cut begins like it for at least so long */
    FORM_MOST = 4096
};

static const char said_instead[] = "[secret]";

/* ---- forms ---- */

/* How many bytes of it stand at `at`, which ends with a NUL. */
static size_t form_common(const struct secrets *s, const struct form *f, const char *at)
{
    size_t n = 0;

    while (n < f->len && at[n] && (f->bytes[n] ^ s->key[n % SECRETS_KEY]) == (unsigned char)at[n])
        n++;
    return n;
}

/* Takes the bytes, which are wiped. */
static void secrets_add_form(struct secrets *s, char *bytes, size_t cap)
{
    size_t len = strlen(bytes);
    bool known = len < FORM_LEAST || s->n_forms == SECRETS_FORMS;

    if (!s->n_forms && getentropy(s->key, sizeof s->key) < 0)
        known = true; /* without a key nothing is kept */
    for (size_t i = 0; i < s->n_forms && !known; i++)
        known = s->forms[i].len == len && form_common(s, &s->forms[i], bytes) == len;
    if (!known) {
        struct form *f = &s->forms[s->n_forms++];

        f->bytes = xmalloc(len);
        f->len = len;
        s->begins[(unsigned char)bytes[0]] = true;
        for (size_t i = 0; i < len; i++)
            f->bytes[i] = (unsigned char)bytes[i] ^ s->key[i % SECRETS_KEY];
    }
    secret_wipe(bytes, cap);
    free(bytes);
}

void secrets_forms_fini(struct secrets *s)
{
    for (size_t i = 0; i < s->n_forms; i++)
        free(s->forms[i].bytes);
    s->n_forms = 0;
}

/* As the sanitizer leaves it. */
static void secrets_add_plain(struct secrets *s, const char *bytes, size_t len)
{
    size_t cap = 4 * len + 1;
    char *out = xcalloc(1, cap);

    text_clean(out, cap, bytes, len, NULL);
    secrets_add_form(s, out, cap);
}

static void secrets_add_percent(struct secrets *s, const char *bytes, size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t cap = 3 * len + 1, n = 0;
    char *out = xcalloc(1, cap);

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];

        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
            (c && strchr("-._~", c))) {
            out[n++] = (char)c;
        } else {
            out[n++] = '%';
            out[n++] = hex[c >> 4];
            out[n++] = hex[c & 15];
        }
    }
    secrets_add_form(s, out, cap);
}

/* Without the padding: who cuts that off is found too. */
static void secrets_add_base64(struct secrets *s, const char *bytes, size_t len)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t cap = (len + 2) / 3 * 4 + 1, n = 0;
    char *out = xcalloc(1, cap);
    uint32_t acc = 0;
    int bits = 0;

    for (size_t i = 0; i < len; i++) {
        acc = acc << 8 | (unsigned char)bytes[i];
        for (bits += 8; bits >= 6; bits -= 6)
            out[n++] = digits[acc >> (bits - 6) & 63];
    }
    if (bits)
        out[n++] = digits[acc << (6 - bits) & 63];
    secrets_add_form(s, out, cap);
}

void secrets_note(struct secrets *s, const struct secret *secret)
{
    const char *bytes = secret_reveal(secret), *colon;
    size_t len = secret_len(secret);

    if (len < FORM_LEAST || len > FORM_MOST)
        return;
    secrets_add_plain(s, bytes, len);
    secrets_add_percent(s, bytes, len);
    secrets_add_base64(s, bytes, len);
    colon = memchr(bytes, ':', len); /* user:password, of Basic */
    if (colon)
        secrets_add_plain(s, colon + 1, len - (size_t)(colon + 1 - bytes));
}

void secrets_handed(struct secrets *s, const char *value)
{
    const char *blank = strchr(value, ' '); /* "Bearer TOKEN" */

    for (const char *at = value; s && at; at = blank ? blank + 1 : NULL, blank = NULL) {
        struct secret *secret = secret_new(at, strlen(at));

        secrets_note(s, secret);
        secret_free(secret);
    }
}

/* ---- hiding ---- */

/* How much of one stands at `at`: all, or a beginning that is long enough to be it; else 0. */
static size_t secrets_longest(const struct secrets *s, const char *at)
{
    size_t most = 0;

    if (!s->begins[(unsigned char)*at]) /* of nearly every byte that is all */
        return 0;
    for (size_t i = 0; i < s->n_forms; i++) {
        size_t n = form_common(s, &s->forms[i], at);

        if (n > most && (n == s->forms[i].len || n >= FORM_BEGUN))
            most = n;
    }
    return most;
}

bool secrets_any(const struct secrets *s)
{
    return s && s->n_forms;
}

bool secrets_said(const struct secrets *s, const struct text *t)
{
    if (secrets_any(s) && t->len >= FORM_LEAST)
        for (const char *at = text_str(t); *at; at++)
            if (secrets_longest(s, at))
                return true;
    return false;
}

void secrets_hide(const struct secrets *s, struct text *t)
{
    struct buf b = { 0 };
    const char *at = text_str(t);

    if (!secrets_said(s, t))
        return;
    while (*at) {
        size_t n = secrets_longest(s, at);

        if (n)
            buf_adds(&b, said_instead);
        else
            buf_addc(&b, *at);
        at += n ? n : 1;
    }
    text_set(t, buf_str(&b), b.len);
    buf_fini(&b);
}
