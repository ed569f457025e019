/* probes/files_name.c: the moment that a name tells, against the one of the file system. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "probes/files_impl.h"

enum { HOUR_MS = 3600 * 1000, DAY_MS = 24 * HOUR_MS };
/* From the name's moment to the last write: a dump runs for hours; and clocks of two zones. */
enum { AGREE_AFTER_MS = 26 * HOUR_MS, AGREE_BEFORE_MS = 15 * HOUR_MS };

/* Exactly n digits at s; -1 = they are not there. */
static int files_digits(const char *s, int n)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)s[i]))
            return -1;
        v = v * 10 + s[i] - '0';
    }
    return v;
}

/* "20250106" or "2025-01-06"; returns how long it is, 0 = no date. */
static size_t files_day(const char *s, struct tm *tm)
{
    char sep = strnlen(s, 5) == 5 && strchr("-_.", s[4]) ? s[4] : '\0';
    int year = files_digits(s, 4), month, day;

    if (year < 0)
        return 0;
    if (sep && (strnlen(s, 8) < 8 || s[7] != sep))
        return 0;
    month = files_digits(s + (sep ? 5 : 4), 2);
    day = month < 0 ? -1 : files_digits(s + (sep ? 8 : 6), 2);
    if (year < 1990 || year > 2200 || month < 1 || month > 12 || day < 1 || day > 31)
        return 0;
    tm->tm_year = year - 1900;
    tm->tm_mon = month - 1;
    tm->tm_mday = day;
    return sep ? 10 : 8;
}

/* "_020000", "T02:00:00", "-0200"; false = no time of day follows. */
static bool files_hour(const char *s, struct tm *tm)
{
    int hour, minute, second = 0;
    bool sep;

    if (*s && strchr("-_T. ", *s))
        s++;
    hour = files_digits(s, 2);
    if (hour < 0)
        return false;
    sep = s[2] && strchr("-:._", s[2]);
    minute = files_digits(s + 2 + sep, 2);
    if (minute < 0)
        return false;
    s += 4 + sep;
    if (!sep || *s == s[-3])
        second = files_digits(s + (sep ? 1 : 0), 2);
    if (second < 0)
        second = 0;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    tm->tm_hour = hour;
    tm->tm_min = minute;
    tm->tm_sec = second;
    return true;
}

struct files_stamp files_stamp(const char *name, enum files_names zone)
{
    struct files_stamp out = { 0 };

    if (zone == FILES_NAME_NONE)
        return out;
    for (const char *s = name; *s; s++) {
        struct tm tm = { .tm_isdst = -1 };
        size_t len = s > name && isdigit((unsigned char)s[-1]) ? 0 : files_day(s, &tm);
        time_t at;

        if (!len)
            continue;
        out.told = true;
        out.to_the_day = !files_hour(s + len, &tm);
        at = zone == FILES_NAME_LOCAL ? mktime(&tm) : timegm(&tm);
        out.at_ms = (int64_t)at * 1000;
        return out;
    }
    return out;
}

void files_date(struct files_file *f, enum files_names zone)
{
    struct files_stamp s = files_stamp(f->name, zone);
    int64_t after_ms = f->mtime_ms - s.at_ms;
    char written[32];

    f->at_ms = f->mtime_ms;
    if (!s.told)
        return;
    if (after_ms < -AGREE_BEFORE_MS || after_ms > AGREE_AFTER_MS + (s.to_the_day ? DAY_MS : 0)) {
        BACKUP_SET(f->why, "its name tells another day than %.10s, when it was written",
                   stamp_format_utc(f->mtime_ms, written));
        return;
    }
    if (!s.to_the_day && after_ms > 0)
        f->at_ms = s.at_ms; /* when it began: that is what can be brought back */
}
