# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what is wrong with one listener, or several that are alike: what is there, what is declared, and what to do."""

from ...._harmless.terminal import name, visible
from ...._listener import Excerpt, endpoint_in_words, in_words, owners_in_words
from ...._words import number, some, some_of
from .. import parts as _parts
from ..parts import Parts
from . import stopping, words


# forbidden

def forbidden(parts: _parts.Forbidden) -> str:
    return '%s, but %s it%s' % (
        words.listens(parts['listener']),
        words.entries_do('forbid', parts['entries']),
        ' (%s)' % visible(parts['reason'], 300) if parts['reason'] else '',
    )


def forbidden_expected(parts: _parts.Forbidden) -> str:
    return 'nothing on %s' % ', '.join(visible(port, 100) for port in parts['ports'])


def forbidden_remedy(parts: Parts) -> str:
    return stopping.to_stop(parts)


# unexpected

_DUBIOUS = {
    'file': 'its executable was deleted or is in a directory for temporary files',
    'owner': 'its owner is unknown',
    'owners': 'not all of its owners are known',
}


def unexpected(parts: Parts) -> str:
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
        words.listens(listener),
        words.of_users(listener),
        '; the firewall lets nobody reach it' if parts.get('blocked') else '',
        ': %s' % _DUBIOUS[parts['dubious']] if parts['dubious'] else '',
    )


def unexpected_expected(parts: Parts) -> str:
    return 'nothing, or an entry that declares it'


def unexpected_remedy(parts: Parts) -> str:
    if 'group' in parts:
        how = (
            ' as port any/udp of their service or process, with state: optional'
            if parts['group'] == 'ephemeral'
            else ''
        )
        needed = parts.get('needed')
        if needed and needed['total']:
            return 'declare them in expected_listeners%s (stopping them may break %s)' % (how, words.places_of(needed))
        return 'declare them in expected_listeners%s, or stop them' % how
    listener = parts['listener']
    return '%sdeclare it in expected_listeners, or %s' % (
        'find out who owns it; ' if listener['held_by'] == 'unknown' and listener.get('to') is None else '',
        stopping.to_stop(parts),
    )


# wrong_owner

def wrong_owner(parts: _parts.WrongOwner) -> str:
    listener, others = parts['listener'], parts.get('others')
    return '%s is owned by %s%s, but %s %s%s' % (
        endpoint_in_words(listener),
        owners_in_words(listener),
        words.of_users(listener),
        words.entries_do('expect', parts['entries']),
        words.any_of(parts['who'], words.who),
        ', which not all owners are: not %s%s' % (owners_in_words(others), words.of_users(others)) if others else '',
    )


def wrong_owner_expected(parts: _parts.WrongOwner) -> str:
    return words.any_of(parts['who'], words.who)


def wrong_owner_remedy(parts: Parts) -> str:
    if parts.get('others'):
        unit = parts['listener']['unit']
        is_named = any('service' in expected for expected in parts['who']['first'])
        is_service = bool(unit) and (words.is_on_windows(parts['listener']) or str(unit).endswith('.service'))
        service = words.operand_of(parts['listener'], unit) if is_service and not is_named else None
        return 'find out why the others use the port, and stop them; or name %severy owner in the entry' % (
            'service %s or ' % service if service else '')
    return 'find out why it uses the port; %s, or declare it' % stopping.to_stop(parts)


# wrong_bind

def wrong_bind(parts: _parts.WrongBind) -> str:
    return '%s is bound to %s, but %s it on %s' % (
        in_words(parts['listener']),
        _bound(parts['listener']),
        words.entries_do('expect', parts['entries']),
        words.any_of(parts['where'], words.where),
    )


def _bound(listener: Excerpt) -> str:
    scopes = {'any': 'every address', 'loopback': 'loopback only'}
    if listener.get('addresses', 1) > 1:
        address = '(%d addresses)' % listener['addresses']
    else:
        # in brackets, without which a first :: would be shown as the command of a CI system that it could be
        address = visible('[%s]' % listener['address'] if listener['family'] == 'ipv6' else listener['address'], 100)
    return '%s (%s)' % (address, scopes.get(listener['scope'], '%s address' % listener['scope']))


def wrong_bind_expected(parts: _parts.WrongBind) -> str:
    return 'bound to %s' % words.any_of(parts['where'], words.where)


def wrong_bind_remedy(parts: _parts.WrongBind) -> str:
    return 'change the address that %s listens on, or the entry' % stopping.unit_of(parts['listener'])


# overexposed

def overexposed(parts: _parts.Overexposed) -> str:
    through = all(limit['limit'] == 'via' for limit in parts['limits']['first'])
    beyond = some_of(parts['beyond'], (lambda device: name(device, 100)) if through else words.source_of)
    return '%s can be reached %s, but %s%s' % (
        in_words(parts['listener']),
        'through %s' % (beyond or 'other interfaces') if through else 'by %s' % (beyond or 'others'),
        some_of(
            parts['limits'], lambda limit: '%s allows it %s' % (words.place_of(limit), _limit(limit)), joint=' and '),
        ': %s' % words.of_host(parts['rule']) if parts['rule'] else '')


def _limit(limit: _parts.Limit) -> str:
    if limit['limit'] == 'via':
        return 'only through %s' % visible(' or '.join(limit['words']['first']), 300)
    return 'only from %s' % some_of(limit['words'], words.source_of, 8)


def overexposed_expected(parts: _parts.Overexposed) -> str:
    return some(dict.fromkeys(map(_limit, parts['limits']['first'])), joint=' and ')


def overexposed_remedy(parts: _parts.Overexposed) -> str:
    return 'narrow the firewall or the address, or widen the entry'


# unhealthy

def unhealthy(parts: _parts.Unhealthy) -> str:
    return '%s does not satisfy the ensure expression of %s' % (in_words(parts['listener']), some_of(
        parts['limits'], lambda limit: '%s: %s' % (words.place_of(limit), _expression(limit)), joint=', nor that of '))


def _expression(limit: _parts.Ensured) -> str:
    return visible(limit['expression'], 300)


def unhealthy_expected(parts: _parts.Unhealthy) -> str:
    return some_of(parts['limits'], _expression, joint=' and ')


def unhealthy_remedy(parts: _parts.Unhealthy) -> str:
    return 'check the service; the expression is evaluated on the facts of this listener'


# unreachable

def unreachable(parts: _parts.Unreachable) -> str:
    if parts['loopback']:
        why = 'it is bound to loopback only'
    else:
        rules = some_of(parts['rules'], words.of_host)
        why = 'the host blocks them%s' % (': %s' % rules if rules else '')
    return '%s cannot be reached by %s, declared as its clients (%s): %s' % (
        in_words(parts['listener']), some_of(parts['blocked'], words.source_of), words.place_of(parts), why)


def unreachable_expected(parts: _parts.Unreachable) -> str:
    return 'clients %s' % some_of(parts['clients'], words.source_of, _parts.MANY)


def unreachable_remedy(parts: _parts.Unreachable) -> str:
    if parts['loopback']:
        return 'bind it to an address that they can reach, or set clients: local'
    return 'open the firewall for them, bind it to their address family too, or narrow clients'
