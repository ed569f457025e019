/* tests/bench/floor_curl.c: the least that a health probe costs: fetch with libcurl, parse the
 * whole body with cJSON, read its status. No history, rules or screen. Options: floor.h.
 */
#include "floor.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 16384 };

/* Bodies of all targets in turn: a reply is read to its end before the next is begun only when
 * there is one in flight, so each target has its own. */
static char *floor_body[65536];
static size_t floor_len[65536];

static size_t floor_bytes(char *data, size_t size, size_t n, void *arg)
{
    struct floor_fetch *f = arg;
    size_t len = size * n;

    if (!floor_body[f->id])
        floor_body[f->id] = malloc(BODY_MAX);
    if (!floor_body[f->id] || floor_len[f->id] + len >= BODY_MAX)
        return 0;
    memcpy(floor_body[f->id] + floor_len[f->id], data, len);
    floor_len[f->id] += len;
    return len;
}

static bool floor_judge(struct floor_fetch *f, long code)
{
    cJSON *doc = cJSON_ParseWithLength(floor_body[f->id], floor_len[f->id]);
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(doc, "status");
    bool good = code == 200 && cJSON_IsString(status) && !strcmp(status->valuestring, "ok");

    cJSON_Delete(doc);
    floor_len[f->id] = 0;
    return good;
}

int main(int argc, char **argv)
{
    struct floor_options o = {
        .targets = 100, .addresses = 1, .interval_ms = 1000, .in_flight = 64, .path = "/h/"
    };

    floor_parse(argc, argv, &o);
    return floor_run(&o, &(struct floor_job){ floor_bytes, floor_judge });
}
