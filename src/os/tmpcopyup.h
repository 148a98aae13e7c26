/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Option tmpcopyup: a tmpfs begins with a copy of the directory it covers.
 */
#ifndef OS_TMPCOPYUP_H
#define OS_TMPCOPYUP_H

#include "base/err.h"

/* Copies what is in the directory FROM_FD into the directory TO_FD, which is empty. */
MUST_CHECK struct err *tmpcopyup(int from_fd, int to_fd);

#endif
