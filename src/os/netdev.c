/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network devices of the host: see netdev.h.
 */
#include "os/netdev.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>

#include "base/log.h"
#include "base/names.h"
#include "base/str.h"
#include "os/netlink.h"

enum { MAX_ADDRESSES = 64, ADDRESS_SIZE = 16, MAX_TEMPLATE = 1000 };

struct address {
	struct ifaddrmsg message;
	unsigned char local[ADDRESS_SIZE];
	unsigned char peer[ADDRESS_SIZE];
	unsigned char broadcast[ADDRESS_SIZE];
	size_t n_local, n_peer, n_broadcast;
};

struct addresses {
	int index;
	size_t n;
	struct address v[MAX_ADDRESSES];
};

/* Two namespaces: a socket in each, and the descriptors that name them. */
struct route {
	int from;
	int to;
	int from_ns;
	int to_ns;
};

int netdevs_namespace_of(pid_t pid)
{
	auto_free char *path = pid ? str_format("/proc/%d/ns/net", (int)pid)
				   : str_dup("/proc/self/ns/net");
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* A socket belongs to the namespace that it was made in. */
static struct err *open_in(int ns_fd, int *ret)
{
	auto_close int own = netdevs_namespace_of(0);
	int fd;

	TRY_SYS(own, "open our own network namespace");
	if (setns(ns_fd, CLONE_NEWNET) < 0)
		return err_sys(-errno, "enter the container's network namespace");
	fd = netlink_open();
	if (setns(own, CLONE_NEWNET) < 0) {
		fd_close(fd);
		return err_sys(-errno, "return to our own network namespace");
	}
	TRY_SYS(fd, "open a netlink socket in the container's network namespace");
	*ret = fd;
	return NULL;
}

static int take_link(const struct nlmsghdr *h, void *arg)
{
	struct ifinfomsg *ret = arg;

	if (h->nlmsg_type == RTM_NEWLINK)
		*ret = *(const struct ifinfomsg *)NLMSG_DATA(h);
	return 0;
}

static int find_link(int fd, const char *name, struct ifinfomsg *ret)
{
	const struct ifinfomsg any = { .ifi_family = AF_UNSPEC };
	struct netlink_request r;

	netlink_begin(&r, RTM_GETLINK, 0, &any, sizeof(any));
	netlink_add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_ask(fd, &r, take_link, ret);
}

static size_t keep(unsigned char *to, const struct rtattr *a)
{
	size_t n = MIN(RTA_PAYLOAD(a), (size_t)ADDRESS_SIZE);

	memcpy(to, RTA_DATA(a), n);
	return n;
}

/* What the kernel or a DHCP client sets again by itself is left out. */
static bool is_kept(const struct ifaddrmsg *m, int index, uint32_t flags)
{
	return (int)m->ifa_index == index && m->ifa_scope == RT_SCOPE_UNIVERSE &&
	       (flags & IFA_F_PERMANENT);
}

static int take_address(const struct nlmsghdr *h, void *arg)
{
	const struct ifaddrmsg *m = NLMSG_DATA(h);
	unsigned left = (unsigned)IFA_PAYLOAD(h);
	struct addresses *all = arg;
	struct address a = { .message = *m };
	uint32_t flags = m->ifa_flags;

	if (h->nlmsg_type != RTM_NEWADDR || all->n == MAX_ADDRESSES)
		return 0;
	for (const struct rtattr *t = IFA_RTA(m); RTA_OK(t, left); t = RTA_NEXT(t, left)) {
		if (t->rta_type == IFA_LOCAL)
			a.n_local = keep(a.local, t);
		else if (t->rta_type == IFA_ADDRESS)
			a.n_peer = keep(a.peer, t);
		else if (t->rta_type == IFA_BROADCAST)
			a.n_broadcast = keep(a.broadcast, t);
		else if (t->rta_type == IFA_FLAGS)
			memcpy(&flags, RTA_DATA(t), sizeof(flags));
	}
	if (is_kept(m, all->index, flags))
		all->v[all->n++] = a;
	return 0;
}

static int read_addresses(int fd, int index, struct addresses *ret)
{
	const struct ifaddrmsg any = { .ifa_family = AF_UNSPEC };
	struct netlink_request r;

	ret->index = index;
	ret->n = 0;
	netlink_begin(&r, RTM_GETADDR, NLM_F_DUMP, &any, sizeof(any));
	return netlink_ask(fd, &r, take_address, ret);
}

/* It is the same link as before, so nobody has to be asked for duplicates (NODAD). */
static int set_address(int fd, int index, const struct address *a)
{
	struct ifaddrmsg m = { .ifa_family = a->message.ifa_family,
			       .ifa_prefixlen = a->message.ifa_prefixlen,
			       .ifa_flags = a->message.ifa_family == AF_INET6 ? IFA_F_NODAD : 0,
			       .ifa_scope = a->message.ifa_scope,
			       .ifa_index = (unsigned)index };
	struct netlink_request r;
	int rc;

	netlink_begin(&r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &m, sizeof(m));
	if (a->n_local)
		netlink_add(&r, IFA_LOCAL, a->local, a->n_local);
	if (a->n_peer)
		netlink_add(&r, IFA_ADDRESS, a->peer, a->n_peer);
	if (a->n_broadcast)
		netlink_add(&r, IFA_BROADCAST, a->broadcast, a->n_broadcast);
	rc = netlink_ask(fd, &r, NULL, NULL);
	return rc == -EEXIST ? 0 : rc;
}

static int set_up(int fd, int index)
{
	const struct ifinfomsg m = { .ifi_family = AF_UNSPEC,
				     .ifi_index = index,
				     .ifi_flags = IFF_UP,
				     .ifi_change = IFF_UP };
	struct netlink_request r;

	netlink_begin(&r, RTM_NEWLINK, 0, &m, sizeof(m));
	return netlink_ask(fd, &r, NULL, NULL);
}

static int change_namespace(const struct route *way, int index, const char *name)
{
	const struct ifinfomsg m = { .ifi_family = AF_UNSPEC,
				     .ifi_index = index,
				     .ifi_change = IFF_UP };
	struct netlink_request r;

	netlink_begin(&r, RTM_NEWLINK, 0, &m, sizeof(m));
	netlink_add(&r, IFLA_NET_NS_FD, &way->to_ns, sizeof(way->to_ns));
	netlink_add(&r, IFLA_IFNAME, name, strlen(name) + 1);
	return netlink_ask(way->from, &r, NULL, NULL);
}

static struct err *explain(int rc, const char *from, const char *to)
{
	struct err *e = err_sys(rc,
				"linux.netDevices[\"%s\"]: move it into the network namespace "
				"as %s",
				from, to);

	switch (-rc) {
	case EEXIST:
		return err_hint(e, "there is a device of that name: give another one with `name`");
	case EPERM:
	case EACCES:
		return err_hint(e, "moving needs CAP_NET_ADMIN in both network namespaces");
	case EINVAL:
	case EOPNOTSUPP:
		return err_hint(e, "some devices (lo, bridges, tunnels of a namespace) stay where "
				   "they are");
	default:
		return e;
	}
}

/* "eth%d" is the first such name that is free there, as the kernel does it. */
static struct err *choose_name(int fd, const char *wanted, const char *from, char ret[IFNAMSIZ])
{
	const char *template = strstr(wanted, "%d");
	struct ifinfomsg link = { 0 };
	int rc = -EEXIST;

	for (int i = 0; i < MAX_TEMPLATE && rc != -ENODEV; i++) {
		auto_free char *name = template ? str_format("%.*s%d%s", (int)(template - wanted),
							     wanted, i, template + 2)
						: str_dup(wanted);

		if (strlen(name) >= IFNAMSIZ)
			return err_new(ERR_INVALID,
				       "linux.netDevices[\"%s\"].name: `%s` is too "
				       "long",
				       from, name);
		memcpy(ret, name, strlen(name) + 1);
		rc = find_link(fd, name, &link);
		if (!template)
			break;
	}
	if (rc == -ENODEV)
		return NULL;
	return explain(rc == 0 ? -EEXIST : rc, from, ret);
}

static struct err *settle(const struct route *way, const char *name, const struct addresses *a)
{
	struct ifinfomsg link = { 0 };

	TRY_SYS(find_link(way->to, name, &link), "find %s after it was moved", name);
	for (size_t i = 0; i < a->n; i++)
		TRY_SYS(set_address(way->to, link.ifi_index, &a->v[i]),
			"give %s its addresses again", name);
	TRY_SYS(set_up(way->to, link.ifi_index), "bring up %s", name);
	return NULL;
}

/* The kernel moves first and renames then: after an error it may be there under either name. */
static void take_back(const struct route *way, const char *name, const char *from)
{
	const struct route back = { .from = way->to, .to = way->from, .to_ns = way->from_ns };
	struct ifinfomsg link = { 0 };

	if (find_link(way->to, name, &link) == 0 || find_link(way->to, from, &link) == 0)
		change_namespace(&back, link.ifi_index, from);
}

static struct err *move(const struct route *way, const char *from, const char *wanted)
{
	auto_free struct addresses *addresses = xcalloc(1, sizeof(*addresses));
	struct ifinfomsg link = { 0 };
	char name[IFNAMSIZ] = "";
	int rc = find_link(way->from, from, &link);
	struct err *e = NULL;

	if (rc == -ENODEV)
		return err_hint(err_sys(rc, "linux.netDevices[\"%s\"]", from),
				"`ip link` shows the names of this network namespace's devices");
	TRY_SYS(rc, "linux.netDevices[\"%s\"]: find it", from);
	TRY(choose_name(way->to, wanted, from, name));
	TRY_SYS(read_addresses(way->from, link.ifi_index, addresses), "read the addresses of %s",
		from);
	rc = change_namespace(way, link.ifi_index, name);
	e = rc < 0 ? explain(rc, from, name) : settle(way, name, addresses);
	if (e)
		take_back(way, name, from);
	return e;
}

static const char *inner_name(const struct spec_net_device *d)
{
	return d->name && *d->name ? d->name : d->host_name;
}

/* Both ways, and the descriptors that they need. */
struct both {
	int own_ns, own, ns;
	struct route in, out;
};

static void both_close(struct both *b)
{
	fd_close(b->own_ns);
	fd_close(b->own);
	fd_close(b->ns);
}

static struct err *both_open(int ns_fd, struct both *ret)
{
	*ret = (struct both){ .own_ns = -EBADF, .own = -EBADF, .ns = -EBADF };
	ret->own_ns = netdevs_namespace_of(0);
	TRY_SYS(ret->own_ns, "open our own network namespace");
	ret->own = netlink_open();
	TRY_SYS(ret->own, "open a netlink socket");
	TRY(open_in(ns_fd, &ret->ns));
	ret->in = (struct route){ ret->own, ret->ns, ret->own_ns, ns_fd };
	ret->out = (struct route){ ret->ns, ret->own, ns_fd, ret->own_ns };
	return NULL;
}

static void give_back(const struct both *b, const struct spec_linux *l, size_t n)
{
	while (n-- > 0) {
		const struct spec_net_device *d = &l->net_devices[n];
		struct err *e = move(&b->out, inner_name(d), d->host_name);

		if (e)
			log_warn("the network device %s is not back: %s", d->host_name,
				 err_text(e));
		err_free(e);
	}
}

struct err *netdevs_move(const struct spec *spec, int ns_fd)
{
	struct both both;
	struct err *e = both_open(ns_fd, &both);

	for (size_t i = 0; !e && i < spec->linux_->n_net_devices; i++) {
		const struct spec_net_device *d = &spec->linux_->net_devices[i];

		e = move(&both.in, d->host_name, inner_name(d));
		if (e)
			give_back(&both, spec->linux_, i);
	}
	both_close(&both);
	return e;
}

void netdevs_return(const struct spec *spec, int ns_fd)
{
	struct both both;
	struct err *e = both_open(ns_fd, &both);

	if (!e)
		give_back(&both, spec->linux_, spec->linux_->n_net_devices);
	else
		log_warn("the network devices are not back: %s", err_text(e));
	err_free(e);
	both_close(&both);
}

bool netdevs_wanted(const struct spec *spec)
{
	return spec->linux_ && spec->linux_->n_net_devices > 0;
}

bool netdevs_go_back(const struct spec *spec)
{
	const char *wanted = spec_annotation(spec, "run.oci.davit.return_net_devices");
	const struct spec_namespace *ns = spec_find_ns(spec, NS_NETWORK);
	const struct spec_capabilities *caps = spec->process ? spec->process->capabilities : NULL;

	if (!netdevs_wanted(spec) || !wanted || streq(wanted, "0") || !ns || ns->path || !caps)
		return false;
	for (size_t i = 0; i < caps->bounding.n; i++)
		if (capability_parse(caps->bounding.v[i]) == CAP_NET_ADMIN)
			return false;
	return true;
}
