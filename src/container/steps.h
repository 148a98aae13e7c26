/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of the lists: small adapters between a run and os/, cgroup/, state/.  Each is called
 * from one line of run.c or exec.c and silent when the plan has nothing for it.
 */
#ifndef CONTAINER_STEPS_H
#define CONTAINER_STEPS_H

#include "container/context.h"

/* steps-host.c */
MUST_CHECK struct err *step_reserve_id(struct run *r);
void undo_reserve_id(struct run *r);
MUST_CHECK struct err *step_connect_console(struct run *r);
MUST_CHECK struct err *step_prepare_cgroup(struct run *r);
void undo_prepare_cgroup(struct run *r);
MUST_CHECK struct err *step_start_scope(struct run *r);
MUST_CHECK struct err *step_make_gate(struct run *r);
MUST_CHECK struct err *step_open_proc(struct run *r);
MUST_CHECK struct err *step_open_namespaces(struct run *r);
MUST_CHECK struct err *step_open_file_systems(struct run *r);
MUST_CHECK struct err *step_open_launch(struct run *r);
MUST_CHECK struct err *step_share_seccomp(struct run *r);
MUST_CHECK struct err *step_record_process(struct run *r);
MUST_CHECK struct err *step_map_ids(struct run *r);
MUST_CHECK struct err *step_send_mounts(struct run *r);
MUST_CHECK struct err *step_enter_cgroup(struct run *r);
MUST_CHECK struct err *step_delegate_cgroup(struct run *r);
MUST_CHECK struct err *step_move_netdevs(struct run *r);
void undo_move_netdevs(struct run *r);
MUST_CHECK struct err *step_enter_rdt(struct run *r);
void undo_enter_rdt(struct run *r);
MUST_CHECK struct err *step_limit_process(struct run *r);
MUST_CHECK struct err *step_schedule(struct run *r);
MUST_CHECK struct err *step_compile_seccomp(struct run *r);
MUST_CHECK struct err *step_hooks_create_runtime(struct run *r);
MUST_CHECK struct err *step_receive_terminal(struct run *r);
MUST_CHECK struct err *step_write_state(struct run *r);
MUST_CHECK struct err *step_write_pidfile(struct run *r);
void undo_write_pidfile(struct run *r);
MUST_CHECK struct err *step_send_pidfd(struct run *r);

/* steps-init.c */
MUST_CHECK struct err *step_enter_launch(struct run *r);
MUST_CHECK struct err *step_become_root(struct run *r);
MUST_CHECK struct err *step_new_time_ns(struct run *r);
MUST_CHECK struct err *step_join_keyring(struct run *r);
MUST_CHECK struct err *step_loopback_up(struct run *r);
MUST_CHECK struct err *step_receive_mounts(struct run *r);
MUST_CHECK struct err *step_attach_root(struct run *r);
MUST_CHECK struct err *step_new_cgroup_ns(struct run *r);
MUST_CHECK struct err *step_attach_mounts(struct run *r);
MUST_CHECK struct err *step_make_devices(struct run *r);
MUST_CHECK struct err *step_finish_mounts(struct run *r);
MUST_CHECK struct err *step_hooks_create_container(struct run *r);
MUST_CHECK struct err *step_enter_root(struct run *r);
MUST_CHECK struct err *step_open_console(struct run *r);
MUST_CHECK struct err *step_attach_stdio(struct run *r);
MUST_CHECK struct err *step_set_names(struct run *r);
MUST_CHECK struct err *step_set_sysctls(struct run *r);
MUST_CHECK struct err *step_mask_paths(struct run *r);
MUST_CHECK struct err *step_finish_root(struct run *r);
MUST_CHECK struct err *step_set_policies(struct run *r);
MUST_CHECK struct err *step_set_labels(struct run *r);
MUST_CHECK struct err *step_build_env(struct run *r);
MUST_CHECK struct err *step_enter_cwd(struct run *r);
MUST_CHECK struct err *step_find_program(struct run *r);
MUST_CHECK struct err *step_restrict_files(struct run *r);
MUST_CHECK struct err *step_load_seccomp_early(struct run *r);
MUST_CHECK struct err *step_drop_privileges(struct run *r);
MUST_CHECK struct err *step_find_again(struct run *r);
MUST_CHECK struct err *step_close_inherited(struct run *r);
MUST_CHECK struct err *step_hold_gate(struct run *r);
/* exec */
MUST_CHECK struct err *step_join_container(struct run *r);

/* Conditions. */
bool when_new_user(const struct run *r);
bool when_any_userns(const struct run *r);
bool when_helper_sources(const struct run *r);
bool when_runtime_hooks(const struct run *r);
bool when_terminal_here(const struct run *r);

#endif
