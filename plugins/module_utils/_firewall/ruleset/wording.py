# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules in words, as nft and iptables write them."""

LONG = 200          # characters of a rule's text
_OPERATORS = ('&', '|', '^', '<<', '>>')


def of(rule):
    """str: where a rule is, and what it says."""
    if rule.text is not None:
        return rule.text
    try:
        text = (
            rule.source
            if isinstance(rule.source, str)
            else ' '.join(part for part in map(_statement, rule.source) if part)
        )
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):  # nothing that nft would print
        text = str(rule.source)
    if len(text) > LONG:
        text = text[:LONG - 3] + '...'
    rule.text = '%s: %s' % (rule.where, text) if text else rule.where
    return rule.text


def _statement(expression):
    if not isinstance(expression, dict) or len(expression) != 1:
        return str(expression)
    kind, value = next(iter(expression.items()))
    if kind == 'counter':
        return ''
    if kind == 'match' and isinstance(value, dict):
        operator = {'==': '', 'in': ''}.get(value.get('op'), value.get('op'))
        return ' '.join(part for part in (_value(value.get('left')), operator, _value(value.get('right'))) if part)
    if kind in ('jump', 'goto'):
        return '%s %s' % (kind, value.get('target') if isinstance(value, dict) else value)
    if kind == 'vmap':
        return '%s vmap %s' % (_value(value.get('key')), _value(value.get('data')))
    if kind == 'mangle':
        return '%s set %s' % (_value(value.get('key')), _value(value.get('value')))
    if kind in ('dnat', 'snat', 'redirect', 'masquerade') and isinstance(value, dict):
        target = _value(value.get('addr')) if 'addr' in value else ''
        if 'port' in value:
            target = ('[%s]' % target if ':' in target else target) + ':' + _value(value['port'])
        return ' '.join(
            part for part in (kind, value.get('family') and str(value['family']), target and 'to ' + target) if part
        )
    if kind == 'reject':
        how = [str(value[key]) for key in ('type', 'expr') if key in value] if isinstance(value, dict) else []
        return 'reject' + (' with ' + ' '.join(how) if how else '')
    if kind == 'limit' and isinstance(value, dict):
        return 'limit rate %s%s/%s' % ('over ' if value.get('inv') else '', value.get('rate'), value.get('per'))
    if kind == 'xt' and isinstance(value, dict):
        return 'xt %s %s' % (value.get('type'), value.get('name'))
    if kind == 'log':
        return 'log'
    return kind if value is None else '%s %s' % (kind, _value(value))


def _value(value):
    if isinstance(value, list):
        return ','.join(_value(part) for part in value[:20])
    if not isinstance(value, dict) or len(value) != 1:
        if isinstance(value, dict):
            return ' '.join(_value(part) for part in value.values())
        return str(value)
    kind, inner = next(iter(value.items()))
    if kind == 'payload' and isinstance(inner, dict):
        return ' '.join(str(inner[key]) for key in ('protocol', 'field', 'base', 'offset', 'len') if key in inner)
    if kind in ('meta', 'ct') and isinstance(inner, dict):
        words = ['ct' if kind == 'ct' else 'meta', inner.get('dir'), inner.get('key')]
        if kind == 'meta' and inner.get('key') in ('iif', 'oif', 'iifname', 'oifname', 'mark'):
            words = [inner['key']]
        return ' '.join(str(word) for word in words if word)
    if kind == 'fib' and isinstance(inner, dict):
        flags = inner.get('flags')
        return 'fib %s %s' % (
            ' . '.join([flags] if isinstance(flags, str) else map(str, flags or ())),
            inner.get('result'),
        )
    if kind == 'prefix' and isinstance(inner, dict):
        return '%s/%s' % (inner.get('addr'), inner.get('len'))
    if kind == 'range' and isinstance(inner, list):
        return '-'.join(_value(part) for part in inner)
    if kind == 'concat' and isinstance(inner, list):
        return ' . '.join(_value(part) for part in inner)
    if kind == 'set' and isinstance(inner, list):
        shown = ', '.join(_pair(part) for part in inner[:20])
        return '{ %s%s }' % (shown, ', ...' if len(inner) > 20 else '')
    if kind == 'elem' and isinstance(inner, dict):
        return _value(inner.get('val'))
    if kind in _OPERATORS and isinstance(inner, list):
        return (' %s ' % kind).join(_value(part) for part in inner)
    if kind == 'map' and isinstance(inner, dict):
        return '%s map %s' % (_value(inner.get('key')), _value(inner.get('data')))
    return '%s %s' % (kind, _value(inner))


def _pair(part):
    if isinstance(part, list) and len(part) == 2:
        return '%s : %s' % (_value(part[0]), _statement(part[1]) if isinstance(part[1], dict) else _value(part[1]))
    return _value(part)
