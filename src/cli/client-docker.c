/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Docker: daemon.json.
 */
#include <fcntl.h>
#include <json-c/json.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include "base/file.h"
#include "cli/client.h"
#include "spec/text.h"

static const char *config_path(struct client *c)
{
	if (c->config)
		return c->config;
	return c->is_rootless ? client_user_file(c, "docker/daemon.json")
			      : "/etc/docker/daemon.json";
}

static const char *way_in(struct client *c)
{
	const char *ready = client_ready_file(c, "daemon.json");

	if (ready)
		return arena_format(c->a, "put what is in %s into %s, and restart Docker", ready,
				    config_path(c));
	return arena_format(
		c->a,
		"put \"runtimes\": {\"davit\": {\"path\": \"%s\"}} into %s, and restart "
		"Docker",
		c->r->binary, config_path(c));
}

/* *RET is NULL when there is no file. */
static bool read_config(struct client *c, struct json_object **ret)
{
	const char *path = config_path(c);
	auto_free char *text = NULL;
	size_t len;
	int rc = file_read_at(AT_FDCWD, path, MAX_CONFIG, &text, &len);
	struct err *e = NULL;

	*ret = NULL;
	if (rc == -ENOENT || rc == -ENOTDIR)
		return true;
	str_add(&c->files, path);
	if (rc < 0)
		e = err_sys(rc, "read %s", path);
	else
		e = text_parse(path, text, len, ret);
	if (!e && !json_object_is_type(*ret, json_type_object))
		e = err_new(ERR_INVALID, "%s: is not an object", path);
	if (!e)
		return true;
	client_hint(c, client_add(c, DOCTOR_PROBLEM, "configuration", "%s", err_text(e)),
		    "Docker does not start with it", "correct it: `dockerd --validate`");
	err_free(e);
	json_object_put(*ret);
	*ret = NULL;
	return false;
}

/* The string KEY of OBJECT, or NULL. */
static const char *string_of(struct json_object *object, const char *key)
{
	struct json_object *value;

	if (!json_object_is_type(object, json_type_object) ||
	    !json_object_object_get_ex(object, key, &value) ||
	    !json_object_is_type(value, json_type_string))
		return NULL;
	return json_object_get_string(value);
}

/* As containerd's shim gets it: "path", or BinaryName among the options since Docker 23. */
static const char *path_of(struct json_object *runtime)
{
	struct json_object *options;
	const char *path = string_of(runtime, "path");

	if (!path && json_object_object_get_ex(runtime, "options", &options))
		path = string_of(options, "BinaryName");
	return path;
}

/* The runtime that is davit: the default one if that is it. */
static const char *find_name(struct client *c, struct json_object *config, const char *chosen,
			     const char **ret_path)
{
	struct json_object *runtimes = NULL;
	const char *name = NULL;

	if (!config || !json_object_object_get_ex(config, "runtimes", &runtimes) ||
	    !json_object_is_type(runtimes, json_type_object))
		return NULL;
	json_object_object_foreach(runtimes, key, value)
	{
		const char *path = json_object_is_type(value, json_type_object) ? path_of(value)
										: NULL;

		if (!path || !client_is_davit(c, path) || (name && !streq(key, chosen)))
			continue;
		name = arena_str(c->a, key);
		*ret_path = arena_str(c->a, path);
	}
	return name;
}

/* "exec-opts": ["native.cgroupdriver=systemd"] */
static const char *driver_option(struct json_object *config)
{
	static const char key[] = "native.cgroupdriver=";
	struct json_object *options = NULL;
	const char *driver = NULL;

	if (!config || !json_object_object_get_ex(config, "exec-opts", &options) ||
	    !json_object_is_type(options, json_type_array))
		return NULL;
	for (size_t i = 0; i < json_object_array_length(options); i++) {
		const char *s = json_object_get_string(json_object_array_get_idx(options, i));

		if (s && str_starts(s, key))
			driver = s + strlen(key);
	}
	return driver;
}

static void check_manager(struct client *c, struct json_object *config)
{
	const char *driver = driver_option(config);
	struct statfs fs;
	bool is_v2 = statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
	const char *where = driver ? "as exec-opts says" : "the default here";

	if (!driver)
		driver = is_v2 && client_host_has_systemd() ? "systemd" : "cgroupfs";
	client_check_manager(c, driver, where,
			     "\"exec-opts\": [\"native.cgroupdriver=cgroupfs\"] in daemon.json");
}

static void check_config(struct client *c, struct json_object *config)
{
	const char *said = config ? string_of(config, "default-runtime") : NULL;
	const char *chosen = said ? said : "runc";
	const char *path = NULL;
	const char *name = find_name(c, config, chosen, &path);
	const char *where = said ? "as default-runtime says" : "the default";

	client_check_runtime(
		c, chosen, where, name,
		arena_format(c->a,
			     "`docker run --runtime %s`, or \"default-runtime\": \"%s\" in %s",
			     name ? name : "", name ? name : "", config_path(c)),
		way_in(c));
	if (!name)
		return;
	client_check_binary(c, arena_format(c->a, "runtimes.%s of %s", name, config_path(c)), path);
	check_manager(c, config);
}

void client_docker(struct client *c)
{
	struct json_object *config;

	client_check_program(c, (const char *const[]){ "dockerd", "docker", NULL });
	if (!read_config(c, &config))
		return;
	client_check_files(c, way_in(c));
	check_config(c, config);
	json_object_put(config);
}
