# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules that look at a host have in common: their arguments, and how they fail. Private, may change."""

from . import _facts
from ._sockets.base import CollectorError

ARGUMENTS = {
    'gather': {'type': 'list', 'elements': 'str', 'choices': list(_facts.SUBSETS), 'default': ['owners']},
    'collector': {'type': 'str', 'choices': ['auto', 'netlink', 'procfs', 'psutil'], 'default': 'auto'},
    'max_sockets': {'type': 'int', 'default': 100000},
    'max_fds': {'type': 'int', 'default': 2000000},
    'diagnose': {'type': 'list', 'elements': 'str', 'default': []},
}


def look(module, judge=None):
    """dict: the facts, as ``_facts.collect`` has them; or the module ends with what is wrong.

    :param module: AnsibleModule with ARGUMENTS.
    :param judge: as that of ``_facts.collect``.
    """
    for budget in ('max_sockets', 'max_fds'):
        if module.params[budget] < 1:
            module.fail_json(msg='%s must be at least 1, not %d' % (budget, module.params[budget]))
    try:
        return _facts.collect(run=module.run_command, judge=judge, **{name: module.params[name] for name in ARGUMENTS})
    except CollectorError as exc:
        module.fail_json(msg='The listeners could not be gathered with the %s collector: %s' % (module.params['collector'], exc))
