/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which hierarchies are mounted where, and where each controller is or why it is not.
 *
 * /proc/self/cgroup names every hierarchy that exists.  The usual places below /sys/fs/cgroup are
 * asked with statfs(2) first: mountinfo holds a line for each mount of the host, and reading it
 * costs more than all the rest where there are thousands.
 */
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "base/file.h"
#include "cgroup/cgroup.h"
#include "cgroup/ctl.h"

#define BASE "/sys/fs/cgroup"

enum {
	SELF_SIZE = 32 * 1024,  /* /proc/self/cgroup: a dozen lines, each a path at most */
	CHUNK_SIZE = 32 * 1024, /* of mountinfo, and so the longest line that is understood */
	MAX_HIERARCHIES = 64,
};

struct found {
	struct cgroup_hierarchy h;
	const char *cgroup; /* davit's own, as /proc/self/cgroup says it */
	bool is_usual;      /* mounted where everybody mounts it */
	bool is_root;       /* the mount shows its hierarchy from the top */
	bool is_settled;    /* mount and self are known */
};

struct detect {
	struct arena *a;
	const char *root; /* "" for the real one */
	size_t n;
	struct found v[MAX_HIERARCHIES];
	bool has_facts;
	struct ctl_facts facts;
};

static bool is_real(const struct detect *d)
{
	return d->root[0] == '\0';
}

/* The type of the file system at PATH; 0 when there is nothing. */
static uint32_t fs_type(const char *path, bool *ret_readonly)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return 0;
	*ret_readonly = fs.f_flags & ST_RDONLY;
	return (uint32_t)fs.f_type;
}

static uint32_t magic_of(const struct cgroup_hierarchy *h)
{
	return h->is_v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
}

/* One line each, "ID:controllers:path"; ID 0 without controllers is v2. */
static void parse_self_line(struct detect *d, char *line)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;
	struct found *f = &d->v[d->n];

	if (!path || d->n == MAX_HIERARCHIES)
		return;
	*controllers++ = '\0';
	*path++ = '\0';
	if (!*controllers && !streq(line, "0"))
		return;
	*f = (struct found){ .cgroup = arena_str(d->a, path) };
	f->h.controllers = arena_str(d->a, controllers);
	f->h.is_v2 = !*controllers;
	d->n++;
}

static struct err *read_self(struct detect *d)
{
	auto_free char *path = str_format("%s/proc/self/cgroup", d->root);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *buf = NULL;
	char *rest;
	char *line;
	ssize_t n;

	/* A kernel without cgroups. */
	if (fd < 0 && errno == ENOENT)
		return NULL;
	if (fd < 0)
		return err_sys(-errno, "open /proc/self/cgroup");
	buf = xcalloc(SELF_SIZE, 1);
	n = fd_read_all(fd, buf, SELF_SIZE - 1);
	TRY_SYS(n, "read /proc/self/cgroup");
	for (line = strtok_r(buf, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		parse_self_line(d, line);
	return NULL;
}

/*
 * Where davit's own cgroup is below a mount whose top is MOUNT_ROOT.  "/.." is something above our
 * cgroup namespace: no path leads there.
 */
static char *self_below(struct detect *d, const char *cgroup, const char *mount_root)
{
	size_t n = strlen(mount_root);

	if (str_starts(cgroup, "/..") || str_starts(mount_root, "/.."))
		return NULL;
	if (n == 1)
		return arena_str(d->a, cgroup);
	if (strncmp(cgroup, mount_root, n) != 0 || (cgroup[n] != '/' && cgroup[n] != '\0'))
		return NULL;
	return arena_str(d->a, cgroup[n] ? cgroup + n : "/");
}

/*
 * Without mountinfo the top of the mount is unknown, but when our cgroup is found below it the
 * mount shows the hierarchy from where our paths begin.
 */
static void settle_usual(struct detect *d, struct found *f, const char *path, bool is_readonly)
{
	struct stat st;

	f->h.mount = arena_str(d->a, path);
	f->h.is_readonly = is_readonly;
	f->is_usual = true;
	if (streq(f->cgroup, "/")) {
		f->h.self = arena_str(d->a, "/");
		f->is_settled = true;
	} else if (str_starts(f->cgroup, "/..")) {
		f->is_settled = true;
	} else {
		auto_free char *self = str_format("%s%s", path, f->cgroup);

		if (stat(self, &st) == 0) {
			f->h.self = arena_str(d->a, f->cgroup);
			f->is_settled = true;
		}
	}
}

static void look_at_usual_place(struct detect *d, struct found *f)
{
	const char *name = f->h.controllers;
	char path[256];
	bool is_readonly = false;

	if (str_starts(name, "name="))
		name += strlen("name=");
	if (f->h.is_v2) {
		if (fs_type(BASE, &is_readonly) == CGROUP2_SUPER_MAGIC) {
			settle_usual(d, f, BASE, is_readonly);
			return;
		}
		name = "unified";
	}
	if ((size_t)snprintf(path, sizeof(path), BASE "/%s", name) >= sizeof(path))
		return;
	if (fs_type(path, &is_readonly) == magic_of(&f->h))
		settle_usual(d, f, path, is_readonly);
}

static bool look_at_usual_places(struct detect *d)
{
	bool all = true;
	bool is_readonly;
	uint32_t base = fs_type(BASE, &is_readonly);

	for (size_t i = 0; i < d->n; i++) {
		struct found *f = &d->v[i];

		/* Below a cgroup file system a name is a cgroup, not a mount point. */
		if (base != CGROUP_SUPER_MAGIC && (f->h.is_v2 || base != CGROUP2_SUPER_MAGIC))
			look_at_usual_place(d, f);
		all = all && f->is_settled;
	}
	return all;
}

/* mountinfo writes space, tab, newline and backslash as \ooo. */
static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

/* Do the options of a v1 mount hold everything that the hierarchy H has? */
static bool options_match(const char *options, const struct cgroup_hierarchy *h)
{
	const char *s = h->controllers;

	while (*s) {
		size_t n = strcspn(s, ",");
		char word[128];

		if (n >= sizeof(word))
			return false;
		memcpy(word, s, n);
		word[n] = '\0';
		if (!ctl_list_has(options, ',', word))
			return false;
		s += n + (s[n] == ',');
	}
	return true;
}

struct mount_line {
	const char *root;
	char *point;
	const char *flags;
	bool is_v2;
	const char *options;
};

/* "ID parent major:minor ROOT POINT FLAGS [tags…] - TYPE source OPTIONS" */
static bool parse_mount_line(char *line, char *type, struct mount_line *ret)
{
	char *field[6];
	char *rest = type + strlen(" - ");
	char *save;

	*type = '\0';
	for (size_t i = 0; i < ARRAY_LEN(field); i++) {
		field[i] = i == 0 ? strtok_r(line, " ", &save) : strtok_r(NULL, " ", &save);
		if (!field[i])
			return false;
	}
	*ret = (struct mount_line){ .root = field[3], .point = field[4], .flags = field[5] };
	unescape(field[3]);
	unescape(field[4]);
	rest = strtok_r(rest, " ", &save);
	ret->is_v2 = rest && streq(rest, "cgroup2");
	if (!rest || (!ret->is_v2 && !streq(rest, "cgroup")) || !strtok_r(NULL, " ", &save))
		return false;
	ret->options = strtok_r(NULL, " ", &save);
	return ret->options != NULL;
}

/*
 * The first mount of a hierarchy counts, but one that shows it from the top is better, and of two
 * at the same point the later lies on top.  In a real system the mount point is asked again: a
 * mount of another kind may hide it.
 */
static void take_mount(struct detect *d, struct found *f, const struct mount_line *m)
{
	bool is_root = streq(m->root, "/");
	bool is_same = f->h.mount && streq(f->h.mount, m->point);
	bool is_readonly = ctl_list_has(m->flags, ',', "ro") || ctl_list_has(m->options, ',', "ro");

	if (f->is_settled || (f->h.mount && !is_same && (f->is_usual || !is_root || f->is_root)))
		return;
	if (is_real(d) && fs_type(m->point, &is_readonly) != magic_of(&f->h))
		return;
	f->h.mount = arena_str(d->a, m->point);
	f->h.self = self_below(d, f->cgroup, m->root);
	f->h.is_readonly = is_readonly;
	f->is_root = is_root;
}

static void take_line(struct detect *d, char *line)
{
	char *type = strstr(line, " - cgroup");
	struct mount_line m;

	if (!type || !parse_mount_line(line, type, &m))
		return;
	for (size_t i = 0; i < d->n; i++) {
		struct found *f = &d->v[i];

		if (f->h.is_v2 == m.is_v2 && (m.is_v2 || options_match(m.options, &f->h)))
			take_mount(d, f, &m);
	}
}

/* In pieces, so that thousands of mounts need no more memory than ten. */
static struct err *read_mountinfo(struct detect *d)
{
	auto_free char *path = str_format("%s/proc/self/mountinfo", d->root);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	auto_free char *buf = NULL;
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return err_sys(-errno, "open /proc/self/mountinfo");
	buf = xcalloc(CHUNK_SIZE + 1, 1);
	for (;;) {
		char *line = buf;
		char *end;

		n = read(fd, buf + len, CHUNK_SIZE - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(-errno, "read /proc/self/mountinfo");
		if (n == 0)
			return NULL;
		len += (size_t)n;
		while ((end = memchr(line, '\n', len - (size_t)(line - buf)))) {
			*end = '\0';
			take_line(d, line);
			line = end + 1;
		}
		len -= (size_t)(line - buf);
		memmove(buf, line, len);
		/* Nothing that names a cgroup is as long as this. */
		if (len == CHUNK_SIZE)
			len = 0;
	}
}

static void keep_mounted(struct detect *d, struct cgroup_layout *ret)
{
	bool has_v1 = false;
	bool has_v2 = false;

	ret->v = arena_array(d->a, struct cgroup_hierarchy, d->n ? d->n : 1);
	for (size_t i = 0; i < d->n; i++) {
		const struct cgroup_hierarchy *h = &d->v[i].h;

		if (!h->mount)
			continue;
		has_v2 = has_v2 || h->is_v2;
		/* A v2 host may keep systemd's named v1 hierarchy: it is a v2 host still. */
		has_v1 = has_v1 || (!h->is_v2 && !str_starts(h->controllers, "name="));
		ret->v[ret->n++] = *h;
	}
	if (has_v2)
		ret->kind = has_v1 ? CGROUP_HYBRID : CGROUP_V2;
	else
		ret->kind = ret->n > 0 ? CGROUP_V1 : CGROUP_NONE;
}

static void place(struct cgroup_layout *l, enum cgroup_ctl c, enum cgroup_place where, size_t i)
{
	l->ctl[c].place = where;
	l->ctl[c].hierarchy = i;
}

static void place_v1(struct cgroup_layout *l, size_t i)
{
	for (enum cgroup_ctl c = 0; c < CTL_COUNT; c++)
		if (ctl_list_has(l->v[i].controllers, ',', ctl_info[c].v1))
			place(l, c, PLACE_V1, i);
}

/*
 * Where an unprivileged davit makes cgroups on v2: beside its own, because what the user manager
 * delegated begins above it.
 */
static void choose_v2_base(struct detect *d, struct cgroup_layout *l,
			   const struct cgroup_hierarchy *h)
{
	l->v2_base = "";
	if (!is_real(d) || !h->self || streq(h->self, "/"))
		return;
	if (faccessat(AT_FDCWD, h->mount, W_OK, AT_EACCESS) < 0 && errno == EACCES)
		l->v2_base = arena_str_n(d->a, h->self, (size_t)(strrchr(h->self, '/') - h->self));
}

static void place_v2(struct detect *d, struct cgroup_layout *l, size_t i)
{
	const struct cgroup_hierarchy *h = &l->v[i];
	auto_free char *path = NULL;
	char list[512];

	choose_v2_base(d, l, h);
	path = str_format("%s%s%s/cgroup.controllers", d->root, h->mount, l->v2_base);
	if (file_read_line(path, list, sizeof(list)) < 0)
		list[0] = '\0';
	for (enum cgroup_ctl c = 0; c < CTL_COUNT; c++) {
		const char *name = ctl_info[c].v2;

		if (l->ctl[c].place == PLACE_V1 || !name)
			continue;
		if (!*name || ctl_list_has(list, ' ', name))
			place(l, c, PLACE_V2, i);
	}
}

/* Only cgroups below the top have a type: the top has every controller that v2 can have. */
static bool is_v2_below_top(struct detect *d, const struct cgroup_layout *l, size_t i)
{
	auto_free char *path = str_format("%s%s%s/cgroup.type", d->root, l->v[i].mount, l->v2_base);

	return access(path, F_OK) == 0;
}

static void explain(struct detect *d, struct cgroup_layout *l, enum cgroup_ctl c, ssize_t v2)
{
	auto_free char *why = NULL;
	auto_free char *hint = NULL;
	enum cgroup_place where;

	if (!d->has_facts)
		ctl_facts_read(d->root, &d->facts);
	d->has_facts = true;
	where = ctl_absent(&d->facts, c, &why, &hint);
	/* Newer kernels leave out of /proc/cgroups what v1 does not have: nobody can tell then. */
	if (where != PLACE_DISABLED && v2 >= 0 && ctl_info[c].v2 &&
	    is_v2_below_top(d, l, (size_t)v2)) {
		l->ctl[c].why =
			arena_format(d->a,
				     "%s is missing in %s%s/cgroup.controllers: it was "
				     "not delegated%s",
				     ctl_info[c].v2, l->v[v2].mount, l->v2_base,
				     where == PLACE_UNKNOWN ? ", or the kernel has none" : "");
		l->ctl[c].hint =
			arena_format(d->a,
				     "delegate it: Delegate=%s in the systemd unit "
				     "above, or write +%s to cgroup.subtree_control of each "
				     "cgroup above",
				     ctl_info[c].v2, ctl_info[c].v2);
		where = PLACE_NOT_DELEGATED;
	} else {
		l->ctl[c].why = arena_str(d->a, why);
		l->ctl[c].hint = arena_str(d->a, hint);
	}
	l->ctl[c].place = where;
}

static void place_controllers(struct detect *d, struct cgroup_layout *l)
{
	ssize_t v2 = -1;

	l->v2_base = "";
	for (size_t i = 0; i < l->n; i++) {
		if (l->v[i].is_v2)
			v2 = (ssize_t)i;
		else
			place_v1(l, i);
	}
	if (v2 >= 0)
		place_v2(d, l, (size_t)v2);
	for (enum cgroup_ctl c = 0; c < CTL_COUNT; c++)
		if (l->ctl[c].place != PLACE_V1 && l->ctl[c].place != PLACE_V2)
			explain(d, l, c, v2);
}

struct err *cgroup_layout_detect(struct arena *a, const char *root, struct cgroup_layout *ret)
{
	auto_free struct detect *d = xcalloc(1, sizeof(*d));
	struct cgroup_layout l = { 0 };

	d->a = a;
	d->root = root;
	TRY(read_self(d));
	if (d->n > 0 && (!is_real(d) || !look_at_usual_places(d)))
		TRY(read_mountinfo(d));
	keep_mounted(d, &l);
	place_controllers(d, &l);
	*ret = l;
	return NULL;
}
