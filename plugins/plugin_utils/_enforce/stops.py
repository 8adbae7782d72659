# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what ``stop_listener`` says on a host, believes it only as far as its form goes, and says it in words.

``module_utils/_stop/arguments.py`` has what it says. A row is about one listener.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from ...module_utils._stop import protected
from .. import _schema
from .._harmless.terminal import name, operand, sentence, visible
from .._schema import Fault
from .._words import MOST, number, some
from .lefts import BY_HAND
from .results import STATUSES, TRIAL, common, connection_in_use

Row = dict[str, Any]
About = Mapping[str, Any]

CLOSED, LEFT, SURVIVED, RESPAWNED = OUTCOMES = ('closed', 'left', 'survived', 'respawned')
STILL = (SURVIVED, RESPAWNED)   # what fails a host
# Why a listener is left: GONE, it is closed already. The others, only the controller knows of: it was closed, and is
# open again, or may be
GONE, REVERTED, UNKNOWN = 'gone', 'reverted', 'unknown'
_MOST, _MOST_NAMES, _MOST_WAYS = 10 * 1000, 1000, 100
_LONG_ID, _LONG_NAME, _LONG_COMMAND = 400, 300, 2000
# As in facts: the path of a file may have every byte written as \xNN
_LONG_TEXT, _SHOWN = 20 * 1000, 400

# What a host may tell a person to run, as module_utils/_stop/by_hand.py makes it: it is copied to a shell, and whoever
# has root on the host can say what he likes
_WORD = r"(?:[\w.:@%+=,/][\w.:@%+=,/-]*|'(?:[ -&(-\[\]-~]|\\x[0-9a-f]{2})*')"
_COMMAND = re.compile('|'.join(pattern.replace('WORD', _WORD) for pattern in (
    r'(?:docker|podman|crictl) stop WORD',
    r'docker ps --filter publish=[0-9]{1,5}',
    r'podman ps',
    r'lxc-stop --name WORD',
    r'machinectl poweroff WORD',
    r'rpc\.nfsd 0',
    r'ip link set WORD down',
    r'grep -lw WORD /etc/xinetd\.d/\*',
    r'update-inetd --disable WORD',
    r'runuser -u WORD -- env XDG_RUNTIME_DIR=/run/user/[0-9]{1,10} systemctl --user stop -- WORD',
)), re.ASCII)

_word = _schema.matching(re.compile(r'[a-z][a-z0-9_]{0,39}'), 'a word of a-z, 0-9 and _')
_names = _schema.items(_schema.text(_LONG_NAME), _MOST_NAMES)
_text = _schema.text(_LONG_TEXT)
_texts = _schema.items(_text, _MOST_NAMES)
_integer = _schema.integer()


def _part(value: object) -> object:
    """Check for what a sentence can hold: text, a number, or several texts."""
    check = _texts if isinstance(value, list) else _integer if isinstance(value, int) else _text
    return check(value)


_row = _schema.mapping({
    'listener': _schema.text(_LONG_ID),
    'status': _schema.choice(*OUTCOMES),
    'reason': _schema.nullable(_word),
    'about': _schema.table(_word, _part, 20),
    'units': _names,
    'bystanders': _names,
    'again': _schema.items(_schema.mapping({'by': _word, 'units': _texts}), _MOST_WAYS),
    'processes': _schema.items(_schema.mapping({
        'pid': _schema.integer(0, 2 ** 32 - 1),
        'process': _schema.nullable(_text),
        'exe': _schema.nullable(_text),
    }), _MOST_NAMES),
    'command': _schema.nullable(_schema.text(_LONG_COMMAND)),
})
_form = _schema.mapping({'status': _schema.choice(TRIAL, *STATUSES)}, {
    'changed': _schema.boolean,
    'code': _schema.nullable(_schema.text(40)),
    'connection': connection_in_use,
    'seconds': _integer,
    'units': _names,
    'listeners': _schema.items(_row, _MOST),
    # what _answer has made harmless already
    **dict.fromkeys(('failed', 'msg', 'warnings'), lambda value: value),
})
KEYS = ('status', 'changed', 'code', 'connection', 'seconds', 'units', 'listeners')


def formed(answer: dict[str, Any], asked: Collection[str]) -> dict[str, Any]:
    """Check the form of an answer of ``stop_listener``, and make the text in it harmless.

    :param answer: what is known of it, see ``_answer``.
    :param asked: the ids of the listeners that it was asked about.
    :raises Fault: it has another form, or is about others.
    """
    checked = common(answer, _form)
    if checked['status'] == TRIAL and not {'seconds', 'connection', 'units', 'listeners'} <= checked.keys():
        raise Fault('has to have seconds, connection, units and listeners')
    rows = checked.get('listeners', ())
    named = [row['listener'] for row in rows]
    if len(set(named)) < len(named) or not set(named) <= set(asked):
        raise Fault('has to be about the listeners that were asked for, once each', 'listeners')
    if 'units' in checked:
        checked['units'] = _shown(checked['units'])
    if rows:
        checked['listeners'] = [{**harmless(row), 'command': _possible(row['command'])} for row in rows]
    return checked


def _possible(command: str | None) -> str | None:
    """Return what a host says that a person could run, where it is one of the commands that are known."""
    return command if command and _COMMAND.fullmatch(command) else None


def harmless(row: Row) -> Row:
    """Make the text in a row harmless, but for the command."""
    return {
        **row,
        'listener': visible(row['listener'], _LONG_ID),
        'about': {key: _shown(part) if isinstance(part, list) else visible(part, _SHOWN) if isinstance(part, str)
                  else part for key, part in row['about'].items()},
        'units': _shown(row['units']),
        'bystanders': _shown(row['bystanders']),
        'again': [{'by': way['by'], 'units': _shown(way['units'])} for way in row['again']],
        'processes': [{'pid': process['pid'], **{
            key: process[key] if process[key] is None else visible(process[key], _SHOWN) for key in ('process', 'exe')
        }} for process in row['processes']],
    }


def _shown(texts: list[str]) -> list[str]:
    return [visible(text, _SHOWN) for text in texts]


# In words; all of it is harmless, since the parts are

def is_closed(row: Row) -> bool:
    """Whether a listener is closed, be it by us; in a plan, whether it would be."""
    return (row['status'], row['reason']) == (LEFT, GONE) or bool(row['status'] == CLOSED)


def counts(rows: Sequence[Row], planned: bool = False) -> str:
    """Count what came of the listeners: ``2 listeners are closed, 1 is left``.

    :param planned: whether it is what would come of them.
    """
    counted = Counter('still' if row['status'] in STILL else CLOSED if is_closed(row) else LEFT for row in rows)
    texts: list[str] = []
    for key, verb, plural, would in (('still', 'still listens', 'still listen', 'would still listen'),
                                     (CLOSED, 'is closed', 'are closed', 'would be closed'),
                                     (LEFT, 'is left', 'are left', 'would be left')):
        count = counted[key]
        if count:
            what = str(count) if texts else number(count, 'listener')
            texts.append('%s %s' % (what, would if planned else verb if count == 1 else plural))
    return ', '.join(texts) or 'there is nothing to close'


def told(row: Row, planned: bool = False) -> str:
    """Say what came of a listener, or would come of it: ``tcp 0.0.0.0:80 is left: ...``."""
    where, status = visible(row['listener'].replace('/', ' ', 1), _LONG_ID), row['status']
    if is_closed(row):
        text = '%s %s: %s' % (where, 'would be closed' if planned and status == CLOSED else 'is closed',
                              'nothing listens there any more' if status == LEFT else how(row, planned))
    elif status == LEFT:
        text = '%s %s: %s' % (where, 'would be left' if planned else 'is left', reason(row))
    else:
        text = '%s %s' % (where, _still(row))
    if row['command']:
        text += '. To do: %s' % row['command']
    return text


def how(row: Row, planned: bool = False) -> str:
    """Say how a listener is closed, what stops with it, and what may bring it back.

    :param planned: whether it only would be.
    """
    units, bystanders = row['units'], row['bystanders']
    if units:
        texts = ['%s %s stopped and disabled' % (names(units), 'would be' if planned else are(units))]
    else:
        texts = ['%s %s ended' % (_processes(row), 'would be' if planned else are(row['processes']))]
    if bystanders:
        verb = 'would stop' if planned else 'stops' if len(bystanders) == 1 else 'stop'
        texts.append('with it %s %s, which cannot do without' % (verb, names(bystanders)))
    others = row['about'].get('others')
    if isinstance(others, list) and others:
        verb = 'would end' if planned else 'ends' if len(others) == 1 else 'end'
        texts.append('with it %s %s, which nobody asked to close' % (verb, names(others)))
    texts += ['%s %s' % (names(way['units']), _AGAIN.get(way['by'], 'may bring it back'))
              for way in row['again'] if way['units']]
    return '; '.join(texts)


def reason(row: Row) -> str:
    """Say why a listener is left."""
    code = row['reason'] or ''
    words = _REASONS.get(code)
    return words(row['about']) if words else 'the host says: %s' % (name(code) if code else 'no reason')


def message(rows: Sequence[Row], planned: bool = False, most: int = 20) -> str:
    """Say what came of all listeners: in one line how many, then a line for each, what needs somebody first.

    :param most: lines, at most.
    """
    ranked = sorted(rows, key=lambda row: (row['status'] not in STILL, is_closed(row), row['status'] == LEFT))
    lines = ['%s.' % counts(rows, planned)]
    lines += ['%d. %s.' % (index + 1, told(row, planned)) for index, row in enumerate(ranked[:most])]
    if len(ranked) > most:
        lines.append('And %d more.' % (len(ranked) - most))
    return '\n'.join(lines)


def way_back(units: Sequence[str], masked: bool) -> str:
    """Return the command that has stopped units run again, and at each boot."""
    words = operands(units)
    return '%ssystemctl enable --now -- %s' % ('systemctl unmask -- %s && ' % words if masked else '', words)


def operands(units: Sequence[str]) -> str:
    """Name units as they can be given to a command, but for what has not the form of one."""
    return ' '.join(filter(None, map(operand, units)))


def names(texts: Sequence[str], none: str = '') -> str:
    """List names in words.

    :param none: for want of any.
    """
    shown = [name(text) for text in texts]
    if 2 <= len(shown) <= MOST:
        shown[-2:] = [' and '.join(shown[-2:])]
    return some(shown) or none


def are(texts: Sequence[str]) -> str:
    """Return the verb for some names."""
    return 'is' if len(texts) == 1 else 'are'


def _still(row: Row) -> str:
    """Say who listens although it was closed."""
    if row['status'] == SURVIVED:
        done = '%s %s stopped' % (names(row['units']), are(row['units'])) if row['units'] else 'it was to be ended'
        return 'still listens, although %s: %s' % (done, _processes(row))
    return 'listens again: %s, started by %s' % (_processes(row), _name(row['about'], 'by', 'nobody knows whom'))


def _processes(row: Row) -> str:
    texts = ['%s (%d)' % (name(process['process'] or 'a process'), process['pid']) for process in row['processes']]
    return some(texts) or 'nobody knows which process'


def _name(about: About, key: str, otherwise: str) -> str:
    """Name what is known under a key."""
    value = about.get(key)
    if isinstance(value, list):
        return names(value, otherwise)
    return otherwise if value is None or value == '' else name(str(value))


def _process(about: About) -> str:
    pid = about.get('pid')
    return _name(about, 'process', 'its process') + (' (%s)' % pid if isinstance(pid, int) else '')


def _in_use(about: About) -> str:
    by = about.get('by')
    if by == 'nobody knows':
        return 'the connection in use may depend on it: by what it came was not found'
    if by == 'process':
        return 'the connection in use depends on %s' % _process(about)
    if by == 'unit':
        return 'the connection in use depends on %s' % _name(about, 'unit', 'its unit')
    return 'the connection in use came by it'


def _protected(about: About) -> str:
    why = protected.WHY.get(str(about.get('why')), 'is protected')
    return '%s %s' % (_name(about, 'name', 'it'), why)


def _hidden(about: About) -> str:
    why = about.get('why')
    texts = [sentence(text, 300) for text in why] if isinstance(why, list) else []
    return 'not all who listen on this host, and own what listens, are known%s' % (
        ' (%s)' % some(texts, joint='; ') if texts else '')


def _serves_others(about: About) -> str:
    if about.get('unit') is None:
        server = _process(about)
    else:
        server = _name(about, 'unit', 'its unit')
    return '%s also serves what stays: %s' % (server, _name(about, 'others', 'another listener'))


def _user_unit(about: About) -> str:
    return 'it belongs to %s of the systemd of the user %s' % (
        _name(about, 'unit', 'a unit'), _name(about, 'user', 'who started it'))


def _bare(about: About) -> str:
    words = {
        'session': 'is in a login session', 'cron': 'was started by {unit}, which is not stopped for it',
        'scope': 'is in {unit}, which is no service', 'transient': 'is in {unit}, which could not be started again',
        'spared': 'is in {unit}, and would outlive it', 'stray': 'is in {unit}, and no part of its main process',
    }.get(str(about.get('why')), 'is in no unit that stops it')
    unit = _name(about, 'unit', 'a unit')
    return '%s %s, and ending processes was not asked for' % (_process(about), words.replace('{unit}', unit))


_OF_WINDOWS: dict[str, Callable[[About], str]] = {
    BY_HAND: lambda about: 'on Windows hosts it is stopped by hand, unless close_windows is experimental',
    'shared_process': lambda about: '%s shares its process, %s, with %s' % (
        _name(about, 'unit', 'its service'), _process(about), _name(about, 'others', 'no other one that runs')),
    'dependents': lambda about: '%s cannot do without %s' % (
        _name(about, 'others', 'what runs'), _name(about, 'unit', 'its service')),
    'several': lambda about: 'it belongs to several processes: %s' % _name(about, 'others', 'more than one'),
    'plain_process': lambda about: '%s is in no service, and processes are not ended on Windows' % _process(about),
    'portproxy': lambda about: 'Windows forwards it to another endpoint: portproxy %s' % _name(
        about, 'others', 'to where nobody knows'),
    'http_sys': lambda about: 'http.sys listens there, in the kernel, for the URLs of %s: it ends with the last of them'
                              % _name(about, 'unit', 'a service that is not known'),
    'smb': lambda about: 'the kernel listens there, for SMB, by which files are shared and hosts managed: the server '
                         'can be switched off, and the port may stay open until the next boot',
    'netbios': lambda about: 'the kernel listens there, for NetBIOS of the adapter %s, where it can be switched off'
                             % _name(about, 'device', 'that has the address'),
    'changes': lambda about: '%s is being started or stopped, or was so meanwhile' % _name(
        about, 'unit', 'its service'),
    'not_stopped': lambda about: '%s could not be stopped%s' % (
        _name(about, 'unit', 'its service'), ': %s' % about['error'] if about.get('error') else ''),
    'not_restored': lambda about: '%s could not be stopped, and is disabled now, as its start type could not be set '
                                  'back%s' % (_name(about, 'unit', 'its service'),
                                              ': %s' % about['error'] if about.get('error') else ''),
}
OF_WINDOWS = frozenset(_OF_WINDOWS)
_REASONS: dict[str, Callable[[About], str]] = {
    GONE: lambda about: 'nothing listens there any more',
    'in_use': _in_use,
    'protected': _protected,
    'refuses': lambda about: '%s %s' % (
        _name(about, 'unit', 'its unit'), 'could not be started again' if about.get('by') == 'start'
        else 'may not be stopped by hand (RefuseManualStop=)'),
    'kernel': lambda about: 'the kernel listens there, for %s' % _name(about, 'made_by', 'nobody knows whom'),
    'container': lambda about: 'it belongs to a container%s, and these are not stopped here' % (
        ', ' + _name(about, 'container', '') if about.get('container') else ''),
    'inetd': lambda about: '%s listens there for a service that it starts' % _name(about, 'server', 'a super-server'),
    'namespace': lambda about: 'it is in another network namespace',
    'hidden': _hidden,
    'serves_others': _serves_others,
    'bystanders': lambda about: 'with %s stops what serves others, or is protected: %s' % (
        _name(about, 'unit', 'its unit'), _name(about, 'others', 'another unit')),
    'upheld': lambda about: '%s starts %s again at once (Upholds=)' % (
        _name(about, 'by', 'another unit'), _name(about, 'unit', 'its unit')),
    'supervised': lambda about: '%s starts it again at once' % _name(about, 'by', 'its parent'),
    'user_unit': _user_unit,
    'process': _bare,
    'no_systemd': lambda about: 'systemd has not booted this host, so its unit cannot be stopped',
    REVERTED: lambda about: 'it was closed on trial, and no new login kept that',
    UNKNOWN: lambda about: 'it was closed on trial, and whether that was kept is not known',
    **_OF_WINDOWS,
}
# What may bring a listener back
_AGAIN = {
    'triggered': 'may start it again',
    'wanted': 'starts it again when started itself',
    'dbus': 'starts it again when called by D-Bus',
    'cron': 'starts it again at boot, by cron',
    'login': 'is there again after the next login of its user',
}
