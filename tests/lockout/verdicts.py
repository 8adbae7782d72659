# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a run ended as it has to, and whether a campaign has shown anything. Knows no hosts."""

import collections
from typing import NamedTuple, Sequence

import draws
from draws import CUTTING, GOOD, KEEP, NO_FAULT, NONE, REFUSED, SWITCHED_OFF, Draw

# Where a run is. The trial is met by whoever comes in `trial` alone.
BEFORE, IN_TRIAL, LOADED, KEPT, OVER = "before the trial", "trial", "between load and rename", "kept", "after the trial"

STATUSES = ("kept", "reverted", "refused", "busy", "failed", "unreachable", "killed", "hung")
AS_BEFORE = ("reverted", "refused", "busy")  # whoever says so says that the rules are what they were
# Faults by which the last step of a keep may be missing: the kernel has the new rules, a boot loads the old ones
ENDS_A_MODULE = ("module killed", "controller killed", "link cut")
WITHIN_A_SECOND = 1.0
AT_LEAST_OF = 50  # runs, for each of which every fault has to have met one trial


class Phase(NamedTuple):
    """Where a run was when its fault came.

    :ivar left: seconds that the trial had left
    :ivar busy: whether a module, or sudo for one, was running
    :ivar after_keep: seconds since the keep, or None where nothing was kept until then
    """

    name: str
    left: float = 0
    busy: bool = False
    after_keep: float | None = None


class Outcome(NamedTuple):
    """What was seen of one run.

    :ivar phase: what the run was doing when the fault came; None where nothing was to go wrong
    :ivar gap: seconds from the keep to the fault, as seen or, if the fault came first, as it was to be expected
    :ivar reachable: whether a new login succeeded when the trial was over, with the damage of the fault still there
    :ivar root: whether whoever logs in becomes root, once that damage was mended
    :ivar kernel: the rules that packets met
    :ivar file: those in the file that a boot loads
    :ivar booted: those that packets met after a boot
    :ivar lost: what others had in the kernel, and lost, sentences
    :ivar quiet: whether no trial and no module was left
    """

    draw: Draw
    phase: Phase | None
    gap: float | None
    status: str
    code: str
    reachable: bool
    root: bool
    kernel: str
    file: str
    booted: str
    lost: tuple[str, ...]
    quiet: bool
    seconds: float


def complaints(outcome: Outcome) -> list[str]:
    """What is wrong with how a run ended: list of str, empty if it is as it has to be."""
    return [*_reached(outcome), *_rules(outcome), *_answer(outcome), *outcome.lost]


def _reached(outcome: Outcome) -> list[str]:
    """Whether the host let in whoever it has to let in."""
    wrong = []
    if not outcome.quiet:
        wrong.append("a trial or a module did not end")
    if not outcome.reachable:
        wrong.append("nobody can log in, though the trial is over")
    if not outcome.root:
        wrong.append("whoever logs in cannot become root")
    return wrong


def _rules(outcome: Outcome) -> list[str]:
    """Whether kernel, file and boot have rules that they may have, and the same."""
    draw, flushed = outcome.draw, outcome.draw.fault == "rules flushed"
    allowed = {draw.before} | ({GOOD} if draw.new == GOOD else set())
    wrong = []
    if outcome.kernel not in allowed | ({NONE} if flushed else set()):
        wrong.append("packets meet rules that nobody confirmed: %s" % outcome.kernel)
    if outcome.file not in allowed:
        wrong.append("the file has rules that nobody confirmed: %s" % outcome.file)
    if outcome.kernel != outcome.file and not flushed and not _half_kept(outcome):
        wrong.append("the kernel has the rules %s, the file has %s" % (outcome.kernel, outcome.file))
    if outcome.booted != outcome.file:
        wrong.append("a boot gives the rules %s, the file has %s" % (outcome.booted, outcome.file))
    return wrong


def _half_kept(outcome: Outcome) -> bool:
    """Whether a run was ended between the two last steps, and its rules are loaded, and not yet written."""
    return (outcome.draw.fault in ENDS_A_MODULE and outcome.phase is not None and outcome.phase.name == LOADED
            and outcome.kernel == GOOD and outcome.file == outcome.draw.before)


def _answer(outcome: Outcome) -> list[str]:
    """Whether what the controller said is so, and whether it is what it had to say."""
    draw, flushed = outcome.draw, outcome.draw.fault == "rules flushed"
    wrong = []
    if outcome.status not in STATUSES:
        wrong.append("the answer is %s" % outcome.status)
    if outcome.status == "kept" and (outcome.file != GOOD or outcome.kernel != GOOD and not flushed):
        wrong.append("kept, says the controller, and the new rules are not there")
    if outcome.status in AS_BEFORE and (outcome.file != draw.before or outcome.kernel != draw.before and not flushed):
        wrong.append("%s, says the controller, and the rules are not what they were" % outcome.status)
    if draw.new == REFUSED and outcome.status in ("kept", "reverted"):
        wrong.append("rules that cut whoever asks for them were tried")
    if draw.fault == NO_FAULT:
        expected = {GOOD: "kept", CUTTING: "reverted", REFUSED: "refused"}[draw.new]
        if outcome.status != expected:
            wrong.append("nothing went wrong, and the rules %s are %s, not %s" % (draw.new, outcome.status, expected))
        if draw.new == REFUSED and outcome.code != "own_connection":
            wrong.append("refused as %s" % (outcome.code or "nothing"))
    early = outcome.phase is not None and outcome.phase.name in (BEFORE, IN_TRIAL) and not outcome.phase.busy
    if draw.fault == "sudo broken" and early and outcome.file == GOOD:
        wrong.append("kept by a login that cannot become root")
    return wrong


def met_trial(outcome: Outcome) -> bool:
    """Whether the fault came while the trial of the run was live."""
    return outcome.phase is not None and outcome.phase.name == IN_TRIAL


def around_the_keep(outcome: Outcome) -> bool:
    """Whether the host went down within the second before or after the keep."""
    return (outcome.draw.fault in SWITCHED_OFF and outcome.draw.moment == KEEP and outcome.gap is not None
            and abs(outcome.gap) <= WITHIN_A_SECOND)


def unproven(outcomes: Sequence[Outcome]) -> list[str]:
    """What a campaign has not shown, though it is long enough: list of str, empty if all was shown."""
    if len(outcomes) < len(draws.DECK):
        return []
    least = max(1, len(outcomes) // AT_LEAST_OF)
    met = collections.Counter(outcome.draw.fault for outcome in outcomes if met_trial(outcome))
    missing = ["the fault \"%s\" met %d live trials, not %d" % (fault, met[fault], least)
               for fault in draws.FAULTS if met[fault] < least]
    ends = collections.Counter((outcome.draw.new, outcome.status) for outcome in outcomes
                               if outcome.draw.fault == NO_FAULT)
    for end in ((GOOD, "kept"), (CUTTING, "reverted"), (REFUSED, "refused")):
        if ends[end] < least:
            missing.append("%d runs without a fault had the rules %s and were %s, not %d" % (ends[end], *end, least))
    downs = sum(around_the_keep(outcome) for outcome in outcomes)
    if downs < least:
        missing.append("%d hosts went down within a second of the keep, not %d" % (downs, least))
    return missing
