/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.netDevices: devices of the host that the container gets, with their addresses.
 */
#ifndef OS_NETDEV_H
#define OS_NETDEV_H

#include <sys/types.h>

#include "base/err.h"
#include "spec/spec.h"

/* Does the config have any?  The two below are for one that does. */
bool netdevs_wanted(const struct spec *spec);
/* The network namespace of PID (0: our own), or -errno. */
int netdevs_namespace_of(pid_t pid);
/*
 * HOST: moves each device into the network namespace NS_FD, under its new name, with its permanent
 * addresses of global scope, and brings it up.  On error those that were moved are back.
 */
MUST_CHECK struct err *netdevs_move(const struct spec *spec, int ns_fd);
/* Back again: warns of what is not there. */
void netdevs_return(const struct spec *spec, int ns_fd);
/*
 * Does the end of the container bring them back?  By itself it does not, as the specification has
 * it: a virtual device ends with its namespace, a physical one goes home.  The annotation
 * run.oci.davit.return_net_devices asks for it, and nobody in the container may have been able to
 * change them: a device that a container made up is none that the host wants.
 */
bool netdevs_go_back(const struct spec *spec);

#endif
