/* probes/s3_listing.c: expat tells elements and text; here stands which of them a listing has. */
#include "probes/s3_listing.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/buf.h"
#include "core/stamp.h"

enum {
    S3_DEPTH = 8,
    S3_TAG_MAX = 64 << 10, /* bytes that may wait for the end of one tag */
    S3_SIZE_DIGITS = 15    /* below 2^53: exact in a double */
};

enum s3_field { /* bits: seen in this object, or in this page */
                S3_NONE,
                S3_KEY = 1,
                S3_MODIFIED = 2,
                S3_SIZE = 4,
                S3_STORAGE = 8,
                S3_TRUNCATED = 16,
                S3_NEXT = 32,
                S3_ENCODING = 64,
                S3_CODE = 128,
                S3_MESSAGE = 256
};

static const struct {
    int depth;          /* of the element; the root is 1 */
    const char *parent; /* its name */
    const char *name;
    enum s3_field field;
} s3_fields[] = {
    { 3, "Contents", "Key", S3_KEY },
    { 3, "Contents", "LastModified", S3_MODIFIED },
    { 3, "Contents", "Size", S3_SIZE },
    { 3, "Contents", "StorageClass", S3_STORAGE },
    { 2, "ListBucketResult", "IsTruncated", S3_TRUNCATED },
    { 2, "ListBucketResult", "NextContinuationToken", S3_NEXT },
    { 2, "ListBucketResult", "EncodingType", S3_ENCODING },
    { 2, "Error", "Code", S3_CODE },
    { 2, "Error", "Message", S3_MESSAGE },
};

struct s3_listing {
    XML_Parser xml;
    struct err why; /* the first thing that was wrong; empty = nothing */
    size_t fed;
    int depth, skipping; /* skipping: the depth from which nothing is looked at; 0 = none */
    bool contents, is_error;
    enum s3_field field; /* whose text is being read */
    unsigned seen_page, seen_object;
    struct buf text;
    struct s3_object *objects;
    size_t n, cap;
    bool truncated, encoded;
    char *next, *code, *message;
};

/* ---- what an element means ---- */

static void s3_refuse(struct s3_listing *l, const char *what, const char *name)
{
    if (*l->why.msg)
        return;
    err_set(&l->why, "%s%s%.40s", what, *name ? " " : "", name);
    XML_StopParser(l->xml, XML_FALSE);
}

static void s3_begin_object(struct s3_listing *l)
{
    l->contents = true;
    l->seen_object = 0;
    if (l->n == S3_PAGE_OBJECTS) {
        s3_refuse(l, "a page of more objects than were asked for", "");
        return;
    }
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 64;
        l->objects = xreallocarray(l->objects, l->cap, sizeof *l->objects);
    }
    l->objects[l->n++] = (struct s3_object){ 0 };
}

static void s3_end_object(struct s3_listing *l)
{
    l->contents = false;
    if (!(l->seen_object & S3_KEY))
        s3_refuse(l, "an object without a Key", "");
    if (!(l->seen_object & S3_MODIFIED))
        s3_refuse(l, "an object without a LastModified", "");
    if (!(l->seen_object & S3_SIZE))
        s3_refuse(l, "an object without a Size", "");
}

static void s3_begin_field(struct s3_listing *l, const char *name)
{
    const char *parent = l->contents ? "Contents" : l->is_error ? "Error" : "ListBucketResult";
    unsigned *seen = l->contents ? &l->seen_object : &l->seen_page;

    for (size_t i = 0; i < sizeof s3_fields / sizeof *s3_fields; i++) {
        if (s3_fields[i].depth != l->depth || strcmp(s3_fields[i].parent, parent) != 0 ||
            strcmp(s3_fields[i].name, name) != 0)
            continue;
        if (*seen & s3_fields[i].field)
            s3_refuse(l, "twice:", name);
        *seen |= s3_fields[i].field;
        l->field = s3_fields[i].field;
        buf_clear(&l->text);
        return;
    }
    l->skipping = l->depth; /* Owner, ETag, Name ... and all that is in them */
}

static void XMLCALL s3_on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct s3_listing *l = arg;

    (void)attributes;
    if (*l->why.msg) /* what expat still had to tell */
        return;
    if (++l->depth > S3_DEPTH)
        s3_refuse(l, "too deep", "");
    else if (l->field)
        s3_refuse(l, "an element where text belongs:", name);
    else if (l->skipping)
        return;
    else if (l->depth == 1 && strcmp(name, "Error") == 0)
        l->is_error = true;
    else if (l->depth == 1 && strcmp(name, "ListBucketResult") != 0)
        s3_refuse(l, "not a listing but", name);
    else if (l->depth == 2 && !l->is_error && strcmp(name, "Contents") == 0)
        s3_begin_object(l);
    else if (l->depth > 1)
        s3_begin_field(l, name);
}

static bool s3_size(const char *s, double *out)
{
    size_t digits = strspn(s, "0123456789");

    if (!digits || digits > S3_SIZE_DIGITS || s[digits])
        return false;
    *out = (double)strtoll(s, NULL, 10);
    return true;
}

/* One word; what is none is not told. */
static void s3_storage(const char *s, char out[32])
{
    size_t len = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");

    *out = '\0';
    if (!s[len] && len < 32)
        memcpy(out, s, len + 1);
}

static void s3_end_field(struct s3_listing *l)
{
    struct s3_object *o = l->n ? &l->objects[l->n - 1] : NULL;
    const char *text = buf_str(&l->text);

    switch (l->field) {
    case S3_NONE:
        break;
    case S3_KEY:
        o->key = xstrdup(text);
        break;
    case S3_MODIFIED:
        if (!stamp_parse(text, l->text.len, &o->modified_ms))
            s3_refuse(l, "LastModified is no time:", text);
        break;
    case S3_SIZE:
        if (!s3_size(text, &o->size_bytes))
            s3_refuse(l, "Size is no number of bytes:", text);
        break;
    case S3_STORAGE:
        s3_storage(text, o->storage);
        break;
    case S3_TRUNCATED:
        l->truncated = strcmp(text, "true") == 0;
        if (!l->truncated && strcmp(text, "false") != 0)
            s3_refuse(l, "IsTruncated is neither true nor false:", text);
        break;
    case S3_NEXT:
        l->next = xstrdup(text);
        break;
    case S3_ENCODING:
        l->encoded = strcmp(text, "url") == 0;
        if (!l->encoded && *text)
            s3_refuse(l, "EncodingType is not known:", text);
        break;
    case S3_CODE:
        l->code = xstrdup(text);
        break;
    case S3_MESSAGE:
        l->message = xstrdup(text);
        break;
    }
    l->field = S3_NONE;
}

static void XMLCALL s3_on_end(void *arg, const XML_Char *name)
{
    struct s3_listing *l = arg;

    (void)name;
    if (*l->why.msg)
        return;
    if (l->field)
        s3_end_field(l);
    else if (l->skipping == l->depth)
        l->skipping = 0;
    else if (!l->skipping && l->contents && l->depth == 2)
        s3_end_object(l);
    l->depth--;
}

static void XMLCALL s3_on_text(void *arg, const XML_Char *bytes, int len)
{
    struct s3_listing *l = arg;

    if (l->field && !buf_add_max(&l->text, bytes, (size_t)len, S3_FIELD_MAX))
        s3_refuse(l, "a field of more than 4 KiB", "");
}

static void XMLCALL s3_on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid,
                                  const XML_Char *pubid, int internal)
{
    (void)name;
    (void)sysid;
    (void)pubid;
    (void)internal;
    s3_refuse(arg, "a DTD, which no listing has", "");
}

static void XMLCALL s3_on_instruction(void *arg, const XML_Char *target, const XML_Char *data)
{
    (void)data;
    s3_refuse(arg, "a processing instruction:", target);
}

/* ---- the way of a page ---- */

static void s3_handlers(struct s3_listing *l)
{
    XML_SetUserData(l->xml, l);
    XML_SetElementHandler(l->xml, s3_on_start, s3_on_end);
    XML_SetCharacterDataHandler(l->xml, s3_on_text);
    XML_SetStartDoctypeDeclHandler(l->xml, s3_on_doctype);
    XML_SetProcessingInstructionHandler(l->xml, s3_on_instruction);
}

static bool s3_parse(struct s3_listing *l, const char *bytes, size_t len, bool last,
                     struct err *err)
{
    if (!*l->why.msg && XML_Parse(l->xml, bytes, (int)len, last) != XML_STATUS_OK && !*l->why.msg) {
        if (XML_GetErrorCode(l->xml) == XML_ERROR_NO_MEMORY)
            alloc_fail();
        err_set(&l->why, "not XML, line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(l->xml),
                XML_ErrorString(XML_GetErrorCode(l->xml)));
    }
    l->fed += len;
    if (!*l->why.msg && !last && (XML_Index)l->fed - XML_GetCurrentByteIndex(l->xml) > S3_TAG_MAX)
        err_set(&l->why, "a tag of more than 64 KiB");
    return !*l->why.msg || err_set(err, "%s", l->why.msg);
}

bool s3_listing_feed(struct s3_listing *l, const char *bytes, size_t len, struct err *err)
{
    return s3_parse(l, bytes, len, false, err);
}

static int s3_hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

/* As forms are encoded: + is a blank. What is no escape stands for itself; a NUL is refused. */
static bool s3_decode(char *s)
{
    char *out = s;

    for (; *s; s++) {
        int hi = *s == '%' ? s3_hex(s[1]) : -1, lo = hi >= 0 ? s3_hex(s[2]) : -1;

        if (lo >= 0) {
            *out = (char)(hi << 4 | lo);
            if (!*out++)
                return false;
            s += 2;
        } else {
            *out++ = *s == '+' ? ' ' : *s;
        }
    }
    *out = '\0';
    return true;
}

bool s3_listing_end(struct s3_listing *l, struct err *err)
{
    if (!s3_parse(l, "", 0, true, err))
        return false;
    if (l->is_error)
        return l->code || err_set(err, "an error without a code");
    if (!(l->seen_page & S3_TRUNCATED))
        return err_set(err, "it does not say whether there is more (IsTruncated)");
    if (l->truncated && (!l->next || !*l->next))
        return err_set(err, "there is more, and no token to ask for it");
    for (size_t i = 0; l->encoded && i < l->n; i++)
        if (!s3_decode(l->objects[i].key))
            return err_set(err, "a key with a NUL in it");
    return true;
}

size_t s3_listing_objects(const struct s3_listing *l, const struct s3_object **out)
{
    *out = l->objects;
    return l->is_error ? 0 : l->n;
}

const char *s3_listing_next(const struct s3_listing *l)
{
    return l->truncated ? l->next : NULL;
}

const char *s3_listing_error(const struct s3_listing *l, const char **message)
{
    if (message)
        *message = l->message ? l->message : "";
    return l->is_error ? l->code : NULL;
}

static void s3_listing_forget(struct s3_listing *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->objects[i].key);
    free(l->next);
    free(l->code);
    free(l->message);
}

void s3_listing_clear(struct s3_listing *l)
{
    struct s3_listing kept = {
        .xml = l->xml, .text = l->text, .objects = l->objects, .cap = l->cap
    };

    s3_listing_forget(l);
    *l = kept;
    if (!XML_ParserReset(l->xml, NULL))
        alloc_fail();
    s3_handlers(l);
}

struct s3_listing *s3_listing_new(void)
{
    struct s3_listing *l = xcalloc(1, sizeof *l);

    l->xml = XML_ParserCreate(NULL);
    if (!l->xml)
        alloc_fail();
    s3_handlers(l);
    return l;
}

void s3_listing_free(struct s3_listing *l)
{
    if (!l)
        return;
    s3_listing_forget(l);
    XML_ParserFree(l->xml);
    buf_fini(&l->text);
    free(l->objects);
    free(l);
}
