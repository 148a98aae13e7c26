/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Podman and Buildah: containers.conf.
 *
 * Later files win, a table of theirs adds to the earlier ones, an array replaces them
 * (containers.conf(5)).
 */
#include "cli/client.h"

#define SNIPPET "runtime = \"davit\" below [engine], davit = [\"%s\"] below [engine.runtimes]"

static const char *variable(const char *name)
{
	const char *s = getenv(name);

	return s && *s ? s : NULL;
}

/* False when a file is broken: then nothing of it counts. */
static bool read_files(struct client *c)
{
	const char *alone = c->config ? c->config : variable("CONTAINERS_CONF");
	const char *more = variable("CONTAINERS_CONF_OVERRIDE");
	bool is_fine = true;

	if (alone) {
		is_fine = client_read_toml(c, alone);
	} else {
		is_fine = client_read_toml(c, "/usr/share/containers/containers.conf");
		is_fine = client_read_toml(c, "/etc/containers/containers.conf") && is_fine;
		is_fine = client_read_dir(c, "/etc/containers/containers.conf.d", ".conf") &&
			  is_fine;
	}
	if (!alone && c->is_rootless) {
		char *user = client_user_file(c, "containers/containers.conf");

		is_fine = client_read_toml(c, user) && is_fine;
		is_fine = client_read_dir(c, arena_format(c->a, "%s.d", user), ".conf") && is_fine;
	}
	if (more && !c->config)
		is_fine = client_read_toml(c, more) && is_fine;
	return is_fine;
}

/* Where a file with our lines would be read. */
static const char *drop_in(struct client *c)
{
	if (c->is_rootless)
		return client_user_file(c, "containers/containers.conf.d/davit.conf");
	return "/etc/containers/containers.conf.d/davit.conf";
}

static const char *way_in(struct client *c)
{
	const char *ready = client_ready_file(c, "containers.conf");

	if (ready)
		return arena_format(c->a, "cp %s %s", ready, drop_in(c));
	return arena_format(c->a, "write into %s: " SNIPPET, drop_in(c), c->r->binary);
}

/* The path of the runtime NAME: the first one that exists, else what $PATH has. */
static const char *path_of(struct client *c, const char *name)
{
	const struct toml_value *v = toml_get(&c->doc, TOML_KEYS("engine", "runtimes", name));

	for (size_t i = 0; v && i < v->items.n; i++)
		if (access(v->items.v[i], F_OK) == 0)
			return v->items.v[i];
	if (v && v->items.n && !client_find_program(c, name))
		return v->items.v[0];
	return name;
}

/* The name under which davit is known: the default if that is davit, else one of the table. */
static const char *find_name(struct client *c, const char *runtime)
{
	size_t at = 0;
	const char *name;

	if (client_is_davit(c, path_of(c, runtime)))
		return runtime;
	while ((name = toml_next_child(&c->doc, TOML_KEYS("engine", "runtimes"), &at)))
		if (client_is_davit(c, path_of(c, name)))
			return name;
	return NULL;
}

/* Returns the name of davit, or NULL. */
static const char *check_runtime(struct client *c, const char *chosen, const char *where)
{
	const char *name = find_name(c, chosen);

	client_check_runtime(
		c, chosen, where, name,
		arena_format(c->a, "`%s --runtime %s`, or runtime = \"%s\" below [engine] in %s",
			     c->name, name ? name : "", name ? name : "", drop_in(c)),
		way_in(c));
	return name;
}

static const char *where_said(struct client *c, const struct toml_value *v)
{
	return v ? arena_format(c->a, "%s:%u says", v->file, v->line) : "the default";
}

static void check_list(struct client *c, const char *name, const char *key, const char *without)
{
	const char *slash = strrchr(name, '/');
	const char *base = slash ? slash + 1 : name;
	struct doctor_check *check;

	if (toml_has_item(&c->doc, TOML_KEYS("engine", key), base)) {
		client_add(c, DOCTOR_OK, key, "has %s", base);
		return;
	}
	check = client_add(c, DOCTOR_NOTE, key, "does not have %s", base);
	client_hint(c, check, without, "%s", way_in(c));
	if (toml_get(&c->doc, TOML_KEYS("engine", "runtime_supports_nocgroups")) &&
	    streq(key, "runtime_supports_nocgroup"))
		client_hint(c, check, without,
			    "write runtime_supports_nocgroup without s: Podman's manual has one, "
			    "its reader has none");
}

static void check_manager(struct client *c)
{
	const struct toml_value *v = toml_get(&c->doc, TOML_KEYS("engine", "cgroup_manager"));
	const char *manager = v && v->text ? v->text : NULL;

	if (!manager)
		manager = client_host_has_systemd() ? "systemd" : "cgroupfs";
	client_check_manager(c, manager, where_said(c, v),
			     "cgroup_manager = \"cgroupfs\" below [engine]");
}

void client_podman(struct client *c)
{
	const struct toml_value *v;
	const char *chosen, *name;

	client_check_program(c, (const char *const[]){ "podman", NULL });
	if (!read_files(c))
		return;
	client_check_files(c, way_in(c));
	v = toml_get(&c->doc, TOML_KEYS("engine", "runtime"));
	chosen = v && v->text && *v->text ? v->text : "crun";
	name = check_runtime(c, chosen, where_said(c, v));
	if (!name)
		return;
	client_check_binary(c, arena_format(c->a, "[engine.runtimes] %s", name), path_of(c, name));
	check_list(
		c, name, "runtime_supports_json",
		"Podman shows davit's messages as conmon copies them, and not as errors of its own");
	check_list(c, name, "runtime_supports_nocgroup", "--cgroups=disabled is refused");
	check_manager(c);
}

void client_buildah(struct client *c)
{
	const char *by_variable = variable("BUILDAH_RUNTIME");
	const char *isolation = variable("BUILDAH_ISOLATION");
	const struct toml_value *v;
	const char *chosen, *name;

	client_check_program(c, (const char *const[]){ "buildah", "podman", NULL });
	if (!read_files(c))
		return;
	client_check_files(c, way_in(c));
	v = toml_get(&c->doc, TOML_KEYS("engine", "runtime"));
	chosen = v && v->text && *v->text ? v->text : "crun";
	name = check_runtime(c, by_variable ? by_variable : chosen,
			     by_variable ? "BUILDAH_RUNTIME says" : where_said(c, v));
	if (isolation && streq(isolation, "chroot"))
		client_hint(c,
			    client_add(c, DOCTOR_NOTE, "isolation", "BUILDAH_ISOLATION is chroot"),
			    "RUN uses no runtime at all",
			    "--isolation oci, or unset BUILDAH_ISOLATION");
	if (!name)
		return;
	client_check_binary(c, arena_format(c->a, "[engine.runtimes] %s", name), path_of(c, name));
	check_manager(c);
}
