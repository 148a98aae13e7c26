/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words and their numbers.
 */
#include <linux/capability.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/names.h"
#include "test.h"

TEST(signals_have_names_in_every_spelling)
{
	expect_int(signal_parse("TERM"), SIGTERM);
	expect_int(signal_parse("SIGTERM"), SIGTERM);
	expect_int(signal_parse("term"), SIGTERM);
	expect_int(signal_parse("sigKill"), SIGKILL);
	expect_int(signal_parse("15"), SIGTERM);
	expect_int(signal_parse("0"), 0);
	expect_int(signal_parse("64"), 64);
	expect_int(signal_parse("IOT"), SIGABRT);
}

TEST(real_time_signals_count_from_34)
{
	expect_int(signal_parse("RTMIN"), 34);
	expect_int(signal_parse("SIGRTMIN+3"), 37);
	expect_int(signal_parse("rtmax-1"), 63);
	expect_int(signal_parse("RTMAX"), 64);
	expect_int(signal_parse("RTMIN+30"), 64);
}

TEST(what_is_no_signal_is_refused)
{
	static const char *const wrong[] = { "",         "SIG",     "65",        "-1",      "TERMX",
					     "RTMIN+31", "RTMIN-1", "RTMIN+",    "RTMAX+1", " 9",
					     "9 ",       "0x9",     "SIGSIGTERM" };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		expect_int(signal_parse(wrong[i]), -EINVAL);
}

TEST(capabilities_have_names_in_every_spelling)
{
	expect_int(capability_parse("CAP_CHOWN"), CAP_CHOWN);
	expect_int(capability_parse("chown"), CAP_CHOWN);
	expect_int(capability_parse("cap_net_admin"), CAP_NET_ADMIN);
	expect_int(capability_parse("CAP_"), -EINVAL);
	expect_int(capability_parse("CAP_CAP_CHOWN"), -EINVAL);
	expect_int(capability_parse(""), -EINVAL);
	expect_int(capability_parse("ALL"), -EINVAL);
	expect(capability_last() >= CAP_AUDIT_READ && capability_last() < 64);
}

TEST(every_capability_number_has_one_name)
{
	for (int cap = 0; cap <= CAP_LAST_CAP; cap++) {
		const char *name = word_name(capability_words, cap);

		expect(name != NULL);
		expect_int(capability_parse(name), cap);
	}
}

TEST(every_rlimit_has_one_name)
{
	for (int type = 0; type < RLIM_NLIMITS; type++) {
		const char *name = word_name(rlimit_words, type);
		long value = -1;

		expect(name != NULL);
		expect(word_find(rlimit_words, name, &value));
		expect_int(value, type);
	}
}

TEST(unknown_words_are_not_found)
{
	long value = 77;

	expect(!word_find(namespace_words, "net", &value));
	expect(!word_find(namespace_words, "", &value));
	expect(!word_find(namespace_words, "USER", &value));
	expect_int(value, 77);
	expect(!word_name(namespace_words, 99));
}

TESTS(CASE(signals_have_names_in_every_spelling), CASE(real_time_signals_count_from_34),
      CASE(what_is_no_signal_is_refused), CASE(capabilities_have_names_in_every_spelling),
      CASE(every_capability_number_has_one_name), CASE(every_rlimit_has_one_name),
      CASE(unknown_words_are_not_found))
