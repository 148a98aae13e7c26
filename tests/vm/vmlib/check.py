# SPDX-License-Identifier: Apache-2.0
"""`vm check`: which tests run in which layout, and one line for each machine."""
PARTS = ["seed", "matrix", "suite"]
def main(options): pass
