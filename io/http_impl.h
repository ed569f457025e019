/* io/http_impl.h: what the files io/http*.c share; nobody else includes it. */
#pragma once

#include <curl/curl.h>

#include "core/buf.h"
#include "io/http.h"

/* One socket, by its number: who watches it and which targets last used it. Entries live as long as
 * the client, so that a kept connection costs no allocation per exchange. */
struct http_sock {
    struct http *h;
    int fd;
    bool ours;      /* opened for a connection (not curl's resolver pipe); closed through us */
    bool connected; /* was seen to be, once */
    bool idle;      /* kept, nobody asking */
    struct io_watch *watch;
    struct http_target *users;
    int64_t idle_since_ms; /* monotonic */
    uint64_t opened_in;    /* the exchange that opened it */
};

enum http_stage { HTTP_IDLE, HTTP_QUEUED, HTTP_RUNNING, HTTP_FAKED };

struct http {
    struct io *io;
    CURLM *multi; /* NULL on a virtual loop */
    struct io_timer *timer;
    struct http_sock **socks; /* by descriptor */
    size_t n_socks;
    struct http_target *queue, **queue_tail;
    struct http_target *current; /* whose callback runs; NULL once it was freed */
    size_t n_targets;
    int in_flight, queued;
    int depth; /* inside curl: its functions must not be called again */
    uint64_t asked, retried, connections;
    uint64_t exchanges;
};

struct http_target {
    struct http *h;
    CURL *easy;
    enum http_stage stage;
    /* the spec */
    char *url, *method, *body;
    size_t body_len;
    struct curl_slist *headers, *resolve;
    int64_t connect_ms;
    size_t max_bytes;
    int follow;
    bool fresh, https;
    bool (*chunk)(void *arg, const char *bytes, size_t len);
    /* the exchange */
    http_done *done;
    void *arg;
    struct http_target *queue_next;
    struct io_timer *timer;
    uint64_t exchange;            /* its number */
    int64_t asked_ms, timeout_ms; /* asked: monotonic */
    bool connecting;              /* the timer stands for the connect */
    bool grace;                   /* the deadline has passed once; what lies in the socket counts */
    bool opened, sent;            /* got a socket; its request went out */
    bool moved;                   /* curl's URL is not ours: a redirect, or never set */
    int sends, hops;
    int code;
    int interim;
    size_t header_bytes;
    bool header_end;
    int64_t cert_end_ms;
    int open_errno;
    enum fault abort_fault; /* why our own callback ended it */
    char abort_why[96];
    struct buf head, reply;
    size_t got; /* decoded bytes, also those not kept */
    char error[CURL_ERROR_SIZE];
    /* the kept connection */
    http_closed *closed;
    void *closed_arg;
    struct http_sock *sock;
    struct http_target *sock_next;
    struct http_target **sock_at; /* what points to us in that list */
    int64_t hangup_ms;    /* idle age at which the server hangs up by itself; 0 = not known */
    int64_t triggered_ms; /* idle age of the close that made us ask now; 0 = none */
    int64_t habit_ms;     /* idle age of the close before that turned out to mean nothing */
    bool fake_closes;     /* the scripted connection closes after the reply */
    int64_t fake_delay_ms;
};

/* http_sock.c */
int http_sock_on_curl(CURL *easy, curl_socket_t fd, int what, void *arg, void *sockp);
curl_socket_t http_sock_open(void *arg, curlsocktype purpose, struct curl_sockaddr *addr);
int http_sock_close(void *arg, curl_socket_t fd);
void http_sock_join(struct http_target *t, int fd); /* its last exchange went over fd */
void http_sock_leave(struct http_target *t);
bool http_sock_connected(const struct http_target *t); /* has TCP, whatever TLS still does */
void http_sock_fini(struct http *h);

/* http_target.c: the options that never change, and the callbacks that fill the reply */
bool http_target_setup(struct http_target *t, const struct http_spec *spec, struct err *err);
void http_target_fini(struct http_target *t);

/* http_fault.c */
struct http_verdict {
    enum fault fault;
    struct err why;
};
void http_judge(const struct http_target *t, CURLcode rc, struct http_verdict *out);
/* The deadline has passed: in which phase? */
void http_judge_late(const struct http_target *t, struct http_verdict *out);
/* "word: detail"; the detail alone when it begins with the word. */
void http_fault_why(enum fault fault, const char *detail, struct err *out);
/* "5 s", "1.5 s", "250 ms" */
const char *http_seconds(int64_t ms, char out[24]);
/* "12 KB" */
const char *http_size(size_t bytes, char out[24]);

/* http_fake.c */
void http_fake_ask(struct http_target *t);
void http_fake_deliver(struct http_target *t);
void http_fake_hangup(struct http_target *t);

/* http.c */
void http_drive(struct http *h, curl_socket_t fd,
                int mask); /* into curl, then hands out what ended */
void http_complete(struct http_target *t,
                   const struct http_reply *reply); /* gives its place back */

/* http_reply.c */
int64_t http_retry_after(const struct http_reply *r, int64_t now_ms);
void http_fill(struct http_target *t, struct http_reply *r); /* all that curl knows of it */
void http_learn_hangup(struct http_target *t, const struct http_reply *r);
