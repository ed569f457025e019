/* probes/restic.c: the snapshots of one source in a restic repository.
 *
 * Snapshots carry their size since restic 0.17; of older ones it is asked, once for each: a
 * snapshot never changes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "core/alloc.h"
#include "probes/registry.h"
#include "probes/tool.h"

enum {
    RESTIC_SIZED = 8, /* the newest, and the seven that it is compared with */
    RESTIC_KNOWN = 32,
    RESTIC_ID = 8,
    RESTIC_STATS_MAX = 4096,
    RESTIC_NO_REPOSITORY = 10, /* exits since 0.17 */
    RESTIC_LOCKED = 11,
    RESTIC_WRONG_PASSWORD = 12
};

struct restic_options {
    char *restic, *password, *host, *path, *tag;
    bool sizes;
    struct backup_options backup;
    struct tool_options tool;
};

#define RESTIC(field) offsetof(struct restic_options, field)

static const struct option restic_options[] = {
    { "restic", OPTION_STRING, RESTIC(restic), NULL, "repository, as restic names it",
      .required = true },
    { "password", OPTION_SECRET, RESTIC(password), NULL, "password of the repository" },
    { "host", OPTION_STRING, RESTIC(host), NULL, "snapshots of this host", .open_to_all = true },
    { "path", OPTION_PATH, RESTIC(path), NULL, "snapshots that hold this path",
      .open_to_all = true },
    { "tag", OPTION_STRING, RESTIC(tag), NULL, "snapshots with this tag", .open_to_all = true },
    { "sizes", OPTION_BOOL, RESTIC(sizes), "true",
      "ask the size of a snapshot where it does not carry it (before 0.17)" },
    BACKUP_OPTIONS(RESTIC(backup)),
    TOOL_OPTIONS(RESTIC(tool)),
    { 0 }
};

struct restic_state {
    struct tool tool;
    struct { /* a ring: sizes that were asked */
        char id[RESTIC_ID + 1];
        double bytes; /* NaN: there was no answer in time; not asked again */
    } known[RESTIC_KNOWN];
    size_t n_known;
    char asking[RESTIC_ID + 1];
};

static bool restic_check(void *self, struct probe_common *common, struct err *err)
{
    struct restic_options *o = self;

    if (!*o->restic)
        return err_set(err, "restic: names no repository");
    for (size_t i = 0; i < o->tool.env.n; i++)
        if (strcmp(o->tool.env.keys[i], "RESTIC_REPOSITORY") == 0 ||
            (o->password && strcmp(o->tool.env.keys[i], "RESTIC_PASSWORD") == 0))
            return err_set(err, "env: %s is told twice", o->tool.env.keys[i]);
    return tool_check(&o->tool, common, "restic", err) &&
           backup_check_listed(&o->backup, common, err);
}

/* "rest:https://user:password@host/" without what stands before the @. */
static void restic_target(const void *self, struct text *out)
{
    const char *repository = ((const struct restic_options *)self)->restic;
    const char *host = strstr(repository, "://");
    const char *at = host ? strrchr(host, '@') : NULL;

    if (at)
        text_setf(out, "%.*s%s", (int)(host + 3 - repository), repository, at + 1);
    else
        text_sets(out, repository);
}

/* ---- what it answers ---- */

/* Since 0.17 its exit says what is wrong; before, its words do. */
static bool restic_ended_well(struct tool *t, const struct run_end *end)
{
    int code;
    size_t len;
    const char *said = tool_complaint(end->err, &len);
    char why[320];

    if (tool_broke(t, end))
        return false;
    code = WEXITSTATUS(end->status);
    if (code == 0)
        return true;
    snprintf(why, sizeof why, "%.*s", (int)(len < 300 ? len : 300), len ? said : "no reason");
    if (code == RESTIC_WRONG_PASSWORD || strstr(end->err, "wrong password or no key found"))
        tool_failed(t, FAULT_AUTH, why);
    else if (code == RESTIC_NO_REPOSITORY || strstr(end->err, "Is there a repository at"))
        tool_failed(t, FAULT_STATUS, "there is no repository");
    else
        tool_unclear(t, end);
    return false;
}

static double *restic_known(struct restic_state *s, const char *name)
{
    for (size_t i = 0; i < RESTIC_KNOWN; i++)
        if (*s->known[i].id && strncmp(s->known[i].id, name, RESTIC_ID) == 0)
            return &s->known[i].bytes;
    return NULL;
}

static void restic_learn(struct restic_state *s, double bytes)
{
    size_t i = s->n_known++ % RESTIC_KNOWN;

    memcpy(s->known[i].id, s->asking, sizeof s->asking);
    s->known[i].bytes = bytes;
}

static void restic_ask_size(struct probe *p);
static void restic_say(struct probe *p);

static void restic_on_size(struct probe *p, const struct run_end *end)
{
    struct restic_state *s = p->state;
    struct err why = { "" };
    double bytes;

    if (end->fault == FAULT_TIMEOUT) { /* the list is known: that is what matters */
        if (tool_left_ms(&s->tool) <= 0)
            restic_learn(s, NAN);
        restic_say(p);
        return;
    }
    if (!restic_ended_well(&s->tool, end))
        return;
    bytes = NAN;
    if (end->out_len > RESTIC_STATS_MAX)
        err_set(&why, "stats: more than %d bytes", RESTIC_STATS_MAX);
    else
        bytes = restic_read_size(end->out, end->out_len, &why);
    if (isnan(bytes)) {
        tool_unread(&s->tool, &why);
        return;
    }
    restic_learn(s, bytes);
    restic_ask_size(p);
}

/* What is known of their sizes, from now and before. */
static void restic_say(struct probe *p)
{
    struct restic_state *s = p->state;
    struct backup_facts *f = &s->tool.facts;

    for (size_t i = 0; i < f->n; i++) {
        struct backup *b = &f->list[i];
        const double *known = restic_known(s, b->name);

        if (!known || !isnan(b->size_bytes))
            continue;
        b->size_bytes = *known;
        if (isnan(*known))
            BACKUP_SET(b->how, "listed; its size could not be asked in time");
    }
    tool_say(&s->tool);
}

/* The newest ones first; where there is little time left, the next poll goes on. */
static void restic_ask_size(struct probe *p)
{
    static const char *const more[] = { "--json", "--no-lock", "--quiet",
                                        "stats",  "--mode",    "restore-size" };
    const struct restic_options *o = p->self;
    struct restic_state *s = p->state;
    const struct backup_facts *f = &s->tool.facts;
    const char *args[TOOL_ARGS];
    size_t n = sizeof more / sizeof *more, i = 0;

    while (i < f->n && i < RESTIC_SIZED &&
           (!isnan(f->list[i].size_bytes) || restic_known(s, f->list[i].name)))
        i++;
    if (!o->sizes || i == f->n || i == RESTIC_SIZED ||
        tool_left_ms(&s->tool) < p->common->timeout_ms / 4) {
        restic_say(p);
        return;
    }
    snprintf(s->asking, sizeof s->asking, "%.*s", RESTIC_ID, f->list[i].name);
    memcpy(args, more, sizeof more);
    args[n] = s->asking;
    args[n + 1] = NULL;
    tool_ask(&s->tool, args, restic_on_size);
}

static bool restic_take(const char *bytes, size_t len, struct tool_with *with,
                        struct backup_facts *f, struct err *err)
{
    return restic_read_snapshots(bytes, len, &with->chosen, f, err);
}

static void restic_on_read(struct probe *p, const struct run_end *end, const struct tool_with *with,
                           const struct err *unread)
{
    struct restic_state *s = p->state;

    (void)end;
    (void)with;
    if (unread)
        tool_unread(&s->tool, unread);
    else
        restic_ask_size(p);
}

static void restic_on_snapshots(struct probe *p, const struct run_end *end)
{
    const struct restic_options *o = p->self;
    const struct tool_with with = { .chosen = { .host = o->host, .path = o->path, .tag = o->tag } };
    struct restic_state *s = p->state;

    if (restic_ended_well(&s->tool, end))
        tool_read(&s->tool, end, restic_take, &with, restic_on_read);
}

/* ---- asking ---- */

/* "--host=web", in a room of its own. */
static const char *restic_word(struct buf *room, const char *option, const char *value)
{
    buf_addf(room, "--%s=%s", option, value);
    return buf_str(room);
}

/* The repository may hold a password, and its own may not be among the arguments. */
static bool restic_begin(struct probe *p)
{
    const struct restic_options *o = p->self;
    struct restic_state *s = p->state;

    tool_begin(&s->tool);
    tool_variable(&s->tool, "RESTIC_REPOSITORY", o->restic);
    tool_variable(&s->tool, "RESTIC_PROGRESS_FPS", "0");
    return tool_secret(&s->tool, "RESTIC_PASSWORD", o->password);
}

static void restic_poll(struct probe *p)
{
    const struct restic_options *o = p->self;
    const char *args[TOOL_ARGS] = { "--json", "--no-lock", "--quiet", "snapshots" };
    struct buf words[3] = { { 0 } };
    size_t n = 4;

    if (!restic_begin(p))
        return;
    if (o->host)
        args[n++] = restic_word(&words[0], "host", o->host);
    if (o->path)
        args[n++] = restic_word(&words[1], "path", o->path);
    if (o->tag)
        args[n++] = restic_word(&words[2], "tag", o->tag);
    tool_ask(&((struct restic_state *)p->state)->tool, args, restic_on_snapshots);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        buf_fini(&words[i]);
}

static bool restic_open(struct probe *p, struct err *err)
{
    const struct restic_options *o = p->self;
    struct restic_state *s = xcalloc(1, sizeof *s);

    (void)err;
    p->state = s;
    tool_open(&s->tool, p, "restic", &o->tool, &o->backup);
    return true;
}

static void restic_close(struct probe *p)
{
    struct restic_state *s = p->state;

    if (!s)
        return;
    tool_close(&s->tool);
    free(s);
    p->state = NULL;
}

const struct probe_ops probe_restic = {
    .kind = "restic",
    .help = "snapshots in a restic repository",
    .options = restic_options,
    .size = sizeof(struct restic_options),
    .check = restic_check,
    .signals = tool_signals,
    .target = restic_target,
    .local = true,
    .open = restic_open,
    .poll = restic_poll,
    .close = restic_close,
};
