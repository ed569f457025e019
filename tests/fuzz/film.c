/* tests/fuzz/film.c: what lies in the rows of the history: reels of a board and slots of a signal,
 * as any bytes and as real ones with any damage. What plays is a board: filmed and played again it
 * is the same one. */
#include "core/film.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "core/board_json.h"
#include "store/chunk.h"
#include "tests/alerts/small.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void play(const char *reel, size_t len)
{
    struct err err;
    struct board *b = film_play(reel, len, INT64_MAX, &err), *again;
    struct buf was = { 0 }, is = { 0 }, second = { 0 };
    struct film *f;

    if (!b)
        return;
    f = film_new();
    assert(film_shoot(f, b, &second));
    again = film_play(second.bytes, second.len, INT64_MAX, &err);
    assert(again);
    board_to_json(b, 0, false, &was);
    board_to_json(again, 0, false, &is);
    assert(!strcmp(buf_str(&was), buf_str(&is)));
    film_free(f);
    board_free(b);
    board_free(again);
    buf_fini(&was);
    buf_fini(&is);
    buf_fini(&second);
}

/* Three real frames, then as many bytes changed as the input says. */
static void play_damaged(const uint8_t *data, size_t size)
{
    static struct buf real;
    char *reel;

    if (!real.len) {
        struct board *b = small_board();
        struct film *f = film_new();

        for (int i = 0; i < 3; i++) {
            b->at_ms += 1000;
            small_value(b, "api.health", 1300 + i);
            small_state(b, SMALL_API, i & 1 ? STATE_DOWN : STATE_UP, "refused");
            film_shoot(f, b, &real);
        }
        film_free(f);
        board_free(b);
    }
    reel = malloc(real.len);
    if (!reel)
        return;
    memcpy(reel, real.bytes, real.len);
    for (size_t i = 0; i + 2 < size; i += 3)
        reel[(data[i] << 8 | data[i + 1]) % real.len] = (char)data[i + 2];
    play(reel, real.len);
    free(reel);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    double values[64];

    if (!size)
        return 0;
    switch (data[0] % 3) {
    case 0:
        play((const char *)data + 1, size - 1);
        break;
    case 1:
        play_damaged(data + 1, size - 1);
        break;
    default:
        if (chunk_read((const char *)data + 1, size - 1, values, 64)) {
            struct buf again = { 0 };
            double back[64];

            chunk_write(values, 64, &again);
            assert(chunk_read(again.bytes, again.len, back, 64));
            assert(!memcmp(values, back, sizeof values)); /* also what is no number */
            buf_fini(&again);
        }
    }
    return 0;
}
