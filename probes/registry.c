/* probes/registry.c: the kinds of probes, one line each. */
#include "probes/registry.h"

#include <string.h>

/* clang-format off */
const struct probe_ops *const probe_kinds[] = {
    &probe_barman,
    &probe_command,
    &probe_dns,
    &probe_files,
    &probe_headers,
    &probe_http,
    &probe_jsonlog,
    &probe_metrics,
    &probe_pg_stat_archiver,
    &probe_pgbackrest,
    &probe_postgres,
    &probe_prometheus,
    &probe_queue,
    &probe_redis,
    &probe_restic,
    &probe_s3,
    &probe_tls,
    &probe_walg,
    NULL,
};
/* clang-format on */

const struct probe_ops *probe_kind(const char *kind)
{
    for (size_t i = 0; probe_kinds[i]; i++)
        if (strcmp(probe_kinds[i]->kind, kind) == 0)
            return probe_kinds[i];
    return NULL;
}
