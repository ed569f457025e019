/* probes/backup.h: backups, wherever they lie: what a kind found out, and what that means for the
 * person on call. A kind fills struct backup_facts; backup_say() is the one judge of all of them.
 *
 * A backup that is listed proves nothing. What counts is the evidence: the newest one without a
 * `why`, its age against the RPO, its size against those before it, and who last read it back.
 *
 * Units:   times are Unix milliseconds, 0 = not told; sizes are bytes, NaN = not told.
 * Errors:  what cannot be read at all is the kind's to report (probe_report_failed); here are
 *          findings: no good is DOWN at once, not told is UNKNOWN, never UP.
 * Owner:   the caller owns all structs; names and reasons are copied, raw, and sanitized on their
 *          way into the report.
 */
#pragma once

#include "probes/probe.h"

enum {
    BACKUP_MAX = 1000, /* the newest of these are kept in a list */
    BACKUP_NAME = 256,
    BACKUP_WORDS = 200
};

enum backup_type { BACKUP_UNTOLD, BACKUP_FULL, BACKUP_DIFF, BACKUP_INCR };

struct backup {
    char name[BACKUP_NAME];
    int64_t at_ms; /* it brings the data back to then; where only that is told, when it completed */
    int64_t written_ms; /* and when it was written, where that is told apart; 0 = it is not */
    double size_bytes;
    enum backup_type type;  /* sizes are compared within a type */
    char how[BACKUP_WORDS]; /* the evidence: "gzip, trailer read, gzip -t good"; may be empty */
    char why[BACKUP_WORDS]; /* why it is no good; empty = nothing speaks against it */
    bool pending;           /* neither good nor no good, `how` says why: being verified */
};

enum backup_verdict { BACKUP_NOT_VERIFIED, BACKUP_VERIFIED, BACKUP_VERIFY_FAILED };

struct backup_facts {
    struct backup *list; /* newest first after backup_facts_sort() */
    size_t n, cap;
    size_t total;      /* found in all; more than n when there were too many */
    int64_t oldest_ms; /* of all that were found */
    bool running;      /* one is being made just now */
    /* What the tool says about all of them: "no valid backups", "stanza missing". Then DOWN. */
    char wrong[BACKUP_WORDS];
    struct {
        bool told;              /* the source knows about WAL */
        bool only;              /* and about nothing else: no list is expected */
        int64_t at_ms;          /* everything up to then is in the archive; 0 = not told */
        bool awaited;           /* the source will tell it */
        char why[BACKUP_WORDS]; /* why the archive is broken; empty = it is not */
        char how[BACKUP_WORDS]; /* "segment 00000001000000000000002A archived" */
    } wal;
    struct {
        enum backup_verdict verdict;
        int64_t at_ms;          /* when it was last tried */
        char how[BACKUP_WORDS]; /* "gzip -t neurmatic_20250106.sql.gz", "pgbackrest check: ..." */
    } verified;
    /* Two sources that say different things: "the list has 3, the folder 2". */
    char contradictions[4][BACKUP_WORDS];
    size_t n_contradictions;
};

void backup_facts_clear(struct backup_facts *f); /* keeps the list's memory; fine on zeroed */
void backup_facts_fini(struct backup_facts *f);
/* A new entry, zeroed but for its size (NaN), to be filled before the next call. */
struct backup *backup_facts_add(struct backup_facts *f);
/* Newest first, and counted: to be called once, when all are there. */
void backup_facts_sort(struct backup_facts *f);
void backup_contradict(struct backup_facts *f, const char *fmt, ...) MW_PRINTF(2, 3);
/* Bytes of a stranger into one of the fields above, cut when too long. */
#define BACKUP_SET(field, ...) snprintf((field), sizeof(field), __VA_ARGS__)

/* ---- options that every kind of backup takes ---- */

struct backup_options {
    int64_t rpo_ms, gap_ms, delete_after_ms, verified_within_ms; /* 0 = not set */
    char *window;                                                /* "02:00-03:00", UTC */
    int keep;                                                    /* 0 = not set */
    double size_floor; /* percent of the median of the last seven; 0 = any */
    struct strmap tiers;
    /* by backup_check(): */
    bool limited;                      /* warn or crit judge the age */
    int64_t window_from_ms, window_ms; /* since midnight UTC, and how long; 0 ms = none */
};

/* The rows of a kind's option table; `at` is the offset of its struct backup_options. */
#define BACKUP_OPTIONS(at)                                                                     \
    { "rpo",                                                                                   \
      OPTION_DURATION,                                                                         \
      (at) + offsetof(struct backup_options, rpo_ms),                                          \
      NULL,                                                                                    \
      "recovery point objective: no more than so much may be lost",                            \
      .min = 1000,                                                                             \
      .max = 31536000000 },                                                                    \
        { "window", OPTION_STRING, (at) + offsetof(struct backup_options, window), NULL,       \
          "when the daily one is made, UTC: 02:00-03:00; until its end older than rpo is "     \
          "amber, after it one that is missing is red" },                                      \
        { "gap",                                                                               \
          OPTION_DURATION,                                                                     \
          (at) + offsetof(struct backup_options, gap_ms),                                      \
          NULL,                                                                                \
          "longest time from one to the next; red when the next does not come",                \
          .min = 60000,                                                                        \
          .max = 31536000000 },                                                                \
        { "keep",                                                                              \
          OPTION_INT,                                                                          \
          (at) + offsetof(struct backup_options, keep),                                        \
          NULL,                                                                                \
          "degraded when fewer good ones are there",                                           \
          .min = 1,                                                                            \
          .max = 1000 },                                                                       \
        { "delete_after",                                                                      \
          OPTION_DURATION,                                                                     \
          (at) + offsetof(struct backup_options, delete_after_ms),                             \
          NULL,                                                                                \
          "when old ones are deleted; degraded when one more than a day older is found",       \
          .min = 3600000,                                                                      \
          .max = 315360000000 },                                                               \
        { "tiers", OPTION_MAP, (at) + offsetof(struct backup_options, tiers), NULL,            \
          "the plan of where they are kept and how long: { local: 30d, glacier: 365d }" },     \
        { "verified_within",                                                                   \
          OPTION_DURATION,                                                                     \
          (at) + offsetof(struct backup_options, verified_within_ms),                          \
          NULL,                                                                                \
          "degraded when none was verified for so long",                                       \
          .min = 60000,                                                                        \
          .max = 31536000000 },                                                                \
    {                                                                                          \
        "size_floor", OPTION_NUMBER, (at) + offsetof(struct backup_options, size_floor), "50", \
            "one below so many percent of the median of the seven before is no good; 0 = any", \
            .min = 0, .max = 100                                                               \
    }

/* For the kind's own check(): reads the window and the tiers, and sets warn and crit of the age,
 * where they are not given, from the RPO. */
bool backup_check(struct backup_options *o, struct probe_common *common, struct err *err);
/* The same for a source that lists and reads nothing back: no wish of it could come true. */
bool backup_check_listed(struct backup_options *o, struct probe_common *common, struct err *err);

/* ---- saying it ---- */

enum backup_signal {                /* in the order of the reading's signals */
                     BACKUP_AGE,    /* seconds since the last good one (or WAL): the main one */
                     BACKUP_SIZE,   /* of the last good one */
                     BACKUP_CHANGE, /* percent, against the median of the seven before it */
                     BACKUP_KEPT,   /* good ones */
                     BACKUP_OLDEST, /* seconds, of all that were found */
                     BACKUP_WAL,    /* seconds since the archive was complete; last, so that kinds
                                       which know of none leave it out */
                     BACKUP_SIGNALS
};

/* For the kind's signals(). */
size_t backup_signals(struct signal_spec out[READING_SIGNALS]);

enum { BACKUP_FINDINGS = 10, BACKUP_COLUMNS = 6 };

struct backup_say { /* the memory for what a report borrows; zeroed, backup_say_fini() */
    struct component findings[BACKUP_FINDINGS];
    struct text cells[(TABLE_ROWS + 1) * BACKUP_COLUMNS];
    struct table table;
};
void backup_say_fini(struct backup_say *s);

/* Sorted facts into a report that was cleared at `r->at_ms`: signals, one component for each
 * finding, a table of the backups with their evidence, state and reason. What a backup lacks is
 * written into its `why`. Pure. */
void backup_say(const struct backup_options *o, struct backup_facts *f, struct backup_say *s,
                struct report *r);
