/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache and memory bandwidth of the processor (resctrl): the schemata of a group that exists.
 */
#ifndef OS_RDT_H
#define OS_RDT_H

#include "base/err.h"
#include "base/str.h"

/* Rewrites the schemata of GROUP ("/": the default one); L3 and MB may be NULL. */
MUST_CHECK struct err *rdt_update(const char *group, const char *l3, const char *mb);
/* The lines for the file: L3 without its MB: lines, then MB; ends with a newline unless empty. */
void rdt_schemata(const char *l3, const char *mb, struct str *out);

#endif
