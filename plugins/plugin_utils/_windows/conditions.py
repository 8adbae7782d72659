# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions of a rule: each holds, does not, or it is not known whether, with the reason.

``who`` compares a rule with what listens, ``where`` with where packets come in. None is a rule that surely does not
match, else there are the reasons why it may not. Who sends is a set of addresses: see ``addresses``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ...module_utils._addresses import intervals as iv
from . import addresses, ports, sddl
from .model import SYSTEM, Arrival, Holder, Machine
from .names import fold, fold_path, package_sid
from .rules import Rule, trusted

Reasons = tuple[str, ...]
_Test = bool | str              # a str is why it is not known

_VARIABLE = re.compile('%([^%]+)%')
# A path that names one file wherever it is written: no short name, no device, no share
PLAIN = re.compile(r'[a-z]:(?:\\[^\\/:*?"<>|~%]+)+')
_GUID = re.compile(r'\{?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}?')
_PLATFORM = re.compile('2:([0-9]{1,3}):([0-9]{1,3})')       # 2 is VER_PLATFORM_WIN32_NT
_KINDS = ('lan', 'wireless', 'remoteaccess', 'mobilebband')
_WIRELESS, _DIRECT = 'wireless', 'wfd'                      # Wi-Fi Direct: wfdprint, wfddisplay ...
_NOT_UNDERSTOOD = 'a condition of it is not understood'


class Wanted(NamedTuple):
    """What a rule wants of who listens, on one host.

    :ivar ports: for each protocol that it is for. :ivar programs: folded paths, None for one that is not understood.
    :ivar services: folded names, ``*`` for all. :ivar packages: SIDs of AppContainers; ``families`` those of families.
    :ivar tests: what compares a holder with it.
    """

    rule: Rule
    ports: Mapping[str, ports.Resolved]
    programs: tuple[str | None, ...]
    services: tuple[str, ...]
    packages: tuple[str, ...]
    families: tuple[str, ...]
    tests: tuple[Callable[[Wanted, Holder], _Test], ...]


def wanted(rule: Rule, machine: Machine, resolved: Mapping[str, ports.Resolved]) -> Wanted:
    """Work out what a rule wants of who listens.

    :param resolved: its ports, for each protocol that it is for.
    """
    values = rule.values
    return Wanted(
        rule, resolved, tuple(program(text, machine) for text in values.get('app', ())),
        tuple(map(fold, values.get('svc', ()))), tuple(text.upper() for text in values.get('apppkgid', ())),
        tuple(map(package_sid, values.get('pfn', ()))), tuple(test for key, test in _WHO.items() if key in values))


def of_any_service(asked: Wanted) -> Wanted:
    """Return what a rule would want without the services that it names."""
    return asked._replace(tests=tuple(test for test in asked.tests if test is not _WHO['svc']))


def who(asked: Wanted, holder: Holder) -> Reasons | None:
    """Compare a rule with what listens.

    :returns: None if it surely does not match, else the reasons why it may not.
    """
    resolved = asked.ports.get(holder.protocol)
    if resolved is None or not iv.contains(resolved.maybe, holder.port):
        return None
    found = []
    for test in asked.tests:
        result = test(asked, holder)
        if result is False:
            return None
        if result is not True:
            found.append(result)
    if not iv.contains(resolved.sure, holder.port):
        found.append(resolved.reason)
    return tuple(found)


def where(rule: Rule, arrival: Arrival, machine: Machine) -> Reasons | None:
    """Compare a rule with where packets come in; the same as ``who``. Profiles are left to the caller."""
    found = []
    for result in _where(rule, arrival, machine):
        if result is False:
            return None
        if result is not True:
            found.append(result)
    return tuple(found)


def _where(rule: Rule, arrival: Arrival, machine: Machine) -> Iterator[_Test]:
    yield addresses.holds(rule.local, arrival.family, arrival.address)
    if 'platform' in rule.values or 'platform2' in rule.values:
        yield _is_platform(rule, machine)
    if 'if' in rule.values:
        yield _is_interface(rule.values['if'], arrival)
    if 'iftype' in rule.values:
        yield _is_kind(rule.values['iftype'], arrival)
    nearby = trusted(rule)
    if nearby:
        yield _is_nearby(nearby, arrival)
    if arrival.teredo and rule.action != 'block':
        yield _is_for_edge(rule)
    if rule.source_ports and not (rule.local_only and rule.action == 'allow'):
        yield 'it takes some ports of clients only'


# who listens


def program(text: str, machine: Machine) -> str | None:
    """Return the program that App names, folded; None where that is not one path for sure."""
    folded = fold(text)
    if folded == SYSTEM:
        return SYSTEM
    expanded = fold_path(_VARIABLE.sub(lambda name: machine.environment.get(name[1], name[0]), folded))
    return expanded if PLAIN.fullmatch(expanded) else None


def _is_program(asked: Wanted, holder: Holder) -> _Test:
    return _any([_is_one_program(named, holder) for named in asked.programs])


def _is_one_program(named: str | None, holder: Holder) -> _Test:
    if holder.program is None:
        return 'which program listens is not known'
    if named is None:
        return 'which program it is for is not understood'
    if named == holder.program:
        return True
    if SYSTEM in (named, holder.program):
        return False
    if not PLAIN.fullmatch(holder.program):
        return 'which program listens is not known'
    if named[1:] == holder.program[1:]:         # a drive can be another name of the same one: subst, mapped drives
        return 'whether it is for the same drive is not known'
    return False


def _is_service(asked: Wanted, holder: Holder) -> _Test:
    return _any([_is_one_service(name, holder) for name in asked.services])


def _is_one_service(name: str, holder: Holder) -> _Test:
    if not name:
        return _NOT_UNDERSTOOD
    if holder.services is None:
        return 'which services listen is not known'
    known = [has_sid for service, has_sid in holder.services if name in ('*', service)]
    if not known:
        return False
    if True in known:
        return True
    if None in known:
        return 'whether the service has a SID of its own is not known'
    # the firewall sees a service by its SID: a rule cannot apply to one without. Whether "all services" can is not said
    return 'the services that listen have no SID of their own' if name == '*' else False


def _is_package(asked: Wanted, holder: Holder) -> _Test:
    return _is_in_package(asked.packages, holder)


def _is_family(asked: Wanted, holder: Holder) -> _Test:
    return _is_in_package(asked.families, holder)


def _is_in_package(packages: Sequence[str], holder: Holder) -> _Test:
    if holder.package is None:
        return 'whether an app in a package listens is not known'
    return holder.package.upper() in packages if holder.package else False


def _is_owner(asked: Wanted, holder: Holder) -> _Test:
    """Whose rule it is: no condition by [MS-FASP], but the rules for an app are those of one user."""
    owners = [text.upper() for text in asked.rule.values['luown']]
    if asked.packages and holder.user is not None and not {holder.user.upper(), 'S-1-1-0'} & set(owners):
        return False
    return 'it is of one user'


def _is_user(asked: Wanted, holder: Holder) -> _Test:
    found = [sddl.grants(text, holder) for text in asked.rule.values['luauth']]
    return _any(['it is for some users only' if result is None else result for result in found])


def _any(results: Sequence[_Test]) -> _Test:
    """Join alternatives."""
    if True in results:
        return True
    return min([result for result in results if isinstance(result, str)], default=False)


_WHO: dict[str, Callable[[Wanted, Holder], _Test]] = {
    'app': _is_program, 'svc': _is_service, 'apppkgid': _is_package, 'pfn': _is_family, 'luown': _is_owner,
    'luauth': _is_user}


# where packets come in


def _is_platform(rule: Rule, machine: Machine) -> _Test:
    """Compare the versions of Windows; the operator is that of the last of them ([MS-FASP] 2.2.29 to 31)."""
    matches = [_PLATFORM.fullmatch(value) for value in rule.values.get('platform', ())]
    operators = [value.upper() for value in rule.values.get('platform2', ())]
    if not matches or operators not in ([], ['GTEQ']) or machine.version is None:
        return 'for which versions of Windows it is is not understood'
    mine = machine.version[:2]
    results: list[_Test] = []
    for number, match in enumerate(matches):
        if match is None:
            results.append(_NOT_UNDERSTOOD)
            continue
        named = int(match[1]), int(match[2])
        results.append(mine >= named if operators and number == len(matches) - 1 else mine == named)
    return _any(results)


def _is_interface(values: Sequence[str], arrival: Arrival) -> _Test:
    results: list[_Test] = []
    for value in values:
        match = _GUID.fullmatch(value.lower())
        results.append('{%s}' % match[1] == arrival.guid if match else 'an interface of it is not understood')
    return _any(results)


def _is_kind(values: Sequence[str], arrival: Arrival) -> _Test:
    if arrival.kind is None:
        return 'of which type the interface is is not known'
    return _any([value.lower() == arrival.kind if value.lower() in _KINDS else 'an interface of it is not understood'
                 for value in values])


def _is_nearby(nearby: Sequence[str], arrival: Arrival) -> _Test:
    """Devices nearby are told apart as they appear; by Wi-Fi Direct none comes in through a cable."""
    if all(word.startswith(_DIRECT) for word in nearby) and arrival.kind not in (None, _WIRELESS):
        return False
    return 'it is for devices nearby'


def _is_for_edge(rule: Rule) -> _Test:
    """Through Teredo come only those for whom a rule says so."""
    if 'defer' in rule.values:
        return 'whether it is for Teredo is left to programs or users'
    edge = {value.lower() for value in rule.values.get('edge', ())}
    return True if edge == {'true'} else False if edge <= {'false'} and rule.action else _NOT_UNDERSTOOD
