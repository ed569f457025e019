/* tests/io/test_tls.c: the blocking side of a TLS client, where no server is needed to see it. Real
 * servers are asked by tests/probes/test_nginx_peer.py. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/cmocka.h"

#include "io/tls_impl.h"
#include "tests/patience.h"

enum { MUTES = 16 };

struct mute { /* an address whose queue is full: it answers no further connect */
    int listener, port, waiting[MUTES];
};

static struct sockaddr_in mute_address(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1) };
}

static void mute_open(struct mute *m)
{
    struct sockaddr_in a = mute_address(0);
    socklen_t len = sizeof a;

    m->listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(m->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(m->listener, 0), 0);
    assert_int_equal(getsockname(m->listener, (struct sockaddr *)&a, &len), 0);
    m->port = ntohs(a.sin_port);
    for (int i = 0; i < MUTES; i++) {
        m->waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(m->waiting[i], (struct sockaddr *)&a, sizeof a);
    }
}

static void mute_close(struct mute *m)
{
    for (int i = 0; i < MUTES; i++)
        close(m->waiting[i]);
    close(m->listener);
}

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* One that does not answer does not take all the time: at 127.0.0.1 there is nobody, and that is
 * heard. */
static void an_address_that_is_mute_leaves_time_for_the_next(void **state)
{
    char port[16], name[] = "two.test";
    struct mute m;
    struct tls_errand e = { .host = name, .port = port, .name = name };

    (void)state;
    mute_open(&m);
    snprintf(port, sizeof port, "%d", m.port);
    strcpy(e.addresses.address[0], "127.0.0.2");
    strcpy(e.addresses.address[1], "127.0.0.1");
    for (e.addresses.n = 1; e.addresses.n <= 2; e.addresses.n++) {
        e.asked_us = now_us();
        e.deadline_us = e.asked_us + 1000 * patience_times(400);
        tls_errand_run(&e);
        assert_int_equal(e.facts.fault, e.addresses.n == 1 ? FAULT_CONNECT_TIMEOUT : FAULT_REFUSED);
        assert_int_equal(now_us() < e.deadline_us, e.addresses.n == 2);
    }
    mute_close(&m);
    tls_facts_fini(&e.facts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_that_is_mute_leaves_time_for_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
