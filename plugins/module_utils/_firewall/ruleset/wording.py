# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules in words, as nft and iptables write them."""

LONG = 200          # characters of a rule's text
_MOST = 20          # elements of a set in it
_OPERATORS = ('&', '|', '^', '<<', '>>')
_PLAIN_META = frozenset(('iif', 'oif', 'iifname', 'oifname', 'iiftype', 'oiftype', 'iifgroup', 'oifgroup', 'mark'))
_NAT = ('dnat', 'snat', 'redirect', 'masquerade')
_OBJECTS = frozenset(('counter', 'quota', 'limit', 'synproxy'))     # which rules can name, after the word ``name``
_SET_BY_NAME = frozenset(('ct helper', 'ct timeout', 'ct expectation', 'secmark'))


def of(rule):
    """str: where a rule is, and what it says."""
    if rule.text is not None:
        return rule.text
    try:
        text = (
            rule.source
            if isinstance(rule.source, str)
            else ' '.join(part for part in map(statement, rule.source) if part)
        )
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):  # nothing that nft would print
        text = ''
    if len(text) > LONG:
        text = text[:LONG - 3] + '...'
    rule.text = '%s: %s' % (rule.where, text) if text else rule.where
    return rule.text


def statement(expression):
    """str: one part of a rule; of a counter that has no name, nothing."""
    if not isinstance(expression, dict) or len(expression) != 1:
        return value(expression)
    kind, about = next(iter(expression.items()))
    if kind in _OBJECTS and (isinstance(about, str) or isinstance(about, dict) and 'map' in about):
        return '%s name %s' % (kind, value(about))
    if kind in _SET_BY_NAME:
        return '%s set %s' % (kind, value(about)) if kind.startswith('ct') else 'meta secmark set %s' % value(about)
    if kind in _STATEMENTS and isinstance(about, dict):
        return _STATEMENTS[kind](about)
    if kind in _NAT and isinstance(about, dict):
        return _nat(kind, about)
    if kind in ('counter', 'last'):
        return '' if kind == 'counter' else kind
    if kind in ('jump', 'goto'):
        return '%s %s' % (kind, value(about.get('target')) if isinstance(about, dict) else value(about))
    if kind in ('log', 'reject', 'queue', 'tproxy', 'synproxy', 'fwd', 'dup'):
        return kind
    if kind in _VALUES or kind in _LISTS:
        return value(expression)
    return kind if about is None else '%s %s' % (kind, value(about))


def value(expression):
    """str: what a rule looks at, or compares with."""
    if isinstance(expression, bool):
        return 'exists' if expression else 'missing'
    if isinstance(expression, list):
        return ','.join(map(value, expression[:_MOST]))
    if isinstance(expression, dict):
        if len(expression) != 1:
            return ' '.join(map(value, expression.values()))
        kind, inner = next(iter(expression.items()))
        if kind in _VALUES and isinstance(inner, dict):
            return _VALUES[kind](inner)
        if kind in _LISTS and isinstance(inner, list):
            return _LISTS[kind](inner)
        return '%s %s' % (kind, value(inner))
    return '' if expression is None else str(expression)


# statements


def _match(about):
    left = about.get('left')
    operator = about.get('op')
    if operator in ('==', 'in') and not (isinstance(left, dict) and set(left) & set(_OPERATORS)):
        operator = ''
    return ' '.join(part for part in (value(left), operator, value(about.get('right'))) if part)


def _nat(kind, about):
    target = value(about.get('addr')) if 'addr' in about else ''
    if 'port' in about:
        target = ('[%s]' % target if ':' in target and 'map' not in target else target) + ':' + value(about['port'])
    prefix = 'prefix' if 'prefix' in (about.get('type_flags') or ()) else None
    return ' '.join(
        part for part in (kind, about.get('family') and str(about['family']), prefix, target and 'to ' + target) if part
    )


def _reject(about):
    how = [str(about[key]) for key in ('type', 'expr') if key in about]
    return 'reject' + (' with ' + ' '.join(how) if how else '')


def _limit(about):
    unit = about.get('rate_unit')
    return 'limit rate %s%s%s/%s' % ('over ' if about.get('inv') else '', value(about.get('rate')),
                                     ' %s' % unit if unit and unit != 'packets' else '', value(about.get('per')))


def _quota(about):
    size = about['val'] if 'val' in about else about.get('bytes')
    return 'quota %s%s %s' % ('over ' if about.get('inv') else '', value(size), about.get('val_unit') or 'bytes')


def _count(about):
    return 'ct count %s%s' % ('over ' if about.get('inv') else '', value(about.get('val')))


def _dynamic(about):
    name = about['set'] if 'set' in about else about.get('map')
    data = ' : %s' % value(about['data']) if 'data' in about else ''
    return '%s %s { %s%s }' % (value(about.get('op')), value(name), _with(about.get('elem'), about.get('stmt')), data)


def _meter(about):
    return 'meter %s { %s }' % (value(about.get('name')), _with(about.get('key'), [about.get('stmt')]))


def _with(element, statements):
    return ' '.join([value(element)] + [text for text in map(statement, statements or ()) if text])


_STATEMENTS = {
    'match': _match,
    'vmap': lambda about: '%s vmap %s' % (value(about.get('key')), value(about.get('data'))),
    'mangle': lambda about: '%s set %s' % (value(about.get('key')), value(about.get('value'))),
    'reject': _reject,
    'limit': _limit,
    'quota': _quota,
    'ct count': _count,
    'set': _dynamic,
    'map': _dynamic,
    'meter': _meter,
    'flow': lambda about: 'flow %s %s' % (value(about.get('op')), value(about.get('flowtable'))),
    'xt': lambda about: 'xt %s %s' % (about.get('type'), about.get('name')),
}


# values


def _payload(about):
    if 'protocol' in about:
        return '%s %s' % (about['protocol'], about.get('field'))
    return '@%s,%s,%s' % (about.get('base'), about.get('offset'), about.get('len'))


def _meta(about):
    return '%s%s' % ('' if about.get('key') in _PLAIN_META else 'meta ', about.get('key'))


def _ct(about):
    return ' '.join(str(word) for word in ('ct', about.get('dir'), about.get('key')) if word)


def _fib(about):
    flags = about.get('flags')
    return 'fib %s %s' % (
        ' . '.join([flags] if isinstance(flags, str) else map(str, flags or ())),
        about.get('result'),
    )


def _hash(kind):
    def words(about):
        parts = [kind, value(about['expr']) if 'expr' in about else about.get('mode'), 'mod', about.get('mod')]
        return ' '.join(str(part) for part in parts if part is not None)
    return words


def _header(kind):
    def words(about):
        return ' '.join(str(about[key]) for key in ('name', 'field') if about.get(key)) if kind == 'exthdr' else \
            ' '.join([kind] + [str(about[key]) for key in ('name', 'field') if about.get(key)])
    return words


def _keys(kind):
    return lambda about: ' '.join([kind] + [str(about[key]) for key in ('dir', 'family', 'key') if about.get(key)])


def _set(elements):
    shown = ', '.join(_pair(part) for part in elements[:_MOST])
    return '{ %s%s }' % (shown, ', ...' if len(elements) > _MOST else '')


def _pair(part):
    if isinstance(part, list) and len(part) == 2:
        return '%s : %s' % (value(part[0]), statement(part[1]) if isinstance(part[1], dict) else value(part[1]))
    return value(part)


def _joined(by):
    return lambda parts: by.join(map(value, parts))


_VALUES = {
    'payload': _payload,
    'meta': _meta,
    'ct': _ct,
    'fib': _fib,
    'prefix': lambda about: '%s/%s' % (about.get('addr'), about.get('len')),
    'elem': lambda about: value(about.get('val')),
    'map': lambda about: '%s map %s' % (value(about.get('key')), value(about.get('data'))),
    'exthdr': lambda about: ('' if about.get('field') else 'exthdr ') + _header('exthdr')(about),
}
_VALUES.update({kind: _header(kind) for kind in ('tcp option', 'ip option', 'sctp chunk', 'dccp option')})
_VALUES.update({kind: _hash(kind) for kind in ('jhash', 'symhash', 'numgen')})
_VALUES.update({kind: _keys(kind) for kind in ('rt', 'socket', 'ipsec', 'osf')})
_LISTS = {'range': _joined('-'), 'concat': _joined(' . '), 'set': _set}
_LISTS.update({operator: _joined(' %s ' % operator) for operator in _OPERATORS})
