/* app/secrets_impl.h: between secrets.c and secrets_said.c. */
#pragma once

#include "app/secrets.h"

enum { SECRETS_FORMS = 256, SECRETS_KEY = 16 };

struct form { /* not in clear: of a secret from a file no copy stays in memory */
    unsigned char *bytes;
    size_t len;
};

struct secrets {
    struct kept {
        char *reference;
        struct secret *secret;
    } * items;
    size_t n;
    struct form forms[SECRETS_FORMS]; /* in which those that were handed out may come back */
    size_t n_forms;
    bool begins[256];               /* one of them begins with this byte */
    unsigned char key[SECRETS_KEY]; /* what they are hidden with; drawn with the first of them */
};

/* It was handed out: from now on secrets_hide() knows it. */
void secrets_note(struct secrets *s, const struct secret *secret);
void secrets_forms_fini(struct secrets *s);
