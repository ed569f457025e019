/* tests/fuzz/exposition.c: a page read in pieces is the page read at once; what strict reading
 * takes, lenient reading takes as well.
 */
#include "probes/exposition.h"
#include "probes/selector.h"
#include "probes/window.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz_sum {
    size_t n;
    uint64_t keys;
    struct window *w;
    struct selector *sel;
};

static void fuzz_sink(void *arg, const struct expo_sample *s)
{
    struct fuzz_sum *sum = arg;
    const char *at = s->labels;
    struct expo_label l;
    char value[64];
    double le;

    sum->n++;
    sum->keys += series_key(s, "le");
    while (expo_label_next(&at, s->labels + s->labels_len, &l))
        expo_unescape(value, sizeof value, l.value, l.value_len);
    selector_match(sum->sel, s);
    if (!sample_label(s, "le", value, sizeof value) || !expo_number(value, strlen(value), &le))
        le = INFINITY;
    window_add(sum->w, window_lane(sum->w, le), series_key(s, NULL), s->value, 0);
}

static bool fuzz_read(const char *s, size_t len, enum expo_format format, bool strict, size_t piece,
                      const char *const *wanted, size_t n, struct fuzz_sum *sum, struct err *err)
{
    struct expo *e = expo_new(wanted, n, fuzz_sink, sum);
    bool ok = true;

    sum->n = sum->keys = 0;
    window_begin(sum->w, 1000, 0);
    expo_begin(e, format, strict);
    for (size_t i = 0; ok && i < len; i += piece)
        ok = expo_feed(e, s + i, len - i < piece ? len - i : piece, err);
    ok = ok && expo_end(e, err);
    expo_free(e);
    if (ok)
        window_commit(sum->w);
    else
        window_abort(sum->w);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const wanted[] = { "a", "a_total", "http_requests_total" };
    struct fuzz_sum whole = { 0 }, parts = { 0 };
    struct err one = { "" }, two = { "" };
    const char *s = (const char *)data + 1;
    bool strict, ok;
    enum expo_format format;
    size_t n;

    if (size < 2)
        return 0;
    format = data[0] & 1 ? EXPO_OPENMETRICS : EXPO_TEXT;
    strict = format == EXPO_OPENMETRICS && data[0] & 2;
    n = data[0] & 4 ? 3 : 0;
    whole.w = window_new(60000, 1000);
    whole.sel = selector_parse("a{x=~\"(a|b)+.*\",y!=\"1\"}", NULL);
    parts.w = whole.w;
    parts.sel = whole.sel;
    ok = fuzz_read(s, size - 1, format, strict, size, wanted, n, &whole, &one);
    if (ok != fuzz_read(s, size - 1, format, strict, 1 + (data[0] >> 3), wanted, n, &parts, &two))
        abort();
    if (whole.n != parts.n || whole.keys != parts.keys || strcmp(one.msg, two.msg) != 0)
        abort();
    if (ok && strict && size > 6 &&
        !fuzz_read(s, size - 1, format, false, size, wanted, 0, &parts, &two) &&
        !strstr(two.msg, "empty"))
        abort();
    window_free(whole.w);
    selector_free(whole.sel);
    return 0;
}
