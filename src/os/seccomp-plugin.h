/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp notify plugins: shared objects that answer the system calls of a container (annotation
 * run.oci.seccomp.plugins, include/davit/seccomp_notify_plugin.h).
 *
 * A plugin may hang or crash: whoever loads one is a process of its own (container/answerer.h).
 */
#ifndef OS_SECCOMP_PLUGIN_H
#define OS_SECCOMP_PLUGIN_H

#include "base/err.h"
#include "base/str.h"
#include "spec/value.h"

struct run_oci_seccomp_notify_conf;
struct seccomp_plugins;

/* "a.so:/b.so" → names.  Absolute paths, or bare names for the dynamic linker to find. */
MUST_CHECK struct err *seccomp_plugin_names(const char *list, struct strv *ret);
/* Opens them and looks for what they have to export; nothing of theirs is called but version. */
MUST_CHECK struct err *seccomp_plugins_load(const struct spec_strings *names,
					    struct seccomp_plugins **ret);
MUST_CHECK struct err *seccomp_plugins_start(struct seccomp_plugins *p,
					     struct run_oci_seccomp_notify_conf *conf);
/* Until nobody is left to ask, or until ENDED_FD (a pidfd, -EBADF for none) is readable. */
MUST_CHECK struct err *seccomp_plugins_serve(struct seccomp_plugins *p, int listener_fd,
					     int ended_fd);
void seccomp_plugins_stop(struct seccomp_plugins *p);

#endif
