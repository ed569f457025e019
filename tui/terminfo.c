/* tui/terminfo.c: what ncurses' terminfo knows about the terminal.
 *
 * Of ncurses this is the terminfo half alone: it keeps no screen, installs no signal handler and
 * writes nothing.
 */
#include "tui/terminfo.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

/* Without its padding ($<5>). What does not fit is left out. */
static void terminfo_add(char out[PEN_BYTES], const char *s)
{
    size_t len = strlen(out);

    if (!s || s == (const char *)-1)
        return;
    while (*s && len + 1 < PEN_BYTES) {
        if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
            s = strchr(s, '>') + 1;
        else
            out[len++] = *s++;
    }
    out[len] = '\0';
}

static void terminfo_add_cap(char out[PEN_BYTES], const char *cap)
{
    terminfo_add(out, tigetstr(cap));
}

static bool terminfo_has(const char *cap)
{
    const char *s = tigetstr(cap);

    return s && s != (const char *)-1;
}

static int terminfo_colors(void)
{
    int n = terminfo_has("setaf") && terminfo_has("setab") ? tigetnum("colors") : 0;

    if (n > 256) /* direct colours: an index is no palette's */
        return 16;
    return n >= 256 ? 256 : n >= 16 ? 16 : n >= 8 ? 8 : 0;
}

static void terminfo_strings(struct terminfo *ti)
{
    terminfo_add_cap(ti->off, "sgr0");
    terminfo_add_cap(ti->clear, "clear");

    terminfo_add_cap(ti->enter, "smcup");
    terminfo_add_cap(ti->enter, "civis");
    terminfo_add(ti->enter, "\033[?2004h");

    terminfo_add(ti->leave, "\033\\"); /* ends a sequence that was cut off half-way */
    terminfo_add_cap(ti->leave, "sgr0");
    terminfo_add_cap(ti->leave, "op");
    terminfo_add(ti->leave, "\033[?2004l");
    terminfo_add_cap(ti->leave, "cnorm");
    if (!terminfo_has("smcup"))
        terminfo_add_cap(ti->leave, "clear");
    terminfo_add_cap(ti->leave, "rmcup");
}

bool terminfo_load(struct terminfo *ti, struct err *err)
{
    const char *type = getenv("TERM");
    int found;

    if (!type || !*type)
        return err_set(err, "TERM is not set");
    if (setupterm(type, STDOUT_FILENO, &found) != OK)
        return err_set(err, "TERM '%s' is not known here", type);
    ti->loaded = cur_term;
    if (!terminfo_has("cup") || !terminfo_has("clear") || tigetflag("hc") > 0)
        return err_set(err, "a terminal of type '%s' cannot place its cursor", type);
    /* the cursor is placed, pastes are bracketed and half a sequence is ended in the words of
     * ECMA-48 */
    if (strncmp(tigetstr("cup"), "\033[", 2) != 0)
        return err_set(err, "a terminal of type '%s' does not speak ANSI", type);
    ti->colors = terminfo_colors();
    ti->scrolls = tigetflag("am") > 0 && tigetflag("xenl") <= 0;
    terminfo_strings(ti);
    return true;
}

void terminfo_free(struct terminfo *ti)
{
    if (ti->loaded)
        del_curterm(ti->loaded);
    ti->loaded = NULL;
}

void terminfo_ink(const struct terminfo *ti, const struct paint *p, struct pen_ink *out)
{
    static const struct {
        unsigned attr;
        int ncv; /* its bit among those that do not go with colours */
        const char *cap;
    } attrs[] = { { PAINT_BOLD, 32, "bold" },
                  { PAINT_DIM, 16, "dim" },
                  { PAINT_REVERSE, 4, "rev" },
                  { PAINT_UNDERLINE, 2, "smul" } };
    bool coloured = ti->colors >= 8 && (p->fg >= 0 || p->bg >= 0);
    int ncv = coloured && tigetnum("ncv") > 0 ? tigetnum("ncv") : 0;

    *out = (struct pen_ink){ .fg = coloured ? p->fg : -1, .bg = coloured ? p->bg : -1 };
    for (size_t i = 0; i < sizeof attrs / sizeof *attrs; i++) {
        if (!(p->attrs & attrs[i].attr) || (ncv & attrs[i].ncv) || !terminfo_has(attrs[i].cap))
            continue;
        out->attrs |= attrs[i].attr;
        terminfo_add_cap(out->on, attrs[i].cap);
    }
    if (out->fg >= 0)
        terminfo_add(out->on, tiparm(tigetstr("setaf"), out->fg));
    if (out->bg >= 0)
        terminfo_add(out->on, tiparm(tigetstr("setab"), out->bg));
}
