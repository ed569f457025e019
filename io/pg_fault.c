/* io/pg_fault.c: refusals of PostgreSQL in the words of an engineer on call. */
#include "io/pg_fault.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { PG_LINE = 400 };

/* What a code means, most special first; a code of two characters is a whole class. */
static const struct {
    char sqlstate[6];
    enum fault fault;
    const char *reason; /* NULL: the server's own words say it */
} pg_states[] = {
    { "28P01", FAULT_AUTH, "password rejected" },
    { "28000", FAULT_AUTH, "not let in" },
    { "3D000", FAULT_STATUS, "database missing" },
    { "53300", FAULT_FULL, NULL },
    { "53400", FAULT_STATUS, "a limit of the server" },
    { "53", FAULT_STATUS, "out of resources" },
    { "57014", FAULT_TIMEOUT, NULL },
    { "55P03", FAULT_TIMEOUT, "waits for a lock" },
    { "42501", FAULT_STATUS, "no permission" },
    { "57P01", FAULT_STATUS, "ended by an administrator" },
    { "57P02", FAULT_STATUS, "crashed" },
    { "57P03", FAULT_STATUS, "not ready" },
    { "57P04", FAULT_STATUS, "database dropped" },
    { "57P05", FAULT_STATUS, "idle session ended" },
    { "25006", FAULT_STATUS, "read-only" },
    { "40", FAULT_STATUS, "rolled back" },
    { "42P01", FAULT_STATUS, "table missing" },
    { "42703", FAULT_STATUS, "column missing" },
    { "42", FAULT_STATUS, "the query is wrong" },
    { "22", FAULT_STATUS, "the query is wrong" },
    { "XX", FAULT_STATUS, "internal error of the server" },
    { "F0", FAULT_STATUS, "internal error of the server" },
    { "58", FAULT_STATUS, "system error of the server" },
    { "08P01", FAULT_PROTOCOL, NULL },
};

/* 28000 is several things; what follows in the text is English in every server (lc_messages may
 * translate it: then the general reason stands with the server's words). */
static const struct {
    const char *part, *reason;
} pg_not_let_in[] = {
    { "no pg_hba.conf entry", "pg_hba.conf has no entry for us" },
    { "pg_hba.conf rejects", "pg_hba.conf rejects us" },
    { "does not exist", "role missing" },
    { "not permitted to log in", "role may not log in" },
};

bool pg_fault_sqlstate(const char *sqlstate, const char *message, enum fault *fault,
                       struct err *why)
{
    const char *reason = NULL;
    size_t line = strcspn(message, "\n");

    *fault = FAULT_STATUS;
    for (size_t i = 0; i < sizeof pg_states / sizeof *pg_states; i++)
        if (strncmp(sqlstate, pg_states[i].sqlstate, strlen(pg_states[i].sqlstate)) == 0) {
            *fault = pg_states[i].fault;
            reason = pg_states[i].reason;
            break;
        }
    if (strcmp(sqlstate, "28000") == 0)
        for (size_t i = 0; i < sizeof pg_not_let_in / sizeof *pg_not_let_in; i++)
            if (strstr(message, pg_not_let_in[i].part)) {
                reason = pg_not_let_in[i].reason;
                break;
            }
    if (line > PG_LINE)
        line = PG_LINE;
    if (reason)
        err_set(why, "%s: %.*s", reason, (int)line, message);
    else
        err_set(why, "%.*s", (int)line, message);
    return *fault == FAULT_AUTH;
}

/* "... FATAL:  28P01: password ...": the code after the severity, whatever its language. */
static const char *pg_fault_find_state(const char *text, char sqlstate[6])
{
    for (const char *at = strstr(text, ":  "); at; at = strstr(at + 1, ":  ")) {
        size_t n = strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ");

        if (n == 5 && strncmp(at + 8, ": ", 2) == 0) {
            memcpy(sqlstate, at + 3, 5);
            sqlstate[5] = '\0';
            return at + 10;
        }
    }
    sqlstate[0] = '\0';
    return NULL;
}

/* Errors of the system come as strerror()'s words. */
static const struct {
    int error;
    enum fault fault;
    const char *reason; /* NULL: those words */
} pg_errnos[] = {
    { ECONNREFUSED, FAULT_REFUSED, "refused" },
    { ENOENT, FAULT_REFUSED, "no such socket" }, /* nobody listens */
    { ECONNRESET, FAULT_RESET, "reset" },
    { EPIPE, FAULT_RESET },
    { ETIMEDOUT, FAULT_CONNECT_TIMEOUT },
    { EAGAIN, FAULT_CONNECT_TIMEOUT }, /* a unix socket whose queue is full */
    { ENETUNREACH, FAULT_UNREACHABLE },
    { EHOSTUNREACH, FAULT_UNREACHABLE },
    { ENETDOWN, FAULT_UNREACHABLE },
    { EADDRNOTAVAIL, FAULT_UNREACHABLE },
    { EACCES, FAULT_LOCAL },
    { EMFILE, FAULT_LOCAL },
    { ENFILE, FAULT_LOCAL },
    { ENOMEM, FAULT_LOCAL },
};

static const struct {
    const char *part;
    enum fault fault;
} pg_phrases[] = {
    { "expected authentication request", FAULT_PROTOCOL },
    { "no password supplied", FAULT_AUTH },
    { "root certificate file", FAULT_TLS },
    { "certificate", FAULT_TLS },
    { "SSL", FAULT_TLS },
    { "server closed the connection unexpectedly", FAULT_RESET },
    { "authentication", FAULT_AUTH },
    { "received invalid response", FAULT_PROTOCOL },
    { "lost synchronization", FAULT_PROTOCOL },
    { "session is not read-only", FAULT_STATUS },
    { "session is read-only", FAULT_STATUS },
    { "server is in hot standby mode", FAULT_STATUS },
    { "server is not in hot standby mode", FAULT_STATUS },
};

/* libpq tells where it tried before it tells what happened; where is known already. */
static const char *pg_fault_words(const char *text)
{
    const char *failed = strstr(text, " failed: ");

    if (strncmp(text, "connection to server ", 21) == 0 && failed)
        return failed + 9;
    return text;
}

bool pg_fault_connect(const char *text, char sqlstate[6], enum fault *fault, struct err *why)
{
    const char *said = pg_fault_find_state(text, sqlstate), *words = pg_fault_words(text);
    size_t line = strcspn(words, "\n");

    if (said)
        return pg_fault_sqlstate(sqlstate, said, fault, why);
    *fault = FAULT_RESET;
    err_set(why, "%.*s", (int)(line > PG_LINE ? PG_LINE : line), words);
    for (size_t i = 0; i < sizeof pg_errnos / sizeof *pg_errnos; i++)
        if (strstr(words, strerror(pg_errnos[i].error))) {
            *fault = pg_errnos[i].fault;
            if (pg_errnos[i].reason)
                err_set(why, "%s", pg_errnos[i].reason);
            return false;
        }
    for (size_t i = 0; i < sizeof pg_phrases / sizeof *pg_phrases; i++)
        if (strstr(words, pg_phrases[i].part)) {
            *fault = pg_phrases[i].fault;
            break;
        }
    return *fault == FAULT_AUTH;
}
