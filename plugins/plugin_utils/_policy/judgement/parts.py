# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a finding consists of, kind by kind: fields and no sentence. ``message`` makes that of them when somebody wants
to read it.

Parts are what JSON knows, so that a record can keep them. Text in them is what the host, or the declaration, has
written, as much of it as is shown: not for a terminal as it is. Lists hold the first elements, and say how many there
were.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from ..._harmless.terminal import cut_short
from ..._listener import Excerpt
from ..._shape import System, Unit
from ..._words import Several

if TYPE_CHECKING:
    from ..declaration.entry import Condition

# Those of any kind: one of the classes below, from Forbidden on, to which a finding adds Additions.
Parts = Mapping[str, Any]

MANY = 100          # elements of lists of which all are shown
LIMITS = ('only_from', 'clients', 'via')
REQUIRED, EXPIRED = NOTES = 'required', 'waiver_expired'
# What may be an address in the text of a host: no network, and no piece of a longer name.
_ADDRESS = re.compile(
    r'(?<![\w.:/-])(\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:.]*[0-9a-fA-F])(?:%[\w.-]*\w)?(?!\.?\w|/)'
)


class Text(TypedDict):
    """Text of a host, in pieces: every other one, from the second on, is an address of the host itself."""

    pieces: list[str]


class Place(TypedDict):
    """An entry, and the variable that declares it."""

    entry: str
    variable: str | None


class Limit(Place):
    """What an entry limits: ``only_from``, ``clients`` or ``via``, and to what."""

    limit: str                  # of LIMITS
    words: Several              # of str


class Ensured(Place):
    """What an entry ensures."""

    expression: str


class Forbidden(TypedDict):
    """What must not listen, and does."""

    listener: Excerpt
    entries: Several            # of Place
    ports: list[str]
    reason: str | None


class Unexpected(TypedDict):
    """What listens, and nothing declares it."""

    listener: Excerpt
    dubious: str | None         # of DUBIOUS in defaults
    blocked: bool               # whether the firewall keeps everybody out


class UnexpectedGroup(TypedDict):
    """Several unexpected listeners in one finding."""

    group: str                  # loopback or ephemeral
    process: str | None
    listeners: Several          # of Excerpt


class WrongOwner(TypedDict):
    """What an owner has that an entry expects another one to have."""

    listener: Excerpt
    entries: Several            # of Place
    who: Several                # of dict, option to what it says of the owner
    others: Excerpt | None      # those of its owners that are not, where some are


class WrongBind(TypedDict):
    """What is bound elsewhere than an entry expects."""

    listener: Excerpt
    entries: Several            # of Place
    where: Several              # of list of str, one of which is expected


class Overexposed(TypedDict):
    """What can be reached by others than entries mean."""

    listener: Excerpt
    limits: Several             # of Limit
    beyond: Several             # of str, networks or interfaces
    rule: Text | None


class Unhealthy(TypedDict):
    """What does not meet what entries ensure."""

    listener: Excerpt
    limits: Several             # of Ensured


class Port(TypedDict):
    """An item of an entry; ``one_of`` where one port of it is enough."""

    item: str
    one_of: bool


class Diagnosis(Unit):
    """A unit that should listen, as the host describes it.

    :ivar line: the one line of its log that says most. :ivar telling: whether that line reports a failure.
    """

    line: Text | None
    telling: bool


class Elsewhere(TypedDict):
    """A unit that listens, but not where it should."""

    unit: str
    listeners: Several          # of Excerpt


class Missing(Place):
    """What has to listen, and does not."""

    who: dict[str, str]
    where: list[str]
    ports: Several              # of Port
    need: int | None
    present: int                # how many of the ports are there
    in_the_way: Several         # of Excerpt
    diagnosis: Diagnosis | None
    elsewhere: Elsewhere | None
    forwards_unseen: bool       # whether it may be forwarded, and the firewall was not looked at
    set_aside: Several          # of str, those of its ports that Windows gives to no program


class Unreachable(Place):
    """What its clients cannot reach."""

    listener: Excerpt
    clients: Several            # of str
    blocked: Several            # of str, networks or families
    loopback: bool              # whether it is bound to loopback only
    rules: Several              # of Text


class Gap(TypedDict):
    """What could not be observed, as the facts describe it."""

    aspect: str
    code: str
    message: str
    hint: str | None


class Unknown(TypedDict):
    """What cannot be judged."""

    cause: str                  # of CAUSES in causes
    listener: Excerpt | None    # where it is about one listener alone
    listeners: Several          # of Excerpt
    entries: Several            # of str
    rest: bool                  # whether anything else may listen, too
    gap: Gap | None
    reasons: Several            # of str


class WaiverExpired(TypedDict):
    """A waiver that has ended, or soon will."""

    waiver: str
    variable: str | None
    owner: str | None
    expires: str
    days: int | None            # until then; None where it has expired


class Unused(TypedDict):
    """An entry or a waiver that nothing met on any host."""

    label: str
    variable: str | None
    hosts: int


class Note(TypedDict):
    """What is added: that an entry requires what is wrong (REQUIRED), or that a waiver of it has ended (EXPIRED)."""

    note: str
    waiver: str | None
    expires: str | None


class Also(TypedDict):
    """Another listener that a finding is about; ``together`` if the same processes own it."""

    listener: Excerpt
    together: bool


class OnWindows(TypedDict):
    """What findings of a Windows host have besides whose advice is of the system, and not of a listener."""

    platform: str               # windows


class Additions(TypedDict):
    """What findings of all kinds may have.

    :ivar needed: the entries that would not be met any more if what serves the listener were stopped. Records of
        earlier versions lack it.
    """

    notes: list[Note]
    also: Several               # of Also
    needed: Several             # of Place


def line(text: str, most: int) -> str:
    """Keep of a text what ``sentence`` shows of it."""
    return cut_short(' '.join(text.split()), most)


def place(entry: 'Condition') -> Place:
    """Name an entry, and the variable that declares it."""
    return {
        'entry': cut_short(entry.label, 200),
        'variable': cut_short(entry.variable, 200) if entry.variable else None,
    }


def who(entry: 'Condition') -> dict[str, str]:
    """What an entry says of the owner, by option."""
    return {option: cut_short(text, 200) for option, text in entry.who.items()}


def listed(words: Sequence[str], most: int) -> list[str]:
    """Keep the first words of a list that is not counted."""
    return [cut_short(word, most) for word in words[:MANY]]


class Own:
    """The addresses of a host: what its texts have that the next host says otherwise.

    :param system: what the facts have of the host.
    """

    def __init__(self, system: System) -> None:
        self._system = system
        self._addresses: frozenset[str] | None = None

    def text(self, words: str, most: int) -> Text:
        """Keep of a text of the host what is shown, in pieces: parted at the addresses of the host."""
        if self._addresses is None:
            # such as 10.0.0.5/24 and fe80::1%eth0/64
            addresses = {re.split('[%/]', text, maxsplit=1)[0] for text in self._system.get('local_addresses') or ()}
            self._addresses = frozenset(
                address for address in addresses if not address.startswith('127.') and address != '::1'
            )
        words, pieces, end = cut_short(words, most), [], 0
        for candidate in _ADDRESS.finditer(words):
            if candidate.group(1) in self._addresses:
                pieces += [words[end:candidate.start()], candidate.group()]
                end = candidate.end()
        return {'pieces': [*pieces, words[end:]]}
