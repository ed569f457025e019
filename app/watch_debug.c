/* app/watch_debug.c: the watch about itself: loop, slots, memory, descriptors; the board inside. */
#include "app/watch_impl.h"

#include "core/board_json.h"
#include "core/json.h"

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Resident memory in KiB, from the system; 0 where it cannot be had. */
static int64_t watch_rss_kb(void)
{
    long long pages = 0, ignored;
    FILE *f = fopen("/proc/self/statm", "re");

    if (!f)
        return 0;
    if (fscanf(f, "%lld %lld", &ignored, &pages) != 2)
        pages = 0;
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What malloc has given out in KiB, without what it keeps for later; 0 where it does not say. */
static int64_t watch_heap_kb(void)
{
#ifdef __GLIBC__
    struct mallinfo2 m = mallinfo2();

    return (int64_t)((m.uordblks + m.hblkhd) / 1024);
#else
    return 0;
#endif
}

static int64_t watch_count_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    int64_t n = 0;

    if (!d)
        return 0;
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    return n - 1; /* the one that looks */
}

static int64_t watch_count_children(void)
{
    char path[64];
    FILE *f;
    int64_t n = 0;
    int pid;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    f = fopen(path, "re");
    if (!f)
        return 0;
    while (fscanf(f, "%d", &pid) == 1)
        n++;
    fclose(f);
    return n;
}

static void watch_debug_int(struct jsonw *j, const char *key, int64_t n)
{
    jsonw_key(j, key);
    jsonw_int(j, n);
}

static void watch_debug_slots(const struct watch *w, struct jsonw *j)
{
    jsonw_key(j, "slots");
    jsonw_array(j);
    for (size_t i = 0; i < w->n_probes; i++) {
        const struct watched *p = w->probes[i];
        const struct config_service *s = &w->config->services[p->service];
        struct text name = { 0 };

        text_setf(&name, "%s.%s", s->id, s->probes[p->reading].name);
        jsonw_object(j);
        jsonw_key(j, "probe");
        jsonw_string(j, text_str(&name));
        watch_debug_int(j, "due", (int64_t)p->slots.due);
        watch_debug_int(j, "done", (int64_t)p->slots.done);
        watch_debug_int(j, "missed", (int64_t)p->slots.missed);
        watch_debug_int(j, "extra", (int64_t)p->slots.extra);
        watch_debug_int(j, "late_max_ms", p->slots.late_max_ms);
        watch_debug_int(j, "took_ms", p->slots.took_ms);
        jsonw_end(j, '}');
        text_fini(&name);
    }
    jsonw_end(j, ']');
}

void watch_debug(const struct watch *w, struct buf *out)
{
    struct jsonw j;
    struct io_lag lag;

    io_lag(w->io, &lag);
    jsonw_begin(&j, out, false);
    jsonw_object(&j);
    watch_debug_int(&j, "at_ms", io_now_ms(w->io));
    watch_debug_int(&j, "pid", getpid());
    watch_debug_int(&j, "rss_kb", watch_rss_kb());
    watch_debug_int(&j, "heap_kb", watch_heap_kb());
    watch_debug_int(&j, "fds", watch_count_fds());
    watch_debug_int(&j, "children", watch_count_children());
    jsonw_key(&j, "lag");
    jsonw_object(&j);
    watch_debug_int(&j, "n", (int64_t)lag.n);
    watch_debug_int(&j, "p99_ms", lag.p99_ms);
    watch_debug_int(&j, "max_ms", lag.max_ms);
    jsonw_end(&j, '}');
    watch_debug_slots(w, &j);
    jsonw_end(&j, '}');
    /* The board is a document of its own: put in before the closing brace. */
    out->len--;
    buf_adds(out, ",\"board\":");
    board_to_json(w->board, 0, false, out);
    buf_addc(out, '}');
}
