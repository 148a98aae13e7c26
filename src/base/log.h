/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Warnings and debug lines.  The library never prints: a record goes to the sink that the owner of
 * the process installed (cli/main.c), as text.  Errors are values (err.h), logged once by the cli.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/base.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

typedef void log_sink(void *arg, enum log_level level, const char *msg);

/* Not thread-safe: once, before anything logs.  Without a sink records vanish. */
void log_set_sink(log_sink *sink, void *arg, enum log_level level);
/* What the sink writes to, when it is no standard stream: a process that closes all else keeps it.
 */
void log_set_fd(int fd);
int log_fd(void);
bool log_enabled(enum log_level level);

/* "We go on, but differently than asked." */
void log_warn(const char *fmt, ...) PRINTF(1, 2);
void log_info(const char *fmt, ...) PRINTF(1, 2);
void log_debug(const char *fmt, ...) PRINTF(1, 2);

#endif
