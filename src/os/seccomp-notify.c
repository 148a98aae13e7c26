/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The notify descriptor goes to the agent (linux.seccomp.listenerPath): see seccomp.h.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "base/sock.h"
#include "os/seccomp.h"
#include "spec/spec.h"

/* An agent that does not take the message in this time holds the container up for nothing. */
enum { AGENT_TIMEOUT_MS = 5000 };

static void add_json_string(struct str *out, const char *s)
{
	str_add(out, "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			str_addf(out, "\\%c", *s);
		else if ((unsigned char)*s < ' ')
			str_addf(out, "\\u%04x", (unsigned)*s);
		else
			str_add_n(out, s, 1);
	}
	str_add(out, "\"");
}

/* The container process state of the runtime-spec. */
static void build_message(const char *metadata, int pid, const char *state_json, struct str *out)
{
	str_addf(out, "{\"ociVersion\":\"" SPEC_OCI_VERSION "\",\"fds\":[\"seccompFd\"],\"pid\":%d",
		 pid);
	if (metadata) {
		str_add(out, ",\"metadata\":");
		add_json_string(out, metadata);
	}
	str_addf(out, ",\"state\":%s}", state_json);
}

struct err *seccomp_send_listener(const char *path, const char *metadata, int pid,
				  const char *state_json, int listener_fd)
{
	auto_str struct str message = { 0 };
	auto_close int fd = sock_connect(AT_FDCWD, path, SOCK_STREAM, AGENT_TIMEOUT_MS);
	int rc;

	TRY_SYS(fd, "linux.seccomp.listenerPath: connect to `%s`", path);
	build_message(metadata, pid, state_json, &message);
	/* One connection, one message, then the end: the agent reads until there is no more. */
	rc = sock_send_fds(fd, message.s, message.len, &listener_fd, 1, AGENT_TIMEOUT_MS);
	TRY_SYS(rc, "linux.seccomp.listenerPath: send the descriptor to `%s`", path);
	return NULL;
}
