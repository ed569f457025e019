/* app/main.c: midwatch, the console for the engineer on call. */
#include "app/check.h"
#include "app/cli.h"
#include "app/config.h"
#include "app/demo.h"
#include "app/headless.h"
#include "app/journal.h"
#include "app/live.h"
#include "app/look.h"
#include "app/schema.h"
#include "app/secrets.h"
#include "app/status.h"
#include "app/test_alert.h"
#include "app/urls.h"
#include "app/watch.h"
#include "core/alloc.h"
#include "core/board_json.h"
#include "core/sanitized.h"
#include "tui/term.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct run { /* one invocation */
    struct cli cli;
    struct secrets *secrets;
    struct io *io;
    struct urls *urls;
    struct config *config;
    char path[PATH_MAX]; /* of the configuration; "" = from addresses */
    struct demo *demo;
    bool ascii;
};

static volatile sig_atomic_t main_stop; /* the signal that came while a one-shot report is made */

/* A descriptor that the caller closed would be given to the next socket, and a report be written
 * into it. /dev/null stands in, opened the wrong way round: reading and writing fail as they
 * should. */
static void main_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(CLI_NO_SYSTEM);
    }
}

static void main_print(FILE *to, const struct buf *b)
{
    fwrite(buf_str(b), 1, b->len, to);
    fflush(to);
}

/* What could not be written was not said, whatever it was: a full disk, a pipe that closed. */
static int main_written(int status)
{
    return fflush(stdout) || ferror(stdout) ? CLI_NOT_WRITTEN : status;
}

static int main_fail(int status, const char *words)
{
    fprintf(stderr, "midwatch: %s\n", words);
    return status;
}

/* The widths of characters come from the locale, and nothing else does: numbers, times and messages
 * are the same everywhere. Without a UTF-8 one C.UTF-8 gives them, and only ASCII leaves the
 * program. */
static bool main_locale(void)
{
    bool ascii;

    setlocale(LC_CTYPE, "");
    ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
    if (ascii)
        setlocale(LC_CTYPE, "C.UTF-8");
    return ascii;
}

static void main_fatal(int signo)
{
    term_emergency();
    signal(signo, SIG_DFL);
    raise(signo);
}

/* On a stack of its own: the crash may be that the other one is used up. Sanitizers keep theirs. */
static void main_rescue(void)
{
#if !MW_SANITIZED
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
    static char stack[32 << 10];
    stack_t own = { .ss_sp = stack, .ss_size = sizeof stack };
    struct sigaction sa = { .sa_handler = main_fatal, .sa_flags = SA_ONSTACK };

    sigaltstack(&own, NULL);
    for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
        sigaction(fatal[i], &sa, NULL);
#else
    (void)main_fatal;
#endif
}

/* No core dumps (secrets would be in them), SIGPIPE ignored, the terminal given back at a crash. */
static void main_harden(void)
{
    struct rlimit none = { 0, 0 };

    if (!getenv("MIDWATCH_CORE")) {
        prctl(PR_SET_DUMPABLE, 0);
        setrlimit(RLIMIT_CORE, &none);
    }
    signal(SIGPIPE, SIG_IGN);
    main_rescue();
    alloc_set_hook(term_emergency);
    alloc_return_large();
}

static bool main_config_errors(const struct config_errors *errors)
{
    struct buf words = { 0 };

    config_errors_write(errors, &words);
    main_print(stderr, &words);
    buf_fini(&words);
    return false;
}

static bool main_load_urls(struct run *r, int *status)
{
    struct err err;
    struct config_errors *errors = xcalloc(1, sizeof *errors);

    r->urls = urls_new(r->cli.args, r->cli.n_args, &err);
    if (!r->urls) {
        *status = main_fail(CLI_USAGE, err.msg);
    } else {
        r->config = urls_config(r->urls, NULL, r->secrets, errors);
        if (!r->config) {
            main_config_errors(errors);
            *status = CLI_BAD_CONFIG;
        }
    }
    free(errors);
    return r->config != NULL;
}

static bool main_load_file(struct run *r, const struct strmap *sets, int *status)
{
    struct config_errors *errors = xcalloc(1, sizeof *errors);

    r->config = config_load(r->path, sets, r->secrets, errors);
    if (!r->config) {
        main_config_errors(errors);
        *status = CLI_BAD_CONFIG;
    }
    free(errors);
    return r->config != NULL;
}

/* The configuration of the arguments: a file, addresses, or the default file. */
static bool main_load(struct run *r, int *status)
{
    if (r->cli.n_args && cli_is_url(r->cli.args[0]))
        return main_load_urls(r, status);
    if (r->cli.n_args > 1) {
        *status = main_fail(CLI_USAGE, "one configuration at a time; addresses may be many");
        return false;
    }
    if (r->cli.n_args) {
        snprintf(r->path, sizeof r->path, "%s", r->cli.args[0]);
    } else if (!cli_default_config(r->path, sizeof r->path)) {
        struct text words = { 0 };

        text_setf(&words,
                  "there is no configuration: no ./midwatch.yaml and no %s. Try `midwatch demo`, "
                  "`midwatch https://host/health`, or `midwatch init URL -o midwatch.yaml`",
                  r->path);
        *status = main_fail(CLI_USAGE, text_str(&words));
        text_fini(&words);
        return false;
    }
    if (access(r->path, F_OK) != 0 && errno == ENOENT) {
        struct text words = { 0 };

        text_setf(&words,
                  "no file '%s'; an address begins with https://, postgres:// or redis://, and "
                  "`midwatch init URL -o FILE` writes a configuration",
                  r->path);
        *status = main_fail(CLI_BAD_CONFIG, text_str(&words));
        text_fini(&words);
        return false;
    }
    return main_load_file(r, &r->cli.sets, status);
}

struct main_report { /* the one-shot */
    struct io *io;
    bool done;
};

static void main_reported(void *arg)
{
    struct main_report *m = arg;

    m->done = true;
    io_stop(m->io);
}

static void main_interrupt(int signo)
{
    main_stop = signo;
}

static int main_report(struct run *r)
{
    struct main_report m = { .io = r->io };
    struct watch_events none = { 0 };
    struct watch *w;
    struct buf out = { 0 };
    int status;

    if (r->cli.timeout_ms) {
        for (size_t i = 0; i < r->config->n_services; i++) {
            for (size_t k = 0; k < r->config->services[i].n_probes; k++) {
                struct probe_common *c = &r->config->services[i].probes[k].common;

                if (c->timeout_ms > r->cli.timeout_ms)
                    c->timeout_ms = r->cli.timeout_ms;
            }
        }
    }
    if (r->urls && urls_warning(r->urls))
        fprintf(stderr, "midwatch: %s\n", urls_warning(r->urls));
    signal(SIGINT, main_interrupt);
    signal(SIGTERM, main_interrupt);
    w = watch_new(r->io, r->config, r->secrets, &none);
    r->config = NULL;
    watch_once(w, main_reported, &m);
    while (!m.done && !main_stop)
        io_turn(r->io, 100);
    if (!m.done) { /* half a report would read like a whole one */
        fprintf(stderr, "midwatch: interrupted before every probe had answered: no report\n");
        watch_free(w);
        return 128 + main_stop;
    }
    if (r->cli.json) {
        board_to_json(watch_board(w), 0, true, &out);
        buf_addc(&out, '\n');
    } else {
        status_write(watch_board(w), r->cli.ascii, &out);
    }
    status = status_code(watch_board(w));
    main_print(stdout, &out);
    buf_fini(&out);
    watch_free(w);
    return status;
}

/* The console; where there is no terminal for it, the report. */
static int main_console(struct run *r)
{
    struct err err = { "" };
    int status = 0;
    struct live_options o = { .io = r->io,
                              .secrets = r->secrets,
                              .cli = &r->cli,
                              .config_path = r->path[0] ? r->path : NULL,
                              .warning = r->urls ? urls_warning(r->urls) : NULL,
                              .demo = r->demo };

    if (isatty(STDOUT_FILENO) && isatty(STDIN_FILENO)) {
        if (live_run(&o, r->config, &status, &err)) {
            r->config = NULL;
            return status;
        }
        fprintf(stderr, "midwatch: %s; here is the report instead\n", err.msg);
    }
    return main_report(r);
}

static int main_watch(struct run *r)
{
    struct headless_options o = { .io = r->io,
                                  .secrets = r->secrets,
                                  .cli = &r->cli,
                                  .config_path = r->path[0] ? r->path : NULL };
    struct config *config = r->config;

    if (r->urls && urls_warning(r->urls))
        fprintf(stderr, "midwatch: %s\n", urls_warning(r->urls));
    r->config = NULL;
    return headless_run(&o, config);
}

static int main_init(struct run *r)
{
    struct look look = { .io = r->io };
    struct err err;
    struct buf out = { 0 };
    int status = 0;

    r->urls = urls_new(r->cli.args, r->cli.n_args, &err);
    if (!r->urls)
        return main_fail(CLI_USAGE, err.msg);
    if (urls_warning(r->urls))
        fprintf(stderr, "midwatch: %s\n", urls_warning(r->urls));
    look.http = http_new(r->io, 1);
    urls_look(r->urls, look_get, &look);
    http_free(look.http);
    if (urls_silent(r->urls))
        fprintf(stderr, "midwatch: %s\n", urls_silent(r->urls));
    if (r->cli.output) {
        if (!urls_write(r->urls, r->cli.output, &err))
            status = main_fail(CLI_NOT_CREATED, err.msg);
        else
            printf("wrote %s; try `midwatch %s`\n", r->cli.output, r->cli.output);
    } else {
        urls_yaml(r->urls, &out);
        main_print(stdout, &out);
        buf_fini(&out);
    }
    return status;
}

static int main_demo(struct run *r)
{
    const char *system = r->cli.n_args ? r->cli.args[0] : "ratemyunit";
    struct err err;
    struct buf out = { 0 };
    int status = 1;

    if (r->cli.list) {
        if (!demo_list(system, &out, &err))
            return main_fail(1, err.msg);
        main_print(stdout, &out);
        buf_fini(&out);
        return 0;
    }
    if (!demo_profile(system, r->path, sizeof r->path, &err))
        return main_fail(1, err.msg);
    r->demo = demo_start(r->io, system, &err);
    if (!r->demo)
        return main_fail(1, err.msg);
    if (r->cli.scenario && !demo_scenario(r->demo, r->cli.scenario, &err)) {
        status = main_fail(CLI_USAGE, err.msg);
    } else if (main_load_file(r, demo_vars(r->demo), &status)) {
        demo_own(r->config);
        status = main_console(r);
    }
    return status;
}

/* The first argument, which is no configuration. */
static const char *main_shift(struct run *r)
{
    const char *first = r->cli.args[0];

    r->cli.n_args--;
    memmove(r->cli.args, r->cli.args + 1, (r->cli.n_args + 1) * sizeof *r->cli.args);
    return first;
}

static int main_test_alert(struct run *r)
{
    const char *channel = main_shift(r);
    int status = 0;

    if (!main_load(r, &status))
        return status;
    return test_alert_command(channel, r->io, r->secrets, r->config, &r->cli);
}

/* The configuration names the watch, and by that its journal; what it needs to ask is not needed.
 */
static int main_journal(struct run *r)
{
    const char *deed = main_shift(r);
    int status = 0;

    if (!main_load(r, &status))
        return status;
    return journal_command(deed, r->config, &r->cli);
}

static int main_do(struct run *r)
{
    struct buf out = { 0 }, bad = { 0 };
    int status = 0;

    switch (r->cli.what) {
    case CLI_CONSOLE:
        return main_load(r, &status) ? main_console(r) : status;
    case CLI_STATUS:
        return main_load(r, &status) ? main_report(r) : status;
    case CLI_WATCH:
        return main_load(r, &status) ? main_watch(r) : status;
    case CLI_INIT:
        return main_init(r);
    case CLI_DEMO:
        return main_demo(r);
    case CLI_CHECK:
        status = check_files(r->cli.args, r->cli.n_args, &r->cli.sets, &out, &bad);
        break;
    case CLI_JOURNAL:
        return main_journal(r);
    case CLI_TEST_ALERT:
        return main_test_alert(r);
    case CLI_SCHEMA:
        schema_write(NULL, &out);
        break;
    case CLI_OPTIONS:
        schema_list(NULL, &out);
        break;
    case CLI_COMPLETION:
        if (!cli_completion(r->cli.args[0], &out))
            status = main_fail(CLI_USAGE, "completion is for bash, zsh or fish");
        break;
    case CLI_VERSION:
        cli_version(&out);
        break;
    case CLI_HELP:
        cli_help(r->cli.n_args ? cli_command_find(r->cli.args[0]) : NULL, &out);
        break;
    }
    main_print(stdout, &out);
    main_print(stderr, &bad);
    buf_fini(&out);
    buf_fini(&bad);
    return status;
}

int main(int argc, char **argv)
{
    struct run r = { 0 };
    struct err err;
    int status;

    main_standard_fds();
    r.ascii = main_locale();
    main_harden();
    if (!cli_parse(&r.cli, argc, argv, &err)) {
        cli_fini(&r.cli);
        return main_fail(CLI_USAGE, err.msg);
    }
    r.cli.ascii = r.cli.ascii || r.ascii; /* the terminal shows what the user's own locale can */
    if (r.cli.help) {
        struct buf out = { 0 };

        cli_help(r.cli.command, &out);
        main_print(stdout, &out);
        buf_fini(&out);
        cli_fini(&r.cli);
        return main_written(0);
    }
    r.secrets = secrets_new();
    r.io = io_new(&err);
    status = r.io ? main_do(&r) : main_fail(CLI_NO_SYSTEM, err.msg);
    demo_stop(r.demo);
    config_free(r.config);
    urls_free(r.urls);
    io_free(r.io);
    secrets_free(r.secrets);
    cli_fini(&r.cli);
    return main_written(status);
}
