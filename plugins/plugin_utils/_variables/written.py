# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds numbers that are others than those that somebody wrote, because YAML has read them in base 60 or 8.

YAML 1.1, which Ansible reads, takes ``22:22`` for 1342 and ``0022`` for 18. Nothing of that is left in the number. So
an entry is looked up where it was written, as far as Ansible knows the file and the line of it.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from .._policy.language.refusal import Refused, shown
from . import origins

_OPTIONS = ('port', 'ports', 'need')
_SEXAGESIMAL = re.compile(r'[1-9][0-9_]*(?::[0-5]?[0-9])+')
_OCTAL = re.compile(r'0[0-7_]+')
# One of them anywhere in a text: most files have none, and need no second look.
_ANYWHERE = re.compile(r'(?<![\w.:/-])(?:%s|%s)(?![\w.:/-])' % (_SEXAGESIMAL.pattern, _OCTAL.pattern))
_MOST = 4 * 1024 * 1024     # characters of a file
_Place = tuple[int, int]


def misread(entry: object) -> Iterator[Refused]:
    """List what is wrong with the numbers of an entry.

    :param entry: as the variable has it, before its templates are evaluated.
    """
    if not isinstance(entry, Mapping):
        return
    place = origins.position(entry)
    if not place:
        return
    path, line, column = place
    given = entry.get
    for option, text in _numbers(path).get((line, column), ()):
        # a file that was written to since says nothing of what Ansible has read
        number = _number(text)
        values = given(option)
        if number in (values if isinstance(values, list) else [values]):
            base = 60 if ':' in text else 8
            yield Refused('YAML reads %s as the number %d, in base %d; write the number that you mean, without %s' % (
                shown(text)[1:-1], number, base, 'colons' if base == 60 else 'zeros before it'), option)


def _numbers(path: str) -> Mapping[_Place, list[tuple[str, str]]]:
    """List the numbers of a file that are not read as they are written, by the place where their mapping begins."""
    try:
        state = os.stat(path)
    except (OSError, ValueError):
        return {}
    return _numbers_of(path, state.st_mtime_ns, state.st_size)


@functools.lru_cache(maxsize=256)
def _numbers_of(path: str, dummy_changed: int, size: int) -> Mapping[_Place, list[tuple[str, str]]]:
    if size > _MOST:
        return {}
    try:
        with open(path, encoding='utf-8') as stream:
            text = stream.read()
        if not _ANYWHERE.search(text):
            return {}
        found: dict[_Place, list[tuple[str, str]]] = {}
        for document in yaml.compose_all(text, Loader=getattr(yaml, 'CSafeLoader', yaml.SafeLoader)):
            _collect(document, found, set())
        return found
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}           # a vault, for one


def _collect(node: Any, found: dict[_Place, list[tuple[str, str]]], known: set[int]) -> None:
    """Collect the numbers of a document, each node of it once."""
    if node is None or id(node) in known:
        return
    known.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for element in node.value:
            _collect(element, found, known)
    elif isinstance(node, yaml.MappingNode):
        place = (node.start_mark.line + 1, node.start_mark.column + 1)
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in _OPTIONS:
                texts = [(key.value, element.value) for element in (
                    value.value if isinstance(value, yaml.SequenceNode) else [value]) if _is_misread(element)]
                if texts:
                    found.setdefault(place, []).extend(texts)
            _collect(value, found, known)


def _is_misread(node: Any) -> bool:
    """Whether a node is a number, and written in another base than ten."""
    return isinstance(node, yaml.ScalarNode) and node.tag == 'tag:yaml.org,2002:int' and bool(
        _SEXAGESIMAL.fullmatch(node.value) or _OCTAL.fullmatch(node.value))


def _number(text: str) -> int:
    """Read a number as YAML 1.1 does."""
    text = text.replace('_', '')
    if ':' not in text:
        return int(text, 8)
    number = 0
    for digits in text.split(':'):
        number = number * 60 + int(digits)
    return number
