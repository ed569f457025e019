/* tests/app/test_config_alerts.c: alerts of a configuration, and every mistake with its place. */
#include "tests/app/config_cases.h"

#include "alerts/judge.h"

/* Services a and b; what `alerts` holds begins in line 5, column 3. */
#define ALERTS(more)                                                                              \
    "watch: w\nservices: {a: {probes: {p: {http: 'http://h'}, d: {postgres: host=h, sql: s}}},\n" \
    " b: {probes: {p: {http: 'http://h'}}}}\nalerts:\n" more

static void an_alert_is_read_whole(void **state)
{
    struct config *c = read_fine(
        ALERTS("  x: {when: a.p > 5s for 5m, severity: SEV-2, recover: 3s, keep_for: 2m,\n"
               "      no_data: 1h, title: Slow, runbook: slow.md, service: b}\n"
               "  y: {when: a is down, for: 30s, severity: SEV-1}\n"));
    struct judge_rule *rules = config_judge_rules(c);

    (void)state;
    assert_int_equal(c->n_alerts, 2);
    assert_string_equal(rules[0].id, "x");
    assert_string_equal(rules[0].title, "Slow");
    assert_string_equal(rules[0].severity, "SEV-2");
    assert_string_equal(rules[0].when, "a.p > 5s for 5m");
    assert_string_equal(rules[0].recover, "3s");
    assert_string_equal(rules[0].runbook, "slow.md");
    assert_int_equal(rules[0].rank, 2);
    assert_int_equal(rules[0].service, 1);
    assert_int_equal(rules[0].for_ms, -1);
    assert_int_equal(rules[0].keep_ms, 120000);
    assert_int_equal(rules[0].no_data_ms, 3600000);
    assert_int_equal(rules[1].for_ms, 30000);
    assert_int_equal(rules[1].keep_ms, 60000);
    assert_int_equal(rules[1].no_data_ms, 300000);
    assert_int_equal(rules[1].service, -1);
    free(rules);
    config_free(c);
}

static void severities_are_the_teams_own(void **state)
{
    struct config *c = read_fine("watch: w\nseverities: [P0, P1]\n"
                                 "services: {a: {probes: {p: {http: 'http://h'}}}}\n"
                                 "alerts: {x: {when: a is down, severity: P1}}\n");

    (void)state;
    assert_int_equal(c->alerts[0].rank, 2);
    config_free(c);
    ERRORS(ALERTS("  x: {when: a is down, severity: P1}\n"),
           "t:5:34: alerts.x.severity: 'P1' is no severity; write one of: SEV-1, SEV-2, SEV-3, "
           "SEV-4\n");
    ERRORS(ALERTS("  x: {when: a is down, severity: SEV1}\n"),
           "t:5:34: alerts.x.severity: 'SEV1' is no severity; did you mean 'SEV-1'?\n");
}

static void reminders_are_of_the_alert_or_of_its_severity(void **state)
{
    struct config *c =
        read_fine("watch: w\nremind: {SEV-1: 15m, SEV-2: 1h}\n"
                  "services: {a: {probes: {p: {http: 'http://h'}}}}\n"
                  "alerts: {x: {when: a is down, severity: SEV-1}, y: {when: a is down, severity: "
                  "SEV-1, remind: 5m}, z: {when: a is down, severity: SEV-3}}\n");

    (void)state;
    assert_int_equal(c->alerts[0].remind_ms, 900000);
    assert_int_equal(c->alerts[1].remind_ms, 300000);
    assert_int_equal(c->alerts[2].remind_ms, 0);
    config_free(c);
    ERRORS("watch: w\nremind: {SEV1: 15m, SEV-2: soon, SEV-3: 1ms}\n"
           "services: {a: {probes: {p: {http: 'http://h'}}}}\n",
           "t:2:10: remind: 'SEV1' is no severity; did you mean 'SEV-1'?\n"
           "t:2:28: remind: 'soon' is not a duration; write 500ms, 30s, 15m or 24h\n"
           "t:2:41: remind: is more often than every second\n");
}

/* In the middle of the rule, where that stands on a line as it is. */
static void a_wrong_rule_is_told_with_its_place(void **state)
{
    (void)state;
    ERRORS(ALERTS("  x: {when: a.q > 5s, severity: SEV-1}\n"),
           "t:5:15: alerts.x.when: no probe 'q' in a\n");
    ERRORS(ALERTS("  x: {when: 'a.p > 5', severity: SEV-1}\n"),
           "t:5:14: alerts.x.when: '5' has no unit; write 500ms or 1.5s\n");
    ERRORS(ALERTS("  x:\n    when: a.p > 5s and a is dwon\n    severity: SEV-1\n"),
           "t:6:29: alerts.x.when: 'dwon' is no state; did you mean 'down'?\n");
    ERRORS(ALERTS("  x:\n    when: >-\n      a.p > 5s and\n      a is dwon\n    severity: SEV-1\n"),
           "t:6:11: alerts.x.when: 'dwon' is no state; did you mean 'down'?\n");
    ERRORS(ALERTS("  x: {when: a.p > 5s, recover: 6s, severity: SEV-1}\n"),
           "t:5:32: alerts.x.recover: '6s' lies beyond the limit 5s: what is over it would never "
           "recover\n");
    ERRORS(ALERTS("  x: {when: a.p > 5s for 5m, for: 3m, severity: SEV-1}\n"),
           "t:5:35: alerts.x.for: stands in 'when' already\n");
    ERRORS(
        ALERTS("  x: {when: a.d > 5s, severity: SEV-1}\n"),
        "t:5:13: alerts.x.when: 'a.d' measures no number; its state can be asked: 'a.d is down'\n");
}

static void what_is_missing_or_too_much_is_told(void **state)
{
    (void)state;
    ERRORS(ALERTS("  x: {severity: SEV-1}\n"),
           "t:5:6: alerts.x: 'when' is missing: the rule: api.errors > 5% for 5m\n");
    ERRORS(ALERTS("  x: {when: a is down}\n"),
           "t:5:6: alerts.x: 'severity' is missing: how bad it is: one of 'severities'\n");
    ERRORS(ALERTS("  x: {when: a is down, severity: SEV-1, notfy: x}\n"),
           "t:5:41: alerts.x.notfy: unknown key 'notfy'; did you mean 'notify'?\n");
    ERRORS(ALERTS("  x: {when: a is down, severity: SEV-1, service: z}\n"),
           "t:5:50: alerts.x.service: no service 'z' under 'services'\n");
    ERRORS(ALERTS("  x: a is down\n"),
           "t:5:6: alerts.x: a single value stands here; an alert is a map, such as { when: "
           "api.errors > 5% for 5m, severity: SEV-1 }\n");
    ERRORS(ALERTS("  -rf: {when: a is down, severity: SEV-1}\n"),
           "t:5:3: alerts.-rf: '-rf' cannot be a name; write a-z, 0-9, '-' and '_', beginning with "
           "a letter or digit\n");
    ERRORS("watch: w\nservices: {a: {probes: {p: {http: 'http://h'}}}}\nalerts: 5\n",
           "t:3:9: alerts: a single value stands here; write a map of names and alerts\n");
}

#define CHANNELS(more) "watch: w\nservices: {a: {probes: {p: {http: 'http://h'}}}}\nnotify:\n" more

static void channels_are_read(void **state)
{
    struct config *c =
        read_fine(CHANNELS("  a: {slack: env:S}\n  b: {pagerduty: env:K, timeout: 3s}\n"
                           "  c: {webhook: 'http://h/x', bearer: env:T}\n"
                           "  d: {command: [/bin/true, x]}\n"
                           "alerts: {x: {when: a is down, severity: SEV-1, notify: [a, d]}}\n"));

    (void)state;
    assert_int_equal(c->n_channels, 4);
    assert_int_equal(c->channels[0].kind, CHANNEL_SLACK);
    assert_int_equal(c->channels[1].kind, CHANNEL_PAGERDUTY);
    assert_string_equal(c->channels[1].url, "https://events.pagerduty.com/v2/enqueue");
    assert_int_equal(c->channels[1].timeout_ms, 3000);
    assert_int_equal(c->channels[2].kind, CHANNEL_WEBHOOK);
    assert_int_equal(c->channels[3].kind, CHANNEL_COMMAND);
    assert_string_equal(c->alerts[0].notify.items[1], "d");
    config_free(c);
}

static void wrong_channels_are_told(void **state)
{
    (void)state;
    ERRORS(CHANNELS("  a: {timeout: 3s}\n"), "t:4:6: notify.a: what it is is missing; one of these "
                                             "keys: slack, pagerduty, webhook, command, mail\n");
    ERRORS(CHANNELS("  a: {slack: env:S, webhook: 'http://h'}\n"),
           "t:4:30: notify.a: 'webhook' and 'slack' are two kinds; a channel is one\n");
    ERRORS(CHANNELS("  a: {slack: env:S, bearer: env:T}\n"),
           "t:4:29: notify.a: 'bearer' goes with 'webhook' only\n");
    ERRORS(CHANNELS("  a: {slack: 'https://hooks.example/T0/secret'}\n"),
           "t:4:14: notify.a.slack: a secret cannot stand in the file; write env:NAME or "
           "file:/path\n");
    ERRORS(CHANNELS("  a: {command: []}\n"), "t:4:16: notify.a: command: names no program\n");
    ERRORS(CHANNELS("  a: {webhook: 'ftp://h'}\n"),
           "t:4:16: notify.a.webhook: this is not an address that can be asked; write "
           "http://host/path or https://host/path\n");
    ERRORS(CHANNELS("  ops: {slack: env:S}\n"
                    "alerts: {x: {when: a is down, severity: SEV-1, notify: [opps]}}\n"),
           "t:5:56: alerts.x.notify: no channel 'opps'; did you mean 'ops'?\n");
}

#define MAIL(more) CHANNELS("  a: {from: w@example.org, " more "}\n")

static void mail_is_read(void **state)
{
    struct config *c = read_fine(CHANNELS(
        "  a: {mail: oncall@example.org, smtp: 'smtp://mx.example.org:587', from: w@x.org,\n"
        "      user: w, password: env:P}\n"
        "  b: {mail: [a@x, b@x], smtp: 'smtp://[::1]', from: w@x, tls: none}\n"));

    (void)state;
    assert_int_equal(c->channels[0].kind, CHANNEL_MAIL);
    assert_int_equal(c->channels[0].tls, CHANNEL_TLS_REQUIRED);
    assert_string_equal(c->channels[0].mail.items[0], "oncall@example.org");
    assert_int_equal(c->channels[1].tls, CHANNEL_TLS_NONE);
    assert_int_equal(c->channels[1].mail.n, 2);
    config_free(c);
}

static void wrong_mail_is_told(void **state)
{
    static const char *const addresses[] = { "a",          "a@",    "@b",      "a@b,c@d",
                                             "a@b c@d",    "<a@b>", "a@b@c",   "a@b Bcc: x@y",
                                             "Ann <a@b>",  "a@b>",  "a@b;c@d", "\\\"a b\\\"@c",
                                             "a@\\xe9.org" };
    char yaml[400], want[400];

    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        snprintf(yaml, sizeof yaml, MAIL("smtp: 'smtp://h', mail: [x@y, \"%s\"]"), addresses[i]);
        snprintf(want, sizeof want,
                 "t:4:52: notify.a.mail: this is not one address; write oncall@example.org, and "
                 "several as a list\n");
        ERRORS(yaml, want);
    }
    ERRORS(MAIL("mail: a@b"), "t:4:6: notify.a.smtp: is missing: the server that takes the mail\n");
    ERRORS(CHANNELS("  a: {mail: a@b, smtp: 'smtp://h'}\n"),
           "t:4:6: notify.a.from: is missing: the address that the mail comes from\n");
    ERRORS(MAIL("mail: a@b, smtp: 'http://h'"),
           "t:4:45: notify.a.smtp: this is not a server of mail; write smtp://host:587 or "
           "smtps://host:465\n");
    ERRORS(
        MAIL("mail: a@b, smtp: 'smtp://u:p@h'"),
        "t:4:45: notify.a.smtp: an address is shown on screen and cannot hold a password or token; "
        "take it out and give it by reference: env:NAME or file:/path\n");
    ERRORS(MAIL("mail: a@b, smtp: 'smtp://h', tls: none"),
           "t:4:62: notify.a.tls: none only for a server on this machine: localhost, 127.0.0.1 or "
           "[::1]\n");
    ERRORS(MAIL("mail: a@b, smtp: 'smtp://127.0.0.1.evil.org', tls: none"),
           "t:4:79: notify.a.tls: none only for a server on this machine: localhost, 127.0.0.1 or "
           "[::1]\n");
    ERRORS(MAIL("mail: a@b, smtp: 'smtp://h', user: x"),
           "t:4:63: notify.a.user: 'user' and 'password' stand together or not at all\n");
    ERRORS(MAIL("mail: a@b, smtp: 'smtp://h', user: x, password: hunter2"),
           "t:4:76: notify.a.password: a secret cannot stand in the file; write env:NAME or "
           "file:/path\n");
    ERRORS(CHANNELS("  a: {slack: env:S, smtp: 'smtp://h'}\n"),
           "t:4:27: notify.a: 'smtp' goes with 'mail' only\n");
}

/* A rule that names what could not be read is not blamed for it, only for what it is by itself. */
static void after_other_mistakes_names_are_not_blamed(void **state)
{
    (void)state;
    ERRORS("watch: w\nservices: {a: {probes: {p: {htp: 'http://h'}}}}\n"
           "alerts: {x: {when: a.p > 5s, severity: SEV-1}, y: {when: a.p >, severity: SEV-1}}\n",
           "t:2:29: services.a.probes.p.htp: unknown key 'htp'; did you mean 'http'?\n"
           "t:3:63: alerts.y.when: the end stands here instead of a name, such as api.errors\n");
}

static void changed_alerts_are_counted(void **state)
{
    struct config *a = read_fine(ALERTS("  x: {when: a is down, severity: SEV-1}\n"
                                        "  y: {when: a is down, severity: SEV-1}\n"));
    struct config *b = read_fine(ALERTS("  x: {when: a is down, severity: SEV-2}\n"
                                        "  z: {when: a is down, severity: SEV-1}\n"));
    struct buf out = { 0 };

    (void)state;
    config_changes(a, b, &out);
    assert_string_equal(buf_str(&out), "1 alert new, 1 alert gone, 1 alert changed");
    buf_fini(&out);
    config_free(a);
    config_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_alert_is_read_whole),
        cmocka_unit_test(severities_are_the_teams_own),
        cmocka_unit_test(reminders_are_of_the_alert_or_of_its_severity),
        cmocka_unit_test(a_wrong_rule_is_told_with_its_place),
        cmocka_unit_test(what_is_missing_or_too_much_is_told),
        cmocka_unit_test(channels_are_read),
        cmocka_unit_test(wrong_channels_are_told),
        cmocka_unit_test(mail_is_read),
        cmocka_unit_test(wrong_mail_is_told),
        cmocka_unit_test(after_other_mistakes_names_are_not_blamed),
        cmocka_unit_test(changed_alerts_are_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
