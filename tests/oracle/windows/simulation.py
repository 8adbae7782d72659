# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain simulation of the Windows firewall: one client, one truth for each thing that was not observed.

It reads the descriptions of rules, never their text, and none of the code under test.
"""

from windows.chance import CLIENTS, PACKAGES, PORTS, PROGRAMS, SERVERS, SERVICES, SUBNET, SUBNETS, USERS, VERSION

HARDENING = ('static', 'configurable', 'appiso')
TRANSPORTS = {6: 'tcp', 17: 'udp'}
NAMES = {'WD', 'AU'}


class World:
    """What is true on a host where something was not observed: all of it is drawn.

    :ivar authenticated: the clients that IPsec has authenticated.
    """

    def __init__(self, host, rnd):
        self.host, self._rnd = host, rnd
        holder, arrival, machine = host.holder, host.arrival, host.machine
        self.program = rnd.choice(PROGRAMS) if holder.program is None else holder.program
        services = holder.services
        if services is None:
            services = tuple((name, None) for name in SERVICES if rnd.random() < 0.6)
        self.services = {name: self.chance() if flag is None else flag for name, flag in services}
        self.package = rnd.choice(('', *PACKAGES)) if holder.package is None else holder.package
        self.user = rnd.choice(USERS) if holder.user is None else holder.user
        self.kind = rnd.choice(('lan', 'wireless', 'remoteaccess')) if arrival.kind is None else arrival.kind
        self.version = rnd.choice(((6, 1), (6, 2), (10, 0))) if machine.version is None else VERSION[:2]
        rpc = machine.rpc if machine.rpc is not None else {port for port in PORTS if self.chance()}
        first = machine.dynamic[0] if machine.dynamic else 0
        self.rpc = set(rpc) | {port for port in PORTS if port >= first and self.chance()}
        self.https = machine.https if machine.https is not None else {port for port in PORTS if self.chance()}
        self.profile, self.settings = rnd.choice(arrival.cases)
        self.counting = {*self.settings.stores, *HARDENING, *(store for store, dummy in self.settings.doubted)}
        self.counting -= {store for store, dummy in self.settings.doubted if self.chance()}
        self.clients = CLIENTS[arrival.family]
        self.authenticated = self.some()
        self.is_wide = self.chance()                    # LocalSubnet: of all interfaces
        self.is_blocked_without = self.chance()         # an allow rule with IPsec blocks all others
        self.holds_when_off = self.chance()             # service hardening, while the firewall is off

    def chance(self):
        """Draw."""
        return self._rnd.random() < 0.5

    def some(self):
        """Draw a set of clients."""
        return {client for client in self.clients if self.chance()}

    def passing(self):
        """Return the set of the clients that get in."""
        taken = {}
        for rule in self.host.rules:
            for tier, clients in self._tiers(rule):
                taken.setdefault(tier, set()).update(clients)
        everyone = set(self.clients)
        stopped = taken.get('stop', set()) - taken.get('spare', set())
        if self.settings.off or self.host.arrival.disabled:
            return everyone - (stopped if self.holds_when_off else set())
        if self.settings.shielded:
            return set()
        allowed = everyone if self.settings.default_allow else taken.get('allow', set())
        return ((allowed - taken.get('block', set())) | taken.get('bypass', set())) - stopped

    def _tiers(self, rule):
        """Yield (tier, clients) of one rule."""
        clients = self._clients(rule)
        action = rule.action if rule.action != 'Later' else self._rnd.choice(('Allow', 'Block', 'ByPass'))
        if rule.store in HARDENING:
            allow, block, bypass = 'spare', 'stop', 'spare'
        else:
            allow, block, bypass = 'allow', 'block', 'bypass'
        if action == 'ByPass':
            yield bypass, clients & self.authenticated
        elif action == 'Block':
            yield block, clients if not rule.secured or self.chance() else set()
        elif rule.secured:
            yield allow, clients & self.authenticated
            yield block, clients - self.authenticated if self.is_blocked_without else set()
        else:
            yield allow, clients

    def _clients(self, rule):
        """Return the clients that a rule takes."""
        if not self._counts(rule) or not self._is_there(rule):
            return set()
        wider = rule.strange is not None and self.chance()
        if not self._protocol(rule) or not (wider or self._ports(rule)) or not (self._who(rule) and self._where(rule)):
            return set()
        ignores = rule.local_only and rule.action != 'Block'
        found = set(self.clients) if ignores or wider else self._remote(rule)
        return found & self.some() if rule.source_ports and not (ignores and rule.action == 'Allow') else found

    def _counts(self, rule):
        if rule.store not in self.counting or rule.head == 'V4.0':
            return False
        if rule.store == 'local' and rule.service is None and rule.protocol in (6, 17):
            single = len(set(rule.ports)) == 1 and isinstance(rule.ports[0], int)
            if rule.app is not None and not rule.ports and not self.settings.local_programs:
                return False
            if rule.app is None and single and not self.settings.local_ports:
                return False
        return True

    def _is_there(self, rule):
        """Return whether Windows takes a rule, and takes it for one of packets that come in."""
        if rule.direction == 'Out' or rule.active == 'FALSE' or rule.active is None and rule.store not in HARDENING:
            return False
        doubtful = (rule.direction is None, rule.active == 'YES', rule.head in ('v2.40', 'x'), rule.strange,
                    rule.ports and rule.protocol not in (6, 17), '?' in rule.ports, rule.protocol == 'tcp',
                    any(what == '?' for dummy, what in rule.remote))
        return not any(doubtful) or self.chance()

    def _protocol(self, rule):
        protocol = self.host.holder.protocol
        if rule.protocol == 'tcp':
            return protocol == 'tcp' or self.chance()
        return rule.protocol is None or TRANSPORTS.get(rule.protocol) == protocol

    def _ports(self, rule):
        protocol, port = self.host.holder.protocol, self.host.holder.port
        return not rule.ports or any(self._is_port(each, protocol, port) for each in rule.ports)

    def _is_port(self, named, protocol, port):
        if isinstance(named, int):
            return named == port
        if isinstance(named, tuple):
            return named[0] <= port <= named[1]
        numbers = {'RPC': self.rpc if protocol == 'tcp' else (), 'RPC-EPMap': (135,) if protocol == 'tcp' else (),
                   'IPHTTPSIn': self.https if protocol == 'tcp' else (), 'mDNS': (5353,), 'Teredo': (),
                   'Ply2Disc': PORTS if protocol == 'udp' and self.chance() else ()}
        return port in numbers[named] if named in numbers else self.chance()

    def _who(self, rule):
        return (self._program(rule) and self._service(rule) and self._package(rule) and self._owner(rule)
                and self._user(rule))

    def _program(self, rule):
        if rule.app is None:
            return True
        if rule.app == -1:
            return self.chance()
        if rule.app == -2:
            return self.program == PROGRAMS[0] and self.chance()
        return self.program == PROGRAMS[rule.app]

    def _service(self, rule):
        if rule.service is None:
            return True
        if rule.service == '*':
            return bool(self.services) and (any(self.services.values()) or self.chance())
        return self.services.get(rule.service, False)

    def _package(self, rule):
        return rule.package is None or self.package == PACKAGES[rule.package]

    def _owner(self, rule):
        if rule.owner is None:
            return True
        if rule.owner not in (self.user, 'S-1-1-0') and rule.package is not None and not rule.by_family:
            return False
        return self.chance()

    def _user(self, rule):
        if rule.users is None:
            return True
        if self.package or rule.users == '?':
            return self.chance()
        if rule.users in NAMES:
            return True
        if rule.users.startswith('S-1-5-80-'):
            return self.services.get('one', False)
        if rule.users == USERS[2] and self.user != USERS[2]:
            return self.chance()                        # it may be a group
        return rule.users == self.user

    def _where(self, rule):
        arrival = self.host.arrival
        if rule.profiles and self.profile not in rule.profiles:
            return False
        if rule.local and not any(family == arrival.family and mine for family, mine in rule.local):
            if not rule.strange or self.chance():
                return False
        if rule.interface is not None and rule.interface != arrival.guid:
            return False
        if rule.kinds and self.kind not in rule.kinds:
            return False
        if rule.nearby and ((rule.nearby != 'TTK' and self.kind != 'wireless') or self.chance()):
            return False
        return self._platform(rule) and self._edge(rule)

    def _platform(self, rule):
        if rule.platform is None:
            return True
        if rule.platform == 'Platform=x':
            return self.chance()
        if 'GTEQ' in rule.platform:
            return self.version >= (6, 2)
        return self.version in {'Platform=2:10:0': [(10, 0)], 'Platform=2:6:2': [(6, 2)]}.get(
            rule.platform, [(6, 2), (11, 0)])

    def _edge(self, rule):
        if not self.host.arrival.teredo or rule.action == 'Block':
            return True
        return self.chance() if rule.deferred or rule.action == 'Later' and rule.edge != 'TRUE' else rule.edge == 'TRUE'

    def _remote(self, rule):
        if not rule.remote:
            return set(self.clients)
        found = set()
        for family, what in rule.remote:
            if what == '?':
                found |= self.some()
            elif family != self.host.arrival.family:
                continue
            elif what == 'LocalSubnet':
                found |= self._between(SUBNETS if self.is_wide else SUBNET)
            elif what == 'DNS':
                found |= self._between(SERVERS) & self.some()
            elif what == 'IntErnet':
                found |= self.some()
            else:
                found |= self._between(what)
        return found

    def _between(self, ends):
        return set(self.clients[ends[0]:ends[1] + 1])
