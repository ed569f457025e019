/* tui/when.c: moments as they are typed. */
#include "tui/when.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/stamp.h"
#include "core/unit.h"

enum { WHEN_DAY_MS = 86400000, WHEN_MAX = 48 };

static bool when_digits(const char **s, int most, int *out)
{
    const char *at = *s;

    if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
        return false;
    *out = (at[0] - '0') * 10 + at[1] - '0';
    *s += 2;
    return *out <= most;
}

/* "02:09" and "02:09:31", and nothing behind it: seconds of a day, or -1. */
static int when_clock(const char *s)
{
    int h, m, sec = 0;

    if (!when_digits(&s, 23, &h) || *s++ != ':' || !when_digits(&s, 59, &m))
        return -1;
    if (*s == ':' && (s++, !when_digits(&s, 59, &sec)))
        return -1;
    return *s ? -1 : (h * 60 + m) * 60 + sec;
}

/* The last time it was so late, on the clock of UTC or of the wall. */
static bool when_last(int seconds, bool local, int64_t now_ms, int64_t *out_ms)
{
    time_t now = (time_t)(now_ms / 1000), at;
    struct tm tm;

    if (!local) {
        *out_ms = now_ms / WHEN_DAY_MS * WHEN_DAY_MS + (int64_t)seconds * 1000;
        *out_ms -= *out_ms > now_ms ? WHEN_DAY_MS : 0;
        return true;
    }
    for (int back = 0; back < 2; back++) { /* days of the wall are not all of one length */
        if (!localtime_r(&now, &tm))
            return false;
        tm.tm_mday -= back;
        tm.tm_hour = seconds / 3600;
        tm.tm_min = seconds / 60 % 60;
        tm.tm_sec = seconds % 60;
        tm.tm_isdst = -1;
        at = mktime(&tm);
        *out_ms = (int64_t)at * 1000;
        if (at != (time_t)-1 && *out_ms <= now_ms)
            return true;
    }
    return false;
}

/* "2026-11-22 02:09" lacks the seconds that a stamp has. */
static bool when_stamp(const char *s, int64_t *out_ms)
{
    size_t len = strlen(s);
    char full[WHEN_MAX];

    if (stamp_parse(s, len, out_ms))
        return true;
    if (len < 16 || (s[16] && s[16] != 'Z'))
        return false;
    snprintf(full, sizeof full, "%.16s:00%.1s", s, s + 16);
    return stamp_parse(full, strlen(full), out_ms);
}

bool when_parse(const char *s, int64_t now_ms, int64_t *out_ms, struct err *err)
{
    char word[WHEN_MAX];
    size_t len = strlen(s);
    bool local = false, ago;
    int64_t ms;
    int clock;

    while (len && s[len - 1] == ' ')
        len--;
    if (len > 6 && !strncasecmp(s + len - 6, " local", 6)) {
        local = true;
        len -= 6;
    }
    snprintf(word, sizeof word, "%.*s", (int)(len < WHEN_MAX ? len : WHEN_MAX - 1), s);
    clock = when_clock(word);
    if (clock >= 0 && when_last(clock, local, now_ms, out_ms))
        return true;
    ago = !local && duration_parse(word + (word[0] == '-'), &ms, NULL) && ms >= 0;
    if (ago)
        *out_ms = now_ms - ms;
    else if (local || !when_stamp(word, out_ms))
        return err_set(err,
                       "'%s' is no time; write 15m for so long ago, 02:09 (UTC), 02:09 local, or "
                       "2026-11-22 02:09",
                       word);
    if (*out_ms > now_ms)
        return err_set(err, "'%s' has not been yet", word);
    return true;
}
