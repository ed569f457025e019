/* io/thread.h: a thread beside the loop, for a library's call that blocks.
 *
 * Errors:  0, or the errno of what could not be had.
 * Owner:   nobody joins it; what it shares with the loop is counted by its user.
 */
#pragma once

#include <stddef.h>

/* Every signal is blocked in it: signals belong to the loop, and EPIPE must not kill. */
int thread_start(void *(*run)(void *arg), void *arg, size_t stack_bytes);
