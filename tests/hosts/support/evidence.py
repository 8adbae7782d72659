# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit has recorded of a host, and what the host's own tools say."""

import json
import os
import pathlib
import sys
from typing import Any

from .host import Host

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "oracle"))

from zoo import oracle_ss  # noqa: E402

PROTOCOLS = ("tcp", "udp")
SS = ["ss", "--no-header", "--oneline", "--numeric", "--processes", "--extended", "--tcp", "--udp", "--listening"]


def record(folder: str | os.PathLike[str], host: Host) -> Any:
    """The record of a host in the folder of an audit."""
    return json.loads((pathlib.Path(folder) / "hosts" / (host.name + ".json")).read_text(encoding="utf-8"))


def differences(host: Host, facts: dict[str, Any]) -> list[str]:
    """How facts differ from what ss(8) shows on that host now: list of str. Other protocols are left out."""
    listeners = [listener for listener in facts["listeners"]
                 if listener["protocol"] in PROTOCOLS and not listener["namespace"]]
    lines: list[str] = oracle_ss.differences(listeners, oracle_ss.parse(host.console(*SS).out))
    return lines


def listener(facts: dict[str, Any], name: str) -> Any:
    """The one listener with this id."""
    (only,) = [listener for listener in facts["listeners"] if listener["id"] == name]
    return only
