/* examples/sim/evict.h: ends every process that still works inside a run's directory.
 *
 * Servers and their tools have their working directory there, whoever their parent is by now, so
 * that this also finds what a killed guardian has left.
 *
 * Units:   milliseconds.
 * Errors:  none; a process that is not ours to end is left.
 */
#pragma once

#include <stdint.h>

/* Waits for them to end by themselves, then SIGKILL; what PostgreSQL would leave in /dev/shm by
 * such an end is removed. Returns when they are gone, or after patience_ms and a second. */
void evict_from(const char *dir, int64_t patience_ms);
