# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a module printed on a host, before Ansible does, and takes from it what is known.

Ansible prints, stores, or acts on much of what an answer may have: warnings, deprecations, a diff, facts, hosts to add,
text around the answer. Whoever is root on the host writes all of it. What is not named here never gets to Ansible.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ._harmless.terminal import sentence, visible

# What every module may say about itself; some of it Ansible says where a module did not answer.
_COMMON = ('failed', 'unreachable', 'msg', 'exception', 'module_stdout', 'module_stderr', 'warnings')
_MOST_WARNINGS = 20
_MAX_PRINTED = 300              # characters
_MOST_LINES, _LONGEST = 100, 2000


def read(printed: str) -> dict[str, Any] | None:
    """Decode an answer, and what was printed around it; None where there is none to decode.

    As Ansible does, it takes what is between the first line that starts with a brace and the last that ends with one.
    """
    if printed.startswith('{') and '\n' not in printed.rstrip('\n'):
        text, rest = printed, ''
    else:
        lines = printed.split('\n')
        first = next((number for number, line in enumerate(lines) if line.lstrip().startswith('{')), None)
        last = next((number for number in reversed(range(len(lines))) if lines[number].rstrip().endswith('}')), None)
        if first is None or last is None:
            return None
        text, rest = '\n'.join(lines[first:last + 1]), '\n'.join(lines[last + 1:])
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(answer, dict):
        return None
    if rest.strip():
        answer['warnings'] = ['the module printed more than its answer: %s' % rest[:_MAX_PRINTED]]
    return answer


def known(answer: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return what is known of an answer: text of the host in it is harmless, but for the values of these keys.

    :param keys: those of the module itself; who asks for them checks what they hold.
    """
    result = {key: answer[key] for key in keys if key in answer}
    for key in _COMMON:
        if key in answer:
            result[key] = _KINDS.get(key, _text)(answer[key])
    return result


def harmless(printed: object) -> str:
    """Return what was printed in place of an answer, line by line."""
    lines = str(printed or '').splitlines()
    return '\n'.join(visible(line, _LONGEST) for line in lines[-_MOST_LINES:])


def _text(value: object) -> str | None:
    """Return a text; one that ansible-core 2.19 has tagged, or the message of an exception, as that."""
    if isinstance(value, str):
        return harmless(value)
    event = value.get('event', value) if isinstance(value, Mapping) else getattr(value, 'event', None)
    message = event.get('value', event.get('msg')) if isinstance(event, Mapping) else getattr(event, 'msg', None)
    return harmless(message) if isinstance(message, str) else None


def _warnings(value: object) -> list[str]:
    texts = [_text(warning) for warning in value[:_MOST_WARNINGS]] if isinstance(value, list) else []
    return [sentence(text, _MAX_PRINTED) for text in texts if text]


_KINDS: dict[str, Any] = {'failed': bool, 'unreachable': bool, 'warnings': _warnings}
