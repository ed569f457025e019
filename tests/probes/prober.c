/* tests/probes/prober.c: one probe against the real world, for tests in another language.
 *
 *   prober KIND [OPTION VALUE]...   the target is an option named like the kind; a map's entry is
 *                                   written MAP:NAME
 * Polls once for each line of its input and writes a JSON object a report. References to secrets
 * name environment variables (env:NAME). An unasked end of the connection writes {"closed":true}.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "core/json.h"
#include "tests/cmocka.h"
#include "tests/probes/probe_case.h"

static void prober_value(struct jsonw *w, const struct value *v)
{
    jsonw_object(w);
    jsonw_key(w, "known");
    jsonw_bool(w, v->known);
    jsonw_key(w, "value");
    jsonw_number(w, v->value);
    jsonw_key(w, "note");
    jsonw_string(w, text_str(&v->note));
    jsonw_end(w, '}');
}

static void prober_table(struct jsonw *w, const struct table *t)
{
    jsonw_array(w);
    for (size_t row = 0; row <= t->rows; row++) {
        jsonw_array(w);
        for (size_t col = 0; col < t->cols; col++)
            jsonw_string(w, text_str(&t->cells[row * t->cols + col]));
        jsonw_end(w, ']');
    }
    jsonw_end(w, ']');
}

static void prober_components(struct jsonw *w, const struct report *r)
{
    jsonw_array(w);
    for (size_t i = 0; i < r->n_components; i++) {
        const struct component *c = &r->components[i];

        jsonw_object(w);
        jsonw_key(w, "name");
        jsonw_string(w, text_str(&c->name));
        jsonw_key(w, "state");
        jsonw_string(w, state_word(c->state));
        jsonw_key(w, "note");
        jsonw_string(w, text_str(&c->note));
        jsonw_key(w, "value");
        jsonw_number(w, c->value);
        jsonw_end(w, '}');
    }
    jsonw_end(w, ']');
}

static void prober_write(struct buf *b)
{
    puts(buf_str(b));
    fflush(stdout);
    buf_fini(b);
}

static void prober_report(void *arg, struct probe *p, const struct report *r)
{
    struct buf b = { 0 };
    struct jsonw w;

    (void)arg;
    (void)p;
    jsonw_begin(&w, &b, false);
    jsonw_object(&w);
    jsonw_key(&w, "state");
    jsonw_string(&w, state_word(r->state));
    jsonw_key(&w, "fault");
    jsonw_string(&w, fault_word(r->fault));
    jsonw_key(&w, "reason");
    jsonw_string(&w, text_str(&r->reason));
    jsonw_key(&w, "version");
    jsonw_string(&w, text_str(&r->version));
    jsonw_key(&w, "restart");
    jsonw_string(&w, text_str(&r->restart));
    jsonw_key(&w, "values");
    jsonw_array(&w);
    for (size_t i = 0; i < READING_SIGNALS; i++)
        prober_value(&w, &r->values[i]);
    jsonw_end(&w, ']');
    jsonw_key(&w, "components");
    prober_components(&w, r);
    if (r->table) {
        jsonw_key(&w, "table");
        prober_table(&w, r->table);
        jsonw_key(&w, "cut");
        jsonw_bool(&w, r->table->cut);
    }
    jsonw_end(&w, '}');
    prober_write(&b);
}

static void prober_closed(void *arg, struct probe *p)
{
    (void)arg;
    (void)p;
    puts("{\"closed\":true}");
    fflush(stdout);
}

static struct secret *prober_secret(void *arg, const char *reference, struct err *err)
{
    const char *value = strncmp(reference, "env:", 4) == 0 ? getenv(reference + 4) : NULL;

    (void)arg;
    if (!value) {
        err_set(err, "%s is not set", reference);
        return NULL;
    }
    return secret_new(value, strlen(value));
}

static void prober_on_input(void *arg, int events)
{
    struct probe *p = arg;
    char bytes[256];
    ssize_t n = read(0, bytes, sizeof bytes);

    (void)events;
    if (n <= 0)
        io_stop(p->clients->io);
    for (ssize_t i = 0; i < n; i++)
        if (bytes[i] == '\n')
            p->ops->poll(p);
}

int main(int argc, char **argv)
{
    struct probe_common common = { 0 };
    struct clients clients = { .io = io_new(NULL), .secret = prober_secret };
    struct probe p = { .common = &common,
                       .clients = &clients,
                       .on_report = prober_report,
                       .on_closed = prober_closed };
    struct io_watch *in = io_watch_new(clients.io, 0, IO_READ, prober_on_input, &p);
    struct err err = { "" };
    bool ok;

    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2 || !in || !(p.ops = probe_kind(argv[1])))
        return 64;
    clients.http = http_new(clients.io, 4);
    clients.pg = pg_new(clients.io);
    clients.redis = redis_new(clients.io);
    p.self = calloc(1, p.ops->size);
    ok = case_options(p.ops, p.self, &common, (const char *const *)argv + 2, &err) &&
         p.ops->open(&p, &err);
    if (ok)
        io_run(clients.io);
    else
        fprintf(stderr, "%s\n", err.msg);
    p.ops->close(&p);
    option_fini(p.ops->options, p.self);
    option_fini(probe_common_options, &common);
    free(p.self);
    io_watch_free(in);
    http_free(clients.http);
    pg_free(clients.pg);
    redis_free(clients.redis);
    io_free(clients.io);
    return ok ? 0 : 1;
}
