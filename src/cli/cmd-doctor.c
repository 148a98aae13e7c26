/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit doctor: what this host offers, and what that means; and whether an engine takes davit.
 */
#include "cgroup/ctl.h"
#include "cli/cli.h"
#include "cli/client.h"
#include "cli/json.h"
#include "cli/opts.h"
#include "container/doctor.h"

enum format { FORMAT_TEXT, FORMAT_JSON };

struct doctor_args {
	int format;
	int client;
	const char *config;
};

static const struct word format_words[] = {
	{ "text", FORMAT_TEXT },
	{ "json", FORMAT_JSON },
	{ NULL, 0 },
};

static const struct word client_words[] = {
	{ "podman", CLIENT_PODMAN },
	{ "buildah", CLIENT_BUILDAH },
	{ "docker", CLIENT_DOCKER },
	{ "containerd", CLIENT_CONTAINERD },
	{ "crio", CLIENT_CRIO },
	{ "kubernetes", CLIENT_KUBERNETES },
	{ NULL, 0 },
};

/* clang-format off */
static const struct opt doctor_opts[] = {
	OPT_WORD('c', "client", "NAME", struct doctor_args, client, client_words,
		 "would this engine find davit and take it"),
	OPT_STR(0, "config", "FILE", struct doctor_args, config,
		"with --client: read it instead of the engine's own"),
	OPT_WORD('f', "format", "FORMAT", struct doctor_args, format, format_words,
		 "text (default) or json"),
	OPT_END
};
/* clang-format on */

static const char *const level_names[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_PROBLEM] = "problem",
};

static const char *const place_names[] = {
	[PLACE_UNKNOWN] = "unknown",
	[PLACE_V1] = "v1",
	[PLACE_V2] = "v2",
	[PLACE_DISABLED] = "disabled",
	[PLACE_NOT_MOUNTED] = "not-mounted",
	[PLACE_NOT_DELEGATED] = "not-delegated",
};

static void print_check(const struct doctor_check *c, struct str *out)
{
	str_addf(out, "  %-7s  %-18s %s\n",
		 c->level == DOCTOR_PROBLEM ? "PROBLEM" : level_names[c->level], c->name, c->value);
	if (c->meaning)
		str_addf(out, "           %-18s so: %s\n", "", c->meaning);
	if (c->hint && c->level != DOCTOR_OK)
		str_addf(out, "           %-18s hint: %s\n", "", c->hint);
}

static void print_text(const struct doctor_report *r, struct str *out)
{
	const char *group = "";

	str_addf(out, "davit " DAVIT_VERSION ", Linux %s, %s\n", r->kernel,
		 r->is_rootless ? "without root" : "as root");
	for (size_t i = 0; i < r->checks.n; i++) {
		if (!streq(group, r->checks.v[i].group))
			str_addf(out, "\n%s\n", r->checks.v[i].group);
		group = r->checks.v[i].group;
		print_check(&r->checks.v[i], out);
	}
	str_add(out, r->checks.has_problem
			     ? "\nContainers cannot run here: see what is marked PROBLEM.\n"
			     : "\nContainers can run here.\n");
}

/* ,"NAME":"VALUE"; null for none. */
static void add_member(struct str *out, const char *name, const char *value)
{
	str_addf(out, ", \"%s\": ", name);
	if (value)
		json_add(out, value);
	else
		str_add(out, "null");
}

static void add_hierarchies(const struct cgroup_layout *l, struct str *out)
{
	str_add(out, "    \"hierarchies\": [");
	for (size_t i = 0; i < l->n; i++) {
		str_addf(out, "%s\n      {\"version\": %d", i ? "," : "", l->v[i].is_v2 ? 2 : 1);
		add_member(out, "controllers", l->v[i].controllers);
		add_member(out, "mount", l->v[i].mount);
		str_addf(out, ", \"readonly\": %s}", l->v[i].is_readonly ? "true" : "false");
	}
	str_add(out, l->n ? "\n    ],\n" : "],\n");
}

static void add_controllers(const struct cgroup_layout *l, struct str *out)
{
	str_add(out, "    \"controllers\": {");
	for (size_t i = 0; i < CTL_COUNT; i++) {
		bool is_there = l->ctl[i].place == PLACE_V1 || l->ctl[i].place == PLACE_V2;

		str_addf(out, "%s\n      \"%s\": {\"place\": \"%s\"", i ? "," : "", ctl_info[i].v1,
			 place_names[l->ctl[i].place]);
		add_member(out, "mount", is_there ? l->v[l->ctl[i].hierarchy].mount : NULL);
		add_member(out, "why", is_there ? NULL : l->ctl[i].why);
		add_member(out, "hint", is_there ? NULL : l->ctl[i].hint);
		str_add(out, "}");
	}
	str_add(out, "\n    }\n  }");
}

/* The last member, and the end of the document. */
static void print_checks_json(const struct doctor_check *v, size_t n, struct str *out)
{
	str_add(out, ",\n  \"checks\": [");
	for (size_t i = 0; i < n; i++) {
		const struct doctor_check *c = &v[i];

		str_addf(out, "%s\n    {\"group\": \"%s\", \"name\": \"%s\", \"status\": \"%s\"",
			 i ? "," : "", c->group, c->name, level_names[c->level]);
		add_member(out, "value", c->value);
		add_member(out, "meaning", c->meaning);
		add_member(out, "hint", c->hint);
		str_add(out, "}");
	}
	str_add(out, "\n  ]\n}\n");
}

static void print_json(const struct doctor_report *r, struct str *out)
{
	str_addf(out, "{\n  \"canRun\": %s,\n  \"rootless\": %s,\n  \"kernel\": ",
		 r->checks.has_problem ? "false" : "true", r->is_rootless ? "true" : "false");
	json_add(out, r->kernel);
	str_add(out, ",\n  \"version\": \"" DAVIT_VERSION "\",\n  \"stateRoot\": ");
	json_add(out, r->state_root);
	str_addf(out,
		 ",\n  \"cgroup\": {\n    \"layout\": \"%s\",\n    \"freezer\": {\"kind\": \"%s\"",
		 r->layout_name, r->freezer);
	add_member(out, "mount", r->freezer_mount);
	str_add(out, "},\n");
	add_hierarchies(&r->layout, out);
	add_controllers(&r->layout, out);
	print_checks_json(r->checks.v, r->checks.n, out);
}

static void print_client_text(const struct client_report *r, const char *name, struct str *out)
{
	str_addf(out, "davit " DAVIT_VERSION " at %s\n\n%s\n", r->binary, name);
	for (size_t i = 0; i < r->checks.n; i++)
		print_check(&r->checks.v[i], out);
	if (r->checks.has_problem)
		str_add(out,
			"\nIt cannot run containers with davit: see what is marked PROBLEM.\n");
	else if (r->is_default)
		str_add(out, "\nIt runs containers with davit.\n");
	else
		str_add(out, "\nIt runs containers with davit when it is told to.\n");
}

static void print_client_json(const struct client_report *r, const char *name, struct str *out)
{
	str_addf(out,
		 "{\n  \"client\": \"%s\",\n  \"usable\": %s,\n  \"default\": %s,\n  \"version\": "
		 "\"" DAVIT_VERSION "\",\n  \"binary\": ",
		 name, r->checks.has_problem ? "false" : "true", r->is_default ? "true" : "false");
	json_add(out, r->binary);
	print_checks_json(r->checks.v, r->checks.n, out);
}

static struct err *client_main(struct cli *cli, const struct doctor_args *args)
{
	auto_arena struct arena *a = arena_new();
	const char *name = word_name(client_words, args->client);
	auto_str struct str out = { 0 };
	struct client_report report;

	TRY(client_report_make(args->client, name, args->config, a, &report));
	if (args->format == FORMAT_JSON)
		print_client_json(&report, name, &out);
	else
		print_client_text(&report, name, &out);
	TRY(cli_print(cli, &out));
	cli->status = report.checks.has_problem ? EXIT_ERROR : 0;
	return NULL;
}

static struct err *doctor_main(struct cli *cli, int argc, char **argv)
{
	auto_arena struct arena *a = arena_new();
	struct doctor_args args = { .format = FORMAT_TEXT };
	auto_str struct str out = { 0 };
	struct doctor_report report;

	TRY(opts_parse(cli, &cmd_doctor, &argc, argv, &args));
	if (args.config && args.client == CLIENT_NONE)
		return err_new(ERR_INVALID, "--config is for --client NAME");
	if (args.client != CLIENT_NONE)
		return client_main(cli, &args);
	TRY(container_doctor(&cli->ctx, a, &report));
	if (args.format == FORMAT_JSON)
		print_json(&report, &out);
	else
		print_text(&report, &out);
	TRY(cli_print(cli, &out));
	cli->status = report.checks.has_problem ? EXIT_ERROR : 0;
	return NULL;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "Show what this host offers to containers, and what is missing",
	.notes =
		"Changes nothing. Ends with 1 when no container can run here, or not with that engine.",
	.opts = doctor_opts,
	.main = doctor_main,
};
