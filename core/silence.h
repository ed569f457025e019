/* core/silence.h: a silence: for a while nobody is told of the alerts that it hits. It hides
 * nothing: they are judged, recorded and shown as they are, with who silenced them, until when and
 * why.
 *
 * It is made by a person, and stands in the journal, or is a window of maintenance of the
 * configuration. `alert=api-5xx severity=SEV-1`: all that is said must hold, and something has to
 * be said.
 *
 * Units:   Unix milliseconds.
 * Errors:  what would work, for the person who types.
 * Owner:   the board owns its silences and their texts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "core/text.h"

struct alert;
struct board;

enum { SILENCE_REASON_MIN = 3, SILENCES_MAX = 200 };
#define SILENCE_MIN_MS 1000LL
#define SILENCE_MAX_MS (7 * 86400000LL)

struct silence_match { /* exact; an empty one says nothing */
    struct text alert, service, severity;
};

struct silence {
    struct text id;
    struct silence_match match;
    struct text who, reason;
    int64_t since_ms, until_ms; /* it ends by itself at `until_ms` */
    bool planned;               /* of the configuration: nobody ends it by hand */
};

void silence_fini(struct silence *s);
void silence_copy(struct silence *to, const struct silence *from); /* `to`: initialized */
void silence_match_fini(struct silence_match *m);

/* "alert=api-5xx severity=SEV-1", `len` bytes of it, into a zeroed match. */
bool silence_match_parse(struct silence_match *m, const char *s, size_t len, struct err *err);
void silence_match_words(const struct silence_match *m, struct text *out); /* as it is typed */
bool silence_match_empty(const struct silence_match *m);
/* Of an empty one never. */
bool silence_match_hits(const struct silence_match *m, const struct board *b,
                        const struct alert *a);

bool silence_reason_check(const char *reason, struct err *err);
/* What every silence has to have, whoever wrote it. */
bool silence_check(const struct silence *s, struct err *err);

/* Onto the board, in the order in which they begin; one of the same id takes the place of the one
 * before. Takes its texts. False: there are too many, or it has ended already. */
bool board_silence(struct board *b, struct silence s);
bool board_unsilence(struct board *b, const char *id);         /* false: there is no such silence */
int board_find_silence(const struct board *b, const char *id); /* index, or -1 */
/* Those that ended are gone, and every alert knows the one that hits it and ends last. Returns the
 * next end; 0 = there is none. */
int64_t board_hush(struct board *b);
/* The silence that hits this alert of the board, or NULL. */
const struct silence *board_silenced(const struct board *b, const struct alert *a);
