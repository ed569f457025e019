/* io/redis_words.c: verbs that read, errors that speak. */
#include "io/redis_words.h"

#include <string.h>
#include <strings.h>

/* A verb, and the sub-commands of it that only read (NULL = the verb alone says enough). */
static const struct {
    const char *verb, *sub;
} redis_verbs[] = {
    { "PING", NULL },      { "ECHO", NULL },         { "INFO", NULL },
    { "TIME", NULL },      { "ROLE", NULL },         { "DBSIZE", NULL },
    { "LASTSAVE", NULL },  { "EXISTS", NULL },       { "TYPE", NULL },
    { "TTL", NULL },       { "PTTL", NULL },         { "GET", NULL },
    { "MGET", NULL },      { "STRLEN", NULL },       { "LLEN", NULL },
    { "LINDEX", NULL },    { "LRANGE", NULL },       { "HLEN", NULL },
    { "HGET", NULL },      { "HMGET", NULL },        { "HGETALL", NULL },
    { "HEXISTS", NULL },   { "SCARD", NULL },        { "SISMEMBER", NULL },
    { "SMEMBERS", NULL },  { "ZCARD", NULL },        { "ZCOUNT", NULL },
    { "ZSCORE", NULL },    { "ZRANGE", NULL },       { "XLEN", NULL },
    { "XRANGE", NULL },    { "XPENDING", NULL },     { "CONFIG", "GET" },
    { "CLIENT", "LIST" },  { "CLIENT", "ID" },       { "CLIENT", "INFO" },
    { "XINFO", "STREAM" }, { "XINFO", "GROUPS" },    { "XINFO", "CONSUMERS" },
    { "SLOWLOG", "LEN" },  { "SLOWLOG", "GET" },     { "LATENCY", "LATEST" },
    { "MEMORY", "USAGE" }, { "MEMORY", "STATS" },    { "OBJECT", "ENCODING" },
    { "OBJECT", "FREQ" },  { "OBJECT", "IDLETIME" }, { "CLUSTER", "INFO" },
    { "ACL", "WHOAMI" },
};

bool redis_reads(int argc, const char *const *argv)
{
    if (argc < 1)
        return false;
    for (size_t i = 0; i < sizeof redis_verbs / sizeof *redis_verbs; i++) {
        if (strcasecmp(argv[0], redis_verbs[i].verb) != 0)
            continue;
        if (!redis_verbs[i].sub)
            return true;
        if (argc > 1 && strcasecmp(argv[1], redis_verbs[i].sub) == 0)
            return true;
    }
    return false;
}

static bool redis_error_says(const char *msg, size_t len, const char *what)
{
    return memmem(msg, len, what, strlen(what)) != NULL;
}

/* A command that was renamed or disabled is one that we may not give. */
static bool redis_error_unknown(const char *msg, size_t len)
{
    return redis_error_says(msg, len, "unknown command");
}

enum fault redis_error_fault(const char *msg, size_t len, char word[24])
{
    size_t n = 0;

    while (n < len && n < 23 && ((msg[n] >= 'A' && msg[n] <= 'Z') || msg[n] == '_'))
        n++;
    if (n < len && msg[n] != ' ')
        n = 0; /* not a word of Redis' own */
    memcpy(word, msg, n);
    word[n] = '\0';
    if (strcmp(word, "NOAUTH") == 0 || strcmp(word, "WRONGPASS") == 0 ||
        strcmp(word, "NOPERM") == 0 || strcmp(word, "DENIED") == 0)
        return FAULT_AUTH;
    if (strcmp(word, "ERR") == 0) {
        /* before Redis 6 these had no word of their own */
        if (redis_error_unknown(msg, len) || redis_error_says(msg, len, "invalid password") ||
            redis_error_says(msg, len, "operation not permitted"))
            return FAULT_AUTH;
        if (redis_error_says(msg, len, "max number of clients"))
            return FAULT_FULL;
    }
    return FAULT_STATUS;
}

void redis_error_words(const char *msg, size_t len, struct err *out)
{
    int line = (int)(len < 300 ? len : 300);

    if (len >= 6 && strncmp(msg, "NOPERM", 6) == 0)
        err_set(out, "no permission: %.*s", line, msg);
    else if (redis_error_unknown(msg, len))
        err_set(out, "no permission: %.*s; it is renamed or disabled, or this Redis is older", line,
                msg);
    else if ((len >= 6 && strncmp(msg, "MOVED ", 6) == 0) ||
             (len >= 4 && strncmp(msg, "ASK ", 4) == 0))
        err_set(out,
                "%.*s: another node of the cluster has it, and it is not followed; name that one",
                line, msg);
    else
        err_set(out, "%s", msg);
}
