/* store/place.c: where a store may lie. */
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

bool place_of(const char *watch, char *out, size_t size, struct err *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int n;

    if (state && state[0] == '/')
        n = snprintf(out, size, "%s/midwatch/%s", state, watch);
    else if (home && home[0] == '/')
        n = snprintf(out, size, "%s/.local/state/midwatch/%s", home, watch);
    else
        return err_set(err, "neither XDG_STATE_HOME nor HOME is set to an absolute path");
    if (n < 0 || (size_t)n >= size)
        return err_set(err, "the path of the store is too long");
    return true;
}

/* What stands above is made when it is missing, with the rights that the XDG specification asks. */
static bool place_make(const char *path, struct err *err)
{
    char part[PATH_MAX];

    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return err_set(err, "%s: %s", path, strerror(ENAMETOOLONG));
    for (char *slash = part + 1; slash;) {
        slash = strchr(slash, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return err_set(err, "cannot make %s: %s", part, strerror(errno));
        if (slash)
            *slash++ = '/';
    }
    return true;
}

/* Their locks reach no further than one machine, or their fsync does not mean it. */
static const char *place_remote(long type)
{
    static const struct {
        long type;
        const char *name;
    } remote[] = { { 0x6969, "nfs" },      { 0x517b, "smb" },    { 0xff534d42, "cifs" },
                   { 0xfe534d42, "smb2" }, { 0x564c, "ncp" },    { 0x00c36400, "ceph" },
                   { 0x5346414f, "afs" },  { 0x01021997, "9p" }, { 0x0bd00bd0, "lustre" },
                   { 0x47504653, "gpfs" } };

    for (size_t i = 0; i < sizeof remote / sizeof *remote; i++)
        if (remote[i].type == type)
            return remote[i].name;
    return NULL;
}

static bool place_check(int fd, const char *path, struct err *err)
{
    struct stat st;
    struct statfs fs;
    const char *remote;

    if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
        return err_set(err, "cannot look at %s: %s", path, strerror(errno));
    if (st.st_uid != geteuid())
        return err_set(err, "it belongs to another user (uid %u): %s", (unsigned)st.st_uid, path);
    if (st.st_mode & 077)
        return err_set(err, "others can enter its folder (mode %04o); chmod 700 %s",
                       (unsigned)(st.st_mode & 07777), path);
    remote = place_remote((long)fs.f_type);
    if (remote)
        return err_set(
            err,
            "%s is on %s, where locks and fsync cannot be trusted; set XDG_STATE_HOME to "
            "a local folder",
            path, remote);
    return true;
}

int place_open(const char *path, bool make, struct err *err)
{
    int fd;

    if (make && !place_make(path, err))
        return -1;
    fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        err_set(err, "cannot open %s: %s", path, strerror(errno));
        return -1;
    }
    if (!place_check(fd, path, err)) {
        close(fd);
        return -1;
    }
    return fd;
}
