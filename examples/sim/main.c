/* midwatch-sim: one of the example systems on loopback, with a PostgreSQL and a Redis of its own.
 *
 * midwatch-sim SYSTEM [--dir DIR] [--quiet]   runs until its stdin ends; JSON lines on stdout
 * midwatch-sim --list SYSTEM                  its faults, one a line
 * midwatch-sim ctl URL ...                    ctl.c
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "boot.h"
#include "chance.h"
#include "ctl.h"
#include "world.h"

#define EXIT_USAGE 64

static int main_usage(const char *why)
{
    fprintf(stderr,
            "midwatch-sim: %s\n"
            "usage: midwatch-sim SYSTEM [--dir DIR] [--quiet]\n"
            "       midwatch-sim --list SYSTEM\n"
            "SYSTEM is rachelfoods, neurmatic, concierge, hireflux or ratemyunit\n"
            "       midwatch-sim ctl URL fault NAME[=VALUE] [off] | faults | state | reset |\n"
            "                            clock SECONDS | restart SERVICE\n",
            why);
    return EXIT_USAGE;
}

static int main_list(const char *name)
{
    const struct system *s = name ? system_find(name) : NULL;

    if (!s)
        return main_usage("--list needs a system");
    for (const struct fault_def *d = s->faults; d->name; d++) {
        char text[64];

        snprintf(text, sizeof text, "%s%s%s", d->name, d->fallback ? "=" : "",
                 d->fallback ? d->fallback : "");
        printf("%-24s %s\n", text, d->about);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct boot b = { .link = -1 };
    char why[200];

    if (argc > 1 && !strcmp(argv[1], "ctl"))
        return ctl_run(argc - 2, argv + 2);
    if (argc > 1 && !strcmp(argv[1], "--list"))
        return argc == 3 ? main_list(argv[2]) : main_usage("--list takes one system");
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--quiet")) {
            b.quiet = true;
        } else if (!strcmp(argv[i], "--dir") && i + 1 < argc) {
            b.wanted_dir = argv[++i];
        } else if (argv[i][0] == '-' || b.system) {
            snprintf(why, sizeof why, "%.100s: what is that?", argv[i]);
            return main_usage(why);
        } else if (!(b.system = system_find(argv[i]))) {
            snprintf(why, sizeof why, "there is no system '%.100s'", argv[i]);
            return main_usage(why);
        }
    }
    if (!b.system)
        return main_usage("which system?");
    ssize_t n = readlink("/proc/self/exe", b.self, sizeof b.self - 1);
    b.self[n > 0 ? n : 0] = '\0';
    if (b.system->redis_auth)
        chance_hex(b.redis_password, 32);
    return guardian_run(&b);
}
