/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json: any bytes give a document or one line of error, and what was read survives printing.
 */
#include "fuzz.h"

#include "spec/spec.h"

static void check_error(struct err *e)
{
	must(err_code(e) == ERR_INVALID);
	must(err_text(e)[0] != '\0');
	for (const char *s = err_text(e); *s; s++)
		must((unsigned char)*s >= ' ' && *s != 0x7f);
	err_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena struct arena *a = arena_new();
	auto_str struct str first = { 0 };
	auto_str struct str second = { 0 };
	struct spec *s = NULL;
	struct err *e;

	e = spec_parse(a, (const char *)data, size, &s);
	if (e) {
		check_error(e);
		return 0;
	}
	err_free(spec_check_runnable(s));
	spec_print(s, &first);
	must(!spec_parse(a, first.s, first.len, &s));
	spec_print(s, &second);
	must(streq(first.s, second.s));
	return 0;
}
