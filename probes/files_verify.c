/* probes/files_verify.c: a backup is read back: its checksum counted over, a program run on it. One
 * at a time, newest first, until one is good; each verdict stands as long as the file does.
 *
 * What the program prints is read too: `gzip -dc` of a plain dump has the dump's last line, or the
 * dump broke off before it was packed, and then the archive is whole and worth nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "probes/files_state.h"

enum { FILES_OUTPUT_MAX = 4096 };

static void files_on_output(void *arg, int fd, const char *bytes, size_t len)
{
    struct files_state *s = ((struct probe *)arg)->state;
    size_t keep, room = sizeof s->head - s->head_len;

    if (fd != 1)
        return;
    memcpy(s->head + s->head_len, bytes, len < room ? len : room);
    s->head_len += len < room ? len : room;
    if (len >= sizeof s->tail) {
        memcpy(s->tail, bytes + len - sizeof s->tail, sizeof s->tail);
        s->tail_len = sizeof s->tail;
        return;
    }
    keep = sizeof s->tail - len < s->tail_len ? sizeof s->tail - len : s->tail_len;
    memmove(s->tail, s->tail + s->tail_len - keep, keep);
    memcpy(s->tail + keep, bytes, len);
    s->tail_len = keep + len;
}

/* "gzip -dc": what was run, without the file. */
static void files_program(const struct probe *p, char out[64])
{
    const struct files_options *o = p->self;
    const struct files_state *s = p->state;
    size_t n = 0;

    *out = '\0';
    if (s->summing) {
        snprintf(out, 64, "%s", s->subject.tool);
        return;
    }
    for (size_t i = 0; i < o->verify.n && n < 64; i++) {
        const char *word = o->verify.items[i], *slash = i ? NULL : strrchr(word, '/');

        n += (size_t)snprintf(out + n, 64 - n, "%s%s", i ? " " : "", slash ? slash + 1 : word);
    }
}

static struct files_file *files_of_subject(struct files_state *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (files_same(&s->files[i], &s->subject))
            return &s->files[i];
    return NULL;
}

/* The verdict to the file, where it still is what was read. */
static void files_conclude(struct probe *p, enum files_verdict verdict, const char *words)
{
    struct files_state *s = p->state;
    struct files_file *f = files_of_subject(s);

    s->reading = false;
    if (f) {
        f->verdict = verdict;
        f->verified_ms = io_now_ms(p->clients->io);
        BACKUP_SET(f->words, "%s", words);
    }
}

static void files_step(struct probe *p)
{
    const struct files_options *o = p->self;
    struct files_state *s = p->state;
    int folder_len = (int)(strrchr(o->files, '/') + 1 - o->files);
    struct buf path = { 0 };
    const char **argv = xcalloc(o->verify.n + 4, sizeof *argv);
    size_t n = 0;

    buf_addf(&path, "%.*s%s", folder_len, o->files, s->subject.name);
    if (s->summing) {
        argv[n++] = s->subject.tool;
        argv[n++] = "--";
    } else {
        for (size_t i = 0; i < o->verify.n; i++)
            argv[n++] = o->verify.items[i];
    }
    argv[n] = buf_str(&path);
    s->head_len = s->tail_len = 0;
    run_start(s->run, argv, NULL, o->verify_limit_ms);
    buf_fini(&path);
    free(argv);
}

static bool files_sum_is(const char *out, const char *sum)
{
    size_t n = strlen(sum);

    if (*out == '\\') /* a name with a backslash or a newline */
        out++;
    return strncasecmp(out, sum, n) == 0 && out[n] == ' ';
}

/* The first line without the file's own path: that one is said anyway. */
static const char *files_said(const char *err, const char *name)
{
    const char *said = err + strspn(err, " \r\n"), *at = strstr(said, name);
    size_t n = strlen(name);

    return at && at < said + strcspn(said, "\r\n") && strncmp(at + n, ": ", 2) == 0 ? at + n + 2
                                                                                    : said;
}

/* "" = the step is passed. */
static void files_judge_step(const struct files_state *s, const struct run_end *end,
                             const char *program, char why[BACKUP_WORDS])
{
    const char *said = files_said(end->err, s->subject.name);
    int len = (int)strcspn(said, "\r\n");

    *why = '\0';
    if (WEXITSTATUS(end->status) != 0) {
        snprintf(why, BACKUP_WORDS, "%s says no: %.*s", program, len > 120 ? 120 : len, said);
        if (!len)
            snprintf(why, BACKUP_WORDS, "%s says no (exit %d)", program, WEXITSTATUS(end->status));
    } else if (s->summing && !files_sum_is(end->out, s->subject.sum)) {
        snprintf(why, BACKUP_WORDS, "its checksum is another one than beside it");
    } else if (!s->summing && files_dump_whole(s->head, s->head_len, s->tail, s->tail_len) < 0) {
        snprintf(why, BACKUP_WORDS, "the dump in it broke off: its last line is missing");
    }
}

static void files_on_end(void *arg, const struct run_end *end)
{
    struct probe *p = arg;
    const struct files_options *o = p->self;
    struct files_state *s = p->state;
    char program[64], died[64], why[BACKUP_WORDS];

    files_program(p, program);
    if (end->fault != FAULT_NONE || *run_died(end->status, died)) {
        snprintf(why, sizeof why, "%s did not finish: %.100s", program,
                 end->fault != FAULT_NONE ? end->why : died);
        /* what cannot be started is tried again with the next question, and with no other file */
        files_conclude(p, end->fault == FAULT_LOCAL ? FILES_UNREAD : FILES_FAILED, why);
        if (end->fault == FAULT_LOCAL)
            files_settled(p);
        else
            files_verify(p);
        return;
    }
    files_judge_step(s, end, program, why);
    if (*why) {
        files_conclude(p, FILES_BAD, why);
        files_verify(p);
        return;
    }
    snprintf(s->passed + strlen(s->passed), sizeof s->passed - strlen(s->passed), "%s%s%s good",
             *s->passed ? ", " : "", program,
             !s->summing && files_dump_whole(s->head, s->head_len, s->tail, s->tail_len) > 0
                 ? " and the last line"
                 : "");
    if (s->summing && o->verify.n) {
        s->summing = false;
        files_step(p);
    } else {
        files_conclude(p, FILES_GOOD, s->passed);
        files_verify(p);
    }
}

void files_verify_open(struct probe *p)
{
    struct files_state *s = p->state;

    s->run = run_new(p->clients->io, NULL, FILES_OUTPUT_MAX, files_on_end, p);
    run_in_background(s->run, files_on_output);
}

/* The newest that might be good, is not just being written, and was not read; NULL when a newer one
 * is proven. */
static const struct files_file *files_next(const struct files_options *o,
                                           const struct files_state *s, int64_t now_ms)
{
    if (!o->verify.n && !o->checksum)
        return NULL;
    for (size_t i = 0; i < s->n; i++) {
        const struct files_file *f = &s->files[i];

        if (f->verdict == FILES_GOOD)
            return NULL;
        if (f->verdict == FILES_UNREAD && !*f->why && !*f->sum_why && !*f->unseen &&
            f->size_bytes > 0 && !(f->grows && files_is_written(f, now_ms)))
            return f;
    }
    return NULL;
}

void files_verify(struct probe *p)
{
    const struct files_options *o = p->self;
    struct files_state *s = p->state;
    const struct files_file *next;

    if (s->reading)
        return; /* its end comes back here */
    next = files_next(o, s, io_now_ms(p->clients->io));
    /* one that was ended and has not gone yet: the next question goes on */
    if (!next || run_is_busy(s->run)) {
        files_settled(p);
        return;
    }
    s->reading = true;
    s->summing = o->checksum;
    s->subject = *next;
    *s->passed = '\0';
    files_step(p);
}
