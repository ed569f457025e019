/* tests/app/test_message.c: alerts as messages: what stands in them, and what cannot get into them.
 */
#include "app/message.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "tests/cmocka.h"

struct fixture {
    struct board *b;
    struct message_item items[40];
    struct message m;
    struct buf out;
    struct json *doc;
};

static int make(void **state)
{
    struct fixture *t = calloc(1, sizeof *t);
    struct alert *a;

    assert_non_null(t);
    t->b = board_new(1);
    t->b->at_ms = 1769652060000;
    text_sets(&t->b->watch, "shop");
    text_sets(&t->b->environment, "production");
    text_sets(&t->b->services[0].id, "api");
    text_sets(&t->b->services[0].title, "API <main> & co");
    a = board_add_alerts(t->b, 1);
    text_sets(&a->id, "api-5xx");
    text_sets(&a->severity, "P1");
    text_sets(&a->rule, "api.errors > 5% for 5m");
    text_sets(&a->value, "8.2% (41 of 502)");
    text_sets(&a->runbook, "errors.md");
    a->rank = 2;
    a->service = 0;
    a->resolved_ms = 1769652120000;
    for (size_t i = 0; i < 40; i++)
        t->items[i] =
            (struct message_item){ MESSAGE_TRIGGER, i ? "other" : "api-5xx", a, 1769652000000 };
    t->m = (struct message){ .board = t->b, .items = t->items, .n = 1 };
    *state = t;
    return 0;
}

static int drop(void **state)
{
    struct fixture *t = *state;

    json_free(t->doc);
    buf_fini(&t->out);
    board_free(t->b);
    free(t);
    return 0;
}

static void made(struct fixture *t, void (*how)(const struct message *m, struct buf *out))
{
    struct err err;

    json_free(t->doc);
    buf_clear(&t->out);
    how(&t->m, &t->out);
    t->doc = json_parse(t->out.bytes, t->out.len, 0, 0, &err);
    if (!t->doc)
        fail_msg("%s: %s", err.msg, buf_str(&t->out));
}

static void pagerduty(const struct message *m, struct buf *out)
{
    message_pagerduty(m, "key", out);
}

static void is(const struct fixture *t, const char *pointer, const char *want)
{
    const char *got = json_string(json_pointer(t->doc, pointer));

    if (!got || strcmp(got, want) != 0)
        fail_msg("%s: %s", pointer, got ? got : "(nothing)");
}

static void one_line_says_it(void **state)
{
    struct fixture *t = *state;
    struct text line = { 0 };

    message_line(&t->m, &line);
    assert_string_equal(text_str(&line),
                        "[production shop] FIRING P1 api-5xx: 8.2% (41 of 502) (API <main> & co)");
    t->items[0].action = MESSAGE_RESOLVE;
    message_line(&t->m, &line);
    assert_string_equal(text_str(&line), "[production shop] RESOLVED P1 api-5xx (API <main> & co)");
    t->items[1].action = MESSAGE_TRIGGER;
    t->m.n = 3;
    message_line(&t->m, &line);
    assert_string_equal(text_str(&line), "[production shop] 2 firing, 1 resolved; RESOLVED P1 "
                                         "api-5xx (API <main> & co)");
    t->m.n = 1;
    t->m.test = true;
    t->items[0].alert = NULL; /* no longer configured */
    message_line(&t->m, &line);
    assert_string_equal(text_str(&line), "[production shop] TEST RESOLVED api-5xx");
    text_fini(&line);
}

/* <!channel>, <@U123> and links of strangers are words. */
static void slack_takes_nothing_for_markup(void **state)
{
    struct fixture *t = *state;

    text_sets(&t->b->alerts[0].value, "<!channel> <https://evil|ok> & \"q\" \\");
    made(t, message_slack);
    is(t, "/text",
       "[production shop] FIRING P1 api-5xx: &lt;!channel&gt; &lt;https://evil|ok&gt; &amp; \"q\" "
       "\\ "
       "(API &lt;main&gt; &amp; co)\nrunbook: errors.md");
}

static void of_many_the_first_are_named_and_the_rest_counted(void **state)
{
    struct fixture *t = *state;
    const char *text;
    int lines = 0;

    t->m.n = 40;
    made(t, message_slack);
    text = json_string(json_get(t->doc, "text"));
    for (const char *s = text; *s; s++)
        lines += *s == '\n';
    assert_int_equal(lines, 1 + MESSAGE_LISTED + 1);
    assert_non_null(strstr(text, "[production shop] 40 firing; "));
    assert_non_null(strstr(text, "\nand 20 more\n"));
    made(t, message_json);
    assert_int_equal(json_count(json_get(t->doc, "alerts")), 40);
}

/* Every field that the Events API v2 demands, and no other. */
static void pagerduty_takes_it(void **state)
{
    static const char *const severities[] = { "critical", "error", "warning", "info", "info" };
    struct fixture *t = *state;

    made(t, pagerduty);
    is(t, "/routing_key", "key");
    is(t, "/event_action", "trigger");
    is(t, "/dedup_key", "midwatch/shop/api-5xx");
    is(t, "/payload/source", "shop");
    is(t, "/payload/severity", "error");
    is(t, "/payload/timestamp", "2026-01-29T02:00:00Z");
    is(t, "/payload/component", "api");
    is(t, "/payload/class", "api-5xx");
    is(t, "/payload/custom_details/environment", "production");
    for (int i = 0; i < 5; i++) {
        t->b->alerts[0].rank = i + 1;
        made(t, pagerduty);
        is(t, "/payload/severity", severities[i]);
    }
    t->items[0].action = MESSAGE_ACKNOWLEDGE;
    made(t, pagerduty);
    is(t, "/event_action", "acknowledge");
    assert_null(json_get(t->doc, "payload"));
    assert_int_equal(json_count(t->doc), 3);
}

static void a_summary_has_its_limit(void **state)
{
    struct fixture *t = *state;
    char value[3001];

    memset(value, 'x', 3000);
    value[3000] = '\0';
    text_sets(&t->b->alerts[0].value, value);
    made(t, pagerduty);
    assert_true(strlen(json_string(json_pointer(t->doc, "/payload/summary"))) <= 1024);
}

static void json_says_all_of_it(void **state)
{
    struct fixture *t = *state;

    t->m.head = "412:abc";
    t->items[0].action = MESSAGE_RESOLVE;
    text_sets(&t->b->alerts[0].ack.who, "dana@ops1");
    t->b->alerts[0].ack.at_ms = 1;
    made(t, message_json);
    is(t, "/watch", "shop");
    is(t, "/at", "2026-01-29T02:01:00Z");
    is(t, "/journal_head", "412:abc");
    is(t, "/alerts/0/id", "api-5xx");
    is(t, "/alerts/0/action", "resolve");
    is(t, "/alerts/0/fired_at", "2026-01-29T02:00:00Z");
    is(t, "/alerts/0/resolved_at", "2026-01-29T02:02:00Z");
    is(t, "/alerts/0/acked_by", "dana@ops1");
    is(t, "/alerts/0/service", "api");
    is(t, "/alerts/0/rule", "api.errors > 5% for 5m");
    is(t, "/alerts/0/runbook", "errors.md");
}

static const char *const mail_to[] = { "oncall@example.org", "b@example.org" };

static const char *mailed(struct fixture *t)
{
    const struct message_envelope e = { "watch@example.org", mail_to, 2, 1769652060000 };

    buf_clear(&t->out);
    message_mail(&t->m, &e, &t->out);
    return buf_str(&t->out);
}

static void has(const char *mail, const char *want)
{
    if (!strstr(mail, want))
        fail_msg("no '%s' in:\n%s", want, mail);
}

static void a_mail_has_all_its_headers(void **state)
{
    struct fixture *t = *state;
    const char *mail = mailed(t);

    has(mail, "Date: Thu, 29 Jan 2026 02:01:00 +0000\r\n"
              "From: midwatch <watch@example.org>\r\n"
              "To: <oncall@example.org>,\r\n <b@example.org>\r\n"
              "Subject: [production shop] FIRING P1 api-5xx: 8.2% (41 of 502) (API <main> & co)\r\n"
              "Message-ID: <midwatch.shop.api-5xx.1769652000000@example.org>\r\n"
              "Auto-Submitted: auto-generated\r\n");
    has(mail, "\r\n\r\n=46IRING P1 api-5xx: 8.2% (41 of 502) (API <main> & co)\r\n"
              "  rule: api.errors > 5% for 5m\r\n"
              "  since: 2026-01-29T02:00:00Z\r\n  runbook: errors.md\r\n");
}

/* The same firing is one thread; what is said twice has one name. */
static void mails_of_one_firing_are_one_thread(void **state)
{
    struct fixture *t = *state;
    char *once;

    t->items[0].action = MESSAGE_RESOLVE;
    once = strdup(mailed(t));
    has(once, "In-Reply-To: <midwatch.shop.api-5xx.1769652000000@example.org>\r\n"
              "References: <midwatch.shop.api-5xx.1769652000000@example.org>\r\n");
    has(once, "Message-ID: <midwatch.shop.api-5xx.1769652000000.resolve.");
    assert_string_equal(mailed(t), once);
    free(once);
    t->items[0].fired_ms++;
    t->m.n = 2;
    has(mailed(t), "References: <midwatch.shop.api-5xx.1769652000001@example.org>\r\n"
                   " <midwatch.shop.other.1769652000000@example.org>\r\n");
}

/* Whatever stands in an alert, it begins no header and ends no mail. */
static void nothing_gets_into_the_headers_of_a_mail(void **state)
{
    struct fixture *t = *state;
    const char *mail;

    text_sets(&t->b->alerts[0].value, "x\r\nBcc: evil@example.org\r\n.\r\nQUIT");
    t->items[0].id = "a\r\nBcc: evil@example.org>";
    mail = mailed(t);
    assert_null(strstr(mail, "\r\nBcc:"));
    assert_null(strstr(mail, "\r\n.\r\n"));
    has(mail, "Message-ID: <midwatch.shop.a---cc--evil-example-org-.1769652000000@example.org>");
}

static void other_letters_are_encoded_in_short_lines(void **state)
{
    struct fixture *t = *state;
    char value[400] = "";

    for (int i = 0; i < 60; i++)
        strcat(value, "\xc3\xa9"); /* e with an acute */
    text_sets(&t->b->alerts[0].value, value);
    for (const char *line = mailed(t); *line; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 96);
        for (size_t i = 0; i < strcspn(line, "\n"); i++)
            assert_true((unsigned char)line[i] < 0x80);
    }
    has(buf_str(&t->out),
        "Subject: =?UTF-8?B?W3Byb2R1Y3Rpb24gc2hvcF0gRklSSU5HIFAxIGFwaS01eHg6IMOp");
    has(buf_str(&t->out), "=C3=A9=\r\n");
}

static void a_reminder_says_that_it_is_one(void **state)
{
    struct fixture *t = *state;
    struct text line = { 0 };
    char *second;

    t->b->at_ms = t->items[0].fired_ms + 3600000;
    t->items[0].action = MESSAGE_REMIND;
    t->items[0].reminder = 2;
    message_line(&t->m, &line);
    assert_string_equal(
        text_str(&line),
        "[production shop] STILL FIRING P1 api-5xx for 1h (reminder 2): 8.2% (41 of "
        "502) (API <main> & co)");
    text_fini(&line);
    made(t, message_json);
    is(t, "/alerts/0/action", "remind");
    made(t, pagerduty);
    is(t, "/event_action", "trigger");
    is(t, "/dedup_key", "midwatch/shop/api-5xx");
    second = strdup(mailed(t));
    has(second, "References: <midwatch.shop.api-5xx.1769652000000@example.org>");
    t->items[0].reminder = 3; /* another mail: it has another name */
    assert_string_not_equal(strstr(mailed(t), "Message-ID"), strstr(second, "Message-ID"));
    free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_line_says_it, make, drop),
        cmocka_unit_test_setup_teardown(slack_takes_nothing_for_markup, make, drop),
        cmocka_unit_test_setup_teardown(of_many_the_first_are_named_and_the_rest_counted, make,
                                        drop),
        cmocka_unit_test_setup_teardown(pagerduty_takes_it, make, drop),
        cmocka_unit_test_setup_teardown(a_summary_has_its_limit, make, drop),
        cmocka_unit_test_setup_teardown(json_says_all_of_it, make, drop),
        cmocka_unit_test_setup_teardown(a_reminder_says_that_it_is_one, make, drop),
        cmocka_unit_test_setup_teardown(a_mail_has_all_its_headers, make, drop),
        cmocka_unit_test_setup_teardown(mails_of_one_firing_are_one_thread, make, drop),
        cmocka_unit_test_setup_teardown(nothing_gets_into_the_headers_of_a_mail, make, drop),
        cmocka_unit_test_setup_teardown(other_letters_are_encoded_in_short_lines, make, drop),
    };

    setlocale(LC_CTYPE, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
