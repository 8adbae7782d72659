# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a declaration, brought to the type that their option has. Private to this collection."""

import datetime
import re

from .refusal import Refused, meant, shown

NEVER = 'never'
_PREPARED = {}      # of each of the two schemas, which live as long as this module: the defaults, and what is required
_TRUE, _FALSE = ('true', 'yes', 'on', '1'), ('false', 'no', 'off', '0')
_DATE = re.compile(r'(\d{4})-(\d\d)-(\d\d)', re.ASCII)
_TEMPLATE = re.compile(r'\{\{|\{%')
_MOST = 10000       # elements of a list, characters of a text: nobody writes more by hand


def read(raw, options):
    """The options of an entry, checked.

    :param raw: what the declaration has, templated.
    :param options: dict, ENTRY or WAIVER.
    :returns: tuple of dict option to value (with defaults, and None for what is not given), list of Refused.
    """
    if not isinstance(raw, dict):
        return {}, [Refused('%s is no entry, which is a mapping such as {name: ssh, port: 22}' % shown(raw))]
    defaults, required = _PREPARED.get(id(options)) or _prepared(options)
    found, faults = dict(defaults), []
    for option, given in raw.items():
        spec = options.get(option)
        try:
            if spec is None:
                raise Refused('there is no such option%s' % (meant(option, options) or '; there are %s' % ', '.join(options)), str(option))
            found[option] = value(given, option, spec)
        except Refused as exc:
            faults.append(exc)
    faults += [Refused('is missing', option) for option in required if option not in raw]
    return found, faults


def _prepared(options):
    found = _PREPARED[id(options)] = (
        {option: spec.get('default') for option, spec in options.items()}, [option for option, spec in options.items() if spec.get('required')])
    return found


def value(raw, option, spec):
    """One value. Raises Refused."""
    if raw is None:
        raise Refused('has no value; leave it out, or use omit', option)
    _refuse_templates(raw, option)
    found = _TYPES[spec['type']](raw, option)
    choices = spec.get('choices')
    if choices:
        for word in found if isinstance(found, list) else [found]:
            if word not in choices:
                raise Refused('%s is not one of %s%s' % (shown(word), ', '.join(choices), meant(word, choices)), option)
    return found


def _refuse_templates(raw, option):
    """What still looks as a template came from where Ansible trusts none, and will never be evaluated."""
    for one in raw if isinstance(raw, list) else [raw]:
        if isinstance(one, str) and '{' in one and _TEMPLATE.search(one):
            raise Refused('%s is a template that was not evaluated: it comes from a source that Ansible does not trust, such as a file '
                          'that was read or a fact' % shown(one), option)


def _text(raw, option):
    if not isinstance(raw, str):
        if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not abs(raw) < 2 ** 63:
            raise Refused('has to be text, not %s' % shown(raw), option)
        raw = str(raw)
    if not raw.strip():
        raise Refused('is empty', option)
    if len(raw) > _MOST:
        raise Refused('is longer than %d characters' % _MOST, option)
    return str(raw)


def _texts(raw, option):
    values = raw if isinstance(raw, list) else [raw]
    if not values:
        raise Refused('the list is empty, which would mean nobody or nothing; leave the option out', option)
    if len(values) > _MOST:
        raise Refused('the list has more than %d elements' % _MOST, option)
    return [_text(one, option) for one in values]


def _boolean(raw, option):
    if isinstance(raw, bool):
        return bool(raw)
    word = str(raw).strip().lower() if isinstance(raw, str) or raw in (0, 1) else ''
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Refused('has to be true or false, not %s' % shown(raw), option)


def number(raw):
    """The number that this is, or that it is the text of: int; None for anything else."""
    text = raw.strip() if isinstance(raw, str) else ''
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    return int(raw) if isinstance(raw, int) and not isinstance(raw, bool) else None


def _count(raw, option):
    if isinstance(raw, str) and raw.strip() == 'any':
        return 1
    found = number(raw)
    if found is not None and 1 <= found <= 65535 * 5:
        return found
    raise Refused('has to be a number from 1, or any, not %s' % shown(raw), option)


def _date(raw, option):
    if isinstance(raw, datetime.date) and not isinstance(raw, datetime.datetime):
        return datetime.date(raw.year, raw.month, raw.day)
    if isinstance(raw, str):
        if raw.strip() == NEVER:
            return NEVER
        parts = _DATE.fullmatch(raw.strip())
        if parts:
            try:
                return datetime.date(*map(int, parts.groups()))
            except ValueError:
                raise Refused('%s is no day of the calendar' % shown(raw), option) from None
    raise Refused('has to be a date such as 2027-01-31, or never, not %s' % shown(raw), option)


_TYPES = {
    'str': _text,
    'strings': _texts,
    'bool': _boolean,
    'count': _count,
    'date': _date,
    'expression': lambda raw, option: raw,
    'ports': lambda raw, option: list(raw) if isinstance(raw, list) else raw,
}
