# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is kept of a host: the same, byte by byte, where only pids, times, addresses and counts are others."""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._drift import snapshot
from ansible_collections.listening.ports.plugins.plugin_utils._identity import Holder
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._drift.drifting import facts, taken
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import exposure

REDIS = 'tcp 127.0.0.1:6379 redis-server/redis redis-server.service'


def test_a_line_has_what_is_to_stay():
    made = taken('tcp 0.0.0.0:80 nginx/root nginx.service nginx/www-data nginx.service from=10.0.0.0/8', REDIS)
    assert made.lines == (
        snapshot.Line('', 'tcp', 80, Holder('service', ('nginx.service',)), ('root', 'www-data'), False,
                      ('any ipv4',), ('10.0.0.0/8',)),
        snapshot.Line('', 'tcp', 6379, Holder('service', ('redis-server.service',)), ('redis',), False,
                      ('loopback ipv4',)))
    assert snapshot.encode(made).decode() == (
        '{"schema": 1, "host": "web", "complete": {"sockets": true, "binding": true, "owners": true, "units": true}, '
        '"listeners": [\n'
        '{"protocol": "tcp", "port": 80, "holder": ["service", "nginx.service"], "users": ["root", "www-data"], '
        '"bound": ["any ipv4"], "reached_by": ["10.0.0.0/8"]},\n'
        '{"protocol": "tcp", "port": 6379, "holder": ["service", "redis-server.service"], "users": ["redis"], '
        '"bound": ["loopback ipv4"]}\n]}\n')


@pytest.mark.parametrize('before, after', [
    ('tcp 0.0.0.0:80 nginx[7]/root nginx.service',
     'tcp 0.0.0.0:80 nginx[8]/root nginx.service nginx[9]/root nginx.service'),
    ('tcp 0.0.0.0:80 nginx/root nginx.service queue=0/511', 'tcp 0.0.0.0:80 nginx/root nginx.service queue=7/128'),
    ('tcp 0.0.0.0:80 nginx/root nginx.service established=1', 'tcp 0.0.0.0:80 nginx/root nginx.service established=9'),
    ('tcp 10.0.0.5:80 nginx/root nginx.service', 'tcp 10.9.9.9:80 nginx/root nginx.service'),
    ('udp 0.0.0.0:40000 avahi/avahi avahi.service', 'udp 0.0.0.0:50000 avahi/avahi avahi.service'),
    ('tcp [::]:80 nginx/root nginx.service dual',
     'tcp 0.0.0.0:80 nginx/root nginx.service + tcp [::]:80 nginx/root nginx.service'),
    ('tcp 0.0.0.0:80 a/root docker:0123456789ab', 'tcp 0.0.0.0:80 a/root docker:ba9876543210'),
    ('tcp [fe80::1%eth0]:123 ntpd/ntp ntp.service', 'tcp [fe80::2%veth1]:123 ntpd/ntp ntp.service'),
    # whoever is bound to all addresses, and to each of them besides
    ('udp 0.0.0.0:123 ntpd/ntp ntp.service + udp 10.0.0.5:123 ntpd/ntp ntp.service',
     'udp 0.0.0.0:123 ntpd/ntp ntp.service + udp 172.17.0.1:123 ntpd/ntp ntp.service '
     '+ udp 127.0.0.1:123 ntpd/ntp ntp.service'),
])
def test_what_comes_and_goes_is_not_in_it(before, after):
    first, second = (snapshot.encode(taken(*lines.split(' + '))) for lines in (before, after))
    assert first == second


def test_a_namespace_without_a_name_has_another_number_each_time():
    one, other = (taken('tcp 0.0.0.0:80@%s nginx/root' % name, complete={'namespaces': True})
                  for name in ('net:[4026532000]', 'net:[4026532111]'))
    assert one == other and one.lines[0].namespace == 'net'
    assert taken('tcp 0.0.0.0:80@docker:0123456789ab a/root').lines[0].namespace == 'docker:'
    assert taken('tcp 0.0.0.0:80@/run/netns/blue a/root').lines[0].namespace == '/run/netns/blue'


def test_the_widest_decides_who_reaches_it():
    one = taken('tcp 0.0.0.0:80 a/root from=10.0.0.0/8', 'tcp 127.0.0.1:80 a/root from=nobody').lines[0]
    assert one.reached_by == ('10.0.0.0/8',)
    both = taken('tcp 10.0.0.5:80 a/root from=10.0.0.0/8', 'tcp 10.0.0.6:80 a/root from=anyone').lines[0]
    assert both.reached_by == ('anyone',)
    assert taken('tcp 0.0.0.0:80 a/root firewall=unknown').lines[0].reached_by == ('unknown',)


def test_a_set_is_named_and_its_addresses_are_not():
    host = facts('tcp 0.0.0.0:80 a/root')
    part = {'set': 'geo', 'family': 'ipv4', 'elements': 6000, 'key': 'k'}
    host['listeners'][0]['exposure'] = exposure('partly', [], level='listed', allowed_sets=[part],
                                                except_sets=[{**part, 'set': None}])
    assert snapshot.of_facts('web', host).lines[0].reached_by == ('not set ?', 'set geo')


def test_a_container_has_another_address_after_each_start():
    made = [taken(forwarded=['tcp 0.0.0.0:8080 a/root docker:0123456789ab to=%s:80' % address]).lines[0]
            for address in ('172.17.0.2', '172.17.0.3')]
    assert made[0] == made[1] and made[0].to == (':80',) and made[0].published
    other = taken(forwarded=['tcp 0.0.0.0:8080 hidden to=10.9.9.9:80']).lines[0]
    assert other.to == ('10.9.9.9:80',)
    host = facts(forwarded=['tcp 0.0.0.0:8000 hidden to=10.9.9.9:8000'])
    host['forwarded'][0]['ports'] = '8000-8010'
    assert snapshot.of_facts('web', host).lines[0].to == ('8000-8010 to 10.9.9.9:8000',)


def test_sockets_without_ports_are_left_out():
    assert taken('raw 0.0.0.0:1 ping/root').lines == ()


@pytest.mark.parametrize('lines', [
    (), (REDIS,), ('tcp 0.0.0.0:80 ng\x1binx/ro\u202eot',), ('udp 0.0.0.0:40000 avahi/avahi avahi.service',),
    ('tcp 0.0.0.0:40001 rpc/root rpc.service',), ('tcp 0.0.0.0:80 a/root deleted',), ('tcp 0.0.0.0:80 hidden',),
    ('tcp [::]:80 a/root dual=?',), ('tcp 0.0.0.0:80 kernel',)])
def test_it_is_read_as_it_was_written(lines):
    made = taken(*lines)
    text = snapshot.encode(made)
    assert text.isascii() and snapshot.decode(json.loads(text), 'web') == made
    assert len(text.splitlines()) == max(len(lines), 1) + 2


@pytest.mark.parametrize('change, reason', [
    ({'schema': 2}, 'schema'), ({'host': 'other'}, 'host: is another one'),
    ({'complete': {}}, 'complete.sockets: is missing'),
    ({'complete': {'sockets': None}}, 'complete.sockets'), ({'listeners': {}}, 'listeners'),
    ({'listeners': [{}]}, 'protocol'),
    ({'port': 70000}, 'port'), ({'port': 'http'}, 'port'), ({'port': True}, 'port'), ({'protocol': 'raw'}, 'protocol'),
    ({'holder': []}, 'holder'), ({'holder': ['ghost']}, 'holder'), ({'holder': 'kernel'}, 'holder'),
    ({'users': 'root'}, 'users'), ({'bound': [7]}, 'bound'), ({'passing': 1}, 'passing')])
def test_what_is_no_snapshot_is_refused(change, reason):
    data = json.loads(snapshot.encode(taken(REDIS)))
    if set(change) <= set(data):
        data.update(change)
    else:
        data['listeners'][0].update(change)
    with pytest.raises(Fault) as caught:
        snapshot.decode(data, 'web')
    assert reason in str(caught.value)


@pytest.mark.parametrize('data', [None, [], 7, 'x', {}])
def test_nor_is_anything_else(data):
    with pytest.raises(Fault):
        snapshot.decode(data)


def test_lines_of_one_port_can_be_one():
    first, second = (taken(line).lines[0] for line in (
        'tcp 127.0.0.1:53 a/x from=nobody', 'tcp 10.0.0.5:53 b/y deleted from=10.0.0.0/8'))
    one = snapshot.merged([first, second])
    assert one == snapshot.Line('', 'tcp', 53, users=('x', 'y'), deleted=True, bound=('loopback ipv4', 'private ipv4'),
                                reached_by=('10.0.0.0/8',))
    assert snapshot.merged([first]) == first
    assert snapshot.merged([first, second._replace(users=())]).users == ()
    assert snapshot.merged([second, second._replace(reached_by=('anyone',))]).reached_by == ('anyone',)
    assert snapshot.merged([first, second._replace(reached_by=())]).reached_by == first.reached_by


def test_owners_that_are_hidden_have_no_users():
    assert taken('tcp 0.0.0.0:80 nginx/root more=3').lines[0].users == ()
    assert taken('tcp 0.0.0.0:80 nginx/?').lines[0].users == ()
    assert building.facts(['tcp 0.0.0.0:80 nginx/root more=3'])['listeners'][0]['owners_total'] == 4
