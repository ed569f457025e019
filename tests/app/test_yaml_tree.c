/* tests/app/test_yaml_tree.c: YAML becomes a tree or an error with its place; never a surprise. */
#include "app/yaml_tree.h"

#include "tests/cmocka.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "app/file.h"
#include "core/alloc.h"
#include "tests/app/shared.h"
#include "tests/patience.h"

static char *errors_of(const char *bytes, size_t len)
{
    struct config_errors errors = { 0 };
    struct buf out = { 0 };
    struct tree *t = tree_parse("t", bytes, len, &errors);

    tree_free(t);
    config_errors_write(&errors, &out);
    if (!out.bytes)
        buf_adds(&out, "");
    return out.bytes;
}

#define ERRORS(yaml, want)                                \
    do {                                                  \
        char *got_ = errors_of((yaml), sizeof(yaml) - 1); \
        assert_string_equal(got_, want);                  \
        free(got_);                                       \
    } while (0)

static void a_tree_keeps_places_and_quotes(void **state)
{
    static const char yaml[] = "a: 1\n"
                               "\xc3\xa4: {k: \"200\", l: [x, 'y']}\n"
                               "t: |\n"
                               "  two\n"
                               "  lines\n";
    struct config_errors errors = { 0 };
    struct tree *t = tree_parse("t", yaml, sizeof yaml - 1, &errors);
    const struct node *map = t->root, *inner = node_get(map, "\xc3\xa4"), *l = node_get(inner, "l");

    (void)state;
    assert_int_equal(errors.n, 0);
    assert_false(t->cut);
    assert_int_equal(map->kind, NODE_MAP);
    assert_int_equal(map->n, 3);
    assert_string_equal(node_get(map, "a")->text, "1");
    assert_false(node_get(map, "a")->quoted);
    assert_int_equal(inner->line, 2);
    assert_int_equal(inner->col, 4); /* code points, not bytes */
    assert_int_equal(inner->end_col, 27);
    assert_true(node_get(inner, "k")->quoted);
    assert_int_equal(l->kind, NODE_LIST);
    assert_int_equal(l->n, 2);
    assert_string_equal(l->first->text, "x");
    assert_true(l->first->next->quoted);
    assert_string_equal(node_get(map, "t")->text, "two\nlines\n");
    assert_null(node_get(map, "nothing"));
    assert_null(node_get(l, "x"));
    tree_free(t);
    tree_free(NULL);
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    ERRORS("\xef\xbb\xbf"
           "a: 1\n",
           "t:1:1: a byte order mark; save the file as UTF-8 without one\n");
    ERRORS("\xff\xfe"
           "a\0",
           "t:1:1: this is UTF-16; save the file as UTF-8\n");
    ERRORS("a: 1\nb: \xc3\x28\n", "t:2:4: byte 0xc3 is not UTF-8; save the file as UTF-8\n");
    ERRORS("\xc3\xa4: \x80\n", "t:1:4: byte 0x80 is not UTF-8; save the file as UTF-8\n");
    ERRORS("a: \0b\n", "t:1:4: a NUL byte; this is not a text file\n");
    ERRORS("a: \x1b[31mred\n", "t:1:4: control character 0x1b; leave it out\n");
    ERRORS("a: \x7f\n", "t:1:4: control character 0x7f; leave it out\n");
    ERRORS("a: \xc2\x9b"
           "31m\n",
           "t:1:4: U+009B is a control character; leave it out\n");
    ERRORS("a: \xe2\x80\xa8\n", "t:1:4: U+2028 is a control character; leave it out\n");
    ERRORS("a: \"x\\0y\"\n", "t:1:4: the text holds a NUL (\\0)\n");
}

static void anchors_aliases_and_tags_are_refused_each_with_its_place(void **state)
{
    (void)state;
    ERRORS("a: &x 1\nb: *x\nc: !!str 5\nd: !own {}\n",
           "t:1:4: anchor '&x' is not taken: write the value where it is used, or name it under "
           "'vars'\n"
           "t:2:4: alias '*x' is not taken: write the value here, or name it under 'vars'; a text "
           "that begins with '*' needs quotes\n"
           "t:3:4: tag '!!str' is not taken: leave it out\n"
           "t:4:4: tag '!own' is not taken: leave it out\n");
    ERRORS("%TAG ! tag:x,2000:\n---\na: 1\n", "t:1:1: %TAG is not taken: leave it out\n");
    ERRORS("a: 1\n---\nb: 2\n", "t:2:1: a second document; one file holds one\n");
}

static void a_key_is_a_word_and_stands_once(void **state)
{
    (void)state;
    ERRORS("a: 1\nb: 2\na: 3\nc: {d: 1, d: 2}\na: 4\n",
           "t:3:1: key 'a' stands here again; first on line 1\n"
           "t:4:11: key 'd' stands here again; first on line 4\n"
           "t:5:1: key 'a' stands here again; first on line 1\n");
    ERRORS("? [a]\n: 1\n", "t:1:3: a key must be a word, not a map or a list\n");
    ERRORS("? \n: 1\n", "t:1:2: a key is missing before ':'\n");
}

static void a_syntax_error_has_its_place_and_what_to_do(void **state)
{
    (void)state;
    ERRORS("a: 1\n b: 2\n", "t:2:3: ': ' is not possible here; quote the value, or check the "
                            "indentation\n");
    ERRORS("a:\n  b: 1\n c: 2\n",
           "t:3:2: a key was expected here; check the indentation (begun on line 1)\n");
    ERRORS("a:\n\tb: 1\n", "t:2:1: a tab indents this line; indent with blanks\n");
    ERRORS("a: [1, 2\nb: 3\n",
           "t:2:2: a list '[' is not closed: ',' or ']' was expected (begun on line 1)\n");
    ERRORS("a: {b: 1\n", "t:2:1: a map '{' is not closed: ',' or '}' was expected (begun on line "
                         "1)\n");
    ERRORS("a: {b: ${env:X}}\n", "t:1:9: inside [ ] or { } a value with a bracket in it, such as "
                                 "${env:X}, needs quotes\n");
    ERRORS("a: [x{y=\"z\"}, x]\n", "t:1:6: inside [ ] or { } a value with a bracket in it, such as "
                                   "${env:X}, needs quotes\n");
    ERRORS("a: ${env:X}\nb: x{y=\"z\"}\n", "");
    ERRORS("a: 'x\n", "t:2:1: a quote is opened and never closed (begun on line 1)\n");
    ERRORS("a: @x\n", "t:1:4: a value cannot begin with this character; quote it\n");
    ERRORS("a: *\n", "t:1:5: '&' and '*' begin anchors, which are not taken; quote the text\n");
    ERRORS("a: \"\\q\"\n", "t:1:5: an unknown escape after '\\'; use single quotes\n");
    ERRORS("a: 1\nb\n", "t:3:1: a key without ': ' after it (begun on line 2)\n");
    ERRORS("a:\n- b\nc\n", "t:4:1: a key without ': ' after it (begun on line 3)\n");
    ERRORS("- a\nb: 1\n",
           "t:2:1: a '- ' was expected here; check the indentation (begun on line 1)\n");
    ERRORS("a: ]\n", "t:1:4: a value was expected here\n");
    ERRORS("--- {}\nx\n", "t:2:1: this stands outside of the map above; check the indentation\n");
}

static void what_libyaml_lets_pass_is_refused(void **state)
{
    (void)state;
    ERRORS("a: [1]#no\n", "t:1:7: a comment needs a blank before its '#'\n");
    ERRORS("a: \"x\"#no\n", "t:1:7: a comment needs a blank before its '#'\n");
    ERRORS("a: >#no\n  x\n", "t:1:4: a comment needs a blank before its '#'\n");
    ERRORS("a: \"x\ny\"\n", "t:2:1: this line belongs to the text or list above and must be "
                            "indented further\n");
    ERRORS("a:\n  b: [x,\n  y]\n", "t:3:1: this line belongs to the text or list above and must be "
                                   "indented further\n");
    ERRORS("a: \"x\n\ty\"\n", "t:2:1: a tab indents this line; indent with blanks\n");
    ERRORS("a: >\n    \n  # x\n", "t:3:1: an empty line above is indented deeper than this text\n");
    ERRORS("a:\n  b: [\n    x,\n  ]\n", ""); /* common, and cannot mislead */
    ERRORS("a: \"x\n\n  y\"\nb: |2\n    \n  x\nc: |\n  x\n\n  y\n", "");
}

static void errors_are_the_first_hundred_of_the_file_in_order(void **state)
{
    struct config_errors e = { 0 };
    struct buf out = { 0 };

    (void)state;
    for (int line = 110; line > 0; line--)
        config_errors_add(&e, (struct pos){ "t", line, 1 }, line == 1 ? NULL : "k", "no %d", line);
    config_errors_write(&e, &out);
    assert_int_equal(e.n, 100);
    assert_int_equal(e.more, 10);
    assert_ptr_equal(strstr(out.bytes, "t:1:1: no 1\nt:2:1: k: no 2\n"), out.bytes);
    assert_non_null(strstr(out.bytes, "t:100:1: k: no 100\n"
                                      "and 10 more; mend these, and they will be told\n"));
    assert_null(strstr(out.bytes, "no 101"));
    buf_fini(&out);
}

static void after_a_syntax_error_what_stood_before_is_kept(void **state)
{
    static const char yaml[] = "a: {x: 1}\nb:\n  c: 2\n  d: [1, {e: 3, f\nq: \"";
    struct config_errors errors = { 0 };
    struct tree *t = tree_parse("t", yaml, sizeof yaml - 1, &errors);

    (void)state;
    assert_int_equal(errors.n, 1);
    assert_true(t->cut);
    assert_string_equal(node_get(node_get(t->root, "a"), "x")->text, "1");
    assert_string_equal(node_get(node_get(t->root, "b"), "c")->text, "2");
    tree_free(t);
}

static void nothing_at_all_is_an_empty_tree(void **state)
{
    struct config_errors errors = { 0 };
    struct tree *t = tree_parse("t", "# only this\n", 12, &errors);

    (void)state;
    assert_int_equal(errors.n, 0);
    assert_null(t->root);
    tree_free(t);
}

/* Of this process: others on the machine do not count. */
static double seconds_of(const struct rusage *u)
{
    return (double)(u->ru_utime.tv_sec + u->ru_stime.tv_sec) +
           (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec) / 1e6;
}

static double within_s(void)
{
#ifdef NDEBUG
    if (!patience())
        return 0.1;
#endif
    return patience() ? 20 : 2;
}

/* Refused in a child, so that its memory can be told from ours; the status of the child: 2, it took
 * too long. */
static int refused_in_child(const char *bytes, size_t len, const char *want)
{
    pid_t pid = fork();
    int status;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct config_errors *errors = xcalloc(1, sizeof *errors);
        struct rusage before, after;
        double took;
        bool told = false;
        struct tree *t;
        long kib;

        getrusage(RUSAGE_SELF, &before);
        t = tree_parse("t", bytes, len, errors);
        getrusage(RUSAGE_SELF, &after);
        took = seconds_of(&after) - seconds_of(&before);
        kib = after.ru_maxrss - before.ru_maxrss;
        for (size_t i = 0; i < errors->n; i++)
            told |= strstr(errors->items[i].err.msg, want) != NULL;
        if (!told) {
            fprintf(stderr, "got '%s', not '%s'\n", errors->items[0].err.msg, want);
            _exit(1);
        }
        if (took > within_s()) {
            fprintf(stderr, "%.0f ms for '%s'\n", took * 1000, want);
            _exit(2);
        }
        if (!patience() && kib > 32 << 10) {
            fprintf(stderr, "%ld KiB for '%s'\n", kib, want);
            _exit(3);
        }
        tree_free(t);
        free(errors);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* On a busy machine the same work takes more CPU time now and then: the best of three counts. */
static void refuses_cheaply(const char *bytes, size_t len, const char *want)
{
    int status = refused_in_child(bytes, len, want);

    for (int i = 0; i < 2 && WIFEXITED(status) && WEXITSTATUS(status) == 2; i++)
        status = refused_in_child(bytes, len, want);
    assert_int_equal(status, 0);
}

static char *repeated(const char *unit, size_t bytes)
{
    size_t len = strlen(unit);
    char *all = xmalloc(bytes + len + 1);

    for (size_t at = 0; at <= bytes; at += len)
        memcpy(all + at, unit, len);
    all[bytes] = '\0';
    return all;
}

static void every_cap_refuses_quickly_and_small(void **state)
{
    static const char *const deep[] = { "[", "{a: ", "- ", "a: {b: [", "[\n" };
    char *all;

    (void)state;
    for (size_t i = 0; i < sizeof deep / sizeof *deep; i++) {
        all = repeated(deep[i], 400000);
        refuses_cheaply(all, 400000, "more than 32 deep");
        free(all);
    }
    all = repeated("? ", 400000);
    refuses_cheaply(all, 400000, "a key must be a word");
    free(all);
    all = repeated("[]\n", TREE_BYTES_MAX + 1);
    refuses_cheaply(all, TREE_BYTES_MAX + 1, "1048577 bytes; at most 1048576 are read");
    free(all);
    all = repeated("a,", TREE_BYTES_MAX);
    all[0] = '[';
    all[1] = 'a';
    refuses_cheaply(all, TREE_BYTES_MAX, "more than 160000 keys and values");
    all[0] = '{'; /* half a million keys */
    refuses_cheaply(all, TREE_BYTES_MAX, "stands here again; first on line 1");
    free(all);
    all = repeated("- &a *a\n", TREE_BYTES_MAX);
    refuses_cheaply(all, TREE_BYTES_MAX, "anchor '&a'");
    free(all);
    all = repeated("\xff", TREE_BYTES_MAX);
    refuses_cheaply(all, TREE_BYTES_MAX, "UTF-8");
    free(all);
}

/* 32 deep is read, 33 is not. */
static void depth_is_refused_at_one_beyond_the_cap(void **state)
{
    char yaml[2 * TREE_DEPTH_MAX + 3];

    (void)state;
    memset(yaml, '[', TREE_DEPTH_MAX);
    memset(yaml + TREE_DEPTH_MAX, ']', TREE_DEPTH_MAX);
    yaml[2 * TREE_DEPTH_MAX] = '\0';
    ERRORS("", "");
    char *got = errors_of(yaml, 2 * TREE_DEPTH_MAX);
    assert_string_equal(got, "");
    free(got);
    memset(yaml, '[', TREE_DEPTH_MAX + 1);
    memset(yaml + TREE_DEPTH_MAX + 1, ']', TREE_DEPTH_MAX + 1);
    got = errors_of(yaml, 2 * TREE_DEPTH_MAX + 2);
    assert_string_equal(got, "t:1:33: maps and lists stand more than 32 deep in each other\n");
    free(got);
}

/* In the suite's files some characters are drawn. */
static char *suite_text(const char *drawn)
{
    static const struct {
        const char *drawn, *real;
    } signs[] = {
        { "\xe2\x90\xa3", " " },  { "\xe2\x86\xb5", "" },
        { "\xe2\x86\x90", "\r" }, { "\xe2\x87\x94", "\xef\xbb\xbf" },
        { "\xc2\xbb", "\t" },     { "\xe2\x80\x94", "" },
        { "\xe2\x88\x8e\n", "" }, /* no line end at the end */
    };
    struct buf out = { 0 };

    buf_adds(&out, "");
    while (*drawn) {
        size_t i = 0;

        while (i < sizeof signs / sizeof *signs &&
               strncmp(drawn, signs[i].drawn, strlen(signs[i].drawn)) != 0)
            i++;
        if (i < sizeof signs / sizeof *signs) {
            buf_adds(&out, signs[i].real);
            drawn += strlen(signs[i].drawn);
        } else {
            buf_add(&out, drawn++, 1);
        }
    }
    return out.bytes;
}

struct suite {
    size_t failing, refused, read;
};

static void suite_case(struct suite *s, const char *file, const struct node *c)
{
    const struct node *yaml = node_get(c, "yaml"), *fail = node_get(c, "fail");
    struct config_errors errors = { 0 };
    struct tree *t;
    char *text;

    if (!yaml)
        return;
    text = suite_text(yaml->text);
    t = tree_parse(file, text, strlen(text), &errors);
    if (fail && strcmp(fail->text, "true") == 0) {
        s->failing++;
        if (errors.n == 0)
            fail_msg("%s: read, but it is not YAML:\n%s", file, text);
    } else if (errors.n) {
        s->refused++;
    } else {
        s->read++;
    }
    if (strstr(text, "!!") && errors.n == 0)
        fail_msg("%s: a tag was read:\n%s", file, text);
    tree_free(t);
    free(text);
}

static void the_yaml_test_suite_is_refused_where_it_must(void **state)
{
    char folder[512], path[1024];
    struct suite s = { 0 };
    struct dirent *entry;
    DIR *dir;

    (void)state;
    if (!shared_path(folder, sizeof folder, "corpus/conformance/yaml-test-suite"))
        skip();
    dir = opendir(folder);
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        struct config_errors errors = { 0 };
        struct buf b = { 0 };
        struct tree *t;
        struct err err;

        if (!strstr(entry->d_name, ".yaml"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        assert_true(file_read(path, TREE_BYTES_MAX, FILE_PLAIN, &b, &err));
        t = tree_parse(entry->d_name, b.bytes, b.len, &errors);
        if (errors.n)
            fail_msg("%s", errors.items[0].err.msg);
        for (const struct node *c = t->root->first; c; c = c->next)
            suite_case(&s, entry->d_name, c);
        tree_free(t);
        buf_fini(&b);
    }
    closedir(dir);
    assert_true(s.failing >= 42); /* counted with grep; some files hold more than one */
    assert_true(s.read > 20);
    assert_true(s.refused > 20);
}

static void the_bomb_is_refused_at_its_first_anchor(void **state)
{
    struct config_errors errors = { 0 };
    struct buf b = { 0 };
    struct tree *t;
    char path[512];

    (void)state;
    if (!shared_path(path, sizeof path, "corpus/conformance/yaml-bomb-a-to-i.yaml"))
        skip();
    assert_true(file_read(path, TREE_BYTES_MAX, FILE_PLAIN, &b, NULL));
    t = tree_parse("bomb", b.bytes, b.len, &errors);
    assert_int_equal(errors.n, 81); /* each of the 9 anchors and of the 72 aliases */
    assert_int_equal(errors.more, 0);
    assert_non_null(strstr(errors.items[0].err.msg, "bomb:1:4: anchor '&a' is not taken"));
    tree_free(t);
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_keeps_places_and_quotes),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(anchors_aliases_and_tags_are_refused_each_with_its_place),
        cmocka_unit_test(a_key_is_a_word_and_stands_once),
        cmocka_unit_test(a_syntax_error_has_its_place_and_what_to_do),
        cmocka_unit_test(what_libyaml_lets_pass_is_refused),
        cmocka_unit_test(errors_are_the_first_hundred_of_the_file_in_order),
        cmocka_unit_test(after_a_syntax_error_what_stood_before_is_kept),
        cmocka_unit_test(nothing_at_all_is_an_empty_tree),
        cmocka_unit_test(every_cap_refuses_quickly_and_small),
        cmocka_unit_test(depth_is_refused_at_one_beyond_the_cap),
        cmocka_unit_test(the_yaml_test_suite_is_refused_where_it_must),
        cmocka_unit_test(the_bomb_is_refused_at_its_first_anchor),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
