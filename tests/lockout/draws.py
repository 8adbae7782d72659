# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each run of a campaign tries: all of it follows from a seed and the number of the run."""

import random
from typing import NamedTuple

RELEASES = ("trixie", "bookworm", "bullseye")
# What is changed, in a campaign of its own: rules of the firewall, see filtering.py, or units that are stopped, see
# closing.py
FILTER, CLOSE = WHAT = ("filter", "close")
SETTINGS = {FILTER: ("nothing", "firewalld", "ufw"), CLOSE: ("a service", "a socket")}
USERS = ("root", "ansible")  # the second one becomes root by sudo

# The change before that of the run, and that of the run, by what it does
NONE, OLD = "none", "old"
DOWN = "down"  # a host without any
BEFORE = {FILTER: (NONE, OLD), CLOSE: (NONE,)}
GOOD, CUTTING, REFUSED = "good", "cutting", "refused"

# Faults: see faults.py
NO_FAULT = "none"
FAULTS = {
    FILTER: ("controller killed", "module killed", "link cut", "power cut", "reboot", "nft gone", "nft hangs",
             "disk full", "sshd restarted", "rules flushed", "sudo broken"),
    CLOSE: ("controller killed", "module killed", "link cut", "power cut", "reboot", "disk full", "sshd restarted",
            "systemd renewed", "sudo broken"),
}
SWITCHED_OFF = ("power cut", "reboot")

# When a fault strikes
ANY, TRIAL, KEEP = "any", "trial", "keep"

# One deck has every fault, some of them once more around a keep, and each kind of change without a fault: a fault, and
# the change and the moment where they are given
Card = tuple[str, str | None, str | None]
DECKS: dict[str, tuple[Card, ...]] = {what: (
    (NO_FAULT, GOOD, ANY), (NO_FAULT, CUTTING, ANY), (NO_FAULT, REFUSED, ANY),
    *((fault, None, None) for fault in FAULTS[what]),
    *((fault, GOOD, KEEP) for fault in ("module killed", *SWITCHED_OFF))) for what in WHAT}
LONGEST_START = 12.0  # seconds from the start of Ansible in which any moment may be drawn
AROUND_THE_KEEP = 0.5  # seconds before and after it


class Draw(NamedTuple):
    """What one run tries.

    :ivar what: is changed: filter or close
    :ivar number: of the run, from 0
    :ivar setting: what the host has: another firewall beside the rules, or the kind of unit that listens
    :ivar before: what was kept on the host before: none or old
    :ivar new: the change: good, cutting (those who log in anew) or refused (as it cuts whoever asks)
    :ivar moment: what the fault waits for: any (the start of Ansible), trial (its begin), keep
    :ivar offset: seconds after that; before it where it is negative
    """

    what: str
    number: int
    release: str
    setting: str
    user: str
    before: str
    new: str
    fault: str
    moment: str
    offset: float


def draw(what: str, seed: int, number: int, confirm: int) -> Draw:
    """The run of this number.

    :param what: is changed
    :param confirm: seconds that a trial lasts
    """
    deck_number, place = divmod(number, len(DECKS[what]))
    fault, fixed_new, fixed_moment = _deck(what, seed, deck_number)[place]
    rng = random.Random("run %d %d" % (seed, number))
    setting, before = rng.choice(SETTINGS[what]), rng.choice(BEFORE[what])
    user = "ansible" if fault == "sudo broken" else rng.choice(USERS)
    new = fixed_new or rng.choice((GOOD, GOOD, CUTTING))
    moment = fixed_moment or _moment(rng, new, first=deck_number == 0)
    if moment == ANY:
        offset = rng.uniform(0, LONGEST_START)
    elif moment == KEEP:
        offset = rng.uniform(-AROUND_THE_KEEP, AROUND_THE_KEEP)
    else:
        offset = rng.uniform(0, 0.7 if new == GOOD else confirm - 1.5)
    release = RELEASES[number % len(RELEASES)]
    return Draw(what, number, release, setting, user, before, new, fault, moment, round(offset, 2))


def again(drawn: Draw) -> Draw:
    """The same run with its fault earlier: what to try where the trial was over before its fault came."""
    return drawn._replace(offset=round(drawn.offset / 2, 2))


def has_to_meet_a_trial(drawn: Draw) -> bool:
    """Whether a run is there to show its fault in a trial, as each fault has one that is."""
    return drawn.number < len(DECKS[drawn.what]) and drawn.moment == TRIAL


def _deck(what: str, seed: int, number: int) -> list[Card]:
    """The cards of one deck, in their order."""
    deck = list(DECKS[what])
    random.Random("deck %d %d" % (seed, number)).shuffle(deck)
    return deck


def _moment(rng: random.Random, new: str, first: bool) -> str:
    """What the fault waits for. In the first deck that is a trial, so that few runs, too, show each fault in one."""
    if first:
        return TRIAL
    return rng.choices((ANY, TRIAL, KEEP if new == GOOD else TRIAL), (1, 3, 1))[0]  # nothing else is ever kept
