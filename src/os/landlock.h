/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Landlock: what of its file system the payload may use at all, whatever its user and capabilities.
 *
 * The annotation run.oci.davit.landlock has words ACCESS:PATH with commas between them, such as
 * "rx:/usr,ro:/etc,rw:/data": ACCESS is of the letters r (read), w (write, make, remove) and x
 * (execute), and `ro` means r.  What no word allows is denied.  docs/annotations.md has the
 * details.
 */
#ifndef OS_LANDLOCK_H
#define OS_LANDLOCK_H

#include "base/arena.h"
#include "base/err.h"

struct spec;

struct landlock_plan {
	bool set;
	size_t n;
	struct landlock_rule {
		uint64_t access; /* LANDLOCK_ACCESS_FS_* */
		char *path;      /* absolute, in the container */
	} * v;
};

MUST_CHECK struct err *landlock_plan_make(struct arena *a, const struct spec *spec,
					  struct landlock_plan *ret);
/*
 * INIT, in the container's root and while it has CAP_SYS_ADMIN in its user namespace: restricts
 * this process and what it will execute.  Rights that the kernel does not know yet are not
 * restricted: landlock(7).
 */
MUST_CHECK struct err *landlock_apply(const struct landlock_plan *plan);

#endif
