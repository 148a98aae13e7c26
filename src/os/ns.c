/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces: see ns.h.
 */
#include "os/ns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/log.h"
#include "base/names.h"
#include "base/proc.h"
#include "base/sock.h"
#include "base/sys.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const uint64_t ns_flags[NS_TYPES] = {
	[NS_USER] = CLONE_NEWUSER,     [NS_MOUNT] = CLONE_NEWNS,  [NS_PID] = CLONE_NEWPID,
	[NS_NETWORK] = CLONE_NEWNET,   [NS_IPC] = CLONE_NEWIPC,   [NS_UTS] = CLONE_NEWUTS,
	[NS_CGROUP] = CLONE_NEWCGROUP, [NS_TIME] = CLONE_NEWTIME,
};

uint64_t ns_flag(enum ns_type type)
{
	return ns_flags[type];
}

const char *ns_name(enum ns_type type)
{
	return word_name(namespace_words, type);
}

static const char *ns_name_of_flag(int flag)
{
	for (int t = 0; t < NS_TYPES; t++) {
		if (ns_flags[t] == (uint64_t)flag)
			return ns_name(t);
	}
	return "unknown";
}

static struct err *plan_namespaces(struct arena *a, const struct spec_linux *l,
				   struct ns_plan *plan)
{
	bool seen[NS_TYPES] = { false };

	for (size_t i = 0; i < l->n_namespaces; i++) {
		const struct spec_namespace *ns = &l->namespaces[i];

		if (seen[ns->type])
			return err_new(ERR_INVALID,
				       "linux.namespaces[%zu].type: %s is listed twice", i,
				       ns_name(ns->type));
		seen[ns->type] = true;
		plan->index[ns->type] = i;
		if (ns->path) {
			plan->join[ns->type] = arena_str(a, ns->path);
			plan->joins_any = true;
		} else if (ns->type == NS_USER) {
			plan->new_user = true;
		} else if (ns->type == NS_CGROUP) {
			plan->new_cgroup = true;
		} else if (ns->type == NS_TIME) {
			plan->new_time = true;
		} else {
			plan->new_flags |= ns_flag(ns->type);
		}
	}
	return NULL;
}

static struct err *plan_offsets(const struct spec_linux *l, struct ns_plan *plan)
{
	if (l->time_offsets)
		plan->offsets = *l->time_offsets;
	plan->has_offsets = plan->offsets.boottime.set || plan->offsets.monotonic.set;
	if (!plan->has_offsets || plan->new_time)
		return NULL;
	if (plan->join[NS_TIME])
		return err_new(
			ERR_INVALID,
			"linux.timeOffsets: the clocks of a time namespace that is joined by path cannot be changed");
	return err_new(ERR_INVALID,
		       "linux.timeOffsets: needs a new time namespace in linux.namespaces");
}

/* Mappings that have no user namespace to go to must not vanish without a word. */
static struct err *refuse_lost_mappings(const struct spec_linux *l, const struct ns_plan *plan)
{
	if (plan->new_user || plan->join[NS_USER] ||
	    (l->uid_mappings.n == 0 && l->gid_mappings.n == 0))
		return NULL;
	return err_new(ERR_INVALID, "linux.%s: needs a user namespace in linux.namespaces",
		       l->uid_mappings.n > 0 ? "uidMappings" : "gidMappings");
}

/* Where the container's root lies on the host, as far as the config tells. */
static void plan_root(const struct spec_linux *l, struct ns_plan *plan)
{
	const struct spec_id_mapping *uid = plan->idmap.uid;
	const struct spec_id_mapping *gid = plan->idmap.gid;
	size_t n_uid = plan->idmap.n_uid;
	size_t n_gid = plan->idmap.n_gid;

	plan->root_is_mapped = true;
	if (plan->join[NS_USER]) {
		uid = l->uid_mappings.v;
		gid = l->gid_mappings.v;
		n_uid = l->uid_mappings.n;
		n_gid = l->gid_mappings.n;
		if (n_uid == 0 && n_gid == 0)
			return;
	} else if (!plan->new_user) {
		return;
	}
	plan->root_is_mapped = idmap_to_host(uid, n_uid, 0, &plan->root_uid) &&
			       idmap_to_host(gid, n_gid, 0, &plan->root_gid);
}

struct err *ns_plan_make(struct arena *a, const struct spec *spec, bool auto_userns,
			 struct ns_plan *ret)
{
	static const struct spec_linux none;
	const struct spec_linux *l = spec->linux_ ? spec->linux_ : &none;
	struct ns_plan plan = { 0 };

	TRY(plan_namespaces(a, l, &plan));
	TRY(plan_offsets(l, &plan));
	if (auto_userns && geteuid() != 0 && !plan.new_user && !plan.join[NS_USER]) {
		log_info(
			"the runtime is not root and linux.namespaces has no user namespace: one is added");
		plan.new_user = true;
	}
	TRY(refuse_lost_mappings(l, &plan));
	if (plan.new_user)
		TRY(idmap_plan_make(a, spec, &plan.idmap));
	plan_root(l, &plan);
	*ret = plan;
	return NULL;
}

static struct err *open_joined(const struct ns_plan *plan, enum ns_type type, int *ret_fd)
{
	const char *path = plan->join[type];
	size_t i = plan->index[type];
	auto_close int fd = -EBADF;
	struct statfs fs;
	int found;

	/* O_NONBLOCK: a FIFO must not hold us. */
	fd = openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(-errno, "linux.namespaces[%zu].path: open `%s`", i, path);
	if (fstatfs(fd, &fs) < 0)
		return err_sys(-errno, "linux.namespaces[%zu].path: stat `%s`", i, path);
	if (fs.f_type != NSFS_MAGIC)
		return err_new(ERR_INVALID, "linux.namespaces[%zu].path: `%s` is not a namespace",
			       i, path);
	found = ioctl(fd, NS_GET_NSTYPE);
	/* Before Linux 4.11 the kernel cannot tell; setns(2) with the flag refuses a wrong one. */
	if (found < 0 && errno != ENOTTY)
		return err_sys(-errno, "linux.namespaces[%zu].path: the type of `%s`", i, path);
	if (found > 0 && (uint64_t)found != ns_flag(type))
		return err_new(ERR_INVALID,
			       "linux.namespaces[%zu].path: `%s` is a %s namespace, not a %s one",
			       i, path, ns_name_of_flag(found), ns_name(type));
	*ret_fd = take_fd(&fd);
	return NULL;
}

struct err *ns_open_joined(const struct ns_plan *plan, int ret_fds[NS_TYPES])
{
	struct err *e = NULL;

	for (int t = 0; t < NS_TYPES; t++)
		ret_fds[t] = -EBADF;
	for (int t = 0; t < NS_TYPES && !e; t++) {
		if (plan->join[t])
			e = open_joined(plan, t, &ret_fds[t]);
	}
	for (int t = 0; t < NS_TYPES && e; t++)
		fd_close(take_fd(&ret_fds[t]));
	return e;
}

/*
 * A process that is not dumpable does not own its files below /proc: they belong to the root of the
 * user namespace its binary was started in, which a process in a new user namespace is not.  It is
 * made dumpable for this one open.  Nobody else can look at it by then: its namespaces are new.
 */
static int open_offsets(const struct ns_plan *plan, int proc_fd)
{
	int fd = openat(proc_fd, "self/timens_offsets", O_WRONLY | O_CLOEXEC);
	int dumpable;

	if (fd >= 0)
		return fd;
	fd = -errno;
	dumpable = prctl(PR_GET_DUMPABLE);
	if (fd != -EACCES || dumpable == 1 || plan->join[NS_PID])
		return fd;
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return fd;
	fd = openat(proc_fd, "self/timens_offsets", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		fd = -errno;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) {
		fd_close(fd);
		return -errno;
	}
	return fd;
}

static struct err *write_offsets(const struct ns_plan *plan, int proc_fd)
{
	const struct spec_time_offset *mono = &plan->offsets.monotonic;
	const struct spec_time_offset *boot = &plan->offsets.boottime;
	auto_close int fd = -EBADF;
	char text[128];
	int len = 0;

	if (!plan->has_offsets)
		return NULL;
	if (mono->set)
		len += snprintf(text, sizeof(text), "monotonic %lld %u\n", (long long)mono->secs,
				mono->nanosecs);
	if (boot->set)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "boottime %lld %u\n",
				(long long)boot->secs, boot->nanosecs);
	fd = open_offsets(plan, proc_fd);
	TRY_SYS(fd, "linux.timeOffsets: open /proc/self/timens_offsets");
	/* The kernel wants both clocks in one write. */
	TRY_SYS(fd_write_all(fd, text, (size_t)len), "linux.timeOffsets: set the clocks");
	return NULL;
}

struct err *ns_new_time(const struct ns_plan *plan, int proc_fd)
{
	auto_close int fd = -EBADF;

	if (!plan->new_time)
		return NULL;
	if (unshare(CLONE_NEWTIME) < 0)
		return err_hint(err_sys(-errno, "create the time namespace"),
				"time namespaces need Linux 5.6");
	TRY(write_offsets(plan, proc_fd));
	/* unshare(2) is for the children only; the next program of this very process has to be in
	 * it. */
	fd = openat(proc_fd, "self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(-errno, "open the new time namespace");
	if (setns(fd, CLONE_NEWTIME) < 0)
		return err_sys(-errno, "enter the new time namespace");
	return NULL;
}

static struct err *explain_set_id(int neg_errno, const char *call, unsigned id, const char *member)
{
	struct err *e = err_sys(neg_errno, "%s to `%u`", call, id);

	if (neg_errno == -EINVAL)
		e = err_hint(e, "%s does not map id %u", member, id);
	return e;
}

/*
 * Supplementary groups stay until cred_apply(): run.oci.keep_original_groups wants them, and they
 * may be what lets a rootless runtime reach its files.
 */
struct err *ns_become_root(const struct ns_plan *plan, uid_t uid, gid_t gid)
{
	if (!plan->new_user && !plan->join[NS_USER])
		return NULL;
	if (plan->root_is_mapped)
		uid = gid = 0;
	if (setresgid(gid, gid, gid) < 0)
		return explain_set_id(-errno, "setresgid", gid, "linux.gidMappings");
	if (setresuid(uid, uid, uid) < 0)
		return explain_set_id(-errno, "setresuid", uid, "linux.uidMappings");
	return NULL;
}

struct err *netns_loopback_up(void)
{
	/* Any socket takes the call; AF_UNIX needs no IPv4 in the kernel. */
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo" };

	if (fd < 0)
		return err_sys(-errno, "open a socket for the loopback interface");
	if (ioctl(fd, SIOCGIFFLAGS, &ifr) < 0)
		return err_sys(-errno, "read the flags of the loopback interface");
	ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP | IFF_RUNNING);
	if (ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_sys(-errno, "bring up the loopback interface");
	return NULL;
}

/* Only a member can read a user namespace's maps, so a child enters it and the parent reads. */
static int read_root_of(pid_t pid, const char *map, uint32_t *ret, bool *ret_mapped)
{
	char path[64];
	char text[4096];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, map);
	if (file_read_line(path, text, sizeof(text)) < 0)
		return -errno;
	*ret_mapped = idmap_text_root(text, ret);
	return 0;
}

struct err *ns_root_of(int userns_fd, uid_t *ret_uid, gid_t *ret_gid, bool *ret_mapped)
{
	bool has_uid = false;
	bool has_gid = false;
	int link[2];
	char ok = 0;
	pid_t pid;
	int rc;

	TRY_SYS(sock_pair(link), "make a socket pair");
	pid = sys_clone3(0, -EBADF, NULL);
	if (pid == 0) {
		ok = setns(userns_fd, CLONE_NEWUSER) == 0;
		fd_close(link[0]);
		/* Stays until the parent hangs up. */
		if (write(link[1], &ok, 1) == 1)
			(void)!read(link[1], &ok, 1);
		_exit(0);
	}
	fd_close(link[1]);
	rc = pid < 0 ? pid : 0;
	if (rc == 0 && (read(link[0], &ok, 1) != 1 || !ok))
		rc = -EPERM;
	if (rc == 0)
		rc = read_root_of(pid, "uid_map", ret_uid, &has_uid);
	if (rc == 0)
		rc = read_root_of(pid, "gid_map", ret_gid, &has_gid);
	fd_close(link[0]);
	if (pid > 0)
		proc_reap(pid);
	TRY_SYS(rc, "read the id mappings of the joined user namespace");
	*ret_mapped = has_uid && has_gid;
	return NULL;
}
