# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a listener, without what is another one tomorrow."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils import _identity
from ansible_collections.listening.ports.plugins.plugin_utils._identity import Holder
from ansible_collections.listening.ports.plugins.plugin_utils._listener import endpoints
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building


@pytest.mark.parametrize('line, holder', [
    ('udp 0.0.0.0:4789 kernel', Holder('kernel')),
    ('tcp 0.0.0.0:80 nginx[5]/root nginx.service nginx[6]/www-data nginx.service',
     Holder('service', ('nginx.service',))),
    ('tcp 0.0.0.0:22 systemd[1]/root init.scope service=ssh.service by=ssh.socket',
     Holder('service', ('ssh.service',))),
    ('tcp 0.0.0.0:13 systemd[1]/root init.scope by=daytime.socket', Holder('service', ('daytime.socket',))),
    ('tcp 0.0.0.0:80 app/root docker:0123456789ab', Holder('container', ('docker:',))),
    ('tcp 0.0.0.0:80 app/root user@7.service/podman:0123456789ab', Holder('container', ('user@7.service/podman:',))),
    ('tcp 0.0.0.0:80 app/app run-r0123456789abcdef.service', Holder('executable', ('/usr/sbin/app',), ('app',))),
    ('tcp 0.0.0.0:80 a/x session-3.scope b/y exe=/opt/b', Holder('executable', ('/opt/b', '/usr/sbin/a'), ('x', 'y'))),
    ('tcp 0.0.0.0:80 web/nobody exe=/usr/bin/python3.13', Holder('process', ('web',), ('nobody',))),
    ('tcp 0.0.0.0:80 web/? exe=/usr/bin/node', Holder('process', ('web',))),
    ('tcp 0.0.0.0:80 ?/root', Holder('unknown')),
    ('tcp 0.0.0.0:80 hidden', Holder('unknown'))])
def test_the_most_telling_comes_first(line, holder):
    assert _identity.holder(building.listener(line)) == holder


def test_what_is_published_is_of_the_container():
    facts = samples.facts(building.listener('tcp 0.0.0.0:8080 docker-proxy/root'))
    facts['forwarded'] = [building.forward(
        'tcp 0.0.0.0:8080 app/root docker:0123456789ab to=172.17.0.2:80 proxy=tcp/0.0.0.0:8080')]
    published, = endpoints(facts)
    assert [holder.kind for holder in _identity.holders(published)] == [
        'container', 'container', 'executable', 'process', 'unknown']
    assert _identity.holder(published).names == ('docker:',)


def test_nobody_comes_last():
    listener = building.listener('tcp 0.0.0.0:80 web/nobody web.service')
    assert [holder.kind for holder in _identity.holders(listener)] == ['service', 'executable', 'process', 'unknown']
    assert {*_identity.LASTING, 'executable', 'process', 'unknown'} == set(_identity.HOLDERS)
