# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries that are limited to who came, and those that are not."""

import ipaddress
import re

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.listening.ports.plugins.plugin_utils._baseline import clients
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.sources import Sources
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._baseline import composing
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

SSH = 'tcp 0.0.0.0:22 sshd/root ssh.service from=anyone'
HTTP = 'tcp 0.0.0.0:80 nginx/root nginx.service from=anyone'
HTTPS = 'tcp 0.0.0.0:443 nginx/root nginx.service from=anyone'
ENOUGH = clients.Asked(14, 7)
SEEN = '2026-11-19T08:00:00Z'


def history(runs=14, days=7, **came):
    """Who came to listeners, by ids: networks, or ``itself``."""
    listeners = {}
    for key, texts in came.items():
        nets = {text: {'first': SEEN, 'last': SEEN, 'runs': 1, 'most': 1} for text in texts if text != 'itself'}
        listeners[key] = {
            'first': SEEN, 'last': SEEN, 'runs': runs, 'days': days, 'itself': 'itself' in texts,
            'ipv4': {text: row for text, row in nets.items() if ':' not in text},
            'ipv6': {text: row for text, row in nets.items() if ':' in text}}
    return {'schema': 1, 'host': 'x', 'run_id': 'r', 'began': SEEN, 'listeners': listeners}


def came(ssh=None, http=None, https=None, **more):
    """A history by the names of three services."""
    of = {'tcp/0.0.0.0:22': ssh, 'tcp/0.0.0.0:80': http, 'tcp/0.0.0.0:443': https}
    return history(**{key: texts for key, texts in of.items() if texts is not None}, **more)


def composed(lines, histories, asked=ENOUGH, **more):
    fleet = {name: building.facts(some) for name, some in lines.items()}
    return composing.composed(fleet, histories=histories, asked=asked, **more)


def one(line, known, **more):
    """The text of the entry of one listener on one host, with the comment before it."""
    result = composed({'a': [line]}, {'a': known}, **more)
    assert result.unproved == {}
    [text] = result.files
    comment, entry = text.text.splitlines()[-2:]
    return comment.strip(), entry.strip()


def test_who_came_and_nobody_else():
    comment, entry = one(SSH, came(ssh=['10.20.0.5/32', '10.30.0.0/24']))
    assert comment == '# limited to who came in 14 runs on 7 days; cuts off everybody else'
    assert entry == '- {name: ssh, port: 22, service: ssh, only_from: [10.20.0.5, 10.30.0.0/24]}'


def test_both_families():
    dual = 'tcp [::]:22 sshd/root ssh.service from=anyone dual'
    comment, entry = one(dual, history(**{'tcp/[::]:22': ['10.20.0.5/32', '2001:db8::5/128', '2001:db8:1::/64']}))
    assert 'only_from: [10.20.0.5, "2001:db8::5", "2001:db8:1::/64"]' in entry
    assert comment.endswith('cuts off everybody else')


@pytest.mark.parametrize('line, cut', [
    ('from=10.0.0.0/8', 'others of 10.0.0.0/8'),
    ('from=10.0.0.0/8,192.0.2.0/24', 'others of 10.0.0.0/8, 192.0.2.0/24'),
    ('from=10.20.0.0/24,192.0.2.0/24,198.51.100.0/24,203.0.113.0/24,100.64.0.0/10',
     'others of 10.20.0.0/24, 100.64.0.0/10, 192.0.2.0/24, 198.51.100.0/24 and 1 more'),
    ('from=10.20.0.5/32,10.0.1.0/24', 'others of 10.0.1.0/24'),
    ('from=10.0.0.0/8 maybe=192.0.2.0/24', 'others of 10.0.0.0/8, 192.0.2.0/24')])
def test_what_is_cut_off_is_said(line, cut):
    comment, entry = one('%s %s' % (SSH.rpartition(' ')[0], line), came(ssh=['10.20.0.5/32']))
    assert comment == '# limited to who came in 14 runs on 7 days; cuts off %s' % cut
    assert 'only_from: [10.20.0.5]' in entry


def test_who_came_although_nobody_lets_him_in_today_stays():
    dummy, entry = one(SSH.replace('anyone', '10.0.0.0/8'), came(ssh=['192.0.2.1/32']))
    assert 'only_from: [192.0.2.1]' in entry


@pytest.mark.parametrize('line, known, reason', [
    (SSH, None, 'looked for clients in 0 runs on 0 days so far, of 14 and 7 that are asked for'),
    (SSH, came(http=['10.0.0.5/32']), 'looked for clients in 0 runs on 0 days so far'),
    (SSH, came(ssh=['10.0.0.5/32'], runs=13), 'looked for clients in 13 runs on 7 days so far'),
    (SSH, came(ssh=['10.0.0.5/32'], days=1), 'looked for clients in 14 runs on 1 day so far'),
    (SSH, came(ssh=[]), 'nobody came'),
    (SSH, came(ssh=['itself']), 'nobody came but the host itself'),
    (SSH, came(ssh=['0.0.0.0/0']), 'clients came from too many networks'),
    (SSH.replace('anyone', '10.0.0.0/24'), came(ssh=['10.0.0.0/8']), 'nobody else is let in today'),
    (SSH.replace('from=anyone', 'firewall=unknown'), came(ssh=['10.0.0.5/32']), 'who can reach it today is not known'),
    (SSH.replace(' from=anyone', ''), came(ssh=['10.0.0.5/32']), 'who can reach it today is not known'),
    ('udp 0.0.0.0:53 named/bind named.service from=anyone', None, 'who comes is told of TCP alone'),
    ('udp 0.0.0.0:40001 avahi/avahi avahi-daemon.service from=anyone', None, 'who comes is told of TCP alone'),
    ('tcp 0.0.0.0:40001 app/nobody exe=/opt/app from=anyone',
     history(**{'tcp/0.0.0.0:40001': ['10.0.0.5/32']}), 'its ports change'),
])
def test_what_is_not_sure_stays_as_it_is(line, known, reason):
    comment, entry = one(line, known)
    assert comment.startswith('# not limited to who came: ') and reason in comment
    without = composing.composed({'a': building.facts([line])})
    assert entry == without.files[0].text.splitlines()[-1].strip()


@pytest.mark.parametrize('proxy, key', [('', 'tcp/10.0.0.1:8080'), (' proxy=tcp/0.0.0.0:8080', 'tcp/0.0.0.0:8080')])
def test_what_is_led_elsewhere_passes_the_sockets_by(proxy, key):
    facts = building.facts(['tcp 0.0.0.0:8080 docker-proxy/root docker.service from=anyone'] if proxy else [SSH])
    facts['forwarded'] = [building.forward('tcp %s to=172.17.0.2:80 x/root docker:0123456789ab%s' % (
        key.rpartition('/')[2], proxy))]
    result = composing.composed({'a': facts}, asked=ENOUGH, histories={'a': history(**{key: ['10.0.0.5/32']})})
    assert result.unproved == {}
    assert [limit.reason for dummy, name, limit in result.limits if name == 'docker'] == [clients.FORWARDED]
    assert 'only_from' not in result.files[0].text
    facts['led_elsewhere'] = []         # somebody could look
    result = composing.composed({'a': facts}, asked=ENOUGH, histories={'a': history(**{key: ['10.0.0.5/32']})})
    assert re.search(r'container: "docker:\*",.* only_from: \[10\.0\.0\.5\]', result.files[0].text)
    assert result.unproved == {}


@pytest.mark.parametrize('line', ['tcp 127.0.0.1:25 master/root postfix.service', SSH.replace('anyone', 'nobody')])
def test_what_the_host_alone_reaches_needs_no_word(line):
    result = composed({'a': [line]}, {'a': came(ssh=['10.0.0.5/32'])})
    assert result.files == composing.composed({'a': building.facts([line])}).files and result.limits == []


def test_what_is_asked_for_can_be_less():
    assert '10.0.0.5' in one(SSH, came(ssh=['10.0.0.5/32'], runs=1, days=1), asked=clients.Asked(1, 1))[1]


def test_without_being_asked_nothing_is_limited():
    result = composed({'a': [SSH]}, {'a': came(ssh=['10.0.0.5/32'])}, asked=None)
    assert result.files == composing.composed({'a': building.facts([SSH])}).files


def test_hosts_that_share_an_entry_share_who_came():
    result = composed({'a': [SSH], 'b': [SSH], 'c': [SSH]}, {
        'a': came(ssh=['10.0.0.5/32']), 'b': came(ssh=['10.0.0.6/32', 'itself'], runs=20), 'c': came(ssh=[], days=9)})
    assert composing.entries(result) == {('group', 'all'): [
        {'name': 'ssh', 'port': 22, 'service': 'ssh', 'only_from': ['10.0.0.5', '10.0.0.6']}]}
    [(dummy, name, limit)] = result.limits
    assert (name, limit.runs, limit.days, limit.cuts) == ('ssh', 14, 7, ('0.0.0.0/0',))


def test_all_hosts_of_an_entry_have_to_be_known_well_enough():
    lines, enough = {'a': [SSH], 'b': [SSH]}, came(ssh=['10.0.0.5/32'])
    result = composed(lines, {'a': enough, 'b': came(ssh=['10.0.0.6/32'], runs=3)})
    assert 'only_from' not in result.files[0].text and 'in 3 runs on 7 days so far' in result.files[0].text
    result = composed(lines, {'a': enough})
    assert 'only_from' not in result.files[0].text and 'in 0 runs on 0 days so far' in result.files[0].text


def test_a_host_of_the_group_that_was_not_observed_would_be_cut_off_unseen():
    enough = came(ssh=['10.0.0.5/32'])
    result = composed({'a': [SSH], 'b': [SSH]}, {'a': enough, 'b': enough}, more=['c'])
    assert 'only_from' not in result.files[0].text
    assert '# not limited to who came: 1 host of its group not observed\n' in result.files[0].text


def test_hosts_without_the_service_do_not_matter():
    enough = came(ssh=['10.0.0.5/32'])
    result = composed({'a': [SSH, HTTP], 'b': [SSH, HTTP], 'c': [SSH, HTTP], 'd': [SSH]}, {
        name: came(ssh=['10.0.0.5/32'], http=['192.0.2.0/24']) if name != 'd' else enough for name in 'abcd'})
    assert [entry['only_from'] for entry in composing.entries(result)['group', 'all']] == [
        ['10.0.0.5'], ['192.0.2.0/24']]
    assert result.unproved == {}


def test_ports_of_one_service_to_which_others_come_are_told_apart():
    lines = {'a': [HTTP, HTTPS]}
    together = composed(lines, {'a': came(http=['10.0.0.5/32'], https=['10.0.0.5/32'])})
    assert [entry['ports'] for entry in composing.entries(together)['host', 'a']] == [[80, 443]]
    apart = composed(lines, {'a': came(http=['10.0.0.5/32'], https=['192.0.2.0/24'])})
    assert {(entry['port'], *entry['only_from']) for entry in composing.entries(apart)['host', 'a']} == {
        (80, '10.0.0.5'), (443, '192.0.2.0/24')}
    assert apart.unproved == {}


def test_what_a_host_has_in_another_way_has_its_own_clients():
    inside = 'tcp 10.0.0.1:80 nginx/root nginx.service from=anyone'
    fleet = {'a': [HTTP], 'b': [HTTP], 'c': [inside]}
    result = composed(fleet, {
        'a': came(http=['192.0.2.1/32']), 'b': came(http=['192.0.2.2/32']),
        'c': history(**{'tcp/10.0.0.1:80': ['10.0.0.7/32']})})
    assert composing.entries(result) == {
        ('group', 'all'): [{'name': 'nginx', 'port': 80, 'service': 'nginx', 'only_from': ['192.0.2.1', '192.0.2.2']}],
        ('host', 'c'): [{'name': 'nginx', 'port': 80, 'service': 'nginx', 'bind': 'private',
                         'only_from': ['10.0.0.7'], 'override': True}]}
    assert result.unproved == {}


def test_many_networks_become_few():
    result = composed({'a': [HTTP], 'b': [HTTP]}, {
        'a': came(http=['10.0.%d.1/32' % number for number in range(12)]),
        'b': came(http=['10.0.%d.1/32' % number for number in range(12, 20)] + ['192.0.2.1/32'])})
    assert composing.entries(result)['group', 'all'][0]['only_from'] == ['10.0.0.0/16', '192.0.2.1']


def test_an_audit_finds_who_else_reaches_it_and_nothing_more():
    fleet = {'a': building.facts([SSH, HTTP.replace('anyone', '10.0.0.0/8')])}
    result = composing.composed(fleet, histories={'a': came(ssh=['10.0.0.5/32'], http=['10.0.0.0/8'])}, asked=ENOUGH)
    judged = composing.judged(fleet['a'], composing.read(result, 'a'))
    assert [(finding.kind, finding.listener) for finding in judged.findings] == [('overexposed', 'tcp/0.0.0.0:22')]
    # once a firewall lets in those who came, there is nothing more
    closed = building.facts([SSH.replace('anyone', '10.0.0.5/32'), HTTP.replace('anyone', '10.0.0.0/8')])
    assert composing.judged(closed, composing.read(result, 'a')).findings == []


def test_what_is_doubtful_is_a_comment_without_clients():
    miner = 'tcp 0.0.0.0:4444 nc/nobody exe=/tmp/nc from=anyone'
    result = composed({'a': [miner, SSH]}, {'a': came(ssh=['10.0.0.5/32'])})
    assert '  # - {name: nc, port: 4444, ' in result.files[0].text
    assert [name for dummy, name, dummy2 in result.limits] == ['ssh']


ADDRESSES = st.builds(lambda root, low: '%s/32' % ipaddress.ip_address(root ^ low),
                      st.sampled_from([0x0a000000, 0x0a010000, 0xc0000200]), st.integers(0, 2 ** 11))


@hypothesis.given(st.lists(st.lists(ADDRESSES, max_size=30, unique=True), min_size=1, max_size=3),
                  st.sampled_from(['anyone', '10.0.0.0/8', '10.0.0.0/24,192.0.2.0/24']))
@hypothesis.settings(deadline=None, max_examples=80, derandomize=True)
def test_nobody_who_came_is_cut_off(comers, let_in):
    fleet = {name: [SSH.replace('anyone', let_in)] for name in 'abc'[:len(comers)]}
    result = composed(fleet, {name: came(ssh=texts) for name, texts in zip(fleet, comers)})
    assert result.unproved == {}
    for name, texts in zip(fleet, comers):
        [entry] = [entry for entries in composing.read(result, name).values() for entry in entries]
        if entry.get('only_from'):
            meant = Sources(entry['only_from'], 'only_from').spans[4]
            limited = any(not limit.reason for dummy, dummy2, limit in result.limits)
            for text in texts if limited else ():
                number = int(ipaddress.ip_network(text)[0])
                assert any(low <= number <= high for low, high in meant)
            assert len(entry['only_from']) <= 16
