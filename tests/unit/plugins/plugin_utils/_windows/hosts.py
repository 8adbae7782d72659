# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows host for tests of its firewall: what listens, where packets come in, settings, rules.

Each has a usual form, of which a test says what is different.
"""

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils._windows import decide, model, rules

EVERYONE = iv.full(4)
SERVER = 'c:\\app\\server.exe'
SVCHOST = 'c:\\windows\\system32\\svchost.exe'
GUID = '{6e3bf3f4-8a7b-4f0d-9c3e-0a1b2c3d4e5f}'
PACKAGE = 'S-1-15-2-1-2-3-4-5-6-7'


def spans(*texts):
    """A set of addresses."""
    return iv.merged([span for text in texts for span in iv.parse(text)[1]])


NET = spans('192.0.2.0/24')
OTHER_NET = spans('198.51.100.0/24')


def holder(port=80, protocol='tcp', **given):
    """A plain program."""
    return model.Holder(protocol, port, **{'program': SERVER, 'services': (), 'package': '', 'user': 'S-1-5-20',
                                           **given})


def settings(**given):
    """As they are where nobody has changed anything."""
    return model.Settings(**{'off': False, 'shielded': False, 'default_allow': False,
                             'stores': frozenset(('local', 'gpo', 'mdm')), **given})


def arrival(profile='domain', of=None, **given):
    """A cable, in a network of a known category."""
    usual = {'family': 4, 'interface': 'Ethernet', 'guid': GUID, 'kind': 'lan', 'address': iv.number('192.0.2.10'),
             'cases': ((profile, of or settings()),), 'why': '', 'disabled': False, 'subnets': NET, 'all_subnets': NET,
             'servers': {}, 'teredo': False}
    return model.Arrival(**{**usual, **given})


def machine(**given):
    """A server on which all could be observed."""
    usual = {'version': (10, 0, 17763), 'environment': {'systemroot': 'C:\\Windows', 'windir': 'C:\\Windows'},
             'rpc': frozenset((49664,)), 'dynamic': (49152, 65535), 'https': frozenset(), 'teredo': frozenset()}
    return model.Machine(**{**usual, **given})


def text(*parts, action='Allow'):
    """The text of an active rule for packets that come in."""
    return '|'.join(('v2.30', 'Action=' + action, 'Active=TRUE', 'Dir=In', *parts, ''))


def rule(*parts, action='Allow', store='local', name='r'):
    """Parse such a rule."""
    return rules.parse(name, text(*parts, action=action), store)


def firewall(*parsed, **given):
    """Make the firewall of a host with these rules."""
    return decide.Firewall([each for each in parsed if each], machine(**given))


def answer(parsed, who=None, where=None, **given):
    """Answer who is let in, by a list of rules."""
    return firewall(*parsed, **given).answer(who or holder(), where or arrival())
