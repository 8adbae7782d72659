# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a declaration, brought to the type that their option has."""

import datetime
import re
from collections.abc import Callable
from typing import Any

from .options import PROTOCOLS, Option, Options
from .refusal import Refused, meant, shown

NEVER = 'never'
# of each of the two schemas, which live as long as this module: the defaults, and what is required
_PREPARED: dict[int, tuple[dict[str, Any], list[str]]] = {}
_TRUE, _FALSE = ('true', 'yes', 'on', '1'), ('false', 'no', 'off', '0')
_DATE = re.compile(r'(\d{4})-(\d\d)-(\d\d)', re.ASCII)
_TEMPLATE = re.compile(r'\{\{|\{%')
_MOST = 10000       # elements of a list, characters of a text: nobody writes more by hand


def read(raw: object, options: Options) -> tuple[dict[str, Any], list[Refused]]:
    """Check the options of an entry.

    :param raw: what the declaration has, templated.
    :param options: ENTRY or WAIVER.
    :returns: option to value, with defaults, and None for what is not given, empty where it is no entry; and all
        faults.
    """
    if not isinstance(raw, dict):
        return {}, [Refused('an entry has to be a mapping such as {name: ssh, port: 22}, not %s' % shown(raw))]
    defaults, required = _PREPARED.get(id(options)) or _prepared(options)
    values, faults = dict(defaults), []
    for option, given in raw.items():
        spec = options.get(option)
        try:
            if spec is None:
                hint = meant(option, options) or '; the options are %s' % ', '.join(options)
                raise Refused('there is no such option%s' % hint, str(option))
            values[option] = value(given, option, spec)
        except Refused as exc:
            faults.append(exc)
    faults += [Refused('is missing', option) for option in required if option not in raw]
    return values, faults


def _prepared(options: Options) -> tuple[dict[str, Any], list[str]]:
    defaults = {option: spec.get('default') for option, spec in options.items()}
    required = [option for option, spec in options.items() if spec.get('required')]
    _PREPARED[id(options)] = defaults, required
    return defaults, required


def value(raw: object, option: str, spec: Option) -> Any:
    """Check one value, and bring it to the type of its option.

    :raises Refused: it is none of that type.
    """
    if raw is None:
        raise Refused('has no value; leave it out, or use omit', option)
    _refuse_templates(raw, option)
    typed = _TYPES[spec['type']](raw, option)
    choices = spec.get('choices')
    if choices:
        for word in typed if isinstance(typed, list) else [typed]:
            if word not in choices:
                raise Refused('%s is not one of %s%s' % (shown(word), ', '.join(choices), meant(word, choices)), option)
    return typed


def _refuse_templates(raw: object, option: str) -> None:
    """Refuse what still looks like a template: it came from where Ansible trusts none, and will never be evaluated."""
    for element in raw if isinstance(raw, list) else [raw]:
        if isinstance(element, str) and '{' in element and _TEMPLATE.search(element):
            raise Refused('%s is a template that was not evaluated: it comes from a source that Ansible does not '
                          'trust, such as a file that was read or a fact' % shown(element), option)


def _text(raw: object, option: str) -> str:
    if not isinstance(raw, str):
        if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not abs(raw) < 2 ** 63:
            raise Refused('has to be text, not %s' % shown(raw), option)
        raw = str(raw)
    if not raw.strip():
        raise Refused('is empty', option)
    if len(raw) > _MOST:
        raise Refused('is longer than %d characters' % _MOST, option)
    return str(raw)


def _texts(raw: object, option: str) -> list[str]:
    values = raw if isinstance(raw, list) else [raw]
    if not values:
        raise Refused('the list is empty, which would mean nobody or nothing; leave the option out', option)
    if len(values) > _MOST:
        raise Refused('the list has more than %d elements' % _MOST, option)
    return [_text(element, option) for element in values]


def _boolean(raw: object, option: str) -> bool:
    if isinstance(raw, bool):
        return bool(raw)
    word = str(raw).strip().lower() if isinstance(raw, str) or raw in (0, 1) else ''
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Refused('has to be true or false, not %s' % shown(raw), option)


def number(raw: object) -> int | None:
    """Take a number, or the text of one; None for anything else."""
    text = raw.strip() if isinstance(raw, str) else ''
    if text.isascii() and text.isdigit() and len(text) < 9:
        return int(text)
    return int(raw) if isinstance(raw, int) and not isinstance(raw, bool) else None


def _count(raw: object, option: str) -> int:
    if isinstance(raw, str) and raw.strip() == 'any':
        return 1
    count = number(raw)
    if count is not None and 1 <= count <= 65535 * len(PROTOCOLS):
        return count
    raise Refused('has to be a number of at least 1, or any, not %s' % shown(raw), option)


def _date(raw: object, option: str) -> datetime.date | str:
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
                raise Refused('%s is not a valid date' % shown(raw), option) from None
    raise Refused('has to be a date such as 2027-01-31, or never, not %s' % shown(raw), option)


_TYPES: dict[str, Callable[[object, str], Any]] = {
    'str': _text,
    'strings': _texts,
    'bool': _boolean,
    'count': _count,
    'date': _date,
    'expression': lambda raw, option: raw,
    'ports': lambda raw, option: list(raw) if isinstance(raw, list) else raw,
}
