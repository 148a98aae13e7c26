/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OOM score (process.oomScoreAdj): see process.h.
 */
#include <stdio.h>

#include "base/file.h"
#include "os/process.h"

struct err *oom_score_adj_apply(int proc_fd, pid_t pid, int value)
{
	struct err *e;
	char path[48];
	char text[16];
	int rc;

	if (value < -1000 || value > 1000)
		return err_new(ERR_INVALID, "process.oomScoreAdj: %d is not within -1000 to 1000",
			       value);
	snprintf(path, sizeof(path), "%d/oom_score_adj", (int)pid);
	snprintf(text, sizeof(text), "%d", value);
	rc = file_write_at(proc_fd, path, text);
	if (rc == 0)
		return NULL;
	e = err_sys(rc, "process.oomScoreAdj: set to %d", value);
	if (rc == -EACCES)
		e = err_hint(
			e,
			"going below the value the runtime was started with needs CAP_SYS_RESOURCE");
	return e;
}
