/* core/alloc.h: memory that is there, or the program ends.
 *
 * Errors:  out of memory calls the hook (app/ restores the terminal there) and ends with status 70.
 * Owner:   the caller; free() gives back.
 */
#pragma once

#include <stddef.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *old, size_t size);
/* n * size, checked for overflow. */
void *xreallocarray(void *old, size_t n, size_t size);
char *xstrdup(const char *s);              /* NULL gives NULL */
char *xstrndup(const char *s, size_t len); /* always terminated */

/* Called once, before the program ends for want of memory. */
void alloc_set_hook(void (*hook)(void));
