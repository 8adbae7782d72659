# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of every record that is believed, and of every format, tried with random hosts and declarations."""

import copy
import datetime

import hypothesis

from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet, judge
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, strategies
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hostile import NAMES, path_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, exposure, gap, record

NOW = datetime.datetime(2026, 11, 20, 9)


def host(choose, name):
    """A host that was observed somehow, and judged or not."""
    facts = strategies.host(choose, hostile=True)
    if choose.one_in(2):
        facts = strategies.hidden(choose, facts)
    if choose.one_in(3):
        facts = strategies.blind_to(facts, choose.some(('sockets', 'units', 'namespaces', 'binding', 'owners')))
    _complete(facts)
    judgement = None
    if not choose.one_in(4):
        policy = building.policy(strategies.declaration(choose, most_waivers=2))
        judgement = fleet.judgement(policy, judge.judge(copy.deepcopy(facts), policy, NOW))
        if choose.one_in(2):
            judgement['places'] = _places(choose, fleet.named(policy, judgement))
    return record(name, facts, declared=judgement is not None, judgement=judgement)


def _places(choose, conditions):
    """Where some of these are written, in files of any name."""
    places = {}
    for condition in conditions:
        path = ('/' if choose.one_in(4) else '') + path_of(choose.of(NAMES))
        place = places.setdefault(condition.variable, {'path': path, 'line': choose.of((1, 7, 2 ** 31 - 1)),
                                                       'entries': {}})
        if choose.one_in(2):
            place['entries'][visible(condition.label, 200)] = choose.of((1, 8))
    return places


def _complete(facts):
    """Make facts, which are as much as judging needs, those of a record."""
    for each in facts['listeners']:
        if each.get('exposure'):
            each['exposure'] = exposure(**each['exposure'])
    facts['complete'].update({each['aspect']: False for each in facts['gaps']})
    told = {each['aspect'] for each in facts['gaps']}
    facts['gaps'] += [gap(aspect, 'somehow') for aspect, whole in facts['complete'].items()
                      if whole is False and aspect not in told]


def test_every_record_goes_through_every_format_and_is_counted_alike(tmp_path):
    """Each file is read back: no host and no finding is lost on the way, or made up."""
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        hosts = []
        for name in dict.fromkeys(choose.of(NAMES) for dummy in range(3)):
            records.write(str(tmp_path), host(choose, name))
            entry = records.read(str(tmp_path), name)
            state = 'partial' if False in entry['facts']['complete'].values() else 'ok'
            hosts.append(Host(name, state, record=entry))
        hosts.append(Host('gone', 'missing', 'there is no record of it'))
        report = Report(RUN, hosts, ansible_core='2.21.0')
        files = {name: file_of(report, name) for name in registry.FORMATS}
        counts = {name: reading.counts(name, files[name]) for name in reading.READ}
        number, failing = counts['json']
        assert counts['junit'] == counts['prometheus'] == (number, failing)
        # where a finding is on several addresses of a host, these have it in one line, and under one fingerprint
        for name in ('csv', 'markdown', 'sarif'):
            assert counts[name][0] == number and (counts[name][1] > 0) == (failing > 0)
            assert counts[name][1] <= failing
    strategies.run(check)


def test_what_is_shown_of_a_host_does_not_depend_on_what_was_read_before():
    """What was worked out of listeners of other hosts is used again only where it is the same."""
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        hosts = []
        for number in range(4):
            entry = host(choose, 'h%d' % number)
            hosts.append(Host(entry['host'], 'ok', record=entry))
        for name in ('csv', 'prometheus'):
            alone = [set(file_of(Report(RUN, [each], fleet=False), name).splitlines()) for each in hosts]
            together = file_of(Report(RUN, hosts, fleet=False), name).splitlines()
            assert {line for line in together if b'"h' in line} == {
                line for lines in alone for line in lines if b'"h' in line}
    strategies.run(check)
