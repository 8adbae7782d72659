# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``port_openings``, and what its action and the host's half of it say to each other.

The action runs the module ``apply_port_openings`` on the host, with the options of the task and those of ``STEP``, see
``steps`` for what each of these does. Each answer has ``status``, ``changed`` and ``msg``; one of a host that was left
as it is also a ``code``.

An opening is a dict::

    {'listener': 'tcp/0.0.0.0:8080',            # whose clients do not get through; None where it is not known
     'protocol': 'tcp',                         # tcp, udp, sctp or dccp
     'ports': [8080, '8000-8010'],
     'sources': ['10.0.0.0/8', 'fd00::/8'],     # None: everybody
     'backend': 'firewalld',                    # or ufw: whose rule keeps them out
     'interface': 'eth0'}                       # by which they come, for the zone of firewalld; None: its default zone

Sources: firewall-cmd(1), firewalld.richlanguage(5), ufw(8).
"""

from collections import namedtuple

from .._addresses.networks import ANYONE
from .._filter.arguments import fault_of_time
from .._filter.names import PROTOCOLS
from .._filter.rules import collapsed, parse
from .command import BACKENDS

_WHO: dict = {
    'protocol': {'type': 'str', 'choices': list(PROTOCOLS), 'default': 'tcp'},
    'ports': {'type': 'list', 'elements': 'str', 'required': True},
    'sources': {'type': 'list', 'elements': 'str'},
}
ARGUMENTS: dict = {
    'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
    'openings': {'type': 'list', 'elements': 'dict', 'default': [], 'options': dict(
        _WHO, backend={'type': 'str', 'choices': list(BACKENDS), 'required': True}, interface={'type': 'str'},
        listener={'type': 'str'})},
    'keep': {'type': 'list', 'elements': 'dict', 'options': _WHO},
    'confirm': {'type': 'int', 'default': 60},
    'protected_sources': {'type': 'list', 'elements': 'str', 'default': []},
}

BEGIN, KEEP, RESTORE = STEPS = ('begin', 'keep', 'restore')

STEP: dict = {
    'step': {'type': 'str', 'choices': list(STEPS), 'required': True},
    # whether what is taken back can cut the way by which the action reaches the host
    'remote': {'type': 'bool', 'required': True},
    # when something was taken back: what ``begin`` says of it
    'began': {'type': 'int'},
    # what this variable was for whoever logged in, where the host cannot find the connection in use by itself
    'ssh_connection': {'type': 'str'},
}

# What is to be open. openings: list of Wanted. keep: rules of _filter.rules, or None: nothing is taken back.
# is_absent: bool, everything is. protected: networks, as tuple of str. confirm: bool, by a new login.
Asked = namedtuple('Asked', 'openings keep is_absent protected confirm')
# An opening. rule: of _filter.rules.
Wanted = namedtuple('Wanted', 'rule backend interface listener')


def fault(options):
    """Find what is wrong with options of ARGUMENTS, beyond their types: a sentence, or None."""
    try:
        asked(options)
    except ValueError as exc:
        return str(exc)
    return None


def asked(options):
    """Asked: what options of ARGUMENTS mean. Raises ValueError with a sentence."""
    faulty = fault_of_time(options['confirm'])
    if faulty:
        raise ValueError(faulty)
    is_absent = options['state'] == 'absent'
    wanted = []
    for number, opening in enumerate(() if is_absent else options['openings'], 1):
        try:
            rule, = parse([_who(opening)])
        except ValueError as exc:
            raise ValueError('openings: %s' % str(exc).replace('rule 1', 'opening %d' % number, 1)) from None
        wanted.append(Wanted(rule, opening['backend'], opening.get('interface'), opening.get('listener')))
    try:
        keep = None if options['keep'] is None else parse(_who(rule) for rule in options['keep'])
    except ValueError as exc:
        raise ValueError('keep: %s' % exc) from None
    try:
        protected = collapsed(options['protected_sources'])
    except ValueError as exc:
        raise ValueError('protected_sources: %s' % exc) from None
    return Asked(wanted, keep, is_absent, ANYONE if protected is None else protected, bool(options['confirm']))


def _who(option):
    return {name: option.get(name) for name in _WHO}
