/* probes/s3_place.c: addresses of buckets, and of the pages of their listings. */
#include "probes/s3_place.h"

#include <stdio.h>
#include <string.h>

static const char s3_plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";

static bool s3_read_bucket(struct s3_place *p, const char *at, size_t len, struct err *err)
{
    if (len < 3 || len >= sizeof p->bucket || strspn(at, s3_plain) < len || *at == '.' ||
        memchr(at, '~', len))
        return err_set(err, "s3: '%.*s' is no name of a bucket", (int)(len < 80 ? len : 80), at);
    memcpy(p->bucket, at, len);
    p->bucket[len] = '\0';
    return true;
}

bool s3_place_read(struct s3_place *p, const char *address, const char *endpoint,
                   const char *region, struct err *err)
{
    static const char scheme[] = "s3://";
    const char *bucket = address + sizeof scheme - 1;
    size_t len;

    *p = (struct s3_place){ .endpoint = endpoint, .region = region };
    if (strncmp(address, scheme, sizeof scheme - 1) != 0)
        return err_set(err, "s3: '%.80s' is no bucket; write s3://bucket/prefix", address);
    len = strcspn(bucket, "/");
    if (!s3_read_bucket(p, bucket, len, err))
        return false;
    p->prefix = bucket + len + (bucket[len] == '/');
    for (const char *at = p->prefix; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return err_set(err, "s3: the prefix contains a control character");
    if (endpoint && strpbrk(endpoint, "?#"))
        return err_set(err, "endpoint: an address without query, such as https://s3.example.com");
    if (!*region || strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(region))
        return err_set(err, "region: '%.40s' is none; write eu-west-1", region);
    return true;
}

static void s3_add(struct buf *out, const char *name, const char *value)
{
    buf_addf(out, "%s=", name);
    for (; *value; value++)
        if (strchr(s3_plain, *value))
            buf_addc(out, *value);
        else
            buf_addf(out, "%%%02X", (unsigned char)*value);
}

/* Amazon's own has the bucket in its name, as long as its certificate goes with that: one label. */
static void s3_base(const struct s3_place *p, struct buf *out)
{
    size_t len = p->endpoint ? strlen(p->endpoint) : 0;

    while (len && p->endpoint[len - 1] == '/')
        len--;
    if (p->endpoint)
        buf_addf(out, "%.*s/%s/", (int)len, p->endpoint, p->bucket);
    else if (strpbrk(p->bucket, "._ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
        buf_addf(out, "https://s3.%s.amazonaws.com/%s/", p->region, p->bucket);
    else
        buf_addf(out, "https://%s.s3.%s.amazonaws.com/", p->bucket, p->region);
}

void s3_place_url(const struct s3_place *p, int max_keys, const char *token, struct buf *out)
{
    char keys[16];

    s3_base(p, out);
    buf_addc(out, '?');
    if (token) {
        s3_add(out, "continuation-token", token);
        buf_addc(out, '&');
    }
    snprintf(keys, sizeof keys, "%d", max_keys);
    s3_add(out, "encoding-type", "url");
    buf_adds(out, "&list-type=2&");
    s3_add(out, "max-keys", keys);
    if (*p->prefix) {
        buf_addc(out, '&');
        s3_add(out, "prefix", p->prefix);
    }
}
