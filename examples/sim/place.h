/* examples/sim/place.h: where one run lives: its private directory, its ports, the servers'
 * programs and the user they run as.
 *
 * The directory holds a file `lock` that the guardian and the worker keep locked; a directory whose
 * lock is free belongs to a dead run and is removed by the next one.
 *
 * Errors:  functions that can fail return false and leave a sentence in why.
 * Owner:   the guardian.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PLACE_WHY 512

struct place_account {
    char name[64];
    uid_t uid;
    gid_t gid;
    bool drop; /* we are root and must become this one */
};

struct place {
    char dir[256];
    bool made; /* the directory itself is ours, not only what is in it */
    int lock_fd;
    char pg_bin[256];       /* the directory of initdb and postgres */
    char redis_server[256]; /* the program */
    struct place_account pg_user, redis_user;
};

/* Finds the programs and the users. */
bool place_find(struct place *p, char *why);

/* Makes the directory: `wanted` (made when missing, must be empty) or a new one in $TMPDIR, else in
 * /dev/shm when that is roomy, else in /tmp, after removing what dead runs left there. */
bool place_open(struct place *p, const char *wanted, char *why);

/* Removes everything in the directory, and the directory when it is ours. */
void place_remove(const struct place *p);

/* A free port of 127.0.0.1, of SOCK_STREAM or SOCK_DGRAM, below the range from which the kernel
 * gives ports to clients: nobody else is handed it while our server is stopped, and a client cannot
 * connect to itself there. The socket is bound, not listening; -1 with why. */
int place_bind(int type, int *port, char *why);

/* A file inside ours, owned by the account: written beside it and renamed, so that a reader never
 * sees half of it. owner may be NULL. */
bool place_write(const struct place *p, const char *name, const char *text,
                 const struct place_account *owner, unsigned mode, char *why);

/* A directory inside ours, owned by the account. */
bool place_subdir(const struct place *p, const char *name, unsigned mode,
                  const struct place_account *owner, char *why);
