/* io/redis_meter.c: the grammar of RESP2, one byte after the other, with its caps. */
#include "io/redis_meter.h"

#include <stdlib.h>
#include <string.h>

void redis_meter_reset(struct redis_meter *m)
{
    *m = (struct redis_meter){ .state = METER_TYPE };
}

bool redis_meter_between(const struct redis_meter *m)
{
    return m->state == METER_TYPE && m->depth == 0 && m->bytes == 0;
}

/* One item is complete: so may be the arrays around it. True when the whole reply is. */
static bool redis_meter_item_done(struct redis_meter *m)
{
    m->state = METER_TYPE;
    while (m->depth > 0) {
        if (--m->left[m->depth - 1] > 0)
            return false;
        m->depth--;
    }
    m->bytes = m->items = 0;
    return true;
}

static bool redis_meter_type(struct redis_meter *m, char c, enum fault *fault, struct err *err)
{
    m->type = c;
    m->line_len = 0;
    m->cr = false;
    switch (c) {
    case '+':
    case '-':
        m->state = METER_LINE;
        return true;
    case ':':
    case '$':
    case '*':
        m->state = METER_NUMBER;
        return true;
    default:
        *fault = FAULT_PROTOCOL;
        return err_set(err, "not Redis: a reply begins with byte 0x%02x", (unsigned char)c);
    }
}

/* Decimal as Redis writes it: no plus, no leading zeros, no blanks, within 64 bits. */
static bool redis_meter_number(const struct redis_meter *m, int64_t *out)
{
    const char *s = m->number;
    size_t len = m->line_len, i = len && s[0] == '-';
    uint64_t n = 0, max = (uint64_t)INT64_MAX + i;

    if (i == len || (s[i] == '0' && len > 1))
        return false;
    for (; i < len; i++) {
        unsigned digit = (unsigned)(s[i] - '0');

        if (digit > 9 || n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
    }
    *out = s[0] == '-' ? (int64_t)(0 - n) : (int64_t)n;
    return true;
}

static bool redis_meter_array(struct redis_meter *m, int64_t n, bool *item_done, enum fault *fault,
                              struct err *err)
{
    if (n > REDIS_ITEMS_MAX || m->items + (size_t)(n > 0 ? n : 0) > REDIS_ITEMS_MAX) {
        *fault = FAULT_TOO_BIG;
        return err_set(err, "an array of %lld items; at most %d are read", (long long)n,
                       REDIS_ITEMS_MAX);
    }
    if (m->depth == REDIS_DEPTH_MAX) {
        *fault = FAULT_TOO_BIG;
        return err_set(err, "arrays nested deeper than %d", REDIS_DEPTH_MAX);
    }
    if (n <= 0) {
        *item_done = true;
        return true;
    }
    m->items += (size_t)n;
    m->left[m->depth++] = n;
    m->state = METER_TYPE;
    return true;
}

static bool redis_meter_header(struct redis_meter *m, bool *item_done, enum fault *fault,
                               struct err *err)
{
    int64_t n;

    if (!redis_meter_number(m, &n) || (m->type != ':' && n < -1)) {
        *fault = FAULT_PROTOCOL;
        return err_set(err, "not Redis: '%c%.*s' is not a %s", m->type, (int)m->line_len, m->number,
                       m->type == ':' ? "number" : "length");
    }
    if (m->type == '*')
        return redis_meter_array(m, n, item_done, fault, err);
    if (m->type == ':' || n == -1) {
        *item_done = true;
        return true;
    }
    if (n > (int64_t)REDIS_REPLY_MAX - (int64_t)m->bytes - 3) { /* this LF and the last CRLF */
        *fault = FAULT_TOO_BIG;
        return err_set(err, "a string of %lld bytes; at most %d of a reply are read", (long long)n,
                       REDIS_REPLY_MAX);
    }
    m->bulk_left = n;
    m->line_len = 0;
    m->state = n ? METER_BULK : METER_BULK_END;
    return true;
}

/* A byte of a status, an error or a number. */
static bool redis_meter_line(struct redis_meter *m, char c, bool *item_done, enum fault *fault,
                             struct err *err)
{
    bool number = m->state == METER_NUMBER;

    if (m->cr && c == '\n') {
        m->cr = false;
        if (number)
            return redis_meter_header(m, item_done, fault, err);
        *item_done = true;
        return true;
    }
    if (m->cr && number) {
        *fault = FAULT_PROTOCOL;
        return err_set(err, "not Redis: a CR inside a number");
    }
    m->cr = c == '\r';
    if (m->cr && number)
        return true;
    if (m->line_len >= (number ? (size_t)METER_NUMBER_MAX : (size_t)METER_LINE_MAX)) {
        *fault = number ? FAULT_PROTOCOL : FAULT_TOO_BIG;
        return err_set(err, number ? "not Redis: a length without an end"
                                   : "a line of a reply without an end");
    }
    if (number)
        m->number[m->line_len] = c;
    m->line_len++;
    return true;
}

static bool redis_meter_bulk_end(struct redis_meter *m, char c, bool *item_done, enum fault *fault,
                                 struct err *err)
{
    if (c != "\r\n"[m->line_len]) {
        *fault = FAULT_PROTOCOL;
        return err_set(err, "not Redis: a string is longer than it said");
    }
    *item_done = ++m->line_len == 2;
    return true;
}

static bool redis_meter_byte(struct redis_meter *m, char c, bool *item_done, enum fault *fault,
                             struct err *err)
{
    switch (m->state) {
    case METER_TYPE:
        return redis_meter_type(m, c, fault, err);
    case METER_LINE:
    case METER_NUMBER:
        return redis_meter_line(m, c, item_done, fault, err);
    case METER_BULK:
    case METER_BULK_END:
    default:
        return redis_meter_bulk_end(m, c, item_done, fault, err);
    }
}

ptrdiff_t redis_meter_take(struct redis_meter *m, const char *bytes, size_t len, bool *complete,
                           enum fault *fault, struct err *err)
{
    size_t i = 0;

    *complete = false;
    if (m->refused) {
        *fault = FAULT_PROTOCOL;
        err_set(err, "bytes after a refused reply");
        return -1;
    }
    while (i < len && !*complete) {
        bool item_done = false;
        size_t step = 1;

        if (m->state == METER_BULK) {
            step = (uint64_t)m->bulk_left < len - i ? (size_t)m->bulk_left : len - i;
            m->bulk_left -= (int64_t)step;
            if (!m->bulk_left)
                m->state = METER_BULK_END;
        } else if (!redis_meter_byte(m, bytes[i], &item_done, fault, err)) {
            m->refused = true;
            return -1;
        }
        i += step;
        m->bytes += step;
        if (m->bytes > REDIS_REPLY_MAX) {
            m->refused = true;
            *fault = FAULT_TOO_BIG;
            err_set(err, "a reply of more than %d bytes", REDIS_REPLY_MAX);
            return -1;
        }
        if (item_done)
            *complete = redis_meter_item_done(m);
    }
    return (ptrdiff_t)i;
}
