/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Would an engine find davit, and take it?  Its configuration is read as the engine reads it, and
 * each finding is a check of `davit doctor --client NAME`.
 */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "cli/toml.h"
#include "container/doctor.h"

enum client_kind {
	CLIENT_NONE,
	CLIENT_PODMAN,
	CLIENT_BUILDAH,
	CLIENT_DOCKER,
	CLIENT_CONTAINERD,
	CLIENT_CRIO,
	CLIENT_KUBERNETES,
};

enum { MAX_CONFIG = 1024 * 1024 }; /* bytes of a file or of an answer */

struct client_report {
	bool is_default; /* davit runs what names no runtime */
	char *binary;    /* of this davit */
	struct doctor_list checks;
};

/* What the checks of all engines share. */
struct client {
	struct arena *a;
	struct client_report *r;
	const char *name;
	const char *config; /* read instead of what the engine reads, or NULL */
	bool is_rootless;
	struct toml doc;
	struct str files; /* those that were read */
};

/* CONFIG may be NULL. */
MUST_CHECK struct err *client_report_make(enum client_kind kind, const char *name,
					  const char *config, struct arena *a,
					  struct client_report *ret);

/* --- for the files of the engines ---------------------------------------------------------------
 */

struct doctor_check *client_add(struct client *c, enum doctor_level level, const char *name,
				const char *fmt, ...) PRINTF(4, 5);
/* MEANING may be NULL. */
void client_hint(struct client *c, struct doctor_check *check, const char *meaning, const char *fmt,
		 ...) PRINTF(4, 5);
/* Is the first of PROGRAMS that is in $PATH; its version becomes a check. */
void client_check_program(struct client *c, const char *const *programs);
/* Reads TEXT into c->doc; a file that is not there is none.  False when it is broken: a problem. */
bool client_read_toml(struct client *c, const char *path);
/* The files of DIR that end with SUFFIX, in order. */
bool client_read_dir(struct client *c, const char *dir, const char *suffix);
/* What was read; says whether anything was. */
bool client_check_files(struct client *c, const char *hint);
/* Below $XDG_CONFIG_HOME or ~/.config. */
char *client_user_file(struct client *c, const char *path);
/* NAME's place in $PATH or, with a slash in it, NAME; NULL when there is none that can be executed.
 */
char *client_find_program(struct client *c, const char *name);
/*
 * What ARGV writes to FD, which is 1 or 2, within a few seconds, MAX bytes or little more; NULL
 * when that is nothing.  *RET_STATUS is its exit status, 128 when it had to be ended.
 */
char *client_output(struct client *c, const char *const *argv, int fd, size_t max, int *ret_status);
/* Does PATH lead to this davit, or is it called davit? */
bool client_is_davit(struct client *c, const char *path);
/*
 * CHOSEN, as WHERE says, is the default; NAME is davit's, or NULL.  BY_DEFAULT is how davit becomes
 * the default, WAY_IN how it becomes known.
 */
void client_check_runtime(struct client *c, const char *chosen, const char *where, const char *name,
			  const char *by_default, const char *way_in);
/* That PATH, which WHERE names, can be executed and is this davit. */
void client_check_binary(struct client *c, const char *where, const char *path);
/* That the host has what MANAGER, "systemd" or "cgroupfs", needs; WHERE it says so. */
void client_check_manager(struct client *c, const char *manager, const char *where,
			  const char *way_out);
bool client_host_has_systemd(void);
/* share/davit/NAME beside this binary, or NULL. */
char *client_ready_file(struct client *c, const char *name);

void client_podman(struct client *c);
void client_buildah(struct client *c);
void client_docker(struct client *c);
/* *RET_MANAGER is "systemd" or "cgroupfs", or NULL when davit is not there. */
void client_containerd(struct client *c, const char **ret_manager);
void client_crio(struct client *c, const char **ret_manager);
void client_kubernetes(struct client *c);

#endif
