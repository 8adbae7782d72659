# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with many kinds of listeners, and all that may be wrong with what it sends."""

import copy
import json

from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener, owner

EXPOSURE = {
    'verdict': 'partly', 'level': 'private', 'allowed': ['10.0.0.0/8'], 'decided_by': 'nftables', 'blocked_by': None,
    'undecided': [], 'caveats': [], 'paths': [{
        'family': 'ipv4', 'interfaces': ['eth0'], 'verdict': 'partly', 'allowed': ['10.0.0.0/8'], 'undecided': [],
        'decided_by': 'nftables', 'blocked_by': None, 'caveats': [], 'addresses': ['192.0.2.1']}]}
RESOURCES = {'cpu_seconds': 1.5, 'rss_bytes': 4096, 'threads': 1, 'open_files': None}
HOST = facts(
    listener(exposure=EXPOSURE, connections={'established': 2}, backlog={'pending': 0, 'limit': 128}),
    listener(port=80, address='192.0.2.1', scope='global', owners=[owner(pid=1), owner(pid=7, resources=RESOURCES)]),
    listener(protocol='udp', port=40000, ephemeral=True, backlog=None),
    listener(family='ipv6', address='fe80::1', scope='link', interface='eth0', port=546, owners=[]),
    listener(namespace='web', port=8080),
)
# Values to put in the place of others: what is right elsewhere, what Python takes for the same, and nonsense.
ODD = [None, True, False, 0, 1, 1.0, -1, 22, 22.0, 2 ** 70, '', 'x', '\ud800', 'x' * 20001, [], {}, [{}],
       {'x': 1}, [[]], '2026-11-20T10:00:00Z', 'tcp', 'udp', 'ipv4', 'any', '0.0.0.0', '192.0.2.2', 'fe80::2%eth0']
# What is put into texts.
PIECES = ['"', '\\', '{', '}', '[', ']', ',', ':', ' ', '0', '1', '-', '.', 'e', '\n', '\0', 'ä', '\\u0031',
          '"pid":', '"pid":1,', '"started":"', '"address":"1.2.3.4",', '},{"id":"', '"id":"x",', '],"forwarded":',
          '"port":', '"listeners":[{"id":"', 'NaN', 'null', '9021174463507218',
          '{"listeners":[{"id":"x"}],"forwarded":[]},', '","protocol":"', '","address":"', '","port":', '"protocol":']


def sent(given):
    """The same, as JSON brings it."""
    return json.loads(json.dumps(given))


def leaves(value, path=()):
    """The paths to all values inside of another one."""
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from leaves(part, (*path, key))


def with_change(path, change):
    """The listeners of the host, after one change in what has this path."""
    made = sent(HOST)
    place = made['listeners']
    for step in path[:-1]:
        place = place[step]
    change(place, path[-1])
    return made


def changes():
    """All that may be wrong with one value: it is another one, it is not there, and something else is there, too."""
    for path in leaves(HOST['listeners']):
        for odd in ODD:
            yield path, with_change(path, lambda place, key, odd=odd: place.__setitem__(key, copy.deepcopy(odd)))
        yield path, with_change(path, lambda place, key: place.pop(key))
        yield path, with_change(
            path, lambda place, key: place.update(unknown=1) if isinstance(place, dict) else place.append(1))
        # the same value at another place: as the last key, or once more
        yield path, with_change(path, lambda place, key: place.__setitem__(key, place.pop(key)) if isinstance(
            place, dict) else place.append(copy.deepcopy(place[key])))


def text_of(given):
    """A record with these facts, as it is written."""
    return json.dumps({'facts': given, 'judgement': None}, separators=(',', ':')).encode('ascii')


def spoiled(chance):
    """The text of the record, with something put into it somewhere, or in the place of some characters."""
    whole = text_of(HOST).decode()
    at = chance.randrange(len(whole))
    cut = chance.choice((0, 0, 1, 1, 2, 9))
    return (whole[:at] + chance.choice(PIECES) + whole[at + cut:]).encode()
