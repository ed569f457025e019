/* probes/registry.h: the tables of all kinds, for probes/registry.c and for tests of one kind. */
#pragma once

#include "probes/probe.h"

extern const struct probe_ops probe_barman;
extern const struct probe_ops probe_command;
extern const struct probe_ops probe_dns;
extern const struct probe_ops probe_files;
extern const struct probe_ops probe_headers;
extern const struct probe_ops probe_http;
extern const struct probe_ops probe_jsonlog;
extern const struct probe_ops probe_metrics;
extern const struct probe_ops probe_pg_stat_archiver;
extern const struct probe_ops probe_pgbackrest;
extern const struct probe_ops probe_postgres;
extern const struct probe_ops probe_prometheus;
extern const struct probe_ops probe_queue;
extern const struct probe_ops probe_redis;
extern const struct probe_ops probe_restic;
extern const struct probe_ops probe_s3;
extern const struct probe_ops probe_tls;
extern const struct probe_ops probe_walg;
