/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp notify plugin: directories are over quota, and everything has the nice value 7.
 *
 *     gcc -shared -fPIC -I include -o example.so examples/seccomp-plugin/example.c
 *
 * docs/seccomp-plugins.md has the config.json that goes with it.
 */
#include <davit/seccomp_notify_plugin.h>
#include <errno.h>
#include <sys/syscall.h>

int run_oci_seccomp_notify_version(void)
{
	return RUN_OCI_SECCOMP_NOTIFY_VERSION;
}

int run_oci_seccomp_notify_handle_request(void *opaque, struct seccomp_notif_sizes *sizes,
					  struct seccomp_notif *req,
					  struct seccomp_notif_resp *resp, int seccomp_fd,
					  int *handled)
{
	(void)opaque;
	(void)sizes;
	(void)seccomp_fd;

	*handled = RUN_OCI_SECCOMP_NOTIFY_HANDLE_SEND_RESPONSE;
	switch (req->data.nr) {
#ifdef SYS_mkdir
	case SYS_mkdir:
#endif
	case SYS_mkdirat:
		resp->error = -EDQUOT;
		break;
	case SYS_getpriority:
		resp->val = 20 - 7; /* the kernel's way to return a nice value */
		break;
	default:
		*handled = RUN_OCI_SECCOMP_NOTIFY_HANDLE_NOT_HANDLED;
	}
	return 0;
}
