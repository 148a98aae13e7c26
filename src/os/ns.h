/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which namespaces are new, which are joined by path, time offsets.  Id mappings: idmap.h.
 */
#ifndef OS_NS_H
#define OS_NS_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "os/idmap.h"
#include "spec/spec.h"

/* The CLONE_NEW* flag of a namespace, and back to its word. */
uint64_t ns_flag(enum ns_type type);
const char *ns_name(enum ns_type type);

struct ns_plan {
	uint64_t new_flags; /* CLONE_NEW*, without those below */
	bool new_user;
	bool new_cgroup; /* after the process is in its cgroup */
	bool new_time;
	char *join[NS_TYPES]; /* path or NULL */
	bool joins_any;
	size_t index[NS_TYPES];  /* of the row in linux.namespaces, for messages */
	struct idmap_plan idmap; /* new_user only */
	struct spec_time_offsets offsets;
	bool has_offsets;
	/*
	 * Container root as the host sees it: for chown of what HOST makes (0 without user
	 * namespace). With a user namespace joined by path and no mappings in the config:
	 * ns_root_of() knows.
	 */
	uid_t root_uid;
	gid_t root_gid;
	bool root_is_mapped;
};

/* Without a user namespace in SPEC a caller with euid != 0 gets one, if AUTO_USERNS. */
MUST_CHECK struct err *ns_plan_make(struct arena *a, const struct spec *spec, bool auto_userns,
				    struct ns_plan *ret);
/* HOST: opens the joined namespaces, checks their type (NS_GET_NSTYPE); -EBADF where none. */
MUST_CHECK struct err *ns_open_joined(const struct ns_plan *plan, int ret_fds[NS_TYPES]);
/* HOST: where id 0 of the user namespace USERNS_FD lies; *ret_mapped is false when it has none. */
MUST_CHECK struct err *ns_root_of(int userns_fd, uid_t *ret_uid, gid_t *ret_gid, bool *ret_mapped);
/* INIT: unshare(CLONE_NEWTIME), offsets, enter it through time_for_children.  PROC_FD: base/proc.h.
 */
MUST_CHECK struct err *ns_new_time(const struct ns_plan *plan, int proc_fd);
/*
 * INIT: setresgid, setresuid to 0 after the maps are written (to UID/GID when 0 is unmapped);
 * nothing without a user namespace.  Supplementary groups are cred_apply()'s.
 */
MUST_CHECK struct err *ns_become_root(const struct ns_plan *plan, uid_t uid, gid_t gid);
/* INIT: the loopback interface of a new network namespace goes up. */
MUST_CHECK struct err *netns_loopback_up(void);

#endif
