/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic: see convert.h.
 */
#include "cgroup/convert.h"

/* Each squaring of the mantissa, 1.0 … 2.0, yields one more binary digit of the logarithm. */
static double log2_of(uint64_t x)
{
	int whole = 63 - __builtin_clzll(x);
	double m = (double)x / (double)((uint64_t)1 << whole);
	double ret = whole;
	double digit = 0.5;

	for (int i = 0; i < 48; i++, digit /= 2) {
		m *= m;
		if (m >= 2) {
			m /= 2;
			ret += digit;
		}
	}
	return ret;
}

/* 10^x for x >= 0: the product of the roots of ten that x is the sum of. */
static double power_of_ten(double x)
{
	/* 10^(1/2), 10^(1/4), 10^(1/8), … */
	static const double roots[] = {
		3.16227766016837933199, 1.77827941003892280122, 1.33352143216332402567,
		1.15478198468945817966, 1.07460782832131749721, 1.03663292843769799729,
		1.01815172171818184147, 1.00903504484144743775, 1.00450736425446251566,
		1.00225114829291291546, 1.00112494139987987588, 1.00056231260220863661,
		1.00028111678778013239, 1.00014054851694725816, 1.00007027178941143553,
		1.00003513527746185660, 1.00001756748442267383, 1.00000878370363461214,
		1.00000439184217316723, 1.00000219591867555420, 1.00000109795873502040,
	};
	double ret = 1;
	double step = 0.5;

	for (; x >= 1; x -= 1)
		ret *= 10;
	for (size_t i = 0; i < ARRAY_LEN(roots); i++, step /= 2) {
		if (x < step)
			continue;
		x -= step;
		ret *= roots[i];
	}
	/* What is left is so small that the curve is a line. */
	return ret * (1 + x * 2.302585092994046);
}

/*
 * ceil(10^((L² + 125 L) / 612 - 7 / 34)) with L = log2(shares): a curve through (2, 1), (1024, 100)
 * and (262144, 10000), so that the defaults meet.  A straight line would turn 1024 into 39.  No
 * libm: it is a library of its own.
 */
uint64_t convert_shares_to_weight(uint64_t shares)
{
	double l;
	double w;
	uint64_t ret;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of(shares);
	w = power_of_ten((l * l + 125 * l) / 612 - 7.0 / 34);
	/* The three points are exact: rounding must not lift them by one. */
	ret = (uint64_t)w;
	if (w - (double)ret > 1e-6)
		ret++;
	return MIN(MAX(ret, 1), 10000);
}

uint64_t convert_blkio_to_io_weight(uint64_t weight)
{
	if (weight <= 10)
		return 1;
	if (weight >= 1000)
		return 10000;
	return 1 + (weight - 10) * 9999 / 990;
}

bool convert_is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && n < 16 && s[0] != '0' && s[n] != '\0' && strchr("KMG", s[n]) &&
	       streq(s + n + 1, "B");
}

enum swap_kind convert_swap(bool has_swap, int64_t swap, bool has_limit, int64_t limit,
			    uint64_t *ret)
{
	*ret = 0;
	if (!has_swap)
		return SWAP_NONE;
	if (swap < 0)
		return SWAP_MAX;
	if (swap == 0)
		return SWAP_VALUE;
	if (!has_limit || limit <= 0)
		return SWAP_NO_LIMIT;
	if (swap < limit)
		return SWAP_BELOW_LIMIT;
	*ret = (uint64_t)(swap - limit);
	return SWAP_VALUE;
}
