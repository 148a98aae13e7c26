/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.resources.devices as a policy: what holds for every device, and the rules that differ from
 * it.  Pure; devices-v1.c and devices-bpf.c turn it into what the kernel takes.
 */
#ifndef CGROUP_DEVICES_H
#define CGROUP_DEVICES_H

#include "cgroup/cgroup.h"
#include "cgroup/ctl.h"

enum { DEVICE_READ = 1, DEVICE_WRITE = 2, DEVICE_MKNOD = 4, DEVICE_ALL = 7 };
enum { DEVICE_ANY = -1 };
/* The index of a rule that davit adds. */
#define DEVICE_DEFAULT SIZE_MAX

struct device_rule {
	bool allow;
	char type;     /* 'b' or 'c' */
	int64_t major; /* or DEVICE_ANY */
	int64_t minor;
	unsigned access;
	size_t index; /* in linux.resources.devices, or DEVICE_DEFAULT */
};

/* Of two rules for the same device and access the later one decides. */
struct device_policy {
	bool allow; /* what no rule names */
	size_t n;
	struct device_rule *v;
};

/*
 * Nothing is allowed at first but the default devices; a rule for all devices drops what was before
 * it, and after one that denies all the default devices are allowed again.  Rules without effect
 * are left out.
 */
void device_policy_make(struct arena *a, const struct spec_device_rule *rules, size_t n,
			struct device_policy *ret);
/* ACCESS: all of these bits. */
bool device_policy_allows(const struct device_policy *p, char type, int64_t major, int64_t minor,
			  unsigned access);
bool device_rules_overlap(const struct device_rule *a, const struct device_rule *b);

/* "c 1:3 rwm", as devices.allow and devices.deny take it. */
char *device_rule_text(struct arena *a, const struct device_rule *r);

/* The rows for v1; refuses what its exception lists cannot say. */
MUST_CHECK struct err *device_policy_plan_v1(struct planner *p, size_t dir,
					     const struct device_policy *policy);

/*
 * The same for a cgroup that has rules: only what differs from its devices.list, so that a process
 * never finds a device closed that stays open, and each row's opposite takes it back.
 */
MUST_CHECK struct err *device_policy_update_v1(struct planner *p, const struct ctl_target *t,
					       const struct device_policy *policy);
/* The rules of a devices.list; .allow when it allows everything (its exceptions are not told). */
void device_policy_parse(struct arena *a, const char *text, struct device_policy *ret);

/* One instruction, as the kernel takes it (struct bpf_insn). */
struct device_program {
	size_t n;
	uint64_t *code;
};

void device_program_make(struct arena *a, const struct device_policy *p,
			 struct device_program *ret);
/* Loads the program and attaches it to the v2 cgroup.  0 or -errno. */
int device_program_attach(const struct device_program *p, int cgroup_fd);
/*
 * P (NULL: none) instead of what device_program_attach() attached.  *RET_OLD is a descriptor of
 * that, or -EBADF, for device_program_restore().  0 or -errno.
 */
int device_program_replace(const struct device_program *p, int cgroup_fd, int *ret_old);
int device_program_restore(int old, int cgroup_fd);
/* Does the kernel take such a program?  0 or -errno. */
int device_program_probe(void);

#endif
