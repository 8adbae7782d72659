# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that inspect a host share: their arguments, and how they fail."""

from ._sockets.base import CollectorError
from ._subsets import COLLECTORS, SUBSETS

ARGUMENTS: dict = {
    'gather': {'type': 'list', 'elements': 'str', 'choices': list(SUBSETS), 'default': ['owners']},
    'collector': {'type': 'str', 'choices': list(COLLECTORS), 'default': 'auto'},
    'max_sockets': {'type': 'int', 'default': 100000},
    'max_fds': {'type': 'int', 'default': 2000000},
    'diagnose': {'type': 'list', 'elements': 'str', 'default': []},
}
# seconds that the action waits for the module
LIMIT: dict = {'look_timeout': {'type': 'float', 'default': 120}}


def look(module, collect, judge=None):
    """Gather the facts, or end the module with what is wrong.

    :param module: AnsibleModule with ARGUMENTS.
    :param collect: callable as ``_facts.collect``.
    :param judge: as that of ``_facts.collect``.
    :returns: dict, the facts, as ``_facts.collect`` has them.
    """
    for budget in ('max_sockets', 'max_fds'):
        if module.params[budget] < 1:
            module.fail_json(msg='%s must be at least 1, not %d' % (budget, module.params[budget]))
    try:
        return collect(run=module.run_command, judge=judge, **{name: module.params[name] for name in ARGUMENTS})
    except CollectorError as exc:
        module.fail_json(msg='The listeners could not be gathered with the %s collector: %s' % (
            module.params['collector'], exc))
