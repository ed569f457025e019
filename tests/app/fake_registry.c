/* tests/app/fake_registry.c: a program without kinds of its own. */
#include "probes/probe.h"

const struct probe_ops *const probe_kinds[] = { NULL };

const struct option probe_common_options[] = {
    { "every", OPTION_DURATION, offsetof(struct probe_common, every_ms), "10s", "interval" },
    { 0 },
};
