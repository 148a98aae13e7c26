/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host and domain name: see process.h.
 */
#include <linux/utsname.h>

#include "os/process.h"

struct err *uts_apply(const char *hostname, const char *domainname)
{
	if (hostname && strlen(hostname) > __NEW_UTS_LEN)
		return err_new(ERR_INVALID, "hostname: is longer than %d bytes", __NEW_UTS_LEN);
	if (domainname && strlen(domainname) > __NEW_UTS_LEN)
		return err_new(ERR_INVALID, "domainname: is longer than %d bytes", __NEW_UTS_LEN);
	if (hostname && sethostname(hostname, strlen(hostname)) < 0)
		return err_sys(-errno, "hostname: set to `%s`", hostname);
	if (domainname && setdomainname(domainname, strlen(domainname)) < 0)
		return err_sys(-errno, "domainname: set to `%s`", domainname);
	return NULL;
}
