# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every example is executed: those of the plugins, and every block in the README files and guides."""

import json
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import yaml

import blocks
from blocks import ROOT

# A document whose examples need real hosts, and the tests that run them
ELSEWHERE = {'docs/docsite/rst/guide_test_hosts.rst': 'tests/hosts/machine/test_guide.py'}
IN_DOCUMENTS = list(blocks.in_documents())
DOCUMENTED = [block for block in IN_DOCUMENTS if block.source not in ELSEWHERE]
# Modules that need a PowerShell, and the tests that run their examples in one
IN_POWERSHELL = 'tests/windows/test_powershell.py'
WITH_POWERSHELL = [block for block in blocks.in_plugins() if '/win_' in block.source]
EXAMPLES = [block for block in blocks.in_plugins() if block not in WITH_POWERSHELL]
GALAXY = yaml.safe_load((ROOT / 'galaxy.yml').read_text(encoding='utf-8'))
# what changes a host: a role or an action. In the place where examples run, nobody is connected who could be cut off
CHANGES = re.compile(r'listening\.ports\.(close|enforce|firewall|port_filter|port_openings|stop_listener)\b')
# what plans to close: without the owners it refuses to, and fails
CLOSES = re.compile(r'\bactions: \[.*\bclose\b|listening\.ports\.(close|enforce)\b')
# what writes a declaration beside the inventory: without the owners it has nothing to write, and fails
DECLARES = re.compile(r'listening\.ports\.(baseline|declare_listeners)\b')
# its declarations need variables of its hosts, and are held against what these show
JUDGED_BY_UNIT_TESTS = 'docs/docsite/rst/guide_situations.rst'
[OF_HOSTS] = blocks.OF_HOSTS['findings']         # which tests on real hosts check
REPOSITORY = GALAXY['repository'] + '.git'
# what a host may show, so that nothing about it fails
ANYTHING = 'expected_listeners: [{name: all, port: any, protocol: [tcp, udp], state: ignored}]\n'


def of(*kinds, but=None):
    """The blocks of some kinds, as parameters; not those of the file ``but``."""
    selected = [block for block in EXAMPLES + DOCUMENTED if _kind(block) in kinds and block.source != but]
    return pytest.mark.parametrize('block', selected, ids=str)


def _kind(block):
    try:
        return blocks.classify(block)
    except blocks.Unclassifiable:
        return None


def as_play(block):
    """The text of a playbook that uses a block."""
    kind = blocks.classify(block)
    if kind == 'plays':
        return block.text
    if kind == 'tasks':
        body = ''.join('    ' + line if line.strip() else line
                       for line in block.text.removeprefix('---\n').splitlines(True))
        return '- name: Example\n  hosts: all\n  gather_facts: false\n  tasks:\n' + body
    play = {'name': 'Example', 'hosts': 'all', 'gather_facts': True, 'vars': blocks.load(block.text),
            'roles': [{'role': 'listening.ports.audit'}]}
    return yaml.safe_dump([play])


@pytest.mark.parametrize('block', EXAMPLES + DOCUMENTED, ids=str)
def test_every_block_is_known(block):
    assert blocks.classify(block)


def test_blocks_are_found():
    """A parser that finds nothing would pass everything else."""
    for path in blocks.documents():
        text = path.read_text(encoding='utf-8')
        marked = len(re.findall(r'^ *\.\. code-block::', text, re.MULTILINE)) if path.suffix == '.rst' else (
            len(re.findall(r'^ *(?:```|~~~)', text, re.MULTILINE)) / 2)
        assert sum(block.source == str(path.relative_to(ROOT)) for block in IN_DOCUMENTS) == marked, path
    assert {'README.md', 'docs/docsite/rst/guide_gather_facts.rst'} <= {block.source for block in DOCUMENTED}


@pytest.mark.parametrize('document, tests', list(ELSEWHERE.items()))
def test_what_is_run_elsewhere_is_known_there(document, tests):
    assert document in (ROOT / tests).read_text(encoding='utf-8')
    assert any(block.source == document for block in IN_DOCUMENTS)


def test_examples_for_powershell_are_run_in_one():
    known = (ROOT / IN_POWERSHELL).read_text(encoding='utf-8')
    assert WITH_POWERSHELL and all(pathlib.Path(block.source).stem in known for block in WITH_POWERSHELL)


@pytest.mark.parametrize('source, examples', list(blocks.plugins()), ids=[source for source, dummy in blocks.plugins()])
def test_every_plugin_has_examples(source, examples):
    if not examples:        # the documentation is in a file beside it
        assert examples is None and (ROOT / source).with_suffix('.yml').exists()
    else:
        assert blocks.load(examples)


@pytest.mark.parametrize('arguments, blind', [((), False), (('--check', '--diff'), True)],
                         ids=['run', 'check with gaps'])
@of('plays', 'tasks', 'variables')
def test_playbooks(block, arguments, blind, place):
    """Each runs, in check mode too, and whether or not there are gaps: but what closes or declares without."""
    # what changes a host needs a declaration of it; all else is tried on a host that may have none
    needs_declaration = CHANGES.search(block.text) and 'expected_listeners' not in block.text
    for other in DOCUMENTED:
        named = re.match(r'# ((roles/\S+/vars|group_vars/\S+)/listeners\.yml)\n', other.text)
        if named and other.source == block.source and (named.group(2).startswith('roles/') or needs_declaration):
            place.write(named.group(1), other.text)
    for group in re.findall(r'hosts: (listens_\w+)\n', block.text):    # of test_inventories
        place.add_group(group)
    needs_owners = CLOSES.search(block.text) or DECLARES.search(block.text)
    output = place.play(as_play(block), *arguments, blind=blind and not needs_owners)
    recap = re.search(r'^localhost +: ok=(\d+) +changed=(\d+) +unreachable=0 +failed=0 ', output, re.MULTILINE)
    assert recap and int(recap.group(1)) > 0
    may_change = CHANGES.search(block.text) or DECLARES.search(block.text)
    assert may_change or int(recap.group(2)) == 0, 'nothing here changes a host'


def test_gaps_are_gaps(place):
    """What the examples run with is what their test says."""
    gaps = "ansible_facts['listening_ports'].gaps | map(attribute='code') | list == %s"
    for blind, expected in ((False, []), (True, ['owners_hidden'])):
        tasks = [{'listening.ports.listener_facts': None}, {'ansible.builtin.assert': {'that': gaps % expected}}]
        place.play(as_play(blocks.Block('here', 1, 'yaml', yaml.safe_dump(tasks))), blind=blind)


@of('variables')
def test_variables_are_those_of_the_role(block):
    specs = yaml.safe_load((ROOT / 'roles/audit/meta/argument_specs.yml').read_text(encoding='utf-8'))
    options = specs['argument_specs']['main']['options']
    shown = {name: value for name, value in blocks.load(block.text).items() if name.startswith('audit_')}
    assert set(shown) <= set(options)
    if len(shown) > 1:
        assert shown == {name: option['default'] for name, option in options.items()}


@of('declaration', but=JUDGED_BY_UNIT_TESTS)
def test_declarations(block, place):
    """Each is one that the collection accepts, as variables of a group."""
    place.declare(block.text)
    declared = sorted(name for name in blocks.load(block.text) if blocks.DECLARED.fullmatch(name))
    tasks = [{'listening.ports.assert_listeners': {'facts': 'none'}, 'register': 'checked'},
             {'ansible.builtin.assert': {'that': 'checked.policy.variables == %s' % declared}}]
    place.play(yaml.safe_dump([{'hosts': 'all', 'gather_facts': False, 'tasks': tasks}]))


@of('inventory')
def test_inventories(block, place, audited):
    """Each makes groups of a host that was audited, or of one whose facts are in a cache."""
    shutil.copytree(audited[1] / 'listening-ports-audit', place.path / 'listening-ports-audit')
    (place.path / 'fleet.listening_ports.yml').write_text(block.text, encoding='utf-8')
    if blocks.load(block.text).get('source') == 'facts':
        shutil.rmtree(place.path / 'listening-ports-audit')
        place.environment.update(ANSIBLE_CACHE_PLUGIN='jsonfile',
                                 ANSIBLE_CACHE_PLUGIN_CONNECTION=str(place.path / 'cache'))
        place.play(yaml.safe_dump([{'hosts': 'all', 'gather_facts': False,
                                    'tasks': [{'listening.ports.listener_facts': None}]}]))
    output = place.run('ansible-inventory', '-i', 'hosts.ini', '-i', 'fleet.listening_ports.yml', '--list')
    groups = json.loads(output)
    assert groups['listening_ports']['children']
    assert all(groups[name]['hosts'] == ['localhost'] for name in groups['listening_ports']['children'])


@of('hosts')
def test_inventories_of_hosts(block, place):
    """Ansible finds the hosts that are in it, each in a group."""
    (place.path / 'hosts.ini').write_text(block.text, encoding='utf-8')
    listed = json.loads(place.run('ansible-inventory', '-i', 'hosts.ini', '--list'))
    found = {host for name, group in listed.items() if name != '_meta' for host in group.get('hosts', ())}
    hosts = re.sub(r'(?ms)^\[\w+:vars\]\n.*?(?=^\[|\Z)', '', block.text)
    assert found == {line.split()[0] for line in hosts.splitlines() if re.match(r'[\w.-]', line)}
    assert 'ungrouped' not in listed['all']['children'] or not listed.get('ungrouped', {}).get('hosts')


@of('ini')
def test_settings(block, place):
    """Ansible knows each of them."""
    (place.path / 'ansible.cfg').write_text(block.text, encoding='utf-8')
    settings = json.loads(place.run('ansible-config', 'dump', '--only-changed', '--format', 'json'))
    set_here = [setting['name'] for setting in settings if setting.get('origin') == str(place.path / 'ansible.cfg')]
    assert len(set_here) == len([line for line in block.text.splitlines() if '=' in line])


@of('requirements')
def test_requirements(block):
    assert blocks.load(block.text) == {'collections': [{'name': REPOSITORY, 'type': 'git'}]}


@of('listener')
def test_listeners(block, audited, collections):
    """An example of a listener has the keys of real ones, and is one as far as the controller can tell."""
    shown = blocks.load(block.text)
    real = json.loads((audited[1] / 'listening-ports-audit/report.json').read_text(encoding='utf-8'))
    facts = real['hosts'][0]['facts']
    assert list(shown) == list(facts['listeners'][0])
    for owner in shown['owners']:
        assert list(owner) == list(facts['listeners'][0]['owners'][0])
    check = ('import json, sys; from ansible_collections.listening.ports.plugins.plugin_utils._facts.unpack import '
             'unpack; '
             'print(unpack(sys.stdin.read()).facts["listeners"])')
    facts = dict(facts, listeners=[shown])
    done = subprocess.run([sys.executable, '-c', check], input=json.dumps(facts), text=True, stdout=subprocess.PIPE,
                          env={'PYTHONPATH': str(collections)}, check=True)
    assert shown['id'] in done.stdout


@of('json')
def test_json(block, audited):
    """JSON is the file of a report: it has the keys of a real one."""
    shown = json.loads(block.text)
    real = json.loads((audited[1] / 'listening-ports-audit/report.json').read_text(encoding='utf-8'))
    assert list(shown) == list(real)
    assert list(shown['counts']) == list(real['counts'])
    assert all(list(host) == list(real['hosts'][0]) for host in shown['hosts'])
    assert sum(shown['counts'].values()) == len(shown['hosts'])


def table(text):
    """The table in a text: the heading, and the lines below it."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith('PROTO '))
    return lines[start], lines[start + 1:lines.index('', start)], lines[start - 1]


@of('report')
def test_reports(block, audited):
    """A report that is shown has the form of a real one: title, columns, and something in each that may be there."""
    heading, rows, title = table(block.text)
    columns, real_rows, real_title = table(audited[0])
    assert re.split(r' {2,}', heading) == re.split(r' {2,}', columns)
    numbers = r'[\d-]+ [\d:]+ UTC|^\d+|, \d+ reached by anyone|(?<= on )[\w-]+'
    assert re.sub(numbers, '', title) == re.sub(numbers, '', real_title)
    assert sum(1 + row.count(' +') for row in rows) == int(title.split()[0])
    assert len(real_rows) == 2
    starts = [match.start() for match in re.finditer(r'(?<=  )\S|^\S', heading)]
    for row in rows + ['']:
        cells = [row[start:end].strip() for start, end in zip(starts, starts[1:] + [None])]
        if row:
            assert cells[0] in ('tcp', 'udp') and re.fullmatch(r'\S+:\d+( \+\S+)?', cells[1]) and all(cells)
            assert cells[5] in ('any', 'global', 'private', 'link', 'loopback')
            assert cells[6] in ('anyone', 'private', 'link', 'local', 'none', 'unknown')
    closing = block.text.splitlines()[-1]
    assert closing.replace(re.search(r' on ([\w-]+)', title).group(1), 'localhost', 1) in audited[0]


@of('changes')
def test_changes(block, place):
    """A table of changes has the columns of a real one; tests/hosts/guests/test_drift.py compares all of it."""
    output = place.on_a_host('ansible-playbook', 'listening.ports.drift', '-i', 'inventory')
    [heading] = [line for line in output.splitlines() if line.startswith('CHANGE ')]
    assert block.text.split('\n')[0].split() == heading.split()
    assert block.text.splitlines()[-1].endswith('.')


@of('answers')
def test_answers(block, place):
    """Answers that are shown have the form of real ones; the unit tests of the report make these to the letter."""
    output = place.on_a_host('ansible-playbook', 'listening.ports.reach', '-i', 'inventory', '--forks=1', '-e',
                             'probe_address=127.0.0.1', '-e', 'reach_from=web-1', '-e', 'reach_to=web-3')
    form = re.compile(r'  (?:reached by|not known of|not by) +\S')
    assert all(form.match(line) for line in block.text.splitlines()[1:])
    [begin] = [number for number, line in enumerate(output.splitlines()) if re.match(r'web-3: tcp ', line)]
    assert form.match(output.splitlines()[begin + 1])


@of('findings', but=OF_HOSTS)
def test_findings(block, place):
    """Findings that are shown are those of the declaration above them, word by word."""
    above = [other for other in DOCUMENTED if other.source == block.source and other.line < block.line
             and _kind(other) == 'declaration']
    place.declare(above[-1].text)
    output = place.on_a_host('ansible-playbook', 'listening.ports.audit', '-i', 'inventory', '-e', 'audit_fail=false')

    def same(text):     # in each run
        return re.sub(r' pid \d+', ' pid 1', re.sub(r'sha256 [0-9a-f]{12}', 'sha256 0', text))
    assert same(block.text) in same(output)


@of('commands')
def test_commands(block, place):
    for words in blocks.commands(block):
        for named in [word for word in words if re.fullmatch(r'\w+(\.listening_ports)?\.yml', word)]:
            write_playbook(named, block, place)
        if {'listening.ports.close', 'listening.ports.enforce'} & set(words):
            declare_before(block, place)
        run_command(words, place)


def declare_before(block, place):
    """Put the last declaration that is shown before a block where it is that of all hosts."""
    shown = [other for other in DOCUMENTED if other.source == block.source and other.line < block.line]
    texts = [other.text for other in shown if _kind(other) == 'declaration'] + [
        yaml.safe_dump(play['vars']) for other in shown if _kind(other) == 'plays' for play in blocks.load(other.text)
        if 'expected_listeners' in play.get('vars', {})]
    if not (place.path / 'group_vars').exists():
        place.declare(texts[-1])


def write_playbook(named, block, place):
    """Put a playbook of a document where its command finds it, with the declaration that is shown before it."""
    if (place.path / named).exists():
        return
    before = [other for other in DOCUMENTED if other.source == block.source and other.line < block.line]
    playbook, = [other for other in before if other.text.startswith('# %s\n' % named)]
    (place.path / named).write_text(playbook.text, encoding='utf-8')
    declared = [other for other in before if _kind(other) == 'declaration' and other.line < playbook.line]
    if declared and 'expected_listeners' not in playbook.text:
        place.declare(declared[-1].text)


def run_command(words, place):
    """Run a command of the documentation, as far as it can be run without a network."""
    if words[0] == 'ansible-playbook':
        if 'listening.ports.validate' in words and not (place.path / 'group_vars').exists():
            place.declare('expected_listeners: []')     # it refuses to have checked nothing
        # their hosts are this one, under names that nobody resolves; two that change it would be in each other's way
        more = ['--forks=1']
        if {'listening.ports.probe', 'listening.ports.reach'} & set(words):
            more = [*more, '-e', 'probe_address=127.0.0.1']
        place.on_a_host(*words, *more)
    elif words[0] == 'make':
        run_make(words, place)
    elif words[:2] == ['git', 'clone']:
        assert words[2:] == [REPOSITORY]
    elif words[:3] == ['git', 'worktree', 'add']:
        place.declare(ANYTHING)
        place.branch(words[3])
        place.on_a_host('ansible-playbook', 'listening.ports.audit', '-i', 'inventory')
    elif words == ['ansible-builder', 'create']:
        assert any(_kind(other) == 'environment' for other in DOCUMENTED), 'tests/project runs it'
    elif words[0] == 'cd':
        assert words[1:] == [GALAXY['repository'].rpartition('/')[2]]
    elif words[:3] == ['ansible-galaxy', 'collection', 'install'] and words[3].startswith('git+'):
        assert words[3:] == ['git+' + REPOSITORY]
    elif words[:2] == ['ansible-galaxy', 'collection']:
        run_galaxy(words, place)
    else:
        raise blocks.Unclassifiable('what does %s do?' % words)


@of('workflow', 'gitlab', 'pipeline')
def test_recipes(block, place):
    """Each does what it says, with programs in the place of those that need a network, or a forge."""
    place.declare(ANYTHING)
    environment = place.stand_ins()
    for script in blocks.scripts(block):
        place.environment.update(environment)
        place.on_a_host('bash', '-e', '-c', script)
    called = (place.path / 'called').read_text(encoding='utf-8') if (place.path / 'called').exists() else ''
    assert ('git+%s' % REPOSITORY in called) is ('ansible-galaxy' in block.text)
    handed_on = blocks.files(block)
    assert handed_on and not [path for path in handed_on if not (place.path / path).exists()]
    if 'GITHUB_STEP_SUMMARY' in block.text:
        assert '\n## ' in (place.path / 'summary').read_text(encoding='utf-8')
    if 'gh pr comment' in block.text:
        assert 'pr comment 7 --body-file impact.md' in called
        assert 'makes no difference' in (place.path / 'impact.md').read_text(encoding='utf-8')


def run_make(words, place):
    """Run what make would run; without set-up, for the tests have what it makes."""
    planned = subprocess.run(['make', '--no-print-directory', '-n', *words[1:]], cwd=ROOT, check=True, text=True,
                             stdout=subprocess.PIPE).stdout
    last = planned.strip().splitlines()[-1].split()
    if 'tools/audit.sh' in last:
        arguments = last[last.index('tools/audit.sh') + 1:]
        where = [] if '-i' in arguments else ['-i', 'localhost,', '-c', 'local', '-e',
                                              'ansible_python_interpreter=' + sys.executable]
        playbook = last[0].removeprefix('PLAYBOOK=')
        if playbook == 'baseline':
            where += ['-e', 'baseline_dest=%s' % place.path]
        place.on_a_host('ansible-playbook', 'listening.ports.%s' % playbook, *where, *arguments)
    elif 'tests/benchmarks/bench.py' in last:
        known = place.run(sys.executable, ROOT / 'tests/benchmarks/bench.py', '--help')
        for option in last[last.index('tests/benchmarks/bench.py') + 1:]:
            assert re.search(r'(?<![\w-])%s(?![\w-])' % re.escape(option), known), option
    else:
        assert (ROOT / 'Makefile').exists() and last


def run_galaxy(words, place):
    """Build and install in the place, from a copy."""
    copy = place.path / 'copy'
    if not copy.exists():
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*blocks.SKIPPED - {'changelogs'}, '__pycache__'))
    place.environment['ANSIBLE_COLLECTIONS_PATH'] = str(place.path / 'installed')
    place.run(*words, *(['--offline'] if words[2] == 'install' else []), cwd=copy)
    assert words[2] == 'build' or (place.path / 'installed/ansible_collections/listening/ports/MANIFEST.json').exists()


@pytest.mark.parametrize('path', [path for path in blocks.documents() if path.suffix == '.md'],
                         ids=lambda path: path.name)
def test_links_into_the_repository(path):
    for target in re.findall(r'\]\(([^)\s]+)\)', path.read_text(encoding='utf-8')):
        if '://' not in target and not target.startswith('#'):
            assert (path.parent / target.partition('#')[0]).exists(), target
