/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What commands share: see cli.h.
 */
#include "cli/cli.h"

#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"

/* Another program may have made our standard output non-blocking: wait instead of losing text. */
static int write_out(const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, p, len);

		if (n < 0 && errno == EAGAIN) {
			struct pollfd poll_fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

			(void)poll(&poll_fd, 1, -1);
			continue;
		}
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

struct err *cli_print(struct cli *cli, const struct str *text)
{
	if (cli->is_stdout_closed)
		return err_sys(-EBADF, "write to standard output");
	TRY_SYS(write_out(text->s, text->len), "write to standard output");
	return NULL;
}

void cli_report(struct cli *cli, struct err *e)
{
	if (!e)
		return;
	logger_error(&cli->logger, e);
	err_free(e);
	cli->status = EXIT_ERROR;
}

/*
 * Podman without root runs us as root of a user namespace, where /run belongs to nobody we are.
 * The initial namespace is the one that maps every id.
 */
static bool in_user_namespace(void)
{
	uint32_t inside, outside, count;
	char map[128];

	if (file_read_line("/proc/self/uid_map", map, sizeof(map)) < 0)
		return false;
	return sscanf(map, "%u %u %u", &inside, &outside, &count) != 3 || inside != 0 ||
	       outside != 0 || count != UINT32_MAX;
}

static char *default_root(void)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	auto_free char *user_dir = NULL;
	uid_t uid = geteuid();
	struct stat st;

	/* Podman as root passes an empty XDG_RUNTIME_DIR to some commands: it counts as unset. */
	if (runtime_dir && *runtime_dir && (uid != 0 || in_user_namespace()))
		return str_format("%s/davit", runtime_dir);
	if (uid == 0)
		return str_dup("/run/davit");
	user_dir = str_format("/run/user/%u", uid);
	if (stat(user_dir, &st) == 0 && S_ISDIR(st.st_mode))
		return str_format("%s/davit", user_dir);
	return str_format("/tmp/davit-%u", uid);
}

struct err *cli_state_root(const char *option, char **ret)
{
	auto_free char *root = option ? str_dup(option) : default_root();
	auto_free char *cwd = NULL;

	if (!*root)
		return err_hint(err_new(ERR_INVALID, "--root is empty"),
				"--root names the folder of the containers' state");
	if (!path_is_absolute(root)) {
		cwd = getcwd(NULL, 0);
		if (!cwd)
			return err_sys(-errno, "find the current folder for the relative --root %s",
				       root);
		*ret = str_format("%s/%s", cwd, root);
		return NULL;
	}
	*ret = take_ptr(&root);
	return NULL;
}
