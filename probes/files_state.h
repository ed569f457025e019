/* probes/files_state.h: the files probe's state, between its files on the loop. */
#pragma once

#include "probes/files_impl.h"

struct files_state {
    struct errand *look; /* under way, also one that does not come back */
    int no_look;         /* errno: none could be started */
    struct io_timer *limit;
    bool owed;                /* a report */
    struct files_file *files; /* newest first */
    size_t n, total;
    int64_t oldest_ms;
    struct backup_facts facts;
    struct backup_say say;
    struct report report;
    /* reading back, probes/files_verify.c: */
    struct run *run;
    bool reading;              /* `subject` is being read back */
    bool summing;              /* first its checksum, then the program */
    struct files_file subject; /* as it was when that began */
    char head[FILES_TAIL], tail[FILES_TAIL];
    size_t head_len, tail_len;
    char passed[BACKUP_WORDS]; /* steps that were good */
};

/* probes/files_verify.c: the newest that was not read back is, unless one is already or nothing is
 * to be. Then files_settled(). */
void files_verify_open(struct probe *p);
void files_verify(struct probe *p);
/* All is known that can be for now. */
void files_settled(struct probe *p);
