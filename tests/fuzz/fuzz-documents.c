/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents of `exec --process`, `update --resources` and `mounts`.
 */
#include "fuzz.h"

#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena struct arena *a = arena_new();
	struct spec_resources *resources = NULL;
	struct spec_process *process = NULL;
	struct spec_mounts *mounts = NULL;

	err_free(spec_parse_process(a, (const char *)data, size, &process));
	err_free(spec_parse_resources(a, (const char *)data, size, &resources));
	err_free(spec_parse_mounts(a, "list", (const char *)data, size, &mounts));
	return 0;
}
