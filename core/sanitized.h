/* core/sanitized.h: is AddressSanitizer in this build? It handles crashes itself, and takes time
 * and memory. gcc and clang each tell it in their own way. */
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MW_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define MW_SANITIZED 1
#endif
#ifndef MW_SANITIZED
#define MW_SANITIZED 0
#endif
