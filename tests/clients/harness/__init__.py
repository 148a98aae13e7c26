# SPDX-License-Identifier: Apache-2.0
"""What the checks with real clients stand on: the private environment, the runtimes, the clients.

The modules of the integration tests' harness can be imported from here, too: machine, bundle.
"""
import pathlib

__path__.append(str(pathlib.Path(__file__).resolve().parents[2] / "integration" / "harness"))
