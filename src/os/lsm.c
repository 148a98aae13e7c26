/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Labels of the process for the next exec: see lsm.h.
 */
#include "os/lsm.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "spec/spec.h"

enum { LABEL_MAX = 4096 };

static bool has_apparmor(void)
{
	char buf[8];

	return file_read_line("/sys/module/apparmor/parameters/enabled", buf, sizeof(buf)) > 0 &&
	       buf[0] == 'Y';
}

static bool has_selinux(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && (unsigned long)fs.f_type == SELINUX_MAGIC;
}

static bool is_label(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] < ' ')
			return false;
	}
	return n < LABEL_MAX;
}

struct err *lsm_plan_make(const char *apparmor, const char *selinux, struct lsm_plan *ret)
{
	struct lsm_plan plan = { 0 };

	if (apparmor && *apparmor) {
		if (!is_label(apparmor))
			return err_new(ERR_INVALID,
				       "process.apparmorProfile: is not a profile's name");
		/* Engines write "unconfined" without looking whether there is anything to confine.
		 */
		if (has_apparmor())
			plan.apparmor = apparmor;
		else if (!streq(apparmor, "unconfined"))
			return err_new(
				ERR_UNSUPPORTED,
				"process.apparmorProfile: apparmor: config provided but apparmor not supported");
	}
	if (selinux && *selinux) {
		if (!is_label(selinux))
			return err_new(ERR_INVALID, "process.selinuxLabel: is not a label");
		if (!has_selinux())
			return err_new(ERR_UNSUPPORTED,
				       "process.selinuxLabel: SELinux is not enabled on this host");
		plan.selinux = selinux;
	}
	*ret = plan;
	return NULL;
}

const char *lsm_mount_label(const struct spec *spec)
{
	const char *label = spec->linux_ ? spec->linux_->mount_label : NULL;

	return label && *label && has_selinux() ? label : NULL;
}

struct err *lsm_check_mount_label(const char *label)
{
	if (!label || !*label)
		return NULL;
	/* It stands in quotes among the options of a mount. */
	if (!is_label(label) || strchr(label, '"'))
		return err_new(ERR_INVALID, "linux.mountLabel: is not a label");
	/* As with crun: without the module no label protects anything. */
	if (!has_selinux())
		log_warn("linux.mountLabel is ignored: SELinux is not enabled on this host");
	return NULL;
}

/* Opens an attribute of this very thread; the procfs must be one all the way down. */
static int open_attr(int proc_fd, const char *name, int flags)
{
	auto_free char *path = str_format("thread-self/attr/%s", name);
	int fd = openat(proc_fd, path, flags | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC) {
		fd_close(fd);
		return -EXDEV;
	}
	return fd;
}

static int read_attr(int proc_fd, const char *name, char *buf, size_t size)
{
	auto_close int fd = open_attr(proc_fd, name, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return (int)n;
}

static int write_attr(int proc_fd, const char *name, const char *text)
{
	auto_close int fd = open_attr(proc_fd, name, O_WRONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = write(fd, text, strlen(text));
	if (n < 0)
		return -errno;
	return (size_t)n == strlen(text) ? 0 : -EIO;
}

/* Before Linux 5.8 the files are not in a directory of the module. */
static const char *apparmor_file(int proc_fd, const char *in_dir, const char *plain)
{
	int fd = open_attr(proc_fd, in_dir, O_RDONLY);

	fd_close(fd);
	return fd == -ENOENT ? plain : in_dir;
}

static bool is_confined(int proc_fd)
{
	char now[LABEL_MAX];
	const char *file = apparmor_file(proc_fd, "apparmor/current", "current");

	return read_attr(proc_fd, file, now, sizeof(now)) > 0 && !str_starts(now, "unconfined");
}

static struct err *apply_apparmor(const struct lsm_plan *plan, int proc_fd)
{
	/* With no_new_privs the kernel lets a confined process only narrow its profile. */
	bool stack = plan->no_new_privs && is_confined(proc_fd);
	const char *file = apparmor_file(proc_fd, "apparmor/exec", "exec");
	auto_free char *text = str_format("%s %s", stack ? "stack" : "exec", plan->apparmor);
	char now[LABEL_MAX];
	size_t n = strlen(plan->apparmor);
	int rc = write_attr(proc_fd, file, text);

	if (rc == -ENOENT)
		return err_hint(err_sys(rc, "process.apparmorProfile: `%s`", plan->apparmor),
				"the profile is not loaded: apparmor_parser");
	TRY_SYS(rc, "process.apparmorProfile: write `%s` to `/proc/thread-self/attr/%s`", text,
		file);
	rc = read_attr(proc_fd, file, now, sizeof(now));
	if (rc < 0 || (!stack && (strncmp(now, plan->apparmor, n) != 0 || !strchr(" \n", now[n]))))
		return err_new(ERR_SYSTEM, "process.apparmorProfile: `%s` did not take effect",
			       plan->apparmor);
	return NULL;
}

static struct err *apply_selinux(const struct lsm_plan *plan, int proc_fd)
{
	char now[LABEL_MAX];
	int rc = write_attr(proc_fd, "exec", plan->selinux);

	TRY_SYS(rc, "process.selinuxLabel: write `%s` to `/proc/thread-self/attr/exec`",
		plan->selinux);
	rc = read_attr(proc_fd, "exec", now, sizeof(now));
	if (rc < 0 || !streq(now, plan->selinux))
		return err_new(ERR_SYSTEM, "process.selinuxLabel: `%s` did not take effect",
			       plan->selinux);
	return NULL;
}

struct err *lsm_apply(const struct lsm_plan *plan, int proc_fd)
{
	if (plan->apparmor)
		TRY(apply_apparmor(plan, proc_fd));
	if (plan->selinux)
		TRY(apply_selinux(plan, proc_fd));
	return NULL;
}

struct err *lsm_label_keyring(const struct lsm_plan *plan, int proc_fd)
{
	int rc;

	if (!plan->selinux)
		return NULL;
	rc = write_attr(proc_fd, "keycreate", plan->selinux);
	if (rc == -ENOENT)
		return NULL;
	TRY_SYS(rc, "process.selinuxLabel: write `%s` to `/proc/thread-self/attr/keycreate`",
		plan->selinux);
	return NULL;
}
