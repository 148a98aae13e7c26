/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where errors, warnings and debug lines go: see logger.h.
 */
#include "cli/logger.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>

#include "base/file.h"
#include "base/names.h"
#include "cli/json.h"

#define JOURNAL_SOCKET "/run/systemd/journal/socket"
#define SYSLOG_SOCKET  "/dev/log"

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

static const int level_priorities[] = {
	[LOG_LEVEL_ERROR] = LOG_ERR,
	[LOG_LEVEL_WARNING] = LOG_WARNING,
	[LOG_LEVEL_INFO] = LOG_INFO,
	[LOG_LEVEL_DEBUG] = LOG_DEBUG,
};

static void add_time(struct str *out)
{
	struct timeval now;
	char text[32];
	struct tm tm;

	gettimeofday(&now, NULL);
	gmtime_r(&now.tv_sec, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	str_addf(out, "%s.%06ldZ", text, (long)now.tv_usec);
}

/*
 * A message may hold what a container or a config chose.  Control characters would reach the
 * terminal or forge records, so they are shown as \xNN; KEEP_LINES leaves newlines to people.
 */
static void add_visible(struct str *out, const char *s, bool keep_lines)
{
	for (; *s; s++) {
		if (*s == '\n' && !keep_lines)
			str_add(out, "; ");
		else if (iscntrl((unsigned char)*s) && *s != '\n' && *s != '\t')
			str_addf(out, "\\x%02x", (unsigned char)*s);
		else
			str_add_n(out, s, 1);
	}
}

/* Engines show `msg` alone to their users, so the way out is in it, too. */
void logger_add_json(struct str *out, enum log_level level, const char *msg, const char *hint)
{
	auto_free char *both = hint ? str_format("%s (hint: %s)", msg, hint) : NULL;

	str_add(out, "{\"msg\": ");
	json_add(out, both ? both : msg);
	str_addf(out, ", \"level\": \"%s\", \"time\": \"", level_names[level]);
	add_time(out);
	str_add(out, "\"");
	if (hint) {
		str_add(out, ", \"hint\": ");
		json_add(out, hint);
	}
	str_add(out, "}\n");
}

static void add_file_line(struct str *out, enum log_level level, const char *msg, const char *hint)
{
	add_time(out);
	str_addf(out, " %s: ", level_names[level]);
	add_visible(out, msg, false);
	if (hint) {
		str_add(out, " (hint: ");
		add_visible(out, hint, false);
		str_add(out, ")");
	}
	str_add(out, "\n");
}

static bool wants_colour(void)
{
	const char *term = getenv("TERM");

	return isatty(STDERR_FILENO) && !getenv("NO_COLOR") && term && !streq(term, "dumb");
}

static void write_stderr(const struct logger *l, enum log_level level, const char *msg,
			 const char *hint)
{
	static const char *const colours[] = {
		[LOG_LEVEL_ERROR] = "\x1b[1;31m",
		[LOG_LEVEL_WARNING] = "\x1b[1;33m",
		[LOG_LEVEL_INFO] = "",
		[LOG_LEVEL_DEBUG] = "\x1b[1;34m",
	};
	auto_str struct str out = { 0 };
	bool colour = wants_colour();

	str_add(&out, "davit: ");
	if (colour)
		str_add(&out, colours[level]);
	if (level != LOG_LEVEL_ERROR)
		str_addf(&out, "%s: ", level_names[level]);
	add_visible(&out, msg, true);
	if (colour)
		str_add(&out, "\x1b[0m");
	str_add(&out, "\n");
	if (hint) {
		str_add(&out, l->is_usage ? "" : "hint: ");
		add_visible(&out, hint, true);
		str_add(&out, "\n");
	}
	/* There is nowhere to report that standard error cannot be written. */
	(void)fd_write_all(STDERR_FILENO, out.s, out.len);
}

static const char *logger_ident(const struct logger *l)
{
	if (l->ident && *l->ident)
		return l->ident;
	return l->id ? l->id : "davit";
}

/* A journal field in the form that may hold newlines: name, newline, little-endian size, value. */
static void add_field(struct str *out, const char *name, const char *value)
{
	uint64_t len = strlen(value);
	char size[8];

	for (size_t i = 0; i < sizeof(size); i++)
		size[i] = (char)(len >> (8 * i));
	str_addf(out, "%s\n", name);
	str_add_n(out, size, sizeof(size));
	str_addf(out, "%s\n", value);
}

static void add_journal_record(const struct logger *l, struct str *out, enum log_level level,
			       const char *msg, const char *hint)
{
	add_field(out, "MESSAGE", msg);
	str_addf(out, "PRIORITY=%d\n", level_priorities[level]);
	add_field(out, "SYSLOG_IDENTIFIER", l->ident && *l->ident ? l->ident : "davit");
	if (l->id)
		add_field(out, "ID", l->id);
	if (hint)
		add_field(out, "HINT", hint);
}

static void add_syslog_record(const struct logger *l, struct str *out, enum log_level level,
			      const char *msg, const char *hint)
{
	time_t now = time(NULL);
	char text[32];
	struct tm tm;

	localtime_r(&now, &tm);
	strftime(text, sizeof(text), "%b %e %T", &tm);
	str_addf(out, "<%d>%s ", LOG_USER | level_priorities[level], text);
	add_visible(out, logger_ident(l), false);
	str_addf(out, "[%d]: ", (int)getpid());
	add_visible(out, msg, false);
	if (hint) {
		str_add(out, " (hint: ");
		add_visible(out, hint, false);
		str_add(out, ")");
	}
}

/* A log that cannot be written must not stop the container: errors are on standard error as well.
 */
static void write_log(const struct logger *l, enum log_level level, const char *msg,
		      const char *hint)
{
	auto_str struct str out = { 0 };

	switch (l->target) {
	case LOGGER_STDERR:
	case LOGGER_FILE:
		if (l->format == LOGGER_JSON)
			logger_add_json(&out, level, msg, hint);
		else
			add_file_line(&out, level, msg, hint);
		(void)fd_write_all(l->target == LOGGER_FILE ? l->fd : STDERR_FILENO, out.s,
				   out.len);
		break;
	case LOGGER_SYSLOG:
		add_syslog_record(l, &out, level, msg, hint);
		(void)send(l->fd, out.s, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	case LOGGER_JOURNALD:
		add_journal_record(l, &out, level, msg, hint);
		(void)send(l->fd, out.s, out.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		break;
	}
}

/* ON_STDERR: for the person at the keyboard too, even when there is a log. */
static void logger_write(const struct logger *l, enum log_level level, const char *msg,
			 const char *hint, bool on_stderr)
{
	bool has_log = l->target != LOGGER_STDERR;

	if (has_log || l->format == LOGGER_JSON)
		write_log(l, level, msg, hint);
	if (has_log ? on_stderr : l->format == LOGGER_TEXT)
		write_stderr(l, level, msg, hint);
}

static void logger_sink(void *arg, enum log_level level, const char *msg)
{
	logger_write(arg, level, msg, NULL, false);
}

void logger_error(struct logger *l, const struct err *e)
{
	logger_write(l, LOG_LEVEL_ERROR, err_text(e), err_get_hint(e), true);
}

void logger_notice(struct logger *l, const char *msg)
{
	logger_write(l, LOG_LEVEL_WARNING, msg, NULL, true);
}

/* O_NONBLOCK: a FIFO that nobody reads must not hold davit. */
static struct err *open_file(struct logger *l, const char *path)
{
	l->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
	if (l->fd < 0)
		return err_hint(err_sys(-errno, "open the log %s", path),
				"--log names a file in a folder that exists");
	l->target = LOGGER_FILE;
	log_set_fd(l->fd);
	return NULL;
}

static struct err *open_socket(struct logger *l, enum logger_target target, const char *path)
{
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (fd < 0)
		return err_sys(-errno, "make a socket for the log");
	memcpy(addr.sun_path, path, strlen(path) + 1);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_hint(err_sys(-errno, "connect to the log %s", path),
				"is the log service running?  --log FILE needs none");
	l->fd = take_fd(&fd);
	l->target = target;
	log_set_fd(l->fd);
	return NULL;
}

/* "file:x" → LOGGER_FILE; a word that is none of ours is refused, a path with a colon is a path. */
static struct err *parse_spec(const char *spec, enum logger_target *ret, const char **ret_rest)
{
	static const struct word kinds[] = {
		{ "file", LOGGER_FILE },
		{ "syslog", LOGGER_SYSLOG },
		{ "journald", LOGGER_JOURNALD },
		{ NULL, 0 },
	};
	const char *colon = strchr(spec, ':');
	auto_free char *kind = NULL;
	long target = LOGGER_FILE;

	*ret = LOGGER_FILE;
	*ret_rest = spec;
	if (!colon)
		return NULL;
	kind = str_dup_n(spec, (size_t)(colon - spec));
	if (word_find(kinds, kind, &target)) {
		*ret = (enum logger_target)target;
		*ret_rest = colon + 1;
	} else if (!strpbrk(kind, "/.")) {
		return err_hint(err_new(ERR_INVALID, "unknown log type `%s`", kind),
				"--log is [file:]PATH, syslog:IDENT or journald:IDENT");
	}
	return NULL;
}

struct err *logger_open(struct logger *l, const char *spec, enum logger_format format,
			enum log_level level)
{
	enum logger_target target;
	const char *rest;

	l->format = format;
	log_set_sink(logger_sink, l, level);
	if (!spec)
		return NULL;
	TRY(parse_spec(spec, &target, &rest));
	l->ident = rest;
	if (target == LOGGER_SYSLOG)
		return open_socket(l, target, SYSLOG_SOCKET);
	if (target == LOGGER_JOURNALD)
		return open_socket(l, target, JOURNAL_SOCKET);
	return open_file(l, rest);
}

void logger_close(struct logger *l)
{
	log_set_sink(NULL, NULL, LOG_LEVEL_ERROR);
	log_set_fd(-EBADF);
	fd_close(l->fd);
	l->fd = -EBADF;
	l->target = LOGGER_STDERR;
}
