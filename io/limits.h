/* io/limits.h: every read has four caps: bytes, time, depth, items. They stand here, each with a
 * test at the cap and one beyond. */
#pragma once

enum {
    HTTP_BODY_MAX = 4 << 20,     /* decoded bytes */
    HTTP_HEADER_MAX = 256 << 10, /* all headers of one reply */
    HTTP_CONNECT_MS = 1000,      /* default connect limit, within the total */
    HTTP_IN_FLIGHT = 64,
    HTTP_INTERIM_MAX = 32,        /* 1xx answers before the real one */
    HTTP_KEEP_BODY = 256 << 10,   /* a larger buffer is given back after the reply */
    HTTP_RETRY_AFTER_MS = 300000, /* what a server may ask for at most */
    REDIS_REPLY_MAX = 1 << 20,    /* bytes of one reply */
    REDIS_ITEMS_MAX = 10000,
    REDIS_DEPTH_MAX = 7,
    PG_ROWS_MAX = 1000,
    PG_BYTES_MAX = 1 << 20,
    PG_COLS_MAX = 64,
    CHILD_OUTPUT_MAX = 1 << 20,
    CHILD_TASKS_MAX = 256,    /* that a command may start beside what its user has already */
    EXPO_PAGE_MAX = 16 << 20, /* streamed, not kept */
    AUTH_RETRY_MS = 30000,    /* after rejected credentials, not more often */
    RECONNECT_MIN_MS = 500,
    RECONNECT_MAX_MS = 30000,
    TCP_USER_TIMEOUT_MS = 5000
};
