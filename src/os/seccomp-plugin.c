/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp notify plugins: see seccomp-plugin.h.
 */
#include "os/seccomp-plugin.h"

#include <davit/seccomp_notify_plugin.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "base/library.h"
#include "base/log.h"

#define MEMBER "annotation run.oci.seccomp.plugins"
#define PREFIX "run_oci_seccomp_notify_"

struct plugin {
	const char *name;
	void *opaque;
	bool has_failed; /* said once: the container could fill the log */
	__typeof__(&run_oci_seccomp_notify_version) version;
	__typeof__(&run_oci_seccomp_notify_start) start;
	__typeof__(&run_oci_seccomp_notify_handle_request) handle;
	__typeof__(&run_oci_seccomp_notify_stop) stop;
};

struct seccomp_plugins {
	struct seccomp_notif_sizes sizes;
	struct seccomp_notif *req;
	struct seccomp_notif_resp *resp;
	size_t n;
	struct plugin v[];
};

struct err *seccomp_plugin_names(const char *list, struct strv *ret)
{
	auto_free char *copy = str_dup(list);
	char *save = NULL;

	for (char *s = strtok_r(copy, ":", &save); s; s = strtok_r(NULL, ":", &save)) {
		if (*s != '/' && strchr(s, '/'))
			return err_hint(
				err_new(ERR_INVALID, MEMBER ": `%s` is a relative path", s),
				"write an absolute path, or a name without a slash that the dynamic linker finds");
		strv_add(ret, s);
	}
	if (ret->n == 0)
		return err_new(ERR_INVALID, MEMBER ": names no plugin");
	return NULL;
}

static struct err *load_one(const char *name, struct plugin *ret)
{
	struct plugin p = { .name = name };
	const char *why_not;
	void *library;
	int version;

	why_not = library_open(name, &library);
	if (why_not)
		return err_new(ERR_INVALID, MEMBER ": load `%s`: %s", name, why_not);
	library_find(library, PREFIX "version", &p.version);
	library_find(library, PREFIX "start", &p.start);
	library_find(library, PREFIX "handle_request", &p.handle);
	library_find(library, PREFIX "stop", &p.stop);
	if (!p.handle)
		return err_new(ERR_INVALID,
			       MEMBER ": `%s` does not export " PREFIX "handle_request", name);
	version = p.version ? p.version() : RUN_OCI_SECCOMP_NOTIFY_VERSION;
	if (version != RUN_OCI_SECCOMP_NOTIFY_VERSION)
		return err_new(ERR_UNSUPPORTED,
			       MEMBER ": `%s` has version %d of the interface, davit has %d", name,
			       version, RUN_OCI_SECCOMP_NOTIFY_VERSION);
	*ret = p;
	return NULL;
}

struct err *seccomp_plugins_load(const struct spec_strings *names, struct seccomp_plugins **ret)
{
	auto_free struct seccomp_plugins *p = NULL;

	if (!library_is_possible)
		return err_hint(
			err_new(ERR_UNSUPPORTED,
				MEMBER ": this davit is linked statically and cannot load plugins"),
			"use one that is linked dynamically, or an agent (linux.seccomp.listenerPath)");
	p = xcalloc(1, sizeof(*p) + names->n * sizeof(p->v[0]));
	for (; p->n < names->n; p->n++)
		TRY(load_one(names->v[p->n], &p->v[p->n]));
	*ret = take_ptr(&p);
	return NULL;
}

static struct err *make_buffers(struct seccomp_plugins *p)
{
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &p->sizes) < 0)
		return err_sys(-errno, "ask the kernel for the size of seccomp notifications");
	/* Structures of the kernel's size and of ours: whichever is larger. */
	p->req = xcalloc(1, MAX((size_t)p->sizes.seccomp_notif, sizeof(*p->req)));
	p->resp = xcalloc(1, MAX((size_t)p->sizes.seccomp_notif_resp, sizeof(*p->resp)));
	return NULL;
}

struct err *seccomp_plugins_start(struct seccomp_plugins *p,
				  struct run_oci_seccomp_notify_conf *conf)
{
	TRY(make_buffers(p));
	for (size_t i = 0; i < p->n; i++) {
		struct plugin *one = &p->v[i];
		int rc = one->start ? one->start(&one->opaque, conf, sizeof(*conf)) : 0;

		if (rc < 0)
			return err_sys(rc, MEMBER ": start `%s`", one->name);
		if (rc > 0)
			return err_new(ERR_SYSTEM, MEMBER ": start `%s`: it returned %d", one->name,
				       rc);
	}
	return NULL;
}

static void clear_response(struct seccomp_plugins *p)
{
	memset(p->resp, 0, MAX((size_t)p->sizes.seccomp_notif_resp, sizeof(*p->resp)));
	p->resp->id = p->req->id;
}

static void refuse(struct seccomp_plugins *p)
{
	clear_response(p);
	p->resp->error = -ENOTSUP;
}

static void note_failure(struct plugin *one, int nr, const char *what)
{
	if (!one->has_failed)
		log_warn("seccomp plugin `%s`: system call %d: %s", one->name, nr, what);
	one->has_failed = true;
}

/* Asks one after the other.  False: *ret_taker sends the response itself. */
static bool ask(struct seccomp_plugins *p, int fd, struct plugin **ret_taker)
{
	for (size_t i = 0; i < p->n; i++) {
		int handled = RUN_OCI_SECCOMP_NOTIFY_HANDLE_NOT_HANDLED;
		struct plugin *one = *ret_taker = &p->v[i];
		int rc;

		clear_response(p);
		rc = one->handle(one->opaque, &p->sizes, p->req, p->resp, fd, &handled);
		p->resp->id = p->req->id;
		if (rc != 0) {
			note_failure(one, p->req->data.nr,
				     rc < 0 ? strerror(-rc) : "it did not return 0");
			break;
		}
		switch (handled) {
		case RUN_OCI_SECCOMP_NOTIFY_HANDLE_NOT_HANDLED:
			continue;
		case RUN_OCI_SECCOMP_NOTIFY_HANDLE_SEND_RESPONSE:
			return true;
		case RUN_OCI_SECCOMP_NOTIFY_HANDLE_DELAYED_RESPONSE:
			return false;
		case RUN_OCI_SECCOMP_NOTIFY_HANDLE_SEND_RESPONSE_AND_CONTINUE:
			clear_response(p);
			p->resp->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
			return true;
		default:
			note_failure(one, p->req->data.nr,
				     "*handled is none of the values it may have");
		}
		break;
	}
	refuse(p);
	return true;
}

/* ENOENT: the caller was killed meanwhile, and nobody waits for the response. */
static int respond(struct seccomp_plugins *p, int fd)
{
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, p->resp) == 0 || errno == ENOENT)
		return 0;
	return -errno;
}

static struct err *answer_one(struct seccomp_plugins *p, int fd)
{
	struct plugin *taker = NULL;
	int rc;

	memset(p->req, 0, MAX((size_t)p->sizes.seccomp_notif, sizeof(*p->req)));
	if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, p->req) < 0) {
		if (errno == ENOENT || errno == EINTR)
			return NULL;
		return err_sys(-errno, "receive a seccomp notification");
	}
	if (!ask(p, fd, &taker))
		return NULL;
	rc = respond(p, fd);
	if (rc < 0) {
		note_failure(taker, p->req->data.nr, "the kernel does not take the response");
		/* The caller waits: any response is better than none. */
		refuse(p);
		rc = respond(p, fd);
	}
	TRY_SYS(rc, "respond to a seccomp notification");
	return NULL;
}

struct err *seccomp_plugins_serve(struct seccomp_plugins *p, int listener_fd, int ended_fd)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = listener_fd, .events = POLLIN },
					{ .fd = ended_fd, .events = POLLIN } };

		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return err_sys(-errno, "wait for a seccomp notification");
		if (fds[0].revents & POLLIN)
			TRY(answer_one(p, listener_fd));
		else if (fds[0].revents || fds[1].revents)
			return NULL;
	}
}

void seccomp_plugins_stop(struct seccomp_plugins *p)
{
	for (size_t i = 0; i < p->n; i++) {
		int rc = p->v[i].stop ? p->v[i].stop(p->v[i].opaque) : 0;

		if (rc != 0)
			log_warn("seccomp plugin `%s`: stop returned %d", p->v[i].name, rc);
	}
	free(p->req);
	free(p->resp);
	free(p);
}
