# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The firewall of this network namespace as it is, without a change to it.

Sources: nft(8), iptables-save(8), ipset(8), ip-sysctl(7); firewalld and ufw by what they leave in the kernel.
Not run are ``iptables -L``, which creates the tables that it lists, and the tools of firewalld and ufw, which are slow.
"""

import errno
import os
import re

from . import beside, groups, kernel, network
from .commands import Tools, Unseen

_OF_IPTABLES = ('ip', 'ip6')     # families
_TRANSLATES = ('dnat', 'DNAT', 'redirect', 'REDIRECT', 'tproxy', 'TPROXY')
_OF_DEVICES = ('"ingress"', '"egress"')      # hooks
# not compiled before one of them is needed: few hosts have both
_OF_FIREWALLD = r'\n:INPUT_(?:ZONES|POLICIES) |"name": ?"INPUT_(?:ZONES|POLICIES)"'       # before 2.0, and since
_OF_UFW = r'\n:ufw6?-user-input |"name": ?"ufw6?-user-input"'


def take(run, proc='/proc', records=(), names=None):
    """Everything that decides what gets into this host, as far as it can be seen. Nothing of it is judged here.

    :param run: callable that runs a command, as ``AnsibleModule.run_command``.
    :param records: list of dict, the listeners.
    :param names: callable that returns the names of ports, (port, protocol) to str.
    :returns: dict: ``nft``, the text that ``nft -j`` prints, or None; ``table_flags``, list of [family, name, flags]
        of the tables that have some, which not every nft tells, or None; ``saves``, what ``iptables-save`` prints, by
        family and back end; ``ipset``, str or None; ``tables``, list of [family, name] in the kernel, or None;
        ``tools``; ``net``; ``elsewhere``, other network namespaces in which something listens to their addresses;
        ``devices``, see ``raw_rules.devices``, where a chain is for some; ``unshown``, see there; ``port_names``,
        dict such as ``{'tcp/80': 'http'}``, where a rule translates ports; ``errors``, list of dict with ``aspect`` and
        ``message``: what is missing of all that, each of which leaves every verdict unknown.
    """
    taken = {
        'nft': None,
        'table_flags': None,
        'saves': {},
        'ipset': None,
        'tables': None,
        'devices': [],
        'unshown': [],
        'tools': {},
        'net': None,
        'elsewhere': {},
        'port_names': {},
        'errors': [],
    }
    tools = Tools(run)
    for aspect, step in (
        ('nft', _take_nftables),
        ('iptables', _take_legacy),
        ('ipset', _take_ipset),
        ('net', _take_net),
    ):
        try:
            step(taken, tools, proc)
        except Unseen as exc:
            _note(taken, aspect, str(exc))
        except OSError as exc:
            refused = getattr(exc, 'errno', None) in (errno.EPERM, errno.EACCES)
            _note(
                taken,
                aspect,
                '%s: %s' % (aspect, 'not root' if refused and os.geteuid() else getattr(exc, 'strerror', None) or exc),
            )
    texts = [taken['nft'] or '', *taken['saves'].values()]
    taken['tools'] = {'firewalld': _firewalld(taken['tables'] or (), texts, tools), 'ufw': _ufw(texts, tools)}
    if any(word in text for word in _TRANSLATES for text in texts):
        from . import iptables

        taken['port_names'] = {
            '%s/%d' % (protocol, port): name for (port, protocol), name in (names() if names else {}).items()
        }
        for record in records:
            if record['namespace'] is not None and record['owners'] and record['namespace'] not in taken['elsewhere']:
                taken['elsewhere'][record['namespace']] = iptables.addresses(record['owners'][0]['pid'], proc)
    return taken


def _note(taken, aspect, message):
    taken['errors'].append({'aspect': aspect, 'message': message})


def _take_nftables(taken, tools, proc):
    tables = [] if kernel.is_absent() else kernel.tables()
    taken['tables'] = [[family, name] for family, name, dummy in tables]
    taken['table_flags'] = [list(table) for table in tables if table[2]]
    if not taken['tables']:
        return
    nft, families = tools.find('nft'), ()
    if nft:
        text = tools.output(nft, '-j', 'list', 'ruleset')
        # a quotation mark inside a text has a backslash before it
        if '"xt":' in text:
            from . import iptables
            families = iptables.opaque(text)
        taken['nft'] = text
        has_devices, has_resets = any(word in text for word in _OF_DEVICES), '"tcp reset"' in text
        if has_devices or has_resets:
            from . import raw_rules
            taken['devices'] = raw_rules.devices() if has_devices else []
            taken['unshown'] = raw_rules.unshown() if has_resets else []
    else:
        from . import iptables
        families = iptables.instead_of_nft(taken['tables'], taken['table_flags'], tools)
    for family in sorted(families):
        if family in _OF_IPTABLES:
            taken['saves'][family + '/nft'] = tools.output(iptables.find(family, 'nft', tools))


def _take_legacy(taken, tools, proc):
    for family in _OF_IPTABLES:
        try:
            with open('%s/net/%s_tables_names' % (proc, family)) as stream:
                names = stream.read().split()
        except FileNotFoundError:               # the module is not there, hence nothing that it would filter
            continue
        if names:
            from . import iptables
            taken['saves'][family + '/legacy'] = tools.output(iptables.find(family, 'legacy', tools))


def _take_ipset(taken, tools, proc):
    if taken['saves']:
        from . import iptables
        taken['ipset'] = iptables.sets(taken['saves'].values(), tools)


def _take_net(taken, tools, proc):
    net = network.network()
    names = sorted(set(net['addresses']) - {'lo'})
    base = proc + '/sys/net/ipv4/'
    every = {word: _number(base + 'conf/all/' + word) for word in ('route_localnet', 'rp_filter')}
    own = {word: {name: _number('%sconf/%s/%s' % (base, name, word)) for name in names} for word in every}
    if any(value is None for word in every for value in [every[word]] + list(own[word].values())):
        raise Unseen('the settings of the interfaces cannot be read below %s' % base)
    net['route_localnet'] = [name for name in names if every['route_localnet'] or own['route_localnet'][name]]
    net['rp_filter'] = {name: max(every['rp_filter'], own['rp_filter'][name]) for name in names}
    net['forwarding'] = {family: None if value is None else bool(value) for family, value in (
        ('ipv4', _number(base + 'ip_forward')), ('ipv6', _number(proc + '/sys/net/ipv6/conf/all/forwarding')))}
    joined = groups.groups(proc)
    net['ipsec'], net['sk_lookup'] = beside.take()
    net['groups'] = {name: joined[name] for name in names if name in joined}
    net['l3mdev_accept'] = {protocol: None if value is None else bool(value) for protocol, value in (
        (protocol, _number('%s%s_l3mdev_accept' % (base, protocol))) for protocol in ('tcp', 'udp'))}
    taken['net'] = net


def _number(path):
    """int: the value of a sysctl; None where it cannot be read."""
    try:
        with open(path) as stream:
            return int(stream.read())
    except (OSError, ValueError):
        return None


def _firewalld(tables, texts, tools):
    if any(name == 'firewalld' for family, name in tables) or any(
        'INPUT_' in text and re.search(_OF_FIREWALLD, text) for text in texts
    ):
        return 'running'
    return 'not running' if tools.find('firewalld') or tools.find('firewall-cmd') else 'absent'


def _ufw(texts, tools):
    if any('-user-input' in text and re.search(_OF_UFW, text) for text in texts):
        return 'active'
    return 'inactive' if tools.find('ufw') or os.path.exists('/etc/ufw/ufw.conf') else 'absent'
