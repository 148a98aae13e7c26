/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checks of all engines share: see client.h.
 */
#include "cli/client.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/proc.h"
#include "cgroup/sdbus.h"
#include "os/program.h"

enum { MAX_VERSION = 512, ANSWER_SECONDS = 10 };

struct doctor_check *client_add(struct client *c, enum doctor_level level, const char *name,
				const char *fmt, ...)
{
	struct doctor_check *check;
	va_list ap;

	va_start(ap, fmt);
	check = doctor_add(&c->r->checks, c->a, c->name, name, level, fmt, ap);
	va_end(ap);
	return check;
}

void client_hint(struct client *c, struct doctor_check *check, const char *meaning, const char *fmt,
		 ...)
{
	auto_free char *hint = NULL;
	va_list ap;

	va_start(ap, fmt);
	hint = str_vformat(fmt, ap);
	va_end(ap);
	check->meaning = meaning ? arena_str(c->a, meaning) : NULL;
	check->hint = arena_str(c->a, hint);
}

/* --- programs -----------------------------------------------------------------------------------
 */

char *client_find_program(struct client *c, const char *name)
{
	auto_free char *found = program_find_own(name);

	return found ? arena_str(c->a, found) : NULL;
}

/* What FD says until its end, which has to come within a few seconds and before MAX bytes. */
static bool read_output(int fd, size_t max, struct str *out)
{
	int64_t end = monotonic_ms() + ANSWER_SECONDS * 1000;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];
	ssize_t n;

	while (out->len < max && monotonic_ms() < end &&
	       poll(&p, 1, (int)MAX(end - monotonic_ms(), 0)) > 0) {
		n = read(fd, buf, sizeof(buf));
		if (n <= 0)
			return n == 0;
		str_add_n(out, buf, (size_t)n);
	}
	return false;
}

/* Its exit status; 128 when it has to be killed, or was. */
static int end_program(pid_t pid, bool has_ended)
{
	int status;

	/* Who has closed its output ends at once, or hangs. */
	if (has_ended && proc_reap_within(pid, &status, 1000) == pid)
		return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
	kill(pid, SIGKILL);
	proc_reap(pid);
	return 128;
}

char *client_output(struct client *c, const char *const *argv, int fd, size_t max, int *ret_status)
{
	posix_spawn_file_actions_t actions;
	auto_str struct str out = { 0 };
	int fds[2];
	pid_t pid = -1;

	*ret_status = 128;
	if (pipe2(fds, O_CLOEXEC) < 0)
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	for (int other = STDOUT_FILENO; other <= STDERR_FILENO; other++)
		if (other == fd)
			posix_spawn_file_actions_adddup2(&actions, fds[1], other);
		else
			posix_spawn_file_actions_addopen(&actions, other, "/dev/null", O_WRONLY, 0);
	if (posix_spawn(&pid, argv[0], &actions, NULL, (char **)argv, environ) != 0)
		pid = -1;
	posix_spawn_file_actions_destroy(&actions);
	close(fds[1]);
	str_add(&out, "");
	if (pid > 0)
		*ret_status = end_program(pid, read_output(fds[0], max, &out));
	close(fds[0]);
	return *out.s ? arena_str(c->a, out.s) : NULL;
}

/* The first line that `PROGRAM --version` prints. */
static char *version_of(struct client *c, const char *program)
{
	int status;
	char *out = client_output(c, (const char *const[]){ program, "--version", NULL },
				  STDOUT_FILENO, MAX_VERSION, &status);

	if (out)
		out[strcspn(out, "\r\n")] = '\0';
	return out && *out ? out : NULL;
}

void client_check_program(struct client *c, const char *const *programs)
{
	for (size_t i = 0; programs[i]; i++) {
		char *path = client_find_program(c, programs[i]);
		const char *version = path ? version_of(c, path) : NULL;

		if (version)
			client_add(c, DOCTOR_OK, "program", "%s: %s", path, version);
		else if (path)
			client_hint(c,
				    client_add(c, DOCTOR_NOTE, "program",
					       "%s, which tells no version", path),
				    NULL, "try `%s --version`", path);
		if (path)
			return;
	}
	client_hint(c, client_add(c, DOCTOR_PROBLEM, "program", "%s is not in $PATH", programs[0]),
		    "nobody asks for davit", "install %s, or set PATH as it is where %s runs",
		    c->name, c->name);
}

/* --- files --------------------------------------------------------------------------------------
 */

bool client_read_toml(struct client *c, const char *path)
{
	auto_free char *text = NULL;
	struct err *e = NULL;
	size_t len;
	int rc = file_read_at(AT_FDCWD, path, MAX_CONFIG, &text, &len);

	if (rc == -ENOENT || rc == -ENOTDIR)
		return true;
	path = arena_str(c->a, path);
	if (rc < 0)
		e = err_sys(rc, "read %s", path);
	else
		e = toml_add(&c->doc, c->a, path, text);
	str_addf(&c->files, "%s%s", c->files.len ? ", " : "", path);
	if (!e)
		return true;
	client_hint(c, client_add(c, DOCTOR_PROBLEM, "configuration", "%s", err_text(e)),
		    "the engine does not start with it", "correct that line, or the file's rights");
	err_free(e);
	return false;
}

bool client_read_dir(struct client *c, const char *dir, const char *suffix)
{
	struct dirent **names;
	int n = scandir(dir, &names, NULL, alphasort);
	bool is_fine = true;

	for (int i = 0; i < n; i++) {
		auto_free char *path = str_format("%s/%s", dir, names[i]->d_name);
		size_t len = strlen(names[i]->d_name);
		struct stat st;

		if (len > strlen(suffix) && *names[i]->d_name != '.' &&
		    streq(names[i]->d_name + len - strlen(suffix), suffix) &&
		    stat(path, &st) == 0 && S_ISREG(st.st_mode))
			is_fine = client_read_toml(c, path) && is_fine;
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return is_fine;
}

bool client_check_files(struct client *c, const char *hint)
{
	if (c->files.len) {
		client_add(c, DOCTOR_OK, "configuration", "%s", c->files.s);
		return true;
	}
	client_hint(c, client_add(c, DOCTOR_NOTE, "configuration", "there is none"),
		    "the engine's own defaults hold", "%s", hint);
	return false;
}

char *client_user_file(struct client *c, const char *path)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (config && *config)
		return arena_format(c->a, "%s/%s", config, path);
	return arena_format(c->a, "%s/.config/%s", home && *home ? home : "", path);
}

char *client_ready_file(struct client *c, const char *name)
{
	const char *slash = strrchr(c->r->binary, '/');
	int dir_len = slash ? (int)(slash - c->r->binary) : 0;
	auto_free char *path = str_format("%.*s/../share/davit/%s", dir_len, c->r->binary, name);
	auto_free char *real = canonicalize_file_name(path);

	return real ? arena_str(c->a, real) : NULL;
}

/* --- davit itself -------------------------------------------------------------------------------
 */

static bool is_same_file(const char *a, const char *b)
{
	struct stat one, two;

	return stat(a, &one) == 0 && stat(b, &two) == 0 && one.st_dev == two.st_dev &&
	       one.st_ino == two.st_ino;
}

bool client_is_davit(struct client *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *found = client_find_program(c, path);

	return streq(slash ? slash + 1 : path, "davit") ||
	       (found && is_same_file(found, c->r->binary));
}

void client_check_runtime(struct client *c, const char *chosen, const char *where, const char *name,
			  const char *by_default, const char *way_in)
{
	if (name && streq(name, chosen)) {
		client_add(c, DOCTOR_OK, "runtime", "%s, %s", name, where);
		c->r->is_default = true;
	} else if (name) {
		client_hint(c,
			    client_add(c, DOCTOR_NOTE, "runtime", "%s, %s; %s is known", chosen,
				       where, name),
			    "davit runs what is made with --runtime only", "%s", by_default);
	} else {
		client_hint(c, client_add(c, DOCTOR_PROBLEM, "runtime", "%s, %s", chosen, where),
			    "davit is not known", "%s", way_in);
	}
}

void client_check_binary(struct client *c, const char *where, const char *path)
{
	const char *found = client_find_program(c, path);
	struct stat st;

	if (!found) {
		client_hint(c,
			    client_add(c, DOCTOR_PROBLEM, "binary", "%s %s", path,
				       !strchr(path, '/')     ? "is not in $PATH"
				       : stat(path, &st) == 0 ? "cannot be executed"
							      : "is not there"),
			    "no container starts", "write %s into %s", c->r->binary, where);
		return;
	}
	if (is_same_file(found, c->r->binary)) {
		client_add(c, DOCTOR_OK, "binary", "%s, this davit", found);
		return;
	}
	client_hint(c,
		    client_add(c, DOCTOR_NOTE, "binary", "%s, which is not this davit, %s", found,
			       c->r->binary),
		    NULL, "`%s doctor` asks that one; or write %s into %s", found, c->r->binary,
		    where);
}

bool client_host_has_systemd(void)
{
	struct stat st;

	return lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode);
}

void client_check_manager(struct client *c, const char *manager, const char *where,
			  const char *way_out)
{
	struct sdbus *bus = NULL;
	struct doctor_check *check;
	struct err *e;

	if (!streq(manager, "systemd")) {
		client_add(c, DOCTOR_OK, "cgroups", "%s, %s", manager, where);
		return;
	}
	e = sdbus_open(c->is_rootless, &bus);
	if (!e) {
		client_add(c, DOCTOR_OK, "cgroups", "systemd, %s; reachable at %s", where,
			   bus->address);
		sdbus_close(bus);
		return;
	}
	check = client_add(c, DOCTOR_PROBLEM, "cgroups", "systemd, %s: %s", where, err_text(e));
	client_hint(c, check, "no container starts", "%s", way_out);
	err_free(e);
}

static void run_checks(enum client_kind kind, struct client *c)
{
	const char *manager;

	switch (kind) {
	case CLIENT_NONE:
		return;
	case CLIENT_PODMAN:
		client_podman(c);
		return;
	case CLIENT_BUILDAH:
		client_buildah(c);
		return;
	case CLIENT_DOCKER:
		client_docker(c);
		return;
	case CLIENT_CONTAINERD:
		client_containerd(c, &manager);
		return;
	case CLIENT_CRIO:
		client_crio(c, &manager);
		return;
	case CLIENT_KUBERNETES:
		client_kubernetes(c);
		return;
	}
}

struct err *client_report_make(enum client_kind kind, const char *name, const char *config,
			       struct arena *a, struct client_report *ret)
{
	struct client c = { .a = a, .r = ret, .name = name, .config = config };
	auto_free char *binary = canonicalize_file_name("/proc/self/exe");

	if (!binary)
		return err_sys(-errno, "find our own binary");
	if (config && access(config, R_OK) < 0)
		return err_sys(-errno, "read %s, which --config names", config);
	*ret = (struct client_report){ .binary = arena_str(a, binary) };
	c.is_rootless = geteuid() != 0;
	run_checks(kind, &c);
	toml_done(&c.doc);
	str_done(&c.files);
	return NULL;
}
