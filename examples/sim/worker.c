/* examples/sim/worker.c: the process of many threads. Its main thread only waits for the guardian's
 * end. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "boot.h"
#include "evict.h"
#include "now.h"
#include "world.h"

_Noreturn void worker_run(struct boot *b)
{
    struct world *w = malloc(sizeof *w);
    sigset_t set;

    /* The lifeline and the output are the guardian's alone. */
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (!w || null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0)
        _exit(1);
    sigfillset(&set);
    sigdelset(&set, SIGSEGV);
    sigdelset(&set, SIGABRT);
    sigdelset(&set, SIGBUS);
    sigdelset(&set, SIGFPE);
    sigprocmask(SIG_SETMASK, &set, NULL); /* the threads inherit it: Ctrl-C is the guardian's */
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);

#ifdef M_ARENA_MAX
    mallopt(M_ARENA_MAX, 2); /* thirty threads that mostly sleep need no heap each */
#endif
    world_init(w, b);
    world_run(w);

    struct pollfd fds[2] = { { .fd = signals, .events = POLLIN }, { .fd = b->link, .events = 0 } };
    while (poll(fds, 2, -1) < 0 && errno == EINTR) {
    }
    /* Either the guardian was killed: the servers got their death signal, the rest is ours to do.
     * Or we were asked to end, and it does the same for us; twice does no harm. */
    if (fds[0].revents || fds[1].revents) {
        evict_from(b->place.dir, 900);
        place_remove(&b->place);
    }
    _exit(1);
}
