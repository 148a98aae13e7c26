/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `davit spec` writes can be run.
 */
#include "spec-test.h"

static struct spec *template_of(struct arena *a, bool rootless, bool cgroup_v2)
{
	const struct spec_template_opts opts = { .rootless = rootless, .cgroup_v2 = cgroup_v2 };
	auto_free char *text = spec_template(&opts);
	struct spec *s = NULL;

	expect_ok(spec_parse(a, text, strlen(text), &s));
	expect_ok(spec_check_runnable(s));
	expect_str(text + strlen(text) - 3, "\n}\n");
	expect(strstr(text, "\n\t\"process\": {\n\t\t\"terminal\": true,\n"));
	return s;
}

TEST(the_template_can_be_run)
{
	auto_arena struct arena *a = arena_new();
	const struct spec *s = template_of(a, false, false);

	expect_str(s->hostname, "davit");
	expect_str(s->process->args.v[0], "sh");
	expect(s->process->terminal && s->root->readonly);
	expect_int(s->process->capabilities->bounding.n, 3);
	expect(!s->process->capabilities->inheritable.present);
	expect(!s->process->capabilities->ambient.present);
	expect_int(s->n_mounts, 7);
	expect_str(s->mounts[2].options.v[5], "gid=5");
	expect_int(s->linux_->n_namespaces, 5);
	expect_int(s->linux_->masked_paths.n, 10);
	expect_int(s->linux_->readonly_paths.n, 5);
	expect_int(s->linux_->resources->devices[0].type, 'a');
}

TEST(cgroup_v2_adds_a_namespace)
{
	auto_arena struct arena *a = arena_new();

	expect(!spec_find_ns(template_of(a, false, false), NS_CGROUP));
	expect(spec_find_ns(template_of(a, false, true), NS_CGROUP));
}

TEST(rootless_has_a_user_namespace_and_no_terminal_group)
{
	auto_arena struct arena *a = arena_new();
	const struct spec *s = template_of(a, true, true);

	expect(spec_find_ns(s, NS_USER));
	expect_int(s->mounts[2].options.n, 5);
}

TESTS(CASE(the_template_can_be_run), CASE(cgroup_v2_adds_a_namespace),
      CASE(rootless_has_a_user_namespace_and_no_terminal_group))
