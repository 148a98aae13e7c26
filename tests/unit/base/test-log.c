/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records reach the sink, or vanish.
 */
#include "base/log.h"

#include "test.h"

static char records[256];

static void collect(void *arg, enum log_level level, const char *msg)
{
	size_t len = strlen(records);

	snprintf(records + len, sizeof(records) - len, "%s%d:%s;", (const char *)arg, (int)level,
		 msg);
}

TEST(without_a_sink_records_vanish)
{
	log_set_sink(NULL, NULL, LOG_LEVEL_DEBUG);
	expect(!log_enabled(LOG_LEVEL_WARNING));
	log_warn("nobody hears %s", "this");
}

TEST(records_up_to_the_level_reach_the_sink)
{
	records[0] = '\0';
	log_set_sink(collect, "#", LOG_LEVEL_INFO);
	log_warn("a %d", 1);
	log_info("b");
	log_debug("c");
	expect(!log_enabled(LOG_LEVEL_DEBUG));
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	expect_str(records, "#1:a 1;#2:b;");
}

TESTS(CASE(without_a_sink_records_vanish), CASE(records_up_to_the_level_reach_the_sink))
