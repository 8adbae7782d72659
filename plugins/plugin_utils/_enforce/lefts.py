# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan leaves as it is, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...module_utils._gaps import UNDECIDED
from .._harmless.terminal import sentence, visible
from .._listener import Listener, excerpt, identity, in_words
from .._policy.judgement.judge import observed
from .._shape import Facts

LONGEST = 1000          # characters of a message
CLOSE, FIREWALL = ACTIONS = ('close', 'firewall')
BY_HAND = 'by_hand'             # it is for a person to do
INCOMPLETE = 'incomplete'       # why nothing is done to a host that was not seen as a whole
Left = dict[str, Any]


def shown(listener: Listener) -> str:
    """Show a listener and its owners, harmless to print."""
    return in_words(excerpt(listener))


def left(action: str, listener: Listener | None, reason: str, message: str, done_by: str | None = None) -> Left:
    """Note what an action leaves as it is, harmless to print.

    :param message: why, to be read behind the listener.
    :param done_by: what a person could do.
    """
    words = sentence(message, LONGEST)
    return {
        'action': action,
        'listener': identity(listener) if listener else None,
        'reason': reason,
        'message': '%s: %s' % (shown(listener), words) if listener and reason != 'unreachable' else words,
        'command': visible(done_by, LONGEST) if done_by else None,
    }


def unseen(action: str, facts: Facts, needed: Mapping[str, Iterable[str]], does: str) -> Iterator[Left]:
    """Find what of a host was not seen and has to be.

    :param needed: aspects, each with the codes of gaps that do not matter.
    :param does: what is not done.
    """
    complete = observed(facts)
    for aspect, known in needed.items():
        if complete.get(aspect) is True:
            continue
        gaps = [gap for gap in facts['gaps'] if gap['aspect'] == aspect and gap['code'] != UNDECIDED]
        if gaps and {gap['code'] for gap in gaps} <= set(known):
            continue
        yield left(
            action, None, INCOMPLETE, '%s, since not all of the %s could be observed: %s' % (
                does, aspect, '; '.join(gap['message'] for gap in gaps) or 'nobody looked'),
            next((gap['hint'] for gap in gaps if gap['hint']), None))
