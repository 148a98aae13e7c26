/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit's main(): safe standard descriptors, global options, the command, the one error.
 */
#include <fcntl.h>
#include <signal.h>

#include "cli/cli.h"
#include "cli/globals.h"
#include "cli/help.h"
#include "cli/opts.h"
#include "cli/version.h"
#include "container/self.h"

/*
 * A descriptor that davit opens must never become number 0, 1 or 2: the container would get it as
 * its standard input or output.
 */
static bool fill_std_fds(struct cli *cli)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is FD.  No /dev/null: anything that cannot be written. */
		if (open("/dev/null", O_RDWR | O_CLOEXEC) < 0 &&
		    open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) < 0)
			return false;
		/* The container inherits it like any standard descriptor. */
		if (fcntl(fd, F_SETFD, 0) < 0)
			return false;
		if (fd == STDOUT_FILENO)
			cli->is_stdout_closed = true;
	}
	return true;
}

/*
 * A reader that went away and a file size limit are errors to report, not deaths.  Programs that
 * davit starts get the default back from who starts them.
 */
static void ignore_signals(void)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL);
}

static struct err *run_dump(struct cli *cli)
{
	auto_str struct str out = { 0 };

	help_dump(&out);
	return cli_print(cli, &out);
}

static struct err *run_command(struct cli *cli, int argc, char **argv)
{
	const struct command *cmd;

	if (argc == 0)
		return err_hint(err_new(ERR_INVALID, "please specify a command"),
				"`davit --help` lists the commands");
	cmd = command_find(argv[0]);
	if (!cmd)
		return err_hint(err_new(ERR_INVALID, "unknown command %s", argv[0]),
				"`davit --help` lists the commands");
	if (cmd->enters_container)
		TRY(self_protect(cli->argv));
	return cmd->main(cli, argc - 1, argv + 1);
}

/* The log is opened even if the options are wrong: the caller may look nowhere else. */
static struct err *parse_globals(struct cli *cli, int *argc, char **argv, struct global_args *args)
{
	enum opts_outcome outcome;
	struct err *log_error;
	struct err *e;

	e = opts_scan(&global_command, argc, argv, args, &outcome);
	if (outcome == OPTS_HELP)
		help_and_exit(cli, &global_command);
	if (outcome == OPTS_USAGE)
		cli->error_status = EXIT_USAGE;
	log_error = logger_open(&cli->logger, args->log, (enum logger_format)args->log_format,
				(enum log_level)args->log_level);
	if (!e)
		return log_error;
	err_free(log_error);
	return e;
}

static struct err *cli_main(struct cli *cli, int argc, char **argv)
{
	struct global_args args = { 0 };
	char *root = NULL;

	TRY(parse_globals(cli, &argc, argv, &args));
	if (args.dump_options)
		return run_dump(cli);
	TRY(cli_state_root(args.root, &root));
	cli->ctx = (struct ctx){ .state_root = root, .manager = (enum cgroup_manager)args.manager };
	if (args.version)
		return version_print(cli);
	return run_command(cli, argc, argv);
}

int main(int argc, char **argv)
{
	struct cli cli = { .logger.fd = -EBADF, .error_status = EXIT_ERROR };
	struct err *e;

	if (!fill_std_fds(&cli))
		return EXIT_ERROR;
	/* The parsers move operands about; these are the words as they came. */
	cli.argv = xcalloc((size_t)argc + 1, sizeof(*cli.argv));
	memcpy(cli.argv, argv, (size_t)argc * sizeof(*cli.argv));
	ignore_signals();

	e = cli_main(&cli, MAX(argc - 1, 0), argv + (argc > 0));
	if (e) {
		cli.logger.is_usage = cli.error_status == EXIT_USAGE;
		logger_error(&cli.logger, e);
		err_free(e);
		cli.status = cli.error_status;
	}
	logger_close(&cli.logger);
	free((char *)cli.ctx.state_root);
	free(cli.argv);
	return cli.status;
}
