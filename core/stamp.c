/* core/stamp.c: a moment as RFC 3339 writes it. */
#include "core/stamp.h"

static const char stamp_form[] = "0000-00-00T00:00:00";

static bool stamp_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

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
        if (stamp_form[i] == '0'
                ? !stamp_is_digit(s[i])
                : s[i] != stamp_form[i] && !(i == 10 && (s[i] == ' ' || s[i] == 't')))
            return false;
    return true;
}

static int stamp_month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Since 1970. Of our own: timegm() takes a lock and many times as long, and there are logs with a
 * million lines. */
static int64_t stamp_days(int year, int month, int day)
{
    int y = year - (month <= 2), era = y / 400, of_era = y % 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1; /* from March on */

    return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static bool stamp_date(const char *s, int64_t *ms)
{
    int year = stamp_digits(s, 4), month = stamp_digits(s + 5, 2), day = stamp_digits(s + 8, 2);
    int hour = stamp_digits(s + 11, 2), min = stamp_digits(s + 14, 2),
        sec = stamp_digits(s + 17, 2);

    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > stamp_month_days(year, month) ||
        hour > 23 || min > 59 || sec > 60)
        return false;
    *ms = (((stamp_days(year, month, day) * 24 + hour) * 60 + min) * 60 + sec) * 1000;
    return true;
}

/* "", "Z", "+02:00", "+0200": what is left of the whole; false when something else is. */
static bool stamp_zone(const char *s, const char *end, int64_t *ms)
{
    int minutes, colon = end - s == 6;

    if (s == end || (end - s == 1 && (*s == 'Z' || *s == 'z')))
        return true;
    if (end - s != 5 + colon || (*s != '+' && *s != '-') || (colon && s[3] != ':') ||
        !stamp_is_digit(s[1]) || !stamp_is_digit(s[2]) || !stamp_is_digit(s[3 + colon]) ||
        !stamp_is_digit(s[4 + colon]))
        return false;
    minutes = stamp_digits(s + 1, 2) * 60 + stamp_digits(s + 3 + colon, 2);
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
    if (s + 1 < end && (*s == '.' || *s == ',') && stamp_is_digit(s[1])) {
        int scale = 100;

        for (s++; s < end && stamp_is_digit(*s); s++, scale /= 10)
            out += (*s - '0') * scale;
    }
    if (!stamp_zone(s, end, &out))
        return false;
    *ms = out;
    return true;
}
