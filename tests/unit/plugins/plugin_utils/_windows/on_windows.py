# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes facts of Windows hosts, and judgements of them."""

import copy
import datetime

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

NOW = datetime.datetime(2026, 11, 20, 9)
SYSTEM_ACCOUNT = 'NT AUTHORITY\\SYSTEM'


def owner(process='nginx.exe', exe=None, user=SYSTEM_ACCOUNT, pid=100, **other):
    """A process, which lies in a folder of programs unless it is said where."""
    path = exe or 'C:\\Program Files\\%s\\%s' % (process, process)
    return samples.owner(pid, process, user, exe=path, uid=None, **other)


def system(**other):
    """The kernel, with its drivers."""
    return dict(owner('System', pid=4, **other), exe=None)


def listener(port=80, owners=None, address='0.0.0.0', **other):
    """A listener, of one service where that is said."""
    unit = other.get('service')
    owners = [owner(unit=unit)] if owners is None else owners
    return samples.listener(address, port, owners=owners, **{'backlog': None, 'socket_uid': None, **other})


def facts(*listeners, gaps=(), is_windows=True, **of_system):
    """The facts of a host."""
    made = samples.facts(*listeners, gaps=gaps, collector='windows' if is_windows else 'netlink')
    made['system'].update(
        local_addresses=['10.0.3.8/24'], ephemeral_ports=[49152, 65535], reserved_ports=[], unprivileged_port_start=0,
        **({'platform': 'windows', 'excluded_ports': []} if is_windows else {}))
    made['system'].update(of_system)
    check.check(copy.deepcopy(made))        # no other facts reach a judgement
    return made


def gap(aspect, code, hint=None):
    """Something that was not observed."""
    return samples.gap(aspect, code, message='%s of %s' % (code, aspect), hint=hint)


def judged(declaration, *listeners, **of_facts):
    """The result of a host that declares this, or the variables."""
    return judge.judge(facts(*listeners, **of_facts), building.policy(declaration), NOW)


def found(declaration, *listeners, **of_facts):
    """Kind and message of each finding."""
    return [(finding.kind, finding.message) for finding in judged(declaration, *listeners, **of_facts).findings]


def kinds(declaration, *listeners, **of_facts):
    """The kind of each finding."""
    return [finding.kind for finding in judged(declaration, *listeners, **of_facts).findings]
