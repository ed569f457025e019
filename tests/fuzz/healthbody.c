/* tests/fuzz/healthbody.c: any body has a state, and a reason unless it is up. */
#include "core/healthbody.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        abort();
    return 0;
}

static void fuzz_judge(const uint8_t *data, size_t size, const char *type,
                       const struct healthbody_hints *hints, struct healthbody *h)
{
    struct err err = { "" };

    if (!healthbody_read((const char *)data, size, type, hints, h, &err) &&
        (h->state != STATE_DOWN || !*err.msg || h->n_components))
        abort();
    if (h->state == STATE_STALE || (unsigned)h->state >= STATE_COUNT)
        abort();
    if (h->state != STATE_UP && !*text_str(&h->why))
        abort();
    if (h->n_components > READING_COMPONENTS)
        abort();
    for (size_t i = 0; i < h->n_components; i++)
        if ((unsigned)h->components[i].state >= STATE_COUNT)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const pointers[] = { "/status", "/data/status" };
    static const struct healthbody_hints hints = { pointers, 2, "/checks", "/version", "/uptime" };
    static const char *const types[] = { NULL, "application/json", "text/html", "text/plain" };
    struct healthbody h = { 0 };

    for (size_t i = 0; i < 4; i++) /* the same struct again and again */
        fuzz_judge(data, size, types[i], NULL, &h);
    fuzz_judge(data, size, NULL, &hints, &h);
    healthbody_fini(&h);
    return 0;
}
