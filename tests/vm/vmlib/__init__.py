# SPDX-License-Identifier: Apache-2.0
"""Virtual machines for the tests: layouts, image, emulator, the checks that run inside."""
