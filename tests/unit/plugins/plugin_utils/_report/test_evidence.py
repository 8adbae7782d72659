# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an auditor asks of a report; the state of the files is asked of Git itself."""

import os
import shutil
import subprocess

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report import evidence
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import judged
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, facts, gap, record

needs_git = pytest.mark.skipif(shutil.which('git') is None, reason='git is not installed')


def git(folder, *arguments):
    environment = {key: value for key, value in os.environ.items() if not key.startswith('GIT_')}
    done = subprocess.run(
        ['git', '-c', 'user.name=x', '-c', 'user.email=x@example.com', '-c', 'commit.gpgsign=false', '-C', str(folder),
         *arguments], check=True, stdout=subprocess.PIPE, env=environment)
    return done.stdout.decode().strip()


@pytest.fixture
def repository(tmp_path):
    """A repository with one commit, and an inventory in a folder of it."""
    (tmp_path / 'inventory').mkdir()
    (tmp_path / 'inventory/hosts.ini').write_text('web\n', encoding='ascii')
    git(tmp_path, 'init', '--quiet')
    git(tmp_path, 'add', '.')
    git(tmp_path, 'commit', '--quiet', '--message=one')
    return tmp_path


@needs_git
def test_the_commit_and_the_top_of_what_an_inventory_is_in(repository):
    commit = git(repository, 'rev-parse', 'HEAD')
    assert evidence.source(str(repository / 'inventory'))[:3] == (os.path.realpath(repository), commit, False)
    assert evidence.source('/', str(repository))[:3] == (str(repository), commit, False)


@needs_git
def test_a_file_of_the_commit_that_was_changed_is_told_and_one_that_git_does_not_track_is_not(repository):
    (repository / 'listening-ports-audit').mkdir()
    (repository / 'listening-ports-audit/report.json').write_text('{}', encoding='ascii')
    assert evidence.source(str(repository)).dirty is False
    (repository / 'inventory/hosts.ini').write_text('db\n', encoding='ascii')
    assert evidence.source(str(repository)).dirty is True


@needs_git
def test_a_repository_cannot_run_anything(repository):
    program = repository / 'program'
    program.write_text('#!/bin/sh\ntouch "%s/ran"\n' % repository, encoding='ascii')
    program.chmod(0o755)
    hooks = repository / '.git/hooks'
    shutil.copy(program, hooks / 'post-index-change')
    git(repository, 'config', 'core.fsmonitor', str(program))
    git(repository, 'config', 'core.pager', str(program))
    (repository / 'inventory/hosts.ini').touch()        # else the index is as it has to be
    assert evidence.source(str(repository)).dirty is False
    assert not (repository / 'ran').exists()


@needs_git
def test_variables_of_git_do_not_lead_to_another_repository(repository, tmp_path_factory):
    other = tmp_path_factory.mktemp('other')
    git(other, 'init', '--quiet')
    found = evidence.source(str(repository), environment=dict(os.environ, GIT_DIR=str(other / '.git')))
    assert found.revision == git(repository, 'rev-parse', 'HEAD')


@needs_git
def test_what_git_does_not_know_is_not_known(tmp_path):
    assert evidence.source(str(tmp_path), environment=dict(os.environ, GIT_CEILING_DIRECTORIES='/')) == evidence.UNKNOWN
    git(tmp_path, 'init', '--quiet')
    assert evidence.source(str(tmp_path))[:3] == (os.path.realpath(tmp_path), None, None)       # without a commit


def test_without_git_nothing_is_known(tmp_path):
    assert evidence.source(str(tmp_path), environment={'PATH': str(tmp_path)}) == evidence.UNKNOWN


def test_versions_times_policies_and_gaps_are_those_of_the_records():
    hosts = [
        judged('a'), judged('b', gaps=[gap()]), Host('dead', 'unreachable', 'no route'),
        Host('old', 'ok', record=record('old', facts(), recorded_at='2026-11-01T00:00:00Z', collection='0.0.9')),
    ]
    found = Report(RUN, hosts, fleet=False).evidence
    assert (found.oldest, found.newest) == ('2026-11-01T00:00:00Z', '2026-11-20T10:00:01Z')
    assert '0.0.9' in found.collections and len(found.collections) == 2
    assert list(found.policies.values()) == [['a', 'b']]
    assert [(gaps.aspect, gaps.hosts) for gaps in found.gaps] == [('owners', ['b'])]
    assert found.kind.startswith('part-') and found.kind != Report(RUN, hosts[1:], fleet=False).evidence.kind
    assert Report(RUN, hosts).evidence.kind == 'fleet'


def test_of_nobody_nothing_is_known():
    found = Report(RUN, []).evidence
    assert (found.oldest, found.newest, found.policies, found.gaps) == (None, None, {}, [])


@needs_git
@pytest.mark.parametrize('remote, address', [
    ('https://git.example.com/ops/inventory.git', 'https://git.example.com/ops/inventory.git'),
    ('https://user:secret@git.example.com:8443/ops/inventory', 'https://git.example.com:8443/ops/inventory'),
    ('https://secret@git.example.com/~ops/inventory.git', 'https://git.example.com/~ops/inventory.git'),
    ('ssh://git@git.example.com/ops/inventory.git', 'ssh://git.example.com/ops/inventory.git'),
    ('git@git.example.com:ops/inventory.git', 'ssh://git.example.com/ops/inventory.git'),
    ('git.example.com:/srv/git/inventory.git', 'ssh://git.example.com/srv/git/inventory.git'),
    # what is on this machine, and what would not be an address
    ('/srv/git/inventory.git', None),
    ('../inventory.git', None),
    ('file:///srv/git/inventory.git', None),
    ('https://git.example.com/ops/inventory.git?token=secret', None),
    ('https://user:pass@word@git.example.com/ops', None),
    ('ext::sh -c id', None),
    ('javascript:alert(1)', None),
])
def test_the_address_of_the_repository_has_no_secrets(repository, remote, address):
    git(repository, 'remote', 'add', 'origin', remote)
    assert evidence.source(str(repository)).repository == address


@needs_git
def test_a_repository_that_was_cloned_from_nowhere_has_no_address(repository):
    assert evidence.source(str(repository)).repository is None
