/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a seccomp notify plugin exports: version 1 of the interface, the one that crun has too.
 *
 * The annotation run.oci.seccomp.plugins names shared objects.  They answer the system calls for
 * which the container's profile says SCMP_ACT_NOTIFY.  See docs/seccomp-plugins.md.
 */
#ifndef DAVIT_SECCOMP_NOTIFY_PLUGIN_H
#define DAVIT_SECCOMP_NOTIFY_PLUGIN_H

#include <linux/seccomp.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RUN_OCI_SECCOMP_NOTIFY_VERSION 1

/* What happened to a request: *handled. */
enum {
	/* Not mine: the next plugin is asked.  After the last one the call fails with ENOTSUP. */
	RUN_OCI_SECCOMP_NOTIFY_HANDLE_NOT_HANDLED = 0,
	/* Send *resp. */
	RUN_OCI_SECCOMP_NOTIFY_HANDLE_SEND_RESPONSE = 1,
	/* The plugin sends the response itself, now or later: SECCOMP_IOCTL_NOTIF_SEND on the
	   descriptor. */
	RUN_OCI_SECCOMP_NOTIFY_HANDLE_DELAYED_RESPONSE = 2,
	/* Let the kernel do the call.  Not a means of security: the arguments that lie in memory
	   can change in between. */
	RUN_OCI_SECCOMP_NOTIFY_HANDLE_SEND_RESPONSE_AND_CONTINUE = 3
};

/* For what container.  It may grow at its end: run_oci_seccomp_notify_start gets the size. */
struct run_oci_seccomp_notify_conf {
	const char *runtime_root_path; /* the folder of the container's state */
	const char *name;              /* the container's id */
	const char *bundle_path;
	const char *oci_config_path; /* the config.json that the container was made from */
};

/* Optional; returns RUN_OCI_SECCOMP_NOTIFY_VERSION. */
int run_oci_seccomp_notify_version(void);

/* Optional, before the first request.  0 or -errno; *opaque is for the other functions. */
int run_oci_seccomp_notify_start(void **opaque, struct run_oci_seccomp_notify_conf *conf,
				 size_t conf_size);

/*
 * One request.  0 and *handled, or -errno, after which the call fails with ENOTSUP.  RESP is zero
 * but for its id: set .val (what the call returns) or .error (-errno).  SIZES are the kernel's: of
 * REQ and RESP in memory.
 */
int run_oci_seccomp_notify_handle_request(void *opaque, struct seccomp_notif_sizes *sizes,
					  struct seccomp_notif *req,
					  struct seccomp_notif_resp *resp, int seccomp_fd,
					  int *handled);

/* Optional, after the last request.  0 or -errno. */
int run_oci_seccomp_notify_stop(void *opaque);

#ifdef __cplusplus
}
#endif

#endif
