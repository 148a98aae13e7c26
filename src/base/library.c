/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared libraries: see library.h.
 */
#include "base/library.h"

#ifdef DAVIT_STATIC

const bool library_is_possible = false;

const char *library_open(const char *name, void **ret)
{
	return "this davit is linked statically and loads no libraries";
}

void library_find(void *library, const char *name, void *ret)
{
	memset(ret, 0, sizeof(void *));
}

#else

#include <dlfcn.h>

const bool library_is_possible = true;

const char *library_open(const char *name, void **ret)
{
	void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		return dlerror();
	*ret = library;
	return NULL;
}

void library_find(void *library, const char *name, void *ret)
{
	void *symbol = dlsym(library, name);

	/* Not by assignment: ISO C has no way from an object's to a function's pointer. */
	memcpy(ret, &symbol, sizeof(symbol));
}

#endif
