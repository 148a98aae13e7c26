/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state record: see record.h.  One table reads and writes it; another one is the OCI state.
 */
#include "state/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/proc.h"
#include "spec/table.h"
#include "state/store.h"

enum { RECORD_MAX_BYTES = 8 * 1024 * 1024 };

static const struct word phase_words[] = {
	{ "creating", PHASE_CREATING },
	{ "created", PHASE_CREATED },
	{ NULL, 0 },
};

static const struct field cgroup_fields[] = {
	F_STR(struct record_cgroup, controllers, "controllers", .flags = REQUIRED),
	F_STR(struct record_cgroup, path, "path", .flags = REQUIRED | ABSOLUTE),
	F_STR(struct record_cgroup, mount, "mount", .flags = REQUIRED | ABSOLUTE),
	F_UINT(struct record_cgroup, made, "made"),
	F_UINT(struct record_cgroup, inode, "inode"),
	F_END,
};
TYPE(cgroup_type, struct record_cgroup, cgroup_fields);

static const struct field record_fields[] = {
	F_INT(struct record, version, "version", .flags = REQUIRED, .min = 1,
	      .max = RECORD_VERSION),
	F_WORD(struct record, phase, "phase", phase_words, .flags = REQUIRED),
	F_STR(struct record, id, "id", .flags = REQUIRED | NONEMPTY),
	F_INT(struct record, pid, "pid", .flags = REQUIRED, .min = 0, .max = INT32_MAX),
	F_UINT(struct record, start_time, "start-time", .flags = REQUIRED),
	F_INT(struct record, creator_pid, "creator-pid", .min = 0, .max = INT32_MAX),
	F_UINT(struct record, creator_start_time, "creator-start-time"),
	F_STR(struct record, boot_id, "boot-id", .flags = REQUIRED),
	F_STR(struct record, bundle, "bundle", .flags = REQUIRED | ABSOLUTE),
	F_STR(struct record, rootfs, "rootfs"),
	F_STR(struct record, created, "created", .flags = REQUIRED),
	F_STR(struct record, owner, "owner"),
	F_STR(struct record, cgroup_manager, "cgroup-manager", .flags = REQUIRED),
	F_STR(struct record, cgroup_path, "cgroup-path"),
	F_BOOL(struct record, owns_cgroup, "owns-cgroup"),
	F_LIST(struct record, cgroups, n_cgroups, "cgroups", cgroup_type),
	F_STR(struct record, systemd_scope, "systemd-scope"),
	F_BOOL(struct record, private_pidns, "private-pid-namespace"),
	F_BOOL(struct record, user_namespace, "user-namespace"),
	F_BOOL(struct record, detached, "detached"),
	F_STR(struct record, seccomp_receiver, "seccomp-receiver"),
	F_MAP(struct record, annotations, "annotations"),
	F_END,
};
TYPE(record_type, struct record, record_fields);

/* The state document: crun's members in crun's order. */
struct state_document {
	char *oci_version;
	char *id;
	int pid;
	char *status;
	char *bundle;
	char *rootfs;
	char *created;
	char *systemd_scope;
	char *owner;
	struct spec_map annotations;
};

static const struct field state_fields[] = {
	F_STR(struct state_document, oci_version, "ociVersion"),
	F_STR(struct state_document, id, "id"),
	F_INT(struct state_document, pid, "pid"),
	F_STR(struct state_document, status, "status"),
	F_STR(struct state_document, bundle, "bundle"),
	F_STR(struct state_document, rootfs, "rootfs"),
	F_STR(struct state_document, created, "created"),
	F_STR(struct state_document, systemd_scope, "systemd-scope"),
	F_STR(struct state_document, owner, "owner"),
	F_MAP(struct state_document, annotations, "annotations"),
	F_END,
};
TYPE(state_type, struct state_document, state_fields);

/* What a hook reads: the state, and the root as crun has it. */
struct hook_document {
	char *oci_version;
	char *id;
	int pid;
	char *root;
	char *bundle;
	char *status;
	struct spec_map annotations;
};

static const struct field hook_fields[] = {
	F_STR(struct hook_document, oci_version, "ociVersion"),
	F_STR(struct hook_document, id, "id"),
	F_INT(struct hook_document, pid, "pid"),
	F_STR(struct hook_document, root, "root"),
	F_STR(struct hook_document, bundle, "bundle"),
	F_STR(struct hook_document, status, "status"),
	F_MAP(struct hook_document, annotations, "annotations"),
	F_END,
};
TYPE(hook_type, struct hook_document, hook_fields);

struct annotations_document {
	struct spec_map annotations;
};

static const struct field annotations_fields[] = {
	F_MAP(struct annotations_document, annotations, "annotations"),
	F_END,
};
TYPE(annotations_type, struct annotations_document, annotations_fields);

struct err *record_write(int dir_fd, const struct record *r)
{
	auto_str struct str text = { 0 };
	int rc;

	table_print(&record_type.t, r, &text);
	str_add(&text, "\n");
	rc = file_replace_at(dir_fd, STORE_RECORD, text.s, text.len, 0600);
	if (rc == -ENOSPC || rc == -EDQUOT || rc == -EFBIG)
		return err_hint(err_sys(rc, "container `%s`: write its record", r->id),
				"free space below the state root, or choose another with --root");
	TRY_SYS(rc, "container `%s`: write its record", r->id);
	return NULL;
}

static struct err *damaged(const char *id, const char *why)
{
	return err_hint(
		err_new(ERR_INVALID, "container `%s`: its record " STORE_RECORD " is damaged: %s",
			id, why),
		"nothing of it can be trusted; `davit delete --force %s` removes the folder", id);
}

/* Only what davit itself wrote is believed: a regular file of our own that nobody else can write.
 */
static struct err *check_file(int dir_fd, const char *id)
{
	struct stat st;

	if (fstatat(dir_fd, STORE_RECORD, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? err_hint(
					 err_new(ERR_INVALID, "container `%s` has no record yet",
						 id),
					 "it is being created, or its `create` was killed: `davit delete --force %s` clears it",
					 id)
			       : err_sys(-errno, "container `%s`: stat its record", id);
	if (!S_ISREG(st.st_mode))
		return damaged(id, "it is not a regular file");
	if ((st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & 022))
		return damaged(id, "somebody else may write it");
	return NULL;
}

struct err *record_read(struct arena *a, int dir_fd, const char *id, struct record **ret)
{
	auto_free char *text = NULL;
	struct record *r = NULL;
	struct err *e;
	size_t len = 0;
	int rc;

	TRY(check_file(dir_fd, id));
	rc = file_read_at(dir_fd, STORE_RECORD, RECORD_MAX_BYTES, &text, &len);
	if (rc < 0)
		return damaged(id, strerror(-rc));
	e = table_parse(a, &record_type.t, STORE_RECORD, text, len, &r);
	if (e) {
		struct err *d = damaged(id, err_text(e));

		err_free(e);
		return d;
	}
	if (!streq(r->id, id))
		return damaged(id, "it is the record of another container");
	*ret = r;
	return NULL;
}

bool record_is_this_boot(const struct record *r)
{
	char boot[40];

	return proc_boot_id(boot) == 0 && r->boot_id && streq(r->boot_id, boot);
}

void record_print_state(const struct record *r, const char *status, int pid, struct str *out)
{
	struct state_document d = {
		.oci_version = (char *)(uintptr_t)SPEC_OCI_VERSION,
		.id = r->id,
		.pid = pid,
		.status = (char *)(uintptr_t)status,
		.bundle = r->bundle,
		.rootfs = r->rootfs,
		.created = r->created,
		.systemd_scope = r->systemd_scope ? r->systemd_scope : (char *)(uintptr_t) "",
		.owner = r->owner,
	};

	/* crun leaves an empty map out. */
	if (r->annotations.n > 0)
		d.annotations = r->annotations;
	table_print(&state_type.t, &d, out);
}

/* JSON strings hold no raw newline, so those of the layout can go. */
static void one_line(struct str *s)
{
	size_t out = 0;
	bool skip = false;

	for (size_t i = 0; i < s->len; i++) {
		if (s->s[i] == '\n') {
			skip = true;
			s->s[out++] = ' ';
			continue;
		}
		if (skip && s->s[i] == ' ')
			continue;
		skip = false;
		s->s[out++] = s->s[i];
	}
	s->s[out] = '\0';
	s->len = out;
}

void record_print_hook_state(const struct record *r, const char *status, int pid, struct str *out)
{
	struct hook_document d = {
		.oci_version = (char *)(uintptr_t)SPEC_OCI_VERSION,
		.id = r->id,
		.pid = pid,
		.root = r->rootfs,
		.bundle = r->bundle,
		.status = (char *)(uintptr_t)status,
	};

	if (r->annotations.n > 0)
		d.annotations = r->annotations;
	table_print(&hook_type.t, &d, out);
	one_line(out);
	str_add(out, "\n");
}

char *record_annotations_json(const struct record *r)
{
	struct annotations_document d = { .annotations = r->annotations };
	auto_str struct str text = { 0 };
	char *open, *close;

	if (r->annotations.n == 0)
		return NULL;
	table_print(&annotations_type.t, &d, &text);
	one_line(&text);
	/* { "annotations": {…} } → {…} */
	open = strchr(text.s + 1, '{');
	close = strrchr(text.s, '}');
	while (close > open && *--close != '}')
		;
	return open ? str_dup_n(open, (size_t)(close - open + 1)) : NULL;
}
