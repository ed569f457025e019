/* tests/fuzz/json.c: what is refused says where, and what is read can be looked into, written and
 * read again.
 */
#include "core/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_write(struct jsonw *w, const struct json *v)
{
    double n;
    bool b;

    switch (json_kind(v)) {
    case JSON_NULL:
        jsonw_null(w);
        break;
    case JSON_BOOL:
        json_bool(v, &b);
        jsonw_bool(w, b);
        break;
    case JSON_NUMBER:
        json_number(v, &n);
        jsonw_number(w, n);
        break;
    case JSON_STRING:
        jsonw_string(w, json_string(v));
        break;
    case JSON_ARRAY:
    case JSON_OBJECT:
        json_is(v, JSON_OBJECT) ? jsonw_object(w) : jsonw_array(w);
        for (const struct json *m = json_first(v); m; m = json_next(m)) {
            if (json_is(v, JSON_OBJECT)) {
                jsonw_key(w, json_key(m));
                if (json_get(v, json_key(m)) != m || !json_find(v, json_key(m), NULL))
                    abort();
            }
            fuzz_write(w, m);
        }
        jsonw_end(w, json_is(v, JSON_OBJECT) ? '}' : ']');
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = { "" };
    struct json *v = json_parse((const char *)data, size, 0, 0, &err), *again;
    struct buf out = { 0 };
    struct jsonw w;
    size_t nul = 0;
    char *pointer = NULL;

    if (!v) {
        if (strncmp(err.msg, "offset ", 7) != 0)
            abort();
        return 0;
    }
    jsonw_begin(&w, &out, size % 2);
    fuzz_write(&w, v);
    again = json_parse(out.bytes, out.len, 0, 0, &err);
    if (!again)
        abort();
    while (nul < size && data[nul])
        nul++;
    pointer = malloc(nul + 1);
    memcpy(pointer, data, nul);
    pointer[nul] = '\0';
    json_pointer(v, pointer);
    free(pointer);
    json_free(again);
    json_free(v);
    buf_fini(&out);
    return 0;
}
