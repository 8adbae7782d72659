# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of `make test` as sessions, for those who use nox. They are the same commands: there is no second list."""

import pathlib
import re

import nox

MAKEFILE = pathlib.Path(__file__).with_name("Makefile").read_text(encoding="utf-8")
PARTS = re.search(r"(?m)^PARTS = (.*)$", MAKEFILE).group(1).split()


def add(part: str) -> None:
    """Add a session that runs a part."""
    @nox.session(name=part, venv_backend="none")
    def run(session: nox.Session) -> None:
        session.run("make", part, external=True)


for name in PARTS:
    add(name)
