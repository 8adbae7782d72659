# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lines and the table of a campaign. Knows no hosts."""

import collections
import datetime
from typing import Mapping, NamedTuple, Sequence

import draws
from draws import ANY, KEEP, NO_FAULT, TRIAL
from verdicts import IN_TRIAL, KEPT, Outcome, around_the_keep, complaints, met_trial

MOMENTS = {ANY: "start", TRIAL: "trial", KEEP: "keep"}
COLUMNS = ("What went wrong", "Runs", "met a live trial", "within a second of the keep", "kept", "reverted",
           "refused", "without an answer", "wrong")


class Campaign(NamedTuple):
    """What a campaign was made with.

    :ivar versions: {what: version}
    """

    seed: int
    confirm: int
    versions: Mapping[str, str]


def line(outcome: Outcome, seed: int) -> str:
    """All of one run in one line."""
    draw = outcome.draw
    words = ["%3d seed %d" % (draw.number, seed), "%-8s" % draw.release, "%-9s" % draw.neighbour, "%-7s" % draw.user,
             "%-4s -> %-7s" % (draw.before, draw.new), "%-17s" % draw.fault]
    if outcome.phase:
        words.append("%s%+.2f s: %s" % (MOMENTS[draw.moment], draw.offset, _phase(outcome)))
    words.append("| %s kernel=%s file=%s boot=%s" % (outcome.status, outcome.kernel, outcome.file, outcome.booted))
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
    kinds = [NO_FAULT, *draws.FAULTS]
    rows = [_row(kind, [outcome for outcome in outcomes if outcome.draw.fault == kind]) for kind in kinds]
    rows.append(_row("together", outcomes))
    text = ["%d runs with seed %d and trials of %d s, on %s: %s. %s"
            % (len(outcomes), campaign.seed, campaign.confirm, today,
               ", ".join("%s %s" % pair for pair in campaign.versions.items()), _sides(outcomes)),
            "", "**%s**" % _judgement(outcomes, wrong), "", ".. list-table::", "   :header-rows: 1", ""]
    for row in [COLUMNS, *rows]:
        text += ["   %s - %s" % (" " if number else "*", cell) for number, cell in enumerate(row)]
    return "\n".join(text) + "\n"


def _judgement(outcomes: Sequence[Outcome], wrong: int) -> str:
    """The three numbers that a campaign is for."""
    unreachable = sum(not outcome.reachable for outcome in outcomes)
    lost = sum(bool(outcome.lost) for outcome in outcomes)
    others = sum(bool(complaints(outcome)) and outcome.reachable and not outcome.lost for outcome in outcomes)
    return ("%d hosts could not be reached when the trial was over, %d lost rules of others, and on %d kernel, file, "
            "boot and answer did not agree: %d wrong." % (unreachable, lost, others, wrong))


def _sides(outcomes: Sequence[Outcome]) -> str:
    """How many runs had what beside the fault."""
    counts = collections.Counter(word for outcome in outcomes for word in (
        outcome.draw.release, "beside " + outcome.draw.neighbour, "as " + outcome.draw.user,
        "with old rules" if outcome.draw.before == draws.OLD else "without old rules", outcome.draw.new + " new rules"))
    return "Of these, %s." % ", ".join("%d %s" % (counts[word], word) for word in sorted(counts))


def _row(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    """One line of the table."""
    statuses = collections.Counter(outcome.status for outcome in outcomes)
    answers = [statuses[status] for status in ("kept", "reverted", "refused")]
    counts = [len(outcomes), sum(map(met_trial, outcomes)), sum(map(around_the_keep, outcomes)), *answers,
              len(outcomes) - sum(answers), sum(bool(complaints(outcome)) for outcome in outcomes)]
    return [name, *map(str, counts)]
