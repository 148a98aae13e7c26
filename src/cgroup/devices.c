/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device policy: see devices.h.
 */
#include "cgroup/devices.h"

#include <inttypes.h>

#include "base/log.h"

/*
 * What every container may use: making any node (using it is another matter), the harmless
 * character devices, terminals, and tun.
 */
static const struct device_rule defaults[] = {
	{ true, 'c', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD, DEVICE_DEFAULT },
	{ true, 'b', DEVICE_ANY, DEVICE_ANY, DEVICE_MKNOD, DEVICE_DEFAULT },
	{ true, 'c', 1, 3, DEVICE_ALL, DEVICE_DEFAULT },            /* null */
	{ true, 'c', 1, 5, DEVICE_ALL, DEVICE_DEFAULT },            /* zero */
	{ true, 'c', 1, 7, DEVICE_ALL, DEVICE_DEFAULT },            /* full */
	{ true, 'c', 1, 8, DEVICE_ALL, DEVICE_DEFAULT },            /* random */
	{ true, 'c', 1, 9, DEVICE_ALL, DEVICE_DEFAULT },            /* urandom */
	{ true, 'c', 5, 0, DEVICE_ALL, DEVICE_DEFAULT },            /* tty */
	{ true, 'c', 5, 1, DEVICE_ALL, DEVICE_DEFAULT },            /* console */
	{ true, 'c', 5, 2, DEVICE_ALL, DEVICE_DEFAULT },            /* ptmx */
	{ true, 'c', 136, DEVICE_ANY, DEVICE_ALL, DEVICE_DEFAULT }, /* pts */
	{ true, 'c', 10, 200, DEVICE_ALL, DEVICE_DEFAULT },         /* net/tun */
};

static bool number_meets(int64_t a, int64_t b)
{
	return a == DEVICE_ANY || b == DEVICE_ANY || a == b;
}

static bool number_covers(int64_t a, int64_t b)
{
	return a == DEVICE_ANY || a == b;
}

/* Is every device that B names named by A too? */
static bool covers(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && number_covers(a->major, b->major) &&
	       number_covers(a->minor, b->minor);
}

bool device_rules_overlap(const struct device_rule *a, const struct device_rule *b)
{
	return a->type == b->type && (a->access & b->access) && number_meets(a->major, b->major) &&
	       number_meets(a->minor, b->minor);
}

/* Adds R; what it decides anew is taken from the rules before it. */
static void add_rule(struct device_policy *p, const struct device_rule *r)
{
	bool matters = r->allow != p->allow;
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct device_rule *old = &p->v[i];

		if (covers(r, old))
			old->access &= ~r->access;
		if (old->access)
			p->v[n++] = *old;
	}
	p->n = n;
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].allow != r->allow && device_rules_overlap(&p->v[i], r))
			matters = true;
	if (matters && r->access)
		p->v[p->n++] = *r;
}

static void reset(struct device_policy *p, bool allow)
{
	p->allow = allow;
	p->n = 0;
	for (size_t i = 0; !allow && i < ARRAY_LEN(defaults); i++)
		p->v[p->n++] = defaults[i];
}

static unsigned access_bits(const char *s)
{
	unsigned bits = 0;

	if (!s || !*s)
		return DEVICE_ALL;
	for (; *s; s++)
		bits |= *s == 'r' ? DEVICE_READ : *s == 'w' ? DEVICE_WRITE : DEVICE_MKNOD;
	return bits;
}

static int64_t number(const struct opt_i64 *n)
{
	return n->set && n->value >= 0 ? n->value : DEVICE_ANY;
}

void device_policy_make(struct arena *a, const struct spec_device_rule *rules, size_t n,
			struct device_policy *ret)
{
	struct device_policy p = { 0 };

	p.v = arena_array(a, struct device_rule, ARRAY_LEN(defaults) + 2 * n);
	reset(&p, false);
	for (size_t i = 0; i < n; i++) {
		const struct spec_device_rule *s = &rules[i];
		struct device_rule r = {
			.allow = s->allow,
			.type = s->type,
			.major = number(&s->major),
			.minor = number(&s->minor),
			.access = access_bits(s->access),
			.index = i,
		};
		bool both = s->type != 'b' && s->type != 'c';

		if (both && r.major == DEVICE_ANY && r.minor == DEVICE_ANY &&
		    r.access == DEVICE_ALL) {
			reset(&p, r.allow);
			continue;
		}
		if (both)
			r.type = 'b';
		add_rule(&p, &r);
		if (both) {
			r.type = 'c';
			add_rule(&p, &r);
		}
	}
	*ret = p;
}

bool device_policy_allows(const struct device_policy *p, char type, int64_t major, int64_t minor,
			  unsigned access)
{
	struct device_rule asked = { .type = type, .major = major, .minor = minor };
	unsigned left = access;

	for (size_t i = p->n; i-- > 0 && left;) {
		const struct device_rule *r = &p->v[i];

		if (!covers(r, &asked))
			continue;
		if (!r->allow && (left & r->access))
			return false;
		left &= ~r->access;
	}
	return !left || p->allow;
}

char *device_rule_text(struct arena *a, const struct device_rule *r)
{
	char *major = r->major == DEVICE_ANY ? arena_str(a, "*")
					     : arena_format(a, "%" PRId64, r->major);
	char *minor = r->minor == DEVICE_ANY ? arena_str(a, "*")
					     : arena_format(a, "%" PRId64, r->minor);

	return arena_format(a, "%c %s:%s %s%s%s", r->type, major, minor,
			    r->access & DEVICE_READ ? "r" : "", r->access & DEVICE_WRITE ? "w" : "",
			    r->access & DEVICE_MKNOD ? "m" : "");
}

/* The kernel has 12 bits for a major and 20 for a minor number; more must not be cut to fit. */
static struct err *check_numbers(const struct spec_device_rule *rules, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (number(&rules[i].major) >= 1 << 12)
			return err_new(ERR_INVALID,
				       "linux.resources.devices[%zu].major: %" PRId64
				       " is not below 4096",
				       i, rules[i].major.value);
		if (number(&rules[i].minor) >= 1 << 20)
			return err_new(ERR_INVALID,
				       "linux.resources.devices[%zu].minor: %" PRId64
				       " is not below 1048576",
				       i, rules[i].minor.value);
	}
	return NULL;
}

struct err *ctl_plan_devices(struct planner *p, const struct spec_resources *r)
{
	struct device_policy *policy;
	struct ctl_target t;
	struct err *e;

	/* No rule is no filter. */
	if (r->n_devices == 0)
		return NULL;
	TRY(check_numbers(r->devices, r->n_devices));
	policy = arena_alloc(p->a, sizeof(*policy));
	device_policy_make(p->a, r->devices, r->n_devices, policy);
	/*
	 * Every engine sends device rules, so a host without the controller could run nothing at
	 * all if they were a must: it is said aloud instead.
	 */
	e = ctl_need(p, CTL_DEVICES, "linux.resources.devices", &t);
	if (e) {
		log_warn("device rules are not enforced: %s", err_text(e));
		err_free(e);
		return NULL;
	}
	if (!t.is_v2)
		return p->is_update ? device_policy_update_v1(p, &t, policy)
				    : device_policy_plan_v1(p, t.dir, policy);
	p->plan->device_dir = t.dir;
	p->plan->device_update = p->is_update;
	if (!policy->allow || policy->n > 0) {
		p->plan->device_program = arena_alloc(p->a, sizeof(*p->plan->device_program));
		device_program_make(p->a, policy, p->plan->device_program);
	}
	return NULL;
}
