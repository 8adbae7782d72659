# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a declaration was written: file and line, as far as Ansible knows them. Private to this collection."""

import re

from .._harmless.terminal import visible

try:
    from ansible._internal._datatag._tags import Origin
except ImportError:     # before ansible-core 2.19
    Origin = None

_NUMBER = re.compile(r'#(\d+)')


def locate(faults, variables):
    """Add file and line to what is wrong.

    :param faults: list of Refused.
    :param variables: mapping, the variables of the host, as they are written.
    """
    for fault in faults:
        if fault.variable in variables:
            raw = variables[fault.variable]
            place = origin(_entry(raw, fault.entry, fault.option)) or origin(raw)
            if place:
                fault.reason = '%s (%s)' % (fault.reason, place)


def _entry(raw, label, option):
    """The entry of that label in a list; None where there is none."""
    if not label or not isinstance(raw, list):
        return None
    number = _NUMBER.fullmatch(label)
    if number and int(number.group(1)) <= len(raw):
        return raw[int(number.group(1)) - 1]
    named = [one for one in raw if isinstance(one, dict) and one.get('name') == label]
    # of several with one name, the last one that has what is wrong
    return next((one for one in reversed(named) if option in one), named[-1] if named else None)


def origin(value):
    """``group_vars/web.yml, line 3`` for what was read from a file; None for all else."""
    if Origin:
        tag = Origin.get_tag(value)
        path, line = (tag.path, tag.line_num) if tag else (None, None)
    else:
        path, line = (getattr(value, 'ansible_pos', None) or (None, None))[:2]
    if not path or not isinstance(line, int) or line < 1:
        return None
    return '%s, line %d' % (visible(str(path), 500), line)
