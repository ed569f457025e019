/* core/stamp.c: a moment as RFC 3339 writes it. */
#include "core/stamp.h"

#include <ctype.h>
#include <time.h>

static const char stamp_form[] = "0000-00-00T00:00:00";

static int stamp_digits(const char *s, int n)
{
    int out = 0;

    while (n-- > 0)
        out = out * 10 + (*s++ - '0');
    return out;
}

static bool stamp_has_form(const char *s)
{
    for (size_t i = 0; stamp_form[i]; i++)
        if (stamp_form[i] == '0' ? !isdigit((unsigned char)s[i])
                                 : s[i] != stamp_form[i] && !(i == 10 && s[i] == ' '))
            return false;
    return true;
}

static int stamp_month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool stamp_date(const char *s, int64_t *ms)
{
    struct tm tm = { .tm_year = stamp_digits(s, 4) - 1900,
                     .tm_mon = stamp_digits(s + 5, 2) - 1,
                     .tm_mday = stamp_digits(s + 8, 2),
                     .tm_hour = stamp_digits(s + 11, 2),
                     .tm_min = stamp_digits(s + 14, 2),
                     .tm_sec = stamp_digits(s + 17, 2) };

    if (tm.tm_year < 70 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 1 ||
        tm.tm_mday > stamp_month_days(tm.tm_year + 1900, tm.tm_mon + 1) || tm.tm_hour > 23 ||
        tm.tm_min > 59 || tm.tm_sec > 60)
        return false;
    *ms = (int64_t)timegm(&tm) * 1000;
    return true;
}

/* "", "Z", "+02:00": what is left of the whole; false when something else is. */
static bool stamp_zone(const char *s, const char *end, int64_t *ms)
{
    int minutes;

    if (s == end || (end - s == 1 && (*s == 'Z' || *s == 'z')))
        return true;
    if (end - s != 6 || (*s != '+' && *s != '-') || s[3] != ':' || !isdigit((unsigned char)s[1]) ||
        !isdigit((unsigned char)s[2]) || !isdigit((unsigned char)s[4]) ||
        !isdigit((unsigned char)s[5]))
        return false;
    minutes = stamp_digits(s + 1, 2) * 60 + stamp_digits(s + 4, 2);
    *ms -= (*s == '+' ? 1 : -1) * (int64_t)minutes * 60000;
    return minutes < 24 * 60;
}

bool stamp_parse(const char *s, size_t len, int64_t *ms)
{
    const char *end = s + len;
    int64_t out;

    if (len < sizeof stamp_form - 1 || !stamp_has_form(s) || !stamp_date(s, &out))
        return false;
    s += sizeof stamp_form - 1;
    if (s + 1 < end && (*s == '.' || *s == ',') && isdigit((unsigned char)s[1])) {
        int scale = 100;

        for (s++; s < end && isdigit((unsigned char)*s); s++, scale /= 10)
            out += (*s - '0') * scale;
    }
    if (!stamp_zone(s, end, &out))
        return false;
    *ms = out;
    return true;
}
