# SPDX-License-Identifier: Apache-2.0
"""What the integration tests stand on: views, bundles, containers, consoles and leak checks."""
