/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All commands, in the order of the help.
 */
#include "cli/command.h"

const struct command *const commands[] = {
	&cmd_create, &cmd_delete, &cmd_doctor, &cmd_events, &cmd_exec,     &cmd_features, &cmd_help,
	&cmd_kill,   &cmd_list,   &cmd_mounts, &cmd_pause,  &cmd_ps,       &cmd_resume,   &cmd_run,
	&cmd_spec,   &cmd_start,  &cmd_state,  &cmd_update, &cmd_validate, &cmd_version,  NULL,
};

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++) {
		if (streq((*c)->name, name))
			return *c;
	}
	return NULL;
}
