/* tests/harness/vtscreen.h: the screen of a terminal in memory, over libvterm 0.1.4.
 *
 * Units:   rows and columns count from 0; a colour is "" (default), "7" (palette) or "#rrggbb".
 * Errors:  none; out of memory ends the tool.
 * Owner:   strings that come out belong to the caller (free).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct vtscreen;

/* `reply` gets what the terminal answers by itself (cursor report, device attributes) and what keys
 * turn into. */
struct vtscreen *vtscreen_new(int cols, int rows, void (*reply)(void *arg, const char *s, size_t n),
                              void *arg);
void vtscreen_free(struct vtscreen *s);
void vtscreen_feed(struct vtscreen *s, const char *bytes, size_t n);
void vtscreen_resize(struct vtscreen *s, int cols, int rows);
/* A key by name (Up, Enter, F5, C-c, M-x, Space ...); false when there is no such name. */
bool vtscreen_key(struct vtscreen *s, const char *name);
void vtscreen_paste(struct vtscreen *s, bool start); /* brackets, when the program asked for them */
bool vtscreen_alternate(const struct vtscreen *s);
/* All rows, right-trimmed, joined by newlines. */
char *vtscreen_text(const struct vtscreen *s);
/* Members of a JSON object, without braces: size, cursor, modes, text, and styles or cells. */
void vtscreen_dump(const struct vtscreen *s, bool cells, FILE *out);
void json_string(FILE *out, const char *s, size_t n); /* quoted; bad UTF-8 becomes U+FFFD */
