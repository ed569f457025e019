/* io/redis_words.h: what a command may say, and what an error of Redis means.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "core/fault.h"

/* True for verbs that only read: PING, INFO, CONFIG GET, LLEN ... A console that watches sends
 * nothing else. */
bool redis_reads(int argc, const char *const *argv);

/* The fault behind an error reply, and its first word ("LOADING", "ERR") into `word`. */
enum fault redis_error_fault(const char *msg, size_t len, char word[24]);
/* The same in the words of an engineer on call: "no permission: NOPERM ..."; else the server's own.
 */
void redis_error_words(const char *msg, size_t len, struct err *out);
