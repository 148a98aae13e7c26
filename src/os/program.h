/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is executed: environment, working directory, finding the program, closing descriptors.
 * INIT only, after the pivot.
 */
#ifndef OS_PROGRAM_H
#define OS_PROGRAM_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * The environment in ENV's order, later duplicates win; HOME (when absent or empty) is looked up in
 * the container's /etc/passwd by UID without ever blocking on it, else "/".  Owned strings in RET.
 */
MUST_CHECK struct err *env_build(char *const *env, size_t n, uid_t uid, struct strv *ret);
const char *env_get(const struct strv *env, const char *name);

/*
 * chdir to CWD (made when missing and MAKE) and checks that it lies inside the container's root:
 * getcwd must not say "(unreachable)".  Where the directory may not be entered (EACCES) and
 * RET_DENIED is given, *ret_denied is set and NULL returned: try again after the user switch, with
 * RET_DENIED NULL.
 */
MUST_CHECK struct err *cwd_enter(const char *cwd, bool make, bool *ret_denied);

/* The PATH of who has none. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/*
 * PATH look-up as crun does it: see CONTRACT 3.8.  The texts are those that engines match:
 * "executable file `x` not found in $PATH: no such file or directory" and "…: permission denied".
 * *ret_path is malloc'ed.  With no permission as root in a user namespace, try again after
 * cred_apply().
 */
MUST_CHECK struct err *program_find(const char *arg0, const char *path_var, char **ret_path);
/*
 * Of the host, for ourselves: NAME in our own PATH, or NAME when it has a slash; NULL when there is
 * none.  An empty element of PATH is not the current directory here: it may be somebody else's.
 */
char *program_find_own(const char *name);
/* The error of a failed execve of PATH. */
MUST_CHECK struct err *program_exec_error(int neg_errno, const char *path);

/* Closes everything from FIRST on but KEEP_FD (-1: none).  close_range, else a walk of a verified
 * procfs; fails when neither works. */
MUST_CHECK struct err *fds_close_from(int first, int keep_fd);
/* The same, marking close-on-exec instead. */
MUST_CHECK struct err *fds_cloexec_from(int first);
/* Closes all from FIRST on but those in KEEP, N of them in any order; -EBADF is none.  Uses KEEP
 * up.
 */
MUST_CHECK struct err *fds_close_but(int first, int *keep, size_t n);

#endif
