/* probes/backup_tools.c: what the answers of all backup tools have in common. */
#include "probes/backup_tools.h"

#include <math.h>
#include <string.h>

#include "core/stamp.h"
#include "probes/number.h"

struct json *tool_json(const char *bytes, size_t len, struct err *err)
{
    struct json *root = json_parse(bytes, len, TOOL_DEPTH, 0, err);

    if (!root)
        err_wrap(err, "not its JSON");
    return root;
}

bool tool_number(const struct json *v, double *out)
{
    if (json_number(v, out) && isfinite(*out))
        return true;
    *out = NAN;
    return json_string(v) && number_parse(json_string(v), out);
}

int64_t tool_unix_ms(const struct json *v)
{
    double s;

    return tool_number(v, &s) && s > 0 && s < 1e11 ? (int64_t)(s * 1000) : 0;
}

int64_t tool_stamp_ms(const struct json *v)
{
    const char *s = json_string(v);
    int64_t ms;

    return s && stamp_parse(s, strlen(s), &ms) ? ms : 0;
}

const char *tool_word(const struct json *v)
{
    const char *s = json_string(v);

    return s ? s : "";
}

double tool_size(const struct json *v)
{
    double n;

    return tool_number(v, &n) && n >= 0 ? n : NAN;
}

const char *tool_complaint(const char *err, size_t *len)
{
    static const char *const levels[] = { "ERROR: ", "Fatal: ", "FATAL: ", "error: " };
    const char *line = err, *end = err + strlen(err);

    while (end > err && strchr("\r\n \t", end[-1]))
        end--;
    for (const char *at = err; at < end; at++)
        if (*at == '\n')
            line = at + 1;
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const char *found = strstr(line, levels[i]);

        if (found && found < end && found - line < 60) /* behind a time, not within a sentence */
            line = found + strlen(levels[i]);
    }
    if (line > end) /* a level, its last blank cut off, and no words */
        line = end;
    *len = (size_t)(end - line);
    return line;
}
