/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256 (FIPS 180-4): the names of cached programs.
 */
#ifndef OS_SHA256_H
#define OS_SHA256_H

#include "base/base.h"

enum { SHA256_SIZE = 32 };

void sha256(const void *data, size_t len, unsigned char ret[SHA256_SIZE]);

#endif
