# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All variables of a host that declare something, merged. Private to this collection.

Every variable counts that is named ``expected_listeners``, ``expected_listeners_<suffix>`` or ``<role>_expected_listeners``, and so do
those of waivers. They are merged in the order of their names; each entry remembers where it is from.
"""

import difflib
import re
from dataclasses import dataclass, field

from ..._harmless.terminal import sentence, visible
from ..language.refusal import Refused, shown
from .policy import SWITCHES

ENTRIES, WAIVERS = 'expected_listeners', 'listener_waivers'
_NAMES = {stem: re.compile(r'%s(_\w+)?|\w+_%s' % (stem, stem)) for stem in (ENTRIES, WAIVERS)}
_OMIT = re.compile(r'__omit_place_holder__[0-9a-f]+')
_FACTS = ('ansible_facts', 'hostvars', 'vars', 'groups', 'group_names')
_NEAR = 0.86        # how much alike a name has to be for a warning; expected_listener, excepted_listeners and listeners_expected are
_MATCHERS = {stem: difflib.SequenceMatcher(None, b=stem) for stem in (ENTRIES, WAIVERS)}
_MOST = 10000       # entries of a variable


@dataclass
class Declared:
    """What was found.

    :ivar entries: list of tuple (variable, index in it, value), waivers alike.
    :ivar variables: list of str, those that declare something.
    :ivar switches: dict, the switches that are set.
    :ivar warnings: list of str, refusals: list of Refused.
    """

    entries: list = field(default_factory=list)
    waivers: list = field(default_factory=list)
    variables: list = field(default_factory=list)
    switches: dict = field(default_factory=dict)
    warnings: list = field(default_factory=list)
    refusals: list = field(default_factory=list)

    def __bool__(self):
        return bool(self.variables)


def kind(name):
    """ENTRIES or WAIVERS for a variable that declares such, else None."""
    return next((stem for stem, pattern in _NAMES.items() if pattern.fullmatch(name)), None)


def collect(variables, template, facts):
    """Find and template what is declared.

    :param variables: mapping of the variables of a host, as they are written.
    :param template: function that evaluates the templates in a value; whatever it raises is reported with the entry.
    :param facts: container of str, the names of variables that came as facts of the host, with and without ``ansible_``.
    :returns: Declared.
    """
    found = Declared()
    for name in sorted(str(name) for name in variables):
        stem = kind(name)
        if not stem and name not in SWITCHES:
            _warn_if_near(name, found)
        elif name in facts:
            found.refusals.append(Refused('a fact of the host has this name, and facts come before what you declare: the host would judge '
                                          'itself. Remove the fact, from the fact cache too', None, name))
        elif stem:
            _variable(name, variables[name], template, found, found.entries if stem == ENTRIES else found.waivers)
        else:
            _switch(name, variables[name], template, found)
    return found


def _switch(name, raw, template, found):
    try:
        value = template(raw)
    except Exception as exc:        # pylint: disable=broad-except  # of any kind that a template may raise
        found.refusals.append(Refused(sentence(str(exc), 500), None, name))
        return
    if not _is_omitted(value):
        found.switches[name] = value


def _variable(name, raw, template, found, into):
    evaluated = isinstance(raw, str)
    if evaluated:       # once: what a template has read from a file is not for evaluation
        try:
            raw = template(raw)
        except Exception as exc:        # pylint: disable=broad-except
            found.variables.append(name)
            found.refusals.append(Refused(sentence(str(exc), 500), None, name))
            return
        if _is_omitted(raw):
            return
    found.variables.append(name)
    if not isinstance(raw, list):
        hint = ', as a task may have registered' if isinstance(raw, dict) and {'changed', 'failed', 'results'} & set(raw) else ''
        if isinstance(raw, str) and '{{' in raw:
            hint = ': a template that was not evaluated, since Ansible does not trust where it comes from'
        found.refusals.append(Refused('has to be a list of entries, not %s%s' % (shown(raw), hint), None, name))
        return
    if len(raw) > _MOST:
        found.refusals.append(Refused('has more than %d entries' % _MOST, None, name))
        return
    for index, one in enumerate(raw):
        if _is_omitted(one):
            continue
        try:
            value = _without_omitted(one if evaluated else template(one))
        except Exception as exc:        # pylint: disable=broad-except
            found.refusals.append(Refused(sentence(str(exc), 500), None, name, _label(one, index)))
            continue
        if not _is_omitted(value):
            into.append((name, index, value))


def _label(raw, index):
    name = raw.get('name') if isinstance(raw, dict) else None
    return str(name) if isinstance(name, str) and '{{' not in name else '#%d' % (index + 1)


def _is_omitted(value):
    # before ansible-core 2.19 text, and an object of a private type since
    if isinstance(value, str):
        return value.startswith('__omit') and bool(_OMIT.fullmatch(value))
    return type(value).__name__ in ('Omit', 'OmitType', '_OmitType')


def _without_omitted(value):
    """A plain copy without what was to be left out."""
    if isinstance(value, dict):
        return {str(key): _without_omitted(one) for key, one in value.items() if not _is_omitted(one)}
    if isinstance(value, (list, tuple)):
        return [_without_omitted(one) for one in value if not _is_omitted(one)]
    return value


def _warn_if_near(name, found):
    """Warn of names that nobody reads and that were probably meant to be read."""
    for stem in (ENTRIES, WAIVERS):
        words = sorted(name.lower().split('_'))
        if len(name) > len(stem) + 20 or name in _FACTS:
            continue
        near = _is_like(name.lower(), stem, _NEAR) or words == sorted(stem.split('_'))
        head = name.lower()[:len(stem)]
        if near or len(name) > len(stem) and head != stem and _is_like(head, stem, 0.95):
            found.warnings.append('the variable %s declares nothing: did you mean %s?' % (visible(name, 100), stem))
            return
    if name[:6].lower() == 'listen' and len(name) < 50:
        switch = difflib.get_close_matches(name.lower(), SWITCHES, n=1, cutoff=_NEAR)
        if switch:
            found.warnings.append('the variable %s switches nothing: did you mean %s?' % (visible(name, 100), switch[0]))


def _is_like(text, stem, least):
    """Whether two texts are that much alike; what is quick to tell comes first, for a host may have thousands of variables."""
    matcher = _MATCHERS[stem]
    matcher.set_seq1(text)
    return matcher.real_quick_ratio() >= least and matcher.quick_ratio() >= least and matcher.ratio() >= least
