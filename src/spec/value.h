/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C side of JSON values that may be absent, and of lists and maps of strings.
 */
#ifndef SPEC_VALUE_H
#define SPEC_VALUE_H

#include "base/base.h"

struct opt_i64 {
	bool set;
	int64_t value;
};

struct opt_u64 {
	bool set;
	uint64_t value;
};

struct opt_bool {
	bool set;
	bool value;
};

/* NULL-terminated V; present tells [] from absent. */
struct spec_strings {
	bool present;
	size_t n;
	char **v;
};

struct spec_pair {
	char *name;
	char *value;
};

/* A JSON object of strings, in the document's order. */
struct spec_map {
	bool present;
	size_t n;
	struct spec_pair *v;
};

#endif
