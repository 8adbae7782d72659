# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers and URLs in what netsh prints, whatever language it speaks.

No word is read: Windows has no documented function for any of this, and what netsh calls it is translated. What does
not look as expected in every language is not read at all, which is not the same as to find nothing: a message of an
error is text too.

Which program is behind a URL is told by a text that has names in it which programs choose, those of queues. A name
cannot pass for a process: lines with names begin as the first line of each queue does, and are known by that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

Span = tuple[int, int]

_LAST_PORT = 65535
_LAST_PID = 2 ** 32 - 1
_RULED = re.compile(r'^[ \t]*-{4,}[ \t]+-{4,}[ \t]*$', re.MULTILINE)
_RANGE = re.compile(r'^[ \t]*([0-9]{1,5})[ \t]+([0-9]{1,5})[ \t]*(\*?)[ \t]*$', re.MULTILINE)
_NUMBER_AT_END = re.compile(r':[ \t]*([0-9]{1,10})[ \t]*$', re.MULTILINE)

_UNDERLINE = re.compile(r'[ \t]*-{8,}[ \t]*')
_VERSION = re.compile(r'[^:]*:[ \t]*[0-9]{1,3}\.[0-9]{1,3}[ \t]*')
_SESSION = re.compile(r'[0-9A-Fa-f]{16}')
_PID = re.compile(r'[ \t]*([0-9]{1,10})[ \t]*')
_PID_AND_IMAGE = re.compile(r'[^:,]*:[ \t]*([0-9]{1,10})[ \t]*,[^:]*:.*')
_URL = re.compile(r'(https?)://(?:\[[^\]\s]*\]|[^:/\s\[]+):([0-9]{1,5})(?::[^/\s]*)?(/\S*)', re.IGNORECASE | re.ASCII)
_PLAIN = str.maketrans({'\uff1a': ':', '\uff0c': ',', '\r': None})       # what East Asian languages have for them


class Excluded(NamedTuple):
    """Ranges of ports that no program is given by itself.

    :ivar administered: those that somebody has excluded. :ivar others: those that Windows has, where no program can
        listen, but the one that has them.
    """

    administered: Sequence[Span]
    others: Sequence[Span]


class Url(NamedTuple):
    """A URL that http.sys answers. :ivar https: whether it is encrypted. :ivar path: such as ``/WSMAN/``."""

    https: bool
    port: int
    path: str


class Attached(NamedTuple):
    """A process that takes requests out of a queue.

    :ivar words: what netsh says of it beside, such as names of services, without the labels.
    """

    pid: int
    words: Sequence[str]


class Queue(NamedTuple):
    """A queue of requests of http.sys.

    :ivar processes: those that are attached. :ivar controller: the pid of the one that starts others; None for none.
    :ivar known: whether the URLs surely are those of this queue.
    """

    urls: Sequence[Url]
    processes: Sequence[Attached]
    controller: int | None
    known: bool


def excluded(text: str) -> Excluded | None:
    """Read ``netsh int ipv4 show excludedportrange``: rows of two numbers, the administered ones with an asterisk.

    :returns: None where that is not such a table; one without rows has its rules all the same.
    """
    text = text.translate(_PLAIN)
    if not _RULED.search(text):
        return None
    spans: dict[bool, list[Span]] = {True: [], False: []}
    for first, last, mark in _RANGE.findall(text):
        low, high = int(first), int(last)
        if not low <= high <= _LAST_PORT:
            return None
        spans[bool(mark)].append((low, high))
    return Excluded(spans[True], spans[False])


def dynamic(text: str) -> Span | None:
    """Read ``netsh int ipv4 show dynamicport``, the first port and how many there are: the first and the last port.

    :returns: None where it is not two such numbers.
    """
    numbers = [int(number) for number in _NUMBER_AT_END.findall(text.translate(_PLAIN))]
    if len(numbers) != 2 or not numbers[0] or not numbers[1]:
        return None
    first, last = numbers[0], numbers[0] + numbers[1] - 1
    return (first, last) if last <= _LAST_PORT else None


def queues(text: str) -> list[Queue] | None:
    """Read ``netsh http show servicestate view=requestq``.

    A queue begins with its name, and the version of its interface below. Then come processes, as numbers alone
    (until Windows Server 2012 R2) or with their images, and then URLs.

    :returns: None where it is not such a text, or one that contradicts itself.
    """
    lines = text.translate(_PLAIN).split('\n')      # and at nothing else: a name may have other ends of lines in it
    start = next((number for number, line in enumerate(lines) if _UNDERLINE.fullmatch(line)), None)
    if start is None:
        return None
    lines = lines[start + 1:]
    heads = {number for number, line in enumerate(lines[1:]) if _VERSION.fullmatch(line) and ':' in lines[number]}
    label = next((_label(lines[number]) for number in sorted(heads) if not _is_session(lines[number])), None)
    block = _Block(known=False)
    found = [block]
    for number, line in enumerate(lines):
        if label is not None and _label(line) == label:     # a name, which may look like anything
            if number in heads:
                block = _Block(known=True)
                found.append(block)
        elif not block.take(line):
            return None
    return [block.queue() for block in found if block.urls or block.processes]


def _label(line: str) -> str:
    return line.partition(':')[0].strip()


def _is_session(line: str) -> bool:
    """Whether a line names a session or a group of URLs, which have a version too, by its number."""
    return bool(_SESSION.fullmatch(line.partition(':')[2].strip()))


class _Block:
    """The lines of one queue."""

    def __init__(self, known: bool) -> None:
        self._known = known
        self.urls: list[Url] = []
        self.processes: list[tuple[int, list[str]]] = []
        self._numbers: list[int] = []       # after a label, before the first heading
        self._is_headed = False

    def take(self, line: str) -> bool:
        """Read one line; False where there is a process after URLs, which belongs to another queue."""
        url = _URL.search(line)
        if url:
            port = int(url[2])
            if port <= _LAST_PORT:
                self.urls.append(Url(url[1].lower() == 'https', port, url[3]))
            return True
        pid = _PID.fullmatch(line) or _PID_AND_IMAGE.fullmatch(line)
        if pid:
            if self.urls or int(pid[1]) > _LAST_PID:
                return False
            self.processes.append((int(pid[1]), []))
        elif ':' in line and not self.urls:
            self._note(line.partition(':')[2].strip())
        return True

    def _note(self, value: str) -> None:
        self._is_headed = self._is_headed or not value
        if not self._is_headed:
            if value.isascii() and value.isdigit() and len(value) <= 10:
                self._numbers.append(int(value))
        elif value and self.processes:
            self.processes[-1][1].extend(word.strip() for word in value.split(','))

    def queue(self) -> Queue:
        """Return the queue that these lines are of."""
        return Queue(self.urls, [Attached(*process) for process in self.processes], self._controller(), self._known)

    def _controller(self) -> int | None:
        """Find the process that starts others: its number follows that which counts the processes."""
        count = len(self.processes)
        last = self._numbers[-2:]
        return last[1] if len(last) == 2 and last[0] == count and last[1] > max(count, 4) else None


def by_port(found: Sequence[Queue]) -> Mapping[tuple[str, int], list[Queue]]:
    """Return the queues behind each port of TCP; those of HTTPS answer on that port of UDP too, by HTTP/3."""
    ports: dict[tuple[str, int], list[Queue]] = {}
    for queue in found:
        for protocol, port in {('tcp', url.port) for url in queue.urls} | {
                ('udp', url.port) for url in queue.urls if url.https}:
            ports.setdefault((protocol, port), []).append(queue)
    return ports
