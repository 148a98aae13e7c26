/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd, CRI-O, and Kubernetes on top of either.
 */
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>

#include "base/file.h"
#include "cli/client.h"

#define CONTAINERD_CONFIG "/etc/containerd/config.toml"
#define CRIO_CONFIG       "/etc/crio/crio.conf"
#define KUBELET_CONFIG    "/var/lib/kubelet/config.yaml"

/* One line about the default handler of the CRI: CHOSEN, or NAME, which is davit. */
static void check_handler(struct client *c, const char *chosen, const char *name, const char *key,
			  const char *way_in)
{
	if (!name) {
		client_hint(c,
			    client_add(c, DOCTOR_PROBLEM, "runtime", "%s is the default", chosen),
			    "davit is not known", "%s", way_in);
		return;
	}
	if (streq(name, chosen)) {
		client_add(c, DOCTOR_OK, "runtime", "%s is the default", name);
		c->r->is_default = true;
		return;
	}
	client_hint(c,
		    client_add(c, DOCTOR_NOTE, "runtime", "%s is the default; %s is known", chosen,
			       name),
		    "davit runs the pods of its RuntimeClass only",
		    "runtimeClassName in the pod, or %s = \"%s\"", key, name);
}

/* --- containerd ---------------------------------------------------------------------------------
 */

static const char *containerd_path(struct client *c)
{
	if (c->config)
		return c->config;
	return c->is_rootless ? client_user_file(c, "containerd/config.toml") : CONTAINERD_CONFIG;
}

/* The CRI plugin's table, which the version of the file decides. */
static const char *cri_table(struct client *c)
{
	const struct toml_value *v = toml_get(&c->doc, TOML_KEYS("version"));

	if (v && streq(v->text ? v->text : "", "3"))
		return "io.containerd.cri.v1.runtime";
	if (v && streq(v->text ? v->text : "", "2"))
		return "io.containerd.grpc.v1.cri";
	return "cri";
}

/* The files that `imports` names are read after the one that names them, whose version counts. */
static bool read_containerd(struct client *c, const char **ret_cri)
{
	const char *path = containerd_path(c);
	const char *slash = strrchr(path, '/');
	const struct toml_value *imports;
	bool is_fine = client_read_toml(c, path);

	*ret_cri = cri_table(c);
	imports = toml_get(&c->doc, TOML_KEYS("imports"));
	for (size_t i = 0; imports && is_fine && i < imports->items.n; i++) {
		const char *pattern = imports->items.v[i];
		auto_free char *full =
			*pattern == '/' || !slash
				? str_dup(pattern)
				: str_format("%.*s/%s", (int)(slash - path), path, pattern);
		glob_t found;

		if (glob(full, 0, NULL, &found) != 0)
			continue;
		for (size_t k = 0; k < found.gl_pathc && is_fine; k++)
			is_fine = client_read_toml(c, found.gl_pathv[k]);
		globfree(&found);
		/* Reading may have moved the values. */
		imports = toml_get(&c->doc, TOML_KEYS("imports"));
	}
	return is_fine;
}

/* Its words are about a file: `containerd: failed to load TOML: /x: no such file or directory`. */
static void refuses_to_start(struct client *c, const char *const *argv)
{
	int status;
	char *words = client_output(c, argv, STDERR_FILENO, MAX_CONFIG, &status);

	if (!words || status == 0)
		return;
	words[strcspn(words, "\r\n")] = '\0';
	client_hint(c, client_add(c, DOCTOR_PROBLEM, "configuration", "%s", words),
		    "containerd does not start with it",
		    "`%s --config %s config dump` shows it again", argv[0], argv[2]);
}

/*
 * What an imported file says replaces a plugin's whole table in containerd 1.x, and is added to it
 * in 2.x: the program itself knows.  Files of version 1 are left as they are: what it shows of them
 * has the names of version 2.
 */
static void ask_containerd(struct client *c, const char **cri)
{
	const char *path = containerd_path(c);
	const char *program = client_find_program(c, "containerd");
	const char *const argv[] = { program, "--config", path, "config", "dump", NULL };
	struct toml merged = { 0 };
	struct err *e;
	char *dump;
	int status;

	if (!program || !toml_get(&c->doc, TOML_KEYS("imports")) || streq(*cri, "cri"))
		return;
	dump = client_output(c, argv, STDOUT_FILENO, MAX_CONFIG, &status);
	if (status != 0)
		refuses_to_start(c, argv);
	if (!dump || status != 0)
		return;
	e = toml_add(&merged, c->a, path, dump);
	if (!e && toml_get(&merged, TOML_KEYS("version"))) {
		toml_done(&c->doc);
		c->doc = merged;
		*cri = cri_table(c);
		return;
	}
	err_free(e);
	toml_done(&merged);
}

static const char *containerd_way_in(struct client *c)
{
	const char *ready = client_ready_file(c, "containerd.toml");

	if (ready)
		return arena_format(c->a, "put what is in %s into %s, and restart containerd",
				    ready, containerd_path(c));
	return arena_format(c->a,
			    "put [plugins.\"%s\".containerd.runtimes.davit] with runtime_type = "
			    "\"io.containerd.runc.v2\" and options.BinaryName = \"%s\" into %s",
			    cri_table(c), c->r->binary, containerd_path(c));
}

static const char *binary_of(struct client *c, const char *cri, const char *name)
{
	const char *binary =
		toml_string(&c->doc, TOML_KEYS("plugins", cri, "containerd", "runtimes", name,
					       "options", "BinaryName"));

	return binary && *binary ? binary : NULL;
}

static const char *find_containerd(struct client *c, const char *cri, const char *chosen)
{
	size_t at = 0;
	const char *found = NULL, *name;

	while ((name = toml_next_child(&c->doc, TOML_KEYS("plugins", cri, "containerd", "runtimes"),
				       &at))) {
		const char *binary = binary_of(c, cri, name);

		if ((binary ? client_is_davit(c, binary) : streq(name, "davit")) &&
		    (!found || streq(name, chosen)))
			found = name;
	}
	return found;
}

static void check_cri_is_on(struct client *c)
{
	static const char *const names[] = { "cri", "io.containerd.grpc.v1.cri",
					     "io.containerd.cri.v1.runtime" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (toml_has_item(&c->doc, TOML_KEYS("disabled_plugins"), names[i]))
			client_hint(c,
				    client_add(c, DOCTOR_PROBLEM, "plugin",
					       "disabled_plugins has %s", names[i]),
				    "there is no CRI, and what its tables say is not read",
				    "take it out of disabled_plugins");
}

/* The table of davit: its shim and the binary that this one calls. */
static void check_shim(struct client *c, const char *cri, const char *name)
{
	const char *binary = binary_of(c, cri, name);
	const char *type = toml_string(&c->doc, TOML_KEYS("plugins", cri, "containerd", "runtimes",
							  name, "runtime_type"));
	const char *where = arena_format(c->a, "BinaryName of runtimes.%s.options", name);

	if (type && streq(type, "io.containerd.runc.v2"))
		client_add(c, DOCTOR_OK, "shim", "%s", type);
	else
		client_hint(c,
			    client_add(c, DOCTOR_PROBLEM, "shim", "runtime_type of %s is %s", name,
				       type ? type : "not set"),
			    "containerd asks another shim",
			    "runtime_type = \"io.containerd.runc.v2\"");
	if (binary)
		client_check_binary(c, where, binary);
	else
		client_hint(c, client_add(c, DOCTOR_PROBLEM, "binary", "%s is not set", where),
			    "the shim calls runc", "BinaryName = \"%s\"", c->r->binary);
}

void client_containerd(struct client *c, const char **ret_manager)
{
	const struct toml_value *systemd;
	const char *cri, *chosen, *name;

	*ret_manager = NULL;
	client_check_program(c, (const char *const[]){ "containerd", NULL });
	if (!read_containerd(c, &cri))
		return;
	client_check_files(c, containerd_way_in(c));
	ask_containerd(c, &cri);
	check_cri_is_on(c);
	chosen = toml_string(&c->doc,
			     TOML_KEYS("plugins", cri, "containerd", "default_runtime_name"));
	if (!chosen || !*chosen)
		chosen = "runc";
	name = find_containerd(c, cri, chosen);
	check_handler(c, chosen, name, "default_runtime_name", containerd_way_in(c));
	if (!name && streq(cri, "cri") && find_containerd(c, "io.containerd.grpc.v1.cri", chosen))
		client_hint(c,
			    client_add(c, DOCTOR_PROBLEM, "version",
				       "the file has no `version = 2`"),
			    "containerd reads it as version 1, whose tables have other names",
			    "version = 2 as the first line");
	if (!name)
		return;
	check_shim(c, cri, name);
	systemd = toml_get(&c->doc, TOML_KEYS("plugins", cri, "containerd", "runtimes", name,
					      "options", "SystemdCgroup"));
	*ret_manager = systemd && streq(systemd->text ? systemd->text : "", "true") ? "systemd"
										    : "cgroupfs";
	client_check_manager(c, *ret_manager,
			     systemd ? "as SystemdCgroup says" : "SystemdCgroup is not set",
			     "SystemdCgroup = false, and cgroupDriver: cgroupfs for the kubelet");
}

/* --- CRI-O --------------------------------------------------------------------------------------
 */

static const char *crio_way_in(struct client *c)
{
	const char *ready = client_ready_file(c, "crio.conf");

	if (ready)
		return arena_format(c->a,
				    "cp %s /etc/crio/crio.conf.d/50-davit.conf, and restart CRI-O",
				    ready);
	return arena_format(c->a,
			    "put [crio.runtime.runtimes.davit] with runtime_path = \"%s\" into "
			    "/etc/crio/crio.conf.d/50-davit.conf",
			    c->r->binary);
}

/* Without runtime_path CRI-O looks for the handler's name in $PATH. */
static const char *crio_path(struct client *c, const char *name)
{
	const char *path = toml_string(&c->doc, TOML_KEYS("crio", "runtime", "runtimes", name,
							  "runtime_path"));

	return path && *path ? path : name;
}

static const char *find_crio(struct client *c, const char *chosen)
{
	size_t at = 0;
	const char *found = NULL, *name;

	while ((name = toml_next_child(&c->doc, TOML_KEYS("crio", "runtime", "runtimes"), &at)))
		if (client_is_davit(c, crio_path(c, name)) && (!found || streq(name, chosen)))
			found = name;
	return found;
}

static bool read_crio(struct client *c)
{
	bool is_fine = client_read_toml(c, c->config ? c->config : CRIO_CONFIG);

	return c->config ? is_fine : client_read_dir(c, CRIO_CONFIG ".d", "") && is_fine;
}

void client_crio(struct client *c, const char **ret_manager)
{
	const char *chosen, *name, *type, *manager;

	*ret_manager = NULL;
	client_check_program(c, (const char *const[]){ "crio", NULL });
	if (!read_crio(c))
		return;
	client_check_files(c, crio_way_in(c));
	chosen = toml_string(&c->doc, TOML_KEYS("crio", "runtime", "default_runtime"));
	if (!chosen || !*chosen)
		chosen = "crun";
	name = find_crio(c, chosen);
	check_handler(c, chosen, name, "default_runtime", crio_way_in(c));
	if (!name)
		return;
	type = toml_string(&c->doc, TOML_KEYS("crio", "runtime", "runtimes", name, "runtime_type"));
	if (type && *type && !streq(type, "oci"))
		client_hint(c,
			    client_add(c, DOCTOR_PROBLEM, "shim", "runtime_type of %s is %s", name,
				       type),
			    "CRI-O does not call davit as an OCI runtime",
			    "runtime_type = \"oci\"");
	client_check_binary(c, arena_format(c->a, "runtime_path of %s", name), crio_path(c, name));
	manager = toml_string(&c->doc, TOML_KEYS("crio", "runtime", "cgroup_manager"));
	*ret_manager = manager && *manager ? manager : "systemd";
	client_check_manager(c, *ret_manager, manager ? "as cgroup_manager says" : "the default",
			     "cgroup_manager = \"cgroupfs\" and conmon_cgroup = \"pod\" below "
			     "[crio.runtime]");
}

/* --- Kubernetes ---------------------------------------------------------------------------------
 */

/* The value of a member of the whole document, "" when there is none.  YAML, but a flat one. */
static const char *kubelet_setting(struct client *c, const char *text, const char *key)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *value;
		size_t len;

		line += *line == '\n';
		if (!str_starts(line, key) || line[strlen(key)] != ':')
			continue;
		value = line + strlen(key) + 1;
		value += strspn(value, " \t\"'");
		len = strcspn(value, " \t\"'\r\n#");
		return arena_str_n(c->a, value, len);
	}
	return "";
}

/* Which engine the kubelet speaks to: what it was told, else what is configured here. */
static bool speaks_to_crio(struct client *c, const char *endpoint)
{
	auto_free char *text = NULL;
	size_t len;

	if (c->config)
		return file_read_at(AT_FDCWD, c->config, MAX_CONFIG, &text, &len) == 0 &&
		       strstr(text, "[crio");
	if (*endpoint)
		return strstr(endpoint, "crio");
	return access(CONTAINERD_CONFIG, F_OK) < 0 &&
	       (access(CRIO_CONFIG, F_OK) == 0 || access(CRIO_CONFIG ".d", F_OK) == 0);
}

void client_kubernetes(struct client *c)
{
	auto_free char *text = NULL;
	size_t len;
	int rc = file_read_at(AT_FDCWD, KUBELET_CONFIG, MAX_CONFIG, &text, &len);
	const char *driver = rc == 0 ? kubelet_setting(c, text, "cgroupDriver") : "";
	const char *endpoint = rc == 0 ? kubelet_setting(c, text, "containerRuntimeEndpoint") : "";
	const char *ready = client_ready_file(c, "runtimeclass.yaml");
	const char *manager;

	client_check_program(c, (const char *const[]){ "kubelet", NULL });
	if (speaks_to_crio(c, endpoint))
		client_crio(c, &manager);
	else
		client_containerd(c, &manager);
	if (manager && *driver && !streq(driver, manager))
		client_hint(c,
			    client_add(c, DOCTOR_PROBLEM, "kubelet", "cgroupDriver is %s, not %s",
				       driver, manager),
			    "pods do not start",
			    "make both the same; the kubelet's is in " KUBELET_CONFIG);
	else if (*driver)
		client_add(c, DOCTOR_OK, "kubelet", "cgroupDriver is %s", driver);
	client_hint(c, client_add(c, DOCTOR_NOTE, "class", "the cluster was not asked"), NULL,
		    "`kubectl get runtimeclass davit`; without it `kubectl apply -f %s`",
		    ready ? ready : "share/davit/runtimeclass.yaml");
}
