/* tests/fuzz/yaml.c: any bytes give a configuration or errors that can be shown. */
#include "app/config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/app/fake_kinds.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* No control character reaches whoever prints an error. */
static void fuzz_yaml_clean(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            abort();
}

static void fuzz_yaml_read(const uint8_t *data, size_t size, const struct config_kinds *kinds)
{
    static struct config_errors errors;
    struct config_input in = { .name = "f", .bytes = (const char *)data, .len = size };
    struct buf changes = { 0 };
    struct config *c;

    in.kinds = kinds;
    memset(&errors, 0, sizeof errors);
    c = config_read(&in, &errors);
    if ((c == NULL) == (errors.n == 0))
        abort();
    for (size_t i = 0; i < errors.n; i++)
        fuzz_yaml_clean(errors.items[i].err.msg);
    for (size_t i = 1; i < errors.n; i++) /* in the order of the file */
        if (errors.items[i].line < errors.items[i - 1].line)
            abort();
    for (size_t i = 0; c && i < c->n_services; i++)
        for (size_t j = 0; j < c->services[i].depends_on.n; j++)
            if (c->services[i].deps[j] >= c->n_services)
                abort();
    if (c) {
        config_changes(c, c, &changes);
        if (strcmp(buf_str(&changes), "nothing changed") != 0)
            abort();
    }
    buf_fini(&changes);
    config_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_yaml_read(data, size, &fake_kinds); /* an option of every type */
    fuzz_yaml_read(data, size, NULL);        /* and the kinds that there are */
    return 0;
}
