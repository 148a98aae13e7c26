/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device policy in the terms of the v1 devices controller.
 *
 * It knows one default and a list of exceptions to it.  Writing the opposite of an exception
 * removes that exception only when type and numbers are the same: a hole in a wider exception
 * cannot be said, and the kernel would silently ignore the attempt.
 */
#include "cgroup/devices.h"

#include <fcntl.h>
#include <stdio.h>

#include "base/file.h"
#include "cgroup/dir.h"

enum { LIST_SIZE = 64 * 1024 };

static const char member[] = "linux.resources.devices";

/*
 * Does R, which says again what the default is, only narrow the leave to make nodes that every
 * container has?  A node that cannot be opened is harmless, so there the hole may stay closed.
 */
static bool narrows_mknod_only(const struct device_rule *r, const struct device_rule *wide)
{
	return wide->index == DEVICE_DEFAULT && (r->access & wide->access) == DEVICE_MKNOD &&
	       wide->access == DEVICE_MKNOD;
}

static struct err *refuse_hole(struct planner *p, const struct device_rule *r,
			       const struct device_rule *wide)
{
	struct err *e =
		err_new(ERR_UNSUPPORTED,
			"linux.resources.devices[%zu]: `%s %s` cannot be "
			"expressed with cgroup v1: a wider rule before it says the opposite",
			r->index, r->allow ? "allow" : "deny", device_rule_text(p->a, r));

	if (wide->index == DEVICE_DEFAULT)
		return err_hint(e, "it is inside the default rule `allow %s`",
				device_rule_text(p->a, wide));
	return err_hint(e, "replace linux.resources.devices[%zu] by rules without that device",
			wide->index);
}

static struct err *check_holes(struct planner *p, const struct device_policy *policy)
{
	for (size_t i = 0; i < policy->n; i++) {
		const struct device_rule *r = &policy->v[i];

		if (r->allow != policy->allow)
			continue;
		for (size_t k = 0; k < i; k++) {
			const struct device_rule *wide = &policy->v[k];

			if (wide->allow != r->allow && device_rules_overlap(wide, r) &&
			    !narrows_mknod_only(r, wide))
				return refuse_hole(p, r, wide);
		}
	}
	return NULL;
}

struct err *device_policy_plan_v1(struct planner *p, size_t dir, const struct device_policy *policy)
{
	struct cgroup_write *w;

	TRY(check_holes(p, policy));
	w = ctl_write(p, dir, policy->allow ? "devices.allow" : "devices.deny", member, "a");
	/* Below a cgroup that does not allow everything, everything means what that one has. */
	w->is_optional = policy->allow;
	for (size_t i = 0; i < policy->n; i++) {
		const struct device_rule *r = &policy->v[i];

		if (r->allow == policy->allow)
			continue;
		w = ctl_write(p, dir, r->allow ? "devices.allow" : "devices.deny", member, "%s",
			      device_rule_text(p->a, r));
		w->is_optional = r->index == DEVICE_DEFAULT;
	}
	return NULL;
}

static int64_t parse_number(const char *s)
{
	return *s == '*' ? DEVICE_ANY : strtoll(s, NULL, 10);
}

/* "c 1:3 rwm" */
static bool parse_rule(const char *line, struct device_rule *ret)
{
	char major[16], minor[16], access[8], type;

	if (sscanf(line, "%c %15[0-9*]:%15[0-9*] %7[rwm]", &type, major, minor, access) != 4)
		return false;
	*ret = (struct device_rule){ .allow = true, .type = type, .index = DEVICE_DEFAULT };
	ret->major = parse_number(major);
	ret->minor = parse_number(minor);
	ret->access = (strchr(access, 'r') ? DEVICE_READ : 0U) |
		      (strchr(access, 'w') ? DEVICE_WRITE : 0U) |
		      (strchr(access, 'm') ? DEVICE_MKNOD : 0U);
	return true;
}

static size_t count_lines(const char *s)
{
	size_t n = 1;

	for (; *s; s++)
		n += *s == '\n';
	return n;
}

void device_policy_parse(struct arena *a, const char *text, struct device_policy *ret)
{
	*ret = (struct device_policy){ .v = arena_array(a, struct device_rule, count_lines(text)) };
	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		struct device_rule r;

		if (!parse_rule(s, &r))
			continue;
		if (r.type == 'a')
			ret->allow = true;
		else
			ret->v[ret->n++] = r;
	}
}

static bool read_list(struct arena *a, const struct ctl_target *t, struct device_policy *ret)
{
	auto_close int dir = cgdir_open(t->at);
	auto_free char *text = NULL;
	auto_close int fd = -EBADF;

	fd = dir < 0 ? -EBADF : openat(dir, "devices.list", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	text = xcalloc(LIST_SIZE, 1);
	if (fd_read_all(fd, text, LIST_SIZE - 1) < 0)
		return false;
	device_policy_parse(a, text, ret);
	return true;
}

/* What the rules of P that allow leave of R, when type and numbers have to be the same. */
static unsigned not_allowed_by(const struct device_policy *p, const struct device_rule *r)
{
	unsigned left = r->access;

	for (size_t i = 0; i < p->n; i++) {
		const struct device_rule *o = &p->v[i];

		if (o->allow && o->type == r->type && o->major == r->major && o->minor == r->minor)
			left &= ~o->access;
	}
	return left;
}

static void write_missing(struct planner *p, const struct ctl_target *t, const char *file,
			  const struct device_policy *wanted, const struct device_policy *there)
{
	for (size_t i = 0; i < wanted->n; i++) {
		struct device_rule r = wanted->v[i];
		struct cgroup_write *w;

		if (!r.allow)
			continue;
		r.access = not_allowed_by(there, &r);
		if (!r.access)
			continue;
		w = ctl_write(p, t->dir, file, member, "%s", device_rule_text(p->a, &r));
		w->is_optional = r.index == DEVICE_DEFAULT;
	}
}

struct err *device_policy_update_v1(struct planner *p, const struct ctl_target *t,
				    const struct device_policy *policy)
{
	struct device_policy now = { 0 };

	/* What a list that allows everything leaves out is not told: it has to be written anew. */
	if (policy->allow || !read_list(p->a, t, &now) || now.allow)
		return device_policy_plan_v1(p, t->dir, policy);
	TRY(check_holes(p, policy));
	write_missing(p, t, "devices.allow", policy, &now);
	write_missing(p, t, "devices.deny", &now, policy);
	return NULL;
}
