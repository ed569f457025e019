/* examples/sim/tools.h: the stub executables of DIR/bin: what they do to the simulated services,
 * and what they print. Each is three lines of sh that hand their argv to `midwatch-sim ctl`, which
 * logs it in DIR/commands.log and asks here.
 *
 * A tool_*() function writes its output and returns its exit code.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "str.h"

struct boot;
struct world;

int tools_run(struct world *w, int argc, char **argv, struct str *out);
bool tools_write(const struct boot *b, char *why); /* the stubs themselves */

/* Restarts a service by its compose name, as docker-compose restart does; waits for the end. */
bool world_restart(struct world *w, const char *service, char *why);

/* Runs a script of sh with $1 the PostgreSQL programs, $2 the socket directory, $3 the port, $4 and
 * $5 as given; what it says lies in DIR/log/tools.log. */
bool tools_sh(struct world *w, const char *script, const char *arg4, const char *arg5, char *why);

/* The value after an option, or NULL. */
const char *tools_option(int argc, char **argv, const char *name);

int tool_aws(struct world *w, int argc, char **argv, struct str *out);
int tool_k6(struct world *w, int argc, char **argv, struct str *out);
int tool_free(struct world *w, int argc, char **argv, struct str *out);
int tool_certbot(struct world *w, int argc, char **argv, struct str *out);
int tool_backup(struct world *w, int argc, char **argv, struct str *out);
int tool_health_check(struct world *w, int argc, char **argv, struct str *out);
int tool_snapshots(struct world *w, int argc, char **argv, struct str *out);
int tool_set_env(struct world *w, int argc, char **argv, struct str *out);
int tool_redeploy(struct world *w, int argc, char **argv, struct str *out);
int tool_cloudwatch(struct world *w, int argc, char **argv, struct str *out);
int tool_rds_age(struct world *w, int argc, char **argv, struct str *out);
int tool_snapshot_age(struct world *w, int argc, char **argv, struct str *out);
int tool_s3_age(struct world *w, int argc, char **argv, struct str *out);
int tool_s3_same(struct world *w, int argc, char **argv, struct str *out);
int tool_check_host(struct world *w, int argc, char **argv, struct str *out);

/* tools_aws.c: the account's state. */
void aws_init(struct world *w, const char *database_url);
void aws_parameter(struct world *w, char *out, size_t cap); /* /ratemyunit/prod/DATABASE_URL */
