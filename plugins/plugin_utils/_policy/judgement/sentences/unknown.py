# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what cannot be judged, why, and what helps."""

from .....module_utils._gaps import NOT_FOUND
from ...._harmless.terminal import sentence, visible
from ...._listener import in_words
from ...._words import number, some_of
from .. import parts as _parts
from . import words


# cause: (what could not be judged for it, what to do)
_CAUSES = {
    'sockets': ('not all sockets could be read', 'see the gaps in the facts'),
    'namespaces': (
        'other network namespaces were not observed, or not completely',
        'gather namespaces (option gather), and run with become',
    ),
    'owners': ('the owners are hidden', 'run with become'),
    'container': (
        'the facts do not show the containers behind ports that a host publishes or forwards',
        'gather the firewall and namespaces (option gather), or name the proxy that owns the port, or no owner',
    ),
    'behind': (
        'no container is known behind the port',
        'name the proxy that owns the port in the entry, or no owner',
    ),
    'units': (
        'systemd could not be asked for its units',
        'see the gaps in the facts, or name process or exe instead of service',
    ),
    'activated': (
        'systemd owns the port until somebody connects, and only then is there a process',
        'name the unit (service) in the entry instead of the process',
    ),
    'executable': (
        'the path of the executable is none of the host: a container has it, or a user has put it there for himself',
        'name the user, the service or the container in the entry instead of exe',
    ),
    'device': (
        'the facts do not show which interface has the address',
        'name the address or its network in bind instead of the interface',
    ),
    'binding': ('the interface or the address families could not be observed', 'see the gaps in the facts'),
    'exposure': (
        'the firewall was not observed',
        'gather the firewall (option gather), or leave out clients, only_from and via',
    ),
    'clients': (
        'not all addresses of the clients are known',
        'declare listening_ports_addresses for these hosts, or take them out of the group',
    ),
    'fields': (
        'an expression uses fields that were not observed',
        'gather them (option gather), or change the expression',
    ),
}
# Where Windows has something else in its place
_CAUSES_ON_WINDOWS = {
    'namespaces': ('other network compartments are not observed', 'leave namespace out'),
    'owners': ('the owners are hidden', 'see the gaps in the facts'),
    'container': (
        'the facts do not show what is behind ports that a host forwards',
        'gather the firewall (option gather), or name the proxy that owns the port, or no owner',
    ),
    'units': (
        'it is not known which service has the port',
        'see the gaps in the facts, or leave the owner out of the entry',
    ),
    'activated': (
        'http.sys owns the port, and no process takes its requests now',
        'name the service in the entry instead of the process',
    ),
}
_UNDECIDED = (
    'the firewall cannot be judged for all possible clients',
    'see the exposure of the listener; leave out what is unknown, or waive it',
)


def _cause(parts: _parts.Unknown) -> tuple[str, str]:
    """Find what could not be judged, and what usually helps."""
    is_undecided = parts['cause'] == 'exposure' and parts['reasons']['total']
    if is_undecided:
        return _UNDECIDED
    known = _CAUSES_ON_WINDOWS.get(parts['cause']) if words.is_on_windows(parts) else None
    return known or _CAUSES[parts['cause']]


def unknown(parts: _parts.Unknown) -> str:
    listeners, entries, gap = parts['listeners'], parts['entries'], parts['gap']
    what = ' and '.join(filter(None, (
        number(listeners['total'], 'listener') if listeners['total'] else '',
        number(entries['total'], 'entry', 'entries') if entries['total'] else '',
        'whether anything else listens' if parts['rest'] else '')))
    names = '; '.join(
        filter(
            None,
            (
                some_of(listeners, in_words),
                'entries: %s' % some_of(entries, lambda entry: visible(entry, 1000)) if entries['total'] else '',
            ),
        )
    )
    details = sentence(gap['message'], 200) if gap else some_of(parts['reasons'], lambda reason: sentence(reason, 200))
    return '%s cannot be judged because %s%s%s' % (
        words.capital(what), _cause(parts)[0], ' (%s)' % details if details else '', ': ' + names if names else '')


def unknown_expected(parts: _parts.Unknown) -> str:
    return 'to know'


def unknown_remedy(parts: _parts.Unknown) -> str:
    """Show what helps against a gap, which knows it better than its cause does."""
    gap = parts['gap']
    if gap and gap['hint']:
        hint = visible(gap['hint'], 200)
        return hint if ' ' in hint else 'run with %s' % hint
    if gap and gap['code'] == NOT_FOUND:
        return (
            'give it a fixed port, and once you know what it is, declare the port without an owner'
        )
    if gap and gap['aspect'] == 'firewall':             # it was asked for, and could not be read
        return 'make its rules readable, or leave out clients, only_from and via'
    return _cause(parts)[1]
