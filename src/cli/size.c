/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sizes on the command line: see size.h.
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
