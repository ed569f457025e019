/* tui/words.h: how states, values and ages read on a screen. Every state has a glyph, a word and a
 * style of its own, so that none of them needs colour.
 */
#pragma once

#include "core/board.h"
#include "widgets/canvas.h"

struct look {
    const char *glyph;
    const char *word; /* static */
    enum style style;
};

/* A profile's own words are those of the whole system and stand in the verdict; a row keeps the one
 * word that means the same in every profile. */
struct look look_state(enum state s);
/* A service that is explained by another looks `affected`. */
struct look look_service(const struct board *b, const struct service *s);
enum style style_level(enum level level);

/* The newest value: "8.2%", ">1 s", "20/20 clients", "unknown". */
const char *signal_figure(const struct signal *s, char out[64]);
/* "41 of 502 · 5m", "limit 5%", or the signal's own note; may be empty. */
const char *signal_note(const struct signal *s, char out[96]);
/* Of its figure; that of a reading nobody answered for is marked: it may be true no more. */
enum style signal_style(const struct reading *r, const struct signal *s);
/* What a signal is called on a screen: "API.errors" by the service and the probe that tells it;
 * with its own name added unless it is the first that this probe tells. NULL: the probe itself. */
void signal_label(const struct service *s, const struct reading *r, const struct signal *signal,
                  struct text *out);
/* A ratio over a window, such as an error rate. */
bool signal_is_ratio(const struct signal *s);

/* ASCII letters as capitals; others as they are. */
void words_upper(const struct text *from, struct text *to);
/* Age of an instant: "4m12s"; "-" for never. */
const char *age_words(int64_t now_ms, int64_t at_ms, char out[16]);
/* The same instant where we are, "13:13 AEDT"; "" where that is UTC. */
const char *local_words(int64_t at_ms, char out[32]);
/* The service that explains this one; NULL = none. */
const struct service *service_root(const struct board *b, const struct service *s);
/* The name that people gave, else the id; unique on a board. */
const struct text *service_title(const struct service *s);
