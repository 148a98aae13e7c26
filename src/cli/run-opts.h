/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options that create and run share, as rows for both tables.
 */
#ifndef CLI_RUN_OPTS_H
#define CLI_RUN_OPTS_H

#include "cli/opts.h"
#include "container/container.h"

struct run_args {
	struct run_opts run;
	bool plan; /* run */
};

/* clang-format off */
#define RUN_OPTS_SHARED \
	OPT_STR ('b', "bundle", "DIR", struct run_args, run.bundle, \
		 "directory of the bundle (default: .)"), \
	OPT_STR ('f', "config", "FILE", struct run_args, run.config, \
		 "read this instead of the bundle's config.json"), \
	OPT_STR ( 0 , "console-socket", "SOCKET", struct run_args, run.console_socket, \
		 "unix socket that receives the terminal"), \
	OPT_STR ( 0 , "pid-file", "FILE", struct run_args, run.pid_file, \
		 "write the pid of the container's process here"), \
	OPT_STR ( 0 , "pidfd-socket", "SOCKET", struct run_args, run.pidfd_socket, \
		 "unix socket that receives a pidfd of the container's process"), \
	OPT_UINT( 0 , "preserve-fds", "N", struct run_args, run.preserve_fds, \
		 "pass N more descriptors, from 3 on, to the container"), \
	OPT_FLAG( 0 , "no-pivot", struct run_args, run.no_pivot, \
		 "move the root mount instead of pivot_root(2)"), \
	OPT_FLAG( 0 , "no-new-keyring", struct run_args, run.no_new_keyring, \
		 "keep the caller's session keyring"), \
	OPT_FLAG( 0 , "no-subreaper", struct run_args, run.no_subreaper, \
		 "do not adopt orphaned processes")
/* clang-format on */

#endif
