# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page: what it says of each host, and that text of hosts is no more than text; tests/browser looks at it."""

import base64
import hashlib
import html.parser
import json
import re

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.plugins.plugin_utils._report.page import render
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import (
    finding, judged, refused
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, exposure, facts, gap, listener, owner, record
)

VOID = {'meta', 'rect'}         # of the elements that the page has
OPTIONAL = {'td', 'tr'}         # whose end may be left out


class Page(html.parser.HTMLParser):
    """What a browser makes of a page, as far as it matters here: the elements, and the text of each."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.texts, self.open = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        while self.open and self.open[-1] in OPTIONAL and self.open[-1] != tag:
            self.open.pop()
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else '', data))

    @property
    def text(self):
        """All that is shown."""
        text = ' '.join(' '.join(data for tag, data in self.texts if tag not in ('script', 'style')).split())
        return re.sub(r' (?=[:;,.])', '', text)

    @property
    def data(self):
        """What the script is given."""
        [text] = [data for tag, data in self.texts if tag == 'script' and data.startswith('{')]
        return json.loads(text)


def page(*hosts, **options):
    return Page(file_of(Report(RUN, list(hosts), **options), 'html').decode())


def host(name, *lines, declare=()):
    """A host with a judgement, of lines in the notation of building.py."""
    policy, result = building.judged({'declare': list(declare), 'host': lines})
    judgement = fleet.check(json.loads(json.dumps(fleet.judgement(policy, result))))
    return Host(name, 'ok', record=record(name, building.facts(lines), declared=True, judgement=judgement))


SSH = [{'name': 'ssh', 'port': 22, 'process': 'sshd'}]


def test_it_answers_whether_all_is_as_declared():
    good = page(host('a', 'tcp 0.0.0.0:22 sshd', declare=SSH), host('b', 'tcp 0.0.0.0:22 sshd', declare=SSH))
    assert 'All 2 hosts are as declared.' in good.text and 'No finding fails a host.' in good.text
    bad = page(host('a', 'tcp 0.0.0.0:22 sshd', declare=SSH),
               host('b', 'tcp 0.0.0.0:22 sshd', 'tcp 0.0.0.0:4444 nc/nobody', declare=SSH))
    assert '2 hosts: 1 as declared, 1 violates.' in bad.text and '1 finding: 1 high.' in bad.text
    assert 'tcp 0.0.0.0:4444 nc' in bad.text and 'To do: declare it in expected_listeners' in bad.text
    assert ('td', 'class', 'c l-anyone m4') in bad.attributes


def test_what_was_not_judged_is_not_as_declared():
    text = page(Host('web', 'ok', record=record('web'))).text
    assert 'Nothing was judged: nothing is declared for these hosts.' in text
    assert '– only listed' in text and '✓' not in text


UNSEEN = {
    'unreachable': 'unreachable: no route to host',
    'failed': 'failed: no Python',
    'missing': 'there is no record of it',
    'pending': 'its batch is still to come',
}


@pytest.mark.parametrize('state', UNSEEN)
def test_a_host_that_was_not_seen_is_one_cell_with_the_reason(state):
    unseen = Host('dead', state, UNSEEN[state].rpartition(': ')[2])
    made = page(unseen, host('web', 'tcp 0.0.0.0:22 sshd', 'tcp 0.0.0.0:80 nginx', declare=SSH))
    assert 'not looked at: ' + UNSEEN[state] in made.text
    assert ('td', 'class', 'blind') in made.attributes and ('td', 'colspan', '2') in made.attributes
    assert 'What could not be looked at dead: ' + UNSEEN[state] in made.text
    alone = page(unseen)
    assert 'not looked at: ' + UNSEEN[state] in alone.text and '✓' not in alone.text
    assert 'Nothing was judged: no host was looked at.' in alone.text


def test_a_declaration_that_is_refused_is_told():
    text = page(refused('web')).text
    assert '? web not looked at: its declaration is invalid: The declaration is refused: expected_listeners' in text


def test_where_not_all_sockets_were_seen_an_empty_cell_is_not_known():
    lines = facts(listener(port=80), gaps=[gap('sockets', 'socket_budget', message='too many sockets')])
    made = page(Host('part', 'partial', record=record('part', lines)), Host('whole', 'ok', record=record(
        'whole', facts(listener(port=22)))))
    assert made.attributes.count(('td', 'class', 'part')) == 1
    assert 'What was not seen of hosts that were looked at part: too many sockets' in made.text


def test_without_any_host_nothing_is_fine():
    made = page()
    assert 'No host was looked at.' in made.text and 'There was no host to look at.' in made.text
    assert '✓' not in made.text and 'matrix' not in [value for tag, name, value in made.attributes]


def test_where_rules_were_not_judged_it_says_so():
    text = page(Host('web', 'ok', record=record('web', building.facts(['tcp 0.0.0.0:80 nginx'])))).text
    assert 'On 1 host rules of a firewall were not judged' in text and 'anyone, by its address' in text
    text = page(Host('web', 'ok', record=record('web', building.facts(['tcp 0.0.0.0:80 nginx from=anyone'])))).text
    assert 'were not judged' not in text and 'by its address' not in text
    assert 'Anyone can reach 1 port, on 1 host.' in text


def test_what_is_the_same_on_the_same_hosts_shares_a_line_of_the_list():
    made = page(*(Host(name, 'ok', record=record(name, building.facts([
        'tcp 0.0.0.0:80 nginx from=anyone', 'tcp [::]:80 nginx from=anyone', 'tcp 0.0.0.0:443 nginx from=anyone'])))
        for name in ('a', 'b')))
    assert made.tags.count('tr') == 1 + 2 + 1 + 1
    assert '2 80, 443 0.0.0.0,:: nginx (root)' in made.text


def test_findings_name_their_hosts_and_warnings_are_apart():
    made = page(judged('a', finding('tcp 0.0.0.0:1 x listens')), judged('b', finding('tcp 0.0.0.0:1 x listens')),
                judged('c', finding('soon', kind='waiver_expired', severity='info', fails=False)))
    assert 'tcp 0.0.0.0:1 x listens To do: stop it a, b' in made.text
    assert 'Warnings 1 that fail no host' in made.text


def test_waivers_in_force_and_policies_are_evidence():
    waiver = {'variable': 'v', 'label': 'old', 'expires': '2027-01-01', 'reason': 'CHG-7', 'owner': 'ops',
              'findings': 2}
    text = page(judged('a', waived=2, waivers=[waiver])).text
    assert 'Waivers in force a: 2 findings, waived by old of v, until 2027-01-01, by ops: CHG-7' in text
    assert 'Judged by a: policy: 1 variable, 2 entries, sha256 0123456789ab' in text
    assert 'Recorded 2026-11-20 10:00:01 UTC, run %s, by listening.ports 0.1.0, ansible-core 2.21.0.' % RUN in text
    assert 'of a part of the hosts' in page(judged('a'), fleet=False).text


def test_the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else():
    text = file_of(Report(RUN, [judged('a')]), 'html').decode()
    policy = dict(part.split(' ', 1) for part in re.search(r'Policy" content="([^"]*)"', text).group(1).replace(
        '&#39;', "'").split('; '))
    assert policy.pop('default-src') == "'none'"
    for tag, name in (('style', 'style-src'), ('script', 'script-src')):
        code = re.findall(r'<%s>(.*?)</%s>' % (tag, tag), text, re.DOTALL)[0]
        assert policy.pop(name) == "'sha256-%s'" % base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    assert policy == {'base-uri': "'none'", 'form-action': "'none'", 'require-trusted-types-for': "'script'",
                      'trusted-types': "'none'"}


def test_it_asks_for_nothing():
    made = page(judged('a', finding('x')))
    assert not {name for tag, name, value in made.attributes} & {'src', 'href', 'style', 'action', 'srcset', 'data'}
    assert not [name for tag, name, value in made.attributes if name.startswith('on')]


def test_names_that_attackers_choose_add_no_element():
    plain = page(*(Host(entry['host'], 'ok', record=entry) for entry in [record('a'), record('b')]))
    entries = hostile.records()
    made = page(*(Host(entry['host'], 'ok' if entry['facts'] else entry['status'], None if entry['facts'] else
                       entry['message'], record=entry) for entry in entries))
    assert set(made.tags) - set(plain.tags) <= {'details', 'summary', 'strong', 'div', 'code'}
    assert made.tags.count('script') == 2 and made.tags.count('style') == 1
    assert {name for tag, name, value in made.attributes} - {name for tag, name, value in plain.attributes} <= {
        'data-title', 'colspan'}
    assert '\u2028' not in made.text and '\u202e' not in made.text
    json.dumps(made.data)


def test_large_fleets_lose_details_before_they_lose_hosts(monkeypatch):
    rule = 'nftables inet filter input handle 7: tcp dport %d accept'
    hosts = [Host('web-%d' % number, 'ok', record=record('web-%d' % number, facts(*(
        listener(port=port, owners=[owner(process='p%d-%d' % (number, port))],
                 exposure=exposure('allowed', ['0.0.0.0/0'], decided_by=rule % port))
        for port in range(2000, 2030))))) for number in range(60)]

    def made(size):
        monkeypatch.setattr(render, 'MOST_BYTES', size)
        content = file_of(Report(RUN, hosts), 'html')
        assert len(content) <= size
        return len(content), Page(content.decode())

    whole, page_of = made(10 ** 7)
    assert page_of.data['note'] == '' and len(page_of.data['kinds']) == 1800
    assert 'nftables inet filter input: tcp dport 2007 accept' in page_of.data['texts']
    size, page_of = made(whole - 1)
    assert 'with the rules that decide' in page_of.data['note'] and len(page_of.data['kinds']) == 1800
    size, page_of = made(size - 1000)
    assert 'with all listeners' in page_of.data['note'] and page_of.data['kinds'] == []
    assert [host[0] for host in page_of.data['hosts']] == [host.name for host in hosts]
    size, page_of = made(size - 1000)
    assert 'The page would be too large with details and a filter' in page_of.text
    assert page_of.tags.count('script') == 0 and 'web-59' in page_of.text


def test_a_host_that_sends_too_many_listeners_is_cut_off_and_it_says_so():
    text = page(Host('big', 'ok', record=record('big', facts(*(listener(port=port) for port in range(1, 1101)))))).text
    assert '100 more listeners of 1 host are not in this page: big.' in text


def group(made, name):
    """The hosts that the script takes for those of a group."""
    [runs] = [runs for of_name, *runs in made.data['groups'] if of_name == name]
    hosts = [host for host, *dummy in made.data['hosts']]
    return [hosts[number] for first, count in zip(runs[::2], runs[1::2]) for number in range(first, first + count)]


def test_the_script_knows_the_groups_of_the_inventory():
    names = ['web-%d' % number for number in range(9)]
    inventory = {'all': names, 'ungrouped': names, 'everyone': names, 'odd': names[1::2], 'ends': names[:3] + names[7:],
                 'x<script>\x1b': names[4:5], 'gone': ['elsewhere']}
    made = page(*(host(name, 'tcp 0.0.0.0:22 sshd', declare=SSH) for name in names), inventory=inventory)
    assert [name for name, *runs in made.data['groups']] == ['ends', 'odd', 'x<script>\\x1b']
    assert all(group(made, visible(name)) == inventory[name] for name in ('ends', 'odd', 'x<script>\x1b'))
    assert made.data['more_groups'] == 0


def test_groups_that_are_too_many_are_counted():
    names = ['web-%d' % number for number in range(3)]
    inventory = {'group-%d' % number: names[:2] for number in range(510)}
    made = page(*(Host(name, 'pending', 'its batch is still to come') for name in names), inventory=inventory)
    assert (len(made.data['groups']), made.data['more_groups']) == (500, 10)


def test_many_hosts_are_named_by_their_groups():
    names = ['web-%02d' % number for number in range(20)]
    failing = [host(name, 'tcp 0.0.0.0:4444 nc/nobody', declare=SSH) for name in names[1:]]
    dead = [Host('db-%02d' % number, 'unreachable', 'no route to host') for number in range(12)]
    inventory = {'web': names, 'db': [each.name for each in dead]}
    text = page(host('web-00', 'tcp 0.0.0.0:22 sshd', declare=SSH), *failing, *dead, inventory=inventory).text
    assert 'or stop it group web but web-00 web-01, web-02, web-03,' in text
    assert 'group db: unreachable: no route to host' in text
