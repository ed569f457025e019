/* app/check.c: `midwatch check FILE...`: every mistake of every file. */
#include "app/check.h"

#include <stdlib.h>

#include "app/cli.h"
#include "app/config.h"
#include "core/alloc.h"
#include "core/text.h"
#include "core/unit.h"

static void check_count(struct buf *out, size_t n, const char *thing, const char *before)
{
    buf_addf(out, "%s%zu %s%s", before, n, thing, n == 1 ? "" : "s");
}

/* What is asked of those that limit it. */
static void check_budgets(struct buf *out, const struct config *c)
{
    for (size_t i = 0; i < c->n_budgets; i++) {
        const struct config_budget *b = &c->budgets[i];
        char window[32];

        buf_addf(out, "  %s: up to %.0f of %d requests in %s\n", b->origin, b->asks, b->allowed,
                 duration_format(b->window_ms, window));
    }
}

int check_files(char *const *paths, size_t n, const struct strmap *sets, struct buf *out,
                struct buf *bad)
{
    struct config_errors *errors = xmalloc(sizeof *errors);
    int status = CLI_OK;

    for (size_t i = 0; i < n; i++) {
        struct text path = { 0 };
        struct config *c;

        *errors = (struct config_errors){ 0 };
        c = config_load(paths[i], sets, NULL, errors);
        if (c) {
            text_sets(&path, paths[i]);
            buf_addf(out, "%s: ok", text_str(&path));
            check_count(out, c->n_services, "service", ": ");
            check_count(out, c->n_probes, "probe", ", ");
            check_count(out, c->n_vars, "variable", ", ");
            buf_addc(out, '\n');
            check_budgets(out, c);
            if (c->no_actions) {
                text_sets(&path, c->no_actions);
                buf_addf(out, "  actions are off: %s\n", text_str(&path));
            }
            text_fini(&path);
        } else {
            config_errors_write(errors, bad);
            status = CLI_CHECK_FAILED;
        }
        config_free(c);
    }
    free(errors);
    return status;
}
