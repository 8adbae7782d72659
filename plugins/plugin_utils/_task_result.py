# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts the judgement of a host into the result of a task: for people who read it, and for programs.

Lines end with a full stop, so that they can also be read where a callback prints all of them as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ._harmless.terminal import cut, sentence, visible
from ._policy.declaration.choice import Choice
from ._policy.declaration.policy import Policy
from ._policy.judgement.finding import Finding
from ._policy.judgement.judge import Result
from ._policy.language.options import VIOLATIONS
from ._policy.language.refusal import Refused
from ._words import number

_MOST_FAULTS, _LONGEST = 20, 800         # that are shown, and the characters of each: a record takes 20,000 of all
_LONGEST_FINDING = 2000
_MOST_ENTRIES = 8


def host_name(host: str) -> str:
    """Show the name of a host."""
    return visible(host, 300)


def refusal(faults: Sequence[Refused]) -> str:
    """Explain why a declaration is refused.

    :param faults: at least one.
    """
    reasons = [_stopped(visible(str(fault), _LONGEST)) for fault in faults[:_MOST_FAULTS]]
    if len(faults) == 1:
        return 'The declaration is refused: %s' % reasons[0]
    lines = ['The declaration is refused for %d reasons.' % len(faults), *_numbered(reasons)]
    if len(faults) > _MOST_FAULTS:
        lines.append('And %d more.' % (len(faults) - _MOST_FAULTS))
    return '\n'.join(lines)


def policy_of(policy: Policy) -> dict[str, Any]:
    """Return what a result holds of a policy."""
    return {
        'summary': policy.summary,
        'hash': policy.hash,
        'variables': [visible(name, 200) for name in policy.variables],
        'entries': len(policy.entries),
        'waivers': len(policy.waivers),
    }


def judged(result: Result, most: int) -> dict[str, Any]:
    """Return what a result holds for programs.

    :param most: findings, at most.
    """
    return {
        'failing': result.failing,
        'findings': [finding.as_dict() for finding in result.findings[:most]],
        'findings_total': len(result.findings),
        'counts': dict(Counter(finding.kind for finding in result.findings)),
        'waived': len(result.waived),
    }


def message(host: str, result: Result, choice: Choice, policy: Policy, most: int, waiting: str = '', seen: int = 0,
            difference: Iterable[str] = ()) -> str:
    """Describe a host that was judged.

    :param waiting: how long it took, such as ``after 4 s (3 checks)``.
    :param seen: the number of listeners of the host.
    :param difference: lines that show what is declared beside what was found.
    """
    findings = result.findings
    failing = sum(finding.fails for finding in findings)
    about = '' if choice.whole else _entries(choice)
    if failing:
        more = len(findings) - failing
        head = '%s is not as declared%s: %s%s' % (
            host_name(host), about, number(failing, 'finding'), ', and %d %s' % (more, _harmless(more)) if more else '')
    else:
        head = '%s is as declared%s: %s' % (host_name(host), about, number(seen, 'listener'))
        if findings:
            head += ', and %s %s' % (number(len(findings), 'finding'), _harmless(len(findings)))
    lines = ['%s%s.' % (head, ', %s' % waiting if waiting else ''), *_numbered(map(_line, findings[:most]))]
    if len(findings) > most:
        lines.append('And %d more.' % (len(findings) - most))
    if result.waived:
        lines.append('Waived: %s.' % number(len(result.waived), 'finding'))
    return '\n'.join([*lines, *difference, policy.summary])


def _numbered(texts: Iterable[str]) -> list[str]:
    return ['%d. %s' % (index + 1, text) for index, text in enumerate(texts)]


def _entries(choice: Choice) -> str:
    if not choice.entries:
        return ' (none of these entries applies to it)'
    names = ', '.join(visible(entry.label, 200) for entry in choice.entries[:_MOST_ENTRIES])
    more = len(choice.entries) - _MOST_ENTRIES
    noun = 'entry' if len(choice.entries) == 1 else 'entries'
    return ', judged by %s %s%s' % (noun, names, ' and %d more' % more if more > 0 else '')


def _harmless(count: int) -> str:
    return 'that does not fail it' if count == 1 else 'that do not fail it'


def _line(finding: Finding) -> str:
    weight = '%s, %s' % (finding.kind.replace('_', ' '), finding.severity)
    parts = [_stopped(cut(finding.message, _LONGEST_FINDING))]
    if finding.remedy:
        parts.append(_stopped('To do: %s' % cut(finding.remedy, _LONGEST_FINDING)))
    return '%s%s: %s' % (weight, '' if finding.fails else ', does not fail', ' '.join(parts))


def _stopped(text: str) -> str:
    return text if text.endswith(('.', '?', '!', '…')) else text + '.'


def warning(host: str, result: Result) -> str | None:
    """Show the findings of a host that do not fail it; None where there are none."""
    if not result.findings:
        return None
    first = result.findings[0]
    more = len(result.findings) - 1
    others = ' And %s.' % number(more, 'more finding') if more else ''
    return '%s: %s%s' % (host_name(host), sentence(_line(first), 600), others)


def difference(host: str, result: Result, most: int) -> dict[str, str]:
    """Return what is declared beside what was found, as the ``diff`` of a result.

    :param most: findings, at most.
    """
    before, after = [], []
    for finding in [finding for finding in result.findings if finding.kind in VIOLATIONS][:most]:
        where = finding.listener.replace('/', ' ', 1) + ': ' if finding.listener else ''
        before.append('%s%s' % (where, finding.expected or 'nothing'))
        after.append(finding.found or 'nothing')
    return {
        'before_header': 'declared for %s' % host_name(host),
        'after_header': 'found on %s' % host_name(host),
        'before': _text(before),
        'after': _text(after),
    }


def _text(lines: Iterable[str]) -> str:
    return ''.join(line + '\n' for line in lines)


def difference_lines(difference: Mapping[str, str]) -> list[str]:
    """Return the same as lines of a message.

    Callbacks show a diff where a task has changed something, and this never does.
    """
    before, after = difference['before'].splitlines(), difference['after'].splitlines()
    if not before:
        return []
    lines = ['--- %s' % difference['before_header'], '+++ %s' % difference['after_header']]
    return lines + [line for declared, observed in zip(before, after) for line in ('-' + declared, '+' + observed)]
