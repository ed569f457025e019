/* app/config.h: a configuration: what is watched, read whole or not at all.
 *
 * A struct config is complete and never changes: a reload reads a new one beside it. It borrows
 * nothing, neither the file nor the environment.
 *
 * Units:   as the option tables say (durations in milliseconds).
 * Errors:  all of them, each with file:line:col and the path of its key; NULL then.
 * Owner:   config_free() ends everything in it.
 */
#pragma once

#include "app/config_errors.h"
#include "core/board.h"
#include "core/option.h"
#include "probes/probe.h"

#include <stdbool.h>
#include <stddef.h>

struct secrets;

struct config_probe {
    char *name; /* its key, unique in its service */
    const struct probe_ops *ops;
    void *self; /* of ops->size bytes */
    struct probe_common common;
};

struct config_service {
    char *id, *title; /* title: as written, or NULL: the id */
    bool critical;
    struct strlist depends_on; /* ids, as written */
    size_t *deps;              /* the same as indices, depends_on.n of them */
    struct config_probe *probes;
    size_t n_probes;
};

struct config_alert {
    char *id, *title, *when, *severity, *recover, *runbook, *service; /* most: or NULL */
    struct strlist notify;                                            /* ids of channels */
    int64_t for_ms, keep_ms, no_data_ms;                              /* for: 0 = as `when` says */
    int64_t remind_ms;                                                /* 0 = never */
    int rank;                                                         /* of the severity, from 1 */
    int service_at;                                                   /* index, or -1 */
};

enum channel_kind {
    CHANNEL_SLACK,
    CHANNEL_PAGERDUTY,
    CHANNEL_WEBHOOK,
    CHANNEL_COMMAND,
    CHANNEL_MAIL
};
enum channel_tls { CHANNEL_TLS_REQUIRED, CHANNEL_TLS_NONE };

struct config_channel { /* where somebody is told */
    char *id;
    enum channel_kind kind;
    char *slack, *pagerduty, *webhook, *bearer, *url, *ca_file; /* most: or NULL */
    struct strlist command, mail;
    char *smtp, *from, *user, *password; /* of mail: or NULL */
    int tls;                             /* enum channel_tls */
    int64_t timeout_ms;
};

enum window_every {
    WINDOW_ONCE,
    WINDOW_DAY,
    WINDOW_MONDAY,
    WINDOW_TUESDAY,
    WINDOW_WEDNESDAY,
    WINDOW_THURSDAY,
    WINDOW_FRIDAY,
    WINDOW_SATURDAY,
    WINDOW_SUNDAY
};

struct config_window { /* of maintenance: nobody is told of what it hits while it lasts */
    char *id, *reason, *from, *until, *at; /* the last three: or NULL */
    struct strmap match;                   /* alert, service, severity: at least one */
    int every;                             /* enum window_every */
    int64_t from_ms, until_ms;             /* once */
    int64_t at_ms, for_ms;                 /* else: in the day, UTC */
};

struct config_words {
    char *of[STATE_COUNT]; /* the system's own words, NULL = ours */
};

struct config_history { /* how much of the past is kept */
    int64_t keep_ms, minutes_ms;
    double size; /* bytes */
};

struct config_budget { /* what an origin takes, and what the probes ask of it */
    char *origin;      /* http://host:port */
    int allowed;       /* requests in */
    int64_t window_ms;
    double asks; /* at most, in such a time; with confirm and with closing connections */
};

struct config {
    char *source; /* the path, or "urls" */
    char *watch, *environment;
    /* Why nothing may be done on its word: somebody else could have written it. NULL = only we can.
     * Looking goes on; whatever acts asks here first. */
    char *no_actions;
    struct config_words words;
    struct config_history history;
    struct strmap rate_limits; /* as written */
    struct config_budget *budgets;
    size_t n_budgets;
    struct strmap remind;      /* severity to duration, as written */
    struct strlist severities; /* worst first; none = SEV-1 to SEV-4 */
    struct config_alert *alerts;
    size_t n_alerts;
    struct config_channel *channels;
    size_t n_channels;
    struct config_window *windows;
    size_t n_windows;
    struct config_service *services;
    size_t n_services;
    size_t n_probes, n_vars; /* in all */
};

struct config_kinds { /* what a probe may be; NULL in the input takes those of probes/ */
    const struct probe_ops *const *ops; /* NULL-terminated */
    const struct option *common;
};

struct config_input {
    const char *name;  /* for messages */
    const char *bytes; /* of the YAML */
    size_t len;
    const struct strmap *overrides; /* values of `vars` from outside, taken as they are; or NULL */
    const struct config_kinds *kinds; /* or NULL */
    const struct secrets *secrets;    /* holds what was taken out of the environment; or NULL */
};

struct config *config_read(const struct config_input *in, struct config_errors *errors);
/* The same from a file: regular, at most TREE_BYTES_MAX; checked before a byte is read. `overrides`
 * and `secrets` as in struct config_input. */
struct config *config_load(const char *path, const struct strmap *overrides,
                           const struct secrets *secrets, struct config_errors *errors);
void config_free(struct config *c);

struct judge_rule;
const struct config_alert *config_alert_find(const struct config *c, const char *id);
const struct config_channel *config_channel_find(const struct config *c, const char *id);
/* The alerts as alerts/judge.h takes them: borrowed from `c`, the array to be freed. */
struct judge_rule *config_judge_rules(const struct config *c);

const struct config_service *config_service_find(const struct config *c, const char *id);
const struct config_probe *config_probe_find(const struct config_service *s, const char *name);
/* Do both ask the same thing in the same way? Then what is known of the one holds for the other. */
bool config_probe_same(const struct config_probe *a, const struct config_probe *b);
bool config_option_same(const struct option *table, const void *a, const void *b);
/* What a reload changed, for the screen: "1 service new, 2 probes changed, environment changed" or
 * "nothing changed". A service is changed by its own options, not by its probes. */
void config_changes(const struct config *old, const struct config *now, struct buf *out);
