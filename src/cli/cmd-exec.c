/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit exec: another program in a running container.
 */
#include "cli/cli.h"
#include "cli/env.h"
#include "cli/opts.h"
#include "cli/user.h"

struct exec_args {
	struct exec_opts exec;
	const char *user;
	struct strv gids;
	struct strv env;
	struct strv caps;
};

/* clang-format off */
static const struct opt exec_opts[] = {
	OPT_STR ('p', "process", "FILE", struct exec_args, exec.process,
		 "read the process from this JSON file; no CMD then"),
	OPT_STR ( 0 , "cwd", "DIR", struct exec_args, exec.cwd,
		 "working directory in the container"),
	OPT_STR ('u', "user", "UID[:GID]", struct exec_args, user,
		 "user and group, in numbers"),
	OPT_LIST('g', "additional-gids", "GID[,GID]...", struct exec_args, gids,
		 "supplementary groups (repeat)"),
	OPT_LIST('e', "env", "NAME=VALUE", struct exec_args, env,
		 "set an environment variable (repeat)"),
	OPT_LIST('c', "cap", "CAP", struct exec_args, caps,
		 "add a capability (repeat)"),
	OPT_MAYBE('t', "tty", "BOOL", struct exec_args, exec.tty,
		 "give it a terminal"),
	OPT_FLAG('d', "detach", struct exec_args, exec.detach,
		 "return as soon as it runs"),
	OPT_FLAG( 0 , "no-new-privs", struct exec_args, exec.no_new_privs,
		 "set no_new_privs"),
	OPT_STR ( 0 , "process-label", "LABEL", struct exec_args, exec.process_label,
		 "SELinux label"),
	OPT_STR ( 0 , "apparmor", "PROFILE", struct exec_args, exec.apparmor,
		 "AppArmor profile"),
	OPT_STR ( 0 , "cgroup", "[CTL:]PATH", struct exec_args, exec.cgroup,
		 "join this cgroup below the container's"),
	OPT_STR ( 0 , "console-socket", "SOCKET", struct exec_args, exec.console_socket,
		 "unix socket that receives the terminal"),
	OPT_STR ( 0 , "pid-file", "FILE", struct exec_args, exec.pid_file,
		 "write the pid of the process here"),
	OPT_STR ( 0 , "pidfd-socket", "SOCKET", struct exec_args, exec.pidfd_socket,
		 "unix socket that receives a pidfd of the process"),
	OPT_UINT( 0 , "preserve-fds", "N", struct exec_args, exec.preserve_fds,
		 "pass N more descriptors, from 3 on, to the process"),
	OPT_FLAG( 0 , "ignore-paused", struct exec_args, exec.ignore_paused,
		 "enter a paused container too: the process waits for resume"),
	OPT_END
};
/* clang-format on */

/*
 * What --process says must not be said twice.  --tty is not refused: conmon gives both, and a
 * process document that has a terminal means the same.
 */
static struct err *check_process(const struct exec_args *a)
{
	const struct {
		const char *name;
		bool is_given;
	} shaping[] = {
		{ "cwd", a->exec.cwd },
		{ "user", a->user },
		{ "additional-gids", a->gids.n > 0 },
		{ "env", a->env.n > 0 },
		{ "cap", a->caps.n > 0 },
		{ "no-new-privs", a->exec.no_new_privs },
		{ "process-label", a->exec.process_label },
		{ "apparmor", a->exec.apparmor },
	};

	for (size_t i = 0; i < ARRAY_LEN(shaping); i++) {
		if (shaping[i].is_given)
			return err_hint(err_new(ERR_INVALID, "--%s cannot be used with --process",
						shaping[i].name),
					"write it into %s", a->exec.process);
	}
	return NULL;
}

static struct err *check_caps(const struct strv *caps)
{
	for (size_t i = 0; i < caps->n; i++) {
		if (capability_parse(caps->v[i]) < 0)
			return err_hint(err_new(ERR_INVALID, "unknown capability `%s`", caps->v[i]),
					"a capability is a name such as CAP_NET_RAW");
	}
	return NULL;
}

static struct err *exec_prepare(struct exec_args *a, int argc, char **argv, uint32_t **gids)
{
	struct exec_opts *o = &a->exec;
	struct user_arg user = { 0 };

	o->id = argv[0];
	if (o->process) {
		if (argc > 1)
			return err_hint(
				err_new(ERR_INVALID, "--process and a command exclude each other"),
				"write the command into %s or leave --process out", o->process);
		return check_process(a);
	}
	if (argc < 2)
		return err_hint(err_new(ERR_INVALID, "`exec` requires a minimum of 2 arguments"),
				"davit exec %s", cmd_exec.operands);
	o->args = argv + 1;
	o->n_args = (size_t)argc - 1;
	if (a->user) {
		TRY(user_parse(a->user, &user));
		o->has_user = true;
		o->uid = user.uid;
		o->gid = user.gid;
		o->has_gid = user.has_gid;
	}
	TRY(groups_parse(&a->gids, gids, &o->n_additional_gids));
	o->additional_gids = *gids;
	TRY(env_check(&a->env));
	o->env = a->env.v;
	o->n_env = a->env.n;
	TRY(check_caps(&a->caps));
	o->caps = a->caps.v;
	o->n_caps = a->caps.n;
	return NULL;
}

static struct err *exec_main(struct cli *cli, int argc, char **argv)
{
	struct exec_args args = { .exec.tty = -1 };
	auto_free uint32_t *gids = NULL;
	struct err *e;

	e = opts_parse(cli, &cmd_exec, &argc, argv, &args);
	if (!e)
		e = exec_prepare(&args, argc, argv, &gids);
	if (!e) {
		cli->error_status = EXIT_EXEC_ERROR;
		e = container_exec(&cli->ctx, &args.exec, &cli->status);
	}
	strv_done(&args.gids);
	strv_done(&args.env);
	strv_done(&args.caps);
	return e;
}

const struct command cmd_exec = {
	.name = "exec",
	.operands = "ID CMD [ARG]...",
	.summary = "Run another program in a running container",
	.notes =
		"Options stand before ID: what follows belongs to CMD.\n"
		"Ends with the exit status of CMD, 128 + N if signal N killed it, 255 if davit fails.",
	.opts = exec_opts,
	.min_operands = 1,
	.max_operands = ANY_NUMBER,
	.has_id = true,
	.enters_container = true,
	.stops_at_operand = true,
	.main = exec_main,
};
