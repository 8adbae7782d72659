# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A place where examples are run: a working directory with an inventory, in which every group is this machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
# for the modules beside this file, in whichever way pytest imports them, and for what runs playbooks
sys.path[:0] = [str(HERE), str(HERE.parent / 'ready')]

from ready_ansible import ReadyAnsible  # noqa: E402

TIMEOUT = 300
# Programs that recipes for CI call, and what is done in their place
STAND_INS = {
    'python3': 'mkdir -p "$3/bin" && cp "$(dirname "$0")/pip" "$(dirname "$0")/ansible-galaxy" "$3/bin"',
    'pip': '',
    'ansible-galaxy': '',
    'git': '[ "$1 $2 $3 $4" = "worktree add base origin/main" ] && mkdir base && cp -r inventory group_vars base',
    'gh': 'case "$1 $2" in\n"run list") echo 42 ;;\n"run download") [ "$3" = 42 ] && cp -r night "$7" ;;\n'
          '"pr comment") [ -s "$5" ] ;;\n*) exit 1 ;;\nesac',
}


class Place:
    """A working directory, and the way to run commands in it.

    :ivar path: Path of the directory; ``hosts.ini`` and ``inventory`` in it are inventories with the group web.
    """

    def __init__(self, path, environment):
        self.path = path
        # modules that gather facts side by side are given five seconds by Ansible, which a busy machine may not keep to
        variables = ('ansible_connection=local ansible_facts_parallel=false ansible_python_interpreter=%s'
                     % sys.executable)
        (path / 'hosts.ini').write_text('[web]\nlocalhost %s\n' % variables, encoding='utf-8')
        (path / 'inventory').write_text('[web]\nweb-1 {0}\nweb-3 {0}\n'.format(variables), encoding='utf-8')
        self.environment = dict(environment)

    def declare(self, text):
        """Put variables where they are those of all hosts of both inventories."""
        (self.path / 'group_vars').mkdir()
        (self.path / 'group_vars/all.yml').write_text(text, encoding='utf-8')

    def add_group(self, name):
        """Put the host of hosts.ini into one more group."""
        with open(self.path / 'hosts.ini', 'a', encoding='utf-8') as inventory:
            inventory.write('[%s]\nlocalhost\n' % name)

    def write(self, name, text):
        """Put a file of a role where plays find it."""
        path = self.path / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding='utf-8')

    def branch(self, name):
        """Put what is declared into another tree, as a worktree of another branch would be."""
        (self.path / name).mkdir()
        shutil.copy(self.path / 'inventory', self.path / name)
        shutil.copytree(self.path / 'group_vars', self.path / name / 'group_vars')

    def stand_ins(self):
        """Make programs for those that need a network or a forge; returns the environment of a job.

        They write to the file ``called`` what they were called with.
        """
        folder, runner = self.path / 'programs', self.path / 'runner'
        folder.mkdir()
        runner.mkdir()
        for name, text in STAND_INS.items():
            (folder / name).write_text('#!/bin/sh\nset -e\necho "%s $*" >>"%s"\n%s\n' % (
                name, self.path / 'called', text), encoding='utf-8')
            (folder / name).chmod(0o755)
        # an audit of the night before, for whoever downloads it
        self.on_a_host('ansible-playbook', 'listening.ports.audit', '-i', 'inventory', '-e', 'audit_output_dir=night')
        return {'PATH': '%s:%s' % (folder, self.environment['PATH']), 'RUNNER_TEMP': str(runner),
                'GITHUB_PATH': str(self.path / 'path'), 'GITHUB_STEP_SUMMARY': str(self.path / 'summary'),
                'GITHUB_BASE_REF': 'main', 'PULL_REQUEST': '7'}

    def run(self, *command, **options):
        """Run a command; returns its output and errors as one str. Whatever fails, or warns, fails the test."""
        done = subprocess.run([str(word) for word in command], cwd=options.get('cwd', self.path), env=self.environment,
                              check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                              text=True,
                              timeout=TIMEOUT)
        print(done.stdout)
        assert done.returncode == 0, 'exit code %d: %s' % (done.returncode, ' '.join(str(word) for word in command))
        assert 'WARNING]' not in done.stdout
        return done.stdout

    def on_a_host(self, *command, blind=False):
        """The same in namespaces of its own, in which something listens, and as root of these.

        :param blind: bool, without the privilege to see who holds the sockets.
        """
        mine = [] if os.getuid() == 0 else ['--user', '--map-root-user']
        return self.run('unshare', *mine, '--net', '--pid', '--mount', '--fork', '--kill-child', '--mount-proc',
                        sys.executable, HERE / 'sandbox.py', *(['--blind'] if blind else []), *command)

    def play(self, text, *arguments, blind=False):
        """Run a playbook; returns what it printed."""
        (self.path / 'playbook.yml').write_text(text, encoding='utf-8')
        return self.on_a_host('ansible-playbook', '-i', 'hosts.ini', 'playbook.yml', *arguments, blind=blind)


@pytest.fixture(scope='session')
def collections(tmp_path_factory):
    """A directory in which Ansible finds this collection."""
    tree = tmp_path_factory.mktemp('tree')
    (tree / 'ansible_collections/listening').mkdir(parents=True)
    (tree / 'ansible_collections/listening/ports').symlink_to(HERE.parents[1])
    return tree


@pytest.fixture(scope='session')
def environment(tmp_path_factory, collections):
    """The variables with which all commands are run, Ansible loaded once for all of them."""
    # Ansible looks for collections in PYTHONPATH too
    kept = {key: value for key, value in os.environ.items() if not key.startswith(('ANSIBLE_', 'PYTHON'))}
    folder = tmp_path_factory.mktemp('ready')
    kept.update(
        ANSIBLE_COLLECTIONS_PATH=str(collections),
        ANSIBLE_HOME=str(folder / 'home'),
        ANSIBLE_INJECT_FACT_VARS='false',
        ANSIBLE_LOCALHOST_WARNING='false',
        ANSIBLE_NOCOLOR='true',
        LC_ALL='C.UTF-8',
        PATH='%s:%s' % (Path(sys.executable).parent, kept.get('PATH', '')),
    )
    with ReadyAnsible(folder, kept) as ready:
        yield ready.environment


@pytest.fixture
def place(tmp_path, environment):
    """An empty place."""
    return Place(tmp_path, environment)


@pytest.fixture(scope='session')
def audited(tmp_path_factory, environment):
    """What an audit prints and writes, as tuple of the output and the directory that it ran in."""
    somewhere = Place(tmp_path_factory.mktemp('audited'), environment)
    return somewhere.on_a_host('ansible-playbook', 'listening.ports.audit', '-i', 'hosts.ini'), somewhere.path
