/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fuzz target has: libFuzzer's entry, and a check that holds in release builds too.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(cond) ((cond) ? (void)0 : abort())

#endif
