/* tests/probes/test_s3_listing.c: pages as S3 and MinIO write them, and what strangers may send in
 * their place. Typed after the API reference of ListObjectsV2 and MinIO's cmd/api-response.go. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "probes/s3_listing.h"
#include "tests/cmocka.h"

#define HEAD                                                                             \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                       \
    "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name>" \
    "<Prefix>db/</Prefix><KeyCount>2</KeyCount><MaxKeys>1000</MaxKeys>"
#define LAST "<IsTruncated>false</IsTruncated>"
#define OBJECT                                                                    \
    "<Contents><Key>a</Key><LastModified>2026-01-29T02:13:47.000Z</LastModified>" \
    "<Size>7</Size></Contents>"
#define TAIL "</ListBucketResult>"

static bool read_in_pieces(struct s3_listing *l, const char *page, size_t piece, struct err *err)
{
    size_t len = strlen(page);

    s3_listing_clear(l);
    err->msg[0] = '\0';
    for (size_t at = 0; at < len; at += piece)
        if (!s3_listing_feed(l, page + at, len - at < piece ? len - at : piece, err))
            return false;
    return s3_listing_end(l, err);
}

static void objects_are_read_however_they_arrive(void **state)
{
    static const size_t pieces[] = { 1, 7, 4096 };
    const char *page = HEAD
        "<EncodingType>url</EncodingType>" LAST "<Contents><Key>db/shop_2026%2B01+29.sql.gz</Key>"
        "<LastModified>2026-01-29T02:13:47.000Z</LastModified><ETag>&quot;d41d&quot;</ETag>"
        "<Size>5368709120</Size><Owner><ID>x</ID><Key>not this one</Key></Owner>"
        "<StorageClass>STANDARD_IA</StorageClass></Contents>\n"
        "<Contents><Key>db/%C3%BC%1b[31m</Key><LastModified>2026-01-28T02:13:47Z</LastModified>"
        "<Size>0</Size><StorageClass>a b</StorageClass></Contents>"
        "<CommonPrefixes><Prefix>db/x/</Prefix></CommonPrefixes>" TAIL "\n";
    struct s3_listing *l = s3_listing_new();
    const struct s3_object *o;
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        assert_true(read_in_pieces(l, page, pieces[i], &err));
        assert_int_equal(s3_listing_objects(l, &o), 2);
        assert_string_equal(o[0].key, "db/shop_2026+01 29.sql.gz");
        assert_int_equal(o[0].modified_ms, 1769652827000);
        assert_true(o[0].size_bytes == 5368709120.0);
        assert_string_equal(o[0].storage, "STANDARD_IA");
        assert_string_equal(o[1].key, "db/\xc3\xbc\x1b[31m"); /* raw: sanitized where it is shown */
        assert_true(o[1].size_bytes == 0);
        assert_string_equal(o[1].storage, "");
        assert_null(s3_listing_next(l));
        assert_null(s3_listing_error(l, NULL));
    }
    s3_listing_free(l);
}

/* MinIO says last how keys are encoded; AWS says nothing when it was not asked to. */
static void keys_stay_as_they_are_where_no_encoding_is_told(void **state)
{
    struct s3_listing *l = s3_listing_new();
    const struct s3_object *o;
    struct err err;

    (void)state;
    assert_true(read_in_pieces(l,
                               "<ListBucketResult>" LAST "<Contents><Key>100%+a&amp;b</Key>"
                               "<LastModified>2026-01-29T02:13:47Z</LastModified>"
                               "<Size>1</Size></Contents>" TAIL,
                               5, &err));
    s3_listing_objects(l, &o);
    assert_string_equal(o[0].key, "100%+a&b");
    assert_true(read_in_pieces(
        l, "<ListBucketResult>" OBJECT LAST "<EncodingType>url</EncodingType>" TAIL, 5, &err));
    assert_int_equal(s3_listing_objects(l, &o), 1);
    assert_true(read_in_pieces(l, "<ListBucketResult>" LAST TAIL, 5, &err));
    assert_int_equal(s3_listing_objects(l, &o), 0);
    s3_listing_free(l);
}

static void more_pages_are_told(void **state)
{
    struct s3_listing *l = s3_listing_new();
    struct err err;

    (void)state;
    assert_true(read_in_pieces(l,
                               HEAD "<NextContinuationToken>1/x+y=</NextContinuationToken>"
                                    "<IsTruncated>true</IsTruncated>" OBJECT TAIL,
                               100, &err));
    assert_string_equal(s3_listing_next(l), "1/x+y=");
    assert_true(read_in_pieces(l, HEAD LAST OBJECT TAIL, 100, &err));
    assert_null(s3_listing_next(l)); /* nothing is left of the page before */
    s3_listing_free(l);
}

static void an_error_has_its_code(void **state)
{
    struct s3_listing *l = s3_listing_new();
    const char *message;
    struct err err;

    (void)state;
    assert_true(read_in_pieces(l,
                               "<?xml version=\"1.0\"?><Error><Code>NoSuchBucket</Code>"
                               "<Message>The specified bucket does not exist</Message>"
                               "<BucketName>b</BucketName></Error>",
                               100, &err));
    assert_string_equal(s3_listing_error(l, &message), "NoSuchBucket");
    assert_string_equal(message, "The specified bucket does not exist");
    s3_listing_free(l);
}

static void what_no_listing_is_is_refused(void **state)
{
    static const struct {
        const char *page, *why;
    } bad[] = {
        { "", "not XML, line 1: no element found" },
        { "not xml", "not XML, line 1: syntax error" },
        { HEAD LAST OBJECT, "not XML, line 2: no element found" },
        { HEAD LAST OBJECT TAIL "x", "not XML" },
        { "<html><body>Sign in</body></html>", "not a listing but html" },
        { "<!DOCTYPE x [<!ENTITY a \"b\">]><ListBucketResult>&a;</ListBucketResult>",
          "a DTD, which no listing has" },
        { "<!DOCTYPE x SYSTEM \"http://127.0.0.1:1/x\"><ListBucketResult/>",
          "a DTD, which no listing has" },
        { HEAD LAST "<Contents><Key>&a;</Key></Contents>" TAIL, "undefined entity" },
        { HEAD LAST "<?php x?>" TAIL, "a processing instruction: php" },
        { HEAD OBJECT TAIL, "it does not say whether there is more (IsTruncated)" },
        { HEAD "<IsTruncated>maybe</IsTruncated>" TAIL,
          "IsTruncated is neither true nor false: maybe" },
        { HEAD "<IsTruncated>true</IsTruncated>" OBJECT TAIL,
          "there is more, and no token to ask for it" },
        { HEAD "<IsTruncated>true</IsTruncated><NextContinuationToken/>" TAIL,
          "there is more, and no token to ask for it" },
        { HEAD LAST "<IsTruncated>true</IsTruncated>" TAIL, "twice: IsTruncated" },
        { HEAD LAST "<Contents><Key>a</Key><Key/></Contents>" TAIL, "twice: Key" },
        { HEAD LAST "<Contents/>" TAIL, "an object without a Key" },
        { HEAD LAST "<Contents><Key>a</Key><Size>1</Size></Contents>" TAIL,
          "an object without a LastModified" },
        { HEAD LAST "<Contents><Key>a</Key><LastModified>2026-01-29T02:13:47Z</LastModified>"
                    "</Contents>" TAIL,
          "an object without a Size" },
        { HEAD LAST "<Contents><LastModified>yesterday</LastModified></Contents>" TAIL,
          "LastModified is no time: yesterday" },
        { HEAD LAST "<Contents><Size>-1</Size></Contents>" TAIL, "Size is no number of bytes: -1" },
        { HEAD LAST "<Contents><Size></Size></Contents>" TAIL, "Size is no number of bytes" },
        { HEAD LAST "<Contents><Size>9999999999999999</Size></Contents>" TAIL,
          "Size is no number" },
        { HEAD LAST "<Contents><Key><b>a</b></Key></Contents>" TAIL,
          "an element where text belongs: b" },
        { HEAD LAST "<a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a>" TAIL, "too deep" },
        { HEAD "<EncodingType>rot13</EncodingType>" LAST TAIL, "EncodingType is not known: rot13" },
        { HEAD LAST
          "<EncodingType>url</EncodingType><Contents><Key>a%00b</Key>"
          "<LastModified>2026-01-29T02:13:47Z</LastModified><Size>1</Size></Contents>" TAIL,
          "a key with a NUL in it" },
        { "<Error><Message>x</Message></Error>", "an error without a code" },
        { "<a\x1b[31m/>", "not XML" },
    };
    struct s3_listing *l = s3_listing_new();
    struct err err;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        for (size_t piece = 1; piece < 5000; piece *= 13)
            if (read_in_pieces(l, bad[i].page, piece, &err) || !strstr(err.msg, bad[i].why))
                fail_msg("%s\nwanted '%s', got '%s'", bad[i].page, bad[i].why, err.msg);
    s3_listing_free(l);
}

/* Each cap: at it, and one beyond. */
static void a_page_is_bounded(void **state)
{
    struct s3_listing *l = s3_listing_new();
    const struct s3_object *o;
    struct buf b = { 0 };
    struct err err;

    (void)state;
    for (int more = 0; more < 2; more++) {
        buf_clear(&b);
        buf_adds(&b, HEAD LAST);
        for (int i = 0; i < S3_PAGE_OBJECTS + more; i++)
            buf_adds(&b, OBJECT);
        buf_adds(&b, TAIL);
        assert_int_equal(read_in_pieces(l, buf_str(&b), 16384, &err), !more);
    }
    assert_string_equal(err.msg, "a page of more objects than were asked for");
    for (int more = 0; more < 2; more++) {
        buf_clear(&b);
        buf_adds(&b, HEAD LAST "<Contents><LastModified>2026-01-29T02:13:47Z</LastModified>"
                               "<Size>1</Size><Key>");
        for (int i = 0; i < S3_FIELD_MAX + more; i++)
            buf_addc(&b, 'k');
        buf_adds(&b, "</Key></Contents>" TAIL);
        assert_int_equal(read_in_pieces(l, buf_str(&b), 1000, &err), !more);
        if (!more) {
            s3_listing_objects(l, &o);
            assert_int_equal(strlen(o[0].key), S3_FIELD_MAX);
        }
    }
    assert_string_equal(err.msg, "a field of more than 4 KiB");
    buf_clear(&b);
    buf_adds(&b, "<ListBucketResult a=\"");
    for (int i = 0; i < 1 << 20; i++)
        buf_addc(&b, 'x');
    assert_false(read_in_pieces(l, buf_str(&b), 16384, &err));
    assert_string_equal(err.msg, "a tag of more than 64 KiB");
    buf_fini(&b);
    s3_listing_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_read_however_they_arrive),
        cmocka_unit_test(keys_stay_as_they_are_where_no_encoding_is_told),
        cmocka_unit_test(more_pages_are_told),
        cmocka_unit_test(an_error_has_its_code),
        cmocka_unit_test(what_no_listing_is_is_refused),
        cmocka_unit_test(a_page_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
