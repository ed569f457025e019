/* tui/screen.h: what a screen is. Screens name commands, keys are a table, deeds are intents.
 *
 * The footer, the help page and the man page are made from the key tables, so that they cannot
 * drift. draw() takes a const view and decides nothing; command() changes the view.
 */
#pragma once

#include "widgets/canvas.h"

#include <stdbool.h>
#include <stddef.h>

struct view; /* tui/view.h */

enum command {
    CMD_NONE,
    CMD_NEXT,
    CMD_PREV,
    CMD_PAGE_DOWN,
    CMD_PAGE_UP,
    CMD_FIRST,
    CMD_LAST,
    CMD_OPEN,
    CMD_BACK,
    CMD_TAB,
    CMD_TAB_BACK,
    CMD_OVERVIEW,
    CMD_SERVICES,
    CMD_ALERTS,
    CMD_QUEUES,
    CMD_BACKUPS,
    CMD_TIMELINE,
    CMD_FILTER,
    CMD_COMMAND_LINE,
    CMD_HELP,
    CMD_PROBLEMS,
    CMD_FREEZE,
    CMD_COPY,
    CMD_ASK,
    CMD_ACK,
    CMD_SILENCE,
    CMD_NOTE,
    CMD_PAST_BACK,
    CMD_PAST_ON,
    CMD_MARK_BACK,
    CMD_MARK_ON,
    CMD_PAST,
    CMD_LIVE,
    CMD_CHANGES,
    CMD_WIDER,
    CMD_CLOSER,
    CMD_QUIT,
    CMD_SUSPEND,
    CMD_REDRAW,
    CMD_CANCEL
};

struct key {
    const char *key; /* as press_name() writes it */
    enum command command;
    const char *help; /* one line for help and man page */
    const char *foot; /* the footer's word; NULL = not in the footer. Equal neighbours share it */
};

struct screen_ops {
    const char *name;       /* "Overview" */
    char number;            /* '1'; 0 = no tab of its own */
    const struct key *keys; /* ends with {0} */
    void (*draw)(const struct view *v, struct rect r, struct canvas *c);
    /* True when the screen took the command; else the console does. */
    bool (*command)(struct view *v, enum command cmd);
    /* Scroll positions and selection after a press, a new board or a resize. */
    void (*settle)(struct view *v, struct rect r);
};

/* Every screen, and the keys that hold everywhere; NULL-terminated, for help, man page and tests.
 */
extern const struct screen_ops *const console_screens[];
extern const struct key console_keys[];

/* The command of a key, from a table; CMD_NONE when it has none. */
enum command key_command(const struct key *table, const char *name);
