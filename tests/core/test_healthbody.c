/* tests/core/test_healthbody.c: every dialect of tests/data/health/INDEX.tsv is judged as it says
 * there, and nothing that says nothing is up.
 */
#include "core/healthbody.h"

#include "core/buf.h"

#include "tests/app/shared.h"
#include "tests/cmocka.h"

#include <dirent.h>
#include <locale.h>
#include <math.h>
#include <string.h>

enum { FIELDS = 8, PARTS_TEXT = 2048 };

static struct healthbody h;
static char bytes[1 << 20];

static size_t slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    if (!f)
        fail_msg("%s: cannot be read", path);
    n = fread(bytes, 1, sizeof bytes - 1, f);
    fclose(f);
    bytes[n] = '\0';
    return n;
}

static const char *state_name(enum state s)
{
    static const char *const names[] = { "unknown", "up", "degraded", "down", "stale", "disabled" };

    return names[s];
}

/* "db=up@5ms|redis=down" */
static const char *parts_of(const struct healthbody *b, char out[PARTS_TEXT])
{
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < b->n_components; i++) {
        const struct component *c = &b->components[i];

        n += (size_t)snprintf(out + n, PARTS_TEXT - n, "%s%s=%s", i ? "|" : "", text_str(&c->name),
                              state_name(c->state));
        if (!isnan(c->value))
            n += (size_t)snprintf(out + n, PARTS_TEXT - n, "@%g%s", c->value, unit_name(c->unit));
    }
    return out;
}

static int differs(const char *file, const char *what, const char *is, const char *want)
{
    if (strcmp(is, want) == 0)
        return 0;
    print_error("%s: %s is '%s', not '%s'\n", file, what, is, want);
    return 1;
}

/* How many things differ from the row. */
static int judge_row(char *field[FIELDS])
{
    char path[4096], parts[PARTS_TEXT], uptime[32] = "";
    struct err err = { "" };
    int n = 0;
    bool ok;

    snprintf(path, sizeof path, "%s/tests/data/health/%s", getenv("MIDWATCH_SOURCE"), field[0]);
    ok = healthbody_read(bytes, slurp(path), *field[1] ? field[1] : NULL, NULL, &h, &err);
    n += differs(field[0], "state", ok ? state_name(h.state) : "refused", field[2]);
    n += differs(field[0], "word", text_str(&h.word), field[3]);
    n += differs(field[0], "why", text_str(&h.why), field[4]);
    n += differs(field[0], "parts", parts_of(&h, parts), field[5]);
    n += differs(field[0], "version", text_str(&h.version), field[6]);
    if (!isnan(h.uptime))
        snprintf(uptime, sizeof uptime, "%g", h.uptime);
    n += differs(field[0], "uptime", uptime, field[7]);
    if (!ok) {
        assert_int_equal(h.state, STATE_DOWN);
        assert_string_equal(err.msg, text_str(&h.why));
    }
    assert_true(h.state == STATE_UP || *text_str(&h.why)); /* what is not up has its reason */
    return n;
}

static void each_dialect_is_judged_as_the_index_says(void **state)
{
    char path[4096], line[4096];
    int rows = 0, wrong = 0;
    FILE *f;

    (void)state;
    snprintf(path, sizeof path, "%s/tests/data/health/INDEX.tsv", getenv("MIDWATCH_SOURCE"));
    f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        char *field[FIELDS], *at = line;

        line[strcspn(line, "\n")] = '\0';
        if (*line == '#')
            continue;
        for (int i = 0; i < FIELDS; i++) {
            field[i] = strsep(&at, "\t");
            assert_non_null(field[i]);
        }
        wrong += judge_row(field);
        rows++;
    }
    fclose(f);
    assert_int_equal(wrong, 0);
    assert_true(rows > 80);
}

static bool read_s(const char *s, const struct healthbody_hints *hints)
{
    return healthbody_read(s, strlen(s), "application/json", hints, &h, NULL);
}

static void hints_lead_to_the_status(void **state)
{
    static const char *const pointers[] = { "/status", "/data/status" };
    const struct healthbody_hints hints = { .status = pointers, .n_status = 2 };
    const struct healthbody_hints all = { pointers, 2, "/data/parts", "/build/v", "/since" };

    (void)state;
    assert_true(read_s("{\"data\":{\"status\":\"degraded\"}}", &hints));
    assert_int_equal(h.state, STATE_DEGRADED);
    assert_true(read_s("{\"status\":\"ok\",\"data\":{\"status\":\"down\"}}", &hints));
    assert_int_equal(h.state, STATE_UP); /* the first that is there */
    assert_true(read_s("{\"health\":\"ok\"}", &hints));
    assert_int_equal(h.state, STATE_UNKNOWN);
    assert_string_equal(text_str(&h.why), "no status at /status or the other places named");
    assert_true(read_s("{\"status\":\"ok\",\"data\":{\"parts\":{\"a\":{\"status\":\"down\"}}},"
                       "\"build\":{\"v\":7.5},\"since\":\"4m\"}",
                       &all));
    assert_int_equal(h.state, STATE_DEGRADED);
    assert_int_equal(h.n_components, 1);
    assert_string_equal(text_str(&h.version), "7.5");
    assert_true(h.uptime == 240);
}

/* Bodies in which something bad stands beside something good: none of them is up. */
static void judged(const char *body, enum state state, const char *why)
{
    read_s(body, NULL);
    if (h.state != state || (why && strcmp(text_str(&h.why), why) != 0))
        fail_msg("%s is %s: %s", body, state_name(h.state), text_str(&h.why));
}

static void of_two_that_contradict_each_other_the_worse_counts(void **state)
{
    (void)state;
    judged("{\"status\":\"running\",\"healthy\":false}", STATE_DOWN, "status is healthy: false");
    judged("{\"status\":\"ok\",\"ready\":false}", STATE_DOWN, "status is ready: false");
    judged("{\"status\":\"ok\",\"ready\":\"no\",\"alive\":\"dead\"}", STATE_DOWN, "status is dead");
    judged("{\"status\":200,\"health\":\"red\"}", STATE_DOWN, "status is red");
    judged("{\"status\":\"ok\",\"health\":{\"status\":\"yellow\"}}", STATE_DEGRADED,
           "status is yellow");
    judged("{\"status\":\"ok\",\"state\":\"Server not ready\"}", STATE_DOWN,
           "status is Server not ready");
    judged("{\"status\":\"purple\",\"ok\":false}", STATE_DOWN, "status is ok: false");
    judged("{\"status\":null,\"ok\":false}", STATE_DOWN, NULL);
    judged("{\"ok\":true,\"health\":\"yellow\",\"ready\":false}", STATE_DEGRADED, NULL);
    judged("{\"checks\":{\"db\":{\"status\":\"running\",\"healthy\":false}}}", STATE_DOWN,
           "db: healthy: false");
    judged("{\"ok\":true,\"OK\":false}", STATE_DOWN, NULL);
    /* a plain no says less than these */
    judged("{\"status\":\"degraded\",\"ready\":false}", STATE_DEGRADED, "status is degraded");
    judged("{\"status\":\"maintenance\",\"ready\":false}", STATE_DISABLED, "maintenance");
    judged("{\"status\":\"degraded\",\"health\":\"red\"}", STATE_DOWN, "status is red");
    /* and these contradict nothing */
    judged("{\"status\":\"ok\",\"state\":\"idle\",\"health\":3,\"ready\":true}", STATE_UP, "");
    judged("{\"status\":\"ok\",\"state\":\"paused\",\"available\":\"12 GB\"}", STATE_UP, "");
}

static void every_container_is_read(void **state)
{
    (void)state;
    judged("{\"checks\":{\"cache\":\"ok\"},\"dependencies\":{\"db\":{\"status\":\"down\"}}}",
           STATE_DOWN, "db: down");
    judged("{\"status\":\"ok\",\"checks\":{\"cache\":true},\"services\":{\"db\":false}}",
           STATE_DEGRADED, "db: false, though status is ok");
    judged("{\"checks\":{\"cache\":\"ok\"},\"errors\":[\"database down\"]}", STATE_DOWN,
           "database down: failed");
    judged("{\"components\":{\"a\":{\"status\":\"UP\"}},\"error\":\"Server is shutting down\"}",
           STATE_DOWN, "error: Server is shutting down");
    judged("{\"status\":\"ok\",\"error\":true}", STATE_DEGRADED,
           "error: true, though status is ok");
    judged("{\"status\":\"ok\",\"details\":{\"a\":{\"status\":\"up\"}},"
           "\"error\":{\"b\":{\"status\":\"down\"}}}",
           STATE_DEGRADED, "b: down, though status is ok");
    judged("{\"status\":\"ok\",\"health\":{\"a\":\"ok\",\"db\":\"down\"}}", STATE_DEGRADED,
           "db: down, though status is ok");
    /* beside the containers, under a key that else is a yes or no, behind another in its list */
    judged("{\"checks\":{\"a\":\"ok\"},\"db\":\"down\"}", STATE_DOWN, "db: down");
    judged("{\"checks\":{\"a\":\"ok\"},\"nodes\":[{\"id\":1},{\"id\":2,\"status\":\"down\"}]}",
           STATE_DOWN, "nodes/1: down");
    judged("{\"status\":\"ok\",\"ready\":{\"status\":\"down\"}}", STATE_DEGRADED,
           "ready: down, though status is ok");
    /* no container, and no error */
    judged("{\"checks\":{\"a\":\"ok\"},\"services\":[\"a\",\"b\"],\"details\":{\"since\":\"noon\"},"
           "\"dependencies\":{\"express\":\"4.1\"},\"errors\":[],\"error\":\"none\",\"color\":"
           "\"blue\"}",
           STATE_UP, "");
    judged("{\"status\":\"ok\",\"error\":false}", STATE_UP, "");
}

/* Errors that are no list and no map are an opinion all the same. */
static void errors_in_plain_words_or_as_a_number_count(void **state)
{
    (void)state;
    judged("{\"status\":\"ok\",\"errors\":\"disk full\"}", STATE_DEGRADED,
           "errors: disk full, though status is ok");
    judged("{\"status\":\"ok\",\"errors\":3}", STATE_DEGRADED, "errors: 3, though status is ok");
    judged("{\"errors\":\"database unreachable\"}", STATE_DOWN, "errors: database unreachable");
    judged("{\"errors\":2}", STATE_DEGRADED, "errors: 2");
    judged("{\"status\":\"ok\",\"error\":1}", STATE_DEGRADED, "error: 1, though status is ok");
    judged("{\"checks\":{\"a\":\"ok\"},\"errors\":\"queue full\"}", STATE_DOWN,
           "errors: queue full");
    judged("{\"status\":\"ok\",\"errors\":true}", STATE_DEGRADED,
           "errors: true, though status is ok");
    judged("{\"status\":\"ok\",\"errors\":0,\"error\":\"none\"}", STATE_UP, "");
    judged("{\"status\":\"ok\",\"errors\":\"none\"}", STATE_UP, "");
    judged("{\"status\":\"ok\",\"errors\":\"0\"}", STATE_UP, "");
    judged("{\"status\":\"ok\",\"errors\":null}", STATE_UP, "");
    judged("{\"errors\":0}", STATE_UNKNOWN, "no status in the body");
}

static void a_name_in_two_containers_is_told_once_and_as_the_worse(void **state)
{
    char parts[PARTS_TEXT];

    (void)state;
    judged("{\"checks\":{\"db\":\"ok\",\"a\":\"ok\"},\"dependencies\":{\"db\":\"down\",\"a\":"
           "\"ok\",\"b\":\"ok\"}}",
           STATE_DOWN, "db: down");
    assert_string_equal(parts_of(&h, parts), "db=down|a=up|b=up");
    judged("{\"checks\":{\"db\":\"down\"},\"services\":{\"db\":\"ok\"}}", STATE_DOWN, "db: down");
    assert_string_equal(parts_of(&h, parts), "db=down");
    judged("{\"checks\":[{\"name\":\"a\",\"ok\":true},{\"name\":\"a\",\"ok\":false}]}", STATE_DOWN,
           NULL);
    assert_string_equal(parts_of(&h, parts), "a=up|a=down"); /* of one container they are two */
}

static void an_envelope_that_says_no_is_down(void **state)
{
    static const char *const bodies[] = {
        "{\"ok\":false,\"error\":\"db "
        "gone\",\"data\":{\"status\":\"ok\",\"parts\":{\"a\":\"ok\"}}}",
        "{\"success\":false,\"error\":\"db gone\",\"data\":{\"status\":\"ok\",\"parts\":{}}}",
        "{\"status\":\"ok\",\"ok\":false,\"error\":\"db "
        "gone\",\"data\":{\"status\":\"ok\",\"parts\":{}}}",
    };
    static const char *const pointers[] = { "/data/status" };
    const struct healthbody_hints hints[] = { { 0 },
                                              { .components = "/data/parts" },
                                              { .status = pointers, .n_status = 1 } };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        for (size_t j = 0; j < sizeof hints / sizeof *hints; j++) {
            assert_true(read_s(bodies[i], &hints[j]));
            assert_int_equal(h.state, STATE_DOWN);
            assert_string_equal(text_str(&h.why),
                                i == 1 ? "success is false: db gone" : "ok is false: db gone");
        }
    }
    judged("{\"status\":\"ok\",\"health\":\"yellow\",\"data\":{\"status\":\"ok\"}}", STATE_DEGRADED,
           "status is yellow");
    judged("{\"ok\":true,\"data\":{\"status\":\"ok\"}}", STATE_UP, "");
    judged("{\"ok\":true,\"data\":{\"status\":\"degraded\"}}", STATE_DEGRADED, NULL);
}

static void parts_that_are_not_where_they_should_be_are_unknown(void **state)
{
    static const char *const pointers[] = { "/status" };
    const struct healthbody_hints parts = { .components = "/checks" };
    const struct healthbody_hints both = { pointers, 1, "/checks", NULL, NULL };

    (void)state;
    assert_true(read_s("{\"status\":\"ok\",\"checkz\":{\"db\":\"down\"}}", &parts));
    assert_int_equal(h.state, STATE_UNKNOWN);
    assert_string_equal(text_str(&h.why), "no parts at /checks");
    assert_true(read_s("{\"status\":\"ok\",\"checks\":\"down\"}", &both));
    assert_int_equal(h.state, STATE_UNKNOWN);
    assert_string_equal(text_str(&h.why), "no parts at /checks");
    assert_true(read_s("{\"status\":\"down\"}", &both)); /* bad enough without them */
    assert_int_equal(h.state, STATE_DOWN);
    assert_true(read_s("{\"status\":\"ok\",\"checks\":{}}", &both));
    assert_int_equal(h.state, STATE_UP);
}

static void finished_at_is_told(void **state)
{
    (void)state;
    assert_true(read_s(
        "{\"finishedAt\":1769652827,\"checkResults\":[{\"name\":\"A\",\"status\":\"ok\"}]}", NULL));
    assert_int_equal(h.finished_ms, 1769652827000);
    assert_true(read_s("{\"status\":\"ok\"}", NULL));
    assert_int_equal(h.finished_ms, 0);
}

static void notes_and_failed_jobs_are_kept(void **state)
{
    (void)state;
    assert_true(read_s(
        "{\"status\":\"up\",\"checks\":{\"q\":{\"status\":\"up\",\"waiting\":4,\"failed\":2},"
        "\"d\":{\"status\":\"down\",\"error\":{\"message\":\"no \\u001b[2J route\"}}}}",
        NULL));
    assert_string_equal(text_str(&h.components[0].note), "2 failed");
    assert_string_equal(text_str(&h.components[1].note), "no ^[[2J route");
}

static void many_parts_are_capped_but_all_judged(void **state)
{
    struct buf b = { 0 };

    (void)state;
    buf_adds(&b, "{\"checks\":{");
    for (int i = 0; i < 500; i++)
        buf_addf(&b, "\"c%d\":\"%s\",", i, i == 400 ? "fail" : "ok");
    buf_adds(&b, "\"z\":\"ok\"}}");
    assert_true(healthbody_read(b.bytes, b.len, NULL, NULL, &h, NULL));
    assert_int_equal(h.state, STATE_DOWN);
    assert_int_equal(h.n_components, READING_COMPONENTS);
    assert_string_equal(text_str(&h.why), "c400: fail"); /* it took the place of one that is up */
    buf_fini(&b);
}

static void a_denial_reaches_the_word_it_speaks_of(void **state)
{
    static const struct {
        const char *body;
        enum state state;
    } cases[] = {
        { "Service is not ready", STATE_DOWN },
        { "Service is not yet ready", STATE_DOWN },
        { "not currently fully operational", STATE_DOWN },
        { "the application isn't up", STATE_DOWN },
        { "it can't become ready", STATE_DOWN },
        { "cannot become ready", STATE_DOWN },
        { "no workers available", STATE_DOWN },
        { "status: 'ok'", STATE_UP },
        { "OK: no error", STATE_UP },
        { "ok, no problems", STATE_UP },
        { "no problems found, all systems operational", STATE_UP },
        { "not affected - healthy", STATE_UP },
        { "the host did not answer: timeout", STATE_DOWN },
        { "the host did not answer timeout", STATE_DOWN },
        { "No connection to the database is available", STATE_DOWN },
        { "Unable to become ready", STATE_DOWN },
        { "no problems found and all systems operational", STATE_UP },
        { "0 errors, service running", STATE_UP },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(
            healthbody_read(cases[i].body, strlen(cases[i].body), "text/plain", NULL, &h, NULL));
        if (h.state != cases[i].state)
            fail_msg("'%s' is %s", cases[i].body, state_name(h.state));
    }
}

static void what_is_waited_for_is_not_there(void **state)
{
    static const char *const bodies[] = {
        "Waiting for database to be ready.", "Starting up, will soon be available",
        "if the host answers, it is up",     "unclear until ready",
        "Server is being started",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        assert_true(healthbody_read(bodies[i], strlen(bodies[i]), "text/plain", NULL, &h, NULL));
        if (h.state == STATE_UP || h.state == STATE_DOWN || !*text_str(&h.why))
            fail_msg("'%s' is %s", bodies[i], state_name(h.state));
    }
    judged("{\"status\":\"Waiting for database to be ready\"}", STATE_UNKNOWN,
           "status is Waiting for database to be ready");
}

/* A NUL ends what C takes for a word, and not what the server said. */
static void a_nul_hides_nothing(void **state)
{
    enum state s;

    (void)state;
    assert_false(healthbody_word("ok\0 degraded", 12, &s));
    assert_int_equal(s, STATE_UNKNOWN);
    assert_true(healthbody_read("ok\0 degraded", 12, "text/plain", NULL, &h, NULL));
    assert_int_equal(h.state, STATE_DEGRADED);
    assert_true(healthbody_read("ok\0purple", 9, "text/plain", NULL, &h, NULL));
    assert_int_not_equal(h.state, STATE_UP);
}

static void what_lies_behind_the_last_line_that_is_read_is_not_taken_for_good(void **state)
{
    struct buf b = { 0 };

    (void)state;
    for (int i = 0; i < 500; i++)
        buf_addf(&b, "[+]check%d ok\n", i);
    assert_true(healthbody_read(b.bytes, b.len, NULL, NULL, &h, NULL));
    assert_int_equal(h.state, STATE_UP);
    buf_adds(&b, "[-]etcd failed\n");
    assert_true(healthbody_read(b.bytes, b.len, NULL, NULL, &h, NULL));
    assert_int_equal(h.state, STATE_UNKNOWN);
    assert_string_equal(text_str(&h.why), "more than 500 lines");
    buf_fini(&b);
}

static void memory_is_kept_between_reads(void **state)
{
    const struct component *before;

    (void)state;
    assert_true(read_s("{\"api\":\"ok\",\"redis\":\"ok\"}", NULL));
    before = h.components;
    assert_true(read_s("{\"api\":\"ok\",\"redis\":\"error\"}", NULL));
    assert_ptr_equal(h.components, before);
    assert_true(read_s("{}", NULL));
    assert_int_equal(h.n_components, 0);
    healthbody_fini(&h);
    healthbody_fini(&h);
}

static void words_are_known_in_any_spelling(void **state)
{
    enum state s;

    (void)state;
    assert_true(healthbody_word("Out Of Service", 14, &s) && s == STATE_DOWN);
    assert_true(healthbody_word("partially-available", 19, &s) && s == STATE_DEGRADED);
    assert_true(healthbody_word(" ok.\n", 5, &s) && s == STATE_UP);
    assert_false(healthbody_word("", 0, &s));
    assert_false(healthbody_word("okish", 5, &s));
    assert_int_equal(s, STATE_UNKNOWN);
}

/* The real bodies. Their INDEX says "-> UP" and the like where somebody settled it. */
static void each_real_body_is_judged_as_the_index_says(void **state)
{
    char dir[4096], path[4400], line[4096], index_path[4096];
    int settled = 0, others = 0;
    FILE *f;

    (void)state;
    if (!shared_path(dir, sizeof dir, "corpus/health") ||
        !shared_path(index_path, sizeof index_path, "corpus/INDEX.md"))
        skip();
    f = fopen(index_path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        char name[256], want[32] = "";
        const char *arrow = strstr(line, "-> ");
        struct err err = { "" };
        size_t len;

        if (sscanf(line, "| %255[^ |] |", name) != 1)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, name);
        if (access(path, R_OK) != 0)
            continue;
        len = slurp(path);
        healthbody_read(bytes, len, NULL, NULL, &h, &err);
        print_message("%s: %s %s\n", name, state_name(h.state), text_str(&h.why));
        if (arrow && sscanf(arrow, "-> %31[A-Z]", want) == 1 && strcmp(want, "UP")) {
            const char *word = strcmp(want, "MAINTENANCE") ? want : "disabled";

            assert_int_equal(strcasecmp(state_name(h.state), word), 0);
            assert_true(*text_str(&h.why));
            settled++;
        } else if (arrow) {
            assert_int_equal(h.state, STATE_UP);
            settled++;
        } else { /* parsed, or unknown with its reason */
            assert_true(h.state == STATE_UNKNOWN ? *text_str(&h.why) != '\0'
                                                 : h.n_components || *text_str(&h.word));
            others++;
        }
    }
    fclose(f);
    print_message("%d as settled, %d others\n", settled, others);
    assert_true(settled >= 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_dialect_is_judged_as_the_index_says),
        cmocka_unit_test(hints_lead_to_the_status),
        cmocka_unit_test(of_two_that_contradict_each_other_the_worse_counts),
        cmocka_unit_test(every_container_is_read),
        cmocka_unit_test(errors_in_plain_words_or_as_a_number_count),
        cmocka_unit_test(a_name_in_two_containers_is_told_once_and_as_the_worse),
        cmocka_unit_test(an_envelope_that_says_no_is_down),
        cmocka_unit_test(parts_that_are_not_where_they_should_be_are_unknown),
        cmocka_unit_test(finished_at_is_told),
        cmocka_unit_test(notes_and_failed_jobs_are_kept),
        cmocka_unit_test(many_parts_are_capped_but_all_judged),
        cmocka_unit_test(a_denial_reaches_the_word_it_speaks_of),
        cmocka_unit_test(what_is_waited_for_is_not_there),
        cmocka_unit_test(a_nul_hides_nothing),
        cmocka_unit_test(what_lies_behind_the_last_line_that_is_read_is_not_taken_for_good),
        cmocka_unit_test(memory_is_kept_between_reads),
        cmocka_unit_test(words_are_known_in_any_spelling),
        cmocka_unit_test(each_real_body_is_judged_as_the_index_says),
    };
    int failed;

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        return 77;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    healthbody_fini(&h);
    return failed;
}
