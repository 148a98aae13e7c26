/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that more than one command takes.
 */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "base/names.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON };

extern const struct word output_words[];

#endif
