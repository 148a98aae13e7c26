/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this host offers to containers, and what that means.
 */
#ifndef CONTAINER_DOCTOR_H
#define CONTAINER_DOCTOR_H

#include "base/arena.h"
#include "cgroup/cgroup.h"
#include "container/container.h"

enum doctor_level {
	DOCTOR_OK,
	DOCTOR_NOTE,    /* something cannot be had; containers that do not ask for it run */
	DOCTOR_PROBLEM, /* no container can run */
};

struct doctor_check {
	const char *group; /* "namespaces" */
	const char *name;  /* "user" */
	enum doctor_level level;
	char *value;   /* what was found */
	char *meaning; /* NULL, or what follows from that */
	char *hint;    /* NULL, or the way out */
};

enum { DOCTOR_MAX_CHECKS = 64 };

struct doctor_list {
	bool has_problem;
	size_t n;
	struct doctor_check v[DOCTOR_MAX_CHECKS]; /* those of a group follow each other */
};

struct doctor_report {
	struct doctor_list checks;
	char *kernel; /* "6.1.0-13-amd64" */
	bool is_rootless;
	const char *state_root;
	struct cgroup_layout layout;
	const char *layout_name; /* "v1", "v1 co-mounted", "hybrid", "v2", "none" */
	const char *freezer;     /* what pause would use: "v1", "v2", or "none" */
	const char *freezer_mount;
};

/* Adds one whose value is the text; GROUP and NAME have to live as long as A. */
struct doctor_check *doctor_add(struct doctor_list *l, struct arena *a, const char *group,
				const char *name, enum doctor_level level, const char *fmt,
				va_list ap);

MUST_CHECK struct err *container_doctor(struct ctx *ctx, struct arena *a,
					struct doctor_report *ret);

#endif
