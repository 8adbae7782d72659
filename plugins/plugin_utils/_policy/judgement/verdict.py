# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what becomes of a host: whether it is as declared, and whether an audit fails it.

The report, its file formats, ``assert_listeners`` and with it the audit role take this decision from here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

# ``refused`` is its declaration, ``listed`` a host that was observed and not judged
AS_DECLARED, VIOLATES, UNKNOWN, REFUSED, LISTED = VERDICTS = ('as_declared', 'violates', 'unknown', 'refused', 'listed')


def passes(facts: Mapping[str, Any] | None, failing: bool = False) -> bool:
    """Whether an audit passes a host.

    A socket that was not observed may be one that nobody declared: without all of them, no host passes.

    :param facts: None where the host was not observed.
    :param failing: whether a finding fails it.
    """
    return bool(facts and facts['complete']['sockets']) and not failing


def verdict(facts: Mapping[str, Any] | None, findings: Iterable[tuple[str, bool]] | None = None,
            failing: bool = False, refused: bool = False) -> str:
    """Give what becomes of a host one name.

    Those that do not pass violate their declaration, are unknown, or refused. Others may be unknown too, where that
    is only a warning.

    :param facts: None where the host was not observed.
    :param findings: the kind of each, and whether it fails the host; None where the host was not judged.
    :param failing: whether a finding fails the host, which may be one that is not listed here.
    :param refused: whether its declaration is refused.
    :returns: ``LISTED`` for a host that was observed and not judged.
    """
    if refused:
        return REFUSED
    judged = set(findings or ())
    if facts and any(fails and kind != 'unknown' for kind, fails in judged):
        return VIOLATES
    if not passes(facts, failing) or any(kind == 'unknown' for kind, fails in judged):
        return UNKNOWN
    return LISTED if findings is None else AS_DECLARED


def of_judgement(facts: Mapping[str, Any] | None, judgement: Mapping[str, Any] | None) -> str:
    """Give what becomes of a host its name, from what a record has of it.

    :param facts: None where the host was not observed.
    :param judgement: as ``fleet`` makes it; None where the host was not judged.
    """
    if not judgement:
        return verdict(facts)
    findings = [(finding['kind'], finding['fails']) for finding in judgement['findings']]
    return verdict(facts, findings, judgement['failing'], judgement['refused'] is not None)
