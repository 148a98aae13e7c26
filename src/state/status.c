/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a container is doing: see status.h.  The order of the questions is the point: first the
 * process, then the gate, and only then the freezer, which can turn "running" into "paused" and
 * nothing else.  A file that is missing never makes a live process "stopped".
 */
#include "state/status.h"

#include <stdio.h>

#include "base/proc.h"
#include "state/store.h"

static const char *const names[] = {
	[STATUS_CREATING] = "creating", [STATUS_CREATED] = "created", [STATUS_RUNNING] = "running",
	[STATUS_PAUSED] = "paused",     [STATUS_STOPPED] = "stopped",
};

const char *status_name(enum container_status s)
{
	return names[s];
}

#define BIT(s)   (1U << (s))
#define ANY_LIVE (BIT(STATUS_CREATED) | BIT(STATUS_RUNNING) | BIT(STATUS_PAUSED))

/* What clients of crun and runc rely on: pausing what is paused is fine, so is resuming what runs.
 */
static const struct {
	unsigned allowed;
	const char *verb;
} ops[OP_COUNT] = {
	[OP_START] = { BIT(STATUS_CREATED), "started" },
	[OP_EXEC] = { BIT(STATUS_CREATED) | BIT(STATUS_RUNNING), "entered" },
	[OP_KILL] = { ANY_LIVE, "signalled" },
	[OP_PAUSE] = { ANY_LIVE, "paused" },
	[OP_RESUME] = { ANY_LIVE, "resumed" },
	[OP_UPDATE] = { ANY_LIVE | BIT(STATUS_STOPPED), "updated" },
	[OP_MOUNT] = { ANY_LIVE, "mounted to" },
	[OP_PS] = { ANY_LIVE | BIT(STATUS_STOPPED), "listed" },
	[OP_DELETE] = { BIT(STATUS_CREATED) | BIT(STATUS_STOPPED), "deleted" },
};

static struct err *refuse(enum container_op op, enum container_status s, const char *id)
{
	if (op == OP_KILL && s == STATUS_STOPPED)
		/* containerd, CRI-O and Podman look for these words: CONTRACT 10. */
		return err_new(ERR_STATE, "container `%s`: container not running: no such process",
			       id);
	if (s == STATUS_CREATING)
		return err_hint(
			err_new(ERR_STATE, "container `%s` is still being created", id),
			"if its `create` was killed, clear it with `davit delete --force %s`", id);
	if (s == STATUS_STOPPED)
		return err_hint(err_new(ERR_STATE, "container `%s` is not running", id),
				"its process has ended; `davit delete %s` removes what is left",
				id);
	if (op == OP_DELETE)
		return err_hint(
			err_new(ERR_STATE,
				"the container `%s` is not in `created` or `stopped` state: it is %s",
				id, names[s]),
			"stop it first, or use --force");
	if (s == STATUS_PAUSED)
		return err_hint(err_new(ERR_STATE, "the container `%s` is paused: it cannot be %s",
					id, ops[op].verb),
				"resume it first with `davit resume %s`", id);
	return err_new(ERR_STATE, "container `%s` is %s: it cannot be %s", id, names[s],
		       ops[op].verb);
}

struct err *status_check(enum container_op op, enum container_status s, const char *id)
{
	return ops[op].allowed & BIT(s) ? NULL : refuse(op, s, id);
}

static enum container_status answer(struct str *why, enum container_status s, const char *reason)
{
	if (why)
		str_addf(why, "%s: %s\n", reason, names[s]);
	return s;
}

static void explain_record(const struct status_query *q, struct str *why)
{
	const struct record *r = q->record;

	if (!why)
		return;
	str_addf(why, "record: %s, init process %d, start time %llu, boot %s\n",
		 r->phase == PHASE_CREATED ? "created" : "creating", r->pid,
		 (unsigned long long)r->start_time, r->boot_id ? r->boot_id : "unknown");
}

/* While it is being created: is somebody still at it? */
static enum container_status status_creating(const struct status_query *q, struct str *why)
{
	const struct record *r = q->record;

	if (record_is_this_boot(r) && proc_is_alive(r->creator_pid, r->creator_start_time) == 1)
		return answer(why, STATUS_CREATING, "the runtime that creates it is alive");
	if (record_is_this_boot(r) && proc_is_alive(r->pid, r->start_time) == 1)
		return answer(why, STATUS_CREATING,
			      "the runtime that created it is gone, its init process is alive");
	return answer(why, STATUS_STOPPED, "the runtime that created it is gone");
}

enum container_status status_get(const struct status_query *q, struct str *why)
{
	const struct record *r = q->record;
	int alive;

	explain_record(q, why);
	if (r->phase == PHASE_CREATING)
		return status_creating(q, why);
	if (!record_is_this_boot(r))
		return answer(why, STATUS_STOPPED, "the host was booted since");
	alive = proc_is_alive(r->pid, r->start_time);
	if (alive == 0)
		return answer(why, STATUS_STOPPED, "no process with that pid and start time lives");
	/* /proc that cannot be read is no proof of death. */
	if (why)
		str_addf(why, "process: %d is alive%s\n", r->pid,
			 alive < 0 ? " (/proc unreadable)" : "");
	if (store_lock_owner(q->dir_fd, STORE_GATE) != 0)
		return answer(why, STATUS_CREATED, "gate: held by the waiting init process");
	if (why)
		str_add(why, "gate: open\n");
	return q->is_frozen(q->arg, why) ? answer(why, STATUS_PAUSED, "freezer: frozen")
					 : answer(why, STATUS_RUNNING, "freezer: not frozen");
}
