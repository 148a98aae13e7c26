/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mount of config.mounts as flags: what its words say, decided before anything is mounted.
 */
#ifndef OS_MOUNT_OPTS_H
#define OS_MOUNT_OPTS_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sys.h"
#include "spec/spec.h"

enum mount_kind {
	MOUNT_FS,         /* a new file system */
	MOUNT_BIND,       /* a tree that exists */
	MOUNT_CGROUP,     /* type "cgroup": a view of the container's own cgroup */
	MOUNT_SYSTEMD_V1, /* run.oci.systemd.force_cgroup_v1: only the v1 hierarchy name=systemd */
	MOUNT_CHANGE,     /* option remount: other flags for what is mounted there */
};

enum { MOUNT_MAX_PROPAGATIONS = 4 };

/* Attributes of one reach: only the top mount, or the whole tree. */
struct mount_attrs {
	uint64_t set;   /* MOUNT_ATTR_* */
	uint64_t clear; /* disjoint from .set, but for MOUNT_ATTR__ATIME */
};

struct mount_idmap {
	bool wanted;
	bool recursive;
	char *text;        /* of idmap=TEXT */
	bool of_container; /* the mappings of the container's user namespace */
	struct spec_id_mappings uids;
	struct spec_id_mappings gids;
	char *userns_path; /* .of_container, and that is joined */
};

struct mount_plan {
	char *where; /* "mounts[3]", for messages */
	enum mount_kind kind;
	char *destination; /* absolute, normalised */
	char *source;      /* of a bind: absolute; else what the config says */
	char *inner;       /* the source lies in the rootfs: its path there */
	char *type;        /* NULL for a bind */
	char *data;        /* options for the file system, with commas; NULL: none */

	struct mount_attrs top;
	struct mount_attrs tree; /* rbind and remount only: of a single mount all is .top */
	unsigned long sb_flags;  /* MS_* of the file system itself: sync, dirsync, lazytime … */
	size_t n_propagations;
	unsigned long propagations[MOUNT_MAX_PROPAGATIONS]; /* in order; MS_REC in each */

	bool recursive; /* rbind */
	bool is_proc_or_sysfs;
	bool has_mode;      /* tmpfs: mode= was given */
	bool readonly_late; /* tmpfs or cgroup with ro: in mounts_finish() */
	bool covered;       /* a later mount has the same destination */
	bool tmpcopyup;
	bool copy_symlink;
	bool src_nofollow;
	bool dest_nofollow;
	struct mount_idmap idmap;
};

/*
 * What the words of one mount mean.  Reads the options of SPEC, or the defaults of the destination,
 * which RET has already.
 */
MUST_CHECK struct err *mount_opts_parse(struct arena *a, const struct spec_mount *spec,
					struct mount_plan *ret);

/* Does attaching it take paths of the host besides its source: /proc, for what only old calls can
 * do? */
bool mount_needs_host(const struct mount_plan *m);
/* The few files below /proc that may be covered. */
bool mount_allowed_in_proc(const char *destination);

#endif
