# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading of ss itself, on lines that it has printed, and the comparison: an oracle that sees nothing is none."""

from zoo import compare, oracle_ss

TEXT = (
    'udp   UNCONN 0      0      127.0.0.53%lo:53   0.0.0.0:* users:(("systemd-resolve",pid=511,fd=13)) uid:991 ino:1 '
    'sk:1 cgroup:/ <->\n'
    'tcp   LISTEN 3      128    0.0.0.0:22   0.0.0.0:* users:(("sshd",pid=7,fd=3),("systemd",pid=1,fd=44)) ino:2 sk:2 '
    'cgroup:/ <->\n'
    'tcp   LISTEN 0      5            *:80         *:* users:(("a\ntcp   LISTEN",pid=9,fd=3)) ino:3 sk:3 v6only:0 <->\n'
    'tcp   LISTEN 0      5         [::]%lo:84  [::]:* users:(("x",pid=99),("\udcff",pid=10,fd=3)) ino:4 v6only:1 <->\n'
    'tcp   LISTEN 0      5       [fe80::1]%eth0:85  [::]:* ino:5 sk:5 v6only:1 <->\n'
    'mptcp LISTEN 0      5      [::ffff:127.0.0.1]:86       *:* ino:6 sk:6 v6only:0 <->\n'
    'tcp   ESTAB  0      0      127.0.0.1:22 127.0.0.1:4321 ino:7 sk:7 <->\n'
)


def test_rows():
    keys = ('protocol', 'state', 'address', 'interface', 'port', 'pids', 'uid', 'v6only', 'queue', 'peer')
    assert [tuple(row[key] for key in keys) for row in oracle_ss.parse(TEXT)] == [
        ('udp', 'UNCONN', '127.0.0.53', 'lo', 53, [511], 991, None, [0, 0], ['0.0.0.0', '*']),
        ('tcp', 'LISTEN', '0.0.0.0', None, 22, [1, 7], 0, None, [3, 128], ['0.0.0.0', '*']),
        ('tcp', 'LISTEN', '::', None, 80, [9], 0, False, [0, 5], ['*', '*']),
        ('tcp', 'LISTEN', '::', 'lo', 84, [10], 0, True, [0, 5], ['::', '*']),
        ('tcp', 'LISTEN', 'fe80::1', 'eth0', 85, [], 0, True, [0, 5], ['::', '*']),
        ('mptcp', 'LISTEN', '::ffff:127.0.0.1', None, 86, [], 0, False, [0, 5], ['*', '*']),
        ('tcp', 'ESTAB', '127.0.0.1', None, 22, [], 0, None, [0, 0], ['127.0.0.1', '4321']),
    ]


def record(**changed):
    known = {
        'id': 'tcp/[::]:80', 'protocol': 'tcp', 'address': '::', 'interface': None, 'port': 80, 'accepts_ipv4': True,
        'owners': [{'pid': 9}], 'owners_total': 1, 'socket_uid': 0, 'backlog': {'pending': 0, 'limit': 5},
    }
    return dict(known, **changed)


def test_each_difference_is_seen():
    rows = [row for row in oracle_ss.parse(TEXT) if row['port'] == 80]
    assert oracle_ss.differences([record()], rows) == []
    for changed in ({'owners': []}, {'owners_total': 2}, {'socket_uid': 5}, {'backlog': {'pending': 1, 'limit': 5}},
                    {'accepts_ipv4': False}):
        assert len(oracle_ss.differences([record(**changed)], rows)) == 1, changed
    for changed in ({'port': 81}, {'address': '::1'}, {'interface': 'lo'}, {'protocol': 'udp'}):
        assert len(oracle_ss.differences([record(**changed)], rows)) == 2, changed
    assert len(oracle_ss.differences([], rows)) == 1


def facts(complete, gaps):
    return {'schema': 1, 'gathered_at': '', 'collector': 'netlink', 'complete': {'sockets': complete, 'owners': True},
            'gaps': gaps, 'system': {}, 'listeners': []}


def test_rules_of_facts_are_checked():
    gap = {'aspect': 'sockets', 'code': 'x', 'count': None, 'message': 'm', 'hint': None}
    assert compare.invariants(facts(True, [])) == []
    assert compare.invariants(facts(False, [gap])) == []
    assert len(compare.invariants(facts(False, []))) == 1
    assert len(compare.invariants(facts(True, [gap]))) == 1
    assert len(compare.invariants(facts(None, [gap]))) == 1
