# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a host; and that a systemd which says less than it has to is no systemd without units."""

import os
import socket

import pytest

from ansible_collections.listening.ports.plugins.module_utils._stop import decide, view
from ansible_collections.listening.ports.plugins.module_utils._stop.graph import made
from ansible_collections.listening.ports.plugins.module_utils._systemd import properties, systemctl
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._stop.views import OPTIONS, shown


def look(answers, **options):
    """view.View of this machine, whose systemctl answers so."""
    def run(arguments, **dummy):
        answer = answers(arguments)
        if isinstance(answer, Exception):
            raise answer
        return answer
    return view.look(run, None, **options)


def asking(run):
    """A manager that answers by systemctl alone."""
    return properties.Manager(run, '/none/system')


def test_this_process_is_never_ended(tmp_path):
    """Nor is any that it was started by."""
    with socket.socket() as listening:
        listening.bind(('127.0.0.1', 0))
        listening.listen(1)
        name = 'tcp/127.0.0.1:%d' % listening.getsockname()[1]
        host = look(lambda arguments: OSError(2, 'no systemctl'), booted=str(tmp_path / 'none'))
        decision = decide.decide(host._replace(unseen=()), dict(OPTIONS, listeners=[name], processes=True))
    assert host.units is None and {os.getpid(), os.getppid()} - {1} <= host.lineage
    assert host.processes[os.getpid()].parent == os.getppid()
    assert decision.rows[0]['reason'] == 'in_use' and not decision.processes


UNIT = shown(Id='web.service', MainPID='7')


@pytest.mark.parametrize('answer, message', [
    (FileNotFoundError(2, 'no timeout'), 'systemctl did not answer'),
    ((124, '', ''), 'longer than 10 seconds'),
    ((1, '', 'Failed to connect to bus'), 'it ended with 1'),
    ((0, '', ''), 'does not show Id of a unit'),
    ((0, UNIT + '\n' + UNIT, ''), 'shows 2 of 1 units'),
    ((0, shown(Id='other.service'), ''), 'shows other.service instead of web.service'),
    ((0, UNIT.replace('RequiredBy=\n', ''), ''), 'does not show RequiredBy of web.service'),
])
def test_systemctl_answers_less(answer, message):
    def run(dummy, **dummy2):
        if isinstance(answer, Exception):
            raise answer
        return answer
    with pytest.raises(view.Unseen, match=message):
        view._units(['web.service'], ['web.service'], asking(run))


def test_units_are_asked_for_until_all_are_known():
    units = {'web.service': {'RequiredBy': 'app.service'}, 'app.service': {'BoundBy': '--top.service'},
             '--top.service': {}}
    asked = []

    def run(arguments, **dummy):
        names = arguments[arguments.index('--') + 1:]
        asked.append(names)
        return 0, '\n'.join(shown(Id=name, **units[name]) for name in names), ''

    graph = view._units(['web.service'], ['web.service'], asking(run))
    assert graph.going(['web.service']) == ('--top.service', 'app.service')
    assert asked == [['web.service'], ['app.service'], ['--top.service']]


def test_names_in_lists_are_read_as_they_are_quoted():
    """As systemctl of systemd 257 prints them."""
    unit = made(systemctl.blocks(shown(
        Id='a\\x20b.service', RequiredBy='plain.service "with\\\\x20blank.service" c\\x2dd.service'))[0])
    assert unit.Id == 'a\\x20b.service'
    assert unit.RequiredBy == ('plain.service', 'with\\x20blank.service', 'c\\x2dd.service')
