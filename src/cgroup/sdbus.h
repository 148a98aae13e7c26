/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A connection to systemd's D-Bus interface, through libsystemd's sd-bus.
 *
 * The library is loaded with dlopen(3) on first use, so a command that does not speak to systemd
 * does not pay for it, and davit runs where it is missing.  Its few functions are declared here: no
 * header is needed to build.
 *
 * Nothing here waits longer than the deadline of the call.
 */
#ifndef CGROUP_SDBUS_H
#define CGROUP_SDBUS_H

#include "base/err.h"

struct sd_bus;
struct sd_bus_message;
struct sd_bus_slot;

struct sd_bus_error {
	const char *name;
	const char *message;
	int need_free;
};

typedef int sdbus_handler(struct sd_bus_message *m, void *arg, struct sd_bus_error *e);

/* sd_bus_… and sd_bus_message_…: see sd-bus(3). */
struct sdbus_api {
	int (*bus_new)(struct sd_bus **ret);
	int (*bus_set_address)(struct sd_bus *bus, const char *address);
	int (*bus_set_bus_client)(struct sd_bus *bus, int b);
	int (*bus_start)(struct sd_bus *bus);
	int (*bus_get_fd)(struct sd_bus *bus);
	int (*bus_process)(struct sd_bus *bus, struct sd_bus_message **ret);
	int (*bus_wait)(struct sd_bus *bus, uint64_t timeout_us);
	int (*bus_call_async)(struct sd_bus *bus, struct sd_bus_slot **slot,
			      struct sd_bus_message *m, sdbus_handler *handler, void *arg,
			      uint64_t timeout_us);
	int (*bus_add_filter)(struct sd_bus *bus, struct sd_bus_slot **slot, sdbus_handler *handler,
			      void *arg);
	struct sd_bus *(*bus_close_unref)(struct sd_bus *bus);
	struct sd_bus_slot *(*slot_unref)(struct sd_bus_slot *slot);
	int (*message_new_method_call)(struct sd_bus *bus, struct sd_bus_message **m,
				       const char *destination, const char *path,
				       const char *interface, const char *member);
	struct sd_bus_message *(*message_unref)(struct sd_bus_message *m);
	int (*message_append)(struct sd_bus_message *m, const char *types, ...);
	int (*message_append_array)(struct sd_bus_message *m, char type, const void *data,
				    size_t size);
	int (*message_append_strv)(struct sd_bus_message *m, char **l);
	int (*message_open_container)(struct sd_bus_message *m, char type, const char *contents);
	int (*message_close_container)(struct sd_bus_message *m);
	int (*message_read)(struct sd_bus_message *m, const char *types, ...);
	int (*message_is_signal)(struct sd_bus_message *m, const char *interface,
				 const char *member);
	const struct sd_bus_error *(*message_get_error)(struct sd_bus_message *m);
};

struct sdbus {
	const struct sdbus_api *api;
	struct sd_bus *bus;
	char *address; /* for messages */
	bool is_bus;   /* others are on it too, so signals have to be asked for */
	bool is_dead;  /* it did not answer in time, or the connection broke */
};

/*
 * Connects to the system manager, or to the user's.  No answer has been waited for yet: the first
 * call shows whether somebody is there.
 */
MUST_CHECK struct err *sdbus_open(bool is_rootless, struct sdbus **ret);
void sdbus_close(struct sdbus *b);
/* In a child that shares the descriptor: only the child's copy is closed. */
void sdbus_forget(const struct sdbus *b);

/* Microseconds of the monotonic clock. */
int64_t sdbus_deadline(int seconds);

/* What came back: one string, or the peer's error. */
struct sdbus_answer {
	struct sdbus *bus;
	const char *signature; /* of the reply: "", "o", or "v" for a variant with a string */
	bool has_arrived;
	char *text;
	char *error_name; /* NULL: success */
	char *error_text;
};
void sdbus_answer_done(struct sdbus_answer *a);
#define auto_answer __attribute__((cleanup(sdbus_answer_done)))

/* Begins a call of MEMBER; the caller appends the arguments. */
MUST_CHECK struct err *sdbus_message(struct sdbus *b, const char *interface, const char *member,
				     struct sd_bus_message **ret);
/*
 * Sends M and frees it, then waits for the answer.  An error is about the connection or the
 * deadline; what the peer refuses is in RET.  WHAT completes "… does not answer: ".
 */
MUST_CHECK struct err *sdbus_call(struct sdbus *b, struct sd_bus_message *m, int64_t deadline,
				  const char *signature, const char *what,
				  struct sdbus_answer *ret);
/* From here on HANDLER sees all that arrives, which is at least the signals that fit MATCH. */
MUST_CHECK struct err *sdbus_listen(struct sdbus *b, const char *match, int64_t deadline,
				    sdbus_handler *handler, void *arg, struct sd_bus_slot **ret);
/* Handles what arrives until *DONE. */
MUST_CHECK struct err *sdbus_pump(struct sdbus *b, const bool *done, int64_t deadline,
				  const char *what);

#endif
