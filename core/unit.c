/* core/unit.c: durations, quantities and ages as people write and read them. */
#include "core/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { UNIT_COUNT_OF = UNIT_SECONDS + 1, UNIT_DIGITS_MAX = 30 };

static const char *const unit_names[UNIT_COUNT_OF] = {
    [UNIT_NONE] = "none",       [UNIT_COUNT] = "count", [UNIT_MS] = "ms",
    [UNIT_PERCENT] = "percent", [UNIT_BYTES] = "bytes", [UNIT_RATE] = "per_second",
    [UNIT_SECONDS] = "seconds",
};

struct unit_scale {
    const char *suffix;
    double factor;
};

/* Longest first, so that the exact form is found when writing. */
static const struct {
    const char *suffix;
    int64_t ms;
} unit_durations[] = {
    { "w", 7 * 86400000ll }, { "d", 86400000 }, { "h", 3600000 },
    { "m", 60000 },          { "s", 1000 },     { "ms", 1 },
};
enum { UNIT_DURATIONS = sizeof unit_durations / sizeof *unit_durations };

const char *unit_name(enum unit unit)
{
    return (unsigned)unit < UNIT_COUNT_OF ? unit_names[unit] : "none";
}

bool unit_parse_name(const char *s, enum unit *out)
{
    for (int i = 0; i < UNIT_COUNT_OF; i++) {
        if (strcmp(s, unit_names[i]) == 0) {
            *out = (enum unit)i;
            return true;
        }
    }
    return false;
}

static bool unit_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Index of the unit that begins at `s`, or -1. "ms" before "m". */
static int unit_duration_at(const char *s)
{
    size_t len = 0;

    while ((s[len] >= 'a' && s[len] <= 'z') || (s[len] >= 'A' && s[len] <= 'Z'))
        len++;
    for (int i = 0; i < UNIT_DURATIONS; i++)
        if (strlen(unit_durations[i].suffix) == len &&
            memcmp(s, unit_durations[i].suffix, len) == 0)
            return i;
    return -1;
}

static bool unit_duration_read(const char *s, int64_t *ms)
{
    int64_t sum = 0;
    int before = -1;

    if (!*s)
        return false;
    while (*s) {
        int64_t n = 0;
        int i;

        if (!unit_is_digit(*s))
            return false;
        for (; unit_is_digit(*s); s++) {
            if (n > INT64_MAX / 10 - 10)
                return false;
            n = n * 10 + (*s - '0');
        }
        i = unit_duration_at(s);
        if (i <= before || n > (INT64_MAX - sum) / unit_durations[i].ms) /* largest unit first */
            return false;
        sum += n * unit_durations[i].ms;
        s += strlen(unit_durations[i].suffix);
        before = i;
    }
    *ms = sum;
    return true;
}

static bool unit_is_number(const char *s)
{
    size_t digits = 0;

    if (*s == '-' || *s == '+')
        s++;
    for (; unit_is_digit(*s) || *s == '.'; s++)
        digits++;
    return digits && !*s;
}

bool duration_parse(const char *s, int64_t *ms, struct err *err)
{
    if (unit_duration_read(s, ms))
        return true;
    if (unit_is_number(s))
        return err_set(err, "'%.40s' has no unit; write 500ms, 30s, 15m or 24h", s);
    return err_set(err, "'%.40s' is not a duration; write 500ms, 30s, 15m or 24h", s);
}

const char *duration_format(int64_t ms, char out[32])
{
    uint64_t left = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    int n = 0;

    if (ms == 0)
        snprintf(out, 32, "0s");
    if (ms < 0)
        n = snprintf(out, 32, "-");
    for (int i = 1; i < UNIT_DURATIONS; i++) { /* no weeks: "30d", not "4w2d" */
        uint64_t each = (uint64_t)unit_durations[i].ms;

        if (left >= each)
            n += snprintf(out + n, 32 - (size_t)n, "%llu%s", (unsigned long long)(left / each),
                          unit_durations[i].suffix);
        left %= each;
    }
    return out;
}

/* "12s" at out[at]; returns where it ends. */
static size_t age_put(char out[16], size_t at, long long n, char unit)
{
    char digits[12];
    size_t i = sizeof digits;

    do
        digits[--i] = (char)('0' + n % 10);
    while (n /= 10);
    memcpy(out + at, digits + i, sizeof digits - i);
    at += sizeof digits - i;
    out[at++] = unit;
    out[at] = '\0';
    return at;
}

const char *age_format(int64_t ms, char out[16])
{
    long long s = ms > 0 ? ms / 1000 : 0, y;

    if (s < 60) {
        age_put(out, 0, s, 's');
    } else if (s < 3600) {
        size_t at = age_put(out, 0, s / 60, 'm');

        if (s % 60)
            age_put(out, at, s % 60, 's');
    } else if (s < 86400) {
        size_t at = age_put(out, 0, s / 3600, 'h');

        if (s / 60 % 60)
            age_put(out, at, s / 60 % 60, 'm');
    } else if (s < 365 * 86400ll) {
        age_put(out, 0, s / 86400, 'd');
    } else {
        y = s / (365 * 86400ll);
        age_put(out, 0, y < 99999 ? y : 99999, 'y');
    }
    return out;
}

/* A plain decimal number at the start of `s`; its length, or 0. No hex, no inf, no exponent, and no
 * help from the locale: "1.5" is one and a half everywhere. */
static size_t unit_number(const char *s, bool negative, double *out)
{
    size_t i = 0, digits = 0;
    double v = 0, place = 1;
    bool minus = negative && *s == '-';

    if (minus)
        i++;
    for (; unit_is_digit(s[i]); i++, digits++)
        v = v * 10 + (s[i] - '0');
    if (digits == 0)
        return 0;
    if (s[i] == '.' && unit_is_digit(s[i + 1])) {
        for (i++; unit_is_digit(s[i]); i++, digits++) {
            v = v * 10 + (s[i] - '0');
            place *= 10;
        }
    }
    if (digits > UNIT_DIGITS_MAX)
        return 0;
    *out = (minus ? -v : v) / place;
    return i;
}

static const struct unit_scale unit_ms_words[] = { { "us", 0.001 }, { "ms", 1 },      { "s", 1000 },
                                                   { "m", 60000 },  { "h", 3600000 }, { 0 } };
static const struct unit_scale unit_seconds_words[] = {
    { "ms", 0.001 }, { "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 }, { "w", 604800 }, { 0 }
};
static const struct unit_scale unit_percent_words[] = { { "%", 1 }, { 0 } };
static const struct unit_scale unit_rate_words[] = {
    { "/s", 1 }, { "/m", 1.0 / 60 }, { "/min", 1.0 / 60 }, { "/h", 1.0 / 3600 }, { 0 }
};
static const struct unit_scale unit_bytes_words[] = { { "B", 1 },
                                                      { "kB", 1e3 },
                                                      { "KB", 1e3 },
                                                      { "MB", 1e6 },
                                                      { "GB", 1e9 },
                                                      { "TB", 1e12 },
                                                      { "KiB", 1024 },
                                                      { "MiB", 1048576 },
                                                      { "GiB", 1073741824 },
                                                      { "TiB", 1099511627776.0 },
                                                      { 0 } };
static const struct unit_scale unit_bare_words[] = { { "", 1 }, { 0 } };

static const struct {
    const struct unit_scale *words;
    const char *what, *write;
} unit_forms[UNIT_COUNT_OF] = {
    [UNIT_NONE] = { unit_bare_words, "a number", "16 or 0.5" },
    [UNIT_COUNT] = { unit_bare_words, "a count", "16 or 1000" },
    [UNIT_MS] = { unit_ms_words, "a time", "500ms or 1.5s" },
    [UNIT_PERCENT] = { unit_percent_words, "a percentage", "5% or 0.5%" },
    [UNIT_BYTES] = { unit_bytes_words, "a size", "500MB, 2GB or 2GiB" },
    [UNIT_RATE] = { unit_rate_words, "a rate", "10/s or 30/m" },
    [UNIT_SECONDS] = { unit_seconds_words, "a time", "30s, 15m or 24h" },
};

const char *age_format_hours(int64_t ms, char out[16])
{
    enum { MINUTE = 60000, HOUR = 60 * MINUTE, DAYS = 72 * HOUR };
    int hours, minutes;

    if (ms < 10 * HOUR || ms > DAYS)
        return age_format(ms, out);
    hours = (int)(ms / HOUR);
    minutes = (int)(ms % HOUR / MINUTE);
    if (minutes)
        snprintf(out, 16, "%dh%dm", hours, minutes);
    else
        snprintf(out, 16, "%dh", hours);
    return out;
}

bool quantity_parse(const char *s, enum unit unit, double *out, struct err *err)
{
    double v;
    size_t n;
    int64_t ms;

    if ((unsigned)unit >= UNIT_COUNT_OF)
        unit = UNIT_NONE;
    n = unit_number(s, unit == UNIT_NONE, &v);
    if (n) {
        const char *suffix = s + n;

        if (*suffix == ' ' && suffix[1])
            suffix++;
        for (const struct unit_scale *w = unit_forms[unit].words; w->suffix; w++) {
            if (strcmp(suffix, w->suffix) == 0) {
                *out = v * w->factor;
                return true;
            }
        }
        if ((unit == UNIT_MS || unit == UNIT_SECONDS) && unit_duration_read(s, &ms)) {
            *out = unit == UNIT_MS ? (double)ms : (double)ms / 1000;
            return true;
        }
        if (!*suffix)
            return err_set(err, "'%.40s' has no unit; write %s", s, unit_forms[unit].write);
    }
    return err_set(err, "'%.40s' is not %s; write %s", s, unit_forms[unit].what,
                   unit_forms[unit].write);
}

/* "%.*f" of at most two decimals. Screens and replies are full of small numbers, for which printf
 * takes thousands of instructions; close to the middle between two figures it alone rounds right.
 */
static void unit_fixed(double v, int decimals, const char *suffix, char *out, size_t cap)
{
    static const int scales[] = { 1, 10, 100 };
    double x = v * scales[decimals];
    size_t n = strlen(suffix), at, len;
    char digits[16];
    int left;

    if (!(x >= 0 && x < 1e8) || signbit(v) || fabs(x - floor(x) - 0.5) < 1e-6 ||
        sizeof digits + n >= cap) {
        snprintf(out, cap, "%.*f%s", decimals, v, suffix);
        return;
    }
    left = (int)nearbyint(x);
    at = sizeof digits;
    for (int i = 0; left || i <= decimals; i++, left /= 10) {
        if (i == decimals && i)
            digits[--at] = '.';
        digits[--at] = (char)('0' + left % 10);
    }
    len = sizeof digits - at;
    memcpy(out, digits + at, len);
    memcpy(out + len, suffix, n + 1);
}

/* "1 204": digits in groups of three. */
static void unit_group(double v, char *out, size_t cap)
{
    char raw[40];
    int len, n = 0;

    unit_fixed(v, 0, "", raw, sizeof raw);
    len = (int)strlen(raw);
    for (int i = 0; i < len && (size_t)n + 2 < cap; i++) {
        if (i && (len - i) % 3 == 0 && raw[i - 1] != '-')
            out[n++] = ' ';
        out[n++] = raw[i];
    }
    out[n] = '\0';
}

/* At most 4 digits and a letter for a thousand times: "1.2k" "12.3M" "123G". */
static void unit_letter(double v, const char *const letters[], size_t n, const char *gap, char *out,
                        size_t cap)
{
    size_t i = 0;

    while (i + 1 < n && fabs(v) >= 999.5) {
        v /= 1000;
        i++;
    }
    if (fabs(v) >= 999.5 * 1000) /* beyond all letters */
        snprintf(out, cap, "%.1e%s%s", v, gap, letters[i]);
    else
        snprintf(out, cap, "%.*f%s%s", fabs(v) < 99.95 && i ? 1 : 0, v, gap, letters[i]);
}

static const char *const unit_letters[] = { "", "k", "M", "G", "T", "P", "E" };
enum { UNIT_LETTERS = sizeof unit_letters / sizeof *unit_letters };

static void unit_count(double v, char *out, size_t cap)
{
    if (v != nearbyint(v) && fabs(v) < 99.95)
        unit_fixed(v, fabs(v) < 0.995 ? 2 : 1, "", out, cap);
    else if (v > -999999.5 && v < 9999999.5)
        unit_group(v, out, cap);
    else
        unit_letter(v, unit_letters, UNIT_LETTERS, "", out, cap);
}

static void unit_time(double ms, char *out, size_t cap)
{
    double a = fabs(ms);
    char age[16];

    if (ms == 0)
        snprintf(out, cap, "0 ms");
    else if (a < 0.995)
        unit_fixed(ms, 2, " ms", out, cap);
    else if (a < 9.95)
        unit_fixed(ms, 1, " ms", out, cap);
    else if (a < 999.5)
        unit_fixed(ms, 0, " ms", out, cap);
    else if (a < 59950)
        unit_fixed(ms / 1000, 1, " s", out, cap);
    else
        snprintf(out, cap, "%s%s", ms < 0 ? "-" : "",
                 age_format(a < 9e15 ? llround(a / 1000) * 1000 : INT64_MAX, age));
}

static void unit_percent(double v, char *out, size_t cap)
{
    double a = fabs(v);

    if (v == 0 || v == 100)
        unit_fixed(v, 0, "%", out, cap);
    else if (a < 0.005)
        snprintf(out, cap, "<0.01%%");
    else if (a < 0.0995 || (v >= 98.95 && v < 99.995))
        unit_fixed(v, 2, "%", out, cap);
    else if (v > 99 && v < 100) /* what is not quite whole must not read as whole */
        snprintf(out, cap, "99.99%%");
    else if (a < 99.95)
        unit_fixed(v, 1, "%", out, cap);
    else if (a < 999999.5)
        unit_fixed(v, 0, "%", out, cap);
    else
        snprintf(out, cap, "%.0e%%", v);
}

static void unit_seconds(double s, char *out, size_t cap)
{
    char age[16];

    if (s < 0)
        snprintf(out, cap, "-%s",
                 age_format_hours(s > -9e15 ? (int64_t)(-s * 1000) : INT64_MAX, age));
    else if (s < 9.95 && s != nearbyint(s))
        snprintf(out, cap, "%.1fs", s);
    else
        snprintf(out, cap, "%s", age_format_hours(s < 9e15 ? llround(s) * 1000 : INT64_MAX, age));
}

static void unit_none(double v, char *out, size_t cap)
{
    double a = fabs(v);

    if (a < 99999999 && (a >= 9999.5 || v == nearbyint(v)))
        snprintf(out, cap, "%.0f", v);
    else if (a >= 0.01 && a < 9999.5)
        snprintf(out, cap, "%.4g", v);
    else
        snprintf(out, cap, "%.2g", v);
}

const char *quantity_format(double v, enum unit unit, char out[32])
{
    static const char *const sizes[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
    char n[24];

    if (!isfinite(v)) {
        snprintf(out, 32, "%s", isnan(v) ? "-" : v > 0 ? "inf" : "-inf");
        return out;
    }
    switch (unit) {
    case UNIT_COUNT:
        unit_count(v, out, 32);
        break;
    case UNIT_MS:
        unit_time(v, out, 32);
        break;
    case UNIT_PERCENT:
        unit_percent(v, out, 32);
        break;
    case UNIT_BYTES:
        unit_letter(v, sizes, sizeof sizes / sizeof *sizes, " ", out, 32);
        break;
    case UNIT_RATE:
        if (fabs(v) < 99999.5)
            unit_count(v, n, sizeof n);
        else
            unit_letter(v, unit_letters, UNIT_LETTERS, "", n, sizeof n);
        snprintf(out, 32, "%s/s", n);
        break;
    case UNIT_SECONDS:
        unit_seconds(v, out, 32);
        break;
    case UNIT_NONE:
        unit_none(v, out, 32);
        break;
    }
    return out;
}

const char *share_format(double num, double den, enum unit unit, char out[72])
{
    char a[32], b[32];

    if (unit == UNIT_NONE)
        unit = UNIT_COUNT;
    snprintf(out, 72, "%s of %s", quantity_format(num, unit, a), quantity_format(den, unit, b));
    return out;
}

/* False for a time beyond the calendar. */
static bool unit_utc(int64_t at_ms, struct tm *tm)
{
    time_t t = (time_t)(at_ms / 1000 - (at_ms % 1000 < 0));

    return gmtime_r(&t, tm) != NULL;
}

const char *clock_format_utc(int64_t at_ms, char out[32])
{
    struct tm tm;

    if (!unit_utc(at_ms, &tm) || !strftime(out, 32, "%H:%M:%SZ", &tm))
        snprintf(out, 32, "-");
    return out;
}

const char *stamp_format_utc(int64_t at_ms, char out[32])
{
    struct tm tm;

    if (!unit_utc(at_ms, &tm) || !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
        snprintf(out, 32, "-");
    return out;
}
