/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of deadlines: CLOCK_MONOTONIC, clock_gettime(2).
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"

int64_t monotonic_us(void);
int64_t monotonic_ms(void);

#endif
