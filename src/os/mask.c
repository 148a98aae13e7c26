/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Masked and read-only paths: see mask.h.
 */
#include "os/mask.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/path.h"
#include "base/str.h"
#include "os/lsm.h"
#include "os/mount-api.h"
#include "spec/spec.h"

enum { MASK_ATTRS = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
enum { NULL_ATTRS = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC };

/* --- the plan --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Normalised, each once, in the order of the config. */
static char **unique(struct arena *a, const struct spec_strings *l, size_t *ret_n)
{
	char **sorted = xcalloc(l->n + 1, sizeof(*sorted));
	char **ret = arena_array(a, char *, l->n + 1);
	bool *taken = xcalloc(l->n + 1, sizeof(*taken));
	size_t n_sorted = 0;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		auto_free char *absolute = str_format("/%s", l->v[i]);
		auto_free char *clean = path_normalise(absolute);

		sorted[n_sorted++] = arena_str(a, clean);
		ret[i] = sorted[i];
	}
	qsort(sorted, n_sorted, sizeof(*sorted), compare);
	for (size_t i = 0; i < l->n; i++) {
		char **at = bsearch(&ret[i], sorted, n_sorted, sizeof(*sorted), compare);

		/* Equal paths are neighbours; the first of them stands for all. */
		while (at > sorted && streq(at[-1], *at))
			at--;
		if (taken[at - sorted])
			continue;
		taken[at - sorted] = true;
		ret[n++] = ret[i];
	}
	free(taken);
	free(sorted);
	*ret_n = n;
	return ret;
}

static struct err *check_lengths(const char *member, const struct spec_strings *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (strlen(l->v[i]) >= PATH_MAX - 1)
			return err_new(ERR_INVALID, "linux.%s[%zu]: is longer than %d bytes",
				       member, i, PATH_MAX - 2);
	return NULL;
}

struct err *mask_plan_make(struct arena *a, const struct spec *spec, struct mask_plan *ret)
{
	const struct spec_linux *l = spec->linux_;
	const char *label = lsm_mount_label(spec);

	if (!l || (l->masked_paths.n == 0 && l->readonly_paths.n == 0))
		return NULL;
	if (!spec_find_ns(spec, NS_MOUNT))
		return err_hint(err_new(ERR_INVALID,
					"linux.%s: needs a mount namespace of the container",
					l->masked_paths.n ? "maskedPaths" : "readonlyPaths"),
				"add {\"type\": \"mount\"} to linux.namespaces");
	TRY(check_lengths("maskedPaths", &l->masked_paths));
	TRY(check_lengths("readonlyPaths", &l->readonly_paths));
	ret->masked = unique(a, &l->masked_paths, &ret->n_masked);
	ret->readonly = unique(a, &l->readonly_paths, &ret->n_readonly);
	ret->label = label ? arena_str(a, label) : NULL;
	return NULL;
}

/* --- what covers a path ----------------------------------------------------------------------- */

static bool is_null_device(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3);
}

struct err *mask_open_null(int *ret_fd)
{
	auto_close int fd = tree_clone(AT_FDCWD, "/dev/null", 0);

	*ret_fd = -EBADF;
	if (mount_api_missing(fd))
		return NULL;
	TRY_SYS(fd, "open /dev/null");
	if (!is_null_device(fd))
		return err_new(ERR_UNSUPPORTED, "the host's /dev/null is not the null device");
	*ret_fd = take_fd(&fd);
	return NULL;
}

/*
 * A mask that was put in place once is cloned from there: kernels before 6.15 do not clone what is
 * still detached.
 */
struct mask {
	int fd;
	uint64_t attrs;
	bool is_used;
};

struct masks {
	const struct mask_plan *plan;
	int root_fd;
	struct mask dir;
	struct mask file;
};

static int empty_dir_make(const char *label)
{
	auto_close int fs = sys_fsopen("tmpfs", FSOPEN_CLOEXEC);
	int rc = fs;

	if (rc >= 0)
		rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "nr_inodes", "1", 0);
	if (rc >= 0)
		rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "mode", "755", 0);
	if (rc >= 0 && label)
		rc = sys_fsconfig(fs, FSCONFIG_SET_STRING, "context", label, 0);
	if (rc >= 0)
		rc = sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (rc >= 0)
		rc = sys_fsmount(fs, FSMOUNT_CLOEXEC, MASK_ATTRS);
	return rc;
}

static int put_first(struct mask *mask, int target_fd)
{
	int attr_rc = tree_set(mask->fd, 0, mask->attrs, 0, MS_PRIVATE);
	int rc;

	if (attr_rc < 0 && !mount_api_missing(attr_rc))
		return attr_rc;
	rc = tree_attach(mask->fd, target_fd);
	if (rc < 0)
		return rc;
	mask->is_used = true;
	return attr_rc < 0 ? mount_remount_old(mask->fd, mask->attrs, 0) : 0;
}

static int put_mask(struct mask *mask, int target_fd)
{
	auto_close int clone = -EBADF;

	if (mask->fd < 0)
		return -ENOSYS;
	if (!mask->is_used)
		return put_first(mask, target_fd);
	clone = tree_clone(mask->fd, "", 0);
	return clone < 0 ? clone : tree_attach(clone, target_fd);
}

static int mask_dir_old(const struct masks *m, int target_fd)
{
	auto_free char *data =
		m->plan->label ? str_format("nr_inodes=1,mode=755,context=\"%s\"", m->plan->label)
			       : str_dup("nr_inodes=1,mode=755");

	if (mount("tmpfs", fd_path(target_fd).s, "tmpfs",
		  MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, data) < 0)
		return -errno;
	return 0;
}

/* What PATH leads to now, after a bind onto it, gets ATTRS. */
static int remount_path(const struct masks *m, const char *path, uint64_t attrs)
{
	auto_close int fd = path_open_in(m->root_fd, path, O_PATH);

	return fd < 0 ? fd : mount_remount_old(fd, attrs, 0);
}

/* Without the mount API only a null device that is visible here can be bound: checked as well. */
static int mask_file_old(const struct masks *m, const char *path, int target_fd)
{
	auto_close int null = path_open_in_nolink(m->root_fd, "/dev/null", O_PATH);
	int rc;

	if (null < 0)
		return null;
	if (!is_null_device(null))
		return -ENODEV;
	rc = tree_bind_old(null, target_fd, false);
	return rc < 0 ? rc : remount_path(m, path, NULL_ATTRS);
}

static struct err *mask_one(struct masks *m, const char *path)
{
	auto_close int fd = path_open_in(m->root_fd, path, O_PATH);
	struct stat st;
	int rc;

	/* Nothing can be below a file either.  Whatever else fails may hide what has to be hidden.
	 */
	if (fd == -ENOENT || fd == -ENOTDIR)
		return NULL;
	TRY_SYS(fd, "open");
	if (fstat(fd, &st) < 0)
		return err_sys(-errno, "stat");
	if (S_ISDIR(st.st_mode)) {
		if (m->dir.fd < 0)
			m->dir.fd = empty_dir_make(m->plan->label);
		rc = put_mask(&m->dir, fd);
		if (mount_api_missing(rc))
			rc = mask_dir_old(m, fd);
	} else {
		rc = put_mask(&m->file, fd);
		if (mount_api_missing(rc))
			rc = mask_file_old(m, path, fd);
	}
	TRY_SYS(rc, "cover");
	return NULL;
}

/* --- read-only paths -------------------------------------------------------------------------- */

static int readonly_old(const struct masks *m, const char *path, int target_fd)
{
	int rc = tree_bind_old(target_fd, target_fd, true);

	return rc < 0 ? rc : remount_path(m, path, MOUNT_ATTR_RDONLY);
}

static struct err *readonly_one(const struct masks *m, const char *path)
{
	auto_close int at = path_open_in(m->root_fd, path, O_PATH);
	auto_close int tree = -EBADF;
	int rc;

	if (at == -ENOENT || at == -ENOTDIR)
		return NULL;
	TRY_SYS(at, "open");
	tree = tree_clone(at, "", AT_RECURSIVE);
	rc = tree < 0 ? tree : tree_set(tree, AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, 0);
	if (rc == 0)
		rc = tree_attach(tree, at);
	if (mount_api_missing(rc))
		rc = readonly_old(m, path, at);
	TRY_SYS(rc, "make read-only");
	return NULL;
}

/* --- all of them ------------------------------------------------------------------------------ */

static struct err *apply(struct masks *m)
{
	struct err *e;

	for (size_t i = 0; i < m->plan->n_readonly; i++) {
		e = readonly_one(m, m->plan->readonly[i]);
		if (e)
			return err_wrap(e, "linux.readonlyPaths %s", m->plan->readonly[i]);
	}
	for (size_t i = 0; i < m->plan->n_masked; i++) {
		e = mask_one(m, m->plan->masked[i]);
		if (e)
			return err_wrap(e, "linux.maskedPaths %s", m->plan->masked[i]);
	}
	return NULL;
}

struct err *mask_apply(const struct mask_plan *plan, int null_fd)
{
	struct masks m = {
		.plan = plan,
		.dir = { .fd = -EBADF, .attrs = MASK_ATTRS },
		.file = { .fd = null_fd, .attrs = NULL_ATTRS },
	};
	auto_close int root = -EBADF;
	struct err *e;

	if (plan->n_masked == 0 && plan->n_readonly == 0)
		return NULL;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(-errno, "open the container's /");
	m.root_fd = root;
	e = apply(&m);
	fd_close(m.dir.fd);
	return e;
}
