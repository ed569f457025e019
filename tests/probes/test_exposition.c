/* tests/probes/test_exposition.c: pages are read alike in pieces of any size, every real page to
 * the counts of another program, and what is no page is refused with its line.
 */
#include "probes/exposition.h"

#include "tests/app/shared.h"
#include "tests/cmocka.h"

#include <math.h>
#include <string.h>
#include <time.h>

struct tally {
    size_t samples, stamps, nan, names;
    double sum;
    char name[1024][200];
    struct expo_sample last;
    char last_labels[512];
    int64_t last_ms;
};

static struct tally tally;
static char page[1 << 20];

static void count(void *arg, const struct expo_sample *s)
{
    struct tally *t = arg;
    size_t i;

    t->samples++;
    t->stamps += s->has_time;
    t->nan += isnan(s->value);
    t->sum += isfinite(s->value) ? s->value : 0;
    for (i = 0; i < t->names; i++)
        if (strlen(t->name[i]) == s->name_len && memcmp(t->name[i], s->name, s->name_len) == 0)
            break;
    if (i == t->names && t->names < 1024)
        snprintf(t->name[t->names++], 200, "%.*s", (int)s->name_len, s->name);
    t->last = *s;
    t->last_ms = s->at_ms;
    snprintf(t->last_labels, sizeof t->last_labels, "%.*s", (int)s->labels_len, s->labels);
}

static bool feed(struct expo *e, const char *s, size_t len, size_t piece, struct err *err)
{
    for (size_t i = 0; i < len; i += piece)
        if (!expo_feed(e, s + i, len - i < piece ? len - i : piece, err))
            return false;
    return expo_end(e, err);
}

static bool read_all(const char *s, size_t len, enum expo_format format, size_t piece,
                     struct err *err)
{
    struct expo *e = expo_new(NULL, 0, count, &tally);
    bool ok;

    memset(&tally, 0, sizeof tally);
    expo_begin(e, format, false);
    ok = feed(e, s, len, piece, err);
    expo_free(e);
    return ok;
}

#define READS(s) assert_true(read_all(s, sizeof(s) - 1, EXPO_TEXT, sizeof(s), NULL))
#define REFUSES(format, s, message)                                          \
    do {                                                                     \
        struct err err_ = { "" };                                            \
        for (size_t piece_ = 1; piece_ <= sizeof(s); piece_ += 3) {          \
            assert_false(read_all(s, sizeof(s) - 1, format, piece_, &err_)); \
            assert_string_equal(err_.msg, message);                          \
        }                                                                    \
    } while (0)

static void samples_are_read(void **state)
{
    (void)state;
    READS("# HELP http_requests_total The total.\n# TYPE http_requests_total counter\n"
          "http_requests_total{method=\"post\",code=\"200\"} 1027 1395066363000\n");
    assert_int_equal(tally.samples, 1);
    assert_true(tally.last.value == 1027 && tally.last.has_time);
    assert_int_equal(tally.last_ms, 1395066363000);
    assert_string_equal(tally.last_labels, "method=\"post\",code=\"200\"");
    assert_int_equal(tally.last.type, EXPO_COUNTER);
    READS("a 1\n\n  b\t{ x = \"1\" , } \t +Inf \n# just a comment\n#\n");
    assert_int_equal(tally.samples, 2);
    assert_true(isinf(tally.last.value));
    READS("a{x=\"\\\\ \\\" \\n }\"} -1.5e3 -5\r\n");
    assert_true(tally.last.value == -1500 && tally.last_ms == -5);
    READS("a{}1"); /* without its newline */
    assert_true(tally.last.value == 1);
    READS("# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n");
    assert_int_equal(tally.last.type, EXPO_HISTOGRAM);
    READS("# TYPE h histogram\nhh 1\n");
    assert_int_equal(tally.last.type, EXPO_UNKNOWN);
}

static void numbers_are_decimal(void **state)
{
    static const struct {
        const char *s;
        double v;
    } good[] = { { "0", 0 },
                 { "-0", -0.0 },
                 { "1e3", 1000 },
                 { "+.5", 0.5 },
                 { "5.", 5 },
                 { "1E-2", 0.01 },
                 { "1e400", INFINITY },
                 { "9223372036854775808", 9223372036854775808.0 },
                 { "0.1", 0.1 },
                 { "123456789.123456789", 123456789.123456789 },
                 { "1.7976931348623157e308", 1.7976931348623157e308 },
                 { "5e-324", 5e-324 },
                 { "00000000000000000000000000001.2e-1", 0.12 },
                 { "-Inf", -INFINITY },
                 { "1e-400", 0 },
                 { "2.2250738585072011e-308", 2.2250738585072011e-308 } };
    static const char *const bad[] = { "",     "-",   ".",   "1e",   "0x10", "1_000", "e5",
                                       "1..2", "1e+", "--1", "inff", "1 2",  "0b1",   "-nan" };
    char huge[10001];
    double v;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(expo_number(good[i].s, strlen(good[i].s), &v));
        assert_true(v == good[i].v && signbit(v) == signbit(good[i].v));
    }
    assert_true(expo_number("NaN", 3, &v) && isnan(v));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(expo_number(bad[i], strlen(bad[i]), &v));
    memset(huge, '9', sizeof huge);
    assert_true(expo_number(huge, sizeof huge, &v) && !isfinite(v)); /* not a number to show */
}

static void what_is_no_page_is_refused_with_its_line(void **state)
{
    (void)state;
    REFUSES(EXPO_TEXT, "", "the page is empty");
    REFUSES(EXPO_TEXT, "\n\n", "the page is empty");
    REFUSES(EXPO_TEXT, "<!doctype html>\n<p>a 1\n", "line 1: this is a web page, not metrics");
    REFUSES(EXPO_TEXT, "\n <html>", "line 2: this is a web page, not metrics");
    REFUSES(EXPO_TEXT, "404 page not found\n", "line 1: a metric name was expected");
    REFUSES(EXPO_TEXT, "{\"status\":\"UP\"}", "line 1: a metric name was expected");
    REFUSES(EXPO_TEXT, "Not Found\n", "line 1: a number was expected");
    REFUSES(EXPO_TEXT, "a 1\nb\n", "line 2: a value was expected after the name");
    REFUSES(EXPO_TEXT, "a 1\nb \n", "line 2: the value is missing");
    REFUSES(EXPO_TEXT, "a-b 1\n", "line 1: a value was expected after the name");
    REFUSES(EXPO_TEXT, "a{x=\"1} 1\n", "line 1: a label value is not closed");
    REFUSES(EXPO_TEXT, "a{x=1} 1\n", "line 1: a label value in quotes was expected");
    REFUSES(EXPO_TEXT, "a{x\"1\"} 1\n", "line 1: = was expected after a label name");
    REFUSES(EXPO_TEXT, "a{x=\"1\" y=\"2\"} 1\n", "line 1: a comma was expected between labels");
    REFUSES(EXPO_TEXT, "a{,x=\"1\"} 1\n", "line 1: a label name was expected");
    REFUSES(EXPO_TEXT, "a 0x10\n", "line 1: a number was expected");
    REFUSES(EXPO_TEXT, "a 1_000\n", "line 1: a number was expected");
    REFUSES(EXPO_TEXT, "a 1 1.5\n", "line 1: a timestamp in whole milliseconds was expected");
    REFUSES(EXPO_TEXT, "a 1 soon\n", "line 1: a timestamp was expected");
    REFUSES(EXPO_TEXT, "a 1 2 3\n", "line 1: something follows the sample");
    REFUSES(EXPO_TEXT, "a 1 # {x=\"1\"} 2\n", "line 1: a timestamp was expected");
    REFUSES(EXPO_OPENMETRICS, "a 1\n", "line 1: the page is cut off: # EOF is missing");
    REFUSES(EXPO_OPENMETRICS, "a 1\n# EO", "line 2: the page is cut off: # EOF is missing");
    REFUSES(EXPO_OPENMETRICS, "a 1\n# EOF\nb 1\n", "line 3: something follows # EOF");
    REFUSES(EXPO_OPENMETRICS, "a 1\n# EOFx\n", "line 2: something follows # EOF");
}

static void openmetrics_differs_in_time_and_exemplars(void **state)
{
    static const char in[] = "# TYPE a counter\na_total{x=\"# {\"} 17 1.5 # {id=\"b\"} 0.5 123.4\n"
                             "b_bucket{le=\"+Inf\"} 3 # {} 1\n# EOF\n";

    (void)state;
    for (size_t piece = 1; piece < sizeof in; piece++) {
        assert_true(read_all(in, sizeof in - 1, EXPO_OPENMETRICS, piece, NULL));
        assert_int_equal(tally.samples, 2);
        assert_true(tally.sum == 20 && tally.stamps == 1);
    }
    assert_true(read_all("a 1 1.5\n# EOF", 13, EXPO_OPENMETRICS, 13, NULL));
    assert_int_equal(tally.last_ms, 1500);
    assert_int_equal(expo_format_of("application/openmetrics-text; version=1.0.0"),
                     EXPO_OPENMETRICS);
    assert_int_equal(expo_format_of("text/plain; version=0.0.4"), EXPO_TEXT);
    assert_int_equal(expo_format_of(NULL), EXPO_TEXT);
}

static const char *const wanted[] = { "up", "http_requests_total", "http_requests" };

static bool probe(const char *s, size_t len, size_t piece, struct err *err)
{
    struct expo *e = expo_new(wanted, 3, count, &tally);
    bool ok;

    memset(&tally, 0, sizeof tally);
    ok = feed(e, s, len, piece, err);
    expo_free(e);
    return ok;
}

static void probing_looks_at_wanted_names_only(void **state)
{
    static const char in[] =
        "# HELP up x\nupper 1\na 1\nb 2\nc 3\nd 4\ne garbage here\nup 1\n"
        "http_requests_total{code=\"200\"} 5\nhttp_requests_totals 7\n"
        "\xff\xfe strange\nhttp_requests\t8\nup_since 9\n http_requests 2\nup 3";
    static const char bad[] = "a 1\nb 1\nc 1\nd 1\ne 1\nf 1\nhttp_requests_total{code=\"200} 5\n";
    struct err err = { "" };

    (void)state;
    for (size_t piece = 1; piece < sizeof in; piece++) {
        assert_true(probe(in, sizeof in - 1, piece, NULL));
        assert_int_equal(tally.samples, 5);
        assert_true(tally.sum == 1 + 5 + 8 + 2 + 3);
    }
    for (size_t piece = 1; piece < sizeof bad; piece++) {
        assert_false(probe(bad, sizeof bad - 1, piece, &err));
        assert_string_equal(err.msg, "line 7: a label value is not closed");
    }
    assert_false(probe("<html>", 6, 1, &err));
}

static void long_lines_pass_unless_wanted(void **state)
{
    size_t len = 0;
    struct err err = { "" };

    (void)state;
    len += (size_t)sprintf(page, "a 1\nb 1\nc 1\nd 1\ne 1\n# HELP x ");
    memset(page + len, 'x', 200000);
    len += 200000;
    len += (size_t)sprintf(page + len, "\nother{x=\"");
    memset(page + len, 'y', 100000);
    len += 100000;
    len += (size_t)sprintf(page + len, "\"} 1\nup 1\n");
    assert_true(probe(page, len, 16384, NULL));
    assert_int_equal(tally.samples, 1);
    assert_true(probe(page, len, len, NULL));
    len += (size_t)sprintf(page + len, "up{x=\"");
    memset(page + len, 'z', 20000);
    len += 20000;
    len += (size_t)sprintf(page + len, "\"} 1\n");
    assert_false(probe(page, len, 16384, &err));
    assert_string_equal(err.msg, "line 9: longer than 16384 bytes");
    assert_false(probe(page, len, len, &err));
    assert_string_equal(err.msg, "line 9: longer than 16384 bytes");
}

static void a_reader_is_used_again(void **state)
{
    struct expo *e = expo_new(wanted, 3, count, &tally);
    struct err err = { "" };

    (void)state;
    memset(&tally, 0, sizeof tally);
    assert_false(expo_feed(e, "<html>\n", 7, &err));
    assert_false(expo_feed(e, "up 1\n", 5, &err));
    assert_false(expo_end(e, &err));
    expo_begin(e, EXPO_TEXT, false);
    assert_true(expo_feed(e, "up 1\n", 5, &err));
    assert_true(expo_end(e, &err));
    assert_int_equal(expo_samples(e), 1);
    expo_free(e);
    expo_free(NULL);
}

static void labels_are_walked_and_unescaped(void **state)
{
    static const char labels[] = "a=\"x\", b = \"\\\\\\\"\\n\\z\",c=\"\",";
    const char *at = labels;
    struct expo_label l;
    char out[16];

    (void)state;
    assert_true(expo_label_next(&at, labels + sizeof labels - 1, &l));
    assert_memory_equal(l.name, "a", l.name_len);
    assert_true(expo_label_next(&at, labels + sizeof labels - 1, &l));
    assert_int_equal(expo_unescape(out, sizeof out, l.value, l.value_len), 5);
    assert_string_equal(out, "\\\"\n\\z");
    assert_int_equal(expo_unescape(out, 3, l.value, l.value_len), 2); /* cut */
    assert_true(expo_label_next(&at, labels + sizeof labels - 1, &l));
    assert_int_equal(l.value_len, 0);
    assert_false(expo_label_next(&at, labels + sizeof labels - 1, &l));
}

static size_t slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    assert_non_null(f);
    n = fread(page, 1, sizeof page - 1, f);
    fclose(f);
    return n;
}

/* Every name of the page asked for one by one gives what reading all of it gave. */
static void probe_every_name(size_t len, size_t samples, double sum)
{
    static char names[1024][200];
    const char *list[1024];
    size_t n = tally.names;
    struct expo *e;

    memcpy(names, tally.name, sizeof names);
    for (size_t i = 0; i < n; i++)
        list[i] = names[i];
    e = expo_new(list, n, count, &tally);
    memset(&tally, 0, sizeof tally);
    assert_true(feed(e, page, len, 16384, NULL));
    assert_int_equal(tally.samples, samples);
    assert_true(tally.sum == sum);
    expo_free(e);
}

static void every_real_page_counts_as_another_program_says(void **state)
{
    char list[4096], dir[4096], path[4400], line[512];
    int pages = 0;
    FILE *f;

    (void)state;
    if (!shared_path(dir, sizeof dir, "corpus/exposition"))
        skip();
    snprintf(list, sizeof list, "%s/tests/data/exposition_counts.tsv", getenv("MIDWATCH_SOURCE"));
    f = fopen(list, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        static const size_t pieces[] = { 1, 61, 4096, 1 << 20 };
        char name[200];
        size_t samples, names, stamps, nan, bad, len;
        double sum;

        if (sscanf(line, "%199s %zu %zu %zu %zu %zu %lf", name, &samples, &names, &stamps, &nan,
                   &bad, &sum) != 7)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, name);
        if (access(path, R_OK) != 0)
            continue;
        len = slurp(path);
        for (size_t i = 0; i < 4; i++) {
            struct expo *e = expo_new(NULL, 0, count, &tally);
            struct err err = { "" };

            memset(&tally, 0, sizeof tally);
            if (!feed(e, page, len, pieces[i], &err))
                fail_msg("%s: %s", name, err.msg);
            assert_int_equal(tally.samples, samples);
            assert_int_equal(tally.names, names);
            assert_int_equal(tally.stamps, stamps);
            assert_int_equal(tally.nan, nan);
            assert_int_equal(expo_strange(e), bad);
            assert_true(fabs(tally.sum - sum) <= fabs(sum) * 1e-12);
            expo_free(e);
        }
        probe_every_name(len, samples, tally.sum);
        pages++;
    }
    fclose(f);
    print_message("%d pages\n", pages);
    assert_true(pages > 0);
}

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The yardstick: lines by memchr(), names by comparing the beginning of each line. */
static size_t plain_scan(const char *s, size_t len, const char *const *names, size_t n)
{
    const char *end = s + len, *nl;
    size_t hits = 0;

    for (; (nl = memchr(s, '\n', (size_t)(end - s))); s = nl + 1)
        for (size_t i = 0; i < n; i++)
            hits += strncmp(s, names[i], strlen(names[i])) == 0;
    return hits;
}

static void probing_costs_little_more_than_a_scan(void **state)
{
    static const char *const names[] = { "m17_latency_bucket", "m42_total", "m66_total",
                                         "m80_total", "m99_total" };
    struct expo *e = expo_new(names, 5, count, &tally);
    size_t len = 0, hits = 0;
    double scan = 1e18, ours = 1e18;

    (void)state;
    for (int i = 0; len < 102400; i = (i + 1) % 100)
        len +=
            (size_t)sprintf(page + len,
                            "# HELP m%d_total Something that is counted.\n"
                            "# TYPE m%d_total counter\nm%d_total{code=\"200\",path=\"/a/b\"} %d\n",
                            i, i, i, (int)len);
    for (int round = 0; round < 30; round++) { /* the best of each, on a busy machine */
        double t = cpu_us();

        hits += plain_scan(page, len, names, 5);
        scan = fmin(scan, cpu_us() - t);
        t = cpu_us();
        expo_begin(e, EXPO_TEXT, false);
        assert_true(feed(e, page, len, 16384, NULL));
        ours = fmin(ours, cpu_us() - t);
    }
    assert_true(hits > 0 && expo_samples(e) > 0);
    print_message("%zu KB: scan %.0f us, probe %.0f us, %.2f times\n", len / 1024, scan, ours,
                  ours / scan);
    assert_true(ours < scan * 6); /* to reach: 1.5; sanitizers weigh more on us than on memchr() */
    expo_free(e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_are_read),
        cmocka_unit_test(numbers_are_decimal),
        cmocka_unit_test(what_is_no_page_is_refused_with_its_line),
        cmocka_unit_test(openmetrics_differs_in_time_and_exemplars),
        cmocka_unit_test(probing_looks_at_wanted_names_only),
        cmocka_unit_test(long_lines_pass_unless_wanted),
        cmocka_unit_test(a_reader_is_used_again),
        cmocka_unit_test(labels_are_walked_and_unescaped),
        cmocka_unit_test(every_real_page_counts_as_another_program_says),
        cmocka_unit_test(probing_costs_little_more_than_a_scan),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
