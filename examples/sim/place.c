/* examples/sim/place.c: directory, ports, programs, users of one run. */
#include "place.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "chance.h"
#include "evict.h"
#include "str.h"

#define PLACE_PREFIX   "midwatch-sim-"
#define PLACE_SHM      "/dev/shm"
#define PLACE_SHM_FREE (512u << 20)
#define PORT_LOW       20000
#define PORT_COUNT     12000
#define SOCKET_PATH    107 /* sun_path without its NUL */

/* ---- removal ---- */

static void place_empty(int fd)
{
    DIR *d = fdopendir(fd);
    struct dirent *e;

    if (!d) {
        close(fd);
        return;
    }
    while ((e = readdir(d))) {
        if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
            continue;
        if (unlinkat(dirfd(d), e->d_name, 0) == 0)
            continue;
        int sub = openat(dirfd(d), e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (sub < 0)
            continue;
        place_empty(sub);
        unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
    }
    closedir(d);
}

static void place_erase(const char *dir, bool itself)
{
    /* A server that is just dying may still create a file: try again for a moment. */
    for (int i = 0; i < 20; i++) {
        int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
            return;
        place_empty(fd);
        if (!itself || rmdir(dir) == 0)
            return;
        nanosleep(&(struct timespec){ 0, 20 * 1000000 }, NULL);
    }
}

/* The few bytes of System V shared memory by which PostgreSQL guards its data directory; a killed
 * postmaster leaves them, and their number on the seventh line of its pid file. */
static void place_erase_shm(const char *dir)
{
    char path[400], line[256];
    unsigned long key;
    int id, n = 0;

    snprintf(path, sizeof path, "%s/pg/postmaster.pid", dir);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        if (++n == 7 && sscanf(line, "%lu %d", &key, &id) == 2)
            shmctl(id, IPC_RMID, NULL);
    if (f)
        fclose(f);
}

static void place_erase_run(const char *dir, bool itself)
{
    place_erase_shm(dir);
    place_erase(dir, itself);
}

void place_remove(const struct place *p)
{
    if (p->dir[0])
        place_erase_run(p->dir, p->made);
}

/* ---- programs and users ---- */

static bool place_executable(const char *dir, const char *name)
{
    char path[600];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, X_OK) == 0;
}

static bool place_in_path(const char *name, char *dir_out, size_t cap)
{
    const char *path = getenv("PATH");
    char copy[4096];

    /* Server programs live in sbin on some systems, which a plain user's PATH may lack. */
    snprintf(copy, sizeof copy, "%s:/usr/bin:/usr/local/bin:/usr/sbin:/usr/local/sbin",
             path ? path : "");
    for (char *save, *d = strtok_r(copy, ":", &save); d; d = strtok_r(NULL, ":", &save)) {
        if (d[0] == '/' && strlen(d) < cap && place_executable(d, name)) {
            snprintf(dir_out, cap, "%s", d);
            return true;
        }
    }
    return false;
}

static bool place_find_pg(char *out, size_t cap)
{
    const char *given = getenv("MIDWATCH_SIM_PG_BIN");
    DIR *d = given ? NULL : opendir("/usr/lib/postgresql");
    struct dirent *e;
    int best = 0;

    if (given) {
        snprintf(out, cap, "%s", given);
        return place_executable(out, "initdb") && place_executable(out, "postgres");
    }
    while (d && (e = readdir(d))) {
        char bin[sizeof e->d_name + 64];
        int version = (int)digits_read(e->d_name, 9999); /* -1: "." and others */

        snprintf(bin, sizeof bin, "/usr/lib/postgresql/%s/bin", e->d_name);
        if (version > best && strlen(bin) < cap && place_executable(bin, "initdb") &&
            place_executable(bin, "postgres")) {
            best = version;
            memcpy(out, bin, strlen(bin) + 1);
        }
    }
    if (d)
        closedir(d);
    return best || (place_in_path("initdb", out, cap) && place_executable(out, "postgres"));
}

static void place_user(struct place_account *a, const char *const names[])
{
    *a = (struct place_account){ .uid = geteuid(), .gid = getegid() };
    if (a->uid != 0) {
        const struct passwd *me = getpwuid(a->uid);
        snprintf(a->name, sizeof a->name, "%s", me ? me->pw_name : "");
        return;
    }
    for (; *names; names++) {
        const struct passwd *pw = getpwnam(*names);
        if (!pw || pw->pw_uid == 0)
            continue;
        snprintf(a->name, sizeof a->name, "%s", pw->pw_name);
        a->uid = pw->pw_uid;
        a->gid = pw->pw_gid;
        a->drop = true;
        return;
    }
}

bool place_find(struct place *p, char *why)
{
    static const char *const pg_names[] = { "postgres", "nobody", NULL };
    static const char *const redis_names[] = { "redis", "postgres", "nobody", NULL };
    const char *given = getenv("MIDWATCH_SIM_REDIS_SERVER");
    char dir[200];

    p->lock_fd = -1;
    if (!place_find_pg(p->pg_bin, sizeof p->pg_bin)) {
        snprintf(why, PLACE_WHY, "postgresql is not installed: apt-get install postgresql-15");
        return false;
    }
    if (given)
        snprintf(p->redis_server, sizeof p->redis_server, "%s", given);
    else if (place_in_path("redis-server", dir, sizeof dir))
        snprintf(p->redis_server, sizeof p->redis_server, "%s/redis-server", dir);
    if (access(p->redis_server, X_OK) != 0) {
        snprintf(why, PLACE_WHY, "redis is not installed: apt-get install redis-server");
        return false;
    }
    place_user(&p->pg_user, pg_names);
    place_user(&p->redis_user, redis_names);
    if (geteuid() == 0 && (!p->pg_user.drop || !p->redis_user.drop)) {
        snprintf(why, PLACE_WHY,
                 "no unprivileged user: PostgreSQL refuses to run as root, and there is neither "
                 "postgres nor nobody in /etc/passwd");
        return false;
    }
    return true;
}

/* ---- the directory ---- */

/* True when the lock was taken: nobody lives there. */
static bool place_lock(const char *dir, int *fd_out)
{
    char path[600];

    snprintf(path, sizeof path, "%s/lock", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        return false;
    }
    *fd_out = fd;
    return true;
}

/* From now on nobody takes it for a directory that is just being made. */
static bool place_settle(int lock_fd)
{
    return write(lock_fd, "\n", 1) == 1;
}

/* Removes the directories of dead runs. One that is younger than ten seconds and not yet settled
 * may be just being made: the lock is a file for a moment before it is locked. */
static void place_sweep(const char *base)
{
    DIR *d = opendir(base);
    struct dirent *e;

    while (d && (e = readdir(d))) {
        char path[512], lock[600];
        struct stat st, lst;
        int fd;

        if (strncmp(e->d_name, PLACE_PREFIX, strlen(PLACE_PREFIX)) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", base, e->d_name);
        snprintf(lock, sizeof lock, "%s/lock", path);
        if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid())
            continue;
        bool settled = lstat(lock, &lst) == 0 && lst.st_size > 0;
        if (!settled && time(NULL) - st.st_ctime < 10)
            continue;
        if (place_lock(path, &fd)) {
            evict_from(path, 0);
            place_erase_run(path, true);
            close(fd);
        }
    }
    if (d)
        closedir(d);
}

/* Can the unprivileged user walk to this directory? */
static bool place_reachable(const char *dir, const struct place_account *a)
{
    char path[400];
    struct stat st;

    if (!a->drop)
        return true;
    snprintf(path, sizeof path, "%s", dir);
    for (;;) {
        if (stat(path, &st) != 0)
            return false;
        bool mine = st.st_uid == a->uid ? st.st_mode & S_IXUSR : st.st_mode & S_IXOTH;
        if (!mine)
            return false;
        char *slash = strrchr(path, '/');
        if (!slash || slash == path)
            return true;
        *slash = '\0';
    }
}

static bool place_own_dir(struct place *p, const char *wanted, char *why)
{
    struct stat st;
    char full[4096];
    int fd;

    if (mkdir(wanted, 0711) == 0) {
        p->made = true;
    } else if (errno != EEXIST) {
        snprintf(why, PLACE_WHY, "%s: %s", wanted, strerror(errno));
        return false;
    }
    if (!realpath(wanted, full) || strlen(full) >= sizeof p->dir) {
        snprintf(why, PLACE_WHY, "%s: %s", wanted,
                 "not a usable directory, or its path is too long");
        return false;
    }
    memcpy(p->dir, full, strlen(full) + 1);
    if (p->made)
        return true;
    snprintf(full, sizeof full, "%s/lock", p->dir);
    bool ours = lstat(full, &st) == 0 && st.st_uid == geteuid();
    DIR *d = opendir(p->dir);
    int n = 0;
    while (d && readdir(d))
        n++;
    if (d)
        closedir(d);
    if (n > 2 && ours && place_lock(p->dir, &fd)) { /* what a dead run left */
        evict_from(p->dir, 0);
        place_erase_run(p->dir, false);
        close(fd);
    } else if (n > 2) {
        snprintf(why, PLACE_WHY, "%s is not empty%s", p->dir,
                 ours ? ": another midwatch-sim lives there" : "; give a directory of its own");
        p->dir[0] = '\0';
        return false;
    }
    return true;
}

/* Memory when there is plenty: a cluster is 1700 small files, and removing them from a busy disk
 * takes seconds. The stubs must be executable there. */
static bool place_memory(const struct place *p)
{
    struct statfs fs;
    struct statvfs vfs;

    return statfs(PLACE_SHM, &fs) == 0 && fs.f_type == TMPFS_MAGIC &&
           statvfs(PLACE_SHM, &vfs) == 0 && !(vfs.f_flag & ST_NOEXEC) &&
           (uint64_t)vfs.f_bavail * vfs.f_frsize >= PLACE_SHM_FREE &&
           access(PLACE_SHM, W_OK | X_OK) == 0 && place_reachable(PLACE_SHM, &p->pg_user);
}

bool place_open(struct place *p, const char *wanted, char *why)
{
    const char *base = getenv("TMPDIR");

    if (!base || base[0] != '/' || strlen(base) > 60 || !place_reachable(base, &p->pg_user))
        base = place_memory(p) ? PLACE_SHM : "/tmp";
    place_sweep(base);
    if (wanted) {
        if (!place_own_dir(p, wanted, why))
            return false;
    } else {
        snprintf(p->dir, sizeof p->dir, "%s/" PLACE_PREFIX "XXXXXX", base);
        if (!mkdtemp(p->dir)) {
            snprintf(why, PLACE_WHY, "%s: %s", p->dir, strerror(errno));
            p->dir[0] = '\0';
            return false;
        }
        p->made = true;
    }
    if (!place_lock(p->dir, &p->lock_fd) || !place_settle(p->lock_fd)) {
        snprintf(why, PLACE_WHY, "%s: cannot lock it: %s", p->dir, strerror(errno));
        return false;
    }
    /* Others may walk through to what is theirs, not look around. */
    if (p->pg_user.drop && chmod(p->dir, 0711) != 0) {
        snprintf(why, PLACE_WHY, "%s: %s", p->dir, strerror(errno));
        return false;
    }
    if (!place_reachable(p->dir, &p->pg_user) || !place_reachable(p->dir, &p->redis_user)) {
        snprintf(why, PLACE_WHY, "%s: the user %s cannot walk to it (chmod o+x on its parents)",
                 p->dir, p->pg_user.name);
        return false;
    }
    if (strlen(p->dir) + strlen("/run/.s.PGSQL.65535") > SOCKET_PATH) {
        snprintf(why, PLACE_WHY, "%s: the path is too long for a unix socket", p->dir);
        return false;
    }
    return true;
}

bool place_subdir(const struct place *p, const char *name, unsigned mode,
                  const struct place_account *owner, char *why)
{
    char path[400];

    snprintf(path, sizeof path, "%s/%s", p->dir, name);
    if (mkdir(path, 0700) != 0 || chmod(path, mode) != 0 ||
        (owner && owner->drop && chown(path, owner->uid, owner->gid) != 0)) {
        snprintf(why, PLACE_WHY, "%s: %s", path, strerror(errno));
        return false;
    }
    return true;
}

bool place_write(const struct place *p, const char *name, const char *text,
                 const struct place_account *owner, unsigned mode, char *why)
{
    char path[400], next[410];
    size_t n = strlen(text);

    snprintf(path, sizeof path, "%s/%s", p->dir, name);
    snprintf(next, sizeof next, "%s.new", path);
    unlink(next);
    int fd = open(next, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    bool ok = fd >= 0 && write(fd, text, n) == (ssize_t)n &&
              (!owner || !owner->drop || fchown(fd, owner->uid, owner->gid) == 0) &&
              fchmod(fd, mode) == 0 && rename(next, path) == 0;
    if (!ok)
        snprintf(why, PLACE_WHY, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

/* Other simulators of this machine keep away from the port for as long as this process lives:
 * between the reservation and the server's own bind() the port is free for a moment. */
static bool place_claim(int port)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX }; /* abstract: it leaves nothing behind */
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int n = snprintf(a.sun_path + 1, sizeof a.sun_path - 1, "midwatch-sim-port-%d", port);

    if (fd < 0)
        return true; /* as without it */
    if (bind(fd, (struct sockaddr *)&a,
             (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) == 0)
        return true; /* stays open */
    close(fd);
    return false;
}

int place_bind(int type, int *port, char *why)
{
    struct chance c;

    chance_init(&c, (uint64_t)getpid());
    for (int i = 0; i < 200; i++) {
        int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), yes = 1;
        struct sockaddr_in a = { .sin_family = AF_INET };

        if (fd < 0)
            break;
        *port = PORT_LOW + chance_below(&c, PORT_COUNT);
        a.sin_port = htons((uint16_t)*port);
        a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        /* Only now: the bind must be refused where anybody is, but a server may take over while a
         * child just forked, not yet at its exec, still holds a copy. */
        if (bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && place_claim(*port) &&
            (type == SOCK_DGRAM || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0))
            return fd;
        close(fd);
    }
    snprintf(why, PLACE_WHY, "no free port on 127.0.0.1: %s", strerror(errno));
    return -1;
}
