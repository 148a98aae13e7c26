/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where errors, warnings and debug lines go: --log, --log-format, --log-level.
 *
 * An error goes to standard error as text and, when there is a log, to it as well: conmon reads the
 * one, Podman and containerd the other.  One error is one record on one line.  Warnings and debug
 * lines go to the log only, or to standard error when there is none.
 */
#ifndef CLI_LOGGER_H
#define CLI_LOGGER_H

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"

enum logger_format { LOGGER_TEXT, LOGGER_JSON };

enum logger_target { LOGGER_STDERR, LOGGER_FILE, LOGGER_SYSLOG, LOGGER_JOURNALD };

struct logger {
	enum logger_target target;
	enum logger_format format;
	int fd;            /* of the file or socket; -EBADF: standard error */
	const char *ident; /* for syslog and journald, or NULL */
	const char *id;    /* the container in question, or NULL */
	bool is_usage;     /* the error to come is one of usage: its hint stands alone */
};

/*
 * SPEC is "PATH", "file:PATH", "syslog:IDENT", "journald:IDENT" or NULL; it must outlive the
 * logger.  Installs itself as the sink of base/log.h, so the logger must not move.
 */
MUST_CHECK struct err *logger_open(struct logger *l, const char *spec, enum logger_format format,
				   enum log_level level);
void logger_error(struct logger *l, const struct err *e);
/* A warning that is written whatever the level: standard error and the log. */
void logger_notice(struct logger *l, const char *msg);
void logger_close(struct logger *l);

/* Exposed for the tests: the record as it is written, newline included. */
void logger_add_json(struct str *out, enum log_level level, const char *msg, const char *hint);

#endif
