/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making file systems: see mount-fs.h.
 */
#include "os/mount-fs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/path.h"
#include "base/str.h"
#include "os/mount-api.h"
#include "os/mount-idmap.h"
#include "os/mount.h"
#include "os/tmpcopyup.h"

/* mqueue and the like have one super block for many mounts: read-only is the mount's alone. */
static bool is_virtual(const char *type)
{
	static const char *const types[] = { "tmpfs",  "proc",    "sysfs",  "mqueue",
					     "devpts", "cgroup2", "cgroup", "bpf" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (streq(type, types[i]))
			return true;
	return false;
}

static int config_option(int fs_fd, const char *option)
{
	auto_free char *key = str_dup(option);
	char *value = strchr(key, '=');

	if (!value)
		return sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, key, NULL, 0);
	*value++ = '\0';
	return sys_fsconfig(fs_fd, FSCONFIG_SET_STRING, key, value, 0);
}

/* Splits at commas outside double quotes: an SELinux label may have one. */
static int config_data(int fs_fd, const char *data)
{
	while (data && *data) {
		bool quoted = false;
		size_t n = 0;
		int rc;

		for (; data[n] && (quoted || data[n] != ','); n++)
			if (data[n] == '"')
				quoted = !quoted;
		if (n > 0) {
			auto_free char *option = str_dup_n(data, n);

			rc = config_option(fs_fd, option);
			if (rc < 0)
				return rc;
		}
		data += n + (data[n] == ',');
	}
	return 0;
}

static int config_flags(int fs_fd, const struct mount_fs *fs)
{
	static const struct {
		unsigned long flag;
		const char *word;
	} words[] = {
		{ MS_SYNCHRONOUS, "sync" },
		{ MS_DIRSYNC, "dirsync" },
		{ MS_MANDLOCK, "mand" },
		{ 1 << 25, "lazytime" },
	};
	int rc;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (!(fs->sb_flags & words[i].flag))
			continue;
		rc = sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, words[i].word, NULL, 0);
		if (rc < 0)
			return rc;
	}
	if ((fs->attrs & MOUNT_ATTR_RDONLY) && !is_virtual(fs->type))
		return sys_fsconfig(fs_fd, FSCONFIG_SET_FLAG, "ro", NULL, 0);
	return 0;
}

/* The kernel's own words about the last mistake: "e tmpfs: Bad value for 'size'". */
static void read_log(int fs_fd, char *log, size_t size)
{
	ssize_t n = read(fs_fd, log, size - 1);

	if (n < 0)
		n = 0;
	while (n > 0 && log[n - 1] == '\n')
		n--;
	log[n] = '\0';
}

int mount_make_fs(const struct mount_fs *fs, char *log, size_t size)
{
	auto_close int fd = -EBADF;
	int rc;

	log[0] = '\0';
	/* These two have no word of their own in the new API. */
	if (fs->sb_flags & (MS_I_VERSION | MS_SILENT))
		return -ENOSYS;
	fd = sys_fsopen(fs->type, FSOPEN_CLOEXEC);
	if (fd < 0)
		return fd;
	rc = fs->source ? sys_fsconfig(fd, FSCONFIG_SET_STRING, "source", fs->source, 0) : 0;
	if (rc == 0)
		rc = config_flags(fd, fs);
	if (rc == 0)
		rc = config_data(fd, fs->data);
	if (rc == 0)
		rc = sys_fsconfig(fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (rc == 0)
		rc = sys_fsmount(fd, FSMOUNT_CLOEXEC, (unsigned)fs->attrs);
	if (rc < 0)
		read_log(fd, log, size);
	return rc;
}

static struct err *explain_fs(int rc, const struct mount_fs *fs, const char *log)
{
	struct err *e = *log ? err_sys(rc, "mount the file system %s (%s)", fs->type, log)
			     : err_sys(rc, "mount the file system %s", fs->type);

	if (rc == -ENODEV)
		e = err_hint(e, "the kernel has no file system `%s`", fs->type);
	return e;
}

struct err *mount_put_fs(const struct mount_fs *fs, int root_fd, const char *path, int target_fd,
			 int *ret_fd)
{
	char log[256];
	auto_close int fd = mount_make_fs(fs, log, sizeof(log));
	unsigned long flags = fs->sb_flags | mount_attr_to_ms(fs->attrs);
	int rc = fd;

	if (fd >= 0) {
		rc = tree_attach(fd, target_fd);
		if (rc == 0) {
			TRY(mount_check_place(root_fd, path, fd));
			*ret_fd = take_fd(&fd);
			return NULL;
		}
		fd_close(take_fd(&fd));
	}
	/* Also for an option that only the old way of parsing takes. */
	if (mount(fs->source ? fs->source : fs->type, fd_path(target_fd).s, fs->type, flags,
		  fs->data) < 0)
		return explain_fs(rc == -ENOSYS ? -errno : rc, fs, log);
	TRY(mount_reopen(root_fd, path, target_fd, &fd));
	*ret_fd = take_fd(&fd);
	return NULL;
}

/*
 * The host's tree, as far as the old calls can make it harmless: they make only its top read-only,
 * so the cgroups below get an empty cover.
 */
static struct err *put_host_view_old(const struct mount_work *w, const char *source, int target_fd,
				     int *ret_fd)
{
	const char *path = w->m->destination;
	auto_free char *cgroups = str_format("%s/fs/cgroup", path);
	auto_close int below = -EBADF;
	auto_close int fd = -EBADF;

	TRY(mount_put_bind(source, true, w->m->top.set & ~(uint64_t)MOUNT_ATTR_RDONLY, w->root_fd,
			   path, target_fd, &fd));
	TRY_SYS(mount_remount_old(fd, MOUNT_ATTR_RDONLY, 0), "make %s read-only", path);
	if (streq(source, "/sys")) {
		below = path_open_in_nolink(w->root_fd, cgroups, O_PATH | O_DIRECTORY);
		if (below >= 0 &&
		    mount("none", fd_path(below).s, "tmpfs", MS_RDONLY, "size=0k") < 0)
			return err_sys(-errno, "cover %s", cgroups);
	}
	*ret_fd = take_fd(&fd);
	return NULL;
}

/*
 * sysfs wants a network namespace of the container's own, procfs a pid namespace.  With a pid
 * namespace the host's /proc would show more than the config allows, so there it stays an error.
 */
static bool has_host_view(const struct mount_work *w)
{
	return w->plan->host_view && w->m->is_proc_or_sysfs &&
	       (streq(w->m->type, "sysfs") || !w->plan->has_pid_ns);
}

static struct err *put_host_view(const struct mount_work *w, int target_fd, int *ret_fd)
{
	const struct mount_plan *m = w->m;
	const char *source = streq(m->type, "sysfs") ? "/sys" : "/proc";
	struct err *e;

	e = mount_put_bind(source, true, m->top.set | MOUNT_ATTR_RDONLY, w->root_fd, m->destination,
			   target_fd, ret_fd);
	if (e && mount_api_missing(-err_errno(e))) {
		err_free(e);
		e = put_host_view_old(w, source, target_fd, ret_fd);
	}
	if (!e)
		log_info("%s %s: shows the host's, read-only", m->where, m->destination);
	return e;
}

/* The options of M for its file system: the mode of what it covers, the label, no unmapped gid. */
static struct err *fs_data(const struct mount_work *w, int target_fd, bool made, char **ret)
{
	const struct mount_plan *m = w->m;
	auto_str struct str data = { 0 };
	struct stat st;

	if (m->data)
		str_add(&data, m->data);
	if (streq(m->type, "tmpfs") && !m->has_mode && !made) {
		if (fstat(target_fd, &st) < 0)
			return err_sys(-errno, "stat the mount point %s", m->destination);
		str_addf(&data, "%smode=%o", data.len ? "," : "", st.st_mode & 07777);
	} else if (streq(m->type, "tmpfs") && !m->has_mode) {
		str_addf(&data, "%smode=755", data.len ? "," : "");
	}
	if (w->plan->mount_label && !m->is_proc_or_sysfs)
		str_addf(&data, "%s%s=\"%s\"", data.len ? "," : "", w->plan->label_option,
			 w->plan->mount_label);
	*ret = data.len ? str_dup(data.s) : NULL;
	return NULL;
}

/* DATA without its gid=5, the group tty; NULL where there is none. */
static char *without_gid(const char *data)
{
	const char *gid = str_starts(data, "gid=5") ? data : strstr(data, ",gid=5");
	const char *after = gid ? strchr(gid, '5') + 1 : NULL;
	size_t before;
	size_t skip;

	if (!gid || (*after && *after != ','))
		return NULL;
	before = (size_t)(gid - data);
	skip = 1 + strcspn(gid + 1, ",");
	if (before == 0 && gid[skip] == ',')
		skip++;
	return str_format("%.*s%s", (int)before, data, gid + skip);
}

static struct err *put_fs(const struct mount_work *w, const struct mount_fs *fs, int target_fd,
			  int *ret_fd)
{
	const struct mount_plan *m = w->m;
	struct err *e = mount_put_fs(fs, w->root_fd, m->destination, target_fd, ret_fd);
	auto_free char *rest = NULL;
	struct mount_fs again = *fs;

	if (e && err_errno(e) == EPERM && has_host_view(w)) {
		err_free(e);
		return put_host_view(w, target_fd, ret_fd);
	}
	if (!e || !streq(fs->type, "devpts") || err_errno(e) != EINVAL || !fs->data)
		return e;
	/* Engines always ask for the group tty, which the user namespace need not map. */
	rest = without_gid(fs->data);
	if (!rest)
		return e;
	err_free(e);
	again.data = *rest ? rest : NULL;
	return mount_put_fs(&again, w->root_fd, m->destination, target_fd, ret_fd);
}

/* Detached, with everything in it: the kernel maps the ids only of what is not attached yet. */
static struct err *make_tree(const struct mount_work *w, struct mount_fs fs, int target_fd,
			     int *ret_fd)
{
	char log[256];
	auto_close int fd = mount_make_fs(&fs, log, sizeof(log));
	auto_free char *rest = NULL;

	if (fd == -EINVAL && streq(fs.type, "devpts") && fs.data)
		rest = without_gid(fs.data);
	if (rest) {
		fs.data = *rest ? rest : NULL;
		fd = mount_make_fs(&fs, log, sizeof(log));
	}
	if (fd < 0)
		return explain_fs(fd, &fs, log);
	if (w->m->tmpcopyup)
		TRY(tmpcopyup(target_fd, fd));
	if (w->m->idmap.wanted)
		TRY(mount_idmap_apply(w->m, fd));
	*ret_fd = take_fd(&fd);
	return NULL;
}

static struct err *put_idmapped(const struct mount_work *w, const struct mount_fs *fs,
				int target_fd, int *ret_fd)
{
	auto_close int fd = -EBADF;

	TRY(make_tree(w, *fs, target_fd, &fd));
	TRY(mount_put_tree(fd, w->root_fd, w->m->destination, target_fd));
	*ret_fd = take_fd(&fd);
	return NULL;
}

/* TARGET_FD goes on naming the directory that is covered now. */
static struct err *put_copied_up(const struct mount_work *w, const struct mount_fs *fs,
				 int target_fd, int *ret_fd)
{
	auto_close int fd = -EBADF;

	TRY(mount_put_fs(fs, w->root_fd, w->m->destination, target_fd, &fd));
	TRY(tmpcopyup(target_fd, fd));
	*ret_fd = take_fd(&fd);
	return NULL;
}

static struct mount_fs fs_of(const struct mount_plan *m)
{
	return (struct mount_fs){
		.type = m->type,
		.source = m->source,
		.attrs = m->readonly_late ? m->top.set & ~(uint64_t)MOUNT_ATTR_RDONLY : m->top.set,
		.sb_flags = m->sb_flags,
	};
}

struct err *mount_fs_tree(const struct mount_work *w, int target_fd, bool made, int *ret_fd)
{
	struct mount_fs fs = fs_of(w->m);
	auto_free char *data = NULL;

	TRY(fs_data(w, target_fd, made, &data));
	fs.data = data;
	return make_tree(w, fs, target_fd, ret_fd);
}

struct err *mount_attach_fs(const struct mount_work *w)
{
	const struct mount_plan *m = w->m;
	struct mount_fs fs = fs_of(m);
	auto_close int target = -EBADF;
	auto_close int fd = -EBADF;
	auto_free char *data = NULL;
	bool made = false;

	TRY(mount_open_target(w, true, &target, &made));
	TRY(fs_data(w, target, made, &data));
	fs.data = data;
	if (m->idmap.wanted)
		TRY(put_idmapped(w, &fs, target, &fd));
	else if (m->tmpcopyup)
		TRY(put_copied_up(w, &fs, target, &fd));
	else
		TRY(put_fs(w, &fs, target, &fd));
	for (size_t i = 0; i < m->n_propagations; i++)
		TRY_SYS(mount_propagate(fd, m->propagations[i]), "set the propagation");
	return NULL;
}
