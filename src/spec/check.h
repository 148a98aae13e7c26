/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that span members.  They see documents in which the tables found mistakes too, so any
 * member may be absent.  PATH stands before the members' names in messages: "process." or "".
 */
#ifndef SPEC_CHECK_H
#define SPEC_CHECK_H

#include "spec/mistakes.h"
#include "spec/spec.h"

/* The whole config: the three below are part of it. */
void check_config(const struct spec *s, struct mistakes *m);
void check_process(const struct spec_process *p, const char *path, struct mistakes *m);
void check_linux(const struct spec *s, struct mistakes *m);
void check_resources(const struct spec_resources *r, const char *path, struct mistakes *m);

/* One of a list of mounts: LIST is "mounts", or "" when the document is the list. */
void check_mount(const struct spec_mount *v, const char *list, size_t i, struct mistakes *m);
/* PATH names the list; "linux.uidMappings". */
void check_id_mappings(const struct spec_id_mappings *map, const char *path, struct mistakes *m);

#endif
