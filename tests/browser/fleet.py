# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports for the browser: of a few hosts, of many, and of hosts on which everything has a hostile name."""

import json

from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, record

DECLARED = [{'name': 'ssh', 'port': 22, 'process': 'sshd'}, {'name': 'web', 'ports': [80, 443], 'process': 'nginx'},
            {'name': 'mail', 'port': 25, 'process': 'exim', 'bind': 'loopback'},
            {'name': 'app', 'ports': '8080-8109', 'process': 'java', 'state': 'optional'}]
LINES = (
    'tcp 0.0.0.0:22 sshd/root ssh.service from=10.0.0.0/8',
    'tcp 0.0.0.0:80 nginx/www-data nginx.service from=anyone',
    'tcp [::]:80 nginx/www-data nginx.service from=anyone',
    'tcp 127.0.0.1:25 exim/root exim4.service',
    'tcp 0.0.0.0:443 nginx/www-data nginx.service from=anyone',
)
STRAY = 'tcp 0.0.0.0:4444 nc/nobody exe=/tmp/.x/nc deleted from=anyone'
GROUPS = {'web': ['web-%d' % number for number in range(1, 8)], 'edge': ['lacking', 'web-7', 'dead']}
DOUBTFUL = 'tcp 0.0.0.0:8080 hidden maybe=0.0.0.0/0'


def host(name, *lines, gaps=()):
    """A host that was judged; of each aspect in ``gaps`` something was not observed."""
    policy, result = building.judged({'declare': DECLARED, 'host': lines, 'gaps': list(gaps)})
    judgement = fleet.check(json.loads(json.dumps(fleet.judgement(policy, result))))
    facts = building.facts(lines, list(gaps))
    return Host(name, 'partial' if gaps else 'ok', record=record(name, facts, declared=True, judgement=judgement))


def page(*hosts, **options):
    """The page of these hosts."""
    return file_of(Report(RUN, list(hosts), **options), 'html')


def few():
    """Twelve hosts, of which one has what nobody declares, one lacks a service, and two were not seen."""
    return page(
        *(host('web-%d' % number, *LINES) for number in range(1, 8)), host('stray', *LINES, STRAY),
        host('lacking', *LINES[:-1]), host('doubtful', *LINES, DOUBTFUL, gaps=['owners']),
        Host('dead', 'unreachable', 'ssh: connect to host dead port 22: No route to host'),
        Host('later', 'pending', 'its batch is still to come'), inventory=GROUPS)


def with_ports(number):
    """Two hosts of long names, and so many ports that each have a column of their own, as far as there is room."""
    return page(*(host('host-with-a-long-name-%02d.example.net' % each, *LINES, *(
        'tcp 0.0.0.0:%d java/app app.service from=10.0.0.0/8' % port for port in range(500, 500 + number)))
        for each in range(2)))


def many(number=1000):
    """A thousand hosts: some kinds, and one in a hundred has what nobody declares."""
    kinds = [host('x', *LINES), host('x', *LINES, *('tcp 0.0.0.0:%d java/app app.service from=10.0.0.0/8' % port
                                                    for port in range(8080, 8110))), host('x', *LINES, STRAY)]
    hosts = []
    for each in range(number):
        kind = kinds[2 if each % 100 == 50 else each % 2]
        name = 'host-%04d.example.net' % each
        hosts.append(Host(name, 'ok', record={**kind.record, 'host': name}))
    return page(*hosts)


def with_hostile_names():
    """A host for each name."""
    return page(*(Host(entry['host'], 'partial', record=entry) for entry in hostile.records()))
