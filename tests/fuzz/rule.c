/* tests/fuzz/rule.c: any words as a rule, bound to a board and asked of it. What is taken is taken
 * again the same way, and answers with one of three words. */
#include "alerts/rule.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/alerts/small.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Once up, once unknown: what a rule says of both must hold together. */
static void ask(const struct rule *r, struct board *b)
{
    struct rule_answer a = { 0 };

    for (int held = 0; held < 2; held++) {
        rule_ask(r, b, held, &a);
        assert(a.truth == TRUTH_NO || a.truth == TRUTH_YES || a.truth == TRUTH_UNKNOWN);
        assert(a.truth != TRUTH_UNKNOWN ||
               a.note.len > 0); /* nothing is unknown without a reason */
        assert(a.truth == TRUTH_UNKNOWN || a.note.len == 0);
    }
    rule_answer_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct board *full, *empty;
    char *words = malloc(size + 1);
    struct err err;
    struct rule *r;
    size_t at = 0;

    if (!words)
        return 0;
    if (!full) {
        full = small_board();
        empty = small_board();
        small_ratio(full, "api.errors", 41, 502);
        small_value(full, "api.health", 1300);
        small_value(full, "jobs.queue", 812);
        small_value(full, "dumps.nightly", 3600);
        small_state(full, SMALL_API, STATE_DOWN, "refused");
    }
    memcpy(words, data, size);
    words[size] = '\0';
    r = rule_parse(words, &at, &err);
    if (!r) {
        assert(at <= strlen(words) && err.msg[0]);
    } else if (!rule_bind(r, full, NULL, &at, &err)) {
        assert(at <= strlen(words) && err.msg[0]);
    } else {
        assert(rule_service(r) >= 0 && rule_for_ms(r) >= -1);
        ask(r, full);
        ask(r, empty);
    }
    rule_free(r);
    free(words);
    return 0;
}
