/* tests/fuzz/keys.c: any bytes to the key decoder. The first byte says where to cut the rest in
 * two: both ways give the same presses. */
#include "tui/keys.h"

#include <locale.h>
#include <stdlib.h>

struct log {
    struct press presses[4096];
    size_t n;
};

static bool keys_fuzz_same(struct press a, struct press b)
{
    return a.code == b.code && a.cp == b.cp && a.mods == b.mods && a.pasted == b.pasted;
}

static void keys_fuzz_feed(struct keys *k, const char *bytes, size_t len, struct log *log)
{
    while (len > 0) {
        struct press p;
        size_t used = keys_feed(k, bytes, len, &p);
        char name[24];

        if (used == 0 || used > len)
            abort(); /* no progress */
        bytes += used;
        len -= used;
        if (p.code == PRESS_NONE)
            continue;
        if (p.code < PRESS_CHAR || p.code > PRESS_F12 || !*press_name(p, name))
            abort();
        if (p.code == PRESS_CHAR && (p.cp < 0x20 || (p.cp >= 0x7f && p.cp < 0xa0)))
            abort(); /* a control character is never text */
        if (log->n < 4096)
            log->presses[log->n++] = p;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct log whole, parts;
    struct keys a = { 0 }, b = { 0 };
    struct press p;
    size_t cut;

    if (size < 1)
        return 0;
    setlocale(LC_ALL, "C.UTF-8");
    whole.n = parts.n = 0;
    cut = size > 1 ? data[0] % (size - 1) : 0;
    keys_fuzz_feed(&a, (const char *)data + 1, size - 1, &whole);
    keys_fuzz_feed(&b, (const char *)data + 1, cut, &parts);
    keys_fuzz_feed(&b, (const char *)data + 1 + cut, size - 1 - cut, &parts);
    if (whole.n != parts.n)
        abort();
    for (size_t i = 0; i < whole.n; i++)
        if (!keys_fuzz_same(whole.presses[i], parts.presses[i]))
            abort();
    keys_timeout(&a, &p);
    if (keys_wait_ms(&a) != 0)
        abort(); /* silence always gives the keyboard back */
    keys_feed(&a, "j", 1, &p);
    if (p.code != PRESS_CHAR || p.cp != 'j' || p.pasted)
        abort();
    return 0;
}
