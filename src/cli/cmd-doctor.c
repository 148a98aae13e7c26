/* SPDX-License-Identifier: Apache-2.0 */
/*
 * davit doctor: what this host offers, and what that means.
 */
#include "cgroup/ctl.h"
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/opts.h"
#include "container/doctor.h"

enum format { FORMAT_TEXT, FORMAT_JSON };

struct doctor_args {
	int format;
};

static const struct word format_words[] = {
	{ "text", FORMAT_TEXT },
	{ "json", FORMAT_JSON },
	{ NULL, 0 },
};

/* clang-format off */
static const struct opt doctor_opts[] = {
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
	for (size_t i = 0; i < r->n; i++) {
		if (!streq(group, r->v[i].group))
			str_addf(out, "\n%s\n", r->v[i].group);
		group = r->v[i].group;
		print_check(&r->v[i], out);
	}
	str_add(out, r->can_run ? "\nContainers can run here.\n"
				: "\nContainers cannot run here: see what is marked PROBLEM.\n");
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
	str_add(out, "\n    }\n  },\n");
}

static void print_json(const struct doctor_report *r, struct str *out)
{
	str_addf(out, "{\n  \"canRun\": %s,\n  \"rootless\": %s,\n  \"kernel\": ",
		 r->can_run ? "true" : "false", r->is_rootless ? "true" : "false");
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
	str_add(out, "  \"checks\": [");
	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_check *c = &r->v[i];

		str_addf(out, "%s\n    {\"group\": \"%s\", \"name\": \"%s\", \"status\": \"%s\"",
			 i ? "," : "", c->group, c->name, level_names[c->level]);
		add_member(out, "value", c->value);
		add_member(out, "meaning", c->meaning);
		add_member(out, "hint", c->hint);
		str_add(out, "}");
	}
	str_add(out, "\n  ]\n}\n");
}

static struct err *doctor_main(struct cli *cli, int argc, char **argv)
{
	auto_arena struct arena *a = arena_new();
	struct doctor_args args = { .format = FORMAT_TEXT };
	auto_str struct str out = { 0 };
	struct doctor_report report;

	TRY(opts_parse(cli, &cmd_doctor, &argc, argv, &args));
	TRY(container_doctor(&cli->ctx, a, &report));
	if (args.format == FORMAT_JSON)
		print_json(&report, &out);
	else
		print_text(&report, &out);
	TRY(cli_print(cli, &out));
	cli->status = report.can_run ? 0 : EXIT_ERROR;
	return NULL;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.operands = "",
	.summary = "Show what this host offers to containers, and what is missing",
	.notes = "Changes nothing. Ends with 1 when no container can run here.",
	.opts = doctor_opts,
	.main = doctor_main,
};
