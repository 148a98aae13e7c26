/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON strings for log records and lists: see json.h.
 */
#include "cli/json.h"

size_t utf8_length(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	/* Too long forms, surrogates, above U+10FFFF. */
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return len;
}

static void json_add_ascii(struct str *out, char c)
{
	if (c == '"' || c == '\\')
		str_addf(out, "\\%c", c);
	else if (c == '\n')
		str_add(out, "\\n");
	else if (c == '\t')
		str_add(out, "\\t");
	else if ((unsigned char)c < 0x20 || c == 0x7f)
		str_addf(out, "\\u%04x", (unsigned)c);
	else
		str_add_n(out, &c, 1);
}

void json_add(struct str *out, const char *s)
{
	str_add(out, "\"");
	while (*s) {
		size_t len = utf8_length(s);

		if (len == 1)
			json_add_ascii(out, *s);
		else if (len == 0)
			str_add(out, "\xef\xbf\xbd");
		else
			str_add_n(out, s, len);
		s += MAX(len, (size_t)1);
	}
	str_add(out, "\"");
}
