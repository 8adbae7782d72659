# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines and the table of a campaign. Knows no hosts."""

import collections
import datetime
from typing import Mapping, NamedTuple, Sequence

import draws
from draws import ANY, CLOSE, FILTER, KEEP, NO_FAULT, REFUSED, TRIAL, Draw
from verdicts import ENDS, IN_TRIAL, KEPT, Outcome, around_the_keep, complaints, met_trial

MOMENTS = {ANY: "start", TRIAL: "trial", KEEP: "keep"}
COLUMNS = {what: ("What went wrong", "Runs", "met a live trial", "within a second of the keep", "kept", "reverted",
                  ends[REFUSED], "without an answer", "wrong") for what, ends in ENDS.items()}
LOST = {FILTER: "rules of others", CLOSE: "something of others"}
AGREED = {FILTER: "kernel, file, boot and answer",
          CLOSE: "what is stopped, what is disabled, what a boot starts and the answer"}


class Campaign(NamedTuple):
    """What a campaign was made with.

    :ivar what: was changed
    :ivar versions: {what: version}
    """

    what: str
    seed: int
    confirm: int
    versions: Mapping[str, str]


def line(outcome: Outcome, seed: int) -> str:
    """All of one run in one line."""
    draw = outcome.draw
    words = ["%3d seed %d" % (draw.number, seed), "%-8s" % draw.release, "%-9s" % draw.setting, "%-7s" % draw.user,
             "%-4s -> %-7s" % (draw.before, draw.new), "%-17s" % draw.fault]
    if outcome.phase:
        words.append("%s%+.2f s: %s" % (MOMENTS[draw.moment], draw.offset, _phase(outcome)))
    disk = outcome.on_disk + (", another run: %s" % outcome.put_right if outcome.put_right else "")
    words.append("| %s now=%s disk=%s boot=%s" % (outcome.status, outcome.now, disk, outcome.booted))
    wrong = complaints(outcome)
    words.append("WRONG: " + "; ".join(wrong) if wrong else "ok")
    return " ".join(words) + " (%.0f s)" % outcome.seconds


def _phase(outcome: Outcome) -> str:
    """What the run was doing when the fault came."""
    assert outcome.phase
    words = outcome.phase.name
    if outcome.phase.name == IN_TRIAL:
        words = "in the trial, %.1f s left" % outcome.phase.left
    elif outcome.phase.name == KEPT and outcome.phase.after_keep is not None:
        words = "%.2f s after the keep" % outcome.phase.after_keep
    return words + (", module at work" if outcome.phase.busy else "")


def table(campaign: Campaign, outcomes: Sequence[Outcome], today: datetime.date) -> str:
    """The result, as reStructuredText that the guide of the campaign has."""
    wrong = sum(bool(complaints(outcome)) for outcome in outcomes)
    kinds = [NO_FAULT, *draws.FAULTS[campaign.what]]
    what = campaign.what
    rows = [_row(what, kind, [outcome for outcome in outcomes if outcome.draw.fault == kind]) for kind in kinds]
    rows.append(_row(what, "together", outcomes))
    text = ["%d runs with seed %d and trials of %d s, on %s: %s. %s"
            % (len(outcomes), campaign.seed, campaign.confirm, today,
               ", ".join("%s %s" % pair for pair in campaign.versions.items()), _sides(outcomes)),
            "", "**%s**" % _judgement(what, outcomes, wrong), "", ".. list-table::", "   :header-rows: 1", ""]
    for row in [COLUMNS[what], *rows]:
        text += ["   %s - %s" % (" " if number else "*", cell) for number, cell in enumerate(row)]
    return "\n".join(text) + "\n"


def _judgement(what: str, outcomes: Sequence[Outcome], wrong: int) -> str:
    """The three numbers that a campaign is for."""
    unreachable = sum(not outcome.reachable for outcome in outcomes)
    lost = sum(bool(outcome.lost) for outcome in outcomes)
    others = sum(bool(complaints(outcome)) and outcome.reachable and not outcome.lost for outcome in outcomes)
    return ("%d hosts could not be reached when the trial was over, %d lost %s, and on %d %s did not agree: %d wrong."
            % (unreachable, lost, LOST[what], others, AGREED[what], wrong))


def _sides(outcomes: Sequence[Outcome]) -> str:
    """How many runs had what beside the fault."""
    counts = collections.Counter(word for outcome in outcomes for word in _sides_of(outcome.draw))
    return "Of these, %s." % ", ".join("%d %s" % (counts[word], word) for word in sorted(counts))


def _sides_of(draw: Draw) -> list[str]:
    """What a run had beside the fault."""
    words = [draw.release, "as " + draw.user]
    if draw.what == CLOSE:
        return [*words, "with " + draw.setting, "with a %s stop" % draw.new]
    return [*words, "beside " + draw.setting, draw.new + " new rules",
            "with old rules" if draw.before == draws.OLD else "without old rules"]


def _row(what: str, name: str, outcomes: Sequence[Outcome]) -> list[str]:
    """One line of the table."""
    statuses = collections.Counter(outcome.status for outcome in outcomes)
    answers = [statuses[status] for status in ENDS[what].values()]
    counts = [len(outcomes), sum(map(met_trial, outcomes)), sum(map(around_the_keep, outcomes)), *answers,
              len(outcomes) - sum(answers), sum(bool(complaints(outcome)) for outcome in outcomes)]
    return [name, *map(str, counts)]
