/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document that `davit spec` writes: a shell in a read-only root with few rights.
 *
 * It is text, so that what a reader gets is what stands here.  The unit test reads it back through
 * the tables.
 */
#include "base/str.h"
#include "spec/spec.h"
#include "spec/text.h"

/* clang-format off */
#define CAPABILITIES(set, end)                         \
	"\t\t\t\"" set "\": [\n"                       \
	"\t\t\t\t\"CAP_AUDIT_WRITE\",\n"               \
	"\t\t\t\t\"CAP_KILL\",\n"                      \
	"\t\t\t\t\"CAP_NET_BIND_SERVICE\"\n"           \
	"\t\t\t]" end "\n"

static const char head[] =
	"{\n"
	"\t\"ociVersion\": \"" SPEC_OCI_VERSION "\",\n"
	"\t\"process\": {\n"
	"\t\t\"terminal\": true,\n"
	"\t\t\"user\": {\n"
	"\t\t\t\"uid\": 0,\n"
	"\t\t\t\"gid\": 0\n"
	"\t\t},\n";

static const char rights[] =
	"\t\t\"cwd\": \"/\",\n"
	"\t\t\"capabilities\": {\n"
	CAPABILITIES("bounding", ",")
	CAPABILITIES("effective", ",")
	CAPABILITIES("permitted", "")
	"\t\t},\n"
	"\t\t\"rlimits\": [\n"
	"\t\t\t{\n"
	"\t\t\t\t\"type\": \"RLIMIT_NOFILE\",\n"
	"\t\t\t\t\"hard\": 1024,\n"
	"\t\t\t\t\"soft\": 1024\n"
	"\t\t\t}\n"
	"\t\t],\n"
	"\t\t\"noNewPrivileges\": true\n"
	"\t},\n"
	"\t\"root\": {\n"
	"\t\t\"path\": ";

static const char root[] =
	",\n"
	"\t\t\"readonly\": true\n"
	"\t},\n"
	"\t\"hostname\": \"davit\",\n"
	"\t\"mounts\": [\n";

static const char tail[] =
	"\t\t],\n"
	"\t\t\"maskedPaths\": [\n"
	"\t\t\t\"/proc/acpi\",\n"
	"\t\t\t\"/proc/asound\",\n"
	"\t\t\t\"/proc/kcore\",\n"
	"\t\t\t\"/proc/keys\",\n"
	"\t\t\t\"/proc/latency_stats\",\n"
	"\t\t\t\"/proc/timer_list\",\n"
	"\t\t\t\"/proc/timer_stats\",\n"
	"\t\t\t\"/proc/sched_debug\",\n"
	"\t\t\t\"/sys/firmware\",\n"
	"\t\t\t\"/proc/scsi\"\n"
	"\t\t],\n"
	"\t\t\"readonlyPaths\": [\n"
	"\t\t\t\"/proc/bus\",\n"
	"\t\t\t\"/proc/fs\",\n"
	"\t\t\t\"/proc/irq\",\n"
	"\t\t\t\"/proc/sys\",\n"
	"\t\t\t\"/proc/sysrq-trigger\"\n"
	"\t\t]\n"
	"\t}\n"
	"}\n";

static const struct {
	const char *destination;
	const char *type;
	const char *source;
	const char *options[8];
} mounts[] = {
	{ "/proc", "proc", "proc", { NULL } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts", "devpts", "devpts",
	  { "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5" } },
	{ "/dev/shm", "tmpfs", "shm",
	  { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup",
	  { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};
/* clang-format on */

static char *const default_args[] = { (char *)"sh", NULL };
static char *const default_env[] = {
	(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	(char *)"TERM=xterm", NULL
};

/* The strings of V, then those of MORE (may be NULL). */
static void add_strings(struct str *out, const char *member, char *const *v, char *const *more)
{
	char *const *lists[] = { v, more };
	const char *separator = "";

	str_addf(out, "\t\t\"%s\": [", member);
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (char *const *s = lists[i]; s && *s; s++) {
			str_addf(out, "%s\n\t\t\t", separator);
			text_add_string(out, *s);
			separator = ",";
		}
	}
	str_add(out, "\n\t\t],\n");
}

static void add_options(struct str *out, const char *const *options, bool rootless)
{
	const char *separator = "";

	str_add(out, ",\n\t\t\t\"options\": [");
	for (; *options; options++) {
		/* The group of terminals need not exist in a user namespace. */
		if (rootless && streq(*options, "gid=5"))
			continue;
		str_addf(out, "%s\n\t\t\t\t\"%s\"", separator, *options);
		separator = ",";
	}
	str_add(out, "\n\t\t\t]");
}

static void add_mounts(struct str *out, bool rootless)
{
	for (size_t i = 0; i < ARRAY_LEN(mounts); i++) {
		str_addf(out,
			 "\t\t{\n"
			 "\t\t\t\"destination\": \"%s\",\n"
			 "\t\t\t\"type\": \"%s\",\n"
			 "\t\t\t\"source\": \"%s\"",
			 mounts[i].destination, mounts[i].type, mounts[i].source);
		if (mounts[i].options[0])
			add_options(out, mounts[i].options, rootless);
		str_addf(out, "\n\t\t}%s\n", i + 1 < ARRAY_LEN(mounts) ? "," : "");
	}
}

static void add_namespace(struct str *out, const char *type, const char *end)
{
	str_addf(out, "\t\t\t{\n\t\t\t\t\"type\": \"%s\"\n\t\t\t}%s\n", type, end);
}

char *spec_template(const struct spec_template_opts *opts)
{
	struct str out = { 0 };

	str_add(&out, head);
	add_strings(&out, "args", opts->args ? opts->args : default_args, NULL);
	add_strings(&out, "env", default_env, opts->env);
	str_add(&out, rights);
	text_add_string(&out, opts->rootfs ? opts->rootfs : "rootfs");
	str_add(&out, root);
	add_mounts(&out, opts->rootless);
	str_add(&out, "\t],\n"
		      "\t\"linux\": {\n"
		      "\t\t\"resources\": {\n"
		      "\t\t\t\"devices\": [\n"
		      "\t\t\t\t{\n"
		      "\t\t\t\t\t\"allow\": false,\n"
		      "\t\t\t\t\t\"access\": \"rwm\"\n"
		      "\t\t\t\t}\n"
		      "\t\t\t]\n"
		      "\t\t},\n"
		      "\t\t\"namespaces\": [\n");
	add_namespace(&out, "pid", ",");
	add_namespace(&out, "network", ",");
	add_namespace(&out, "ipc", ",");
	add_namespace(&out, "uts", ",");
	if (opts->rootless)
		add_namespace(&out, "user", ",");
	if (opts->cgroup_v2)
		add_namespace(&out, "cgroup", ",");
	add_namespace(&out, "mount", "");
	str_add(&out, tail);
	return out.s;
}
