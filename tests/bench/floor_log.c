/* tests/bench/floor_log.c: the least that reading a log can cost: its newlines are counted.
 *
 *   floor_log FILE     prints bytes, CPU us and lines
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char piece[128 << 10];
    long long bytes = 0, lines = 0;
    struct rusage use;
    ssize_t n;
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;

    if (fd < 0)
        return 1;
    while ((n = read(fd, piece, sizeof piece)) > 0) {
        const char *at = piece, *end = piece + n;

        while ((at = memchr(at, '\n', (size_t)(end - at)))) {
            lines++;
            at++;
        }
        bytes += n;
    }
    getrusage(RUSAGE_SELF, &use);
    printf("%lld %lld %lld\n", bytes,
           (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000LL + use.ru_utime.tv_usec +
               use.ru_stime.tv_usec,
           lines);
    return n < 0;
}
