/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id mappings of a new user namespace: what the config says, or the caller's ranges of subordinate
 * ids.
 */
#ifndef OS_IDMAP_H
#define OS_IDMAP_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"
#include "spec/spec.h"

struct idmap_plan {
	size_t n_uid, n_gid;
	const struct spec_id_mapping *uid;
	const struct spec_id_mapping *gid;
	bool deny_setgroups; /* single-id mappings written without privilege */
	bool use_helpers;    /* newuidmap, newgidmap */
};

MUST_CHECK struct err *idmap_plan_make(struct arena *a, const struct spec *spec,
				       struct idmap_plan *ret);
/* HOST: writes uid_map, gid_map and setgroups of PID, directly or through the helpers. */
MUST_CHECK struct err *idmap_apply(const struct idmap_plan *plan, pid_t pid);
/* Maps a container id to the host's; false when it is not mapped. */
bool idmap_to_host(const struct spec_id_mapping *map, size_t n, uint32_t id, uint32_t *ret);

/*
 * The login name of UID by /etc/passwd itself, or NULL: no name service is loaded into the runtime.
 * Owned by the caller.
 */
char *idmap_login_name(uint32_t uid);
/* Are newuidmap and newgidmap in $PATH? */
bool idmap_has_helpers(void);

/* The kernel's limit of rows. */
enum { IDMAP_MAX = 340 };

/*
 * The default mapping: HOST_ID becomes ID in the container; the ids around it come from the ranges
 * that lines of SUB_TEXT (subuid(5)) give to NAME or to the number HOST_ID.  Returns the number of
 * rows in RET, which has room for IDMAP_MAX.
 */
size_t idmap_default(const char *sub_text, const char *name, uint32_t host_id, uint32_t id,
		     struct spec_id_mapping *ret);
/* What id 0 is on the host, in the text of /proc/PID/uid_map. */
bool idmap_text_root(const char *text, uint32_t *ret);

#endif
