/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3): see notify.h.
 */
#include "container/notify.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/log.h"
#include "base/proc.h"

#define NOTIFY_DIR "notify"

enum { SLICE_MS = 100, DATAGRAM_MAX = 4096 };

static const char *notify_socket(void)
{
	const char *s = getenv("NOTIFY_SOCKET");

	return s && (*s == '/' || *s == '@') ? s : NULL;
}

/* The socket has the same path inside; an abstract one has none, so a fixed one is used. */
static const char *path_inside(void)
{
	const char *s = notify_socket();

	return *s == '/' ? s : "/run/notify";
}

struct err *notify_adjust_spec(struct run *run, const char *id)
{
	struct spec *s = run->spec;
	struct spec_mount *mounts;
	struct spec_strings *env = &s->process->env;
	char **v;

	if (!notify_socket())
		return NULL;
	if (strlen(notify_socket()) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return err_hint(
			err_new(ERR_INVALID,
				"NOTIFY_SOCKET in the environment is longer than the address of a socket can be (%zu bytes)",
				sizeof(((struct sockaddr_un *)0)->sun_path) - 1),
			"unset it, or name a socket with a shorter path");
	mounts = arena_array(run->arena, struct spec_mount, s->n_mounts + 1);
	memcpy(mounts, s->mounts, s->n_mounts * sizeof(*mounts));
	mounts[s->n_mounts].destination = arena_str(run->arena, path_inside());
	mounts[s->n_mounts].source =
		arena_format(run->arena, "%s/%s/" NOTIFY_DIR, run->ctx->state_root, id);
	mounts[s->n_mounts].type = arena_str(run->arena, "bind");
	mounts[s->n_mounts].options.present = true;
	mounts[s->n_mounts].options.n = 2;
	mounts[s->n_mounts].options.v = arena_array(run->arena, char *, 3);
	mounts[s->n_mounts].options.v[0] = arena_str(run->arena, "bind");
	mounts[s->n_mounts].options.v[1] = arena_str(run->arena, "rprivate");
	s->mounts = mounts;
	s->n_mounts++;
	v = arena_array(run->arena, char *, env->n + 2);
	memcpy(v, env->v, env->n * sizeof(*v));
	v[env->n] = arena_format(run->arena, "NOTIFY_SOCKET=%s/notify", path_inside());
	env->v = v;
	env->n++;
	return NULL;
}

static struct err *bind_socket(struct run *run, int dir_fd)
{
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	mode_t old;
	int rc;

	if (fd < 0)
		return err_sys(-errno, "make the notify socket");
	snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d/" NOTIFY_DIR "/notify",
		 dir_fd);
	old = umask(0);
	rc = bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ? -errno : 0;
	umask(old);
	TRY_SYS(rc, "bind the notify socket");
	run->notify_fd = take_fd(&fd);
	return NULL;
}

struct err *step_prepare_notify(struct run *run)
{
	const struct ns_plan *ns = &run->plan.ns;

	if (!notify_socket())
		return NULL;
	if (mkdirat(run->dir_fd, NOTIFY_DIR, 0700) < 0)
		return err_sys(-errno, "make the folder of the notify socket");
	if (ns->root_is_mapped &&
	    fchownat(run->dir_fd, NOTIFY_DIR, ns->root_uid, ns->root_gid, 0) < 0)
		return err_sys(-errno, "give the notify folder to the container");
	return run->is_create ? NULL : bind_socket(run, run->dir_fd);
}

struct err *notify_listen(struct run *run, int dir_fd)
{
	struct stat st;

	if (!notify_socket() || fstatat(dir_fd, NOTIFY_DIR, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return NULL;
	return bind_socket(run, dir_fd);
}

static int send_to_caller(const char *text, size_t len)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *path = notify_socket();
	size_t n = strlen(path);
	socklen_t addr_len;

	if (fd < 0)
		return -errno;
	if (n >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, n);
	addr_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	if (*path == '@')
		addr.sun_path[0] = '\0';
	return sendto(fd, text, len, MSG_NOSIGNAL, (struct sockaddr *)&addr, addr_len) < 0 ? -errno
											   : 0;
}

/* What a container may say about its service; MAINPID and descriptors are ours to say. */
static bool is_forwarded(const char *line)
{
	static const char *const names[] = {
		"READY=", "STATUS=",         "RELOADING=",          "STOPPING=",
		"ERRNO=", "MONOTONIC_USEC=", "EXTEND_TIMEOUT_USEC="
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (str_starts(line, names[i]))
			return true;
	}
	return false;
}

/* Returns whether READY=1 was among the lines of the message. */
static bool forward(const struct run *run, char *text)
{
	auto_str struct str out = { 0 };
	bool ready = false;
	char *save = NULL;
	int rc;

	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		ready = ready || streq(l, "READY=1");
		if (is_forwarded(l))
			str_addf(&out, "%s\n", l);
	}
	if (ready)
		str_addf(&out, "MAINPID=%d\n", (int)run->record.pid);
	if (!out.s)
		return false;
	rc = send_to_caller(out.s, out.len);
	if (rc < 0)
		log_warn("NOTIFY_SOCKET %s: %s", notify_socket(), strerror(-rc));
	return ready;
}

struct err *notify_wait_ready(struct run *run)
{
	struct pollfd p = { .fd = run->notify_fd, .events = POLLIN };
	char text[DATAGRAM_MAX + 1];

	if (run->notify_fd < 0)
		return NULL;
	for (;;) {
		ssize_t n;

		if (poll(&p, 1, SLICE_MS) < 0 && errno != EINTR)
			return err_sys(-errno, "wait for the container's READY=1");
		n = recv(run->notify_fd, text, DATAGRAM_MAX, 0);
		if (n > 0) {
			text[n] = '\0';
			if (forward(run, text))
				return NULL;
			continue;
		}
		/* A program that ends without a word was not a service after all. */
		if (proc_is_alive(run->record.pid, run->record.start_time) != 1)
			return NULL;
		if (interrupt_pending())
			return err_new(ERR_SYSTEM, "interrupted by signal %d", interrupt_pending());
	}
}
