/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel can do: see probe.h.
 */
#include "os/probe.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "base/proc.h"
#include "base/sys.h"
#include "os/mount-api.h"
#include "os/mount-idmap.h"

/* Any other answer comes from behind the door: the call is there. */
static int is_there(int rc)
{
	return rc == -ENOSYS || rc == -EPERM ? rc : 0;
}

static int close_if(int fd)
{
	fd_close(fd);
	return is_there(fd);
}

static int ask_openat2(void)
{
	return close_if(sys_openat2(AT_FDCWD, "/", O_PATH | O_CLOEXEC, 0, 0));
}

static int ask_clone3(void)
{
	return is_there(syscall(SYS_clone3, NULL, 0) < 0 ? -errno : 0);
}

static int ask_pidfd_open(void)
{
	return close_if(sys_pidfd_open(getpid(), 0));
}

static int ask_pidfd_send_signal(void)
{
	return is_there(sys_pidfd_send_signal(-EBADF, 0));
}

static int ask_close_range(void)
{
	return is_there(sys_close_range(~0U, ~0U, 0));
}

static int ask_open_tree(void)
{
	return close_if(sys_open_tree(AT_FDCWD, "/", OPEN_TREE_CLOEXEC));
}

/* These ask for rights first, so only "no such call" is an answer. */
static int is_known(int rc)
{
	return rc == -ENOSYS ? rc : 0;
}

static int ask_move_mount(void)
{
	return is_known(sys_move_mount(-EBADF, "", -EBADF, "", ~0U));
}

static int ask_fsopen(void)
{
	int fd = sys_fsopen("", FSOPEN_CLOEXEC);

	fd_close(fd);
	return is_known(fd);
}

static int ask_mount_setattr(void)
{
	struct mount_attr attr = { 0 };

	return is_known(sys_mount_setattr(-EBADF, "", ~0U, &attr));
}

#define OLD_MOUNTS "mount(2) by the paths of open descriptors"

const struct probe_call probe_calls[] = {
	{ "openat2", "5.6", "paths are walked one component at a time", ask_openat2 },
	{ "clone3", "5.3", "clone(2), and no start inside a v2 cgroup", ask_clone3 },
	{ "pidfd_open", "5.3", "processes are told apart by pid and start time", ask_pidfd_open },
	{ "pidfd_send_signal", "5.1", "kill(2), right after the start time was compared",
	  ask_pidfd_send_signal },
	{ "close_range", "5.9", "descriptors are closed one at a time", ask_close_range },
	{ "open_tree", "5.2", OLD_MOUNTS, ask_open_tree },
	{ "move_mount", "5.2", OLD_MOUNTS, ask_move_mount },
	{ "fsopen", "5.2", OLD_MOUNTS, ask_fsopen },
	{ "mount_setattr", "5.12", "no id-mapped mounts and no recursive read-only",
	  ask_mount_setattr },
	{ NULL, NULL, NULL, NULL },
};

int probe_user_namespace(void)
{
	pid_t pid = sys_clone3(CLONE_NEWUSER, -EBADF, NULL);

	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return pid;
	proc_reap(pid);
	return 0;
}

struct err *probe_idmapped_mount(const char *path)
{
	struct spec_id_mapping row = { .container_id = 0, .host_id = 1, .size = 1 };
	struct mount_plan m = { .idmap = { .wanted = true } };
	auto_close int at = host_open(path, O_PATH | O_DIRECTORY);
	auto_close int tree = -EBADF;

	TRY_SYS(at, "open %s", path);
	tree = tree_clone(at, "", 0);
	TRY_SYS(tree, "clone the mount of %s", path);
	m.idmap.uids = m.idmap.gids = (struct spec_id_mappings){ true, 1, &row };
	return mount_idmap_apply(&m, tree);
}

bool probe_seccomp(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 || errno != EINVAL;
}

bool probe_seccomp_action(const char *action)
{
	char buf[256];
	char *rest;

	if (file_read_line("/proc/sys/kernel/seccomp/actions_avail", buf, sizeof(buf)) <= 0)
		return false;
	for (char *s = strtok_r(buf, " ", &rest); s; s = strtok_r(NULL, " ", &rest))
		if (streq(s, action))
			return true;
	return false;
}

/* Without securityfs the modules have traces of their own. */
void probe_lsm(char *buf, size_t size)
{
	char line[64];

	if (file_read_line("/sys/kernel/security/lsm", buf, size) > 0)
		return;
	buf[0] = '\0';
	if (file_read_line("/sys/module/apparmor/parameters/enabled", line, sizeof(line)) > 0 &&
	    line[0] == 'Y')
		snprintf(buf, size, "apparmor");
	if (file_read_line("/sys/fs/selinux/enforce", line, sizeof(line)) > 0)
		snprintf(buf, size, "selinux");
}
