# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an entry and of a waiver, and the switches: the one place where they are written.

What validates declarations reads it, as do the documentation of ``assert_listeners`` and the JSON Schema for editors;
tests check that they agree.
"""

from collections.abc import Mapping
from typing import Any, TypedDict

from ... import _shape


class _Typed(TypedDict):
    type: str
    description: list[str]


class Option(_Typed, total=False):
    """An option.

    :ivar type: ``str``; ``bool``; ``strings``, a text or a list of them; ``ports``, a number, a text such as
        ``8000-8010`` or ``443/tcp``, or a list of both; ``count``, a number from 1 or ``any``; ``expression``,
        JMESPath; ``date``.
    :ivar description: sentences in Ansible's markup.
    :ivar choices: the words that are allowed.
    """

    choices: tuple[str, ...]
    default: Any
    required: bool


Options = Mapping[str, Option]

PROTOCOLS = tuple(str(protocol) for protocol in _shape.PROTOCOLS if protocol != 'raw')      # those with ports
FAMILIES = tuple(map(str, _shape.FAMILIES))
STATES = ('required', 'optional', 'forbidden', 'ignored')
SEVERITIES = ('critical', 'high', 'medium', 'low', 'info')          # the most severe first
SCOPES = tuple(map(str, reversed(_shape.SCOPES)))                   # the narrowest first
CLIENTS = ('local', 'link', 'private', 'anyone')
# The kinds of findings that mean: this is not as declared.
VIOLATIONS = (
    'unexpected', 'missing', 'forbidden', 'wrong_owner', 'wrong_bind', 'overexposed', 'unreachable', 'unhealthy')
KINDS = VIOLATIONS + ('unknown', 'waiver_expired', 'entry_unused', 'waiver_unused')

FAIL, WARN, IGNORE = 'fail', 'warn', 'ignore'
# switch: its default and the words that are allowed, or None for a number of days
SWITCHES: Mapping[str, tuple[object, tuple[str, ...] | None]] = {
    'listener_unexpected': (FAIL, (FAIL, WARN, IGNORE)),
    'listener_unexpected_blocked': (FAIL, (FAIL, WARN, IGNORE)),
    'listener_unexpected_loopback': (WARN, (FAIL, WARN, IGNORE)),
    'listener_unexpected_ephemeral_udp': (WARN, (FAIL, WARN, IGNORE)),
    'listener_unknown': (FAIL, (FAIL, WARN)),
    'listener_fail_severity': ('low', SEVERITIES[:-1]),
    'listener_waiver_warn_days': (14, None),
}
# What is done to find the addresses of clients that the inventory has names for: the default, and what it is
PATH, NETWORKS, DAYS = 'path', 'networks', 'days'
SETTINGS: Mapping[str, tuple[object, str]] = {
    'listener_client_records': (None, PATH),
    'listener_client_record_days': (7, DAYS),
    'listener_client_networks': (['private'], NETWORKS),
}


def if_blocked(switches: Mapping[str, Any]) -> str:
    """Find what an unexpected listener is worth that the firewall blocks: never more than one that it lets through.

    :param switches: the values of all SWITCHES.
    """
    words: list[str] = [switches['listener_unexpected_blocked'], switches['listener_unexpected']]
    return min(words, key=(IGNORE, WARN, FAIL).index)


_ABOUT: dict[str, Option] = {
    'name': {'type': 'str', 'description': [
        'What the entry is called in findings. Two entries of a host may not have the same name.']},
    'reason': {'type': 'str', 'description': ['Why it is declared, for readers of the declaration or a report.']},
    'owner': {'type': 'str', 'description': ['Who is responsible for it.']},
}

_ENDPOINT: dict[str, Option] = {
    'port': {'type': 'ports', 'description': [
        'The port that it applies to: a number (V(22)), a name from the services database (V(ssh)), '
        'either with a protocol (V(53/udp)), a range (V(8000-8010)), or V(any) for all ports.']},
    'ports': {'type': 'ports', 'description': [
        'The same for several ports: a list. A list that comes from a variable may hold numbers and strings.']},
    'protocol': {'type': 'strings', 'choices': PROTOCOLS, 'description': [
        'The protocol of ports that are given without one.']},
    'family': {'type': 'str', 'choices': FAMILIES, 'description': [
        'Apply only to listeners that accept this family. An IPv6 wildcard that accepts IPv4 too counts for both.']},
    'namespace': {'type': 'str', 'description': [
        'Apply to listeners in another network namespace: a glob of its name. '
        'By default an entry applies to those of the host itself.']},
}

_WHO: dict[str, Option] = {
    'process': {'type': 'strings', 'description': [
        'The name of the process, or the base name of its executable: a glob or a list of globs. '
        'V([kernel]) is a listener of the kernel. On Windows, with or without V(.exe).']},
    'exe': {'type': 'strings', 'description': ['The path of its executable: a glob or a list of globs.']},
    'user': {'type': 'strings', 'description': ['The name or number of its user: a glob or a list of globs.']},
    'service': {'type': 'strings', 'description': [
        'The systemd unit, with or without V(.service), or the name of the Windows service: a glob or a list of '
        'globs.']},
    'container': {'type': 'strings', 'description': ['The container, as facts show it: a glob or a list of globs.']},
}

_WHERE: dict[str, Option] = {
    'bind': {'type': 'strings', 'description': [
        'Where it may be bound: scopes (V(loopback), V(link), V(private), V(global), V(any) for the wildcard), '
        'addresses, networks '
        'or interfaces (V(eth0), V(Ethernet 2)). One of them has to match.']},
    'where': {'type': 'expression', 'description': [
        'Apply only to listeners for which this JMESPath expression over the facts of the listener is true.']},
}

ENTRY: dict[str, Option] = {
    **_ENDPOINT,
    'need': {'type': 'count', 'description': [
        'How many of the ports must have a listener: a number, or V(any). '
        'By default every listed port, and at least one of a range.']},
    **_WHO,
    **_WHERE,
    'via': {'type': 'strings', 'description': ['The only interfaces through which it may be reached: globs.']},
    'clients': {'type': 'strings', 'description': [
        'Exactly these may reach it: networks, V(group:NAME) or V(host:NAME) for hosts of the inventory, or V(local), '
        'V(link), V(private), V(anyone). '
        'If others can reach it, it is C(overexposed); if some of these cannot, it is C(unreachable).']},
    'only_from': {'type': 'strings', 'description': [
        'An upper limit: nobody else may reach it, but these need not be able to.']},
    'ensure': {'type': 'expression', 'description': [
        'A JMESPath expression over the facts of the listener, which has to be true, '
        'such as V(backlog.pending < backlog.limit).']},
    'state': {'type': 'str', 'choices': STATES, 'default': 'required', 'description': [
        'V(required) has to listen, V(optional) may, V(forbidden) must not, '
        'and V(ignored) is accepted without a finding unless another entry matches it.',
        'In V(forbidden) and V(ignored) each attribute is a condition.']},
    'when': {'type': 'bool', 'default': True, 'description': ['Whether it applies to this host.']},
    'override': {'type': 'bool', 'default': False, 'description': ['Replace the entry with the same name.']},
    'severity': {'type': 'str', 'choices': SEVERITIES, 'description': [
        'The severity of its findings, instead of the default.']},
    **_ABOUT,
}

WAIVER: dict[str, Option] = {
    'entry': {'type': 'strings', 'description': ['Waive only findings about these entries: globs of their names.']},
    'kinds': {'type': 'strings', 'choices': VIOLATIONS + ('unknown',), 'description': [
        'The kinds of findings to waive. By default all deviations; C(unknown) is not one of them.']},
    **_ENDPOINT,
    **_WHO,
    **_WHERE,
    'expires': {'type': 'date', 'required': True, 'description': [
        'The last day on which it is in force, in UTC, such as V(2027-01-31), or V(never).']},
    'when': ENTRY['when'],
    'override': {'type': 'bool', 'default': False, 'description': ['Replace the waiver with the same name.']},
    **_ABOUT,
    'name': {'type': 'str', 'description': [
        'What the waiver is called. Two waivers of a host may not have the same name.']},
}
