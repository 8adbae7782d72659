# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a run ended as it has to, and whether a campaign has shown anything. Knows no hosts."""

import collections
from typing import NamedTuple, Sequence

import draws
from draws import CLOSE, CUTTING, FILTER, GOOD, KEEP, NO_FAULT, NONE, REFUSED, SWITCHED_OFF, Draw

# Where a run is. The trial is met by whoever comes in `trial` alone.
BEFORE, IN_TRIAL, LOADED, KEPT, OVER = (
    "before the trial", "trial", "between the last two steps", "kept", "after the trial")

STATUSES = ("kept", "reverted", "refused", "busy", "failed", "unreachable", "killed", "hung")
AS_BEFORE = ("reverted", "refused", "unchanged", "busy")  # whoever says so says that the host is as it was
# How a run ends in which nothing goes wrong, by its change, and the code of one that is refused. To stop a listener of
# those that Ansible needs is no fault of the task: it is left.
ENDS = {FILTER: {GOOD: "kept", CUTTING: "reverted", REFUSED: "refused"},
        CLOSE: {GOOD: "kept", CUTTING: "reverted", REFUSED: "unchanged"}}
CODES = {FILTER: "own_connection", CLOSE: "in_use"}
# Faults by which the last step of a keep may be missing: the kernel has the new rules, a boot loads the old ones; or
# units are stopped, and a boot starts them
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
    :ivar now: the change that the host has: rules that packets meet, or units that are stopped
    :ivar on_disk: the one that a boot is to give it: the file of rules, or units that are disabled
    :ivar put_right: the one that a boot was to give it after another run; None where the run had come to its end
    :ivar booted: the one that it has after a boot
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
    now: str
    on_disk: str
    put_right: str | None
    booted: str
    lost: tuple[str, ...]
    quiet: bool
    seconds: float


def complaints(outcome: Outcome) -> list[str]:
    """What is wrong with how a run ended: list of str, empty if it is as it has to be."""
    return [*_reached(outcome), *_state(outcome), *_answer(outcome), *outcome.lost]


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


def _state(outcome: Outcome) -> list[str]:
    """Whether a host, its disk and a boot have a change that they may have, and the same."""
    draw, flushed = outcome.draw, outcome.draw.fault == "rules flushed"
    allowed = {draw.before} | ({GOOD} if draw.new == GOOD else set())
    wrong = []
    if outcome.now not in allowed | ({NONE} if flushed else set()):
        wrong.append("the host has what nobody confirmed: %s" % outcome.now)
    if outcome.on_disk not in allowed:
        wrong.append("its disk has what nobody confirmed: %s" % outcome.on_disk)
    if outcome.now != outcome.on_disk and not flushed and not _half_kept(outcome):
        wrong.append("the host has the change %s, its disk has %s" % (outcome.now, outcome.on_disk))
    if outcome.put_right not in (None, outcome.now):
        wrong.append("another run leaves the disk with %s" % outcome.put_right)
    if outcome.booted != (outcome.put_right or outcome.on_disk):
        wrong.append("a boot gives the change %s, the disk has %s" % (outcome.booted,
                                                                      outcome.put_right or outcome.on_disk))
    return wrong


def is_half(now: str, on_disk: str, draw: Draw) -> bool:
    """Whether a host has the change of a run, which a login has confirmed, and its disk has that of before."""
    return (now, on_disk) == (GOOD, draw.before) and draw.new == GOOD


def _half_kept(outcome: Outcome) -> bool:
    """Whether a run was ended between the two last steps."""
    return (outcome.draw.fault in ENDS_A_MODULE and outcome.phase is not None and outcome.phase.name == LOADED
            and is_half(outcome.now, outcome.on_disk, outcome.draw) and outcome.put_right is not None)


def _answer(outcome: Outcome) -> list[str]:
    """Whether what the controller said is so, and whether it is what it had to say."""
    draw, flushed = outcome.draw, outcome.draw.fault == "rules flushed"
    wrong = []
    if outcome.status not in (*STATUSES, ENDS[draw.what][REFUSED]):
        wrong.append("the answer is %s" % outcome.status)
    if outcome.status == "kept" and (outcome.on_disk != GOOD or outcome.now != GOOD and not flushed):
        wrong.append("kept, says the controller, and the host is not changed")
    if outcome.status in AS_BEFORE and (outcome.on_disk != draw.before or outcome.now != draw.before and not flushed):
        wrong.append("%s, says the controller, and the host is not as it was" % outcome.status)
    if draw.new == REFUSED and outcome.status in ("kept", "reverted"):
        wrong.append("what cuts whoever asks for it was tried")
    if draw.fault == NO_FAULT:
        expected = ENDS[draw.what][draw.new]
        if outcome.status != expected:
            wrong.append("nothing went wrong, and the change %s is %s, not %s" % (draw.new, outcome.status, expected))
        if draw.new == REFUSED and outcome.code != CODES[draw.what]:
            wrong.append("refused as %s" % (outcome.code or "nothing"))
    early = outcome.phase is not None and outcome.phase.name in (BEFORE, IN_TRIAL) and not outcome.phase.busy
    if draw.fault == "sudo broken" and early and outcome.on_disk == GOOD:
        wrong.append("kept by a login that cannot become root")
    return wrong


def met_trial(outcome: Outcome) -> bool:
    """Whether the fault came while the trial of the run was live."""
    return outcome.phase is not None and outcome.phase.name == IN_TRIAL


def around_the_keep(outcome: Outcome) -> bool:
    """Whether the host went down within the second before or after the keep."""
    return (outcome.draw.fault in SWITCHED_OFF and outcome.draw.moment == KEEP and outcome.gap is not None
            and abs(outcome.gap) <= WITHIN_A_SECOND)


def unproven(what: str, outcomes: Sequence[Outcome]) -> list[str]:
    """What a campaign has not shown, though it is long enough: list of str, empty if all was shown.

    :param what: it changes
    """
    if len(outcomes) < len(draws.DECKS[what]):
        return []
    least = max(1, len(outcomes) // AT_LEAST_OF)
    met = collections.Counter(outcome.draw.fault for outcome in outcomes if met_trial(outcome))
    missing = ["the fault \"%s\" met %d live trials, not %d" % (fault, met[fault], least)
               for fault in draws.FAULTS[what] if met[fault] < least]
    ends = collections.Counter((outcome.draw.new, outcome.status) for outcome in outcomes
                               if outcome.draw.fault == NO_FAULT)
    for end in ENDS[what].items():
        if ends[end] < least:
            missing.append("%d runs without a fault had the change %s and were %s, not %d" % (ends[end], *end, least))
    downs = sum(around_the_keep(outcome) for outcome in outcomes)
    if downs < least:
        missing.append("%d hosts went down within a second of the keep, not %d" % (downs, least))
    return missing
