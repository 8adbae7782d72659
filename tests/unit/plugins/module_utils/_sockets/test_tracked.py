# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who comes to what rules lead elsewhere, by lines as kernels print them."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._sockets import tracked
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of, ip, new_gaps

LED = ('ipv4     2 tcp      6 431999 %s src=10.0.0.5 dst=192.0.2.1 sport=57634 dport=8080 src=172.17.0.2 dst=10.0.0.5 '
       'sport=80 dport=57634 %smark=0 zone=0 use=2\n')
LED6 = ('ipv6     10 tcp      6 431999 ESTABLISHED src=2001:0db8:0000:0000:0000:0000:0000:0005 '
        'dst=2001:0db8:0000:0000:0000:0000:0000:0001 sport=57634 dport=8080 '
        'src=fd00:0000:0000:0000:0000:0000:0000:0002 dst=2001:0db8:0000:0000:0000:0000:0000:0005 sport=80 dport=57634 '
        '[ASSURED] mark=0 zone=0 use=2\n')
REDIRECTED = LED.replace('172.17.0.2', '192.0.2.1')
PLAIN = REDIRECTED.replace('sport=80 ', 'sport=8080 ')
OTHERS = ('ipv4     2 udp      17 29 src=10.0.0.5 dst=192.0.2.1 sport=5 dport=53 src=172.17.0.2 dst=10.0.0.5 sport=53 '
          'dport=5 mark=0 use=2\n'
          'ipv4     2 icmp     1 29 src=10.0.0.5 dst=192.0.2.1 type=8 code=0 id=1 src=192.0.2.1 dst=10.0.0.5 type=0 '
          'code=0 id=1 mark=0 use=2\n'
          'ipv4     2 unknown  89 599 src=10.0.0.5 dst=224.0.0.5 [UNREPLIED] src=224.0.0.5 dst=10.0.0.5 mark=0 use=2\n')
LOCAL = ['192.0.2.1/24', '127.0.0.1/8']


def collect(tmp_path, text, budget=1000):
    (tmp_path / 'self/net').mkdir(parents=True)
    (tmp_path / 'self/net/nf_conntrack').write_text(text)
    gaps = new_gaps()
    return tracked.collect(LOCAL, budget, gaps, str(tmp_path)), list(gaps_of(gaps))


def test_who_came_is_counted_by_what_it_was_addressed_to(tmp_path):
    lines = [LED % ('ESTABLISHED', '[ASSURED] '), (LED % ('TIME_WAIT', '[ASSURED] ')).replace('57634', '57635'),
             (LED % ('ESTABLISHED', '')).replace('10.0.0.5', '192.0.2.1'), LED6, OTHERS]
    assert collect(tmp_path, ''.join(lines)) == ([
        {'protocol': 'tcp', 'family': 'ipv4', 'address': '192.0.2.1', 'port': 8080,
         'clients': {'ipv4': {'10.0.0.5/32': 2}, 'ipv6': {}, 'itself': 1}},
        {'protocol': 'tcp', 'family': 'ipv6', 'address': '2001:db8::1', 'port': 8080,
         'clients': {'ipv4': {}, 'ipv6': {'2001:db8::5/128': 1}, 'itself': 0}}], [])


@pytest.mark.parametrize('line, came', [
    (LED % ('ESTABLISHED', ''), True), (LED % ('FIN_WAIT', ''), True), (LED % ('CLOSE_WAIT', ''), True),
    (LED % ('LAST_ACK', ''), True), (LED % ('TIME_WAIT', ''), True), (LED % ('CLOSE', '[ASSURED] '), True),
    (LED % ('SYN_SENT', '[UNREPLIED] '), False), (LED % ('SYN_RECV', ''), False), (LED % ('CLOSE', ''), False),
    (REDIRECTED % ('ESTABLISHED', ''), True), (PLAIN % ('ESTABLISHED', ''), False)])
def test_what_counts(line, came):
    assert tracked.parse(line) == ((ip('10.0.0.5'), ip('192.0.2.1'), 8080) if came else None)


def test_where_nothing_is_tracked_nothing_is_led_elsewhere(tmp_path):
    gaps = new_gaps()
    assert tracked.collect(LOCAL, 10, gaps, str(tmp_path)) == [] and gaps.found == []


def test_a_kernel_that_does_not_show_what_it_tracks_is_a_gap(tmp_path):
    (tmp_path / 'sys/net/netfilter').mkdir(parents=True)
    (tmp_path / 'sys/net/netfilter/nf_conntrack_count').write_text('7\n')
    gaps = new_gaps()
    assert tracked.collect(LOCAL, 10, gaps, str(tmp_path)) is None
    assert list(gaps_of(gaps)) == [('connections', 'led_elsewhere')]


@pytest.mark.parametrize('text', ['x\n', '\n', (LED % ('ESTABLISHED', '')).replace('dport=8080', 'dport=x'),
                                  (LED % ('ESTABLISHED', '')).replace('src=10.0.0.5', 'src=10.0.0.5.6'),
                                  (LED % ('ESTABLISHED', '')).partition(' src=172')[0] + '\n'])
def test_what_is_not_understood_is_a_gap(tmp_path, text):
    assert collect(tmp_path, text) == (None, [('connections', 'led_elsewhere')])


def test_a_table_that_is_refused_is_a_gap(tmp_path):
    (tmp_path / 'self/net/nf_conntrack').mkdir(parents=True)       # which not even root can read as a file
    gaps = new_gaps()
    assert tracked.collect(LOCAL, 10, gaps, str(tmp_path)) is None
    assert list(gaps_of(gaps)) == [('connections', 'led_elsewhere')]


def test_budget(tmp_path):
    known, gaps = collect(tmp_path, LED % ('ESTABLISHED', '') * 3, 2)
    assert known[0]['clients']['ipv4'] == {'10.0.0.5/32': 2} and gaps == [('connections', 'connection_budget')]


def test_too_many_endpoints_are_a_gap(tmp_path):
    text = ''.join((LED % ('ESTABLISHED', '')).replace('8080', str(10000 + number)) for number in range(1001))
    assert collect(tmp_path, text, 5000) == (None, [('connections', 'led_elsewhere')])
