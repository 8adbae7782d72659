# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who owns a listener, against what an entry says, where all was observed and where it was not."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import owners
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.patterns import Globs
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

OBSERVED = {'owners': True, 'units': True}
NO_UNITS = {'owners': True, 'units': False}
WAITING = 'tcp 0.0.0.0:1 systemd[1]/root init.scope by=web.socket service=web.service'
OF_USER = 'tcp 0.0.0.0:1 systemd user@7.service/init.scope a user@7.service/app.service'
USER_WAITS = ('tcp 0.0.0.0:1 systemd user@7.service/init.scope by=user@7.service/app.socket '
              'service=user@7.service/app.service')
HANDED_ON = 'tcp 0.0.0.0:1 systemd[1]/root init.scope nginx/www-data web.service by=web.socket'


def owned(line, complete=None, **conditions):
    pairs = [(option, Globs([value])) for option, value in conditions.items()]
    return owners.owned(pairs, building.listener(line), complete or OBSERVED)


@pytest.mark.parametrize('line, conditions, expected', [
    ('tcp 0.0.0.0:1 nginx/www-data', {'process': 'nginx', 'user': 'www-data'}, True),
    ('tcp 0.0.0.0:1 nginx/www-data', {'process': 'nginx', 'user': 'root'}, False),
    ('tcp 0.0.0.0:1 nginx nginx', {'process': 'nginx'}, True),
    ('tcp 0.0.0.0:1 nginx evil', {'process': 'nginx'}, False),              # every owner has to be one
    ('tcp 0.0.0.0:1 a exe=/usr/sbin/nginx', {'process': 'nginx'}, True),    # the base name of the executable is one too
    ('tcp 0.0.0.0:1 ?', {'process': 'nginx'}, None), ('tcp 0.0.0.0:1 nginx/?', {'user': 'root'}, None),
    ('tcp 0.0.0.0:1 nginx/www-data', {'user': '33'}, True),
    ('tcp 0.0.0.0:1 nginx docker:01', {'container': 'docker:*'}, True),
    ('tcp 0.0.0.0:1 nginx', {'container': '*'}, False),
    # a user calls his own as he likes: only patterns that speak of a user are about them
    ('tcp 0.0.0.0:1 nginx user@1000.service/docker:01', {'container': 'docker:*'}, False),
    ('tcp 0.0.0.0:1 nginx user@1000.service/docker:01', {'container': '*'}, False),
    ('tcp 0.0.0.0:1 nginx user@1000.service/docker:01', {'container': '*docker:01'}, False),
    ('tcp 0.0.0.0:1 nginx user@1000.service/docker:01', {'container': 'user@1000.service/docker:*'}, True),
    ('tcp 0.0.0.0:1 nginx user@1001.service/docker:01', {'container': 'user@1000.service/docker:*'}, False),
    ('tcp 0.0.0.0:1 nginx docker:01', {'container': '*/docker:*'}, False),
    # where its path is none of the host, it is not known which file it is, and its name is that of any
    ('tcp 0.0.0.0:1 a inside=/usr/sbin/nginx', {'exe': '/usr/sbin/nginx'}, None),
    ('tcp 0.0.0.0:1 a inside=/usr/sbin/nginx', {'exe': '*'}, None),
    ('tcp 0.0.0.0:1 a inside=/usr/sbin/nginx', {'process': 'nginx'}, True),
    ('tcp 0.0.0.0:1 a inside=/usr/sbin/b', {'process': 'nginx'}, False),
    ('tcp 0.0.0.0:1 a inside=/usr/sbin/nginx evil', {'exe': '/usr/sbin/nginx'}, False),
    ('tcp 0.0.0.0:1 kernel', {'process': '[kernel]'}, True), ('tcp 0.0.0.0:1 kernel', {'process': '*'}, False),
    ('tcp 0.0.0.0:1 hidden', {'process': '*'}, None),
    # some are not listed: whoever is wrong is, and nobody is right for sure
    ('tcp 0.0.0.0:1 nginx more=1', {'process': 'nginx'}, None),
    ('tcp 0.0.0.0:1 evil more=1', {'process': 'nginx'}, False),
    # systemd does not serve what it has opened for others
    (HANDED_ON, {'process': 'nginx'}, True), (HANDED_ON, {'process': 'systemd'}, False),
    (WAITING, {'process': 'web'}, True), (WAITING, {'process': 'systemd'}, True), (WAITING, {'process': 'nginx'}, None),
    (WAITING, {'user': 'root'}, None),
])
def test_whether_every_owner_is_as_expected(line, conditions, expected):
    assert owned(line, **conditions) is expected


def test_where_systemd_could_not_be_asked_it_may_own_it_for_somebody_else():
    assert owned('tcp 0.0.0.0:1 systemd[1]/root', NO_UNITS, process='nginx') is None
    assert owned('tcp 0.0.0.0:1 evil', NO_UNITS, process='nginx') is False


@pytest.mark.parametrize('line, pattern, complete, expected', [
    ('tcp 0.0.0.0:1 nginx web.service', 'web', OBSERVED, True),
    ('tcp 0.0.0.0:1 nginx web.service', 'web.service', OBSERVED, True),
    ('tcp 0.0.0.0:1 nginx web.service', 'db', OBSERVED, False), ('tcp 0.0.0.0:1 nginx', 'web', OBSERVED, False),
    ('tcp 0.0.0.0:1 nginx', 'web', NO_UNITS, None), ('tcp 0.0.0.0:1 kernel', '*', OBSERVED, False),
    ('tcp 0.0.0.0:1 hidden', '*', OBSERVED, None), ('tcp 0.0.0.0:1 nginx web.service', 'web', {'owners': None}, None),
    (WAITING, 'web', OBSERVED, True), (WAITING, 'web.socket', OBSERVED, True),
    (HANDED_ON, 'web.socket', OBSERVED, True),
    # somebody else owns it beside the service
    ('tcp 0.0.0.0:1 nginx web.service evil session-1.scope service=web.service', 'web', OBSERVED, False),
    # in no unit is not in this one
    ('tcp 0.0.0.0:1 nginx web.service evil service=web.service', 'web', OBSERVED, False),
    ('tcp 0.0.0.0:1 nginx web.service evil service=web.service', '*', OBSERVED, False),
    ('tcp 0.0.0.0:1 systemd[1]/root init.scope evil by=web.socket service=web.service', 'web', OBSERVED, False),
    ('tcp 0.0.0.0:1 svchost.exe service=RpcSs', 'RpcSs', OBSERVED, True),        # as on Windows
    ('tcp 0.0.0.0:1 nginx web.service evil service=web.service', 'web', NO_UNITS, None),
    ('tcp 0.0.0.0:1 nginx web.service evil service=web.service', 'web', {'owners': False, 'units': True}, None),
    # units of a user: his manager may own it beside them, and does as long as nobody has connected
    (OF_USER, 'user@7.service/app', OBSERVED, True), (OF_USER, 'user@7.service/app.service', OBSERVED, True),
    (OF_USER, 'user@7.service/*', OBSERVED, True), (OF_USER, 'user@8.service/app', OBSERVED, False),
    (OF_USER, 'app', OBSERVED, False), (OF_USER, 'app.service', OBSERVED, False), (OF_USER, '*', OBSERVED, False),
    (OF_USER, '*app*', OBSERVED, False), (OF_USER, 'user@*', OBSERVED, False),
    (OF_USER + ' evil', 'user@7.service/app', OBSERVED, False),
    (OF_USER + ' sh user@8.service/init.scope', 'user@7.service/app', OBSERVED, False),
    (USER_WAITS, 'user@7.service/app', OBSERVED, True), (USER_WAITS, 'user@7.service/app.socket', OBSERVED, True),
    (USER_WAITS, 'app', OBSERVED, False),
    ('tcp 0.0.0.0:1 a app.service', '*/app', OBSERVED, False),
    ('tcp 0.0.0.0:1 nginx web.service more=1', 'web', OBSERVED, None),
])
def test_whether_its_unit_is_as_expected(line, pattern, complete, expected):
    assert owners.serviced(Globs([pattern]), building.listener(line), complete or OBSERVED) is expected


@pytest.mark.parametrize('conditions, expected', [
    ({'process': 'agent'}, True), ({'process': 'agent@'}, True), ({'process': 'other'}, None)])
def test_what_a_socket_unit_will_start_for_each_connection(conditions, expected):
    waiting = 'tcp 0.0.0.0:1 systemd[1]/root init.scope by=agent.socket service=agent@.service'
    assert owned(waiting, **conditions) is expected
