/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids, groups, capabilities: see cred.h.
 *
 * The system calls are made directly: libcap's objects would only stand between the plan's bit
 * masks and the kernel's.
 */
#include "os/cred.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/limits.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "base/str.h"
#include "spec/spec.h"

struct cap_sets {
	uint64_t permitted, effective, inheritable;
};

static int caps_get(struct cap_sets *ret)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	ret->permitted = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	ret->effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	ret->inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
	return 0;
}

static int caps_set(const struct cap_sets *sets)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)sets->effective, (uint32_t)sets->permitted,
		  (uint32_t)sets->inheritable },
		{ (uint32_t)(sets->effective >> 32), (uint32_t)(sets->permitted >> 32),
		  (uint32_t)(sets->inheritable >> 32) },
	};

	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

/* "CAP_CHOWN, CAP_KILL" */
static void cap_names(uint64_t mask, struct str *out)
{
	for (int cap = 0; cap < 64; cap++) {
		const char *name;

		if (!(mask & (uint64_t)1 << cap))
			continue;
		name = word_name(capability_words, cap);
		if (name)
			str_addf(out, "%s%s", out->len ? ", " : "", name);
		else
			str_addf(out, "%scapability %d", out->len ? ", " : "", cap);
	}
}

struct cap_parser {
	int last; /* highest capability of this kernel */
	struct strv unknown;
};

static uint64_t parse_caps(struct cap_parser *p, const struct spec_strings *names)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < names->n; i++) {
		int cap = capability_parse(names->v[i]);
		bool listed = false;

		if (cap >= 0 && cap <= p->last) {
			mask |= (uint64_t)1 << cap;
			continue;
		}
		for (size_t k = 0; k < p->unknown.n && !listed; k++)
			listed = streq(p->unknown.v[k], names->v[i]);
		if (!listed)
			strv_add(&p->unknown, names->v[i]);
	}
	return mask;
}

static void warn_unknown(const struct strv *unknown)
{
	auto_str struct str list = { 0 };

	if (unknown->n == 0)
		return;
	for (size_t i = 0; i < unknown->n; i++)
		str_addf(&list, "%s%s", i ? " " : "", unknown->v[i]);
	log_warn("ignoring unknown or unavailable capabilities: [%s]", list.s);
}

/* The kernel raises an ambient capability only when it is permitted and inheritable. */
static void drop_lost_ambient(struct cred_plan *plan)
{
	uint64_t lost = plan->ambient & ~(plan->permitted & plan->inheritable);

	for (int cap = 0; cap < 64; cap++) {
		if (lost & (uint64_t)1 << cap)
			log_warn("can't raise ambient capability %s: operation not permitted",
				 word_name(capability_words, cap));
	}
	plan->ambient &= ~lost;
}

static struct err *plan_caps(const struct spec_capabilities *caps, struct cred_plan *plan)
{
	struct cap_parser p = { .last = capability_last() };
	auto_str struct str names = { 0 };

	plan->bounding = parse_caps(&p, &caps->bounding);
	plan->effective = parse_caps(&p, &caps->effective);
	plan->permitted = parse_caps(&p, &caps->permitted);
	plan->inheritable = parse_caps(&p, &caps->inheritable);
	plan->ambient = parse_caps(&p, &caps->ambient);
	warn_unknown(&p.unknown);
	strv_done(&p.unknown);

	if (plan->effective & ~plan->permitted) {
		cap_names(plan->effective & ~plan->permitted, &names);
		return err_new(ERR_INVALID,
			       "process.capabilities.effective: %s: must be in permitted too",
			       names.s);
	}
	drop_lost_ambient(plan);
	return NULL;
}

static struct err *plan_user(struct arena *a, const struct spec_user *user, struct cred_plan *plan)
{
	if (user->uid == (uid_t)-1)
		return err_new(ERR_INVALID, "process.user.uid: %u is not an id", user->uid);
	if (user->gid == (gid_t)-1)
		return err_new(ERR_INVALID, "process.user.gid: %u is not an id", user->gid);
	if (user->n_additional_gids > NGROUPS_MAX)
		return err_new(ERR_INVALID,
			       "process.user.additionalGids: %zu groups, the kernel takes %d",
			       user->n_additional_gids, NGROUPS_MAX);
	if (user->umask.set && user->umask.value > 0777)
		return err_new(ERR_INVALID, "process.user.umask: %#o is above 0777",
			       (unsigned)user->umask.value);
	plan->uid = user->uid;
	plan->gid = user->gid;
	if (user->umask.set)
		plan->umask = (mode_t)user->umask.value;
	plan->n_groups = user->n_additional_gids;
	plan->groups = arena_array(a, gid_t, plan->n_groups);
	for (size_t i = 0; i < plan->n_groups; i++) {
		if (user->additional_gids[i] == (gid_t)-1)
			return err_new(ERR_INVALID,
				       "process.user.additionalGids[%zu]: %u is not an id", i,
				       user->additional_gids[i]);
		plan->groups[i] = user->additional_gids[i];
	}
	return NULL;
}

struct err *cred_plan_make(struct arena *a, const struct spec_process *process, bool keep_groups,
			   struct cred_plan *ret)
{
	/* A process of unknown origin gets the umask every shell has. */
	struct cred_plan plan = { .keep_groups = keep_groups, .has_umask = true, .umask = 022 };

	if (process && process->user)
		TRY(plan_user(a, process->user, &plan));
	if (process && process->capabilities)
		TRY(plan_caps(process->capabilities, &plan));
	plan.no_new_privs = process && process->no_new_privileges.set &&
			    process->no_new_privileges.value;
	*ret = plan;
	return NULL;
}

/*
 * What this runtime does not have it cannot give.  The specification wants a warning for that, not
 * a failure: a runtime in a restricted environment still runs what asks for everything
 * (--privileged).
 */
static struct cred_plan leave_out_missing(const struct cred_plan *plan, const struct cap_sets *have)
{
	struct cred_plan p = *plan;
	uint64_t missing = (p.effective | p.permitted) & ~have->permitted;
	auto_str struct str names = { 0 };

	if (!missing)
		return p;
	cap_names(missing, &names);
	log_warn("process.capabilities: %s: left out, this runtime does not have it to give",
		 names.s);
	p.effective &= have->permitted;
	p.permitted &= have->permitted;
	p.inheritable &= have->permitted;
	p.ambient &= have->permitted;
	return p;
}

static struct err *drop_bounding(uint64_t keep)
{
	for (int cap = 0; cap < 64; cap++) {
		int in;

		if (keep & (uint64_t)1 << cap)
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		/* The first number the kernel does not know. */
		if (errno == EINVAL)
			break;
		in = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (in < 0)
			break;
		if (in == 0)
			continue;
		return err_hint(err_sys(-EPERM, "process.capabilities.bounding: drop %s",
					word_name(capability_words, cap)),
				"the runtime needs CAP_SETPCAP");
	}
	return NULL;
}

/* Is all that was asked for there with the group itself? */
static bool groups_are_met(const struct cred_plan *plan)
{
	for (size_t i = 0; i < plan->n_groups; i++) {
		if (plan->groups[i] != plan->gid)
			return false;
	}
	return true;
}

static struct err *set_groups(const struct cred_plan *plan, bool may)
{
	struct err *e;

	if (plan->keep_groups || setgroups(plan->n_groups, plan->groups) == 0)
		return NULL;
	/* The right is there and of no use: a user namespace of a single id.  Nobody can have
	 * groups. */
	if (errno == EPERM && may) {
		if (!groups_are_met(plan))
			log_warn(
				"process.user.additionalGids: are not set: setgroups is denied in this user namespace");
		return NULL;
	}
	e = err_sys(-errno, "process.user.additionalGids: setgroups");
	if (err_errno(e) == EINVAL)
		e = err_hint(e, "each group must be mapped in linux.gidMappings");
	return e;
}

static struct err *set_ids(const struct cred_plan *plan)
{
	struct err *e;

	if (setresgid(plan->gid, plan->gid, plan->gid) < 0) {
		e = err_sys(-errno, "process.user.gid: setresgid to `%u`", plan->gid);
		return err_errno(e) == EINVAL ? err_hint(e, "linux.gidMappings does not map it")
					      : e;
	}
	if (setresuid(plan->uid, plan->uid, plan->uid) < 0) {
		e = err_sys(-errno, "process.user.uid: setresuid to `%u`", plan->uid);
		return err_errno(e) == EINVAL ? err_hint(e, "linux.uidMappings does not map it")
					      : e;
	}
	return NULL;
}

static struct err *set_ambient(uint64_t ambient)
{
	/* EINVAL: a kernel before 4.3 has no such set. */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    (errno != EINVAL || ambient))
		return err_sys(-errno, "process.capabilities.ambient: clear");
	for (int cap = 0; cap < 64; cap++) {
		if ((ambient & (uint64_t)1 << cap) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_sys(-errno, "process.capabilities.ambient: raise %s",
				       word_name(capability_words, cap));
	}
	return NULL;
}

static struct err *explain_capset(int neg_errno, const struct cred_plan *plan)
{
	auto_str struct str names = { 0 };
	uint64_t outside = plan->inheritable & ~plan->bounding;

	if (neg_errno == -EPERM && outside) {
		cap_names(outside, &names);
		return err_sys(neg_errno,
			       "process.capabilities.inheritable: %s: must be in bounding too",
			       names.s);
	}
	return err_sys(neg_errno, "process.capabilities: capset");
}

static struct err *verify_ids(const struct cred_plan *plan)
{
	uid_t u[3];
	gid_t g[3];

	if (getresuid(&u[0], &u[1], &u[2]) < 0 || getresgid(&g[0], &g[1], &g[2]) < 0)
		return err_sys(-errno, "read back the user and group id");
	for (int i = 0; i < 3; i++) {
		if (u[i] != plan->uid || g[i] != plan->gid)
			return err_new(ERR_INTERNAL,
				       "user and group are %u:%u after the change to %u:%u", u[i],
				       g[i], plan->uid, plan->gid);
	}
	return NULL;
}

static struct err *verify_caps(const struct cred_plan *plan)
{
	struct cap_sets have = { 0 };
	uint64_t bounding = 0;
	uint64_t ambient = 0;

	TRY_SYS(caps_get(&have), "read back the capabilities");
	for (int cap = 0; cap < 64; cap++) {
		uint64_t bit = (uint64_t)1 << cap;
		int in = 0;

		/* A bounding set is a limit: what was asked for may be there or not. */
		if (!(plan->bounding & bit))
			in = prctl(PR_CAPBSET_READ, cap, 0, 0, 0);
		if (in < 0)
			break;
		bounding |= (uint64_t)in << cap;
		/* capabilities(7): ambient is never more than permitted and inheritable. */
		if ((have.permitted & have.inheritable & bit) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			ambient |= bit;
	}
	if (have.permitted == plan->permitted && have.effective == plan->effective &&
	    have.inheritable == plan->inheritable && ambient == plan->ambient && !bounding)
		return NULL;
	return err_new(
		ERR_INTERNAL,
		"the capabilities differ from the config after they were set: permitted %#llx, effective %#llx, inheritable %#llx, too many in bounding %#llx, ambient %#llx",
		(unsigned long long)have.permitted, (unsigned long long)have.effective,
		(unsigned long long)have.inheritable, (unsigned long long)bounding,
		(unsigned long long)ambient);
}

struct err *cred_apply(const struct cred_plan *wanted)
{
	struct cap_sets sets = { 0 };
	struct cred_plan possible;
	const struct cred_plan *plan = &possible;
	int rc;

	TRY_SYS(caps_get(&sets), "read the runtime's capabilities");
	possible = leave_out_missing(wanted, &sets);
	TRY(drop_bounding(plan->bounding));
	TRY(set_groups(plan, sets.effective & (uint64_t)1 << CAP_SETGID));
	/* Otherwise the change of the user would empty the permitted set. */
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(-errno, "keep capabilities over the change of the user");
	TRY(set_ids(plan));
	sets = (struct cap_sets){ plan->permitted, plan->effective, plan->inheritable };
	rc = caps_set(&sets);
	if (rc < 0)
		return explain_capset(rc, plan);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return err_sys(-errno, "stop keeping capabilities");
	TRY(set_ambient(plan->ambient));
	if (plan->has_umask)
		umask(plan->umask);
	TRY(verify_ids(plan));
	return verify_caps(plan);
}

struct err *cred_no_new_privs(const struct cred_plan *plan)
{
	if (!plan->no_new_privs)
		return NULL;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(-errno, "process.noNewPrivileges: set");
	if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		return err_new(ERR_INTERNAL, "process.noNewPrivileges: is off after it was set");
	return NULL;
}

bool cred_can_setgroups(int proc_fd)
{
	char buf[16];

	/* No such file: a kernel before 3.19, which always allows it. */
	return file_read_line_at(proc_fd, "self/setgroups", buf, sizeof(buf)) < 0 ||
	       !streq(buf, "deny");
}
