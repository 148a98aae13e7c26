/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error value: text, code, hint, and its way through a buffer.
 */
#include "base/err.h"
#include "test.h"

TEST(an_error_carries_code_and_text)
{
	auto_err struct err *e = err_new(ERR_STATE, "container %s is %s", "web", "paused");

	expect_int(err_code(e), ERR_STATE);
	expect_int(err_errno(e), 0);
	expect_str(err_text(e), "container web is paused");
	expect(!err_get_hint(e));
}

TEST(a_system_error_appends_its_text_and_finds_its_code)
{
	static const struct {
		int errnum;
		enum err_code code;
	} cases[] = {
		{ EPERM, ERR_DENIED },       { EACCES, ERR_DENIED },
		{ ENOSYS, ERR_UNSUPPORTED }, { EOPNOTSUPP, ERR_UNSUPPORTED },
		{ ETIMEDOUT, ERR_TIMEOUT },  { ENOENT, ERR_SYSTEM },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		auto_err struct err *e = err_sys(-cases[i].errnum, "open %s", "x");

		expect_int(err_code(e), cases[i].code);
		expect_int(err_errno(e), cases[i].errnum);
		expect(str_starts(err_text(e), "open x: "));
		expect(strstr(err_text(e), strerror(cases[i].errnum)));
	}
}

TEST(a_system_error_in_small_letters_is_the_same_otherwise)
{
	auto_err struct err *e = err_sys_small(-EACCES, "the path `%s`", "/Etc");

	expect_str(err_text(e), "the path `/Etc`: permission denied");
	expect_int(err_code(e), ERR_DENIED);
	expect_int(err_errno(e), EACCES);
}

TEST(context_comes_in_front_and_keeps_the_rest)
{
	auto_err struct err *e = err_sys(-EPERM, "mount /proc");

	e = err_hint(e, "inner");
	e = err_wrap(e, "cannot %s", "make the mounts");
	e = err_hint(e, "outer");
	expect_str(err_text(e), "cannot make the mounts: mount /proc: Operation not permitted");
	expect_int(err_errno(e), EPERM);
	expect_int(err_code(e), ERR_DENIED);
	expect_str(err_get_hint(e), "inner");
}

TEST(an_error_crosses_a_buffer_unharmed)
{
	auto_err struct err *e = err_hint(err_sys(-ENOENT, "open it"), "look there");
	auto_err struct err *copy = NULL;
	char buf[256];
	size_t n = err_pack(e, buf, sizeof(buf));

	expect(n <= sizeof(buf));
	copy = err_unpack(buf, n);
	expect_int(err_code(copy), err_code(e));
	expect_int(err_errno(copy), ENOENT);
	expect_str(err_text(copy), err_text(e));
	expect_str(err_get_hint(copy), "look there");
}

TEST(an_error_without_hint_comes_back_without_hint)
{
	auto_err struct err *e = err_new(ERR_INVALID, "x");
	auto_err struct err *copy = NULL;
	char buf[64];

	copy = err_unpack(buf, err_pack(e, buf, sizeof(buf)));
	expect_str(err_text(copy), "x");
	expect(!err_get_hint(copy));
}

TEST(a_long_text_is_cut_to_the_buffer)
{
	auto_err struct err *e = err_hint(err_new(ERR_INVALID, "%0200d", 7), "hint");
	auto_err struct err *copy = NULL;
	char buf[64];
	size_t n = err_pack(e, buf, sizeof(buf));

	expect_int(n, sizeof(buf));
	copy = err_unpack(buf, n);
	expect_int(strlen(err_text(copy)), sizeof(buf) - 16);
	expect(!err_get_hint(copy));
}

TEST(what_is_no_packed_error_is_an_internal_one)
{
	uint32_t huge[8] = { ERR_STATE, 0, 0xffffffff, 0xffffffff };

	expect_err(err_unpack("abc", 3), ERR_INTERNAL, "too short");
	expect_err(err_unpack("", 0), ERR_INTERNAL, "too short");
	expect_err(err_unpack(huge, sizeof(huge)), ERR_INTERNAL, "damaged");
}

static struct err *fails_in_try(int *reached)
{
	TRY(NULL);
	*reached = 1;
	TRY_SYS(3, "never seen");
	*reached = 2;
	TRY_SYS(-EBUSY, "take %s", "it");
	*reached = 3;
	return NULL;
}

TEST(try_returns_at_the_first_error)
{
	int reached = 0;

	expect_err(fails_in_try(&reached), ERR_SYSTEM, "take it: Device or resource busy");
	expect_int(reached, 2);
}

TEST(freeing_nothing_is_fine)
{
	err_free(NULL);
}

TESTS(CASE(an_error_carries_code_and_text),
      CASE(a_system_error_appends_its_text_and_finds_its_code),
      CASE(a_system_error_in_small_letters_is_the_same_otherwise),
      CASE(context_comes_in_front_and_keeps_the_rest), CASE(an_error_crosses_a_buffer_unharmed),
      CASE(an_error_without_hint_comes_back_without_hint), CASE(a_long_text_is_cut_to_the_buffer),
      CASE(what_is_no_packed_error_is_an_internal_one), CASE(try_returns_at_the_first_error),
      CASE(freeing_nothing_is_fine))
