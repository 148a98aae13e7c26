/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that span members.  They see documents that the tables found mistakes in, so any member may
 * be absent.  PATH is put before the members' names: "process." or "".
 */
#ifndef SPEC_CHECK_H
#define SPEC_CHECK_H

#include "spec/mistakes.h"
#include "spec/spec.h"

void check_config(const struct spec *s, struct mistakes *m);
void check_process(const struct spec_process *p, const char *path, struct mistakes *m);
void check_resources(const struct spec_resources *r, const char *path, struct mistakes *m);
void check_seccomp(const struct spec_seccomp *s, const char *receiver, struct mistakes *m);

#endif
