/* probes/files_impl.h: between the parts of the kind `files`. */
#pragma once

#include <sys/stat.h>

#include "io/errand.h"
#include "probes/backup.h"
#include "probes/run.h"

enum files_names { FILES_NAME_UTC, FILES_NAME_LOCAL, FILES_NAME_NONE };

enum {
    FILES_MATCHES = 20000, /* more than these in a folder are refused */
    FILES_OPENED = 100,    /* the newest of these are opened, the others only listed */
    FILES_SUMMED = 7,      /* of these the checksum file is looked at each time: it comes later */
    FILES_HEAD = 1024,
    FILES_TAIL = 1024,         /* a plain dump has its trailer in so many last bytes */
    FILES_STACK = 512 << 10,   /* of the thread that looks; what a file holds is on the heap */
    FILES_QUIET_MS = 60000,    /* a file that changed since then may still be written */
    FILES_SUMMING_MS = 3600000 /* an empty checksum file that is younger is being counted */
};

struct files_options {
    char *files; /* a folder and a pattern for names in it */
    struct backup_options backup;
    struct strlist verify; /* the file is appended */
    int64_t verify_limit_ms;
    bool checksum; /* a checksum file is demanded, and counted over */
    int name_time; /* enum files_names */
};

enum files_verdict { FILES_UNREAD, FILES_GOOD, FILES_BAD, FILES_FAILED /* to find out */ };

struct files_file { /* one that matches, as it was looked at once; another size or time, another one
                     */
    char name[BACKUP_NAME];
    dev_t dev;
    ino_t ino;
    int64_t size_bytes, mtime_ms, at_ms;
    bool opened, link;
    bool grows; /* it was another one at the last look */
    bool whole; /* its last bytes prove that it was written to its end */
    char how[BACKUP_WORDS];
    char why[BACKUP_WORDS];     /* no good, by what it holds or is called */
    char sum_why[BACKUP_WORDS]; /* no good, by its checksum file */
    char unseen[BACKUP_WORDS];  /* could not be looked into */
    char sum[136], tool[16];    /* of its checksum file: the hex, "sha256sum"; "" = there is none */
    int64_t sum_empty_ms;       /* when that was written, if nothing is in it; 0 = something is */
    /* read back: */
    enum files_verdict verdict;
    int64_t verified_ms;
    char words[BACKUP_WORDS]; /* "gzip -t good", "gzip -t: unexpected end of file" */
};

struct files_look { /* one look into the folder; the thread's while it runs */
    char *folder, *pattern;
    bool checksum;
    int name_time;
    struct files_file *known; /* of the last look, newest first; NULL = none */
    size_t n_known;
    /* what it finds: */
    struct files_file *found; /* newest first */
    size_t n, total;
    int64_t oldest_ms;
    bool too_many;
    char failed[BACKUP_WORDS]; /* the folder cannot be read */
};

static inline int64_t files_mtime_ms(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
}

/* Somebody may still write to it. */
static inline bool files_is_written(const struct files_file *f, int64_t now_ms)
{
    return now_ms - f->mtime_ms < FILES_QUIET_MS && now_ms - f->mtime_ms > -FILES_QUIET_MS;
}

/* The same file, unchanged. */
bool files_same(const struct files_file *a, const struct files_file *b);

/* probes/files_look.c: in a thread: lists, and opens what is new. */
void files_look(void *look);

/* probes/files_read.c: what one file holds, and what the checksum file beside it says (`demanded`:
 * that there is none is no good). `folder` is open. */
void files_read(int folder, struct files_file *f);
void files_sum(int folder, bool demanded, struct files_file *f);
/* The same of bytes: into how or why, of a file that is not empty; and `text` of a checksum file
 * `sidecar`, which holds `hex` digits, into sum or sum_why. */
void files_content(const char *head, size_t n, const char *tail, size_t t, struct files_file *f);
void files_sum_says(const char *text, const char *sidecar, size_t hex, struct files_file *f);
/* The tool whose checksums are kept in a file of this name: "x.gz.sha256"; NULL = it is none. */
const char *files_sum_tool(const char *name, size_t *stem);
/* Whether the end of what was printed or written is that of a plain dump that begins as `head`:
 * 0 = no dump that we know, 1 = whole, -1 = broken off. */
int files_dump_whole(const char *head, size_t head_len, const char *tail, size_t tail_len);

/* probes/files_name.c: the moment in a name: "db_20250106_020000.sql.gz", "db-2025-01-06.sql". */
struct files_stamp {
    int64_t at_ms;
    bool told, to_the_day; /* no time of day */
};
struct files_stamp files_stamp(const char *name, enum files_names zone);
/* What name and mtime say together: the moment that counts, and what contradicts. */
void files_date(struct files_file *f, enum files_names zone);
