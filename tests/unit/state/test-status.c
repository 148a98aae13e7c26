/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state/status.c: the order of the questions, on real processes.
 */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/proc.h"
#include "state/status.h"
#include "state/store.h"

struct fixture {
	char dir[32];
	int dir_fd;
	pid_t pid;
	int gate_wr; /* the child lets go of the gate when this is closed */
	struct record record;
	char boot[40];
	bool frozen;
	int asked;
};

static bool say_frozen(void *arg, struct str *why UNUSED)
{
	struct fixture *f = arg;

	f->asked++;
	return f->frozen;
}

static enum container_status status_of(struct fixture *f)
{
	struct status_query q = {
		.record = &f->record,
		.dir_fd = f->dir_fd,
		.is_frozen = say_frozen,
		.arg = f,
	};

	return status_get(&q, NULL);
}

/* A process that stands at the gate like a container's init. */
static void child_main(int gate, int rd, int ready)
{
	char c = 0;

	if (store_gate_hold(gate))
		_exit(1);
	if (write(ready, "r", 1) != 1 || read(rd, &c, 1) < 0)
		_exit(1);
	close(gate);
	if (write(ready, "o", 1) != 1)
		_exit(1);
	pause();
	_exit(0);
}

static void setup(struct fixture *f)
{
	struct proc_stat st;
	int gate, p[2], ready[2];
	char c;

	*f = (struct fixture){ .dir = "/tmp/davit-status-XXXXXX" };
	assert_non_null(mkdtemp(f->dir));
	f->dir_fd = open(f->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	expect_ok(store_gate_open(f->dir_fd, &gate));
	expect(pipe2(p, O_CLOEXEC) == 0 && pipe2(ready, O_CLOEXEC) == 0);
	f->pid = fork();
	if (f->pid == 0) {
		close(p[1]);
		child_main(gate, p[0], ready[1]);
	}
	close(gate);
	close(p[0]);
	close(ready[1]);
	expect(read(ready[0], &c, 1) == 1);
	f->gate_wr = p[1];
	expect(proc_stat_read(f->pid, &st) == 0 && proc_boot_id(f->boot) == 0);
	f->record = (struct record){
		.version = RECORD_VERSION,
		.phase = PHASE_CREATED,
		.pid = f->pid,
		.start_time = st.start_time,
		.boot_id = f->boot,
	};
	close(ready[0]);
}

static void open_gate(struct fixture *f)
{
	close(f->gate_wr);
	f->gate_wr = -1;
	for (int i = 0; i < 1000 && store_lock_owner(f->dir_fd, STORE_GATE) != 0; i++)
		usleep(1000);
}

static void teardown(struct fixture *f)
{
	if (f->gate_wr >= 0)
		close(f->gate_wr);
	kill(f->pid, SIGKILL);
	waitpid(f->pid, NULL, 0);
	file_remove_tree_at(AT_FDCWD, f->dir);
	close(f->dir_fd);
}

TEST(a_process_at_the_gate_is_created_and_the_freezer_is_not_asked)
{
	struct fixture f;

	setup(&f);
	f.frozen = true;
	expect_int(status_of(&f), STATUS_CREATED);
	expect_int(f.asked, 0);
	teardown(&f);
}

TEST(a_process_past_the_gate_runs_unless_it_is_frozen)
{
	struct fixture f;

	setup(&f);
	open_gate(&f);
	expect_int(status_of(&f), STATUS_RUNNING);
	f.frozen = true;
	expect_int(status_of(&f), STATUS_PAUSED);
	teardown(&f);
}

TEST(a_zombie_is_stopped_whatever_the_freezer_says)
{
	struct fixture f;
	siginfo_t info;

	setup(&f);
	f.frozen = true;
	kill(f.pid, SIGKILL);
	waitid(P_PID, (id_t)f.pid, &info, WEXITED | WNOWAIT);
	expect_int(status_of(&f), STATUS_STOPPED);
	expect_int(f.asked, 0);
	teardown(&f);
}

TEST(a_process_with_the_pid_but_another_start_time_is_not_the_container)
{
	struct fixture f;

	setup(&f);
	f.record.start_time++;
	expect_int(status_of(&f), STATUS_STOPPED);
	f.record.start_time = 0;
	expect_int(status_of(&f), STATUS_STOPPED);
	teardown(&f);
}

TEST(a_record_of_another_boot_is_stopped)
{
	struct fixture f;

	setup(&f);
	f.boot[0] = f.boot[0] == '0' ? '1' : '0';
	expect_int(status_of(&f), STATUS_STOPPED);
	teardown(&f);
}

TEST(while_its_creator_lives_a_container_is_being_created)
{
	struct fixture f;

	setup(&f);
	f.record.phase = PHASE_CREATING;
	f.record.creator_pid = f.pid;
	f.record.creator_start_time = f.record.start_time;
	f.record.pid = 0;
	expect_int(status_of(&f), STATUS_CREATING);
	f.record.creator_start_time++;
	expect_int(status_of(&f), STATUS_STOPPED);
	teardown(&f);
}

TEST(each_operation_is_legal_in_the_states_clients_rely_on)
{
	static const struct {
		enum container_op op;
		const char *legal; /* of "CRPS": created, running, paused, stopped */
	} rows[] = {
		{ OP_START, "C" },   { OP_EXEC, "CR" },    { OP_KILL, "CRP" },
		{ OP_PAUSE, "CRP" }, { OP_RESUME, "CRP" }, { OP_UPDATE, "CRPS" },
		{ OP_MOUNT, "CRP" }, { OP_PS, "CRPS" },    { OP_DELETE, "CS" },
	};
	static const enum container_status states[] = { STATUS_CREATED, STATUS_RUNNING,
							STATUS_PAUSED, STATUS_STOPPED };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t s = 0; s < ARRAY_LEN(states); s++) {
			struct err *e = status_check(rows[i].op, states[s], "web");

			expect_int(e == NULL, strchr(rows[i].legal, "CRPS"[s]) != NULL);
			err_free(e);
		}
	}
}

TEST(killing_what_has_stopped_says_what_containerd_and_crio_look_for)
{
	expect_err(status_check(OP_KILL, STATUS_STOPPED, "web"), ERR_STATE,
		   "container not running");
	expect_err(status_check(OP_KILL, STATUS_STOPPED, "web"), ERR_STATE, "no such process");
}

TESTS(CASE(a_process_at_the_gate_is_created_and_the_freezer_is_not_asked),
      CASE(a_process_past_the_gate_runs_unless_it_is_frozen),
      CASE(a_zombie_is_stopped_whatever_the_freezer_says),
      CASE(a_process_with_the_pid_but_another_start_time_is_not_the_container),
      CASE(a_record_of_another_boot_is_stopped),
      CASE(while_its_creator_lives_a_container_is_being_created),
      CASE(each_operation_is_legal_in_the_states_clients_rely_on),
      CASE(killing_what_has_stopped_says_what_containerd_and_crio_look_for))
