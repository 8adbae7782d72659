# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of an entry and of a waiver: the one place where they are written. Private to this collection.

What validates declarations reads it, as do the documentation of ``assert_listeners`` and the JSON Schema for editors; tests see to
that. An option is a dict: ``type`` is one of the types below, ``choices`` the words that are allowed, ``description`` a list of
sentences in Ansible's markup.

Types: ``str``; ``bool``; ``strings``, a text or a list of them; ``ports``, a number, a text such as ``8000-8010`` or ``443/tcp``, or a
list of both; ``count``, a number from 1 or C(any); ``expression``, JMESPath; ``date``.
"""

PROTOCOLS = ('tcp', 'udp', 'udplite', 'sctp', 'dccp')
FAMILIES = ('ipv4', 'ipv6')
STATES = ('required', 'optional', 'forbidden', 'ignored')
SEVERITIES = ('critical', 'high', 'medium', 'low', 'info')          # the most severe first
SCOPES = ('loopback', 'link', 'private', 'global', 'any')
CLIENTS = ('local', 'link', 'private', 'anyone')
# The kinds of findings that say: this is not as declared.
VIOLATIONS = ('unexpected', 'missing', 'forbidden', 'wrong_owner', 'wrong_bind', 'overexposed', 'unreachable', 'unhealthy')
KINDS = VIOLATIONS + ('unknown', 'waiver_expired', 'entry_unused', 'waiver_unused')

_ABOUT = {
    'name': {'type': 'str', 'description': ['What the entry is called in findings. Two entries of a host may not have the same name.']},
    'reason': {'type': 'str', 'description': ['Why it is so, for whoever reads the declaration or a report.']},
    'owner': {'type': 'str', 'description': ['Who answers for it.']},
}

_ENDPOINT = {
    'port': {'type': 'ports', 'description': [
        'What it speaks of, as a port (V(22)), a name of the services database (V(ssh)), either with a protocol (V(53/udp)), '
        'a range (V(8000-8010)), or V(any) for all ports.']},
    'ports': {'type': 'ports', 'description': [
        'The same for several of them: a list. A list that comes from a variable may hold numbers and texts.']},
    'protocol': {'type': 'strings', 'choices': PROTOCOLS, 'description': ['The protocol of ports that do not say theirs.']},
    'family': {'type': 'str', 'choices': FAMILIES, 'description': [
        'Speak of listeners that take this family alone. A wildcard of IPv6 that takes IPv4 too counts for both.']},
    'namespace': {'type': 'str', 'description': [
        'Speak of listeners in a network namespace, as a glob of its name. Without it an entry speaks of those of the host itself.']},
}

_WHO = {
    'process': {'type': 'strings', 'description': [
        'The name of the process, or the base name of its executable: a glob or a list of them. V([kernel]) is a listener of the kernel.']},
    'exe': {'type': 'strings', 'description': ['The path of its executable: a glob or a list of them.']},
    'user': {'type': 'strings', 'description': ['The name of its user, or the number: a glob or a list of them.']},
    'service': {'type': 'strings', 'description': [
        'The systemd unit, with or without V(.service), or the Windows service: a glob or a list of them.']},
    'container': {'type': 'strings', 'description': ['The container, as facts show it: a glob or a list of them.']},
}

_WHERE = {
    'bind': {'type': 'strings', 'description': [
        'Where it may be bound: scopes (V(loopback), V(link), V(private), V(global), V(any) for the wildcard), addresses, networks '
        'or interfaces. One of them has to hold.']},
    'where': {'type': 'expression', 'description': [
        'Speak of listeners alone for which this JMESPath expression over the fact of the listener is true.']},
}

ENTRY = {
    **_ENDPOINT,
    'need': {'type': 'count', 'description': [
        'How many of the ports have to be there: a number or V(any). Without it each of those that are listed, and one of a range.']},
    **_WHO,
    **_WHERE,
    'via': {'type': 'strings', 'description': ['Interfaces through which it may be reached, and no others: globs.']},
    'clients': {'type': 'strings', 'description': [
        'Exactly these may reach it: networks, or V(local), V(link), V(private), V(anyone). '
        'Others that can make it C(overexposed), some of these that cannot make it C(unreachable).']},
    'only_from': {'type': 'strings', 'description': ['Nobody but these may reach it, whether they can or not.']},
    'ensure': {'type': 'expression', 'description': [
        'A JMESPath expression over the fact of the listener that has to be true, such as V(backlog.pending < backlog.limit).']},
    'state': {'type': 'str', 'choices': STATES, 'default': 'required', 'description': [
        'V(required) has to listen, V(optional) may, V(forbidden) may not, and V(ignored) is looked at by nobody else.',
        'In V(forbidden) and V(ignored) each attribute is a condition.']},
    'when': {'type': 'bool', 'default': True, 'description': ['Whether the entry holds for this host.']},
    'override': {'type': 'bool', 'default': False, 'description': ['Take the place of an entry with the same name.']},
    'severity': {'type': 'str', 'choices': SEVERITIES, 'description': ['How severe findings about it are, in place of the usual.']},
    **_ABOUT,
}

WAIVER = {
    'entry': {'type': 'strings', 'description': ['Waive findings about these entries alone: globs of their names.']},
    'kinds': {'type': 'strings', 'choices': VIOLATIONS + ('unknown',), 'description': [
        'Kinds of findings that are waived. Without it all that say something is not as declared, and C(unknown) is not one of these.']},
    **_ENDPOINT,
    **_WHO,
    **_WHERE,
    'expires': {'type': 'date', 'required': True, 'description': [
        'The last day on which it holds, in UTC, such as V(2027-01-31), or V(never).']},
    'when': ENTRY['when'],
    'override': {'type': 'bool', 'default': False, 'description': ['Take the place of a waiver with the same name.']},
    **_ABOUT,
    'name': {'type': 'str', 'description': ['What the waiver is called. Two waivers of a host may not have the same name.']},
}
