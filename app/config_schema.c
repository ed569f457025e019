/* app/config_schema.c: the shape of a configuration as data: sections and their options. */
#include "app/config_schema.h"

#include <string.h>

const struct option config_watch_options[] = {
    { "watch", OPTION_STRING, offsetof(struct config, watch), NULL,
      "name of this watch: a-z, 0-9, '-' and '_'", .required = true },
    { "environment", OPTION_STRING, offsetof(struct config, environment), "unnamed",
      "word and colour of every screen: production, staging, or a word of your own" },
    { "rate_limits", OPTION_MAP, offsetof(struct config, rate_limits), NULL,
      "http://host:port to what it takes of one client: 100/1m; asking more is refused" },
    { "severities", OPTION_LIST, offsetof(struct config, severities), NULL,
      "words for how bad an alert is, worst first; none: SEV-1, SEV-2, SEV-3, SEV-4" },
    { "remind", OPTION_MAP, offsetof(struct config, remind), NULL,
      "severity to how often its alerts are told again until somebody has them: { SEV-1: 15m }" },
    { 0 },
};

#define WORD(state, name)                                                                        \
    {                                                                                            \
        name, OPTION_STRING, offsetof(struct config_words, of) + (state) * sizeof(char *), NULL, \
            "the system's own word for '" name "'"                                               \
    }

const struct option config_words_options[] = {
    WORD(STATE_UP, "up"),
    WORD(STATE_DEGRADED, "degraded"),
    WORD(STATE_DOWN, "down"),
    WORD(STATE_STALE, "stale"),
    WORD(STATE_UNKNOWN, "unknown"),
    WORD(STATE_DISABLED, "disabled"),
    { 0 },
};

const struct option config_history_options[] = {
    { "keep", OPTION_DURATION, offsetof(struct config_history, keep_ms), "7d",
      "boards second by second and charts at full resolution", NULL, 3600000, 366.0 * 86400000 },
    { "minutes", OPTION_DURATION, offsetof(struct config_history, minutes_ms), "30d",
      "charts minute by minute, marks and records", NULL, 3600000, 3660.0 * 86400000 },
    { "size", OPTION_QUANTITY, offsetof(struct config_history, size), "400MB",
      "what the file may take; the oldest boards leave first", NULL, 1 << 20, 1e12 },
    { 0 },
};

const struct option config_service_options[] = {
    { "title", OPTION_STRING, offsetof(struct config_service, title), NULL,
      "name on the screen instead of the id" },
    { "critical", OPTION_BOOL, offsetof(struct config_service, critical), "false",
      "down means that the whole system is down, not only degraded" },
    { "depends_on", OPTION_LIST, offsetof(struct config_service, depends_on), NULL,
      "ids of the services that this one needs" },
    { 0 },
};

const struct option config_alert_options[] = {
    { "when", OPTION_STRING, offsetof(struct config_alert, when), NULL,
      "the rule: api.errors > 5% for 5m", .required = true },
    { "severity", OPTION_STRING, offsetof(struct config_alert, severity), NULL,
      "how bad it is: one of 'severities'", .required = true },
    { "title", OPTION_STRING, offsetof(struct config_alert, title), NULL,
      "what people call it, instead of its name" },
    { "for", OPTION_DURATION, offsetof(struct config_alert, for_ms), NULL,
      "how long the rule must hold before it fires, where 'when' does not say" },
    { "keep_for", OPTION_DURATION, offsetof(struct config_alert, keep_ms), "1m",
      "how long it must be well before it is resolved" },
    { "recover", OPTION_STRING, offsetof(struct config_alert, recover), NULL,
      "a limit of its own for the way back: 3%" },
    { "no_data", OPTION_DURATION, offsetof(struct config_alert, no_data_ms), "5m",
      "how long nothing may be known before that is told" },
    { "service", OPTION_STRING, offsetof(struct config_alert, service), NULL,
      "id of what it is about, if not the first that the rule names" },
    { "runbook", OPTION_STRING, offsetof(struct config_alert, runbook), NULL,
      "the document to open when it fires" },
    { "notify", OPTION_LIST, offsetof(struct config_alert, notify), NULL,
      "names of the channels, under 'notify', through which it is told" },
    { "remind", OPTION_DURATION, offsetof(struct config_alert, remind_ms), NULL,
      "how often it is told again until somebody has it; none: as 'remind' says of its severity",
      NULL, 1000, 7.0 * 86400000 },
    { 0 },
};

static const char *const config_channel_tls[] = { "required", "none", NULL };

const struct option config_channel_options[] = {
    { "slack", OPTION_SECRET, offsetof(struct config_channel, slack), NULL,
      "the address of an incoming webhook of Slack, which is a secret" },
    { "pagerduty", OPTION_SECRET, offsetof(struct config_channel, pagerduty), NULL,
      "the routing key of a service of PagerDuty (Events API v2)" },
    { "webhook", OPTION_URL, offsetof(struct config_channel, webhook), NULL,
      "an address that takes a POST of JSON" },
    { "command", OPTION_LIST, offsetof(struct config_channel, command), NULL,
      "a program with its arguments; the message is in its environment" },
    { "mail", OPTION_LIST, offsetof(struct config_channel, mail), NULL,
      "addresses that get a mail: [oncall@example.org]" },
    { "smtp", OPTION_STRING, offsetof(struct config_channel, smtp), NULL,
      "the server that takes the mail: smtp://host:587 or smtps://host:465" },
    { "from", OPTION_STRING, offsetof(struct config_channel, from), NULL,
      "the address that the mail comes from" },
    { "user", OPTION_STRING, offsetof(struct config_channel, user), NULL,
      "who logs in at that server" },
    { "password", OPTION_SECRET, offsetof(struct config_channel, password), NULL,
      "the password of 'user'" },
    { "tls", OPTION_ENUM, offsetof(struct config_channel, tls), "required",
      "whether the mail must be encrypted on its way; none only on this machine",
      config_channel_tls },
    { "bearer", OPTION_SECRET, offsetof(struct config_channel, bearer), NULL,
      "a token for the webhook" },
    { "url", OPTION_URL, offsetof(struct config_channel, url),
      "https://events.pagerduty.com/v2/enqueue", "where PagerDuty takes events" },
    { "ca_file", OPTION_PATH, offsetof(struct config_channel, ca_file), NULL,
      "certificates to trust instead of the system's" },
    { "timeout", OPTION_DURATION, offsetof(struct config_channel, timeout_ms), "10s",
      "how long one attempt may take", NULL, 100, 60000 },
    { 0 },
};

static const char *const window_words[] = { "once",      "day",      "monday", "tuesday",
                                            "wednesday", "thursday", "friday", "saturday",
                                            "sunday",    NULL };

const struct option config_window_options[] = {
    { "match", OPTION_MAP, offsetof(struct config_window, match), NULL,
      "what it hits: alert, service and severity, all that are there", .required = true },
    { "reason", OPTION_STRING, offsetof(struct config_window, reason), NULL,
      "why, for whoever wonders that nobody is told", .required = true },
    { "from", OPTION_STRING, offsetof(struct config_window, from), NULL,
      "once: when it begins, 2026-11-22T02:00Z" },
    { "until", OPTION_STRING, offsetof(struct config_window, until), NULL,
      "once: when it ends, 7d later at most" },
    { "every", OPTION_ENUM, offsetof(struct config_window, every), "once",
      "how often it begins anew", window_words },
    { "at", OPTION_STRING, offsetof(struct config_window, at), NULL,
      "each time: when it begins, in UTC: 02:00" },
    { "for", OPTION_DURATION, offsetof(struct config_window, for_ms), NULL,
      "each time: how long it lasts", NULL, 60000, 7 * 86400000.0 },
    { 0 },
};

const struct config_block config_blocks[] = {
    { "watch", "vars", "values to be used as $name" },
    { "watch", "words", "the system's own words for the states" },
    { "watch", "history", "how much of the past is kept" },
    { "watch", "services", "what is watched: an id and its service each" },
    { "watch", "alerts", "when somebody is to be told: a name and its alert each" },
    { "watch", "notify", "where somebody is told: a name and its channel each" },
    { "watch", "maintenance", "when nobody is told, and of what: a name and its window each" },
    { "service", "probes", "the questions to ask: a name and its probe each" },
    { 0 },
};

const struct config_kinds config_kinds_all = { probe_kinds, probe_common_options };

bool config_section_at(const struct config_kinds *kinds, size_t i, struct config_section *out)
{
    const struct config_section fixed[] = {
        { "watch", "", "the top of the file", config_watch_options },
        { "words", "words", "the system's own words for the states", config_words_options },
        { "history", "history", "how much of the past is kept", config_history_options },
        { "alert", "alerts.NAME", "when somebody is to be told", config_alert_options },
        { "channel", "notify.NAME", "where somebody is told", config_channel_options },
        { "window", "maintenance.NAME", "for so long nobody is told of what it hits",
          config_window_options },
        { "service", "services.ID", "one thing that users feel or others depend on",
          config_service_options },
        { "probe", "services.ID.probes.NAME", "what every kind of probe takes", kinds->common },
    };
    size_t n = sizeof fixed / sizeof *fixed, k = 0;

    if (i < n) {
        *out = fixed[i];
        return true;
    }
    while (kinds->ops[k] && k < i - n)
        k++;
    if (!kinds->ops[k])
        return false;
    *out = (struct config_section){ kinds->ops[k]->kind, "services.ID.probes.NAME",
                                    kinds->ops[k]->help, kinds->ops[k]->options };
    return true;
}

const struct probe_ops *config_kind(const struct config_kinds *kinds, const char *name)
{
    for (size_t i = 0; kinds->ops[i]; i++)
        if (strcmp(kinds->ops[i]->kind, name) == 0)
            return kinds->ops[i];
    return NULL;
}
