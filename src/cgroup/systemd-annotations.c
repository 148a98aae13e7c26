/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations org.systemd.property.NAME: properties of the unit that the config says itself, as
 * GVariant text, of which the simple types are known.
 */
#include <ctype.h>
#include <inttypes.h>

#include "cgroup/systemd.h"
#include "spec/spec.h"

#define PREFIX "org.systemd.property."

enum { USEC_PER_SEC = 1000000 };

static struct err *bad(const struct spec_pair *pair, const char *why)
{
	return err_hint(
		err_new(ERR_INVALID, "annotations.%s: %s: `%s`", pair->name, why, pair->value),
		"values are true, false, 'text', ['a', 'b'], 5, uint32 5, int64 5, uint64 5");
}

/* A quoted string; *S is moved behind it.  NULL when there is none. */
static char *take_string(struct arena *a, const char **s)
{
	char quote = **s;
	auto_str struct str text = { 0 };
	const char *p;

	if (quote != '\'' && quote != '"')
		return NULL;
	str_add(&text, "");
	for (p = *s + 1; *p && *p != quote; p++) {
		if (*p == '\\' && p[1])
			p++;
		str_add_n(&text, p, 1);
	}
	if (!*p)
		return NULL;
	*s = p + 1;
	return arena_str(a, text.s);
}

static const char *skip_space(const char *s)
{
	return s + strspn(s, " \t\n");
}

static bool parse_string(struct arena *a, const char *s, struct systemd_property *p)
{
	p->type = PROPERTY_STRING;
	p->n = 1;
	p->strings = arena_array(a, char *, 2);
	p->strings[0] = take_string(a, &s);
	return p->strings[0] && !*skip_space(s);
}

static bool parse_strings(struct arena *a, const char *s, struct systemd_property *p)
{
	p->type = PROPERTY_STRINGS;
	p->strings = arena_array(a, char *, strlen(s) / 2 + 2);
	for (s = skip_space(s + 1); *s != ']'; s = skip_space(s)) {
		if (p->n > 0) {
			if (*s != ',')
				return false;
			s = skip_space(s + 1);
		}
		p->strings[p->n] = take_string(a, &s);
		if (!p->strings[p->n++])
			return false;
	}
	return !*skip_space(s + 1);
}

static bool parse_signed(const char *s, int64_t min, int64_t max, struct systemd_property *p)
{
	int64_t n;

	if (str_to_i64(s, min, max, &n) < 0)
		return false;
	p->number = (uint64_t)n;
	return true;
}

static bool parse_number(const char *s, struct systemd_property *p)
{
	if (str_starts(s, "uint64 ")) {
		p->type = PROPERTY_UINT64;
		return str_to_u64(skip_space(s + 7), UINT64_MAX, &p->number) == 0;
	}
	if (str_starts(s, "uint32 ")) {
		p->type = PROPERTY_UINT32;
		return str_to_u64(skip_space(s + 7), UINT32_MAX, &p->number) == 0;
	}
	if (str_starts(s, "int64 ")) {
		p->type = PROPERTY_INT64;
		return parse_signed(skip_space(s + 6), INT64_MIN, INT64_MAX, p);
	}
	p->type = PROPERTY_INT32;
	return parse_signed(str_starts(s, "int32 ") ? skip_space(s + 6) : s, INT32_MIN, INT32_MAX,
			    p);
}

static bool parse_value(struct arena *a, const char *s, struct systemd_property *p)
{
	if (streq(s, "true") || streq(s, "false")) {
		p->type = PROPERTY_BOOL;
		p->number = streq(s, "true");
		return true;
	}
	if (*s == '\'' || *s == '"')
		return parse_string(a, s, p);
	if (*s == '[')
		return parse_strings(a, s, p);
	return parse_number(s, p);
}

/* Units on the bus know microseconds only: TimeoutStopSec becomes TimeoutStopUSec. */
static struct err *seconds(struct arena *a, const struct spec_pair *pair,
			   struct systemd_property *p)
{
	size_t n = strlen(p->name);
	bool is_negative = p->type != PROPERTY_UINT32 && p->type != PROPERTY_UINT64 &&
			   (int64_t)p->number < 0;

	if (n < 4 || !streq(p->name + n - 3, "Sec") || p->name[n - 4] == 'U')
		return NULL;
	if (p->type > PROPERTY_UINT64 || p->type == PROPERTY_BOOL)
		return bad(pair, "is not a number of seconds");
	if (is_negative || p->number > UINT64_MAX / USEC_PER_SEC)
		return bad(pair, "is out of range");
	p->name = arena_format(a, "%.*sUSec", (int)(n - 3), p->name);
	p->type = PROPERTY_UINT64;
	p->number *= USEC_PER_SEC;
	return NULL;
}

static struct err *check_name(const struct spec_pair *pair, const char *name)
{
	bool is_good = strlen(name) >= 3 && isupper((unsigned char)*name);

	for (const char *s = name; *s; s++)
		is_good = is_good && isalnum((unsigned char)*s);
	if (!is_good)
		return err_new(ERR_INVALID, "annotations.%s: is not the name of a unit property",
			       pair->name);
	if (streq(name, "PIDs"))
		return err_new(ERR_INVALID,
			       "annotations.%s: which process it is is not for the "
			       "config to say",
			       pair->name);
	return NULL;
}

struct err *systemd_plan_annotations(struct arena *a, const struct spec *spec,
				     struct cgroup_scope *scope)
{
	for (size_t i = 0; i < spec->annotations.n; i++) {
		const struct spec_pair *pair = &spec->annotations.v[i];
		struct systemd_property p = { .is_asked = true };
		const char *name = pair->name + strlen(PREFIX);

		if (!str_starts(pair->name, PREFIX))
			continue;
		TRY(check_name(pair, name));
		p.name = arena_str(a, name);
		if (!parse_value(a, skip_space(pair->value), &p))
			return bad(pair, "is not a value that is known");
		TRY(seconds(a, pair, &p));
		*systemd_property(a, scope, p.name, p.type) = p;
	}
	return NULL;
}
