/* io/pg_pump.h: stands between libpq and its socket, so that libpq never reads more in one go than
 * we pour.
 *
 * libpq takes the memory for a message as soon as it has read the length, and then reads for as
 * long as bytes come as fast as it reads: a hostile server on the same machine filled 150 MB in one
 * call. It has no limit to set and tells nobody what it waits for. So its descriptor is replaced,
 * under the same number, by one end of a socket pair; we hold the other end and the real socket.
 * Bytes are counted exactly, TLS passes as it is, and what libpq writes in pieces goes out in one.
 *
 * Errors:  the end of the real socket is passed on as the end; `error` keeps its errno, 0 for a
 *          proper end.
 *
 * Owner:   the caller's memory. pg_pump_stop() closes our two descriptors; libpq closes its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/buf.h"

struct pg_pump {
    bool on;
    int real, cup, fd; /* fd: libpq's end, borrowed */
    ino_t inode;       /* of libpq's end: another one is another connection */
    int64_t poured;    /* bytes that libpq was given */
    struct buf out;    /* what the real socket did not take yet */
    bool ended;
    int error;
};

bool pg_pump_start(struct pg_pump *p, int fd); /* false: left as it was */
/* After libpq was finished: sends its last words. Fine on a zeroed pump, fine twice. */
void pg_pump_stop(struct pg_pump *p);
/* True while `fd` is still the end that we gave. */
bool pg_pump_is(const struct pg_pump *p, int fd);
/* Pours a cupful when the cup is empty. */
void pg_pump_in(struct pg_pump *p);
bool pg_pump_empty(const struct pg_pump *p);
/* Sends what libpq wrote. True when some of it has to wait until the socket can take it. */
bool pg_pump_out(struct pg_pump *p);
