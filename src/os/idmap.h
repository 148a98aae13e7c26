/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Id mappings of a new user namespace: what the config says, or the caller's ranges of subordinate
 * ids.  The functions that other layers call are in ns.h.
 */
#ifndef OS_IDMAP_H
#define OS_IDMAP_H

#include "os/ns.h"

MUST_CHECK struct err *idmap_plan_make(struct arena *a, const struct spec *spec,
				       struct idmap_plan *ret);

/* A mapping list that grows; at most IDMAP_MAX rows, which is the kernel's limit. */
enum { IDMAP_MAX = 340 };

/*
 * The default mapping: HOST_ID becomes ID in the container; the ids around it come from the ranges
 * that lines of SUB_TEXT (subuid(5)) give to NAME or to the number HOST_ID.  Returns the number of
 * rows in RET (room for IDMAP_MAX).
 */
size_t idmap_default(const char *sub_text, const char *name, uint32_t host_id, uint32_t id,
		     struct spec_id_mapping *ret);
/* What id 0 is on the host, in the text of /proc/PID/uid_map. */
bool idmap_text_root(const char *text, uint32_t *ret);

#endif
