/* examples/sim/ctl.c: faults from a shell, and what the stub executables call.
 *
 * ctl URL fault NAME[=VALUE] [off] | faults | state | reset | clock SECONDS | restart SERVICE
 * ctl URL tool LOG NAME ARG...      appends "NAME ARG..." to LOG, prints the answer, exits as told
 */
#include "ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client.h"

#define CTL_TIMEOUT_MS 120000 /* a restart takes as long as it takes */
#define EXIT_USAGE     64

static int ctl_usage(void)
{
    fputs("usage: midwatch-sim ctl URL fault NAME[=VALUE] [off] | faults | state | reset |\n"
          "       clock SECONDS | restart SERVICE\n",
          stderr);
    return EXIT_USAGE;
}

static int ctl_ask(int port, const char *method, const char *target, const char *body)
{
    struct client c;
    char why[CLIENT_WHY] = "", exit_code[16];

    client_init(&c, port);
    int code = client_ask(&c, method, target, "", body, CTL_TIMEOUT_MS, why);
    if (code < 0)
        fprintf(stderr, "midwatch-sim ctl: %s\n", why);
    else
        fwrite(c.body.s ? c.body.s : "", 1, c.body.len, code == 200 ? stdout : stderr);
    int rc = code == 200 ? 0 : 1;
    if (code == 200 && client_header(&c, "x-exit", exit_code, sizeof exit_code))
        rc = (int)digits_read(exit_code, 255);
    client_fini(&c);
    return rc;
}

/* file://X: the content travels, as with the real aws; line ends become spaces. The log keeps the
 * name. */
static void ctl_file(struct str *body, const char *path)
{
    char buf[8192];
    FILE *f = fopen(path, "re");
    size_t n = f ? fread(buf, 1, sizeof buf, f) : 0;

    if (f)
        fclose(f);
    for (size_t i = 0; i < n; i++)
        if (buf[i] == '\n')
            buf[i] = ' ';
    str_addn(body, buf, n);
    str_add(body, "\n");
}

static int ctl_tool(int port, int argc, char **argv)
{
    struct str line = { 0 }, body = { 0 };

    for (int i = 1; i < argc; i++) {
        str_add(&line, i > 1 ? " " : "");
        str_shell(&line, argv[i]);
        if (!strncmp(argv[i], "file://", 7))
            ctl_file(&body, argv[i] + 7);
        else
            str_addf(&body, "%s\n", argv[i]);
    }
    str_add(&line, "\n");
    int fd = open(argv[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, line.s, line.len) != (ssize_t)line.len)
        fprintf(stderr, "midwatch-sim ctl: %s: %s\n", argv[0], strerror(errno));
    if (fd >= 0)
        close(fd);
    int rc = ctl_ask(port, "POST", "/__sim/tool", body.s);
    str_fini(&line);
    str_fini(&body);
    return rc;
}

static int ctl_fault(int port, const char *name, bool on)
{
    struct str body = { 0 };

    str_add(&body, "{\"name\":");
    str_json(&body, name);
    str_addf(&body, ",\"on\":%s}", on ? "true" : "false");
    int rc = ctl_ask(port, "POST", "/__sim/fault", body.s);
    str_fini(&body);
    return rc;
}

int ctl_run(int argc, char **argv)
{
    const char *colon = argc >= 2 ? strrchr(argv[0], ':') : NULL;
    int port = colon ? (int)digits_read(colon + 1, 65535) : 0;
    char body[300];

    if (port <= 0)
        return ctl_usage();
    argv++;
    argc--;
    if (!strcmp(argv[0], "tool") && argc >= 3)
        return ctl_tool(port, argc - 1, argv + 1);
    if (!strcmp(argv[0], "fault") &&
        (argc == 2 || (argc == 3 && (!strcmp(argv[2], "off") || !strcmp(argv[2], "on")))))
        return ctl_fault(port, argv[1], argc == 2 || !strcmp(argv[2], "on"));
    if (!strcmp(argv[0], "faults") && argc == 1)
        return ctl_ask(port, "GET", "/__sim/faults", NULL);
    if (!strcmp(argv[0], "state") && argc == 1)
        return ctl_ask(port, "GET", "/__sim/state", NULL);
    if (!strcmp(argv[0], "reset") && argc == 1)
        return ctl_ask(port, "POST", "/__sim/reset", "{}");
    if (!strcmp(argv[0], "clock") && argc == 2 &&
        strspn(argv[1], "0123456789") == strlen(argv[1])) {
        snprintf(body, sizeof body, "{\"advance_s\":%.20s}", argv[1]);
        return ctl_ask(port, "POST", "/__sim/clock", body);
    }
    if (!strcmp(argv[0], "restart") && argc == 2 && !strpbrk(argv[1], "\"\\")) {
        snprintf(body, sizeof body, "{\"service\":\"%.100s\"}", argv[1]);
        return ctl_ask(port, "POST", "/__sim/restart", body);
    }
    return ctl_usage();
}
