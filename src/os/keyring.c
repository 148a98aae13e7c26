/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session keyring: see process.h.
 *
 * A container that kept the caller's keyring could read the keys in it.
 */
#include "base/log.h"
#include "base/sys.h"
#include "os/process.h"

struct err *keyring_join(const char *name)
{
	int rc = sys_keyctl_join_session(name);

	/* No keyrings in the kernel, a filter around us, the user's quota: the container runs
	 * without. */
	if (rc == -ENOSYS || rc == -EPERM || rc == -EACCES || rc == -EDQUOT) {
		log_warn("the container keeps the caller's session keyring: keyctl: %s",
			 strerror(-rc));
		return NULL;
	}
	TRY_SYS(rc, "create the session keyring `%s`", name);
	return NULL;
}
