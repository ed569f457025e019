/* tests/app/test_secrets.c: secrets are read by reference, leave the environment, and files that
 * others can read hold none. */
#include "app/secrets.h"

#include "tests/cmocka.h"
#include "tests/patience.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/config.h"
#include "app/file.h"
#include "app/redact.h"
#include "app/vars.h"
#include "core/alloc.h"
#include "tests/app/scratch.h"

#define SECRET(s, reference, want)                              \
    do {                                                        \
        struct err err_ = { 0 };                                \
        struct secret *got_ = secrets_get(s, reference, &err_); \
        if (!got_)                                              \
            fail_msg("%s", err_.msg);                           \
        assert_string_equal(secret_reveal(got_), want);         \
        secret_free(got_);                                      \
    } while (0)

#define REFUSED(s, reference, want)                    \
    do {                                               \
        struct err err_ = { 0 };                       \
        assert_null(secrets_get(s, reference, &err_)); \
        assert_string_equal(err_.msg, want);           \
    } while (0)

extern char **environ;

/* A process of our own whose environment began with the secret: its bytes in /proc are gone. */
static void a_secret_leaves_the_environment(void **state)
{
    struct secrets *s = secrets_new();
    char entry[] = "MW_TEST_PW=hunter2", *old, *kept[2] = { entry, NULL };
    char **all = environ;

    (void)state;
    environ = kept;
    SECRET(s, "env:MW_TEST_PW", "hunter2");
    old = getenv("MW_TEST_PW");
    environ = all;
    assert_null(old);
    assert_null(memmem(entry, sizeof entry, "hunter2", 7)); /* overwritten where it stood */
    SECRET(s, "env:MW_TEST_PW", "hunter2"); /* and still known, for the next connection */
    secrets_free(s);
    secrets_free(NULL);
}

/* What a probe took at its opening is there for a reload that names it in a value. */
static void a_taken_secret_is_known_to_the_next_reading(void **state)
{
    static const char yaml[] = "watch: w\nservices:\n  s:\n    probes:\n"
                               "      p: { http: 'http://${env:MW_TEST_HOST}/', "
                               "bearer: env:MW_TEST_HOST }\n";
    struct secrets *s = secrets_new();
    struct config_input in = { .name = "t", .bytes = yaml, .len = sizeof yaml - 1, .secrets = s };
    struct config_errors errors = { 0 };
    struct config *c;

    (void)state;
    assert_null(secrets_taken(s, "MW_TEST_HOST"));
    setenv("MW_TEST_HOST", "example.org", 1);
    for (int i = 0; i < 2; i++) { /* the start, and a reload */
        c = config_read(&in, &errors);
        if (!c)
            fail_msg("%s", errors.items[0].err.msg);
        assert_string_equal(*(char **)c->services[0].probes[0].self, "http://example.org/");
        config_free(c);
        SECRET(s, "env:MW_TEST_HOST", "example.org");
    }
    assert_null(getenv("MW_TEST_HOST"));
    in.secrets = NULL; /* whoever has no secrets sees what the environment has */
    assert_null(config_read(&in, &errors));
    assert_non_null(strstr(errors.items[0].err.msg, "the environment has no 'MW_TEST_HOST'"));
    secrets_free(s);
}

/* ---- copies in memory ---- */

enum { PIECE = 1 << 16, NEEDLE = 24, HIDE = 0x2a };

/* The secret of these tests, never in clear in memory but where it is looked for. */
static char hidden[NEEDLE];

/* Shared memory: memory_holds() looks at private memory alone. */
static char *shared_piece(void)
{
    char *m = mmap(NULL, PIECE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert_true(m != MAP_FAILED);
    return m;
}

static void secret_file(char path[200])
{
    char *clear = shared_piece();

    for (int i = 0; i < NEEDLE; i++) {
        clear[i] = (char)('a' + (i * 7 + getpid()) % 26);
        hidden[i] = (char)(clear[i] ^ HIDE);
    }
    scratch(path, "token", clear, 0600);
    munmap(clear, PIECE);
}

static size_t piece_holds(const char *piece, size_t len)
{
    size_t found = 0;

    for (const char *p = piece; (p = memchr(p, hidden[0] ^ HIDE, (size_t)(piece + len - p))); p++) {
        int i = 0;

        while (i < NEEDLE && p + i < piece + len && p[i] == (hidden[i] ^ HIDE))
            i++;
        found += i == NEEDLE;
    }
    return found;
}

/* Copies of the secret in the heap, on the stack, anywhere in this process. */
static size_t memory_holds(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    int mem = open("/proc/self/mem", O_RDONLY);
    char line[512], *piece = shared_piece();
    size_t found = 0;

    assert_non_null(maps);
    assert_true(mem >= 0);
    while (fgets(line, sizeof line, maps)) {
        unsigned long from, to;
        char rights[5];

        if (sscanf(line, "%lx-%lx %4s", &from, &to, rights) != 3 || strcmp(rights, "rw-p") != 0 ||
            to - from > 256ul << 20) /* the shadow of a sanitizer */
            continue;
        for (; from < to; from += PIECE - NEEDLE + 1) {
            ssize_t n = pread(mem, piece, PIECE, (off_t)from);

            found += n > 0 ? piece_holds(piece, (size_t)n) : 0;
        }
    }
    munmap(piece, PIECE);
    close(mem);
    fclose(maps);
    return found;
}

static void nothing_of_a_secret_stays_in_memory(void **state)
{
    struct secrets *s;
    char path[200], reference[220], raw[220];
    struct vars vars = { 0 };
    struct secret *secret;
    struct buf out = { 0 };
    struct err err = { 0 };
    bool outside = false;

    (void)state;
    if (patience_valgrind())
        return; /* it has memory of its own in this process; all other runs look */
    s = secrets_new();
    secret_file(path);
    snprintf(reference, sizeof reference, "file:%s", path);
    secret = secrets_get(s, reference, &err);
    assert_non_null(secret);
    assert_int_equal(memory_holds(), 1);
    secret_free(secret);
    assert_int_equal(memory_holds(), 0);
    snprintf(raw, sizeof raw, "${file:%s}", path);
    vars_add(&vars, (struct var){ .name = "token", .raw = raw });
    vars_ready(&vars);
    assert_true(vars_expand(&vars, "Bearer $token", &out, &outside, &err));
    assert_int_equal(memory_holds(), 2); /* the variable and the value */
    secret_wipe(out.bytes, out.cap);
    buf_fini(&out);
    vars_fini(&vars);
    assert_int_equal(memory_holds(), 0);
    secrets_free(s);
}

static void a_given_secret_stands_for_the_environment(void **state)
{
    struct secrets *s = secrets_new();

    (void)state;
    REFUSED(s, "env:MW_TEST_NONE", "env:MW_TEST_NONE is not set");
    secrets_give(s, "env:MW_TEST_NONE", secret_new("one", 3));
    SECRET(s, "env:MW_TEST_NONE", "one");
    secrets_give(s, "env:MW_TEST_NONE", secret_new("two", 3));
    SECRET(s, "env:MW_TEST_NONE", "two");
    secrets_free(s);
}

static void a_file_is_read_each_time(void **state)
{
    struct secrets *s = secrets_new();
    char path[200], reference[220], want[500];

    (void)state;
    scratch(path, "token", "first\n", 0600);
    snprintf(reference, sizeof reference, "file:%s", path);
    SECRET(s, reference, "first");
    scratch(path, "token", "second\r\n", 0400);
    SECRET(s, reference, "second"); /* a token that was renewed */
    scratch(path, "token", "two\nlines\n", 0600);
    SECRET(s, reference, "two\nlines");
    scratch(path, "token", "\n", 0600);
    snprintf(want, sizeof want, "%s is empty", path);
    REFUSED(s, reference, want);
    scratch(path, "token", "x", 0640);
    snprintf(want, sizeof want, "%s can be read by others (mode 0640); chmod 600 %s", path, path);
    REFUSED(s, reference, want);
    unlink(path);
    snprintf(want, sizeof want, "cannot read %s: No such file or directory", path);
    REFUSED(s, reference, want);
    assert_true(secrets_reference_check(reference, NULL));
    scratch(path, "big", "", 0600);
    assert_int_equal(truncate(path, SECRET_BYTES_MAX + 1), 0);
    snprintf(reference, sizeof reference, "file:%s", path);
    snprintf(want, sizeof want, "%s has 65537 bytes; at most 65536 are read", path);
    REFUSED(s, reference, want);
    assert_int_equal(truncate(path, 3), 0);
    snprintf(want, sizeof want, "%s holds a NUL byte", path);
    REFUSED(s, reference, want);
    secrets_free(s);
}

static void anothers_file_is_not_trusted(void **state)
{
    char path[200], want[300];
    struct err err = { 0 };

    (void)state;
    if (geteuid() != 0)
        skip(); /* only root can give a file away */
    scratch(path, "open", "x", 0600);
    assert_int_equal(chown(path, 65534, 65534), 0);
    snprintf(want, sizeof want, "%s belongs to another user; a secret must be your own or root's",
             path);
    assert_false(file_is_private(path, &err));
    assert_string_equal(err.msg, want);
}

static void what_is_no_reference_is_not_quoted(void **state)
{
    struct secrets *s = secrets_new();

    (void)state;
    REFUSED(s, "hunter2", "a secret cannot stand in the file; write env:NAME or file:/path");
    REFUSED(s, "env:hunter-2",
            "'env:' must name a variable of the environment, such as env:PGPASS");
    REFUSED(s, "file:hunter2",
            "'file:' needs a path from the root, such as file:/etc/midwatch/token");
    secrets_free(s);
}

static void keys_and_headers_that_hold_secrets_are_known(void **state)
{
    static const char *const keys[] = { "password", "db_password", "API_TOKEN", "secret",
                                        "bearer",   "x-api-key",   "apiKey",    "private_key" };
    static const char *const others[] = { "token_file", "password_file", "host",
                                          "key",        "secrets_dir",   "tokens" };

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_true(secrets_key(keys[i]));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(secrets_key(others[i]));
    assert_true(secrets_header("authorization"));
    assert_true(secrets_header("Proxy-Authorization"));
    assert_true(secrets_header("Cookie"));
    assert_true(secrets_header("X-Auth-Token"));
    assert_false(secrets_header("Accept"));
    assert_false(secrets_header("Access-Control-Allow-Credentials"));
}

/* ---- secrets that come back ---- */

static void hidden_is(const struct secrets *s, const char *said, const char *want)
{
    struct text t = { 0 };

    text_sets(&t, said);
    assert_int_equal(secrets_said(s, &t), strcmp(said, want) != 0);
    secrets_hide(s, &t);
    assert_string_equal(text_str(&t), want);
    text_fini(&t);
}

static void a_secret_that_comes_back_is_not_shown(void **state)
{
    struct secrets *s = secrets_new();

    (void)state;
    hidden_is(s, "nothing was handed out: canary-Zq7/x+Lw 93kVt",
              "nothing was handed out: canary-Zq7/x+Lw 93kVt");
    setenv("MW_TEST_PW", "canary-Zq7/x+Lw 93kVt", 1);
    SECRET(s, "env:MW_TEST_PW", "canary-Zq7/x+Lw 93kVt");
    setenv("MW_TEST_BASIC", "user:open sesame", 1);
    SECRET(s, "env:MW_TEST_BASIC", "user:open sesame");
    setenv("MW_TEST_SHORT", "admin", 1);
    SECRET(s, "env:MW_TEST_SHORT", "admin");
    setenv("MW_TEST_RED", "red\x1b[31m-herring", 1);
    SECRET(s, "env:MW_TEST_RED", "red\x1b[31m-herring");
    secrets_handed(s, "Bearer of-a-header");
    secrets_handed(NULL, "nobody keeps it");
    hidden_is(s, "", "");
    hidden_is(s, "Bearer of-a-header, of-a-header", "[secret], [secret]");
    hidden_is(s, "token canary-Zq7/x+Lw 93kVt, twice: canary-Zq7/x+Lw 93kVt!",
              "token [secret], twice: [secret]!");
    hidden_is(s, "token=canary-Zq7%2Fx%2BLw%2093kVt", "token=[secret]");
    hidden_is(s, "Basic dXNlcjpvcGVuIHNlc2FtZQ==", "Basic [secret]==");
    hidden_is(s, "the password is open sesame", "the password is [secret]");
    hidden_is(s, "cut: canary-Zq7/x", "cut: [secret]"); /* by whoever said it */
    hidden_is(s, "a canary-yellow one", "a canary-yellow one");
    hidden_is(s, "admin", "admin"); /* that may stand anywhere */
    hidden_is(s, "as shown: red\x1b[31m-herring", "as shown: [secret]");
    secrets_free(s);
}

static void a_report_is_made_anew_only_when_it_must(void **state)
{
    struct secrets *s = secrets_new();
    struct component parts[2] = { 0 };
    struct text cells[4] = { 0 };
    struct table table = { .cells = cells, .rows = 1, .cols = 2 };
    struct redacted room = { .components = NULL };
    const struct report *out;
    struct report r;

    (void)state;
    report_init(&r, 1);
    text_sets(&r.reason, "down: canary-Zq7");
    text_sets(&r.values[2].note, "as canary-Zq7 says");
    text_sets(&parts[0].name, "fine");
    text_sets(&parts[1].note, "canary-Zq7");
    text_sets(&cells[3], "canary-Zq7");
    r.components = parts;
    r.n_components = 2;
    r.table = &table;
    assert_ptr_equal(redact(s, &r, &room), &r);
    assert_ptr_equal(redact(NULL, &r, &room), &r);
    redact_fini(&room);
    setenv("MW_TEST_PW", "canary-Zq7", 1);
    SECRET(s, "env:MW_TEST_PW", "canary-Zq7");
    out = redact(s, &r, &room);
    assert_string_equal(text_str(&out->reason), "down: [secret]");
    assert_string_equal(text_str(&out->values[2].note), "as [secret] says");
    assert_string_equal(text_str(&out->components[0].name), "fine");
    assert_string_equal(text_str(&out->components[1].note), "[secret]");
    assert_string_equal(text_str(&out->table->cells[3]), "[secret]");
    assert_string_equal(text_str(&cells[3]), "canary-Zq7"); /* the probe's own is left as it is */
    redact_fini(&room);
    redact_fini(&room);
    for (size_t i = 0; i < 2; i++) {
        text_fini(&parts[i].name);
        text_fini(&parts[i].note);
    }
    text_fini(&cells[3]);
    r.components = NULL;
    r.table = NULL;
    report_fini(&r);
    secrets_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_secret_leaves_the_environment),
        cmocka_unit_test(a_taken_secret_is_known_to_the_next_reading),
        cmocka_unit_test(nothing_of_a_secret_stays_in_memory),
        cmocka_unit_test(a_given_secret_stands_for_the_environment),
        cmocka_unit_test(a_file_is_read_each_time),
        cmocka_unit_test(anothers_file_is_not_trusted),
        cmocka_unit_test(what_is_no_reference_is_not_quoted),
        cmocka_unit_test(keys_and_headers_that_hold_secrets_are_known),
        cmocka_unit_test(a_secret_that_comes_back_is_not_shown),
        cmocka_unit_test(a_report_is_made_anew_only_when_it_must),
    };

    return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
}
