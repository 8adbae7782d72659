# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All variables of a host that declare something, merged.

Every variable counts that is named ``expected_listeners``, ``expected_listeners_<suffix>`` or
``<role>_expected_listeners``, and so do those of waivers. They are merged in the order of their names; each entry
remembers where it is from.
"""

import difflib
import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..._harmless.terminal import sentence, visible
from ..conditions.sources import Named
from ..language.options import SETTINGS, SWITCHES
from ..language.refusal import Refused, shown

ENTRIES, WAIVERS = 'expected_listeners', 'listener_waivers'
_NAMES = {stem: re.compile(r'%s(_\w+)?|\w+_%s' % (stem, stem)) for stem in (ENTRIES, WAIVERS)}
_OMIT = re.compile(r'__omit_place_holder__[0-9a-f]+')
_FACTS = ('ansible_facts', 'hostvars', 'vars', 'groups', 'group_names')
# how much alike a name has to be for a warning; expected_listener, excepted_listeners and listeners_expected are
_NEAR = 0.86
_MATCHERS = {stem: difflib.SequenceMatcher(None, b=stem) for stem in (ENTRIES, WAIVERS)}
_MOST = 10000       # entries of a variable
_Template = Callable[[Any], Any]


@dataclass
class Declared:
    """What is declared, as it was collected.

    :ivar entries: of each the variable, its index in it, and its value; waivers alike.
    :ivar variables: the names of the variables that declare something.
    :ivar switches: the switches that are set.
    :ivar warnings: names that were probably meant to declare something.
    :ivar refusals: what is wrong.
    :ivar named: the clients in it that the inventory has names for.
    """

    entries: list[tuple[str, int, Any]] = field(default_factory=list)
    waivers: list[tuple[str, int, Any]] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    switches: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    refusals: list[Refused] = field(default_factory=list)
    named: Named = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.variables)


def kind(name: str) -> str | None:
    """Whether a variable declares something, by its name: ENTRIES, WAIVERS or None."""
    return next((stem for stem, pattern in _NAMES.items() if pattern.fullmatch(name)), None)


def declares(names: Iterable[object]) -> bool:
    """Whether one of these variables declares something, by its name."""
    return any(kind(str(name)) for name in names)


def collect(variables: Mapping[Any, Any], template: _Template, facts: Container[str]) -> Declared:
    """Find and template what is declared.

    :param variables: the variables of a host, as they are written.
    :param template: evaluates the templates in a value; whatever it raises is reported with the entry.
    :param facts: the names of variables that came as facts of the host, with and without ``ansible_``.
    """
    declared = Declared()
    for name in sorted(str(name) for name in variables):
        stem = kind(name)
        if not stem and name not in SWITCHES and name not in SETTINGS:
            _warn_if_near(name, declared)
        elif name in facts:
            declared.refusals.append(Refused(
                'the host has a fact of this name, and facts override your variables, so the host could judge itself. '
                'Remove the fact, and clear the fact cache', None, name))
        elif stem:
            into = declared.entries if stem == ENTRIES else declared.waivers
            _variable(name, variables[name], template, declared, into)
        else:
            _switch(name, variables[name], template, declared)
    return declared


def _switch(name: str, raw: Any, template: _Template, declared: Declared) -> None:
    try:
        value = template(raw)
    except Exception as exc:        # of any kind that a template may raise
        declared.refusals.append(Refused(sentence(str(exc), 500), None, name))
        return
    if not _is_omitted(value):
        declared.switches[name] = value


def _variable(name: str, raw: Any, template: _Template, declared: Declared, into: list[tuple[str, int, Any]]) -> None:
    evaluated = isinstance(raw, str)
    if evaluated:       # once: what a template has read from a file is not for evaluation
        try:
            raw = template(raw)
        except Exception as exc:
            declared.variables.append(name)
            declared.refusals.append(Refused(sentence(str(exc), 500), None, name))
            return
        if _is_omitted(raw):
            return
    declared.variables.append(name)
    if not isinstance(raw, list):
        hint = ''
        if isinstance(raw, dict) and {'changed', 'failed', 'results'} & set(raw):
            hint = ' (was it registered by a task?)'
        elif isinstance(raw, str) and '{{' in raw:
            hint = ': a template that was not evaluated, because Ansible does not trust its source'
        declared.refusals.append(Refused('has to be a list of entries, not %s%s' % (shown(raw), hint), None, name))
        return
    if len(raw) > _MOST:
        declared.refusals.append(Refused('has more than %d entries' % _MOST, None, name))
        return
    for index, entry in enumerate(raw):
        if _is_omitted(entry):
            continue
        try:
            value = _without_omitted(entry if evaluated else template(entry))
        except Exception as exc:
            declared.refusals.append(Refused(sentence(str(exc), 500), None, name, label(entry, index)))
            continue
        if not _is_omitted(value):
            into.append((name, index, value))


def label(raw: Any, index: int) -> str:
    """Return what an entry is called before it is read: its name, or ``#3`` for the third of its variable."""
    name = raw.get('name') if isinstance(raw, dict) else None
    return str(name) if isinstance(name, str) and '{{' not in name else '#%d' % (index + 1)


def _is_omitted(value: Any) -> bool:
    # before ansible-core 2.19 text, and an object of a private type since
    if isinstance(value, str):
        return value.startswith('__omit') and bool(_OMIT.fullmatch(value))
    return type(value).__name__ in ('Omit', 'OmitType', '_OmitType')


def _without_omitted(value: Any) -> Any:
    """Copy a value without what was to be left out."""
    if isinstance(value, dict):
        return {str(key): _without_omitted(element) for key, element in value.items() if not _is_omitted(element)}
    if isinstance(value, (list, tuple)):
        return [_without_omitted(element) for element in value if not _is_omitted(element)]
    return value


def _warn_if_near(name: str, declared: Declared) -> None:
    """Warn of a name that nobody reads and that was probably meant to be read."""
    for stem in (ENTRIES, WAIVERS):
        words = sorted(name.lower().split('_'))
        if len(name) > len(stem) + 20 or name in _FACTS:
            continue
        near = _is_like(name.lower(), stem, _NEAR) or words == sorted(stem.split('_'))
        head = name.lower()[:len(stem)]
        if near or len(name) > len(stem) and head != stem and _is_like(head, stem, 0.95):
            declared.warnings.append('the variable %s declares nothing; did you mean %s?' % (visible(name, 100), stem))
            return
    if name[:6].lower() == 'listen' and len(name) < 50:
        switch = difflib.get_close_matches(name.lower(), [*SWITCHES, *SETTINGS], n=1, cutoff=_NEAR)
        if switch:
            declared.warnings.append(
                'the variable %s has no effect; did you mean %s?' % (visible(name, 100), switch[0]))


def _is_like(text: str, stem: str, least: float) -> bool:
    """Whether two texts are that much alike.

    The quick tests come first, because a host may have thousands of variables.
    """
    matcher = _MATCHERS[stem]
    matcher.set_seq1(text)
    return matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least and matcher.ratio() >= least
