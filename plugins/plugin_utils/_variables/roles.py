# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what roles declare in files of their own, for plays that do not run them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible import template
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.role.include import RoleInclude

from .._harmless.terminal import sentence, visible
from .._policy.declaration import merge
from .._policy.language.refusal import Refused, shown

_FOLDER, _FILE = 'vars', 'listeners'
# Templates in a role may be evaluated, which the loader has to be told; before ansible-core 2.19 all may that are in a
# file.
_TRUSTED: dict[str, Any] = {'trusted_as_template': True} if hasattr(template, 'trust_as_template') else {}
_OPTION = 'declarations_from'


@dataclass
class Declared:
    """The variables in the files of roles.

    :ivar variables: as they are written.
    :ivar origins: the name of each variable that declares something, with the role that has it.
    :ivar refusals: what is wrong with these files.
    """

    variables: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, str] = field(default_factory=dict)
    refusals: list[Refused] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.variables or self.refusals)

    def over(self, variables: Mapping[str, Any], extra: Mapping[str, Any]) -> tuple[dict[str, Any], list[Refused]]:
        """Merge these with the variables of a host. As those of a role do, they come before all but the extra ones.

        Nothing takes the place of what declares something: one name with two values is refused.

        :param extra: the extra variables.
        :returns: the variables, and what is wrong.
        """
        refusals = list(self.refusals)
        for name, role in self.origins.items():
            if name in variables and variables[name] != self.variables[name]:
                refusals.append(Refused(
                    'the role %s declares this variable in vars/listeners.yml, but the host has another value for it: '
                    'rename one of the two' % visible(role, 200), None, name))
        return {**variables, **self.variables, **extra}, refusals


def declared(names: Iterable[str] | None, loader: DataLoader, collections: list[str] | None) -> Declared:
    """Read ``vars/listeners.yml`` of roles.

    :param names: names of roles, of collections too.
    :param collections: those that are searched.
    :returns: a role or a file that is not there, or declares nothing, is a refusal in it.
    """
    of_roles = Declared()
    for name in dict.fromkeys(names or ()):
        try:
            values = _read(name, loader, collections)
        except Refused as exc:
            exc.variable = _OPTION
            of_roles.refusals.append(exc)
            continue
        for variable, value in values.items():
            if of_roles.variables.get(variable, value) != value:
                of_roles.refusals.append(Refused(
                    'another role has a different value of the variable %s in vars/listeners.yml'
                    % visible(variable, 200),
                    None, '%s, role %s' % (_OPTION, name)))
                continue
            of_roles.variables[variable] = value
            if merge.kind(variable):
                of_roles.origins[variable] = name
    return of_roles


def _read(name: str, loader: DataLoader, collections: list[str] | None) -> dict[str, Any]:
    """Return the variables in the file of one role. Raises Refused."""
    try:
        role = RoleInclude.load(name, play=None, loader=loader, collection_list=collections)
        files = loader.find_vars_files(os.path.join(role.get_role_path(), _FOLDER), _FILE, allow_dir=False)
        values = [loader.load_from_file(os.fsdecode(path), **_TRUSTED) for path in files]
    except AnsibleError as exc:
        raise Refused('the role %s cannot be read: %s' % (shown(name), sentence(str(exc), 500))) from exc
    if not files:
        raise Refused('the role %s has no vars/listeners.yml' % shown(name))
    if not isinstance(values[0], dict) or not any(merge.kind(str(key)) for key in values[0]):
        raise Refused('vars/listeners.yml of the role %s declares nothing: it has no variable %s' % (
            shown(name), merge.ENTRIES))
    return {str(key): value for key, value in values[0].items()}
