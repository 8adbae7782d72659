# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would bring a listener back that has been closed: units, D-Bus, jobs of cron.

Sources: systemd.unit(5), dbus-daemon(1) on SystemdService=, crontab(5) on @reboot.
"""

import posixpath
import re
from collections import namedtuple

# dbus: pairs of a unit, or None, and a name by which D-Bus starts it; reboots: pairs of a file and a command that cron
# runs at each boot; links: pairs of a unit and what it starts by a link that "systemctl disable" removes; aliases:
# pairs of another name and the unit that has it by such a link
Ways = namedtuple('Ways', 'dbus reboots links aliases')
NONE = Ways((), (), frozenset(), frozenset())

_ADMINISTRATOR = '/etc/systemd/system/'
_SERVICE = re.compile(r'^SystemdService[ \t]*=[ \t]*(\S+)[ \t]*$', re.MULTILINE)
_BUS_NAME = re.compile(r'^Name[ \t]*=[ \t]*(\S+)[ \t]*$', re.MULTILINE)
_APART = re.compile(r'[\s;&|()\'"]+')
# what runs a program that is a text: it says nothing of which
_INTERPRETER = re.compile(r'(?:python|perl|ruby|node|php|java|lua|(?:ba|da|z|k|c)?sh|busybox|env|mono|dotnet)[0-9.]*\Z')
_REBOOT = re.compile(r'^[ \t]*@reboot[ \t]+(.+)$', re.MULTILINE)


def ways_back(view, stopped, gone, pids, mask):
    """Find what would bring a listener back after its units are stopped and disabled.

    :param view: ``view.View``.
    :param stopped: iterable of str, the units that are stopped for it.
    :param gone: set of str, all units that go, and that no boot starts.
    :param pids: iterable of int, its owners.
    :param mask: bool, the units are masked, too: nothing starts them then.
    :returns: list of dict with ``by`` (``triggered``, ``wanted``, ``dbus`` or ``cron``) and ``units``: what it is.
    """
    graph, ways = view.units, view.again
    names = {'triggered': set(), 'wanted': set(), 'dbus': set(), 'cron': set()}
    for name in stopped:
        unit = graph.get(name)
        if mask and not unit.FragmentPath.startswith(_ADMINISTRATOR):
            continue
        names['triggered'].update(other.Id for other in graph.triggers(name, gone))
        if not unit.is_sysv:
            names['wanted'].update(
                other.Id for other in graph.pullers(name, gone)
                if not (unit.is_enabled and any((other.Id, called) in ways.links for called in unit.names)))
        started_as = {other for other in unit.names if not (unit.is_enabled and (other, unit.Id) in ways.aliases)}
        names['dbus'].update(called for started, called in ways.dbus
                             if started in started_as or (called == unit.BusName and started is None))
    words = {word for pid in pids if pid in view.processes for word in _words(view.processes[pid])}
    names['cron'].update(path for path, command in ways.reboots if words.intersection(_split(command)))
    return [{'by': by, 'units': sorted(units)} for by, units in sorted(names.items()) if units]


def _words(process):
    """set of str: what a command has in it that starts this program."""
    base = posixpath.basename(process.exe or '')
    words = {process.exe, base} if base and not _INTERPRETER.match(base) else set()
    return words.union(word for word in process.command[1:] if word.startswith('/'))


def _split(command):
    words = _APART.split(command)
    return set(words).union(posixpath.basename(word) for word in words) - {''}


def of_dbus(texts):
    """Read what D-Bus starts, from the texts of its service files: tuple of (unit or None, name)."""
    found = []
    for text in texts:
        unit, name = _SERVICE.search(text), _BUS_NAME.search(text)
        if name:
            found.append((unit and unit.group(1), name.group(1)))
    return tuple(found)


def of_cron(tables):
    """Read what cron starts at each boot: tuple of (path, command), from pairs of a path and the text of a table."""
    return tuple((path, match.group(1)) for path, text in tables for match in _REBOOT.finditer(text))
