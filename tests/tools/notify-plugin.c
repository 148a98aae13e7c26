/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp notify plugin for the tests.  Macros say what it does:
 *
 *     NAME      its log is BUNDLE/NAME.log; without a name it has only what it must have
 *     HANDLED   how it handles getpriority: 0 to 3, or nonsense
 *     VALUE     what the call returns with 1 and 2
 *     ACTION    a statement that comes first: abort(), a loop, return -EIO
 *     VERSION, START, STOP  what these functions return
 *
 * Other calls are not handled.
 */
#define _GNU_SOURCE
#include <davit/seccomp_notify_plugin.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef HANDLED
#define HANDLED 1
#endif
#ifndef VALUE
#define VALUE 1
#endif
#ifndef ACTION
#define ACTION
#endif
#ifndef VERSION
#define VERSION 1
#endif
#ifndef START
#define START 0
#endif
#ifndef STOP
#define STOP 0
#endif

static FILE *log_file;

#ifdef NAME
static int token;

int run_oci_seccomp_notify_version(void)
{
	return VERSION;
}

int run_oci_seccomp_notify_start(void **opaque, struct run_oci_seccomp_notify_conf *conf,
				 size_t conf_size)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/" NAME ".log", conf->bundle_path);
	log_file = fopen(path, "ae");
	if (!log_file)
		return -errno;
	setlinebuf(log_file);
	fprintf(log_file, "start %d %s %s %s %s\n", conf_size == sizeof(*conf), conf->name,
		conf->runtime_root_path, conf->bundle_path, conf->oci_config_path);
	*opaque = &token;
	return START;
}

int run_oci_seccomp_notify_stop(void *opaque)
{
	fprintf(log_file, "stop %d\n", opaque == &token);
	return STOP;
}
#endif

/* The response comes from another thread, after the function that was asked has returned. */
struct later {
	struct seccomp_notif_resp resp;
	int fd;
};

static void *respond(void *arg)
{
	struct later *l = arg;

	poll(NULL, 0, 50);
	ioctl(l->fd, SECCOMP_IOCTL_NOTIF_SEND, &l->resp);
	free(l);
	return NULL;
}

static void respond_later(uint64_t id, int fd)
{
	struct later *l = calloc(1, sizeof(*l));
	pthread_t thread;

	l->resp.id = id;
	l->resp.val = VALUE;
	l->fd = fd;
	pthread_create(&thread, NULL, respond, l);
}

#ifndef NO_HANDLE_REQUEST
int run_oci_seccomp_notify_handle_request(void *opaque, struct seccomp_notif_sizes *sizes,
					  struct seccomp_notif *req,
					  struct seccomp_notif_resp *resp, int seccomp_fd,
					  int *handled)
{
	(void)opaque;
	(void)sizes;

	if (req->data.nr != SYS_getpriority)
		return 0;
	if (log_file)
		fprintf(log_file, "request\n");
	ACTION;
	if (HANDLED == RUN_OCI_SECCOMP_NOTIFY_HANDLE_SEND_RESPONSE)
		resp->val = VALUE;
	*handled = HANDLED;
	if (HANDLED == RUN_OCI_SECCOMP_NOTIFY_HANDLE_DELAYED_RESPONSE)
		respond_later(req->id, seccomp_fd);
	return 0;
}
#endif
