/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small parsers of base/: numbers, signals, capabilities, paths as text, /proc/PID/stat, packed
 * errors.
 */
#include "fuzz.h"

#include <stdio.h>

#include "base/err.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/str.h"
#include "spec/mistakes.h"

static void fuzz_numbers(const char *s)
{
	uint64_t u;
	int64_t i;
	uint32_t id;
	int sig;

	if (str_to_u64(s, 1000, &u) == 0)
		must(u <= 1000);
	if (str_to_i64(s, -1000, 1000, &i) == 0)
		must(i >= -1000 && i <= 1000);
	if (str_to_id(s, &id) == 0)
		must(id != UINT32_MAX);
	sig = signal_parse(s);
	must(sig == -EINVAL || (sig >= 0 && sig <= 64));
	must(capability_parse(s) < 64);
}

static void fuzz_paths(const char *s)
{
	auto_free char *path = path_normalise(s);
	auto_free char *again = path_normalise(path);

	must(!path_has_dotdot(path));
	must(!strstr(path, "//"));
	must(path_is_absolute(path) == path_is_absolute(s));
	must(streq(path, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *s = str_dup_n((const char *)data, size);
	struct proc_stat st;
	struct quoted q = quote(s);

	fuzz_numbers(s);
	fuzz_paths(s);
	must(strlen(q.s) < sizeof(q.s));
	proc_stat_parse(s, &st);
	err_free(err_unpack(data, size));
	return 0;
}
