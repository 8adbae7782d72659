# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks files with a declaration by the JSON Schema that was installed with this, for pre-commit."""

import pathlib
import sys

import check_jsonschema

SCHEMA = pathlib.Path(sys.prefix) / "share/listening-ports/listeners.schema.json"


def main() -> None:
    """Exit with 0 if all files are valid."""
    check_jsonschema.main(["--schemafile", str(SCHEMA), *sys.argv[1:]])
