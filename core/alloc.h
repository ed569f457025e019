/* core/alloc.h: memory that is there, or the program ends.
 *
 * Errors:  out of memory calls the hook (app/ restores the terminal there) and ends with status 70.
 * Owner:   the caller; free() gives back.
 */
#pragma once

#include <stddef.h>

#include "core/err.h"

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *old, size_t size);
/* n * size, checked for overflow. */
void *xreallocarray(void *old, size_t n, size_t size);
char *xstrdup(const char *s);              /* NULL gives NULL */
char *xstrndup(const char *s, size_t len); /* always terminated */

/* What a library could not get is no other lack of memory than ours. */
MW_NORETURN void alloc_fail(void);

/* Called once, before the program ends for want of memory. */
void alloc_set_hook(void (*hook)(void));

/* From now on a block of ALLOC_LARGE bytes or more for which the heap has no room is the system's
 * own, and goes back to it when it is freed. To be called once, before there are threads; where the
 * C library has no such setting, nothing changes. */
enum { ALLOC_LARGE = 64 << 10 };
void alloc_return_large(void);
