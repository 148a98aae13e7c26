/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cache and memory bandwidth of the processor: see rdt.h.
 */
#include "os/rdt.h"

#include <fcntl.h>
#include <sys/statfs.h>

#include "base/file.h"
#include "base/path.h"

#define RESCTRL "/sys/fs/resctrl"

enum { RESCTRL_MAGIC = 0x7655821 };

static void add_lines(const char *text, bool is_l3, struct str *out)
{
	for (const char *s = text; *s; s += strcspn(s, "\n"), s += *s == '\n') {
		size_t len = strcspn(s, "\n");

		if (len == 0 || (is_l3 && str_starts(s + strspn(s, " \t"), "MB:")))
			continue;
		str_add_n(out, s, len);
		str_add(out, "\n");
	}
}

void rdt_schemata(const char *l3, const char *mb, struct str *out)
{
	str_add(out, "");
	if (l3)
		add_lines(l3, true, out);
	if (mb)
		add_lines(mb, false, out);
}

static struct err *open_group(const char *group, int *ret)
{
	auto_close int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int root = path_open_in_nolink(top, RESCTRL, O_PATH | O_DIRECTORY);
	struct statfs fs;
	int fd;

	if (root < 0 || fstatfs(root, &fs) < 0 || (uint32_t)fs.f_type != RESCTRL_MAGIC)
		return err_hint(err_new(ERR_UNSUPPORTED, "there is no resctrl file system at %s",
					RESCTRL),
				"mount it: mount -t resctrl resctrl %s (needs a processor and a "
				"kernel with CONFIG_X86_CPU_RESCTRL)",
				RESCTRL);
	if (!streq(group, "/") && (strchr(group, '/') || *group == '.' || !*group))
		return err_new(ERR_INVALID, "linux.intelRdt.closID: `%s` is no name of a group",
			       group);
	fd = path_open_in_nolink(root, group, O_PATH | O_DIRECTORY);
	TRY_SYS(fd, "open the resctrl group %s/%s", RESCTRL, group);
	*ret = fd;
	return NULL;
}

struct err *rdt_update(const char *group, const char *l3, const char *mb)
{
	auto_str struct str text = { 0 };
	auto_close int fd = -EBADF;
	char status[256] = "";
	int rc;

	TRY(open_group(group, &fd));
	rdt_schemata(l3, mb, &text);
	if (text.len == 0)
		return NULL;
	rc = file_write_at(fd, "schemata", text.s);
	if (rc >= 0)
		return NULL;
	if (file_read_line(RESCTRL "/info/last_cmd_status", status, sizeof(status)) > 0)
		return err_hint(err_sys(rc, "write the schemata of the resctrl group %s", group),
				"the kernel says: %s", status);
	return err_sys(rc, "write the schemata of the resctrl group %s", group);
}
