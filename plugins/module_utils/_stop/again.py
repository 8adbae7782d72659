# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would bring a listener back that has been closed: units, D-Bus, jobs of cron.

Sources: systemd.unit(5), dbus-daemon(1) on SystemdService=, crontab(5) on @reboot.
"""

import posixpath
import re
from collections import namedtuple

# unit to the names by which D-Bus starts it; pairs of a file and a command that cron runs at each boot; pairs of a
# unit and what a link of an administrator has it start, which "systemctl disable" removes
Ways = namedtuple('Ways', 'dbus reboots links')
NONE = Ways({}, (), frozenset())

_ADMINISTRATOR = '/etc/systemd/system/'
_SERVICE = re.compile(r'^SystemdService[ \t]*=[ \t]*(\S+)[ \t]*$', re.MULTILINE)
_BUS_NAME = re.compile(r'^Name[ \t]*=[ \t]*(\S+)[ \t]*$', re.MULTILINE)
_REBOOT = re.compile(r'^[ \t]*@reboot[ \t]+(.+)$', re.MULTILINE)


def found(view, way, gone, mask):
    """Find what would bring a listener back after its units are stopped and disabled.

    :param view: ``view.View``.
    :param way: how it is closed, with ``stopped`` and ``pids``.
    :param gone: set of str, all units that go.
    :param mask: bool, the units are masked, too: nothing starts them then.
    :returns: list of dict with ``by`` (``triggered``, ``wanted``, ``dbus`` or ``cron``) and ``units``: what it is.
    """
    graph, ways = view.units, view.again
    names = {'triggered': set(), 'wanted': set(), 'dbus': set(), 'cron': set()}
    for name in way.stopped:
        unit = graph.get(name)
        if mask and not unit.FragmentPath.startswith(_ADMINISTRATOR):
            continue
        names['triggered'].update(graph.triggers(name, gone))
        if not unit.is_sysv:
            names['wanted'].update(
                puller for puller in graph.pullers(name, gone) if _starts(graph.get(puller))
                and not (unit.is_enabled and any((puller, called) in ways.links for called in unit.names)))
        for called in unit.names:
            names['dbus'].update(ways.dbus.get(called, ()))
    words = {word for pid in way.pids for word in _words(view.processes[pid])}
    names['cron'].update(path for path, command in ways.reboots if any(word in _split(command) for word in words))
    return [{'by': by, 'units': sorted(found)} for by, found in sorted(names.items()) if found]


def _starts(unit):
    """bool: a unit starts by itself, or has been started."""
    return unit.runs or unit.is_enabled


def _words(process):
    """set of str: what a command has in it that starts this program."""
    return {word for word in (process.exe, process.name) if word}


def _split(command):
    words = re.split(r'[\s;&|()\'"]+', command)
    return set(words).union(posixpath.basename(word) for word in words)


def of_dbus(texts):
    """Read which units D-Bus starts: dict, unit to list of str, from the texts of its service files."""
    names = {}
    for text in texts:
        unit, name = _SERVICE.search(text), _BUS_NAME.search(text)
        if unit and name:
            names.setdefault(unit.group(1), []).append(name.group(1))
    return names


def of_cron(tables):
    """Read what cron starts at each boot: tuple of (path, command), from pairs of a path and the text of a table."""
    return tuple((path, match.group(1)) for path, text in tables for match in _REBOOT.finditer(text))
