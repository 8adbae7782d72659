# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who reaches what, as people read it."""

import pathlib
import re

from ansible_collections.listening.ports.plugins.plugin_utils._probes.plan import Target
from ansible_collections.listening.ports.plugins.plugin_utils._reach import answer
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import reach
from ansible_collections.listening.ports.plugins.plugin_utils._report.naming import Naming
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._reach.reaching import (
    EVERYBODY, host, listens, planned, sent
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import owner

GUIDE = pathlib.Path(__file__).resolve().parents[6] / 'docs/docsite/rst/guide_reach.rst'
AT = '2026-11-29T10:00:00Z'
WEB = ['web-%d' % number for number in range(1, 6)]


def shown(listener, sources, missing=(), found=(), columns=None, more=()):
    """The text of a report on what listens on db-1."""
    target = host(listener, *more, addresses=['10.0.1.5/24'])
    rows = answer.ask(planned(**{'db-1': target}), sources)
    lines = reach.lines(rows, [Target('db-1', target)], sources, list(missing), list(found), AT,
                        Naming([source.host for source in sources]), columns)
    return [text for text, dummy in lines]


def test_what_the_guide_shows():
    allowed = ['10.0.1.%d/32' % number for number in (11, 12, 13, 14, 15, 30, 40)]
    database = listens(*allowed, service='postgresql.service', owners=[
        owner(pid=812, process='postgres', unit='postgresql.service')])
    rule = 'nftables inet filter %s: policy drop'
    # where some are let in, the rule that stops the others is that of the way in
    database['exposure']['paths'] = [{
        'family': 'ipv4', 'interfaces': ['eth0'], 'addresses': None, 'verdict': 'partly', 'allowed': allowed,
        'undecided': [], 'decided_by': None, 'blocked_by': rule % 'input', 'caveats': []}]
    undecided = sent(undecided=[{'sources': [EVERYBODY], 'reason': 'rules change the set allowed'}])
    hosts = {name: host(addresses=['10.0.1.%d/24' % (11 + number)]) for number, name in enumerate(WEB)}
    hosts['app-1'], hosts['app-2'] = (host(addresses=['10.0.1.%d/24' % number]) for number in (20, 21))
    hosts['app-3'] = host(addresses=['10.0.1.30/24'], outgoing=[undecided])
    hosts['bastion'] = host(addresses=['10.0.1.40/24'], outgoing=[sent(allowed=(), blocked_by=rule % 'output')])
    sources = [answer.Source(name, known) for name, known in hosts.items()]
    text = '\n'.join(shown(database, sources))
    block = re.search(r'code-block:: text\n\n((?:    .*\n)+)', GUIDE.read_text(encoding='utf-8'))[1]
    assert '\n'.join(line[4:] for line in block.splitlines()) in text


def test_listeners_with_the_same_answers_share_a_line():
    lines = shown(listens(EVERYBODY), [answer.Source('web', host(addresses=['10.0.1.7/24']))],
                  more=[listens(EVERYBODY, port=port) for port in range(100, 125)])
    assert lines[2].startswith('db-1: tcp 0.0.0.0:5432, tcp 0.0.0.0:100, ') and lines[2].endswith(' and 6 more')
    assert lines[-1] == '26 pairs of a host and a listener: 26 can, 0 cannot, 0 not known.'


def test_what_is_missing_and_what_is_contradicted_comes_before_the_last_line():
    found = [{'kind': 'reached', 'message': 'web reaches it'}, {'kind': 'lost_between', 'message': 'app loses it'}]
    unseen = answer.Source('web', None, 'unreachable: no route')
    lines = shown(listens(), [unseen], ['web: unreachable: no route'], found)
    assert lines[-9:-1] == [
        '', 'Missing:', '  web: unreachable: no route', '', 'Contradicted by probes:', '  web reaches it',
        '  app loses it', '']
    assert lines[-1].endswith('0 can, 0 cannot, 1 not known; 1 contradiction; 1 lost between hosts.')


def test_nothing_is_wider_than_the_terminal():
    sources = [answer.Source('web-%d' % number, host(addresses=['10.0.1.7/24'], outgoing=None)) for number in range(9)]
    assert max(map(len, shown(listens(EVERYBODY), sources, columns=60))) <= 60
