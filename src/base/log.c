/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings and debug lines: see log.h.
 */
#include "base/log.h"

#include "base/str.h"

static struct {
	log_sink *sink;
	void *arg;
	enum log_level level;
	int fd;
} out = { .fd = -EBADF };

void log_set_sink(log_sink *sink, void *arg, enum log_level level)
{
	out.sink = sink;
	out.arg = arg;
	out.level = level;
}

void log_set_fd(int fd)
{
	out.fd = fd;
}

int log_fd(void)
{
	return out.fd;
}

bool log_enabled(enum log_level level)
{
	return out.sink && level <= out.level;
}

static void log_record(enum log_level level, const char *fmt, va_list ap)
{
	auto_free char *msg = NULL;

	if (!log_enabled(level))
		return;
	msg = str_vformat(fmt, ap);
	out.sink(out.arg, level, msg);
}

#define LOG_FUNCTION(name, level)           \
	void name(const char *fmt, ...)     \
	{                                   \
		va_list ap;                 \
		va_start(ap, fmt);          \
		log_record(level, fmt, ap); \
		va_end(ap);                 \
	}

LOG_FUNCTION(log_warn, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
