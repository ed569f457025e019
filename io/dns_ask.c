/* io/dns_ask.c: the blocking side of a DNS client: the C library's resolver, and its answer read
 * record by record. Runs in a thread. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "io/dns_impl.h"

enum { DNS_BYTES_MAX = 64 << 10, DNS_TEXT_MAX = 4 << 10, DNS_HOPS = 16 };

static void dns_add(struct dns_answer *a, const char *bytes, size_t len)
{
    struct text t = { 0 };

    text_set(&t, bytes, len);
    for (size_t i = 0; i < a->n && i < DNS_RECORDS; i++) {
        if (text_eq(&a->records[i], &t)) { /* getaddrinfo repeats itself */
            text_fini(&t);
            return;
        }
    }
    if (a->n < DNS_RECORDS)
        text_copy(&a->records[a->n], &t);
    a->n++;
    text_fini(&t);
}

/* ---- as programs see it ---- */

static void dns_address_failed(struct dns_answer *a, int rc, int error)
{
    switch (rc) {
    case EAI_NONAME:
        a->found = DNS_NO_NAME;
        break;
#ifdef EAI_NODATA
    case EAI_NODATA:
        a->found = DNS_NO_RECORD;
        break;
#endif
    case EAI_MEMORY:
        dns_failed(a, FAULT_LOCAL, gai_strerror(rc));
        break;
    default:
        dns_failed(a, FAULT_DNS, rc == EAI_SYSTEM ? strerror(error) : gai_strerror(rc));
        break;
    }
}

static void dns_address(struct dns_errand *e)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(e->name, NULL, &hints, &list), error = errno;
    char address[64];

    if (rc) {
        dns_address_failed(&e->answer, rc, error);
        return;
    }
    for (const struct addrinfo *at = list; at; at = at->ai_next)
        if (getnameinfo(at->ai_addr, at->ai_addrlen, address, sizeof address, NULL, 0,
                        NI_NUMERICHOST) == 0)
            dns_add(&e->answer, address, strlen(address));
    freeaddrinfo(list);
}

/* ---- one kind of record ---- */

static ns_type dns_type(enum dns_kind kind)
{
    switch (kind) {
    case DNS_AAAA:
        return ns_t_aaaa;
    case DNS_CNAME:
        return ns_t_cname;
    case DNS_MX:
        return ns_t_mx;
    case DNS_NS:
        return ns_t_ns;
    case DNS_TXT:
        return ns_t_txt;
    case DNS_ADDRESS:
    case DNS_A:
        break;
    }
    return ns_t_a;
}

static bool dns_name_at(const ns_msg *msg, const unsigned char *at, char out[NS_MAXDNAME])
{
    return ns_name_uncompress(ns_msg_base(*msg), ns_msg_end(*msg), at, out, NS_MAXDNAME) >= 0;
}

/* Strings of at most 255 bytes one after the other, which together are one text. */
static bool dns_text(const ns_rr *rr, struct dns_answer *a)
{
    const unsigned char *at = ns_rr_rdata(*rr), *end = at + ns_rr_rdlen(*rr);
    struct buf b = { 0 };
    bool fine = true;

    while (fine && at < end) {
        size_t len = *at++;

        fine = len <= (size_t)(end - at) && buf_add_max(&b, at, len, DNS_TEXT_MAX);
        at += len;
    }
    if (fine)
        dns_add(a, buf_str(&b), b.len);
    buf_fini(&b);
    return fine;
}

static bool dns_record(const ns_msg *msg, const ns_rr *rr, struct dns_answer *a)
{
    const unsigned char *data = ns_rr_rdata(*rr);
    size_t len = ns_rr_rdlen(*rr);
    char name[NS_MAXDNAME], word[NS_MAXDNAME + 16];

    switch (ns_rr_type(*rr)) {
    case ns_t_a:
    case ns_t_aaaa:
        if (len != (ns_rr_type(*rr) == ns_t_a ? 4 : 16) ||
            !inet_ntop(ns_rr_type(*rr) == ns_t_a ? AF_INET : AF_INET6, data, name, sizeof name))
            return false;
        break;
    case ns_t_mx:
        if (len < 3 || !dns_name_at(msg, data + 2, name))
            return false;
        snprintf(word, sizeof word, "%u %s", (unsigned)ns_get16(data), name);
        dns_add(a, word, strlen(word));
        return true;
    case ns_t_txt:
        return dns_text(rr, a);
    default:
        if (!dns_name_at(msg, data, name))
            return false;
        break;
    }
    dns_add(a, name, strlen(name));
    return true;
}

static void dns_live(struct dns_answer *a, const ns_rr *rr)
{
    if (a->ttl_s < 0 || ns_rr_ttl(*rr) < a->ttl_s)
        a->ttl_s = ns_rr_ttl(*rr);
}

/* One step from `name` to what it is another name of; false when it is none. */
static bool dns_follow(ns_msg *msg, char name[NS_MAXDNAME], struct dns_answer *a)
{
    ns_rr rr;

    for (int i = 0; i < ns_msg_count(*msg, ns_s_an); i++) {
        if (ns_parserr(msg, ns_s_an, i, &rr) < 0 || ns_rr_class(rr) != ns_c_in ||
            ns_rr_type(rr) != ns_t_cname || strcasecmp(ns_rr_name(rr), name) != 0)
            continue;
        dns_live(a, &rr);
        return dns_name_at(msg, ns_rr_rdata(rr), name);
    }
    return false;
}

/* The name that the records are to be of: what was asked for, or what that leads to. */
static bool dns_owner(ns_msg *msg, enum dns_kind kind, char name[NS_MAXDNAME], struct dns_answer *a)
{
    ns_rr question;
    int hops = 0;

    if (ns_msg_count(*msg, ns_s_qd) != 1 || ns_parserr(msg, ns_s_qd, 0, &question) < 0)
        return false;
    snprintf(name, NS_MAXDNAME, "%s", ns_rr_name(question));
    while (kind != DNS_CNAME && dns_follow(msg, name, a))
        if (++hops == DNS_HOPS)
            return false;
    return true;
}

/* The answers of the wanted kind. Records of other names are no answer, whoever sends them. */
bool dns_read(const unsigned char *bytes, int len, enum dns_kind kind, struct dns_answer *a)
{
    ns_type type = dns_type(kind);
    char owner[NS_MAXDNAME];
    ns_msg msg;
    ns_rr rr;

    if (ns_initparse(bytes, len, &msg) < 0 || ns_msg_getflag(msg, ns_f_tc) ||
        !dns_owner(&msg, kind, owner, a))
        return false;
    for (int i = 0; i < ns_msg_count(msg, ns_s_an); i++) {
        if (ns_parserr(&msg, ns_s_an, i, &rr) < 0)
            return false;
        if (ns_rr_class(rr) != ns_c_in || ns_rr_type(rr) != type ||
            strcasecmp(ns_rr_name(rr), owner) != 0)
            continue;
        dns_live(a, &rr);
        if (!dns_record(&msg, &rr, a))
            return false;
    }
    if (!a->n)
        a->found = DNS_NO_RECORD;
    return true;
}

static void dns_query_failed(const struct __res_state *st, struct dns_answer *a)
{
    switch (st->res_h_errno) {
    case HOST_NOT_FOUND:
        a->found = DNS_NO_NAME;
        break;
    case NO_DATA:
        a->found = DNS_NO_RECORD;
        break;
    case TRY_AGAIN:
        dns_failed(a, FAULT_DNS, "the resolver fails or does not answer");
        break;
    default:
        dns_failed(a, FAULT_DNS, "the resolver refuses the question");
        break;
    }
}

static void dns_query(struct dns_errand *e)
{
    struct __res_state st;
    unsigned char *bytes;
    int len;

    memset(&st, 0, sizeof st);
    if (res_ninit(&st) != 0) {
        dns_failed(&e->answer, FAULT_LOCAL, "the resolver cannot begin");
        return;
    }
    if (e->has_server) {
        st.nscount = 1;
        st.nsaddr_list[0] = e->server;
    }
    /* Asked twice within the deadline, which the loop keeps in any case. */
    st.retry = 2;
    st.retrans = e->timeout_ms >= 4000 ? (int)(e->timeout_ms / 2000) : 1;
    bytes = malloc(DNS_BYTES_MAX);
    len = bytes ? res_nquery(&st, e->name, ns_c_in, dns_type(e->kind), bytes, DNS_BYTES_MAX) : -1;
    if (len < 0)
        dns_query_failed(&st, &e->answer);
    else if (len > DNS_BYTES_MAX || !dns_read(bytes, len, e->kind, &e->answer))
        dns_failed(&e->answer, FAULT_DNS, "the answer cannot be read");
    free(bytes);
    res_nclose(&st);
}

void dns_errand_run(void *what)
{
    struct dns_errand *e = what;

    if (e->kind == DNS_ADDRESS)
        dns_address(e);
    else
        dns_query(e);
}
