# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the addresses of clients that the inventory has names for: of a group, or of a host.

Declared is what the variables of a host say; its facts, which come from it, are none. What a host has once said of its
addresses counts where somebody has named the directory of such records.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar

from ansible.errors import AnsibleError
from ansible.playbook.task import Task
from ansible.template import Templar

from .._facts import own_addresses, records
from .._facts.records import RecordError
from .._harmless.terminal import sentence, visible
from .._policy.conditions import named
from .._policy.conditions.named import ADDRESSES, Member
from .._policy.conditions.sources import Clients, Named
from .._policy.declaration.settings import Settings
from .._policy.language.refusal import Refused, meant, shown
from .._settings import setting
from . import host_facts, made_groups
from .once import once

_REACHED_BY = 'ansible_host'
# What leads a template to what a host says of itself, beside the names of its facts.
_TO_FACTS = ('ansible_facts', 'ansible_local', 'hostvars', 'vars')
_DAY = 86400
_Evaluate = Callable[[Any], Any]
_composed: dict[str, Clients | Refused] = {}


class _Unknown(Exception):
    """The addresses of a host are not known; the message says why and is harmless to print."""


class Finder:
    """Finds the addresses of members.

    :cvar clock: has ``time``.
    """

    clock: ClassVar[Any] = time

    def __init__(self, task: Task, task_vars: Mapping[str, Any], templar: Templar, evaluate: _Evaluate,
                 settings: Settings) -> None:
        """Take the task.

        :param task_vars: the variables of the host whose clients they are.
        :param evaluate: evaluates a template with that templar.
        """
        self._task, self._task_vars, self._templar, self._settings = task, task_vars, templar, settings
        self._evaluate = evaluate
        self._groups: Mapping[str, Sequence[str]] = task_vars.get('groups') or {}
        self._judged = str(task_vars.get('inventory_hostname'))

    def named(self, values: Iterable[str]) -> Named:
        """Find what names stand for, or why they cannot be used.

        :param values: such as ``group:web``.
        """
        return {value: self._clients(value) for value in values}

    def _clients(self, value: str) -> Clients | Refused:
        try:
            hosts = self._hosts(value)
        except Refused as exc:
            return exc
        key = self._key(value, hosts)
        if key is None:
            return _united(self._members(hosts), self._judged)
        kept = once(setting('DEFAULT_LOCAL_TMP'), key, lambda: _as_json(self._members(hosts)))
        mine = _member(kept[self._judged]) if self._judged in kept else None
        if mine and (mine.recorded or mine.unknown):
            return _united(_of_json(kept), self._judged)
        if key not in _composed:        # all others have the same clients
            _composed[key] = _united(_of_json(kept), '')
        return _composed[key]

    def _key(self, value: str, hosts: Sequence[str]) -> str | None:
        """Return what the addresses of members depend on; None where that is not known."""
        play = getattr(self._task.get_play() if self._task._parent else None, '_uuid', None)
        return None if play is None else repr((
            str(play), value, len(hosts), self._settings.records, self._settings.days, self._settings.within.words))

    def _hosts(self, value: str) -> Sequence[str]:
        """List the hosts that a name stands for. Raises Refused."""
        kind, name = named.parts(value) or ('', '')
        everybody = self._groups.get('all', ())
        if kind == named.HOST:
            if name not in everybody:
                raise Refused('there is no host %s in the inventory%s' % (shown(name), meant(name, everybody)))
            return [name]
        if name not in self._groups:
            raise Refused('there is no group %s in the inventory%s' % (shown(name), meant(name, self._groups)))
        if name in made_groups.of_facts(self._task, self._groups):
            raise Refused('the group %s is made of what hosts say of themselves, so each could make itself a client: '
                          'use a group that somebody has written' % shown(name))
        if not self._groups[name]:
            raise Refused('the group %s has no hosts, which would mean nobody' % shown(name))
        return [str(host) for host in self._groups[name]]

    def _members(self, hosts: Iterable[str]) -> dict[str, Member]:
        """Find what is known of hosts."""
        found = {}
        with ExitStack() as stack:
            stack.enter_context(self._templar_kept())
            read = self._reader(stack) if self._settings.records else None
            for host in hosts:
                found[host] = self._member(host, read)
        return found

    def _member(self, host: str, read: Callable[[str, Member], Member] | None) -> Member:
        """Find what is known of one host.

        :param read: takes what its record has besides; None where records are not believed.
        """
        try:
            variables = self._task_vars['hostvars'].raw_get(host)
        except AnsibleError as exc:         # such as a file of variables that cannot be decrypted
            return Member(unknown='its variables cannot be read: %s' % sentence(str(exc), 200))
        try:
            if ADDRESSES in self._of_inventory(variables, ADDRESSES):
                return named.declared(self._value(variables, ADDRESSES), host)
            is_named = _REACHED_BY in self._of_inventory(variables, _REACHED_BY)
            member = named.reached_by(self._value(variables, _REACHED_BY) if is_named else host)
        except _Unknown as exc:
            return Member(unknown=str(exc))
        return read(host, member) if read else member

    def _reader(self, stack: ExitStack) -> Callable[[str, Member], Member]:
        """Return what reads the record of a host."""
        directory = os.path.abspath(os.path.expanduser(self._settings.records or ''))
        try:
            folder = stack.enter_context(records.unchecked(directory))
        except RecordError as exc:
            reason = str(exc)
            return lambda host, also: Member(unknown=reason)

        def read(host: str, also: Member) -> Member:
            try:
                texts = own_addresses.of_record(folder, host, self._settings.days * _DAY, self.clock.time())
            except RecordError as exc:
                return Member(unknown=str(exc))
            return named.recorded(texts, self._settings.within, also)
        return read

    @contextmanager
    def _templar_kept(self) -> Iterator[None]:
        variables = self._templar.available_variables
        try:
            yield
        finally:
            self._templar.available_variables = variables

    def _of_inventory(self, variables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        """Return the variables of a host, of which one is not what the host says of itself. Raises _Unknown."""
        facts = host_facts.names(variables)
        if name in facts:
            raise _Unknown('it has a fact named %s, by which it would say itself from where it connects' % name)
        if name in variables:
            to_facts = {fact for fact in facts if fact.startswith('ansible_')}
            to_facts.update(_TO_FACTS, host_facts.shadowing(self._task, variables))
            fact = host_facts.behind(variables[name], variables, to_facts)
            if fact:
                raise _Unknown('its variable %s refers to %s, and a host does not say itself from where it connects'
                               % (name, visible(fact, 100)))
        return variables

    def _value(self, variables: Mapping[str, Any], name: str) -> Any:
        """Evaluate a variable of a host. Raises _Unknown."""
        value = variables[name]
        if isinstance(value, str) and '{' not in value:
            return value
        self._templar.available_variables = dict(variables, hostvars=self._task_vars['hostvars'])
        try:
            return self._evaluate(value)
        except ValueError as exc:
            raise _Unknown('its variable %s cannot be evaluated: %s' % (name, sentence(str(exc), 200))) from exc


def _united(members: Mapping[str, Member], judged: str) -> Clients | Refused:
    try:
        return named.united(members, judged)
    except Refused as exc:
        return exc


def _as_json(members: Mapping[str, Member]) -> dict[str, Any]:
    return {host: list(member) for host, member in members.items()}


def _of_json(kept: Mapping[str, Sequence[Any]]) -> dict[str, Member]:
    return {host: _member(fields) for host, fields in kept.items()}


def _member(fields: Sequence[Any]) -> Member:
    (ipv4, ipv6), *more = fields
    return Member((_spans(ipv4), _spans(ipv6)), *more)


def _spans(pairs: Iterable[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    return tuple([(pair[0], pair[1]) for pair in pairs])
