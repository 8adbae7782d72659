# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges hosts of which everything is known, as the definition of the judgement reads.

It does so slowly, in two values, and by other means than the core.

``Unknown`` is raised where even so something is not known, such as an expression that fails.
"""

import fnmatch
import ipaddress

import jmespath

EVERY = {'4': ipaddress.ip_network('0.0.0.0/0'), '6': ipaddress.ip_network('::/0')}
ITSELF = [ipaddress.ip_network('127.0.0.0/8'), ipaddress.ip_network('::1/128')]
LINK = ITSELF + [ipaddress.ip_network(net) for net in ('169.254.0.0/16', 'fe80::/10')]
PRIVATE = LINK + [ipaddress.ip_network(net) for net in (
    '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7')]
WORDS = {'local': ITSELF, 'link': LINK, 'private': PRIVATE, 'anyone': list(EVERY.values())}
DHCP_CLIENTS = ('dhclient',)


class Unknown(Exception):
    """It is not known whatever is observed."""


def fits(patterns, text):
    return text is not None and any(fnmatch.fnmatchcase(text, str(pattern)) for pattern in patterns)


def fits_name(patterns, name):
    """Whether a unit or a container is so called; those of users by patterns with a slash alone."""
    return fits([pattern for pattern in patterns if '/' in pattern or not name or '/' not in name], name)


def items(entry):
    """List the ports of an entry: (protocol, low, high)."""
    spans = []
    usual = ['tcp', 'udp', 'udplite', 'sctp', 'dccp'] if entry['state'] == 'forbidden' else ['tcp']
    for value in entry['ports']:
        port, dummy, protocol = str(value).partition('/')
        low, dummy, high = ('1-65535' if port == 'any' else port).partition('-')
        spans += [(name, int(low), int(high or low)) for name in ([protocol] if protocol else usual)]
    return list(dict.fromkeys(spans))


def speaks_of(entry, item, listener):
    """Whether it is the endpoint of an entry."""
    protocol, low, high = item
    if protocol != listener['protocol'] or not low <= listener['port'] <= high:
        return False
    namespace = listener['namespace']
    if namespace != entry.get('namespace') and not ('namespace' in entry and fits([entry['namespace']], namespace)):
        return False
    if 'family' in entry and not listener['accepts_' + entry['family']]:
        return False
    return 'where' not in entry or true(entry['where'], listener)


def true(expression, listener):
    """Whether an expression is true of a listener."""
    if '@' in expression:
        raise Unknown       # which speaks of all fields, and never are all of them observed
    try:
        return jmespath.search(expression, listener) not in (None, False, '', [], {})
    except Exception as exc:
        raise Unknown from exc


def held(entry, listener):
    """Whether every owner is one that it names."""
    who = {option: entry[option] for option in ('process', 'exe', 'user', 'container') if option in entry}
    if listener['held_by'] == 'kernel':
        named = who.get('process', ['[kernel]'])
        return list(who) in ([], ['process']) and '[kernel]' in named and 'service' not in entry
    owners = [owner for owner in listener['owners'] if not (listener['activated_by'] and owner['pid'] == 1)]
    units = [unit for unit in (listener['service'], listener['activated_by']) if unit]
    if 'service' in entry:
        of_owners = [owner['unit'] or '' for owner in owners]
        if listener['service'] and not listener['activated_by'] and not any(of_owners):
            of_owners = []
        named = {unit for unit in units + of_owners
                 if fits_name(entry['service'], unit) or fits_name(entry['service'], unit.rpartition('.')[0])} - {''}
        managers = {unit.partition('/')[0] + '/init.scope' for unit in units if '/' in unit}
        if not named & set(units) or set(of_owners) - named - set(units) - managers:
            return False
    if not owners and who:
        unit = listener['service'] or listener['activated_by']
        names = ('systemd', unit.rpartition('.')[0])
        if list(who) == ['process'] and any(fits(who['process'], name) for name in names):
            return True
        raise Unknown
    names = {
        'process': lambda owner: (owner['process'], owner['exe'].rpartition('/')[2]),
        'exe': lambda owner: (owner['exe'],),
        'user': lambda owner: (owner['user'], str(owner['uid'])), 'container': lambda owner: (owner['container'],)}
    globs = {option: [pattern for pattern in patterns if pattern != '[kernel]'] for option, patterns in who.items()}
    ways = {'container': fits_name}
    return all(any(ways.get(option, fits)(globs[option], name) for name in names[option](owner))
               for owner in owners for option in who)


def bound(entry, listener):
    """Whether every address that it is bound to lies within."""
    if 'bind' not in entry:
        return True
    address = ipaddress.ip_address(listener['address'])
    address = getattr(address, 'ipv4_mapped', None) or address
    nets = [ipaddress.ip_network(value) for value in entry['bind'] if ('.' in value or ':' in value)]
    if listener['scope'] in entry['bind']:
        return True
    if address.is_unspecified:
        if str(address) in entry['bind']:
            return True
        wanted = [EVERY[str(address.version)]]
        if address.version == 6 and listener['accepts_ipv4']:
            wanted.append(EVERY['4'])
        if all(any(net == every or str(net[0]) == str(every[0]) == str(net[-1]) for net in nets) for every in wanted):
            return True
    elif any(address.version == net.version and address in net for net in nets):
        return True
    devices = {'eth0', 'lo'} & set(entry['bind'])
    if not devices:
        return False
    if listener['interface'] is not None:
        return listener['interface'] in devices
    if address.is_unspecified:
        return False
    if address.is_loopback:
        return 'lo' in devices
    raise Unknown


def minus(net, others):
    """List what of a network is in none of the others."""
    rest = [net]
    for other in others:
        left = []
        for part in rest:
            if part.version != other.version or not part.overlaps(other):
                left.append(part)
            elif other.subnet_of(part) and other != part:
                left += part.address_exclude(other)
        rest = left
    return rest


def networks(values):
    return [net for value in values for net in WORDS.get(value) or [ipaddress.ip_network(value)]]


def reach(listener):
    """List the networks that reach a listener."""
    families = [family for family, name in ((4, 'accepts_ipv4'), (6, 'accepts_ipv6')) if listener[name]]
    nets = ITSELF if listener['scope'] == 'loopback' else networks(listener['exposure']['allowed'])
    return [net for net in nets if net.version in families]


def limits(entry, listener):
    """Return the kinds of findings for the limits that do not hold."""
    broken = set()
    if 'ensure' in entry and not true(entry['ensure'], listener):
        broken.add('unhealthy')
    if listener['scope'] == 'loopback':
        return broken
    wanted = entry.get('clients') or entry.get('only_from')
    if wanted and any(minus(net, networks(wanted) + ITSELF) for net in reach(listener)):
        broken.add('overexposed')
    if 'via' in entry:
        if listener['interface'] is None and 'paths' not in listener['exposure']:
            raise Unknown
        paths = [] if listener['interface'] else listener['exposure']['paths']
        through = [name for path in paths if path['verdict'] != 'blocked' for name in path['interfaces']]
        if listener['interface']:
            through = [listener['interface']]
        if not all(fits(entry['via'], name) for name in through):
            broken.add('overexposed')
    return broken


def default(listener, switches):
    """Return the kinds of findings for a listener that nobody declares."""
    if listener['namespace'] is not None:
        return set()
    if listener['protocol'] == 'udp' and listener['port'] == 68 and listener['owners'] and all(
            owner['exe'].rpartition('/')[2] in DHCP_CLIENTS and not owner['exe_deleted']
            and owner['exe'].startswith('/usr/') and owner['uid'] < 1000 for owner in listener['owners']):
        return set()
    name = 'listener_unexpected'
    if listener['ephemeral']:
        name += '_ephemeral_udp'
    elif listener['scope'] == 'loopback':
        name += '_loopback'
    elif switches.get('listener_unexpected_blocked') == 'ignore' and blocked(listener):
        return set()
    return set() if switches.get(name) == 'ignore' else {'unexpected'}


def blocked(listener):
    """Whether somebody could come to it, and none of them gets in."""
    exposure = listener['exposure']
    return exposure['verdict'] == 'blocked' and not exposure['allowed'] and bool(exposure.get('paths'))


def judge(listener, entries, switches):
    """Return the kinds of findings of a listener."""
    rows = [Row(entry, item, held(entry, listener), bound(entry, listener), limits(entry, listener))
            for entry in entries for item in items(entry) if speaks_of(entry, item, listener)]
    if any(row.matches for row in rows if row.state == 'forbidden'):
        return {'forbidden'}
    exact = [row for row in rows if row.state in ('required', 'optional') and row.exact]
    if exact:
        owned = [row for row in exact if row.held]
        if not owned:
            return {'wrong_owner'}
        fitting = [row.limits for row in owned if row.bound]
        return set().union(*fitting) if fitting else {'wrong_bind'}
    claiming = [row for row in rows if row.state in ('required', 'optional') and row.held]
    if claiming:
        fitting = [row.limits for row in claiming if row.bound]
        return {'wrong_bind'} if not fitting else set() if not all(fitting) else set().union(*fitting)
    if any(row.matches for row in rows if row.state == 'ignored'):
        return set()
    return default(listener, switches)


class Row:
    """An entry that speaks of a listener, and what holds of them."""

    def __init__(self, entry, item, is_held, is_bound, broken):
        self.state, self.exact = entry['state'], item[1] == item[2]
        self.held, self.bound, self.limits = is_held, is_bound, broken
        self.matches = is_held and is_bound and not broken


def unmet(entry, listeners):
    """Whether something required is not there."""
    met = {(item, listener['port']) for item in items(entry) for listener in listeners
           if speaks_of(entry, item, listener) and held(entry, listener) and bound(entry, listener)}
    if 'need' in entry:
        return len({(item[0], port) for item, port in met}) < (1 if entry['need'] == 'any' else entry['need'])
    return {item for item, dummy in met} != set(items(entry))


def unreachable(entry, listeners, system):
    """Whether clients are shut out of one of the ports."""
    serving = [listener for listener in listeners if any(speaks_of(entry, item, listener) for item in items(entry))
               and held(entry, listener) and bound(entry, listener)]
    if 'clients' not in entry or not serving:
        return False
    reached = {}
    for listener in serving:
        reached.setdefault((listener['protocol'], listener['port']), list(ITSELF)).extend(reach(listener))
    local = [ipaddress.ip_interface(text).ip for text in system['local_addresses'] or ('10.0.0.5', '2001:db8::5')]
    families = {address.version for address in local
                if 'family' not in entry or entry['family'] == 'ipv%d' % address.version}
    return any(minus(net, of_port) for net in networks(entry['clients']) if net.version in families
               for of_port in reached.values())
