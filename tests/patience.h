/* tests/patience.h: does this run take many times as long, and as much memory, as the program does
 * for its users? So it is with sanitizers and under Valgrind. Bounds of time and memory say nothing
 * then.
 */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PATIENCE_SANITIZED true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define PATIENCE_SANITIZED true
#endif
#ifndef PATIENCE_SANITIZED
#define PATIENCE_SANITIZED false
#endif

static inline bool patience_valgrind(void)
{
    const char *preload = getenv("LD_PRELOAD");

    return preload && strstr(preload, "vgpreload");
}

static inline bool patience(void)
{
    return PATIENCE_SANITIZED || patience_valgrind();
}
