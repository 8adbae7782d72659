# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this machine can run the hosts that tests are made on."""

import pathlib
import sys

from bench import LeftOut

# behind, as they have a conftest.py
sys.path += [str(pathlib.Path(__file__).resolve().parent.parent / name) for name in ("hosts", "windows")]

from rig.obstacles import obstacles  # noqa: E402
from stage import found  # noqa: E402


def require_hosts() -> None:
    """Raises LeftOut, with the reasons in one line, where no hosts can be started."""
    reasons = obstacles()
    if reasons:
        raise LeftOut("no hosts here: %s" % "; ".join(reasons))


def require_wine() -> None:
    """Raises LeftOut, with the reasons in one line, where no Windows test host can be started."""
    reasons = found.obstacles()
    if reasons:
        raise LeftOut("no Windows test host here: %s" % "; ".join(reasons))
