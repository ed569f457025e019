/* probes/files.c: backups that are files in a folder: the newest that matches a pattern, by name,
 * time, size and content, and read back by a program, once each, when nobody else wants the disk.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "probes/files_state.h"
#include "probes/program.h"
#include "probes/registry.h"

#define FILES(field) offsetof(struct files_options, field)

static const char *const files_name_times[] = { "utc", "local", "none", NULL };

static const struct option files_options[] = {
    { "files", OPTION_PATH, FILES(files), NULL,
      "whole path with a pattern as its last part: /var/backups/db_*.sql.gz", .required = true },
    BACKUP_OPTIONS(FILES(backup)),
    { "verify", OPTION_LIST, FILES(verify), NULL,
      "program that reads one back, the file is appended: [gzip, -dc]; run once for each new one, "
      "and only one that passed counts",
      .open_to_all = true },
    { "verify_limit", OPTION_DURATION, FILES(verify_limit_ms), "1h",
      "how long reading one back may take", .min = 1000, .max = 86400000 },
    { "checksum", OPTION_BOOL, FILES(checksum), "false",
      "each has a file with its checksum beside it (.sha256, .md5 ...), which is counted over" },
    { "name_time", OPTION_ENUM, FILES(name_time), "utc",
      "the zone of a date in the name; none: a name tells no time", .words = files_name_times },
    { 0 }
};

/* ---- options ---- */

static const char *files_pattern(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool files_check(void *self, struct probe_common *common, struct err *err)
{
    struct files_options *o = self;
    const char *pattern = files_pattern(o->files);

    if (*o->files != '/')
        return err_set(err, "files: '%.200s' is no whole path", o->files);
    if (!*pattern)
        return err_set(err, "files: names a folder; write which files in it, such as db_*.sql.gz");
    if (strcspn(o->files, "*?[") < (size_t)(pattern - o->files))
        return err_set(err, "files: only the last part may be a pattern");
    if (o->verify.n && !program_check("verify", &o->verify, err))
        return false;
    return o->verify.n || o->checksum ? backup_check(&o->backup, common, err)
                                      : backup_check_listed(&o->backup, common, err);
}

static size_t files_signals(const void *self, const struct probe_common *common,
                            struct signal_spec out[READING_SIGNALS])
{
    (void)self;
    (void)common;
    return backup_signals(out) - 1; /* the last one: a folder knows of no WAL */
}

static void files_target(const void *self, struct text *out)
{
    text_sets(out, ((const struct files_options *)self)->files);
}

/* ---- what is known, as facts ---- */

static bool files_reads_back(const struct files_options *o)
{
    return o->verify.n || o->checksum;
}

/* Somebody may still write to it: what is bad in it, or only begins well, is not known yet, nor is
 * its size. */
static bool files_is_half(const struct files_state *s, const struct files_file *f, const char *bad)
{
    return files_is_written(f, s->report.at_ms) &&
           (*bad || (!f->whole && f->verdict != FILES_GOOD));
}

static bool files_is_summed(const struct files_state *s, const struct files_file *f)
{
    return f->sum_empty_ms && s->report.at_ms - f->sum_empty_ms < FILES_SUMMING_MS;
}

/* `proven`: a newer one was read back well. */
static void files_fact(const struct files_options *o, struct files_state *s,
                       const struct files_file *f, bool *proven)
{
    struct backup *b = backup_facts_add(&s->facts);
    const char *bad = *f->why                   ? f->why
                      : *f->sum_why             ? f->sum_why
                      : f->size_bytes == 0      ? "0 bytes"
                      : f->verdict == FILES_BAD ? f->words
                                                : "";

    BACKUP_SET(b->name, "%s", f->name);
    b->at_ms = f->at_ms;
    b->size_bytes = (double)f->size_bytes;
    BACKUP_SET(b->how, "%.60s%s%s", f->how, *f->how && *f->sum ? ", " : "",
               *f->sum ? "a checksum beside it" : "");
    b->written_ms = f->mtime_ms;
    if (files_is_half(s, f, bad)) {
        b->pending = s->facts.running = true;
        b->size_bytes = NAN;
        BACKUP_SET(b->how, "being written");
    } else if (bad == f->sum_why && files_is_summed(s, f)) {
        b->pending = true;
        BACKUP_SET(b->how, "its checksum is being counted");
    } else if (*bad) {
        BACKUP_SET(b->why, "%s", bad);
    } else if (*f->unseen) {
        b->pending = true;
        BACKUP_SET(b->how, "%s", f->unseen);
    } else if (f->verdict == FILES_GOOD) {
        BACKUP_SET(b->how, "%.60s%s%.120s", f->how, *f->how ? ", " : "", f->words);
        *proven = true;
    } else if (files_reads_back(o) && !*proven) {
        b->pending = true;
        BACKUP_SET(b->how, "%s",
                   *f->words                                  ? f->words
                   : s->reading && files_same(f, &s->subject) ? "it is being read back"
                                                              : "not read back yet");
    } else if (files_reads_back(o)) {
        BACKUP_SET(b->how, "%.60s, not read back here", f->how);
    }
}

static void files_verified(struct files_state *s)
{
    const struct files_file *last = NULL;

    for (size_t i = 0; i < s->n; i++) {
        const struct files_file *f = &s->files[i];

        /* what is broken is told by the file itself; one that is older is no news */
        if (f->verdict == FILES_GOOD && (!last || f->verified_ms > last->verified_ms))
            last = f;
    }
    if (!last)
        return;
    s->facts.verified.verdict = BACKUP_VERIFIED;
    s->facts.verified.at_ms = last->verified_ms;
    BACKUP_SET(s->facts.verified.how, "%.80s: %.100s", last->name, last->words);
}

static void files_say(struct probe *p)
{
    const struct files_options *o = p->self;
    struct files_state *s = p->state;
    bool proven = false;

    s->owed = false;
    io_timer_off(s->limit);
    report_clear(&s->report, io_now_ms(p->clients->io));
    backup_facts_clear(&s->facts);
    for (size_t i = 0; i < s->n; i++)
        files_fact(o, s, &s->files[i], &proven);
    files_verified(s);
    backup_facts_sort(&s->facts);
    s->facts.total = s->total;
    s->facts.oldest_ms = s->oldest_ms;
    backup_say(&o->backup, &s->facts, &s->say, &s->report);
    probe_report(p, &s->report);
}

static void files_failed(struct probe *p, const char *why)
{
    struct files_state *s = p->state;

    s->owed = false;
    io_timer_off(s->limit);
    report_clear(&s->report, io_now_ms(p->clients->io));
    probe_report_failed(&s->report, FAULT_LOCAL, why);
    probe_report(p, &s->report);
}

/* ---- looking ---- */

static void files_look_drop(void *shared)
{
    struct files_look *l = shared;

    free(l->folder);
    free(l->pattern);
    free(l->known);
    free(l->found);
    free(l);
}

/* What was read back while the look went on. */
static void files_keep_verdicts(const struct files_state *s, struct files_look *l)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct files_file *was = &s->files[i];

        for (size_t k = 0; was->verdict != FILES_UNREAD && k < l->n; k++) {
            struct files_file *f = &l->found[k];

            if (!files_same(was, f))
                continue;
            f->verdict = strcmp(was->sum, f->sum) == 0 ? was->verdict : FILES_UNREAD;
            f->verified_ms = was->verified_ms;
            BACKUP_SET(f->words, "%s", was->words);
        }
    }
}

static void files_on_look(void *arg, void *shared)
{
    struct probe *p = arg;
    struct files_state *s = p->state;
    struct files_look *l = shared;
    char why[64];

    s->look = NULL;
    if (*l->failed || l->too_many) {
        snprintf(why, sizeof why, "more than %d files match", FILES_MATCHES);
        if (s->owed)
            files_failed(p, l->too_many ? why : l->failed);
        return;
    }
    files_keep_verdicts(s, l);
    free(s->files);
    s->files = l->found;
    s->n = l->n;
    s->total = l->total;
    s->oldest_ms = l->oldest_ms;
    l->found = NULL;
    files_verify(p); /* says it at once when there is nothing to read back */
}

/* Reading one back may take long: then what is known so far is told, and the rest when it is. */
static void files_on_limit(void *arg)
{
    struct probe *p = arg;
    struct files_state *s = p->state;

    if (s->no_look)
        files_failed(p, strerror(s->no_look));
    else if (s->look)
        files_failed(p, "the file system does not answer");
    else
        files_say(p);
}

void files_settled(struct probe *p)
{
    struct files_state *s = p->state;

    if (s->look)
        return; /* what was listed before is no answer to a question of now */
    if (s->owed)
        files_say(p);
    else
        probe_closed(p); /* it took longer than the question: ask again */
}

static void files_poll(struct probe *p)
{
    static const struct errand_ops ops = { files_look, files_look_drop, FILES_STACK };
    const struct files_options *o = p->self;
    struct files_state *s = p->state;
    const char *pattern = files_pattern(o->files);
    struct files_look *l;

    s->owed = true;
    io_timer_arm(s->limit, p->common->timeout_ms);
    if (s->look)
        return; /* the last one has not come back: told at the limit */
    l = xcalloc(1, sizeof *l);
    l->folder = xstrndup(o->files, (size_t)(pattern - o->files));
    l->pattern = xstrdup(pattern);
    l->checksum = o->checksum;
    l->name_time = o->name_time;
    l->n_known = s->n;
    l->known = s->n ? xreallocarray(NULL, s->n, sizeof *l->known) : NULL;
    if (s->n)
        memcpy(l->known, s->files, s->n * sizeof *l->known);
    s->look = errand_start(p->clients->io, &ops, l, files_on_look, p);
    s->no_look = s->look ? 0 : errno;
    if (!s->look) {
        files_look_drop(l);
        io_timer_arm(s->limit, 0); /* told there: a poll does not answer inside its call */
    }
}

static bool files_open(struct probe *p, struct err *err)
{
    struct files_state *s = xcalloc(1, sizeof *s);

    (void)err;
    p->state = s;
    report_init(&s->report, 0);
    s->limit = io_timer_new(p->clients->io, files_on_limit, p);
    files_verify_open(p);
    return true;
}

static void files_close(struct probe *p)
{
    struct files_state *s = p->state;

    if (!s)
        return;
    errand_forget(s->look);
    run_free(s->run);
    io_timer_free(s->limit);
    backup_facts_fini(&s->facts);
    backup_say_fini(&s->say);
    report_fini(&s->report);
    free(s->files);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_files = {
    .kind = "files",
    .help = "backups that are files: the newest one, whether it is whole, and those before it",
    .options = files_options,
    .size = sizeof(struct files_options),
    .check = files_check,
    .signals = files_signals,
    .target = files_target,
    .local = true,
    .open = files_open,
    .poll = files_poll,
    .close = files_close,
};
