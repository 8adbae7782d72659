# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only room that makes sentences of a finding's parts: all that a finding says is written here, kind by kind.

What comes out is harmless to print, whatever the host or the declaration has written: each text goes through
``visible``, ``name`` or ``sentence``. Parts may come from a record, of which ``parts_schema`` checks the form and
nobody the truth.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ....module_utils._gaps import NOT_FOUND
from ..._harmless.terminal import name, operand, sentence, visible
from ..._listener import (
    FORWARDED, PUBLISHED, Excerpt, endpoint_in_words, in_words, owners_in_words, users_in_words
)
from ..._windows import exit_codes
from ..._windows import listeners as windows
from ..._words import Several, number, some, some_of
from . import parts as _parts
from .parts import EXPIRED, Parts


def of(kind: str, parts: Parts) -> str:
    """Make the message of a finding: what is wrong, and in parentheses what has to be known beside it."""
    notes = [_note(note) for note in parts['notes']]
    if parts['also']['total']:
        notes.append('the same on %s' % some_of(parts['also'], _also))
    return '%s (%s)' % (plain(kind, parts), '; '.join(notes)) if notes else plain(kind, parts)


def plain(kind: str, parts: Parts) -> str:
    """Make the message of a finding without notes."""
    return _MESSAGES[kind](parts)


def remedy(kind: str, parts: Parts) -> str | None:
    """Show what to do about a finding."""
    return _REMEDIES[kind](parts)


def expected(kind: str, parts: Parts) -> str | None:
    """Show what is declared."""
    return _EXPECTED[kind](parts) if kind in _EXPECTED else None


def found(parts: Parts) -> str | None:
    """Show what listens instead."""
    if parts.get('listener'):
        also = parts['also']
        return some_of(
            {'first': [parts['listener'], *(other['listener'] for other in also['first'])], 'total': 1 + also['total']},
            in_words,
        )
    return some_of(parts['listeners'], in_words) if 'group' in parts else None


# Notes

def _note(note: _parts.Note) -> str:
    if note['note'] == EXPIRED:
        return 'the waiver %s expired on %s' % (visible(note['waiver'] or '', 200), visible(note['expires'] or '', 20))
    return 'it is required'


def _also(other: _parts.Also) -> str:
    return endpoint_in_words(other['listener']) if other['together'] else in_words(other['listener'])


# Entries, ports and owners

def _place(place: _parts.Place) -> str:
    """Show an entry and where it is: ``entry ssh of expected_listeners``."""
    return 'entry %s%s' % (
        visible(place['entry'], 200),
        ' of %s' % visible(place['variable'], 200) if place['variable'] else '',
    )


def _places(places: Several) -> str:
    return some_of(places, _place, joint=' and ')


def _entries_do(verb: str, places: Several) -> str:
    """Show entries and what they do: ``entry ssh of expected_listeners expects``."""
    return '%s %s%s' % (_places(places), verb, 's' if places['total'] == 1 else '')


def _variable(variable: str | None) -> str:
    return visible(variable or 'the task', 200)


def _who(options: Mapping[str, str]) -> str:
    """Show which owner an entry expects: ``process nginx, user www-data``."""
    return ', '.join('%s %s' % (option, visible(text, 200)) for option, text in options.items()) or 'something'


def _where(scopes: list[str]) -> str:
    """Show at which addresses an entry expects its listeners."""
    # the scope "any" is the wildcard, and not whichever address
    return (
        visible(' or '.join('every address' if scope == 'any' else scope for scope in scopes), 300)
        if scopes
        else 'any address'
    )


def _source(source: str) -> str:
    """Show a network, or a word for some, inside of a sentence: where a line begins, ``::/0`` would be escaped."""
    return visible('.' + source, 100)[1:]


def _any_of(choices: Several, word: Callable[[Any], str]) -> str:
    return ' or '.join(dict.fromkeys(map(word, choices['first'])))


def _of_users(listener: Excerpt) -> str:
    users = users_in_words(listener)
    return ' (user %s)' % users if users else ''


def _operand(listener: Excerpt, unit: str | None) -> str | None:
    """Show a unit of a listener as it can be given to a command of its host; None where it cannot, or there is none."""
    return (windows.operand if _is_on_windows(listener) else operand)(unit or '')


def _is_on_windows(parts: Mapping[str, Any]) -> bool:
    """Whether a listener, or a finding, is that of a Windows host."""
    return parts.get('platform') == 'windows'


def _unit(listener: Excerpt) -> str:
    """Show the unit of a listener in an advice, which has no names in it but those that a command can be given."""
    return _operand(listener, listener['unit']) or 'it'


def _to_stop(listener: Excerpt) -> str | None:
    """Show what has to be stopped, as it can be given to a command; None where nothing can."""
    operands = [_operand(listener, unit) for unit in listener.get('stop') or filter(None, [listener['unit']])]
    named = [unit for unit in operands if unit]
    if not named or None in operands:
        return None
    if not _is_on_windows(listener):
        return ' and '.join(named)
    needed = ', unless the host needs it' if windows.may_be_needed(listener['unit'] or '') else ''
    return 'the service %s (Stop-Service %s)%s' % (' and '.join(named), ', '.join(named), needed)


def _to_turn_off(listener: Excerpt) -> str | None:
    """Show what ends a listener of Windows that no service has; None where it is that of a process."""
    if listener['around'] == windows.HTTP_SYS:
        return 'end the process for which http.sys listens (netsh http show servicestate lists them)'
    processes = [owners['process'] or '' for owners in listener['owners']]
    if processes and all(map(windows.is_of_windows, processes)):
        return 'turn off the feature of Windows that listens there, or restrict it with the firewall'
    return None


def _stop(parts: Parts) -> str:
    """Show what closes the port, and breaks nothing that is declared."""
    listener, needed, reason = parts['listener'], parts.get('needed'), parts['listener'].get('reason')
    units = _to_stop(listener)
    if needed and needed['total']:
        unit = _operand(listener, listener['unit']) or 'its service'
        how = 'switch it off in the configuration of %s (stopping that would break %s)' % (unit, _places(needed))
    elif units:
        how = 'stop %s' % units
    elif reason == FORWARDED:
        return 'remove the rule that forwards it'
    elif reason == PUBLISHED:
        how = 'stop the container that it is published for'
    elif _is_on_windows(listener):
        how = _to_turn_off(listener) or 'stop it'
    elif listener['spared'] and listener['around'] and operand(listener['around']):
        how = 'stop it (stopping %s would not close it)' % operand(listener['around'])
    else:
        how = 'stop it'
    return '%s%s' % (how, ', unless you are connected through it' if listener['way_in'] else '')


def _listens(listener: Excerpt) -> str:
    """Show what it does; what is forwarded elsewhere has nothing that listens here."""
    is_forwarded = listener.get('to') is not None and listener['held_by'] == 'unknown'
    return '%s %s' % (in_words(listener), 'is open' if is_forwarded else 'listens')


def _of_host(text: _parts.Text) -> str:
    """Show a rule, or a line of a log, between quotes that nothing in it ends: others than we have written it."""
    return '"%s"' % visible(''.join(text['pieces']), 300).replace('"', "'")


# forbidden

def _forbidden(parts: _parts.Forbidden) -> str:
    return '%s, but %s it%s' % (
        _listens(parts['listener']),
        _entries_do('forbid', parts['entries']),
        ' (%s)' % visible(parts['reason'], 300) if parts['reason'] else '',
    )


def _forbidden_expected(parts: _parts.Forbidden) -> str:
    return 'nothing on %s' % ', '.join(visible(port, 100) for port in parts['ports'])


def _forbidden_remedy(parts: Parts) -> str:
    return _stop(parts)


# unexpected

_DUBIOUS = {
    'file': 'its executable was deleted or is in a directory for temporary files',
    'owner': 'its owner is unknown',
    'owners': 'not all of its owners are known',
}


def _unexpected(parts: Parts) -> str:
    if 'group' in parts:
        listeners = parts['listeners']
        is_loopback = parts['group'] == 'loopback'
        return '%s %s: %s' % (
            number(listeners['total'], 'undeclared listener' if is_loopback else 'undeclared UDP port'),
            'on loopback' if is_loopback else 'in the ephemeral range',
            some_of(listeners, in_words),
        )
    listener = parts['listener']
    return '%s, but nothing declares it%s%s%s' % (
        _listens(listener),
        _of_users(listener),
        '; the firewall lets nobody reach it' if parts.get('blocked') else '',
        ': %s' % _DUBIOUS[parts['dubious']] if parts['dubious'] else '',
    )


def _unexpected_expected(parts: Parts) -> str:
    return 'nothing, or an entry that declares it'


def _unexpected_remedy(parts: Parts) -> str:
    if 'group' in parts:
        how = (
            ' as port any/udp of their service or process, with state: optional'
            if parts['group'] == 'ephemeral'
            else ''
        )
        needed = parts.get('needed')
        if needed and needed['total']:
            return 'declare them in expected_listeners%s (stopping them may break %s)' % (how, _places(needed))
        return 'declare them in expected_listeners%s, or stop them' % how
    listener = parts['listener']
    return '%sdeclare it in expected_listeners, or %s' % (
        'find out who owns it; ' if listener['held_by'] == 'unknown' and listener.get('to') is None else '',
        _stop(parts),
    )


# wrong_owner

def _wrong_owner(parts: _parts.WrongOwner) -> str:
    listener, others = parts['listener'], parts.get('others')
    return '%s is owned by %s%s, but %s %s%s' % (
        endpoint_in_words(listener),
        owners_in_words(listener),
        _of_users(listener),
        _entries_do('expect', parts['entries']),
        _any_of(parts['who'], _who),
        ', which not all owners are: not %s%s' % (owners_in_words(others), _of_users(others)) if others else '',
    )


def _wrong_owner_expected(parts: _parts.WrongOwner) -> str:
    return _any_of(parts['who'], _who)


def _wrong_owner_remedy(parts: Parts) -> str:
    if parts.get('others'):
        unit = parts['listener']['unit']
        is_named = any('service' in expected for expected in parts['who']['first'])
        is_service = bool(unit) and (_is_on_windows(parts['listener']) or str(unit).endswith('.service'))
        service = _operand(parts['listener'], unit) if is_service and not is_named else None
        return 'find out why the others use the port, and stop them; or name %severy owner in the entry' % (
            'service %s or ' % service if service else '')
    return 'find out why it uses the port; %s, or declare it' % _stop(parts)


# wrong_bind

def _wrong_bind(parts: _parts.WrongBind) -> str:
    return '%s is bound to %s, but %s it on %s' % (
        in_words(parts['listener']),
        _bound(parts['listener']),
        _entries_do('expect', parts['entries']),
        _any_of(parts['where'], _where),
    )


def _bound(listener: Excerpt) -> str:
    scopes = {'any': 'every address', 'loopback': 'loopback only'}
    if listener.get('addresses', 1) > 1:
        address = '(%d addresses)' % listener['addresses']
    else:
        # in brackets, without which a first :: would be shown as the command of a CI system that it could be
        address = visible('[%s]' % listener['address'] if listener['family'] == 'ipv6' else listener['address'], 100)
    return '%s (%s)' % (address, scopes.get(listener['scope'], '%s address' % listener['scope']))


def _wrong_bind_expected(parts: _parts.WrongBind) -> str:
    return 'bound to %s' % _any_of(parts['where'], _where)


def _wrong_bind_remedy(parts: _parts.WrongBind) -> str:
    return 'change the address that %s listens on, or the entry' % _unit(parts['listener'])


# overexposed

def _overexposed(parts: _parts.Overexposed) -> str:
    through = all(limit['limit'] == 'via' for limit in parts['limits']['first'])
    beyond = some_of(parts['beyond'], (lambda device: name(device, 100)) if through else _source)
    return '%s can be reached %s, but %s%s' % (
        in_words(parts['listener']),
        'through %s' % (beyond or 'other interfaces') if through else 'by %s' % (beyond or 'others'),
        some_of(parts['limits'], lambda limit: '%s allows it %s' % (_place(limit), _limit(limit)), joint=' and '),
        ': %s' % _of_host(parts['rule']) if parts['rule'] else '')


def _limit(limit: _parts.Limit) -> str:
    if limit['limit'] == 'via':
        return 'only through %s' % visible(' or '.join(limit['words']['first']), 300)
    return 'only from %s' % some_of(limit['words'], _source, 8)


def _overexposed_expected(parts: _parts.Overexposed) -> str:
    return some(dict.fromkeys(map(_limit, parts['limits']['first'])), joint=' and ')


def _overexposed_remedy(parts: _parts.Overexposed) -> str:
    return 'narrow the firewall or the address, or widen the entry'


# unhealthy

def _unhealthy(parts: _parts.Unhealthy) -> str:
    return '%s does not satisfy the ensure expression of %s' % (in_words(parts['listener']), some_of(
        parts['limits'], lambda limit: '%s: %s' % (_place(limit), _expression(limit)), joint=', nor that of '))


def _expression(limit: _parts.Ensured) -> str:
    return visible(limit['expression'], 300)


def _unhealthy_expected(parts: _parts.Unhealthy) -> str:
    return some_of(parts['limits'], _expression, joint=' and ')


def _unhealthy_remedy(parts: _parts.Unhealthy) -> str:
    return 'check the service; the expression is evaluated on the facts of this listener'


# missing

def _missing(parts: _parts.Missing) -> str:
    owner, in_the_way = _owner_and_address(parts), parts['in_the_way']
    message = '%s%s has to listen on %s (%s)' % (
        _capital(owner),
        ',' if parts['where'] else '',
        _ports(parts),
        _place(parts),
    )
    if in_the_way['total']:
        message += ', but the port is already in use by %s' % some_of(in_the_way, in_words)
    elif parts['present']:
        message += ', but only %d of %d %s' % (
            parts['present'], parts['need'] or 0, 'does' if parts['present'] == 1 else 'do')
    else:
        message += ', but nothing does'
    if _is_set_aside(parts):
        message += ', and no program can: Windows has set %s aside (error %d)' % (
            some_of(parts['set_aside'], lambda port: visible(port, 100)), exit_codes.SET_ASIDE)
    if parts['diagnosis']:
        return '%s. %s' % (message, diagnosis(parts['diagnosis']))
    return '%s. %s' % (message, elsewhere(parts['elsewhere'])) if parts['elsewhere'] else message


def _owner_and_address(parts: _parts.Missing) -> str:
    return _who(parts['who']) + (', bound to %s' % _where(parts['where']) if parts['where'] else '')


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _ports(parts: _parts.Missing) -> str:
    """Show ports: ``tcp/80, one of tcp/8000-8010``; or of what is needed in part, ``2 of tcp/81, tcp/82, tcp/83``."""
    need = parts['need']
    text = some_of(
        parts['ports'], lambda port: '%s%s' % ('one of ' if port['one_of'] else '', visible(port['item'], 100)), 8
    )
    return '%s of %s' % ('one' if need == 1 else need, text) if need else text


def _missing_expected(parts: _parts.Missing) -> str:
    return '%s on %s' % (_owner_and_address(parts), _ports(parts))


def _is_set_aside(parts: _parts.Missing) -> bool:
    """Whether Windows gives some of the ports to no program; records of earlier versions do not say."""
    return bool(parts.get('set_aside') and parts['set_aside']['total'])


def _missing_remedy(parts: _parts.Missing) -> str:
    if parts['in_the_way']['total']:
        return 'free the port, or declare its current owner'
    if _is_set_aside(parts):
        return ('choose another port, or restart what Windows has set it aside for, and reserve it before (netsh int '
                'ipv4 show excludedportrange lists the ranges, add excludedportrange reserves one)')
    how = 'make it listen there, or give the entry state: optional'
    if parts.get('forwards_unseen'):
        how += '; if the host forwards the port, gather the firewall %s (option gather)' % (
            'as an administrator' if _is_on_windows(parts) else 'with become')
    return how


# missing: why a unit does not listen

# What systemd calls the result of the last run of a unit.
_RESULTS = {
    'timeout': 'it took too long', 'watchdog': 'its watchdog timed out', 'oom-kill': 'there was not enough memory',
    'start-limit-hit': 'it was started too often', 'resources': 'its resources could not be set up',
    'protocol': 'it never reported that it was ready', 'exec-condition': 'one of its conditions was not met',
}
# Those that have the same number on every Linux.
_SIGNALS = {1: 'SIGHUP', 2: 'SIGINT', 3: 'SIGQUIT', 4: 'SIGILL', 5: 'SIGTRAP', 6: 'SIGABRT', 8: 'SIGFPE', 9: 'SIGKILL',
            11: 'SIGSEGV', 13: 'SIGPIPE', 14: 'SIGALRM', 15: 'SIGTERM'}
_ABSENT = {
    'not-found': 'does not exist on this host', 'masked': 'is masked, so nothing can start it',
    'invalid': 'is not a valid unit name',
    'template': 'is a template, but the entry names no instance of it',
}
_BROKEN = ('bad-setting', 'error')


def diagnosis(known: _parts.Diagnosis) -> str:
    """Show why a unit does not listen, for those who are woken by it: one or two sentences, without the last stop."""
    unit, full_name = name(known['unit'], 256), known['id']
    if full_name and full_name.endswith('.socket') and not known['unit'].endswith('.socket'):
        unit = '%s, which starts %s,' % (name(full_name, 256), unit)
    elif full_name and full_name != known['unit'] and not _is_suffix(full_name, known['unit']):
        unit += ', which is %s,' % name(full_name, 256)
    elif full_name:
        unit = name(full_name, 256)
    if not known['load']:
        return '%s could not be inspected: %s' % (
            unit, '; '.join(sentence(reason, 300) for reason in known['unseen']) or 'the host gives no reason')
    parts = ['%s %s' % (unit, _state(known))]
    if known['line']:
        parts.append('%s%s' % (': ' if known['telling'] else '; its log ends with: ', _of_host(known['line'])))
    elif not known['unseen'] and known['load'] not in _ABSENT and known['active'] in ('failed', 'activating'):
        parts.append('; its log says nothing further')
    return ''.join([*parts, *('; %s' % sentence(reason, 300) for reason in known['unseen'])])


def _is_suffix(full_name: str, unit: str) -> bool:
    """Whether names differ by ``.service`` at most: units have it, and services of Windows, in any case, have not."""
    folded = full_name.casefold()
    return full_name == unit + '.service' or unit.casefold() in (folded, folded + '.service')


def _state(known: _parts.Diagnosis) -> str:
    load, active, sub = known['load'], known['active'], known['sub']
    if load in _ABSENT:
        return _ABSENT[load]
    if load in _BROKEN:
        return 'has a unit file that systemd does not accept'
    if sub == 'stopped':        # no unit is, but services of Windows are
        return _stopped(known)
    details = ' (%s)' % name(sub, 100) if sub and sub != active else ''
    if active == 'failed':
        return 'has failed%s' % _result(known)
    if active == 'activating' and (sub or '').startswith('auto-restart'):
        return 'keeps exiting, and is waiting to be restarted%s' % _result(known)
    if active == 'activating':
        return 'is still starting%s' % details
    if active == 'inactive':
        ended = ' any more: it ended with exit code %d' % known['exit'] if known['exit'] is not None else ''
        boot = ', and is disabled, so it does not start at boot' if known['enabled'] == 'disabled' else ''
        return 'is not running%s%s' % (ended, boot)
    if active == 'active' and sub == 'exited':
        return 'has finished (active, exited)'
    if active == 'active':
        holds = {False: ', but owns no listener', True: ', but listens elsewhere', None: ''}[known['holds']]
        return ('is running' if sub == 'running' else 'is active' + details) + holds
    return 'is %s%s' % (name(active, 100) if active else 'in an unknown state', details)


def _stopped(known: _parts.Diagnosis) -> str:
    """Show why a service of Windows is stopped, and what keeps it so."""
    result = known['result']
    if result == 'never-started':
        state = 'has not been started since the last boot'
    else:
        state = 'has failed%s' % _result(known) if known['active'] == 'failed' else 'is stopped, without an error'
    keeps = {'disabled': 'its start type is disabled, so nothing can start it',
             'manual': 'its start type is manual, so it does not start at boot'}.get(known['enabled'] or '')
    return '%s%s' % (state, ', and %s' % keeps if keeps else '')


def _result(known: _parts.Diagnosis) -> str:
    """Show the result of the last run, in parentheses."""
    result, code = known['result'], known['exit']
    if result in ('win32', 'specific') and code is not None:
        return ' (%serror %s)' % ('its own ' if result == 'specific' else '', exit_codes.with_words(
            code, is_own=result == 'specific', form='%s: %s'))
    if result in ('signal', 'core-dump') and code is not None:
        dump = ', with a core dump' if result == 'core-dump' else ''
        return ' (ended by %s%s)' % (_SIGNALS.get(code, 'signal %d' % code), dump)
    if code is not None:
        return ' (exit code %d)' % code
    return ' (%s)' % (_RESULTS.get(result) or name(result, 100)) if result and result != 'success' else ''


def elsewhere(known: _parts.Elsewhere) -> str:
    """Show where a unit listens instead."""
    return '%s is running, but listens on %s' % (
        name(known['unit'], 256),
        some_of(known['listeners'], endpoint_in_words),
    )


# unreachable

def _unreachable(parts: _parts.Unreachable) -> str:
    if parts['loopback']:
        why = 'it is bound to loopback only'
    else:
        rules = some_of(parts['rules'], _of_host)
        why = 'the host blocks them%s' % (': %s' % rules if rules else '')
    return '%s cannot be reached by %s, declared as its clients (%s): %s' % (
        in_words(parts['listener']), some_of(parts['blocked'], _source), _place(parts), why)


def _unreachable_expected(parts: _parts.Unreachable) -> str:
    return 'clients %s' % some_of(parts['clients'], _source, _parts.MANY)


def _unreachable_remedy(parts: _parts.Unreachable) -> str:
    if parts['loopback']:
        return 'bind it to an address that they can reach, or set clients: local'
    return 'open the firewall for them, bind it to their address family too, or narrow clients'


# unknown

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
    known = _CAUSES_ON_WINDOWS.get(parts['cause']) if _is_on_windows(parts) else None
    return known or _CAUSES[parts['cause']]


def _unknown(parts: _parts.Unknown) -> str:
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
        _capital(what), _cause(parts)[0], ' (%s)' % details if details else '', ': ' + names if names else '')


def _unknown_expected(parts: _parts.Unknown) -> str:
    return 'to know'


def _unknown_remedy(parts: _parts.Unknown) -> str:
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


# waiver_expired

def _waiver_expired(parts: _parts.WaiverExpired) -> str:
    days, expires = parts['days'], visible(parts['expires'], 20)
    if days is None:
        when = 'expired on %s' % expires
    else:
        when = 'expires %s, on %s' % ('in %s' % number(days, 'day') if days else 'today', expires)
    by = ' (owner: %s)' % visible(parts['owner'], 200) if parts['owner'] else ''
    return 'The waiver %s of %s%s %s' % (visible(parts['waiver'], 200), _variable(parts['variable']), by, when)


def _waiver_expired_remedy(parts: _parts.WaiverExpired) -> str:
    return 'fix what it %s, or renew it' % ('waived' if parts['days'] is None else 'waives')


# entry_unused and waiver_unused

def _entry_unused(parts: _parts.Unused) -> str:
    return _unused('entry', 'matched nothing', parts)


def _waiver_unused(parts: _parts.Unused) -> str:
    return _unused('waiver', 'waived nothing', parts)


def _unused(noun: str, did: str, parts: _parts.Unused) -> str:
    hosts = parts['hosts']
    where = (
        'on the host that was judged by it' if hosts == 1 else 'on any of the %d hosts that were judged by it' % hosts
    )
    return 'The %s %s of %s %s %s' % (noun, visible(parts['label'], 200), _variable(parts['variable']), did, where)


def _unused_remedy(parts: _parts.Unused) -> str:
    return 'remove it, unless it is for something temporary'


_MESSAGES: dict[str, Callable[[Any], str]] = {
    'forbidden': _forbidden,
    'unexpected': _unexpected,
    'wrong_owner': _wrong_owner,
    'wrong_bind': _wrong_bind,
    'overexposed': _overexposed,
    'unhealthy': _unhealthy,
    'missing': _missing,
    'unreachable': _unreachable,
    'unknown': _unknown,
    'waiver_expired': _waiver_expired,
    'entry_unused': _entry_unused,
    'waiver_unused': _waiver_unused,
}
_EXPECTED: dict[str, Callable[[Any], str]] = {
    'forbidden': _forbidden_expected, 'unexpected': _unexpected_expected, 'wrong_owner': _wrong_owner_expected,
    'wrong_bind': _wrong_bind_expected, 'overexposed': _overexposed_expected, 'unhealthy': _unhealthy_expected,
    'missing': _missing_expected, 'unreachable': _unreachable_expected, 'unknown': _unknown_expected,
}
_REMEDIES: dict[str, Callable[[Any], str]] = {
    'forbidden': _forbidden_remedy,
    'unexpected': _unexpected_remedy,
    'wrong_owner': _wrong_owner_remedy,
    'wrong_bind': _wrong_bind_remedy,
    'overexposed': _overexposed_remedy,
    'unhealthy': _unhealthy_remedy,
    'missing': _missing_remedy,
    'unreachable': _unreachable_remedy,
    'unknown': _unknown_remedy,
    'waiver_expired': _waiver_expired_remedy,
    'entry_unused': _unused_remedy,
    'waiver_unused': _unused_remedy,
}
