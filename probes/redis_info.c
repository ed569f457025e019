/* probes/redis_info.c: reading INFO. */
#include "probes/redis_info.h"

#include <string.h>

#include "probes/number.h"

/* The part of "a=1,b=2" that belongs to `name`. */
static bool redis_info_part(const char *s, size_t len, const char *name, const char **value,
                            size_t *value_len)
{
    size_t name_len = strlen(name);

    while (len) {
        const char *comma = memchr(s, ',', len);
        size_t n = comma ? (size_t)(comma - s) : len;

        if (n > name_len && s[name_len] == '=' && memcmp(s, name, name_len) == 0) {
            *value = s + name_len + 1;
            *value_len = n - name_len - 1;
            return true;
        }
        s += comma ? n + 1 : n;
        len -= comma ? n + 1 : n;
    }
    return false;
}

static bool redis_info_line(const char *info, size_t len, const char *name, size_t name_len,
                            const char **value, size_t *value_len)
{
    while (len) {
        const char *lf = memchr(info, '\n', len);
        size_t n = lf ? (size_t)(lf - info) : len, line = n;

        if (line && info[line - 1] == '\r')
            line--;
        if (line > name_len && info[name_len] == ':' && memcmp(info, name, name_len) == 0) {
            *value = info + name_len + 1;
            *value_len = line - name_len - 1;
            return true;
        }
        info += lf ? n + 1 : n;
        len -= lf ? n + 1 : n;
    }
    return false;
}

bool redis_info_field(const char *info, size_t len, const char *field, const char **value,
                      size_t *value_len)
{
    const char *dot = strrchr(field, '.');

    if (redis_info_line(info, len, field, strlen(field), value, value_len))
        return true;
    return dot && redis_info_line(info, len, field, (size_t)(dot - field), value, value_len) &&
           redis_info_part(*value, *value_len, dot + 1, value, value_len);
}

bool redis_info_number(const char *value, size_t len, double *out)
{
    char copy[64];

    if (len && value[len - 1] == '%')
        len--;
    if (len == 0 || len >= sizeof copy)
        return false;
    memcpy(copy, value, len);
    copy[len] = '\0';
    return strlen(copy) == len && number_parse(copy, out);
}

const char *redis_info_section(const char *field)
{
    static const char *const longer[] = { "cmdstat_", "errorstat_", "latency_percentiles_usec_" };

    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++)
        if (strncmp(field, longer[i], strlen(longer[i])) == 0)
            return "all";
    return NULL;
}

bool redis_info_is_bytes(const char *field)
{
    static const char *const names[] = {
        "used_memory",          "used_memory_rss",     "used_memory_peak",    "used_memory_dataset",
        "used_memory_overhead", "used_memory_lua",     "used_memory_startup", "maxmemory",
        "total_system_memory",  "allocator_allocated", "allocator_active",    "allocator_resident",
        "aof_current_size",     "aof_base_size",       "aof_buffer_length",   "repl_backlog_size",
        "repl_backlog_histlen",
    };
    size_t len = strlen(field);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(field, names[i]) == 0)
            return true;
    return len > 6 && strcmp(field + len - 6, "_bytes") == 0;
}
