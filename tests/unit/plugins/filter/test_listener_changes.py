# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""listener_changes: what has changed between two sets of facts."""

import pathlib

import pytest
import yaml

from ansible.errors import AnsibleFilterError
from ansible_collections.listening.ports.plugins.filter import listener_changes as plugin
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._drift.drifting import facts

WEB = 'tcp 0.0.0.0:80 nginx/root nginx.service'
listener_changes = plugin.FilterModule().filters()['listener_changes']
DOCUMENTED = yaml.safe_load(pathlib.Path(plugin.__file__).with_suffix('.yml').read_text(encoding='utf-8'))


def test_what_has_changed_has_what_is_documented():
    found = listener_changes(facts(WEB, gaps=['sockets']), facts(WEB + ' deleted', 'tcp 0.0.0.0:81 ng\x1binx/root'))
    assert [(change['kind'], change['text']) for change in found] == [
        ('changed', 'tcp/80 nginx.service: executable: – → deleted'),
        ('unknown', 'tcp/81 "/usr/sbin/ng\\x1binx": the earlier look did not see all sockets, so it may have been '
                    'there: any (IPv4), user root')]
    fields = DOCUMENTED['RETURN']['_value']['contains']
    assert {key for change in found for key in change} == set(fields)
    always = {key for key, field in fields.items() if field['returned'] == 'always'}
    assert all(always <= set(change) for change in found)


def test_the_same_is_no_change_and_facts_stay_as_they_are():
    host = facts(WEB)
    before = repr(host)
    assert listener_changes(host, facts(WEB.replace('nginx/root', 'nginx[7]/root'))) == [] and repr(host) == before


@pytest.mark.parametrize('old, new, message', [
    ({}, facts(), 'the earlier facts are not from listening.ports.listener_facts: '),
    (facts(), None, 'the later facts are not from listening.ports.listener_facts: '),
    (facts(), {'listeners': object()}, 'the later facts are not from listening.ports.listener_facts'),
    ('facts', facts(), 'the earlier facts are not')])
def test_what_are_no_facts_is_refused(old, new, message):
    with pytest.raises(AnsibleFilterError, match=message):
        listener_changes(old, new)
