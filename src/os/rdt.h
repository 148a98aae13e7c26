/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache and memory bandwidth of the processor: groups of the resctrl file system (linux.intelRdt;
 * the kernel's Documentation/arch/x86/resctrl.rst).
 */
#ifndef OS_RDT_H
#define OS_RDT_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "spec/spec.h"

struct rdt_plan {
	const char *group;   /* NULL: resctrl is not touched; "/": the default group */
	const char *monitor; /* the name of a monitoring group in it, or NULL */
	char *schemata;      /* "": as they are */
	bool is_ours;        /* named after the container: it goes with it */
};

/* Pure. */
MUST_CHECK struct err *rdt_plan_make(struct arena *a, const struct spec *spec, const char *id,
				     struct rdt_plan *ret);
/*
 * Makes the group where it is missing and moves PID into it.  A group that the config names must
 * have the wanted schemata if it is there, and be there if none are wanted; one with the name of
 * the container must not be in use.  After an error a new group is gone again.
 */
MUST_CHECK struct err *rdt_enter(const struct rdt_plan *plan, pid_t pid);
/* exec: the group exists. */
MUST_CHECK struct err *rdt_join(const struct rdt_plan *plan, pid_t pid);
/* Removes what rdt_enter() made; missing groups and a missing file system are fine. */
void rdt_remove(const struct rdt_plan *plan);
/* The three, below the directory ROOT_FD, which need not be a resctrl. */
MUST_CHECK struct err *rdt_enter_at(int root_fd, const struct rdt_plan *plan, pid_t pid);
MUST_CHECK struct err *rdt_join_at(int root_fd, const struct rdt_plan *plan, pid_t pid);
void rdt_remove_at(int root_fd, const struct rdt_plan *plan);

/* Rewrites the schemata of GROUP ("/": the default one); L3 and MB may be NULL. */
MUST_CHECK struct err *rdt_update(const char *group, const char *l3, const char *mb);
/* The lines for the file: L3 without its MB: lines, then MB; ends with a newline unless empty. */
void rdt_schemata(const char *l3, const char *mb, struct str *out);
/* Does the file's text HAVE hold each value that WANT asks for? */
bool rdt_has_schemata(const char *have, const char *want);

#endif
