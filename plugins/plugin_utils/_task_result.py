# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgement of a host as the result of a task: for who reads it, and for programs. Private to this collection.

Lines end with a stop, so that they can also be read where a callback prints all of them as one.
"""

from ._harmless.terminal import sentence, visible
from ._policy.language.options import VIOLATIONS
from ._words import number

_MOST_FAULTS, _LONGEST = 20, 800         # that are told, and the characters of each: a record takes 20,000 of all


def host_name(host):
    """The name of a host, harmless to print."""
    return visible(host, 300)


def refusal(faults):
    """Why a declaration is refused.

    :param faults: list of Refused, at least one.
    """
    told = [_stopped(visible(str(fault), _LONGEST)) for fault in faults[:_MOST_FAULTS]]
    if len(faults) == 1:
        return 'The declaration is refused: %s' % told[0]
    lines = ['The declaration is refused for %d reasons.' % len(faults)]
    lines += ['%d. %s' % (index + 1, line) for index, line in enumerate(told)]
    return '\n'.join(lines + ['And %d more.' % (len(faults) - _MOST_FAULTS)] * (len(faults) > _MOST_FAULTS))


def policy_of(policy):
    """What a result says of a Policy."""
    return {'summary': policy.summary, 'hash': policy.hash,
            'variables': [visible(name, 200) for name in policy.variables],
            'entries': len(policy.entries), 'waivers': len(policy.waivers)}


def judged(result, most):
    """What a result holds for programs.

    :param result: _judge.Result.
    :param most: int, findings at the most.
    """
    counts = {}
    for found in result.findings:
        counts[found.kind] = counts.get(found.kind, 0) + 1
    return {'failing': result.failing, 'findings': [found.as_dict() for found in result.findings[:most]],
            'findings_total': len(result.findings), 'counts': counts, 'waived': len(result.waived)}


def message(host, result, choice, policy, most, waiting='', seen=None, difference=()):
    """What a task says of a host that was judged.

    :param result: _judge.Result.
    :param choice: choice.Choice.
    :param waiting: str, how long it took, such as ``after 4 s (3 looks)``.
    :param seen: int, the listeners of the host.
    :param difference: iterable of str, lines that show declared against found.
    """
    findings = result.findings
    failing = sum(found.fails for found in findings)
    about = '' if choice.whole else ', as far as %s' % _entries(choice)
    if failing:
        more = len(findings) - failing
        head = '%s is not as declared%s: %s%s' % (
            host_name(host), about, number(failing, 'finding'), ', and %d %s' % (more, _harmless(more)) if more else '')
    else:
        head = '%s is as declared%s: %s' % (host_name(host), about, number(seen, 'listener'))
        if findings:
            head += ', and %s %s' % (number(len(findings), 'finding'), _harmless(len(findings)))
    lines = ['%s%s.' % (head, ', %s' % waiting if waiting else '')]
    lines += ['%d. %s' % (index + 1, line) for index, line in enumerate(map(_line, findings[:most]))]
    if len(findings) > most:
        lines.append('And %d more.' % (len(findings) - most))
    if result.waived:
        lines.append('Waived: %s.' % number(len(result.waived), 'finding'))
    lines += difference
    return '\n'.join([*lines, policy.summary])


def _entries(choice):
    if not choice.entries:
        return 'none of these entries holds for it'
    names = ', '.join(visible(entry.label, 200) for entry in choice.entries[:8])
    more = len(choice.entries) - 8
    noun = 'entry' if len(choice.entries) == 1 else 'entries'
    return '%s %s%s' % (noun, names, ' and %d more' % more if more > 0 else '')


def _harmless(count):
    return 'that does not fail it' if count == 1 else 'that do not fail it'


def _line(found):
    told = found.as_dict()
    weight = '%s, %s' % (found.kind.replace('_', ' '), found.severity)
    parts = [_stopped(told['message'])]
    if found.remedy:
        parts.append(_stopped('To do: %s' % found.remedy))
    return '%s%s: %s' % (weight, '' if found.fails else ', does not fail', ' '.join(parts))


def _stopped(text):
    return text if text.endswith(('.', '?', '!')) else text + '.'


def warning(host, result):
    """What is to be seen of a host that is as declared: its findings that do not fail it. None where there are none."""
    if not result.findings:
        return None
    first = result.findings[0]
    more = len(result.findings) - 1
    others = ' And %s.' % number(more, 'more finding') if more else ''
    return '%s: %s%s' % (host_name(host), sentence(_line(first), 600), others)


def difference(host, result, most):
    """Declared against found, as the ``diff`` of a result: dict.

    :param most: int, findings at the most.
    """
    before, after = [], []
    for found in [found for found in result.findings if found.kind in VIOLATIONS][:most]:
        where = found.listener.replace('/', ' ', 1) + ': ' if found.listener else ''
        before.append('%s%s' % (where, found.expected or 'nothing'))
        after.append(found.found or 'nothing of it')
    return {'before_header': 'declared for %s' % host_name(host), 'after_header': 'found on %s' % host_name(host),
            'before': _text(before), 'after': _text(after)}


def _text(lines):
    return ''.join(line + '\n' for line in lines)


def difference_lines(difference):
    """The same as lines of a message: callbacks show a diff where a task has changed something, and this never does."""
    before, after = difference['before'].splitlines(), difference['after'].splitlines()
    if not before:
        return []
    lines = ['--- %s' % difference['before_header'], '+++ %s' % difference['after_header']]
    return lines + [line for old, new in zip(before, after) for line in ('-' + old, '+' + new)]
