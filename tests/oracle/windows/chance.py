# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows hosts by chance: rules as descriptions and as text, settings, what listens, and what of it is not observed.

Programs, ports and addresses are few, so that rules meet what listens.
"""

import dataclasses
import random

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils._windows import model, names

PROGRAMS = ('c:\\app\\a.exe', 'c:\\app\\b.exe', 'c:\\windows\\system32\\svchost.exe', model.SYSTEM)
SERVICES = ('one', 'two')
FAMILIES = ('App_1', 'Other_1')                     # of packages
PACKAGES = tuple(map(names.package_sid, FAMILIES))
USERS = ('S-1-5-18', 'S-1-5-19', 'S-1-5-21-7-7-7-1001')
PORTS = (80, 135, 443, 49700)
GUIDS = ('{00000000-0000-0000-0000-000000000001}', '{00000000-0000-0000-0000-000000000002}')
KINDS = ('lan', 'wireless', 'remoteaccess')
VERSION = (10, 0, 17763)
CLIENTS = {4: tuple(iv.number('10.0.0.%d' % host) for host in range(8)) + (iv.number('203.0.113.9'),),
           6: tuple(iv.number('fd00::%d' % host) for host in range(8)) + (iv.number('2001:db8::9'),)}
SUBNET, SUBNETS, SERVERS = (4, 5), (4, 6), (2, 3)   # the first and the last of CLIENTS in them
HOST = {4: iv.number('192.0.2.1'), 6: iv.number('fd01::1')}
WORDS = ('RPC', 'RPC-EPMap', 'IPHTTPSIn', 'mDNS', 'Teredo', 'Ply2Disc', 'Later')
NEARBY = {'TTK2_22': 'WFDPrint', 'TTK': 'Proximity'}


@dataclasses.dataclass
class Rule:
    """What a rule says, as a description. Fields that are None or empty are not in its text.

    :ivar protocol: number, or ``tcp``, which is not understood.
    :ivar ports: numbers, (first, last), words of WORDS, or ``?``.
    :ivar remote: (family, (first, last) of CLIENTS or a word or ``?``). :ivar local: (family, is of the host).
    :ivar app: number in PROGRAMS; -1 a short name, -2 the same path on another drive.
    :ivar users: the trustees of an ACE that allows; ``?`` is what cannot be evaluated.
    :ivar strange: a part that is not known.
    """

    number: int
    store: str
    head: str
    action: str
    active: 'str | None'
    direction: 'str | None'
    protocol: 'int | str | None' = None
    ports: list = dataclasses.field(default_factory=list)
    remote: list = dataclasses.field(default_factory=list)
    local: list = dataclasses.field(default_factory=list)
    app: 'int | None' = None
    service: 'str | None' = None
    package: 'int | None' = None
    by_family: bool = False
    owner: 'str | None' = None
    users: 'str | None' = None
    profiles: list = dataclasses.field(default_factory=list)
    interface: 'str | None' = None
    kinds: list = dataclasses.field(default_factory=list)
    platform: 'str | None' = None
    nearby: 'str | None' = None
    edge: 'str | None' = None
    deferred: bool = False
    local_only: bool = False
    secured: bool = False
    source_ports: bool = False
    strange: 'str | None' = None

    def text(self, rnd):
        """Write it as Windows might: keys in any case and any order."""
        parts = ['Action=' + self.action]
        for key, value in (('Active', self.active), ('Dir', self.direction), ('Protocol', self.protocol),
                           ('Svc', self.service), ('LUOwn', self.owner), ('LUAuth', self.users and self.sddl()),
                           ('IF', self.interface), ('Edge', self.edge)):
            parts += ['%s=%s' % (key, value)] if value is not None else []
        for port in self.ports:
            parts.append('LPort%s=%s' % (rnd.choice(('', '2_10', '2_24')),
                                         '%d-%d' % port if isinstance(port, tuple) else port))
        for family, what in self.remote:
            later = isinstance(what, str) and what in ('IntErnet', 'Ply2Renders')
            parts.append('RA%d%s=%s' % (family, '2' if later else '', _written(family, what, rnd)))
        parts += ['LA%d=%s' % (family, iv.address(HOST[family] + (not mine), family)) for family, mine in self.local]
        if self.app is not None:
            parts.append('App=' + ('C:\\PROGRA~1\\a.exe' if self.app == -1 else 'Z:\\app\\a.exe' if self.app == -2 else
                                   PROGRAMS[self.app].replace('c:\\windows', '%SystemRoot%')))
        if self.package is not None:
            parts.append('PFN=' + FAMILIES[self.package] if self.by_family else 'AppPkgId=' + PACKAGES[self.package])
        parts += ['Profile=' + profile.title() for profile in self.profiles]
        parts += ['IFType=' + kind for kind in self.kinds]
        parts += ['%s=%s' % (self.nearby, NEARBY[self.nearby])] if self.nearby else []
        parts += [self.platform] if self.platform else []
        parts += ['Defer=App'] * self.deferred + ['LOM=TRUE'] * self.local_only + ['RPort=67'] * self.source_ports
        parts += ['Security=Authenticate'] * self.secured + ([self.strange] if self.strange else [])
        rnd.shuffle(parts)
        if rnd.random() < 0.3:
            parts = [rnd.choice((str.upper, str.lower))(key) + '=' * bool(equals) + value
                     for key, equals, value in (part.partition('=') for part in parts)]
        return '|'.join([self.head, *parts, ''])

    def sddl(self):
        """Write who may: S-1-5-84 is a group that nobody knows of a token."""
        return 'O:LSD:(A;;CC;;;%s)' % ('S-1-5-84-0-0-0-0-0' if self.users == '?' else self.users)


def _written(family, what, rnd):
    if what == '?':
        return '10.0.0.1/255.0.255.0'
    if isinstance(what, str):
        return what
    first, last = (iv.address(CLIENTS[family][which], family) for which in what)
    return first if first == last and rnd.random() < 0.7 else '%s-%s' % (first, last)


class Draw:
    """Draws conditions of one rule.

    :ivar chosen: the only condition that is likely; None where several are.
    """

    def __init__(self, rnd, chosen):
        self.rnd, self.chosen = rnd, chosen
        self.seldom = 0.01 if chosen else rnd.choice((0, 0.1, 0.15, 0.3))

    def has(self, name, share=None):
        """Whether a rule has a condition.

        :param share: of the rules that have it, where it is not as seldom as most.
        """
        return self.rnd.random() < (0.9 if name == self.chosen else self.seldom if share is None else share)

    def one(self, name, values, share=None):
        """Draw a value, or None."""
        return self.rnd.choice(values) if self.has(name, share) else None

    def some(self, name, draw, share=None):
        """Draw a list, which may be empty."""
        return [draw() for dummy in range(self.rnd.choice((1, 1, 2, 3)))] if self.has(name, share) else []

    def odd(self, name):
        """Draw a value that is not understood."""
        return ('?',) if self.seldom > 0.12 or name == self.chosen else ()


CONDITIONS = (
    'ports', 'remote', 'local', 'app', 'service', 'package', 'owner', 'users', 'profiles', 'interface', 'kinds',
    'platform', 'nearby', 'edge', 'deferred', 'local_only', 'secured', 'source_ports', 'strange', 'head')


def rule(number, rnd, is_bare):
    """A rule by chance. Most conditions are seldom, so that some rules match.

    :param is_bare: whether it has few conditions, or one.
    """
    draw = Draw(rnd, rnd.choice(CONDITIONS) if is_bare else None)
    store = rnd.choice(('local', 'local', 'local', 'gpo', 'mdm', 'static', 'configurable', 'appiso'))
    is_hardening, seldom = store in model.HARDENING, draw.seldom
    odd = 30 if draw.chosen == 'head' else 2
    made = Rule(
        number, store, rnd.choices(('v2.30', 'V2.10', 'v2.40', 'V4.0', 'x'), (60, 30, odd, odd, odd))[0],
        rnd.choices(('Allow', 'Block', 'ByPass', 'Later'), (60, 30, 8, odd))[0],
        rnd.choices(('TRUE', None, 'FALSE', 'YES'), (60, 60, 4, odd) if is_hardening else (120, odd, 4, odd))[0],
        rnd.choices(('In', 'Out', None), (120, 3, odd))[0])
    made.protocol = rnd.choices((None, 6, 17, 1, 'tcp'), (40, 40, 15, 2, 1))[0]
    if made.protocol in (6, 17) or rnd.random() < 0.15:
        made.ports = draw.some('ports', lambda: rnd.choice((
            *PORTS, 80, 80, (79, 135), (1, 79), *WORDS, *draw.odd('ports'))), 0.3 if is_bare else 0.5)
    made.remote = draw.some('remote', lambda: (rnd.choice((4, 4, 6)), rnd.choice((
        *[tuple(sorted(rnd.choices(range(8), k=2))) for dummy in range(5)], 'LocalSubnet', 'DNS', 'IntErnet',
        *draw.odd('remote')))), seldom if is_bare else 0.4)
    made.local = draw.some('local', lambda: (rnd.choice((4, 6)), rnd.random() < 0.7), seldom / 2)
    made.app = draw.one('app', (0, 0, 0, 1, 2, 3, -1, -2), 0.1 if is_bare else 0.35)
    made.service = draw.one('service', (*SERVICES, '*'), seldom if is_bare else 0.2)
    made.package = draw.one('package', (0, 1), 0.6 if store == 'appiso' and not is_bare else seldom)
    made.by_family = rnd.random() < 0.5
    made.owner = draw.one('owner', (*USERS, 'S-1-1-0'), seldom / 2)
    made.users = draw.one('users', (*USERS, 'WD', 'AU', names.service_sid('one'), 'S-1-15-3-1', '?'), seldom / 2)
    made.profiles = draw.some('profiles', lambda: rnd.choice(model.PROFILES), seldom if is_bare else 0.3)
    made.interface = draw.one('interface', GUIDS, seldom / 2)
    made.kinds = draw.some('kinds', lambda: rnd.choice(KINDS), seldom / 2)
    made.platform = draw.one('platform', (
        'Platform=2:10:0', 'Platform=2:6:2', 'Platform=2:6:2|Platform2=GTEQ', 'Platform=2:6:2|Platform=2:11:0',
        'Platform=x'), seldom / 2)
    made.nearby = draw.one('nearby', tuple(NEARBY), seldom / 2)
    made.edge = draw.one('edge', ('TRUE', 'TRUE', 'FALSE'), 0.15)
    made.deferred, made.local_only, made.secured, made.source_ports = (
        draw.has('deferred', seldom / 3), draw.has('local_only', seldom / 2), draw.has('secured'),
        draw.has('source_ports', seldom / 3))
    if made.local_only and is_bare:
        made.remote = [(4, (0, 3))]
    made.strange = draw.one('strange', ('Zzz=1', 'odd', 'RA43=Somewhere', 'LPort3_1=Some'), seldom / 3)
    return made


@dataclasses.dataclass
class Host:
    """A host by chance. What is None of ``holder``, ``arrival`` and ``machine`` was not observed.

    :ivar texts: (name, text, store) of its rules. :ivar others: (holder, arrival) that are asked about before.
    """

    rules: list
    texts: list
    holder: model.Holder
    arrival: model.Arrival
    machine: model.Machine
    others: list


def settings(rnd, is_bare):
    """Settings of a profile."""
    usual, seldom = ('local', 'gpo', 'mdm'), 0.01 if is_bare else 0.05
    counting = [store for store in usual if rnd.random() < 0.85]
    doubted = tuple((store, 'doubt') for store in (*usual, 'static') if rnd.random() < 0.04)
    return model.Settings(
        off=rnd.random() < seldom, shielded=rnd.random() < seldom, default_allow=rnd.random() < 3 * seldom,
        stores=frozenset(counting), doubted=doubted, local_programs=rnd.random() < 0.8, local_ports=rnd.random() < 0.8)


def host(seed):
    """The host of a seed."""
    rnd = random.Random(seed)
    is_bare = rnd.random() < 0.5
    rules = [rule(number, rnd, is_bare) for number in range(rnd.randrange(1, 4 if is_bare else 7))]
    machine = model.Machine(
        _perhaps(rnd, VERSION, 0.05), {'systemroot': 'C:\\Windows'}, _perhaps(rnd, frozenset((49700,))),
        _perhaps(rnd, (49152, 65535)), _perhaps(rnd, frozenset((443,))), frozenset())
    texts = [(str(each.number), each.text(rnd), each.store) for each in rules]
    others = [(_holder(rnd), _arrival(rnd, is_bare)) for dummy in range(6)]
    # much of what is asked about is the same, or nothing would be remembered
    one, way = _holder(rnd), _arrival(rnd, is_bare)
    others += [(holder, way) for holder, dummy in others] + [(one, arrival) for dummy, arrival in others]
    return Host(rules, texts, one, way, machine, others)


def _perhaps(rnd, value, share=0.12):
    return None if rnd.random() < share else value


def _holder(rnd):
    def perhaps(value):
        return _perhaps(rnd, value)

    program = rnd.choice(PROGRAMS)
    services = tuple((name, perhaps(rnd.random() < 0.8)) for name in SERVICES if rnd.random() < 0.5) \
        if 'svchost' in program or rnd.random() < 0.2 else ()
    return model.Holder(rnd.choice(('tcp', 'tcp', 'udp')), rnd.choice(PORTS), perhaps(program), perhaps(services),
                        perhaps(rnd.choice(('', '', '', PACKAGES[0], 'S-1-15-2-9'))), perhaps(rnd.choice(USERS)))


def _arrival(rnd, is_bare):
    family = rnd.choice((4, 4, 6))
    count = rnd.choices((1, 2, 3), (70, 15, 15))[0]
    cases = tuple((profile, settings(rnd, is_bare)) for profile in rnd.sample(model.PROFILES, count))
    near, all_near = ([(CLIENTS[family][first], CLIENTS[family][last])] for first, last in (SUBNET, SUBNETS))
    servers = (((CLIENTS[family][SERVERS[0]], CLIENTS[family][SERVERS[1]]),))
    return model.Arrival(
        family, 'Ethernet', GUIDS[0], _perhaps(rnd, rnd.choice(KINDS)), HOST[family], cases,
        'which profile holds is not known' if count > 1 else '', rnd.random() < 0.05, tuple(near), tuple(all_near),
        {'dns': servers}, rnd.random() < 0.08)
