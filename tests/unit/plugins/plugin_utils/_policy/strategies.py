# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Random hosts and policies. Names, ports and addresses are few, so that what is declared and what listens meet.

All is chosen by the bytes of one text that hypothesis draws, and makes simple again where a test fails: to draw each
thing would take ten times as long as to judge it.
"""

import copy
import os
import random
import socket

import hypothesis
from hypothesis import strategies as st

from ansible_collections.listening.ports.plugins.module_utils._addresses import scopes
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language import options
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

# LISTENING_PORTS_EXAMPLES=20000 is a full run. Each run tries the same ones, so that what nobody has changed does not
# begin to fail, except for LISTENING_PORTS_SEED=fresh, or a number to repeat such a run.
EXAMPLES = int(os.environ.get('LISTENING_PORTS_EXAMPLES') or 300)
_FIXED = '20261120'
_chosen = os.environ.get('LISTENING_PORTS_SEED') or _FIXED
SEED = random.SystemRandom().randrange(10 ** 9) if _chosen == 'fresh' else int(_chosen)

PORTS = (22, 68, 80, 81, 443, 40000)
PROCESSES = ('nginx', 'sshd', 'evil', 'dhclient')
USERS = ('root', 'www-data', 'nobody')
UNITS = ('nginx.service', 'ssh.service', 'session-3.scope', 'user@7.service/nginx.service', 'user@7.service/init.scope')
ADDRESSES = ('0.0.0.0', '::', '127.0.0.1', '127.0.0.53%lo', '10.0.0.5', '8.8.8.8', '::1', 'fe80::1%eth0',
             '0.0.0.0%eth0', '::ffff:10.0.0.5', '2001:db8::5')
NETWORKS = ('0.0.0.0/0', '10.0.0.0/8', '10.0.0.0/9', '10.128.0.0/9', '192.168.0.0/16', '127.0.0.0/8', '::/0',
            'fd00::/8', '2001:db8::/32', '::1/128')
HOSTILE = ('a b', 'x\x1b[31m', 'n\nl', '{{ 7*7 }}', '\u202ex', '::error::', '##[x]', '1e999', '\\xff', '日本', '*',
           '[kernel]', '')
EXPRESSIONS = ('port == `80`', 'backlog.pending < backlog.limit', '!owners', "owners[0].user == 'root'",
               'connections.established < `10`', "exposure.verdict == 'blocked'", 'length(owners) == `1`',
               "accepts_ipv4 && scope != 'loopback'", 'owners[?exe_deleted]',
               'ceil(to_number(owners[0].process)) > `1`', 'sum(owners) > `1`', "service == 'nginx.service'", 'keys(@)')


class Choices:
    """Choices, one for each byte; the first of the alternatives where no bytes are left, and for 0."""

    def __init__(self, data):
        self._data, self._rest = data, iter(data)

    def __repr__(self):
        return 'Choices(%r)' % self._data.rstrip(b'\0')

    def below(self, number):
        """A number from 0 to one less than this one, which is at most 256."""
        return next(self._rest, 0) % number

    def of(self, values):
        """One of these."""
        return values[self.below(len(values))]

    def one_in(self, number):
        """True once in so many times."""
        return self.below(number) == number - 1

    def some(self, values, least=0, most=3):
        """A list of some of these, none twice."""
        return list(dict.fromkeys(self.of(values) for dummy in range(least + self.below(most - least + 1))))

    def shuffled(self, values):
        """These in another order."""
        rest = list(values)
        return [rest.pop(self.below(len(rest))) for dummy in values]


CHOICES = st.binary(min_size=600, max_size=600).map(Choices)


def run(check):
    """Run a test that ``given`` has made, with all examples of this run."""
    profile = hypothesis.settings(
        max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink])
    hypothesis.seed(SEED)(profile(check))()


def owners(choose, hostile=False):
    """Make the owners of a listener, mostly one."""
    chosen = []
    for number in range(choose.of((1, 1, 1, 2, 3))):
        process, user, unit = choose.of(PROCESSES), choose.of(USERS), choose.of((None, None) + UNITS)
        other = choose.of(({}, {}, {}, {'exe': '/tmp/x'}, {'exe_deleted': True}, {'container': 'docker:0123'},
                           {'container': 'user@7.service/podman:0123'}))
        if hostile and choose.one_in(2):
            process, user, unit = (choose.of(HOSTILE) for dummy in range(3))
            other = {'exe': choose.of(HOSTILE), 'container': choose.of(HOSTILE)}
        chosen.append(samples.owner(10 + number, process, user, **dict({'unit': unit, 'uid': 7}, **other)))
    return chosen


def listener(choose, hostile=False):
    """A listener of which all was observed."""
    protocol, port = choose.of(('tcp', 'tcp', 'tcp', 'udp')), choose.of(PORTS)
    address, dummy, interface = choose.of(ADDRESSES).partition('%')
    ipv6 = ':' in address
    raw = socket.inet_pton(socket.AF_INET6 if ipv6 else socket.AF_INET, address)
    mapped = scopes.is_mapped(raw)
    dual = ipv6 and not any(raw) and choose.one_in(2)
    namespace = 'blue' if choose.one_in(9) else None
    held = choose.of(('processes',) * 8 + ('kernel', 'systemd', 'shared'))
    chosen, more = ([] if held == 'kernel' else owners(choose, hostile)), {}
    if held in ('systemd', 'shared'):
        init = samples.owner(1, 'systemd', 'root', exe='/usr/lib/systemd/systemd', unit='init.scope')
        chosen = [init] if held == 'systemd' else [init, *chosen]
        more = {'activated_by': choose.of(('ssh.socket', 'nginx.socket'))}
    units = sorted({owner['unit'] for owner in chosen if (owner['unit'] or '').endswith('.service')})
    more['service'] = units[0] if units and (len(units) == 1 or choose.one_in(2)) else None
    fact = samples.listener(
        address, port, protocol, chosen, interface=interface or None, namespace=namespace,
        accepts_ipv4=not ipv6 or mapped or dual,
        accepts_ipv6=ipv6 and not mapped, scope=scopes.scope(raw, interface or None),
        ephemeral=protocol == 'udp' and port == 40000,
        held_by='processes' if chosen else 'kernel',
        backlog={'pending': 0, 'limit': choose.of((5, 0))} if protocol == 'tcp' else None, **more)
    fact['connections'] = {'established': choose.of((1, 100))}
    fact['exposure'] = exposure(choose)
    if fact['scope'] == 'loopback':
        # without route_localnet; that it is not set is taken for certain where nobody looked
        fact['exposure'] = {'verdict': 'blocked', 'level': 'none', 'allowed': [], 'undecided': []}
    return fact


def exposure(choose):
    """What the firewall lets in, decided for all."""
    allowed = choose.some(NETWORKS)
    made = {'verdict': 'partly' if allowed else 'blocked', 'level': 'listed' if allowed else 'none', 'allowed': allowed,
            'undecided': []}
    if choose.one_in(2):
        made['paths'] = [
            {'interfaces': ['eth0'], 'verdict': choose.of(('allowed', 'blocked'))},
            {'interfaces': choose.of((['wg0'], ['wg0', 'eth1'])), 'verdict': choose.of(('allowed', 'partly'))}]
    return made


def host(choose, most=5, hostile=False):
    """Facts of which all was observed."""
    listeners = [listener(choose, hostile) for dummy in range(choose.below(most + 1))]
    return samples.facts(*{fact['id']: fact for fact in listeners}.values(), system={
        'local_addresses': choose.of((['10.0.0.5/24'], ['10.0.0.5/24', '2001:db8::5/64'], None)),
        'ephemeral_ports': [32768, 60999], 'reserved_ports': [], 'unprivileged_port_start': 1024},
        complete=dict.fromkeys(
            ('sockets', 'binding', 'owners', 'units', 'namespaces', 'connections', 'resources', 'firewall'), True))


def hidden(choose, facts):
    """Hide from facts owners, the firewall, connections, or the families of a wildcard."""
    facts = copy.deepcopy(facts)
    blind = choose.of(('owners', 'owners', 'exposure', 'both', 'all'))
    gaps = set()
    for fact in facts['listeners']:
        if blind != 'exposure' and fact['held_by'] == 'processes' and not choose.one_in(3):
            _hide_owners(choose, fact)
            gaps.add('owners')
        if blind != 'owners' and not choose.one_in(3):
            _hide_exposure(choose, fact)
        if blind == 'all' and choose.one_in(2):
            fact.pop('connections', None)
            gaps.add('connections')
        if blind == 'all' and fact['address'] == '::' and choose.one_in(2):
            fact['accepts_ipv4'] = None
            gaps.add('binding')
    return blind_to(facts, gaps)


def _hide_owners(choose, fact):
    """All of them; or all but some, which are counted."""
    if len(fact['owners']) > 1 and choose.one_in(2):
        del fact['owners'][choose.of((0, 1))]
    else:
        fact.update(owners=[], held_by='unknown', owners_total=0, service=None, activated_by=None)


def _hide_exposure(choose, fact):
    """Nothing of it is known; or of those who are let in, and of some others, it is not decided."""
    way = choose.of(('none', 'unknown', 'undecided'))
    if way == 'none':
        del fact['exposure']
    elif way == 'unknown':
        fact['exposure'] = {'verdict': 'unknown', 'level': 'unknown', 'allowed': [], 'undecided': []}
    else:
        allowed = fact['exposure']['allowed']
        left = [net for net in allowed if choose.one_in(2)]
        fact['exposure'].update(allowed=left, undecided=[{
            'sources': [net for net in allowed if net not in left] + choose.some(NETWORKS),
            'reason': 'a rule of a module'}])


def blind_to(facts, aspects):
    """These facts, with gaps."""
    facts['gaps'] = [samples.gap(aspect, 'hidden', message='some of it is hidden') for aspect in sorted(aspects)]
    facts['complete'].update(dict.fromkeys(aspects, False))
    return facts


_WORDS = {
    'process': PROCESSES + ('ngin*', '*', '[kernel]'), 'exe': ('/usr/sbin/*', '/usr/sbin/nginx', '/tmp/*'),
    'user': USERS + ('7',),
    'service': ('nginx', 'ssh.service', 'ssh.socket', '*', 'user@7.service/nginx'),
    'container': ('docker:*', 'podman:*', '*', '*/podman:*'),
    'bind': options.SCOPES + ('10.0.0.0/8', '0.0.0.0', '::', '0.0.0.0/0', '::/0', 'eth0', 'lo', '10.0.0.5'),
    'via': ('eth0', 'wg*'), 'limit': options.CLIENTS + NETWORKS,
}
_ITEMS = (*PORTS, *PORTS, *('%d/udp' % port for port in PORTS), 'any', 'any/udp', '1-100', '80-81', '400-50000/udp')


def conditions(choose, seldom):
    """Options that entries and waivers have in common."""
    given = {option: choose.some(_WORDS[option], 1, 2)
             for option in ('process', 'exe', 'user', 'service', 'container', 'bind') if choose.one_in(seldom)}
    if given.get('process') == ['[kernel]']:
        given = {option: value for option, value in given.items() if option in ('process', 'bind')}
    if choose.one_in(8):
        given['family'] = choose.of(options.FAMILIES)
    if choose.one_in(10):
        given['namespace'] = choose.of(('blue', '*'))
    if choose.one_in(10):
        given['where'] = choose.of(EXPRESSIONS)
    return given


def entry(choose, name):
    """An entry."""
    given = dict(conditions(choose, 4), name=name, ports=choose.some(_ITEMS, 1, 2), state=choose.of(options.STATES))
    kind = choose.below(6)
    if kind in (4, 5):
        given['clients' if kind == 4 else 'only_from'] = choose.some(_WORDS['limit'], 1)
    if choose.one_in(8):
        given['via'] = choose.some(_WORDS['via'], 1)
    if choose.one_in(6):
        given['ensure'] = choose.of(EXPRESSIONS)
    if choose.one_in(6):
        given['severity'] = choose.of(options.SEVERITIES)
    if given['state'] in ('required', 'optional') and choose.one_in(6):
        given['need'] = choose.of((1, 'any', len(given['ports'])))
    return given


def waiver(choose, name):
    """A waiver."""
    given = dict(conditions(choose, 6), name=name)
    given['expires'] = choose.of(('never', '2026-11-25', '2027-11-25', '2026-01-01'))
    if choose.one_in(2):
        given['kinds'] = choose.some(options.VIOLATIONS + ('unknown',), 1, 8)
    if choose.one_in(2):
        given['ports'] = choose.some(_ITEMS, 1, 2)
    if choose.one_in(3) or not set(given) - {'name', 'expires', 'kinds', 'family'}:
        given['entry'] = choose.some(('e0', 'e1', 'e*'), 1, 2)
    return given


_SWITCHES = {
    'listener_unexpected': ('fail', 'warn', 'ignore'), 'listener_unexpected_loopback': ('fail', 'warn', 'ignore'),
    'listener_unexpected_blocked': ('fail', 'warn', 'ignore'),
    'listener_unexpected_ephemeral_udp': ('fail', 'warn'), 'listener_unknown': ('fail', 'warn'),
    'listener_fail_severity': ('critical', 'high', 'medium', 'low')}


def declaration(choose, most=4, most_waivers=0):
    """Variables that declare something, and that no contradiction spoils. All entries have names."""
    given = {'expected_listeners': [entry(choose, 'e%d' % number) for number in range(choose.below(most + 1))],
             'listener_waivers': [waiver(choose, 'w%d' % number) for number in range(choose.below(most_waivers + 1))]}
    given.update({name: choose.of(words) for name, words in _SWITCHES.items() if choose.one_in(3)})
    return agreeable(given)


def agreeable(given):
    """The same variables; where one requires what another forbids, nothing is required."""
    try:
        building.policy(given)
    except Refusals as exc:
        assert all('is forbidden here and required' in fault.reason for fault in exc.items), str(exc)
        for declared in given['expected_listeners']:
            if declared['state'] == 'required':
                declared['state'] = 'optional'
    return given
