/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The connection to systemd: see sdbus.h.
 */
#include "cgroup/sdbus.h"

#include <stdio.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/library.h"
#include "base/log.h"
#include "base/str.h"

#define LIBRARY          "libsystemd.so.0"
#define PRIVATE_SOCKET   "/run/systemd/private"
#define SYSTEM_SOCKET    "/run/dbus/system_bus_socket"
#define SYSTEMD          "org.freedesktop.systemd1"
#define SYSTEMD_PATH     "/org/freedesktop/systemd1"
#define TIMEOUT_VARIABLE "DAVIT_SYSTEMD_TIMEOUT"

#ifndef DAVIT_STATIC
/*
 * For packagers: the library that may be opened at run time.  ELF note "FDO", type 0x407c0c0a:
 * https://systemd.io/ELF_DLOPEN_METADATA/
 */
__asm__(".pushsection .note.dlopen, \"a\", %note\n"
	"	.balign 4\n"
	"	.long 1f - 0f, 3f - 2f, 0x407c0c0a\n"
	"0:	.asciz \"FDO\"\n"
	"1:	.balign 4\n"
	"2:	.asciz \"[{\\\"feature\\\":\\\"systemd\\\",\\\"description\\\":\\\"systemd cgroup "
	"driver\\\",\\\"priority\\\":\\\"suggested\\\",\\\"soname\\\":[\\\"" LIBRARY "\\\"]}]\"\n"
	"3:	.balign 4\n"
	"	.popsection\n");
#endif

struct symbol {
	const char *name;
	size_t offset;
};

#define SYMBOL(member)                                                \
	{                                                             \
		"sd_bus_" #member, offsetof(struct sdbus_api, member) \
	}
#define BUS_SYMBOL(member)                                                  \
	{                                                                   \
		"sd_bus_" #member, offsetof(struct sdbus_api, bus_##member) \
	}

static const struct symbol symbols[] = {
	BUS_SYMBOL(new),
	BUS_SYMBOL(set_address),
	BUS_SYMBOL(set_bus_client),
	BUS_SYMBOL(start),
	BUS_SYMBOL(get_fd),
	BUS_SYMBOL(process),
	BUS_SYMBOL(wait),
	BUS_SYMBOL(call_async),
	BUS_SYMBOL(add_filter),
	BUS_SYMBOL(close_unref),
	SYMBOL(slot_unref),
	SYMBOL(message_new_method_call),
	SYMBOL(message_unref),
	SYMBOL(message_append),
	SYMBOL(message_append_array),
	SYMBOL(message_append_strv),
	SYMBOL(message_open_container),
	SYMBOL(message_close_container),
	SYMBOL(message_read),
	SYMBOL(message_is_signal),
	SYMBOL(message_get_error),
};

static struct err *load(const struct sdbus_api **ret)
{
	static struct sdbus_api api;
	static bool is_loaded;
	const char *why_not;
	void *library;

	*ret = &api;
	if (is_loaded)
		return NULL;
	why_not = library_open(LIBRARY, &library);
	if (why_not)
		return err_hint(
			err_new(ERR_UNSUPPORTED,
				"the systemd cgroup driver needs the library " LIBRARY ": %s",
				why_not),
			"%s, or use --cgroup-manager=cgroupfs",
			library_is_possible ? "install libsystemd (libsystemd0, systemd-libs)"
					    : "take a davit that is linked dynamically");
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		void *symbol;

		library_find(library, symbols[i].name, &symbol);
		if (!symbol)
			return err_hint(err_new(ERR_UNSUPPORTED,
						"the library " LIBRARY " has no %s",
						symbols[i].name),
					"libsystemd of systemd 241 or later is needed");
		memcpy((char *)&api + symbols[i].offset, &symbol, sizeof(symbol));
	}
	is_loaded = true;
	return NULL;
}

/* One place where a manager may listen. */
struct candidate {
	char *address;
	bool is_bus; /* behind a message bus, which wants to be greeted */
};

struct candidates {
	struct candidate v[6];
	size_t n;
};

static void add_candidate(struct candidates *c, char *address, bool is_bus)
{
	c->v[c->n++] = (struct candidate){ .address = address, .is_bus = is_bus };
}

static void candidates_done(struct candidates *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].address);
}

/* An address keeps these bytes only; the rest is written as %XX. */
static char *address_of(const char *path)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_/.";
	struct str s = { 0 };

	str_add(&s, "unix:path=");
	for (; *path; path++) {
		if (strchr(plain, *path))
			str_add_n(&s, path, 1);
		else
			str_addf(&s, "%%%02x", (unsigned char)*path);
	}
	return s.s;
}

static const char *variable(const char *name)
{
	const char *s = secure_getenv(name);

	return s && *s ? s : NULL;
}

/*
 * The private socket first: there is no message bus in between that may be missing or slow.  Who
 * names a bus gets that one and no other.
 */
static void system_candidates(struct candidates *c)
{
	const char *address = variable("DBUS_SYSTEM_BUS_ADDRESS");

	if (address) {
		add_candidate(c, str_dup(address), true);
		return;
	}
	add_candidate(c, address_of(PRIVATE_SOCKET), false);
	add_candidate(c, address_of(SYSTEM_SOCKET), true);
}

/* Are we the root of a container that has a systemd of its own? */
static bool owns_system_manager(void)
{
	struct stat st;

	return geteuid() == 0 && stat(PRIVATE_SOCKET, &st) == 0 && st.st_uid == 0;
}

static void user_candidates(struct candidates *c)
{
	const char *address = variable("DBUS_SESSION_BUS_ADDRESS");
	const char *dir = variable("XDG_RUNTIME_DIR");

	if (address)
		add_candidate(c, str_dup(address), true);
	if (dir) {
		auto_free char *bus = str_format("%s/bus", dir);
		auto_free char *private = str_format("%s/systemd/private", dir);

		add_candidate(c, address_of(bus), true);
		/* Without dbus-user-session the manager still listens here. */
		add_candidate(c, address_of(private), false);
	}
	if (owns_system_manager())
		system_candidates(c);
}

/*
 * Why a socket cannot be used.  Not strerror(3): engines take "No such file or directory" in any
 * message for a missing program of the container.
 */
static const char *reason(int rc)
{
	switch (-rc) {
	case ENOENT:
		return "there is no such socket";
	case ECONNREFUSED:
		return "nobody listens there";
	case EACCES:
	case EPERM:
		return "this user may not use it";
	case EINVAL:
		return "it is not an address";
	default:
		return strerror(-rc);
	}
}

static int try_open(const struct sdbus_api *api, const struct candidate *c, struct sd_bus **ret)
{
	struct sd_bus *bus = NULL;
	int rc = api->bus_new(&bus);

	if (rc >= 0)
		rc = api->bus_set_address(bus, c->address);
	if (rc >= 0 && c->is_bus)
		rc = api->bus_set_bus_client(bus, 1);
	if (rc >= 0)
		rc = api->bus_start(bus);
	if (rc < 0) {
		if (bus)
			api->bus_close_unref(bus);
		return rc;
	}
	*ret = bus;
	return 0;
}

static struct err *no_bus(bool is_rootless, const struct str *tried)
{
	struct err *e;

	if (!is_rootless)
		return err_hint(err_new(ERR_UNSUPPORTED,
					"the system's systemd cannot be reached: %s", tried->s),
				"is systemd running?  Without it use --cgroup-manager=cgroupfs");
	if (tried->len == 0)
		e = err_new(ERR_UNSUPPORTED, "the user's systemd cannot be reached: neither "
					     "DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set");
	else
		e = err_new(ERR_UNSUPPORTED, "the user's systemd cannot be reached: %s", tried->s);
	return err_hint(e, "log in properly instead of with su or sudo, or `loginctl enable-linger "
			   "USER` and set XDG_RUNTIME_DIR=/run/user/UID; else use "
			   "--cgroup-manager=cgroupfs");
}

struct err *sdbus_open(bool is_rootless, struct sdbus **ret)
{
	struct candidates c __attribute__((cleanup(candidates_done))) = { 0 };
	const struct sdbus_api *api;
	auto_str struct str tried = { 0 };

	TRY(load(&api));
	if (is_rootless)
		user_candidates(&c);
	else
		system_candidates(&c);
	for (size_t i = 0; i < c.n; i++) {
		struct sd_bus *bus = NULL;
		int rc = try_open(api, &c.v[i], &bus);

		if (rc < 0) {
			str_addf(&tried, "%s%s: %s", tried.len ? "; " : "", c.v[i].address,
				 reason(rc));
			continue;
		}
		*ret = xcalloc(1, sizeof(**ret));
		(*ret)->api = api;
		(*ret)->bus = bus;
		(*ret)->is_bus = c.v[i].is_bus;
		(*ret)->address = take_ptr(&c.v[i].address);
		return NULL;
	}
	return no_bus(is_rootless, &tried);
}

void sdbus_close(struct sdbus *b)
{
	if (!b)
		return;
	b->api->bus_close_unref(b->bus);
	free(b->address);
	free(b);
}

void sdbus_forget(const struct sdbus *b)
{
	if (b)
		fd_close(b->api->bus_get_fd(b->bus));
}

/* A dense host may be slower than we think is right. */
int64_t sdbus_deadline(int seconds)
{
	const char *s = variable(TIMEOUT_VARIABLE);
	uint64_t n = (uint64_t)seconds;

	if (s && (str_to_u64(s, 3600, &n) < 0 || n == 0)) {
		log_warn(TIMEOUT_VARIABLE "=%s is ignored: not a number of seconds up to 3600", s);
		n = (uint64_t)seconds;
	}
	return monotonic_us() + (int64_t)n * 1000000;
}

static struct err *broken(struct sdbus *b, int rc, const char *what)
{
	b->is_dead = true;
	return err_hint(err_new(ERR_SYSTEM, "the connection to systemd at %s broke: %s: %s",
				b->address, what, reason(rc)),
			"`systemctl status` shows whether systemd is well");
}

struct err *sdbus_pump(struct sdbus *b, const bool *done, int64_t deadline, const char *what)
{
	while (!*done) {
		int64_t left = deadline - monotonic_us();
		int rc = b->api->bus_process(b->bus, NULL);

		if (rc < 0)
			return broken(b, rc, what);
		if (rc > 0)
			continue;
		if (left <= 0) {
			b->is_dead = true;
			return err_hint(
				err_new(ERR_TIMEOUT, "systemd at %s does not answer in time: %s",
					b->address, what),
				"`systemctl list-jobs` shows what it is busy with; " TIMEOUT_VARIABLE
				"=SECONDS waits longer");
		}
		rc = b->api->bus_wait(b->bus, (uint64_t)left);
		if (rc < 0 && rc != -EINTR)
			return broken(b, rc, what);
	}
	return NULL;
}

static int on_answer(struct sd_bus_message *m, void *arg, struct sd_bus_error *e UNUSED)
{
	struct sdbus_answer *a = arg;
	const struct sdbus_api *api = a->bus->api;
	const struct sd_bus_error *error = api->message_get_error(m);
	const char *text = NULL;
	int rc = 0;

	a->has_arrived = true;
	if (error) {
		a->error_name = str_dup(error->name ? error->name : "");
		a->error_text = str_dup(error->message ? error->message : "");
		return 0;
	}
	if (streq(a->signature, "v"))
		rc = api->message_read(m, "v", "s", &text);
	else if (*a->signature)
		rc = api->message_read(m, a->signature, &text);
	if (rc < 0) {
		a->error_name = str_dup("");
		a->error_text = str_dup("the answer has another form than expected");
	} else if (text) {
		a->text = str_dup(text);
	}
	return 0;
}

void sdbus_answer_done(struct sdbus_answer *a)
{
	free(a->text);
	free(a->error_name);
	free(a->error_text);
	*a = (struct sdbus_answer){ 0 };
}

struct err *sdbus_message(struct sdbus *b, const char *interface, const char *member,
			  struct sd_bus_message **ret)
{
	TRY_SYS(b->api->message_new_method_call(b->bus, ret, SYSTEMD, SYSTEMD_PATH, interface,
						member),
		"begin a message to systemd at %s", b->address);
	return NULL;
}

struct err *sdbus_call(struct sdbus *b, struct sd_bus_message *m, int64_t deadline,
		       const char *signature, const char *what, struct sdbus_answer *ret)
{
	struct sd_bus_slot *slot = NULL;
	struct err *e = NULL;
	int rc;

	sdbus_answer_done(ret);
	ret->bus = b;
	ret->signature = signature;
	/* The deadline is ours: libsystemd's own one would not count the time of the greeting. */
	rc = b->api->bus_call_async(b->bus, &slot, m, on_answer, ret, UINT64_MAX);
	b->api->message_unref(m);
	if (rc < 0)
		return broken(b, rc, what);
	e = sdbus_pump(b, &ret->has_arrived, deadline, what);
	b->api->slot_unref(slot);
	return e;
}

/*
 * Not sd_bus_add_match(3): it compares arguments only up to the first that is no string, and the
 * bus is to keep the jobs of everybody else from us.
 */
struct err *sdbus_listen(struct sdbus *b, const char *match, int64_t deadline,
			 sdbus_handler *handler, void *arg, struct sd_bus_slot **ret)
{
	auto_answer struct sdbus_answer a = { 0 };
	struct sd_bus_message *m = NULL;

	TRY_SYS(b->api->bus_add_filter(b->bus, ret, handler, arg), "listen to systemd at %s",
		b->address);
	if (!b->is_bus)
		return NULL;
	TRY_SYS(b->api->message_new_method_call(b->bus, &m, "org.freedesktop.DBus",
						"/org/freedesktop/DBus", "org.freedesktop.DBus",
						"AddMatch"),
		"begin a message to %s", b->address);
	TRY_SYS(b->api->message_append(m, "s", match), "append to a message");
	TRY(sdbus_call(b, m, deadline, "", "the wish to hear of jobs", &a));
	if (a.error_name)
		return err_new(ERR_SYSTEM, "the bus %s does not tell of jobs: %s", b->address,
			       a.error_text);
	return NULL;
}
