# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a chain does with all clients."""

from ..._addresses import intervals as iv

NOTES = 60          # reasons kept per chain


class BudgetError(Exception):
    """A walk took more steps than it may."""


class Result:
    """What a chain does.

    :ivar ends: {(kind, State, Rule, Run or Chain): spans}; kinds are ``accept``, ``drop``, ``return``.
    :ivar doubts: list of (spans, reason); caveats: list of (spans, text).
    """

    def __init__(self):
        self.ends, self.doubts, self.caveats = {}, [], []

    def end(self, kind, state, spans, rule):
        """Let some clients leave the chain."""
        key = kind, state, rule
        self.ends[key] = iv.union(self.ends[key], spans) if key in self.ends else spans

    def undecided(self, reason, state, spans, rule, rest):
        """Let some clients leave the chain by every way, and go on to ``rest``."""
        self.note(self.doubts, spans, (rule, reason))
        self.end('accept', state, spans, rule)
        self.end('drop', state, spans, rule)
        rest.append((state, spans))

    @staticmethod
    def note(notes, spans, text):
        """Add to doubts or caveats; when there are many, to the last one."""
        for position, (noted, other) in enumerate(notes):
            if other == text or position == NOTES:
                notes[position] = (iv.union(noted, spans), other)
                return
        notes.append((spans, text))

    def include(self, other, spans):
        """Take over doubts and caveats of a chain that these clients went through."""
        for mine, theirs in ((self.doubts, other.doubts), (self.caveats, other.caveats)):
            for noted, text in theirs:
                common = iv.isect(noted, spans)
                if common:
                    self.note(mine, common, text)
