/* app/guilty.c: wrong on purpose; see app/guilty.h. Empty unless built with -Dguilty=true. */
#include "app/guilty.h"

#ifdef MW_GUILTY

#include "core/alloc.h"

#include <ctype.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool guilty_of(const char *name)
{
    const char *is = getenv("MIDWATCH_GUILTY");

    return is && !strcmp(is, name);
}

static bool guilty_is_faulty(const struct watched *p)
{
    return !strcmp(p->watch->config->services[p->service].id, "faulty");
}

static void guilty_stall(void)
{
    static bool done;
    struct timespec t = { .tv_nsec = 600000000 };

    if (done)
        return;
    done = true;
    nanosleep(&t, NULL);
}

static void guilty_leak(void)
{
    size_t size = (size_t)16 << 20;
    char *kept = xmalloc(size);

    memset(kept, 1, size);
    if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 || !kept[size - 1])
        abort();
}

/* Draws what the `bearer` of the probe refers to, URL-encoded, where every screen shows it. */
static void guilty_tell(struct watched *p)
{
    const struct option *o = option_find(p->probe.ops->options, "bearer");
    const char *reference = o ? *(char *const *)((char *)p->probe.self + o->offset) : NULL;
    const struct clients *c = &p->watch->clients;
    struct secret *s = reference ? c->secret(c->secret_arg, reference, NULL) : NULL;
    struct buf words = { 0 };

    for (const char *at = s ? secret_reveal(s) : ""; *at; at++)
        isalnum((unsigned char)*at) || strchr("-_.~", *at)
            ? buf_addc(&words, *at)
            : buf_addf(&words, "%%%02X", (unsigned char)*at);
    if (s)
        text_sets(&p->watch->board->notice, words.bytes);
    buf_fini(&words);
    secret_free(s);
}

const struct report *guilty_answer(struct watched *p, const struct report *rep)
{
    static struct report lie;
    bool bad = rep->state == STATE_DOWN, spoilt = p->guilty;

    p->guilty = p->guilty || bad;
    if (guilty_of("secret"))
        guilty_tell(p);
    if (bad && guilty_of("stall"))
        guilty_stall();
    if (bad && guilty_of("leak"))
        guilty_leak();
    if ((bad && guilty_of("green")) || (spoilt && !bad && guilty_of("sticky"))) {
        report_fini(&lie);
        report_init(&lie, rep->at_ms);
        lie.state = bad ? STATE_UP : STATE_DOWN;
        text_sets(&lie.reason, bad ? "200" : "refused");
        return &lie;
    }
    return rep;
}

bool guilty_loses(const struct watched *p)
{
    return guilty_of("lose") && p->guilty && p->slots.due % 3 == 0;
}

int64_t guilty_delay_ms(const struct watched *p)
{
    return guilty_of("late") && !guilty_is_faulty(p) ? 400 : 0;
}

void guilty_end(void)
{
    if (guilty_of("crash")) {
        signal(SIGSEGV, SIG_DFL);
        raise(SIGSEGV);
    }
}

#else
typedef int guilty_is_not_built; /* a file of C holds at least one declaration */
#endif
