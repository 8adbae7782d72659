# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ufw: what it lists, and how it is told."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter.rules import Rule
from ansible_collections.listening.ports.plugins.module_utils._openings import ufw
from ansible_collections.listening.ports.plugins.module_utils._openings.backend import Missing
from ansible_collections.listening.ports.plugins.module_utils._openings.pieces import spans
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._openings.fake_firewalls import (
    CAPTURES, Firewalls)


def test_rules_as_they_are_listed():
    """The same by ufw 0.36, 0.36.2-1 and 0.36.2-9."""
    assert ufw.rules((CAPTURES / 'ufw.txt').read_text(encoding='utf-8')) == {
        'allow 22/tcp', 'allow from 10.1.2.3 to any port 80,443,8000:8010 proto tcp', 'allow 81,82/tcp',
        'allow 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15/tcp', 'allow 83/tcp', 'allow in on lan0 to any port 84 proto tcp',
        'allow log 85/tcp', 'limit 86/tcp', 'route allow from 10.8.0.0/16 to 172.30.0.2 port 80 proto tcp',
        'allow from 10.9.0.0/16', 'allow from fd00::/8 to any port 53 proto udp',
        'allow from fd00::1 to any port 53 proto udp'}
    assert ufw.rules("Added user rules (see 'ufw status' for running firewall):\n(None)\n") == set()


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    return Firewalls(str(tmp_path))


@pytest.fixture
def settings(tmp_path):
    path = tmp_path / 'default'
    path.write_text('# IPV6=no\nIPV6=yes\n', encoding='utf-8')
    return path


@pytest.fixture
def firewall(host, settings):
    made = ufw.Ufw(host.run, str(settings))
    made.look()
    return made


def pieces(firewall, ports, sources, protocol='tcp'):
    return firewall.pieces(Rule(protocol, spans(ports), sources, None), 'eth0')


def told(firewall, host, *arguments):
    some, left = pieces(firewall, *arguments)
    assert not left and not any(firewall.has(piece, 'rules') for piece in some)
    assert firewall.add(some, 'rules') is None
    firewall.look()
    assert all(firewall.has(piece, 'rules') for piece in some)
    added = [command.replace(" comment 'opened by listening.ports'", '') for command in host.told]
    del host.told[:]
    assert firewall.remove(some, 'rules') is None
    assert [command.replace('delete ', '') for command in host.told] == added
    firewall.look()
    assert not any(firewall.has(piece, 'rules') for piece in some)
    return added


@pytest.mark.parametrize('ports, sources, commands', [
    (['80'], None, ['ufw allow proto tcp to any port 80']),
    (['80', '81', '443', '8000-8010'], ('10.1.2.3/32', 'fd00::1/128', 'fd00::/32'),
     ['ufw allow proto tcp from %s to any port 80:81,443,8000:8010' % source
      for source in ('10.1.2.3', 'fd00::1', 'fd00::/32')]),
    # as ufw lists everybody of one family as everybody
    (['80'], ('0.0.0.0/0',), ['ufw allow proto tcp from %s to any port 80' % half
                              for half in ('0.0.0.0/1', '128.0.0.0/1')]),
    ([str(port) for port in range(1, 41, 2)], None,
     ['ufw allow proto tcp to any port 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29',
      'ufw allow proto tcp to any port 31,33,35,37,39']),
])
def test_how_it_is_told(firewall, host, ports, sources, commands):
    assert told(firewall, host, ports, sources) == commands


def test_a_rule_of_somebody_else_is_there(firewall, host):
    some, dummy = pieces(firewall, ['22'], None)
    assert firewall.has(some[0], 'rules')


def test_protocols_that_it_does_not_know(firewall):
    assert pieces(firewall, ['77'], None, 'sctp') == ([], [
        (None, 'protocol', 'ufw has no rules for ports of sctp')])


@pytest.mark.parametrize('text', ['IPV6=no\n', 'IPV6="No"\n', '', '#IPV6=yes\n', 'IPV6=yes\nIPV6=no\n'])
def test_without_ipv6(host, settings, text):
    settings.write_text(text, encoding='utf-8')
    firewall = ufw.Ufw(host.run, str(settings))
    firewall.look()
    some, left = pieces(firewall, ['80'], ('10.0.0.0/8', 'fd00::/8'))
    assert [str(piece) for piece in some] == ['tcp/80 for 10.0.0.0/8 in ufw']
    assert [entry[:2] for entry in left] == [('fd00::/8', 'ipv6_off')]


def test_it_refuses(firewall, host):
    host.refuses.add('port 81')
    some, dummy = pieces(firewall, ['80'], None)
    more, dummy = pieces(firewall, ['81'], None)
    assert firewall.add(some + more, 'rules') == 'ufw: ERROR: it will not'
    firewall.look()
    assert [firewall.has(piece, 'rules') for piece in some + more] == [True, False]


def test_it_is_not_active(host, settings):
    host.is_active = False
    with pytest.raises(Missing) as info:
        ufw.Ufw(host.run, str(settings)).look()
    assert (info.value.code, str(info.value)) == ('ufw_inactive', 'ufw is not active')


def test_it_does_not_answer(host, settings, tmp_path):
    with pytest.raises(Missing) as info:
        ufw.Ufw(lambda words, **dummy: (1, '', 'ERROR: no\n'), str(settings)).look()
    assert (info.value.code, str(info.value)) == ('ufw_fails', 'ufw does not answer (ufw: ERROR: no)')
    with pytest.raises(Missing) as info:
        ufw.Ufw(host.run, str(tmp_path / 'none')).look()
    assert 'cannot be read, which says whether ufw filters IPv6' in str(info.value)
