/* tests/tui/stage.h: a console with a board from a file, driven by the names of keys, in memory.
 *
 * The clock stands at the board's own instant; time zone UTC.
 */
#pragma once

#include "core/board_json.h"
#include "tui/console.h"

struct stage {
    struct board *board;
    struct console *console;
    struct canvas canvas;
    int64_t now_ms;
};

void stage_world(void); /* time zone and locale of the screens; first in main() */

/* `name`: tests/tui/boards/<name>.json. Fails the test when it cannot be read. */
struct board *stage_board(const char *name);
void stage_open(struct stage *s, const char *board, int w, int h, bool ascii);
void stage_close(struct stage *s);
/* "j Enter :theme|mono| Esc": blank-separated names of keys as in the key tables; |words| are typed
 * letter by letter. */
void stage_keys(struct stage *s, const char *keys);
void stage_draw(struct stage *s);
void stage_changed(struct stage *s);                        /* its board was changed in place */
void stage_reload(struct stage *s, struct board *b);        /* another one, which it takes */
bool stage_shows(const struct stage *s, const char *words); /* in one row */
/* On the screen that `key` opens: what the filter leaves, and what it hides. `always`: words that
 * stand there with each of them; or NULL. */
struct stage_filter {
    const char *filter, *seen, *unseen;
};
void stage_filters(const char *board, const char *key, const char *always,
                   const struct stage_filter *cases, size_t n);
void stage_answers(struct stage *s, const char *line, const char *words); /* :line, and Enter */
struct intent stage_intent(struct stage *s); /* the next one; fails the test when there is none */
void stage_no_intent(struct stage *s);
/* Compares cells and styles with tests/screens/<name>.txt; UPDATE=1 writes that file. */
void stage_is(struct stage *s, const char *name);
/* Every cell holds whole, printable characters and the rows are as wide as they should be. */
void stage_cells_are_sound(const struct canvas *c);
