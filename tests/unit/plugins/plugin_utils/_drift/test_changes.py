# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has changed, what has not, and what nobody knows."""

import pytest

from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._drift.drifting import (
    FIREWALL, blind, taken, told
)

WEB = 'tcp 0.0.0.0:80 nginx/root nginx.service'
REDIS = 'tcp 127.0.0.1:6379 redis-server/redis redis-server.service'


@pytest.mark.parametrize('before, after, expected', [
    ([], [WEB], ['opened tcp/80 nginx.service: any (IPv4), user root']),
    ([WEB], [], ['closed tcp/80 nginx.service: any (IPv4), user root']),
    ([REDIS], [REDIS.replace('127.0.0.1', '0.0.0.0')],
     ['changed tcp/6379 redis-server.service: bound: loopback (IPv4) → any (IPv4)']),
    ([WEB], [WEB.replace('0.0.0.0', '[::]') + ' dual'], ['changed tcp/80 nginx.service: bound: any (IPv4) → any']),
    ([WEB], ['tcp 0.0.0.0%eth0:80 nginx/root nginx.service'],
     ['changed tcp/80 nginx.service: bound: any (IPv4) → any%eth0 (IPv4)']),
    ([REDIS], [REDIS.replace('/redis ', '/nobody ')], ['changed tcp/6379 redis-server.service: user: redis → nobody']),
    ([WEB], [WEB + ' deleted'], ['changed tcp/80 nginx.service: executable: – → deleted']),
    ([WEB + ' deleted'], [WEB], []),
    ([WEB], ['tcp 0.0.0.0:80 caddy/root caddy.service'],
     ['changed tcp/80 caddy.service: held by: nginx.service → caddy.service']),
    ([WEB], ['tcp 0.0.0.0:80 nc/nobody'],
     ['changed tcp/80 /usr/sbin/nc: held by: nginx.service → /usr/sbin/nc; user: root → nobody']),
    ([WEB], ['tcp 0.0.0.0:80 x/nobody exe=/usr/bin/python3'],
     ['changed tcp/80 x: held by: nginx.service → x; user: root → nobody']),
    # two hold one port: who came, who went, and who has changed
    (['udp 127.0.0.53:53 r/r r.service', 'udp 10.0.0.5:53 d/d d.service'],
     ['udp 10.0.0.5:53 r/r r.service', 'udp 127.0.0.53:53 d/d d.service'],
     ['changed udp/53 d.service: bound: private (IPv4) → loopback (IPv4)',
      'changed udp/53 r.service: bound: loopback (IPv4) → private (IPv4)']),
    (['udp 127.0.0.53:53 r/r r.service'], ['udp 127.0.0.53:53 r/r r.service', 'udp 10.0.0.5:53 d/d d.service'],
     ['opened udp/53 d.service: private (IPv4), user d']),
    (['udp 127.0.0.53:53 r/r r.service', 'udp 10.0.0.5:53 d/d d.service'], ['udp 127.0.0.53:53 r/r r.service'],
     ['closed udp/53 d.service: private (IPv4), user d']),
    # the other address of a family
    (['tcp 127.0.0.1:9 a/a a.service', 'tcp [::]:9 a/a a.service'],
     ['tcp 0.0.0.0:9 a/a a.service', 'tcp [::1]:9 a/a a.service'],
     ['changed tcp/9 a.service: bound: any (IPv6), loopback (IPv4) → any (IPv4), loopback (IPv6)']),
    # ports of the ephemeral range
    (['tcp 0.0.0.0:40001 m/root m.service'], ['tcp 0.0.0.0:41001 m/root m.service'],
     ['moved tcp/41001 m.service: port: 40001 → 41001']),
    (['tcp 0.0.0.0:40001 m/root m.service'], ['tcp 0.0.0.0:41001 m/root m.service',
                                              'tcp 0.0.0.0:42001 m/root m.service'],
     ['moved tcp/41001 m.service: port: 40001 → 41001', 'opened tcp/42001 m.service: any (IPv4), user root']),
    (['tcp 127.0.0.1:40001 m/root m.service'], ['tcp 0.0.0.0:41001 m/root m.service'],
     ['closed tcp/40001 m.service: loopback (IPv4), user root', 'opened tcp/41001 m.service: any (IPv4), user root']),
    (['tcp 0.0.0.0:40001 m/root m.service'], ['tcp 0.0.0.0:41001 x/root x.service'],
     ['closed tcp/40001 m.service: any (IPv4), user root', 'opened tcp/41001 x.service: any (IPv4), user root']),
    (['tcp 0.0.0.0:6379 m/root m.service'], ['tcp 0.0.0.0:7777 m/root m.service'],
     ['closed tcp/6379 m.service: any (IPv4), user root', 'opened tcp/7777 m.service: any (IPv4), user root']),
    (['tcp 0.0.0.0:40001 hidden'], ['tcp 0.0.0.0:41001 hidden'],
     ['closed tcp/40001 not known: any (IPv4)', 'opened tcp/41001 not known: any (IPv4)']),
    (['udp 0.0.0.0:40001 a/a a.service'], [], ['moved udp/ephemeral a.service: any (IPv4), user a']),
    ([], ['udp 0.0.0.0:40001 nc/nobody'], ['opened udp/ephemeral /usr/sbin/nc: any (IPv4), user nobody']),
])
def test_changes(before, after, expected):
    assert told(taken(*before), taken(*after)) == expected


@pytest.mark.parametrize('before, after, expected', [
    ('from=anyone', 'from=10.0.0.0/8', ['reached by: anyone → 10.0.0.0/8']),
    ('from=10.0.0.0/8', 'from=10.0.0.0/8,10.9.0.0/16', ['reached by: 10.0.0.0/8 → 10.0.0.0/8, 10.9.0.0/16']),
    ('from=anyone', 'from=nobody', ['reached by: anyone → nobody']),
    ('from=anyone', 'from=10.0.0.0/8 maybe=172.16.0.0/12', ['reached by: anyone → not known']),
    ('from=anyone rule=x', 'from=anyone rule=y', [])])
def test_who_reaches_it(before, after, expected):
    old, new = (taken('%s %s' % (WEB, words), complete=FIREWALL) for words in (before, after))
    assert told(old, new) == ['changed tcp/80 nginx.service: %s' % part for part in expected]


# Another view


def test_what_was_not_looked_at_is_not_compared_and_that_is_said():
    seen = taken(WEB + ' from=anyone', REDIS, complete=FIREWALL)
    hidden = taken('tcp 0.0.0.0:80 hidden', 'tcp 127.0.0.1:6379 hidden', gaps=['owners'])
    for old, new in ((seen, hidden), (hidden, seen)):
        assert told(old, new) == []
        assert blind(old, new) == ('owners', 'firewall')
    assert blind(taken(WEB), taken(WEB)) == (), 'nobody asked for the firewall'
    # what can be seen all the same
    wide = taken('tcp 0.0.0.0:80 hidden', 'tcp 0.0.0.0:6379 hidden', 'tcp 0.0.0.0:4444 hidden', gaps=['owners'])
    assert told(seen, wide) == ['opened tcp/4444 not known: any (IPv4)',
                                'changed tcp/6379 not known: bound: loopback (IPv4) → any (IPv4)']


def test_a_holder_is_not_another_one_where_units_could_not_be_asked():
    with_units, without = taken(WEB), taken('tcp 0.0.0.0:80 nginx/root', gaps=['units'])
    assert told(with_units, without) == [] and blind(with_units, without) == ('units',)
    assert told(with_units, taken('tcp 0.0.0.0:80 nginx/nobody', gaps=['units'])) == [
        'changed tcp/80 /usr/sbin/nginx: user: root → nobody']
    no_systemd = {'units': None}
    assert told(taken('tcp 0.0.0.0:80 a/x', complete=no_systemd), taken('tcp 0.0.0.0:80 b/x', complete=no_systemd)) == [
        'changed tcp/80 /usr/sbin/b: held by: /usr/sbin/a → /usr/sbin/b']


def test_families_and_devices_are_compared_where_both_saw_them():
    by_netlink, by_procfs = taken('tcp [::]:80 nginx/root nginx.service dual'), taken(
        'tcp [::]:80 nginx/root nginx.service dual=?', gaps=['binding'])
    assert told(by_netlink, by_procfs) == [] and blind(by_netlink, by_procfs) == ('binding',)
    assert told(by_procfs, taken('tcp [::1]:80 nginx/root nginx.service')) == [
        'changed tcp/80 nginx.service: bound: any → loopback']
    assert told(by_netlink, taken('tcp [::]:80 nginx/root nginx.service dual=?')) == []


def test_what_appears_where_not_all_was_seen_is_unknown():
    part = taken(WEB, gaps=['sockets'])
    assert told(part, taken(WEB, REDIS)) == [
        'unknown tcp/6379 redis-server.service: the earlier look did not see all sockets, so it may have been there: '
        'loopback (IPv4), user redis']
    assert told(taken(WEB, REDIS), part) == [
        'unknown tcp/6379 redis-server.service: this look did not see all sockets, so it may still be there: '
        'loopback (IPv4), user redis']
    assert told(part, taken(REDIS)) == [
        'closed tcp/80 nginx.service: any (IPv4), user root',
        'unknown tcp/6379 redis-server.service: the earlier look did not see all sockets, so it may have been there: '
        'loopback (IPv4), user redis']


def test_other_namespaces_are_compared_where_both_looked_there():
    blue = 'tcp 0.0.0.0:80@/run/netns/blue a/root'
    there, here = taken(WEB, blue, complete={'namespaces': True}), taken(WEB)
    assert told(there, here) == told(here, there) == [] and blind(here, there) == ('namespaces',)
    empty = taken(WEB, complete={'namespaces': True})
    assert told(empty, there) == ['opened tcp/80 in /run/netns/blue /usr/sbin/a: any (IPv4), user root']


def test_what_is_published_is_known_by_rules():
    proxy = 'tcp 0.0.0.0:8080 docker-proxy/root docker.service'
    published = taken(forwarded=['tcp 0.0.0.0:8080 a/root docker:0123456789ab to=172.17.0.2:80'])
    without_rules = taken(proxy)
    for old, new in ((published, without_rules), (without_rules, published), (taken(), published),
                     (published, taken())):
        assert told(old, new) == [] and blind(old, new) == ('firewall',)
    other = taken(forwarded=['tcp 0.0.0.0:8080 a/root docker:0123456789ab to=172.17.0.9:81'])
    assert told(published, other) == ['changed tcp/8080 a container of docker: forwarded to: :80 → :81']


def test_a_service_that_its_socket_starts_has_no_user_until_somebody_comes():
    waiting = 'tcp 0.0.0.0:22 systemd[1]/root init.scope service=ssh.service by=ssh.socket'
    serving = waiting + ' sshd/root ssh.service'
    assert told(taken(waiting), taken(serving)) == told(taken(serving), taken(waiting)) == []
