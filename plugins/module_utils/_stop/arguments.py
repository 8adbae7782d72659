# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``stop_listener``, and what its action and the host's half of it say to each other.

The action runs the module ``apply_stop_listener`` on the host, with the options of the task and those of ``STEP``:

``begin`` looks, decides, and answers with a ``status``: ``unchanged``; ``planned`` (check mode); ``busy``, another run
tries to stop units, for ``seconds`` more; ``refused``, with a ``code``; ``failed``; ``kept``, where nobody can be cut
off, or ``confirm`` is 0, or no unit is stopped; or ``trial``: ``units`` are stopped, systemd starts them again in
``seconds`` from now on, and the action has to come back by a new login with the same ``token``.

``keep`` answers ``kept``, also where it is repeated because an answer was lost; ``refused`` with the code ``not_fresh``
if the connection in use is not newer than the trial, and the action may try again with another; ``reverted``, the trial
has ended, or ``busy``, another run is in the place of this trial; ``failed``, where something still listens, or a unit
could not be disabled.

``sweep`` is for a trial that was not kept in time: it starts what is not back yet, and answers ``reverted``; ``kept``
or ``failed`` as ``keep`` does where the trial was kept after all; ``busy`` with the ``seconds`` that a trial still has.

A boot loses the notes on a trial. So both are told what was tried: ``units``, those that were stopped, and ``closed``,
the ids of the listeners that they were stopped for.

Each answer has ``status``, ``changed``, ``msg`` and ``warnings``, and ``code``, ``connection``, ``units`` and
``listeners`` as far as they are known by then. ``units`` are those that are, were or would be stopped.
``failed`` goes with ``busy``, ``refused``, ``reverted`` and ``failed``. Each of ``listeners`` is a row::

    {'listener': 'tcp/0.0.0.0:8080',        # an id, as the facts have it
     'status': 'closed',                    # left, survived, respawned; closed also means in check mode: would be
     'reason': None,                        # a code, where it is not closed
     'about': {},                           # what a sentence on the reason needs: str, int, or list of str;
                                            # where it is closed, "others": ids of listeners that end with it
     'units': ['web.socket', 'web.service'],            # that are stopped for it
     'bystanders': ['front.service'],       # that are stopped because these are
     'again': [{'by': 'wanted', 'units': ['x.service']}],       # what may bring it back one day
     'processes': [{'pid': 7, 'process': 'web', 'exe': '/usr/bin/web'}],
     'command': None}                       # what a person could run instead
"""

import re

from .._filter import arguments as _filter
from .._filter.arguments import BEGIN, KEEP, STEPS, SWEEP

__all__ = ['ARGUMENTS', 'BEGIN', 'DESPITE', 'KEEP', 'STEP', 'STEPS', 'SWEEP', 'fault', 'is_id']

# Reasons to leave a listener that do not count for whoever knows better
DESPITE = ('protected', 'serves_others', 'bystanders', 'upheld', 'supervised')

ARGUMENTS: dict = {
    'listeners': {'type': 'list', 'elements': 'str', 'required': True},
    'processes': {'type': 'bool', 'default': False},
    'mask': {'type': 'bool', 'default': False},
    'confirm': {'type': 'int', 'default': 60},
    'protected': {'type': 'list', 'elements': 'str', 'default': []},
    'despite': {'type': 'list', 'elements': 'str', 'default': [], 'choices': list(DESPITE)},
}

STEP: dict = dict(
    _filter.STEP,
    units={'type': 'list', 'elements': 'str', 'default': []},
    closed={'type': 'list', 'elements': 'str', 'default': []},
)

# an interface of Windows has a name such as "Ethernet 2"
_ID = re.compile(r'[a-z0-9]+/(?:\[(?:[^\]\s]| )+\]|[^:\[\s]+):[0-9]{1,5}(?:@.+)?\Z')
_MOST_TEXT = 400        # characters of an id, or a pattern


def is_id(text):
    """bool: it has the form of the id of a listener that can be asked for."""
    return len(text) <= _MOST_TEXT and bool(_ID.match(text))


def fault(options):
    """Find what is wrong with options of ARGUMENTS, beyond their types: a sentence, or None."""
    for listener in options['listeners']:
        if not is_id(listener):
            return 'listeners: %.100r is not the id of a listener, such as tcp/0.0.0.0:80' % (listener,)
    for pattern in options['protected']:
        if not pattern.strip() or len(pattern) > _MOST_TEXT:
            return 'protected: %.100r is no pattern, such as vpn-*.service' % (pattern,)
    return _filter.fault(options)
