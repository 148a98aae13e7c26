/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The execution domain (linux.personality): see process.h.
 */
#include <sys/personality.h>

#include "base/log.h"
#include "os/process.h"

struct err *personality_apply(const struct spec_personality *p)
{
	if (!p)
		return NULL;
	/* The specification has the member but defines no flag for it. */
	for (size_t i = 0; i < p->flags.n; i++)
		log_warn("linux.personality.flags[%zu]: %s is not known and has no effect", i,
			 p->flags.v[i]);
	if (personality(p->domain) < 0)
		return err_sys(-errno, "linux.personality.domain: personality");
	if (personality(0xffffffff) != (int)p->domain)
		return err_new(ERR_SYSTEM, "linux.personality.domain: did not take effect");
	return NULL;
}
