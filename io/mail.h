/* io/mail.h: one mail to a server that takes it from us, over SMTP. curl is named in io/mail.c too.
 *
 * It blocks, so it is done off the loop (io/errand.h), with a total deadline. TLS is demanded, from
 * the first byte (smtps) or by STARTTLS, unless `plain`; what a server says beyond its code is a
 * stranger's text and goes nowhere.
 *
 * Errors:  words without address, user or password: "refused: 550 at RCPT", "timeout at DATA",
 *          "tls: STARTTLS is not offered".
 * Owner:   everything in the spec is copied; mail_send() to mail_free(), which ends it untold.
 */
#pragma once

#include "core/err.h"
#include "core/secret.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct mail_spec {
    const char *url;  /* smtp://host[:port] or smtps://host[:port] */
    const char *from; /* of the envelope, as each of `to`: mail_address_check() */
    const char *const *to;
    size_t n_to;
    const char *user;              /* NULL = nobody logs in */
    const struct secret *password; /* of that user */
    const char *ca_file;           /* NULL = the system's */
    const char *bytes;             /* the mail, header and body, lines ending in CR LF */
    size_t len;
    bool plain; /* without TLS */
};

struct mail_result {
    bool ok;
    bool refused; /* for good: what says so now will say so again */
    struct err words;
};

struct mail;
typedef void mail_done(void *arg, const struct mail_result *r);

/* Answers later, never inside this call. */
struct mail *mail_send(struct io *io, const struct mail_spec *spec, int64_t timeout_ms,
                       mail_done *done, void *arg);
void mail_free(struct mail *m); /* no callback comes any more; NULL is fine */

/* One address and nothing else: name@host, in ASCII, without quotes, blanks or a second one. */
bool mail_address_check(const char *address, struct err *err);
