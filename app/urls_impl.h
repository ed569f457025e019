/* app/urls_impl.h: what urls.c, urls_look.c and urls_yaml.c share. */
#pragma once

#include "app/urls.h"

enum { URL_ID = 64 };

enum url_kind { URL_HTTP, URL_POSTGRES, URL_REDIS };

struct url {
    enum url_kind kind;
    char *address;           /* without a password */
    char *host, *path;       /* host with its port */
    char id[URL_ID];         /* of the service */
    char probe[URL_ID];      /* of the first probe */
    bool first;              /* the first address of its service */
    bool silent;             /* nothing answered when it was looked at */
    struct secret *password; /* HTTP: user:password */
    bool given;              /* ... was there, and is given away */
    char env[URL_ID + 16];   /* the variable that stands for it */
    /* found by looking; NULL = not */
    char *health;        /* the address of a health page */
    char *metrics;       /* the address of a page of metrics */
    char code_label[24]; /* of http_requests_total; "" = it has none */
    bool durations;      /* http_request_duration_seconds is there */
};

struct urls {
    struct url *items;
    size_t n, passwords;
};

void url_fini(struct url *u);
