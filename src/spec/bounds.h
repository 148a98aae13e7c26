/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits on any JSON document, checked before json-c sees it.
 */
#ifndef SPEC_BOUNDS_H
#define SPEC_BOUNDS_H

enum {
	TABLE_MAX_BYTES = 16 * 1024 * 1024,
	TABLE_MAX_DEPTH = 32,
	TABLE_MAX_ITEMS = 65536,   /* in one list or object */
	TABLE_MAX_VALUES = 262144, /* in the whole document: json-c takes 50 to 100 bytes for each
				    */
};

#endif
