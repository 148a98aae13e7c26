/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables that more than one file of spec/ uses.
 */
#ifndef SPEC_TABLES_H
#define SPEC_TABLES_H

#include "spec/spec.h"
#include "spec/table.h"

TYPE_DECLARE(spec_type, struct spec);
TYPE_DECLARE(process_type, struct spec_process);
TYPE_DECLARE(id_mapping_type, struct spec_id_mapping);
TYPE_DECLARE(linux_type, struct spec_linux);
TYPE_DECLARE(resources_type, struct spec_resources);
TYPE_DECLARE(seccomp_type, struct spec_seccomp);
/* A document that is a list of mounts. */
extern const struct field mounts_row;

/* Lists of id mappings have three C members for one row. */
#define F_ID_MAPPINGS(T, member, json) \
	F_LIST(T, member.v, member.n, json, id_mapping_type, .present = PRESENT(T, member.present))

#endif
