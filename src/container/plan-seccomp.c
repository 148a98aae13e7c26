/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan's seccomp part: which program is loaded, and who answers the calls it hands on.  Besides
 * linux.seccomp there are crun's annotations, and a variable for the agent's socket.
 */
#include "container/plan.h"
#include "os/seccomp-plugin.h"
#include "os/seccomp.h"

#define RECEIVER_VARIABLE "RUN_OCI_SECCOMP_RECEIVER"

const char *seccomp_receiver_of_environment(struct arena *a)
{
	const char *path = getenv(RECEIVER_VARIABLE);

	return path ? arena_str(a, path) : NULL;
}

static struct err *plan_plugins(struct arena *a, const struct spec *spec, struct spec_strings *ret)
{
	const char *list = spec_annotation(spec, "run.oci.seccomp.plugins");
	auto_strv struct strv names = { 0 };

	if (!list)
		return NULL;
	TRY(seccomp_plugin_names(list, &names));
	ret->v = arena_array(a, char *, names.n + 1);
	for (; ret->n < names.n; ret->n++)
		ret->v[ret->n] = arena_str(a, names.v[ret->n]);
	return NULL;
}

/* linux.seccomp.listenerPath first, then crun's two other ways to name the agent. */
static struct err *plan_listener(const struct spec *spec, const struct spec_seccomp *profile,
				 const char *receiver, struct seccomp_plan *ret)
{
	const char *from = "annotation run.oci.seccomp.receiver";
	const char *path = spec_annotation(spec, "run.oci.seccomp.receiver");

	if (profile && profile->listener_path) {
		ret->listener = profile->listener_path;
		ret->metadata = profile->listener_metadata;
		return NULL;
	}
	if (!path) {
		path = receiver;
		from = RECEIVER_VARIABLE " in the environment";
	}
	if (path && *path != '/')
		return err_new(ERR_INVALID, "%s: the path `%s` is not absolute", from, path);
	ret->listener = path;
	ret->metadata = profile ? profile->listener_metadata : NULL;
	return NULL;
}

/* The profile with what stands beside it, checked. */
static struct err *plan_profile(struct arena *a, const struct spec_seccomp *profile,
				struct seccomp_plan *ret)
{
	struct spec_seccomp *copy = arena_alloc(a, sizeof(*copy));

	*copy = *profile;
	copy->listener_path = (char *)(uintptr_t)ret->listener;
	ret->profile = copy;
	TRY(seccomp_check(copy));
	return ret->plugins.n > 0 ? NULL : seccomp_check_listener(copy);
}

struct err *process_plan_seccomp(struct arena *a, const struct spec *spec, struct process_plan *ret)
{
	const struct spec_seccomp *profile = spec->linux_ ? spec->linux_->seccomp : NULL;
	const char *raw = spec_annotation(spec, "run.oci.seccomp_bpf_data");
	const char *fail = spec_annotation(spec, "run.oci.seccomp_fail_unknown_syscall");
	struct seccomp_plan *plan = &ret->seccomp;
	bool is_answered;

	if (!profile && !raw)
		return NULL;
	plan->fail_unknown = fail && !streq(fail, "0");
	TRY(plan_plugins(a, spec, &plan->plugins));
	TRY(plan_listener(spec, profile, ret->receiver, plan));
	is_answered = plan->plugins.n > 0 || plan->listener;
	if (raw)
		TRY(seccomp_raw(a, profile, raw, is_answered, &plan->raw));
	else
		TRY(plan_profile(a, profile, plan));
	/* Plugins of a filter that asks nobody are not even loaded. */
	if (raw ? !plan->raw.has_listener : !seccomp_notifies(plan->profile))
		plan->plugins.n = 0;
	plan->set = true;
	return NULL;
}
