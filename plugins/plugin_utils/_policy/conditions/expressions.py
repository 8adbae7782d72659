# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JMESPath over the fact of a listener.

What an expression yields of a field that was not observed means nothing: ``!owners`` is true of hidden owners. Which
fields it uses is read from its syntax tree, so that it does not matter what it happens to yield.
"""

from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any

from ... import _shape
from ..._listener import Listener
from ..language.refusal import Refused, meant, shown

# of connections, tcp_states.h of the kernel
_STATES = ('established', 'syn_sent', 'syn_recv', 'fin_wait1', 'fin_wait2', 'time_wait', 'close', 'close_wait',
           'last_ack', 'closing', 'new_syn_recv')
_KNOWN = frozenset(('to', *_STATES)).union(*map(_shape.keys, (
    _shape.Listener, _shape.Owner, _shape.Backlog, _shape.Resources, _shape.Exposure, _shape.Path, _shape.Undecided)))
_MOST = 1000        # characters: more of them nest deeper than Python likes
_ALL = '*'


class Expression:
    """A compiled expression.

    :param option: the option that has this text.
    :ivar text: the expression as it is written.
    :ivar fields: the names that it uses; ``*`` where it uses all.
    :raises Refused: it is none, or uses fields that listeners do not have.
    """

    def __init__(self, text: object, option: str) -> None:
        try:
            import jmespath
            from jmespath import exceptions, functions
        except ImportError:
            raise Refused('the Python package jmespath is missing on the controller', option) from None
        if not isinstance(text, str):
            raise Refused('a JMESPath expression has to be text, not %s' % shown(text), option)
        self.text = str(text)
        if len(self.text) > _MOST:
            raise Refused('is longer than %d characters' % _MOST, option)
        names: set[str] = set()
        called: set[str] = set()
        try:
            self._compiled = jmespath.compile(self.text)
            _walk(self._compiled.parsed, names, called)
        except exceptions.JMESPathError as exc:
            raise Refused(_reason(self.text, exc), option) from None
        except Exception:        # whatever a library does with a text that is none
            raise Refused('%s is not a JMESPath expression' % shown(self.text), option) from None
        known = functions.Functions.FUNCTION_TABLE
        for name in sorted(called - set(known)):
            raise Refused('JMESPath has no function %s%s' % (shown(name), meant(name, known)), option)
        for name in sorted(names - _KNOWN - {_ALL}):
            raise Refused('listeners have no field %s%s' % (shown(name), meant(name, _KNOWN)), option)
        self.fields = frozenset(names)
        self._check_arity(exceptions, option)

    def _check_arity(self, exceptions: ModuleType, option: str) -> None:
        try:
            self._compiled.search({})
        except exceptions.ArityError as exc:
            raise Refused('in %s: %s' % (shown(self.text), exc), option) from None
        except Exception:
            pass        # of types, which depend on the listener

    def __str__(self) -> str:
        return self.text

    def uses(self, fields: Collection[str]) -> bool:
        """Whether it uses one of these fields."""
        return _ALL in self.fields or not self.fields.isdisjoint(fields)

    def of(self, listener: Listener, unobserved: Collection[str]) -> bool | None:
        """Whether it is true of a listener; None where that is not known.

        :param unobserved: the fields of the listener that were not observed.
        """
        if unobserved and self.uses(unobserved):
            return None
        try:
            result = self._compiled.search(listener)
        except Exception:
            return None         # of types, and of numbers such as 1e999 that a host sent
        # as JMESPath has it: false, null, and what is empty are not true
        return not (result is None or result is False or result in ('', [], {}))


def _reason(text: str, exc: Exception) -> str:
    position = getattr(exc, 'lex_position', getattr(exc, 'lexer_position', None))
    message = getattr(exc, 'msg', None) or getattr(exc, 'message', None) or 'it is empty'
    if position is None:
        return '%s is not a JMESPath expression: %s' % (shown(text), shown(message)[1:-1])
    return '%s is not a JMESPath expression: %s, at character %d' % (shown(text), shown(message)[1:-1], position + 1)


def _walk(node: Mapping[str, Any], names: set[str], called: set[str]) -> None:
    """Collect the names and the functions of a syntax tree."""
    kind = node['type']
    if kind == 'field':
        names.add(node['value'])
    elif kind in ('current', 'value_projection'):
        names.add(_ALL)
    elif kind == 'function_expression':
        called.add(node['value'])
    for child in node['children']:
        if isinstance(child, dict):
            _walk(child, names, called)
