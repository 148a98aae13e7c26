/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container that exists: see find.h.
 */
#include "container/find.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/proc.h"
#include "base/sys.h"
#include "state/store.h"

static void cgroup_from_record(struct found *f)
{
	const struct record *r = f->record;

	f->cgroup.path = r->cgroup_path;
	f->cgroup.n = r->n_cgroups;
	f->cgroup.v = arena_array(f->arena, struct cgroup_dir, r->n_cgroups + 1);
	for (size_t i = 0; i < r->n_cgroups; i++)
		f->cgroup.v[i] = (struct cgroup_dir){
			.controllers = r->cgroups[i].controllers,
			.path = r->cgroups[i].path,
			.mount = r->cgroups[i].mount,
			.made = r->cgroups[i].made,
		};
}

static struct err *read_found(struct found *f)
{
	TRY(store_open_container(f->root_fd, f->id, &f->dir_fd));
	TRY(record_read(f->arena, f->dir_fd, f->id, &f->record));
	cgroup_from_record(f);
	return NULL;
}

struct err *find_at(int root_fd, const char *id, struct found *ret)
{
	struct err *e;

	*ret = (struct found){ .arena = arena_new(), .root_fd = -EBADF, .dir_fd = -EBADF };
	ret->id = arena_str(ret->arena, id);
	if (root_fd >= 0)
		ret->root_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
	e = read_found(ret);
	if (e)
		found_done(ret);
	return e;
}

struct err *find_container(struct ctx *ctx, const char *id, struct found *ret)
{
	auto_close int root_fd = -EBADF;

	TRY(store_id_check(id));
	TRY(store_open(ctx->state_root, false, &root_fd));
	return find_at(root_fd, id, ret);
}

void found_done(struct found *f)
{
	fd_close(f->root_fd);
	fd_close(f->dir_fd);
	arena_free(f->arena);
	*f = (struct found){ .root_fd = -EBADF, .dir_fd = -EBADF };
}

/* The freezer that counts is the one of the cgroup where init is now: it may have been moved. */
static bool is_frozen(void *arg, struct str *why)
{
	const struct found *f = arg;
	struct cgroup_paths now = f->cgroup;
	auto_free char *text = NULL;
	enum freezer_state s;

	err_free(cgroup_paths_of(f->arena, &f->cgroup, f->record->pid, &now));
	s = freezer_get(&now, why ? &text : NULL);
	if (why && text)
		str_addf(why, "%s\n", text);
	return s == FREEZER_FROZEN;
}

enum container_status found_status(const struct found *f, struct str *why)
{
	struct status_query q = {
		.record = f->record,
		.dir_fd = f->dir_fd,
		.is_frozen = is_frozen,
		.arg = (void *)(uintptr_t)f,
	};

	return status_get(&q, why);
}

struct err *found_check(const struct found *f, enum container_op op)
{
	return status_check(op, found_status(f, NULL), f->id);
}

struct err *found_spec(const struct found *f, struct arena *a, struct spec **ret)
{
	struct err *e = spec_read(a, f->dir_fd, STORE_CONFIG, ret);

	return e ? err_wrap(e, "container `%s`: its copy of the config", f->id) : NULL;
}

/* A directory that was removed and made again by somebody else has another inode. */
static bool is_own_dir(const struct found *f, const struct cgroup_dir *d, uint64_t inode)
{
	struct stat st;

	if (inode == 0 || stat(d->path, &st) < 0 || st.st_ino == inode)
		return true;
	log_warn("container `%s`: %s is not the cgroup it was created with: it is left alone",
		 f->id, d->path);
	return false;
}

void found_keep_own_cgroup(struct found *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->cgroup.n; i++) {
		if (is_own_dir(f, &f->cgroup.v[i], f->record->cgroups[i].inode))
			f->cgroup.v[n++] = f->cgroup.v[i];
	}
	f->cgroup.n = n;
}

bool found_init_is_in_cgroup(const struct found *f)
{
	struct cgroup_paths now = { 0 };
	struct err *e = cgroup_paths_of(f->arena, &f->cgroup, f->record->pid, &now);

	if (e) {
		err_free(e);
		return true;
	}
	for (size_t i = 0; i < now.n; i++) {
		size_t len = strlen(f->cgroup.v[i].path);

		if (strncmp(now.v[i].path, f->cgroup.v[i].path, len) != 0 ||
		    (now.v[i].path[len] && now.v[i].path[len] != '/'))
			return false;
	}
	return true;
}

static bool is_ours(const struct found *f)
{
	return record_is_this_boot(f->record);
}

struct err *found_kill_init(const struct found *f)
{
	int rc;

	if (!is_ours(f))
		return NULL;
	rc = proc_signal(f->record->pid, f->record->start_time, SIGKILL);
	if (rc == -ESRCH)
		return NULL;
	TRY_SYS(rc, "kill process %d", f->record->pid);
	return NULL;
}
