/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit tests: cmocka with test functions whose name is a sentence.
 *
 *	TEST(rlimit_listed_twice_is_refused)
 *	{
 *		expect_err(call(), ERR_INVALID, "listed twice");
 *	}
 *	TESTS(CASE(rlimit_listed_twice_is_refused))
 */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

#define TEST(name) static void name(void **state UNUSED)
#define CASE(name) cmocka_unit_test(name)
#define TESTS(...)                                                 \
	int main(void)                                             \
	{                                                          \
		const struct CMUnitTest tests[] = { __VA_ARGS__ }; \
		return cmocka_run_group_tests(tests, NULL, NULL);  \
	}

#define expect(cond)     assert_true(cond)
#define expect_str(a, b) assert_string_equal(a, b)
#define expect_int(a, b) assert_int_equal(a, b)

static inline void expect_ok_at(struct err *e, const char *file, int line)
{
	if (!e)
		return;
	print_error("%s:%d: unexpected error: %s\n", file, line, err_text(e));
	err_free(e);
	_fail(file, line);
}
#define expect_ok(call) expect_ok_at((call), __FILE__, __LINE__)

/* The call must fail with CODE and a text that contains PART. */
static inline void expect_err_at(struct err *e, enum err_code code, const char *part,
				 const char *file, int line)
{
	if (!e) {
		print_error("%s:%d: no error, expected \"%s\"\n", file, line, part);
		_fail(file, line);
		return;
	}
	if (err_code(e) != code || !strstr(err_text(e), part)) {
		print_error("%s:%d: error %d \"%s\", expected %d \"%s\"\n", file, line,
			    (int)err_code(e), err_text(e), (int)code, part);
		err_free(e);
		_fail(file, line);
		return;
	}
	err_free(e);
}
#define expect_err(call, code, part) expect_err_at((call), (code), (part), __FILE__, __LINE__)

#endif
