# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of ``port_filter``, and what its action and the host's half of it say to each other.

The action runs the module ``apply_port_filter`` on the host, with the options of the task and those of ``STEP``:

``begin`` looks, and answers with a ``status``: ``unchanged``; ``planned`` (check mode); ``busy``, another run tries
rules, for ``seconds`` more; ``refused``, with a ``code``; ``failed``; ``kept``, where nobody can be cut off, or
``confirm`` is 0, or the state is absent; or ``trial``: the new rules hold for ``seconds`` from now on, and the action
has to come back by a new login with the same ``token``.

``keep`` answers ``kept``, also where it is repeated because an answer was lost; ``refused`` with the code ``not_fresh``
if the connection in use is not newer than the trial, and the action may try again with another; ``reverted``, the trial
has ended, or ``busy``, another run is in the place of this trial.

``sweep`` is for a trial that was not kept in time: it removes what is left of it, and answers ``reverted``; ``kept``
where the trial was kept after all; ``busy`` with the ``seconds`` that a trial still has.

Each answer has ``status``, ``changed``, ``msg`` and ``warnings``; one of ``begin`` also ``diff``, ``effects``,
``connection`` and ``persistent``, as far as they are known by then. ``failed`` goes with ``busy``, ``refused``,
``reverted`` and ``failed``.
"""

import re

LEAST_SECONDS, MOST_SECONDS = 10, 3600

ARGUMENTS: dict = {
    'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
    'rules': {'type': 'list', 'elements': 'dict'},
    'others': {'type': 'str', 'choices': ['accept', 'reject'], 'default': 'accept'},
    'published': {'type': 'bool'},
    'confirm': {'type': 'int', 'default': 60},
    'protected_sources': {'type': 'list', 'elements': 'str', 'default': []},
    'despite': {'type': 'list', 'elements': 'str', 'default': []},
}
REQUIRED_IF: list = [('state', 'present', ['rules'])]

BEGIN, KEEP, SWEEP = STEPS = ('begin', 'keep', 'sweep')

STEP: dict = {
    'step': {'type': 'str', 'choices': list(STEPS), 'required': True},
    # names the trial: eight hexadecimal digits, new for each task
    'token': {'type': 'str', 'required': True, 'no_log': False},
    # whether rules can cut the way by which the action reaches the host
    'remote': {'type': 'bool', 'required': True},
    # what this variable was for whoever logged in, where the host cannot find the connection in use by itself
    'ssh_connection': {'type': 'str'},
}

_TOKEN = re.compile(r'[0-9a-f]{8}\Z')


def fault(options):
    """Find what is wrong with options of ARGUMENTS, beyond their types: a sentence, or None."""
    faulty = fault_of_time(options['confirm'])
    if faulty:
        return faulty
    if options.get('state') == 'present' and options.get('rules') is None:
        return 'rules is null: no rules at all are written as []'
    if not _TOKEN.match(options.get('token', '00000000')):
        return 'token has to be eight hexadecimal digits'
    return None


def fault_of_time(seconds):
    """Find what is wrong with ``confirm``: a sentence, or None."""
    if seconds and not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        return 'confirm has to be 0, or %d to %d seconds, not %d' % (LEAST_SECONDS, MOST_SECONDS, seconds)
    return None
