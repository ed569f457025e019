/* core/alloc.c: memory that is there, or the program ends. */
#include "core/alloc.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

static void (*alloc_hook)(void); /* the one global of core: set once by app/ before any thread */

void alloc_set_hook(void (*hook)(void))
{
    alloc_hook = hook;
}

/* Left alone, glibc raises its threshold to the largest block it ever mapped: after the first body
 * of 4 MiB all later ones lie between the small blocks that stay, and memory grows for as long as
 * it takes them to touch every page there. */
void alloc_return_large(void)
{
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, ALLOC_LARGE);
#endif
}

void alloc_fail(void)
{
    void (*hook)(void) = alloc_hook;

    alloc_hook = NULL;
    if (hook)
        hook();
    fputs("midwatch: out of memory\n", stderr);
    _Exit(70);
}

void *xmalloc(size_t size)
{
    void *p = malloc(size ? size : 1);

    if (!p)
        alloc_fail();
    return p;
}

void *xcalloc(size_t n, size_t size)
{
    void *p = calloc(n ? n : 1, size ? size : 1);

    if (!p)
        alloc_fail();
    return p;
}

void *xrealloc(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);

    if (!p)
        alloc_fail();
    return p;
}

void *xreallocarray(void *old, size_t n, size_t size)
{
    if (size && n > SIZE_MAX / size)
        alloc_fail();
    return xrealloc(old, n * size);
}

char *xstrndup(const char *s, size_t len)
{
    char *p = xmalloc(len + 1);

    if (len)
        memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *xstrdup(const char *s)
{
    return s ? xstrndup(s, strlen(s)) : NULL;
}
