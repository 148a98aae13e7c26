/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes and times on the command line: see size.h.
 */
#include "cli/size.h"

#include <ctype.h>

#include "base/str.h"

static const char units[] = "kmgtp";

/* The power of 1024, or -1 when S is no unit. */
static int unit_power(const char *s)
{
	const char *unit;
	int power = 0;

	if (!*s)
		return 0;
	unit = strchr(units, tolower((unsigned char)*s));
	if (unit) {
		power = (int)(unit - units) + 1;
		s++;
		if (tolower((unsigned char)*s) == 'i' && s[1])
			s++;
	}
	if (tolower((unsigned char)*s) == 'b')
		s++;
	return *s ? -1 : power;
}

/* The digits behind the point, as a part of FACTOR. */
static uint64_t fraction(const char *s, size_t len, uint64_t factor)
{
	unsigned __int128 sum = 0;
	unsigned __int128 base = 1;

	for (size_t i = 0; i < len && i < 15; i++) {
		sum = sum * 10 + (unsigned)(s[i] - '0');
		base *= 10;
	}
	return (uint64_t)(sum * factor / base);
}

static int parse(const char *s, int64_t *ret)
{
	size_t whole = strspn(s, "0123456789");
	size_t part = s[whole] == '.' ? strspn(s + whole + 1, "0123456789") : 0;
	const char *unit = s + whole + (part ? part + 1 : 0);
	auto_free char *digits = str_dup_n(s, whole);
	int power = unit_power(unit);
	uint64_t factor = 1;
	uint64_t more;
	uint64_t n;

	if (whole == 0 || power < 0)
		return -EINVAL;
	if (str_to_u64(digits, INT64_MAX, &n) < 0)
		return -ERANGE;
	for (int i = 0; i < power; i++)
		factor *= 1024;
	more = part ? fraction(s + whole + 1, part, factor) : 0;
	if (n > (INT64_MAX - more) / factor)
		return -ERANGE;
	*ret = (int64_t)(n * factor + more);
	return 0;
}

struct err *size_parse(const char *name, const char *s, int64_t *ret)
{
	int rc;

	if (streq(s, "-1")) {
		*ret = -1;
		return NULL;
	}
	rc = parse(s, ret);
	if (rc == 0)
		return NULL;
	return err_hint(
		err_new(ERR_INVALID, "invalid %s specified: `%s`%s", name, s,
			rc == -ERANGE ? " is too large" : ""),
		"--%s takes a number of bytes, also with a unit as in 100M or 1.5g, or -1 for "
		"no limit",
		name);
}

/* The length of the unit at S and what it is in milliseconds; 0 when there is none. */
static size_t time_unit(const char *s, uint64_t *ret_ms)
{
	static const struct {
		const char *name;
		uint64_t ms;
	} known[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60 * 1000 }, { "h", 60 * 60 * 1000 } };

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!str_starts(s, known[i].name))
			continue;
		*ret_ms = known[i].ms;
		return strlen(known[i].name);
	}
	return 0;
}

static int parse_duration(const char *s, int64_t *ret_ms)
{
	uint64_t sum = 0;

	while (*s) {
		size_t whole = strspn(s, "0123456789");
		size_t part = s[whole] == '.' ? strspn(s + whole + 1, "0123456789") : 0;
		auto_free char *digits = str_dup_n(s, whole);
		const char *unit = s + whole + (part ? part + 1 : 0);
		uint64_t factor = 1000;
		uint64_t n;
		size_t len;

		if (whole == 0 || str_to_u64(digits, INT32_MAX, &n) < 0)
			return -EINVAL;
		len = time_unit(unit, &factor);
		/* Only a number that stands alone may lack its unit. */
		if (len == 0 && (*unit || sum > 0))
			return -EINVAL;
		sum += n * factor + (part ? fraction(s + whole + 1, part, factor) : 0);
		s = unit + len;
	}
	if (sum == 0 || sum > INT32_MAX)
		return -ERANGE;
	*ret_ms = (int64_t)sum;
	return 0;
}

struct err *duration_parse(const char *name, const char *s, int64_t *ret_ms)
{
	if (parse_duration(s, ret_ms) == 0)
		return NULL;
	return err_hint(err_new(ERR_INVALID, "invalid %s specified: `%s`", name, s),
			"--%s takes a time such as 5s or 500ms, at most 24 days", name);
}
