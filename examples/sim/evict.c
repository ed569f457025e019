/* examples/sim/evict.c: by /proc: working directories, and the shared memory they map. */
#include "evict.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "now.h"
#include "str.h"

#define EVICT_SHM     16
#define EVICT_POLL_MS 10

struct evict {
    const char *dir;
    size_t dir_len;
    char shm[EVICT_SHM][64]; /* of those that were killed */
    int shm_n;
};

/* Does this process work in the directory? A zombie has no working directory any more. */
static bool evict_inside(const struct evict *e, const char *pid)
{
    char link[64], cwd[512];

    snprintf(link, sizeof link, "/proc/%.20s/cwd", pid);
    ssize_t n = readlink(link, cwd, sizeof cwd - 1);
    if (n < 0)
        return false;
    cwd[n] = '\0';
    return !strncmp(cwd, e->dir, e->dir_len) &&
           (cwd[e->dir_len] == '/' || cwd[e->dir_len] == '\0' ||
            cwd[e->dir_len] == ' '); /* " (deleted)" */
}

/* Dynamic shared memory of initdb's PostgreSQL: its name is random, only its user knows it. */
static void evict_note_shm(struct evict *e, const char *pid)
{
    char path[64], line[512];

    snprintf(path, sizeof path, "/proc/%.20s/maps", pid);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f)) {
        char *name = strstr(line, "/dev/shm/PostgreSQL.");
        if (!name || e->shm_n == EVICT_SHM)
            continue;
        name[strcspn(name, " \n")] = '\0';
        if (!e->shm_n || strcmp(e->shm[e->shm_n - 1], name) != 0)
            snprintf(e->shm[e->shm_n++], sizeof e->shm[0], "%.63s", name);
    }
    if (f)
        fclose(f);
}

/* How many are there; with `end` each gets SIGKILL. */
static int evict_pass(struct evict *e, bool end)
{
    DIR *proc = opendir("/proc");
    struct dirent *d;
    int found = 0;

    while (proc && (d = readdir(proc))) {
        pid_t pid = (pid_t)digits_read(d->d_name, INT_MAX); /* -1: no process */

        if (pid <= 0 || pid == getpid() || !evict_inside(e, d->d_name))
            continue;
        found++;
        if (end) {
            evict_note_shm(e, d->d_name);
            kill(pid, SIGKILL);
        }
    }
    if (proc)
        closedir(proc);
    return found;
}

void evict_from(const char *dir, int64_t patience_ms)
{
    struct evict e = { .dir = dir, .dir_len = strlen(dir) };
    int64_t begin = now_mono_ms();

    if (!e.dir_len)
        return;
    for (;;) {
        int64_t waited = now_mono_ms() - begin;
        if (!evict_pass(&e, waited >= patience_ms) || waited > patience_ms + 1000)
            break;
        now_sleep_ms(EVICT_POLL_MS);
    }
    for (int i = 0; i < e.shm_n; i++)
        unlink(e.shm[i]);
}
