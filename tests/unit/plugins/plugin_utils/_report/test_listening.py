# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is worked out once for listeners that are alike is what is worked out of each alone, in all formats."""

import random

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check, likeness, records
from ansible_collections.listening.ports.plugins.plugin_utils._report import files, model
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import rows, text
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, exposure, facts, listener, owner, record
)

HOSTS = 60


def drawn(chance, number):
    """The listeners of a host, of which most are like those of others."""
    own = '192.0.2.%d' % number
    proxy = owner(chance.randrange(2, 9999), 'docker-proxy', 'root', uid=0)
    ways = [
        listener(port=22, service='ssh.service', owners=[owner(chance.randrange(2, 999), 'sshd', 'root')]),
        listener('::', port=22, service='ssh.service', owners=[owner(chance.randrange(2, 999), 'sshd', 'root')]),
        listener('::', port=22, accepts_ipv4=True, interface='eth0', service='ssh.service'),
        listener(own, port=443, scope='global', exposure=exposure('allowed', ['0.0.0.0/0'])),
        listener('fe80::%x' % number, port=443, scope='link', interface='eth0'),
        listener('127.0.0.1', port=chance.choice((5000, 5001)), owners=[owner(1, 'systemd', 'root')]),
        listener(port=8080, owners=[owner(pid, started='2026-11-19T08:%02d:00Z' % (pid % 60)) for pid in range(
            100 + number, 101 + number + chance.randrange(1, 4))], owners_total=chance.choice((8, 9))),
        listener(port=9000, owners=[], socket_uid=chance.choice((33, 34))),
        listener(port=8050, owners=[proxy]),
        listener(port=53, namespace=chance.choice(('a', 'b'))),
        listener(port=111, connections={'established': chance.randrange(3)}),
        *(listener(chance.choice(('0.0.0.0', own)), port, 'udp', ephemeral=True, backlog=None, scope=chance.choice(
            ('any', 'global'))) for port in chance.sample(range(40000, 40009), 3)),
    ]
    return chance.sample(ways, chance.randrange(6, len(ways) + 1))


@pytest.fixture
def directory(tmp_path):
    """The records of hosts of which some forward ports, and one sends what is not to be believed."""
    chance = random.Random(11)
    for number in range(1, HOSTS + 1):
        forwarded = [dict(
            listener(port=8050, owners=[]), to='172.17.0.2:80', ports='8050', decided_by='x', container=None,
            proxy='tcp/0.0.0.0:8050', exposure=exposure('allowed', ['0.0.0.0/0']))]
        records.write(str(tmp_path), record('h%d' % number, facts(
            *drawn(chance, number), forwarded=forwarded if chance.random() < 0.2 else [])))
    path = tmp_path / 'hosts/h9.json'
    path.write_text(path.read_text().replace('"protocol":"tcp"', '"protocol":"tcq"', 1))
    return str(tmp_path)


def made(directory, folder, monkeypatch, is_known):
    """All files and the table, with the number of hosts whose listeners were known, and of rows made of listeners."""
    known = likeness.Likenesses(check._listener, check._contradiction, check._pid, check._started, check._port)
    seen = []
    with monkeypatch.context() as patched:
        patched.setattr(check, '_likenesses', known)
        if not is_known:
            patched.setattr(known, 'decoded', lambda data: None)
        essence = rows._essence
        patched.setattr(rows, '_essence', lambda *given: seen.append(given) or essence(*given))
        names = ['h%d' % number for number in range(1, HOSTS + 1)]
        whole = model.Report(RUN, generated_at='2026-11-29T00:00:00Z', ansible_core='2.21.0')
        shown = text.Text(names)
        with files.begun(registry.FORMATS, str(folder), whole) as written:
            model.gather(model.read(directory, names, RUN), [*written.values(), shown], whole)
            for file in written.values():
                file.finish(whole)
        assert not [file.fault for file in written.values() if file.fault]
        texts = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert len(texts) == len(registry.FORMATS)
        return {**texts, 'table': shown.lines(whole, 200)}, whole.counts, len(known._forms), len(seen)


def test_a_report_is_the_same_whether_listeners_are_known_or_not(directory, tmp_path, monkeypatch):
    with_all, counts, forms, looks = made(directory, tmp_path / 'known', monkeypatch, True)
    alone, dummy_counts, no_forms, dummy = made(directory, tmp_path / 'alone', monkeypatch, False)
    assert with_all == alone
    assert counts['failed'] == 1 and counts['ok'] == HOSTS - 1
    assert forms > 15 and no_forms == 0
    assert looks < HOSTS * 4                # of some 600 listeners, for the table and the page
