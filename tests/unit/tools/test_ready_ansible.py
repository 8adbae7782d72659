# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A playbook in a fork of a loaded Ansible is run as by the program itself."""

import contextlib
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'ready'))

from ready_ansible import ReadyAnsible  # noqa: E402

WITHIN = 60     # seconds for what takes none on a machine that is not busy
LOOK = 'pwd; readlink /proc/self/ns/net; grep CapBnd /proc/self/status'
SHOWN = '{{ [lookup("env", "SHOWN"), lookup("pipe", "%s")] }}' % LOOK


@pytest.fixture(scope='module')
def ready(tmp_path_factory):
    """A loaded Ansible."""
    folder = tmp_path_factory.mktemp('ready')
    kept = {name: text for name, text in os.environ.items() if not name.startswith(('ANSIBLE_', 'PYTHON'))}
    with ReadyAnsible(folder, dict(kept, ANSIBLE_HOME=str(folder / 'home'), ANSIBLE_NOCOLOR='1')) as made:
        yield made


def write(folder, *tasks):
    """Write a playbook for this machine, with these tasks."""
    play = {'hosts': 'localhost', 'connection': 'local', 'gather_facts': False, 'tasks': list(tasks)}
    (folder / 'play.yml').write_text(json.dumps([play]), encoding='utf-8')


def run(folder, environment, *before):
    """Run the playbook; what is before it runs it."""
    return subprocess.run([*before, 'ansible-playbook', 'play.yml'], cwd=folder, env=environment, check=False,
                          text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=WITHIN)


def test_it_is_where_and_what_the_program_would_be(ready, tmp_path):
    write(tmp_path, {'ansible.builtin.debug': {'msg': SHOWN}})
    done = run(tmp_path, dict(ready.environment, SHOWN='by whoever calls'))
    assert done.returncode == 0 and 'by whoever calls' in done.stdout and str(tmp_path) in done.stdout, done
    assert os.readlink('/proc/self/ns/net') in done.stdout
    write(tmp_path, {'ansible.builtin.fail': None})
    assert run(tmp_path, ready.environment).returncode == 2


def test_each_run_has_a_folder_of_its_own_that_ends_with_it(ready, tmp_path):
    write(tmp_path, {'ansible.builtin.debug': {'msg': 'in {{ lookup("config", "DEFAULT_LOCAL_TMP") }} .'}},
          {'ansible.builtin.ping': None})
    folders = [re.search(r'in (\S+) ', run(tmp_path, ready.environment).stdout).group(1) for dummy in range(2)]
    assert folders[0] != folders[1] and not any(map(os.path.exists, folders))


@pytest.mark.skipif(os.getuid() != 0, reason='needs root')
def test_it_is_in_the_namespaces_and_without_the_privileges_of_who_calls(ready, tmp_path):
    write(tmp_path, {'ansible.builtin.debug': {'msg': SHOWN}})
    done = run(tmp_path, ready.environment, 'unshare', '--net', '--pid', '--fork', '--mount-proc', 'setpriv',
               '--bounding-set=-all,+chown', '--inh-caps=-all')
    assert done.returncode == 0 and 'net:[' in done.stdout, done
    assert os.readlink('/proc/self/ns/net') not in done.stdout
    assert 'CapBnd:\\t0000000000000001' in done.stdout, done


@pytest.mark.parametrize('by', ['variable', 'file'])
def test_with_other_settings_it_is_the_program_itself(ready, tmp_path, by):
    write(tmp_path, {'ansible.builtin.debug': {'msg': '{{ lookup("config", "DEFAULT_TIMEOUT") }}'}})
    if by == 'file':
        (tmp_path / 'ansible.cfg').write_text('[defaults]\ntimeout = 4711\n', encoding='utf-8')
    more = {} if by == 'file' else {'ANSIBLE_TIMEOUT': '4711'}
    done = run(tmp_path, dict(ready.environment, **more))
    assert done.returncode == 0 and '4711' in done.stdout, done


@pytest.mark.skipif(os.getuid() != 0, reason='needs root, who takes privileges from the one who asks')
def test_where_it_cannot_be_forked_it_is_the_program_itself(tmp_path):
    """With as many processes as the limit allows, nothing is run twice, and nothing is lost without a word."""
    write(tmp_path, {'ansible.builtin.debug': {'msg': SHOWN}})
    (tmp_path / 'ready').mkdir()
    kept = {name: text for name, text in os.environ.items() if not name.startswith(('ANSIBLE_', 'PYTHON'))}
    with ReadyAnsible(tmp_path / 'ready', dict(kept, ANSIBLE_HOME=str(tmp_path / 'home'))) as at_its_limits:
        # the limit of processes does not hold for root, so what is missing here are descriptors
        resource.prlimit(at_its_limits.pid, resource.RLIMIT_NOFILE, (6, 6))
        done = run(tmp_path, dict(at_its_limits.environment, SHOWN='by whoever calls'))
    assert done.returncode == 0 and 'by whoever calls' in done.stdout, done


def test_it_ends_with_who_called(ready, tmp_path):
    write(tmp_path, {'ansible.builtin.command': 'sh -c "echo $$ > pid; exec sleep 600"'})
    with subprocess.Popen(['ansible-playbook', 'play.yml'], cwd=tmp_path, env=ready.environment,
                          stdout=subprocess.PIPE) as called:
        try:
            until(lambda: (tmp_path / 'pid').exists() and (tmp_path / 'pid').read_text())
        finally:
            called.kill()
        called.wait()
    # what it has started is not ended, as it is not with the program itself; but nobody runs the playbook any more
    with contextlib.suppress(ProcessLookupError):
        os.kill(int((tmp_path / 'pid').read_text()), 9)
    until(lambda: not running(tmp_path))


def running(folder):
    """Processes that have a folder as their own."""
    pids = []
    for path in pathlib.Path('/proc').glob('[0-9]*/cwd'):
        with contextlib.suppress(OSError):
            if os.readlink(path) == str(folder):
                pids.append(path.parent.name)
    return pids


def until(condition):
    """Wait until something is so."""
    end = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_code_of_a_collection_is_compiled_once_and_anew_where_it_has_changed(tmp_path):
    plugins = tmp_path / 'ansible_collections/some/thing/plugins'
    for folder in ('filter', 'plugin_utils'):
        (plugins / folder).mkdir(parents=True)
    (plugins / 'filter/told.py').write_text(
        'from ansible_collections.some.thing.plugins.plugin_utils.words import WORD\n'
        'class FilterModule:\n    def filters(self):\n        return {"told": lambda text: text + WORD}\n',
        encoding='utf-8')
    kept = {name: text for name, text in os.environ.items() if not name.startswith(('ANSIBLE_', 'PYTHON'))}
    write(tmp_path, {'ansible.builtin.debug': {'msg': '{{ "told" | some.thing.told }}'}})
    (tmp_path / 'ready').mkdir()
    compiled = []
    with ReadyAnsible(tmp_path / 'ready', dict(kept, ANSIBLE_HOME=str(tmp_path / 'home'), ANSIBLE_NOCOLOR='1',
                                               ANSIBLE_COLLECTIONS_PATH=str(tmp_path))) as made:
        for word in ('first', 'first', 'later'):
            (plugins / 'plugin_utils/words.py').write_text('WORD = " %s"\n' % word, encoding='utf-8')
            assert 'told %s' % word in run(tmp_path, made.environment).stdout
            compiled.append(len(list((tmp_path / 'ready/compiled').iterdir())))
    assert compiled[0] == compiled[1] == compiled[2] - 1 and compiled[0] > 0
