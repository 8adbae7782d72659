# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads who imports whom in a tree of plugins, without running any of it."""

import ast
import pathlib
from typing import Iterable, Iterator, NamedTuple

COLLECTION = 'ansible_collections.listening.ports.plugins.'


class Import(NamedTuple):
    """An import: the module that has it, its line, and what it imports.

    Modules of the tree are named from its top (``module_utils._facts``), others as they are (``ansible.errors``).
    """

    module: str
    line: int
    target: str


class Tree:
    """The modules below a folder and their imports, also those inside functions.

    :ivar modules: names of all modules of the tree
    :ivar imports: every :class:`Import` of them, by the name of the module that has it
    """

    def __init__(self, root: pathlib.Path):
        paths = {_name(path.relative_to(root)): path for path in sorted(root.rglob('*.py'))}
        self.modules = set(paths)
        self.imports = {name: list(self._read(name, path)) for name, path in paths.items()}

    def _read(self, name: str, path: pathlib.Path) -> Iterator[Import]:
        package = name if path.name == '__init__.py' else name.rpartition('.')[0]
        for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
            for target in _targets(node, package):
                yield Import(name, node.lineno, self._module(target.removeprefix(COLLECTION)))

    def _module(self, target: str) -> str:
        """The module of the tree that has this name or attribute, or the name itself."""
        owner = target.rpartition('.')[0]
        return owner if target not in self.modules and owner in self.modules else target

    def below(self, rooms: Iterable[str]) -> list[str]:
        """Names of the modules in these rooms, each a package or a module."""
        return sorted(name for name in self.modules if any(is_in(name, room) for room in rooms))

    def ways(self, start: str) -> dict[str, list[Import]]:
        """Whatever a module imports, directly or through others of the tree, each with the imports that lead there."""
        ways: dict[str, list[Import]] = {}
        waiting: list[tuple[str, list[Import]]] = [(start, [])]
        while waiting:
            module, way = waiting.pop(0)
            for edge in self.imports.get(module, ()):
                if edge.target not in ways:
                    ways[edge.target] = [*way, edge]
                    waiting.append((edge.target, ways[edge.target]))
        return ways

    def circles(self) -> list[str]:
        """How modules import themselves, directly or through others: each circle once."""
        circles: dict[frozenset[str], str] = {}
        for module in sorted(self.modules):
            circle = self.ways(module).get(module, [])
            if circle:
                circles.setdefault(frozenset(edge.module for edge in circle), described(circle))
        return sorted(circles.values())


def is_in(name: str, room: str) -> bool:
    """Whether a module is this room, or is in it."""
    return name == room or name.startswith(room + '.')


def described(way: list[Import]) -> str:
    """Imports in words."""
    return ' -> '.join(['%s:%d' % (edge.module, edge.line) for edge in way] + [way[-1].target])


def _name(path: pathlib.Path) -> str:
    parts = path.with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def _targets(node: ast.AST, package: str) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        parts = package.split('.')
        parts = parts[:len(parts) - node.level + 1] if node.level else []
        base = [part for part in (*parts, node.module) if part]
        yield from ('.'.join([*base, alias.name]) for alias in node.names)
