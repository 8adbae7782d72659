# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is composed for fleets that are made up, to the letter."""

import copy

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._baseline import pieces, proof, things
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._baseline import composing
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

SSH = 'tcp 0.0.0.0:22 sshd/root ssh.service'
SSH6 = 'tcp [::]:22 sshd/root ssh.service'
HTTP = 'tcp 0.0.0.0:80 nginx/root nginx.service'
HTTPS = 'tcp 0.0.0.0:443 nginx/root nginx.service'
MINER = 'tcp 0.0.0.0:4444 nc/nobody exe=/tmp/.x/nc'


def fleet(*hosts):
    """Facts of hosts a, b, c, ... of their lines."""
    return {chr(ord('a') + number): building.facts(lines) for number, lines in enumerate(hosts)}


def written(hosts, groups=(), **more):
    """The entries, by file, of hosts that are given by lines."""
    return composing.entries(composing.composed(fleet(*hosts), groups, **more))


def only(*lines, **more):
    """The entries of a single host."""
    return written([list(lines)], **more).get(('host', 'a'), [])


@pytest.mark.parametrize('lines, entry', [
    ([SSH, SSH6], {'name': 'ssh', 'port': 22, 'service': 'ssh'}),
    ([HTTP, HTTPS], {'name': 'nginx', 'ports': [80, 443], 'service': 'nginx'}),
    (['tcp 127.0.0.1:25 master/root postfix.service', 'tcp [::1]:25 master/root postfix.service'],
     {'name': 'postfix', 'port': 25, 'service': 'postfix', 'bind': 'loopback'}),
    (['tcp 127.0.0.1:53 dnsmasq/root dnsmasq.service', 'udp 10.0.0.5:53 dnsmasq/root dnsmasq.service',
      'tcp 10.0.0.5:53 dnsmasq/root dnsmasq.service', 'udp 127.0.0.1:53 dnsmasq/root dnsmasq.service'],
     {'name': 'dnsmasq', 'ports': [53, '53/udp'], 'service': 'dnsmasq', 'bind': ['loopback', 'private']}),
    (['udp 0.0.0.0%lan0:67 dnsmasq/root dnsmasq.service'],
     {'name': 'dnsmasq', 'port': '67/udp', 'service': 'dnsmasq', 'bind': 'lan0'}),
    (['udp 0.0.0.0:4789 kernel'], {'name': 'kernel', 'port': '4789/udp', 'process': '[kernel]'}),
    (['tcp 0.0.0.0:80 app/root docker:0123456789ab'], {'name': 'docker', 'port': 80, 'container': 'docker:*'}),
    (['tcp 0.0.0.0:8090 app/nobody exe=/usr/bin/python3.13'],
     {'name': 'app', 'port': 8090, 'process': 'app', 'user': 'nobody', 'state': 'optional'}),
    (['udp 0.0.0.0:40001 avahi/avahi avahi-daemon.service'],
     {'name': 'avahi-daemon', 'port': '32768-60999/udp', 'service': 'avahi-daemon', 'state': 'optional'}),
    ([SSH + ' from=10.0.0.0/8,192.0.2.0/24'],
     {'name': 'ssh', 'port': 22, 'service': 'ssh', 'only_from': ['10.0.0.0/8', '192.0.2.0/24']}),
    ([SSH + ' from=anyone'], {'name': 'ssh', 'port': 22, 'service': 'ssh'}),
    ([SSH + ' from=nobody'], {'name': 'ssh', 'port': 22, 'service': 'ssh', 'only_from': ['local']}),
    ([SSH + ' from=10.0.0.0/8 maybe=192.0.2.0/24'], {'name': 'ssh', 'port': 22, 'service': 'ssh'}),
    ([SSH + ' from=%s' % ','.join('10.%d.0.0/16' % (2 * number) for number in range(9))],
     {'name': 'ssh', 'port': 22, 'service': 'ssh'}),
    ([SSH + ' firewall=unknown'], {'name': 'ssh', 'port': 22, 'service': 'ssh'}),
    (['tcp 0.0.0.0:22 systemd[1]/root init.scope service=ssh.service by=ssh.socket'],
     {'name': 'ssh', 'port': 22, 'service': 'ssh'}),
    (['tcp 0.0.0.0:22 a/root x.service b/root y.scope service=x.service'],
     {'name': 'a', 'port': 22, 'exe': ['/usr/sbin/a', '/usr/sbin/b'], 'user': 'root', 'state': 'optional'})])
def test_one_entry(lines, entry):
    assert only(*lines) == [entry]


def test_what_needs_none_has_none():
    assert only('udp 0.0.0.0:68 dhclient/root exe=/sbin/dhclient', 'tcp 0.0.0.0:80@blue nginx/root') == []


def test_what_only_the_host_itself_reaches_and_who_does_can_be_left_out():
    lines = [SSH + ' from=10.0.0.0/8', 'tcp 127.0.0.1:25 master/root postfix.service']
    assert len(only(*lines)) == 2
    assert [entry['port'] for entry in only(*lines, wanted=composing.ALL._replace(loopback=False))] == [22]
    assert 'only_from' not in only(*lines, wanted=composing.ALL._replace(exposure=False))[0]
    assert only(lines[1], wanted=composing.ALL._replace(loopback=False)) == []


def test_a_port_that_few_hosts_share_is_another_one_tomorrow():
    statd = 'tcp 0.0.0.0:%d rpc.statd/root rpc-statd.service'
    ranges = written([[statd % 40001], [statd % 40002]])
    assert {entry['port'] for entries in ranges.values() for entry in entries} == {'32768-60999'}
    assert written([[statd % 40001]])['host', 'a'][0]['port'] == 40001
    same = written([[statd % 40001]] * 2)
    assert same == {('group', 'all'): [{'name': 'rpc-statd', 'port': 40001, 'service': 'rpc-statd'}]}
    assert written([[statd % 9001], [statd % 9002]]) == {
        ('host', name): [{'name': 'rpc-statd', 'port': port, 'service': 'rpc-statd'}]
        for name, port in (('a', 9001), ('b', 9002))}, 'it is no port of clients'


def test_a_reserved_port_stays():
    facts = building.facts(['udp 0.0.0.0:51820 kernel'], system={'reserved_ports': [[51820, 51820]]})
    assert composing.entries(composing.composed({'a': facts}))['host', 'a'][0]['port'] == '51820/udp'


def test_what_is_common_is_of_the_group_that_has_it():
    hosts = [[SSH, HTTP], [SSH, HTTP], [SSH], [SSH]]
    assert written(hosts, {'web': ['a', 'b'], 'db': ['c', 'd']}) == {
        ('group', 'all'): [{'name': 'ssh', 'port': 22, 'service': 'ssh'}],
        ('group', 'web'): [{'name': 'nginx', 'port': 80, 'service': 'nginx'}]}


def test_without_a_group_it_is_of_the_hosts():
    assert set(written([[HTTP], [HTTP], [], [], [], []])) == {('host', 'a'), ('host', 'b')}


def test_a_host_that_lacks_something_is_an_exception():
    hosts = [[SSH, HTTP]] * 9 + [[HTTP]]
    result = composing.composed(fleet(*hosts))
    assert composing.entries(result) == {
        ('group', 'all'): [{'name': 'ssh', 'port': 22, 'service': 'ssh'},
                           {'name': 'nginx', 'port': 80, 'service': 'nginx'}],
        ('host', 'j'): [{'name': 'ssh', 'port': 22, 'service': 'ssh', 'state': 'optional', 'override': True}]}
    assert result.files[1].text.splitlines()[3] == '  # was not there when this was written'
    assert result.files[0].text.startswith('# From 10 hosts.\n---\nexpected_listeners:\n')


def test_another_way_takes_the_place_of_the_usual_one():
    hosts = [[SSH, HTTP, HTTPS]] * 9 + [[SSH + ' from=10.0.0.0/8', HTTP, 'tcp 127.0.0.1:443 nginx/root nginx.service']]
    found = written(hosts)
    assert found['host', 'j'] == [
        {'name': 'ssh', 'port': 22, 'service': 'ssh', 'only_from': ['10.0.0.0/8'], 'override': True},
        {'name': 'nginx 443', 'port': 443, 'service': 'nginx', 'bind': 'loopback', 'override': True}]
    assert [entry['port'] for entry in found['group', 'all']] == [22, 80, 443], 'one of two ports cannot be replaced'


def test_a_group_has_its_own_way():
    hosts = [[SSH]] * 6 + [['tcp 127.0.0.1:22 sshd/root ssh.service']] * 3
    assert written(hosts, {'inner': ['g', 'h', 'i']}) == {
        ('group', 'all'): [{'name': 'ssh', 'port': 22, 'service': 'ssh'}],
        ('group', 'inner'): [{'name': 'ssh', 'port': 22, 'service': 'ssh', 'bind': 'loopback', 'override': True}]}


def test_a_host_that_may_be_judged_by_it_keeps_a_group_from_having_it():
    """What listens there is let be, and would be somebody else's to a specific entry."""
    hosts = [['udp 0.0.0.0:68 kea/root kea.service']] * 9 + [['udp 0.0.0.0:68 dhclient/root exe=/sbin/dhclient']]
    assert ('group', 'all') not in written(hosts)
    assert ('group', 'all') in written(hosts[:-1])


def test_two_on_one_port_have_an_entry_each():
    assert only('tcp 0.0.0.0:80 nginx/root nginx.service', 'tcp [::]:80 apache/root apache2.service') == [
        {'name': 'apache2', 'port': 80, 'service': 'apache2'}, {'name': 'nginx', 'port': 80, 'service': 'nginx'}]


def test_two_who_cannot_be_told_apart_have_one_without_a_name():
    result = composing.composed(fleet(
        ['tcp 0.0.0.0:80 app/root exe=/opt/app', 'tcp [::]:80 app/root app.service exe=/opt/app']))
    assert composing.entries(result)['host', 'a'] == [{'name': 'port 80', 'port': 80, 'state': 'optional'}]
    assert result.files[0].text.endswith('}  # REVIEW: who has it cannot be declared\n')


def test_nobody_is_known_behind_what_is_published():
    facts = building.facts([])
    facts['forwarded'] = [building.forward('tcp 0.0.0.0:8080 hidden to=172.17.0.2:80')]
    result = composing.composed({'a': facts})
    assert composing.entries(result)['host', 'a'] == [{'name': 'port 8080', 'port': 8080, 'state': 'optional'}]
    assert 'REVIEW: no container is known behind it' in result.files[0].text and result.doubtful == []


@pytest.mark.parametrize('line, reason, listener', [
    (MINER, pieces.FILE, 'tcp/0.0.0.0:4444'),
    ('tcp 0.0.0.0:80 nginx/root nginx.service deleted', pieces.FILE, 'tcp/0.0.0.0:80'),
    ('tcp 0.0.0.0:9 hidden', pieces.OWNER, 'tcp/0.0.0.0:9'),
    ('udp 0.0.0.0:40000 x/nobody exe=/dev/shm/x', pieces.FILE, 'udp/0.0.0.0:40000')])
def test_what_is_doubtful_is_a_comment(line, reason, listener):
    result = composing.composed(fleet([SSH, line]))
    assert composing.entries(result) == {('host', 'a'): [{'name': 'ssh', 'port': 22, 'service': 'ssh'}]}
    assert result.doubtful == [(listener, reason, ['a'])]
    comment = result.files[0].text.splitlines()[-1]
    assert comment.startswith('  # - {name: ') and comment.endswith('}  # REVIEW: %s' % reason)
    assert result.files[0].comments == 1
    uncommented = composing.loaded(result.files[0].text.replace('  # -', '  -'))
    findings = composing.judged(fleet([SSH, line])['a'], uncommented).findings
    assert [finding for finding in findings if finding.kind != 'unknown'] == []
    declared = composing.composed(fleet([SSH, line]), wanted=composing.ALL._replace(doubtful=True))
    assert declared.doubtful == [] and len(composing.entries(declared)['host', 'a']) == 2
    assert 'REVIEW: %s' % reason in declared.files[0].text


def test_a_doubtful_one_does_not_keep_others_from_a_group():
    hosts = [[HTTP, HTTPS]] * 9 + [[HTTPS, 'tcp 0.0.0.0:80 nc/nobody exe=/tmp/nc']]
    result = composing.composed(fleet(*hosts))
    assert ('group', 'all') in composing.entries(result) and result.unproved == {}
    assert [finding.kind for finding in composing.judged(
        fleet(*hosts)['j'], composing.read(result, 'j')).findings] == ['wrong_owner']


def test_doubtful_alone_writes_nothing():
    result = composing.composed(fleet([MINER]))
    assert result.files == [] and len(result.doubtful) == 1


def test_a_comment_is_not_written_twice():
    first = composing.composed(fleet([SSH, MINER])).files[0].text
    again = composing.composed(fleet([SSH, HTTP, MINER]), shelf=composing.Shelf(
        line.strip() for line in first.splitlines()))
    assert again.files[0].comments == 0 and '4444' not in again.files[0].text


def test_what_is_declared_already_is_not_written_again():
    hosts = fleet([SSH, HTTP, MINER], [SSH, 'tcp 127.0.0.1:443 nginx/root nginx.service'])
    first = composing.composed(hosts)
    variables = {host: composing.read(first, host) for host in hosts}
    again = composing.composed(hosts, variables=variables)
    assert again.files == [] and again.unproved == {} and again.doubtful == first.doubtful and again.listeners == 0


def test_an_entry_for_hosts_of_the_inventory_is_judged_by_their_addresses():
    """It is not in the way of what is new, and shown to hold, or not to be known, as it was before."""
    (facts,) = fleet([SSH, HTTP + ' from=10.9.0.1/32']).values()
    entry = {'name': 'web', 'port': 80, 'service': 'nginx', 'only_from': 'group:lb'}
    for clients, faults in (
            (building.clients(['10.9.0.1']), 0), (building.clients(['10.9.0.1'], ['lb-2']), 0),
            (building.clients(['10.9.0.2']), 0)):      # which was so before
        declared = composing.declared({'expected_listeners_web': [entry]})
        declared.named = {'group:lb': clients}
        host = proof.Host.of('a', facts, declared, composing.NOW, composing.ALL)
        files = {'new': 'expected_listeners: [{name: ssh, port: 22, service: ssh}]'}
        assert len(proof.Proof(files, composing.NOW).faults(host, ['new'])) == faults
        other = {'new': 'expected_listeners: [{name: other, port: 9}]'}
        assert 'ssh' in ' '.join(proof.Proof(other, composing.NOW).faults(host, ['new']))


def test_names_are_none_that_are_there():
    variables = {'a': {'expected_listeners_own': [{'name': 'nginx', 'port': 9, 'state': 'optional'}]}}
    assert only(HTTP, variables=variables) == [{'name': 'nginx 80', 'port': 80, 'service': 'nginx'}]


def test_hosts_of_which_nothing_is_known_have_no_two_entries_of_one_name():
    """They read both files."""
    groups = {'x': ['a', 'b', 'unknown'], 'y': ['c', 'd', 'unknown']}
    for others in ([HTTP], ['tcp 10.0.0.5:80 nginx/root nginx.service'], ['tcp 0.0.0.0:80 x/root nginx@2.service']):
        found = written([[HTTP], [HTTP], others, others, [], [], [], []], groups)
        read = [entry['name'] for file in (('group', 'x'), ('group', 'y')) for entry in found.get(file, ())]
        assert read and len(read) == len(set(read))


def test_where_a_range_lets_others_be_nothing_is_declared():
    variables = {'a': {'expected_listeners_own': [
        {'name': 'any', 'ports': '8000-8010', 'process': 'app', 'state': 'optional'}]}}
    result = composing.composed(
        fleet(['tcp 10.0.0.5:8001 app/root', 'tcp 127.0.0.1:8001 evil/root', SSH]), variables=variables)
    assert [entry['name'] for entry in composing.entries(result)['host', 'a']] == ['ssh']
    assert result.doubtful == [('tcp/127.0.0.1:8001', pieces.BESIDE, ['a'])]


def test_entries_that_are_there_and_waivers_stay_what_they_are():
    lines = [SSH, HTTP, 'tcp 0.0.0.0:9 discard/root']
    variables = {'a': {
        'expected_listeners_own': [{'name': 'web', 'port': 80, 'service': 'apache2'}, {'name': 'gone', 'port': 81}],
        'listener_waivers': [{'port': 9, 'expires': 'never', 'reason': 'x'}]}}
    assert [entry['name'] for entry in only(*lines, variables=variables)] == ['ssh']


def test_a_refused_declaration_is_no_host():
    with pytest.raises(Refusals):
        proof.Host.of('a', building.facts([SSH]), composing.declared({'expected_listeners': [{'port': 0}]}),
                      composing.NOW, composing.ALL)


@pytest.mark.parametrize('gaps, complete, reason', [
    (['sockets'], {}, 'not all of its sockets were observed: some sockets were not observed'),
    (['owners'], {}, 'not all of its owners were observed: some owners were not observed'),
    ([], {'owners': None}, 'its owners were not gathered'),
    (['units'], {}, None)])
def test_hosts_that_were_not_observed_completely_are_left_out(gaps, complete, reason):
    assert things.unseen(building.facts([SSH], gaps, complete)) == reason


@pytest.mark.parametrize('hint, words', [
    ('become', '; run with become (-b)'), ('CAP_SYS_PTRACE', '; root lacks CAP_SYS_PTRACE there'), (None, ''),
    ('what is\x1bnew', '; what is\\x1bnew')])
def test_what_would_help_is_said(hint, words):
    facts = samples.facts(gaps=[samples.gap(message='3 listeners\x1b have none', hint=hint)])
    assert things.unseen(facts) == 'not all of its owners were observed: 3 listeners\\x1b have none' + words


# The proof


@pytest.mark.parametrize('text, faults', [
    ('v: []\n', ['tcp 0.0.0.0:22 sshd pid 100 (ssh.service) listens, but nothing declares it (user root)']),
    ('expected_listeners: [{name: x, port: 22, service: telnet}]\n', ['expects service telnet']),
    ('expected_listeners: [{name: x, port: 22}, {name: y, port: 23}]\n', ['Something has to listen on tcp/23']),
    ('expected_listeners: [{name: x, port: 22, bind: loopback}]\n', ['loopback']),
    ('expected_listeners: [{name: x, port: 22, only_from: private}]\n', ['firewall']),
    ('expected_listeners: [{name: x, prot: 22}]\n', ['there is no such option; did you mean port?']),
    ('expected_listeners: [{name: x, port: 22}]\n', [])])
def test_what_is_wrong_is_found_before_it_is_written(text, faults):
    host = proof.Host.of('a', building.facts([SSH]), composing.declared({}), composing.NOW, composing.ALL)
    found = proof.Proof({'file': text}, composing.NOW).faults(host, ['file'])
    assert len(found) == len(faults) and all(fault in text for fault, text in zip(faults, found))


def test_a_host_that_cannot_be_proved_is_left_out_and_others_are_not():
    """As if something went wrong with one of them that nobody has thought of."""
    hosts = fleet([SSH, HTTP], [SSH, HTTP], [SSH])
    original = proof.Proof.faults

    def faults(self, host, files, limited=()):
        return ['it fails'] if host.name == 'c' else original(self, host, files)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(proof.Proof, 'faults', faults)
        result = composing.composed(hosts)
    assert result.unproved == {'c': ['it fails']} and result.listeners == 4
    assert composing.entries(result) == {('group', 'all'): [
        {'name': 'ssh', 'port': 22, 'service': 'ssh'}, {'name': 'nginx', 'port': 80, 'service': 'nginx'}]}
    assert result.files[0].text.startswith('# From 2 hosts.')


def test_facts_are_kept_as_they_are():
    facts = building.facts([SSH, 'tcp 127.0.0.1:81 evil[9]/? from=anyone'])
    facts['listeners'][0]['owners'][0]['process'] = 'a\ud800\0日'
    host = proof.Host.of('a', copy.deepcopy(facts), composing.declared({}), composing.NOW, composing.ALL)
    assert host.unpacked == facts
