/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared libraries that are loaded when something asks for them: libsystemd, seccomp plugins.
 *
 * A davit that is linked statically loads none.  glibc's dlopen(3) would work in it only where the
 * very glibc is installed that it was linked with, which is what such a binary is made to do
 * without.
 */
#ifndef BASE_LIBRARY_H
#define BASE_LIBRARY_H

#include "base/base.h"

/* Can this binary load any? */
extern const bool library_is_possible;

/* NAME as dlopen(3) takes it.  Returns NULL, or why it cannot be loaded. */
MUST_CHECK const char *library_open(const char *name, void **ret);
/* RET points to a function pointer: set to the function, or to NULL when there is none. */
void library_find(void *library, const char *name, void *ret);

#endif
