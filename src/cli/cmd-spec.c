/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit spec: write a config.json to begin with.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cli/env.h"
#include "cli/opts.h"
#include "spec/spec.h"

#define DEFAULT_NAME "config.json"

struct spec_args {
	const char *bundle;
	const char *file;
	const char *rootfs;
	struct strv args;
	struct strv env;
	bool rootless;
};

/* clang-format off */
static const struct opt spec_opts[] = {
	OPT_STR ('b', "bundle", "DIR", struct spec_args, bundle,
		 "directory of the bundle (default: .)"),
	OPT_STR ('f', "file", "FILE", struct spec_args, file,
		 "write this file, relative to the bundle, even if it exists"),
	OPT_FLAG( 0 , "rootless", struct spec_args, rootless,
		 "for a user who is not root"),
	OPT_LIST( 0 , "args", "WORD", struct spec_args, args,
		 "the program and its arguments, one word each time (repeat; default: sh)"),
	OPT_LIST( 0 , "env", "NAME=VALUE", struct spec_args, env,
		 "set an environment variable (repeat)"),
	OPT_STR ( 0 , "rootfs", "DIR", struct spec_args, rootfs,
		 "the root file system, relative to the bundle (default: rootfs)"),
	OPT_END
};
/* clang-format on */

static bool is_cgroup_v2(void)
{
	struct statfs st;

	return statfs("/sys/fs/cgroup", &st) == 0 && st.f_type == CGROUP2_SUPER_MAGIC;
}

/* Without --file an existing config.json is somebody's work. */
static struct err *write_new(int dir_fd, const char *text)
{
	auto_close int fd = openat(dir_fd, DEFAULT_NAME,
				   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	int rc;

	if (fd < 0 && errno == EEXIST)
		return err_hint(err_new(ERR_EXISTS, "`" DEFAULT_NAME "` already exists"),
				"--file " DEFAULT_NAME " overwrites it");
	TRY_SYS(fd < 0 ? -errno : 0, "create " DEFAULT_NAME);
	rc = fd_write_all(fd, text, strlen(text));
	if (rc < 0)
		(void)unlinkat(dir_fd, DEFAULT_NAME, 0);
	TRY_SYS(rc, "write " DEFAULT_NAME);
	return NULL;
}

static struct err *write_over(int dir_fd, const char *name, const char *text)
{
	auto_close int fd = openat(dir_fd, name,
				   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
				   0644);

	TRY_SYS(fd < 0 ? -errno : 0, "open %s", name);
	TRY_SYS(fd_write_all(fd, text, strlen(text)), "write %s", name);
	return NULL;
}

/* What the user gave may not be UTF-8, or no environment variable: nothing is written then. */
static struct err *check_text(const char *text)
{
	auto_arena struct arena *a = arena_new();
	struct spec *s;

	return spec_parse(a, text, strlen(text), &s);
}

static struct err *make_text(const struct spec_args *args, char **ret)
{
	const struct spec_template_opts opts = {
		.rootless = args->rootless,
		.cgroup_v2 = is_cgroup_v2(),
		.args = args->args.n > 0 ? args->args.v : NULL,
		.env = args->env.v,
		.rootfs = args->rootfs,
	};

	TRY(env_check(&args->env));
	*ret = spec_template(&opts);
	return check_text(*ret);
}

static struct err *write_text(const struct spec_args *args)
{
	auto_close int dir_fd = -EBADF;
	auto_free char *text = NULL;

	TRY(make_text(args, &text));
	dir_fd = open(args->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	TRY_SYS(dir_fd < 0 ? -errno : 0, "open the bundle %s", args->bundle);
	return args->file ? write_over(dir_fd, args->file, text) : write_new(dir_fd, text);
}

static struct err *spec_main(struct cli *cli, int argc, char **argv)
{
	struct spec_args args = { .bundle = "." };
	struct err *e = opts_parse(cli, &cmd_spec, &argc, argv, &args);

	if (!e)
		e = write_text(&args);
	strv_done(&args.args);
	strv_done(&args.env);
	return e;
}

const struct command cmd_spec = {
	.name = "spec",
	.operands = "",
	.summary = "Write a config.json to begin with",
	.opts = spec_opts,
	.main = spec_main,
};
