# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which room of the plugins may import which: the walls of the house, held by reading the imports of every file."""

import pathlib
import sys

import pytest

from ansible_collections.listening.ports.tests.unit.plugins import imports

PLUGINS = pathlib.Path(__file__).resolve().parents[3] / 'plugins'
FIREWALL = 'module_utils._firewall'
FILTER = 'module_utils._filter'
STOP = 'module_utils._stop'
POLICY = 'plugin_utils._policy'
# of what filters, what makes texts and reads none of a host
PURE = ('rules', 'table', 'exchange', 'refusal', 'sample')
# of what stops listeners, what decides
DECIDING = ('graph', 'protected', 'by_hand', 'again', 'ways', 'decide')
OF_CONTROLLERS = ('plugin_utils', 'action', 'filter', 'inventory', 'lookup')
OF_HOSTS = ('modules', 'module_utils')
# whatever asks the host that it runs on
READING = ('%s.snapshot' % FIREWALL, 'module_utils._sockets', 'module_utils._owners', 'module_utils._systemd')

# Why, the rooms that it holds for, and what they never import, be it through others
NEVER = (
    ('the policy is pure: it knows no Ansible, no host, no rules and no report', (POLICY,),
     ('ansible', 'os', 'subprocess', 'plugin_utils._facts', 'plugin_utils._report', 'plugin_utils._variables', FIREWALL,
      *READING)),
    ('rules are judged from a snapshot, on any machine', ('%s.evaluate' % FIREWALL, '%s.exposure' % FIREWALL),
     ('ansible', 'os', 'subprocess', *READING)),
    ('what reads the rules of a host judges nothing', ('%s.snapshot' % FIREWALL,),
     ('%s.ruleset' % FIREWALL, '%s.evaluate' % FIREWALL, '%s.exposure' % FIREWALL)),
    ('what looks at a host knows nothing of what changes it',
     (FIREWALL, 'module_utils._facts', 'module_utils._sockets', 'module_utils._owners', 'module_utils._systemd',
      'module_utils._probe'), (FILTER, STOP)),
    ('the text of the table is made of rules alone', tuple('%s.%s' % (FILTER, name) for name in PURE),
     ('ansible', 'os', 'subprocess', FIREWALL, *READING)),
    ('what is stopped is decided from a view, on any machine', tuple('%s.%s' % (STOP, name) for name in DECIDING),
     ('ansible', 'os', 'subprocess', '%s.view' % STOP, FIREWALL, *READING)),
    ('a plan is made of a judgement, by whatever asked the host', tuple(
        'plugin_utils._enforce.%s' % name for name in ('plan', 'close', 'confirmed', 'lefts', 'ports', 'effects')),
     ('ansible', 'os', 'subprocess', 'plugin_utils._facts', 'plugin_utils._variables', *READING)),
    ('a declaration is composed from facts alone, and knows no Ansible',
     ('plugin_utils._baseline', 'plugin_utils._identity'),
     ('ansible', 'subprocess', 'plugin_utils._facts', 'plugin_utils._report', 'plugin_utils._variables', FIREWALL,
      *READING)),
    ('who reaches whom is answered from facts alone', ('plugin_utils._reach',),
     ('ansible', 'os', 'subprocess', 'plugin_utils._facts', 'plugin_utils._report', 'plugin_utils._variables', FIREWALL,
      *READING)),
    ('of that, only what writes files asks the machine', tuple(
        'plugin_utils._baseline.%s' % name
        for name in ('pieces', 'things', 'packing', 'cover', 'clients', 'names', 'yaml', 'proof', 'compose')),
     ('os', 'plugin_utils._draft', 'plugin_utils._baseline.files')),
    ('what a change of a declaration makes of hosts is told from judgements alone', ('plugin_utils._report.impact',),
     ('ansible', 'plugin_utils._facts.live', 'plugin_utils._variables', FIREWALL, *READING)),
    ('what has changed is found in records, and knows no Ansible', ('plugin_utils._drift',),
     ('ansible', 'subprocess', 'plugin_utils._variables', FIREWALL, *READING)),
    ('of that, only what keeps snapshots asks the machine', tuple(
        'plugin_utils._drift.%s' % name for name in ('snapshot', 'changes', 'text')),
     ('os', 'plugin_utils._draft', 'plugin_utils._facts', 'plugin_utils._report', 'plugin_utils._drift.store')),
    ('what a Windows host sends is judged on any machine', ('plugin_utils._windows',),
     ('ansible', 'os', 'subprocess', 'plugin_utils._facts', 'plugin_utils._variables', *READING)),
    ('hosts have nothing of the controller', OF_HOSTS, OF_CONTROLLERS),
    ('groups are made of what is known of hosts, in whatever inventory', ('plugin_utils._inventory',),
     ('ansible', 'subprocess', 'plugin_utils._variables', *READING)),
    ('what others use knows no action', ('plugin_utils',), ('action', 'filter', 'inventory', 'lookup')),
)

# Floors, the lowest first: none imports from one above it
FLOORS = (
    tuple('%s.%s' % (POLICY, name) for name in ('language', 'conditions', 'declaration', 'judgement')),
    tuple('%s.%s' % (FIREWALL, name) for name in ('ruleset', 'evaluate', 'exposure')),
    ('module_utils._firewall.snapshot', 'module_utils._facts', 'modules'),
    (POLICY, 'plugin_utils._facts', 'plugin_utils._report', 'action'),
    (POLICY, 'plugin_utils._identity', 'plugin_utils._baseline', 'action'),
    ('plugin_utils._identity', 'plugin_utils._report', 'plugin_utils._drift', 'action'),
    tuple('plugin_utils._drift.%s' % name for name in ('snapshot', 'changes', 'text', 'comparison', 'table')),
    tuple('plugin_utils._baseline.%s' % name for name in ('yaml', 'pieces', 'things', 'cover', 'clients', 'compose')),
    tuple('plugin_utils._baseline.%s' % name for name in ('cover', 'names', 'compose')),
)

# What hosts may have, and the only module that asks for it: it is the collector of that name
OPTIONAL = {('module_utils._sockets.by_psutil', 'psutil')}


def trespasses(tree, rooms, never):
    """How modules in these rooms import what they never should, in words."""
    ways = []
    for module in tree.below(rooms):
        for target, way in tree.ways(module).items():
            if any(imports.is_in(target, room) for room in never):
                ways.append(imports.described(way))
    return ways


def strangers(tree, rooms):
    """What modules in these rooms import that is neither Python's own nor Ansible's for modules, in words."""
    return [imports.described([edge]) for module in tree.below(rooms) for edge in tree.imports[module]
            if edge.target not in tree.modules and (module, edge.target) not in OPTIONAL
            and edge.target.partition('.')[0] not in sys.stdlib_module_names
            and not imports.is_in(edge.target, 'ansible.module_utils')]


def climbs(tree, floors):
    """How modules import from a floor above their own, in words."""
    return [way for number, floor in enumerate(floors) for way in trespasses(tree, [floor], floors[number + 1:])]


@pytest.fixture(scope='module')
def plugins():
    """The plugins of this collection."""
    return imports.Tree(PLUGINS)


@pytest.mark.parametrize('rooms, never', [row[1:] for row in NEVER], ids=[row[0] for row in NEVER])
def test_walls(plugins, rooms, never):
    assert not trespasses(plugins, rooms, never)


@pytest.mark.parametrize('floors', FLOORS, ids=[floors[-1] for floors in FLOORS])
def test_floors(plugins, floors):
    assert not climbs(plugins, floors)


def test_hosts_need_nothing_but_python(plugins):
    assert not strangers(plugins, OF_HOSTS)


def test_there_is_no_circle(plugins):
    assert not plugins.circles()


def test_rooms_of_the_rules_exist(plugins):
    """A rule for a room that was renamed would hold of nothing."""
    named = {room for _why, rooms, never in NEVER
             for room in (*rooms, *never)} | {floor for floors in FLOORS for floor in floors}
    assert {room for room in named - {'ansible', 'os', 'subprocess'} if not plugins.below([room])} == set()
    assert {pair for pair in OPTIONAL if pair[1] not in [edge.target for edge in plugins.imports[pair[0]]]} == set()
    rooms = {path.name for path in (PLUGINS / 'plugin_utils/_policy').iterdir() if path.is_dir()
             and any(path.glob('*.py'))}
    assert {'%s.%s' % (POLICY, room) for room in rooms} == set(FLOORS[0])


# That the rules can be broken: trees that are made up


def made_up(folder, files):
    """A tree of modules, given by path and text."""
    for name, text in files.items():
        path = folder / (name + '.py')
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding='utf-8')
    return imports.Tree(folder)


@pytest.mark.parametrize('text', [
    'import ansible.errors\n',
    'from ansible import errors\n',
    'from ansible.errors import AnsibleError\n',
    'def late():\n    from ansible.errors import AnsibleError\n',
    'if TYPE_CHECKING:\n    import ansible\n',
    'from ..wall import ansible_inside\n',
    'from .. import wall\n',
    'from ansible_collections.listening.ports.plugins.b import wall\n',
    'import ansible_collections.listening.ports.plugins.b.wall\n',
])
def test_imports_are_seen(tmp_path, text):
    """In whichever form, and through another module."""
    tree = made_up(tmp_path, {'b/room/inner': text, 'b/wall': 'import ansible\n', 'b/other': 'import json\n'})
    assert len(trespasses(tree, ['b.room'], ['ansible', 'b.wall'])) >= 1
    assert not trespasses(tree, ['b.room'], ['json', 'b.other', 'ansib', 'b.wal'])
    assert not trespasses(tree, ['b.other'], ['ansible', 'b.wall'])


def test_a_trespass_is_described(tmp_path):
    tree = made_up(tmp_path, {'b/room': 'import json\nfrom . import wall\n', 'b/wall': '\n\nimport ansible.errors\n'})
    assert trespasses(tree, ['b.room'], ['ansible']) == ['b.room:2 -> b.wall:3 -> ansible.errors']


def test_packages_are_modules(tmp_path):
    tree = made_up(tmp_path,
                   {'b/__init__': 'from .inner import x\n', 'b/inner': '', 'c': 'from b import x\nfrom . import b\n'})
    assert tree.modules == {'b', 'b.inner', 'c'}
    assert [[edge.target for edge in tree.imports[module]]
            for module in ('b', 'b.inner', 'c')] == [['b.inner'], [], ['b', 'b']]


@pytest.mark.parametrize('lower, upper, expected', [
    ('', 'from . import lower\n', []),
    ('from . import upper\n', '', ['f.lower:1 -> f.upper']),
    ('def late():\n    from .upper import thing\n', '', ['f.lower:2 -> f.upper']),
    ('from . import middle\n', '', ['f.lower:1 -> f.middle:1 -> f.upper']),
])
def test_climbing_is_seen(tmp_path, lower, upper, expected):
    tree = made_up(tmp_path, {'f/lower': lower, 'f/middle': 'from . import upper\n', 'f/upper': upper})
    assert climbs(tree, ['f.lower', 'f.upper']) == expected


@pytest.mark.parametrize('text, expected', [
    ('import json\nfrom ansible.module_utils.basic import AnsibleModule\nfrom . import y\n', []),
    ('import requests\n', ['h.x:1 -> requests']),
    ('from ansible.errors import AnsibleError\n', ['h.x:1 -> ansible.errors.AnsibleError']),
    ('def late():\n    import psutil\n', ['h.x:2 -> psutil']),
])
def test_strangers_are_seen(tmp_path, text, expected):
    assert strangers(made_up(tmp_path, {'h/x': text, 'h/y': ''}), ['h']) == expected


@pytest.mark.parametrize('files, expected', [
    ({'a': 'import b\n', 'b': 'import c\n', 'c': ''}, []),
    ({'a': 'import b\n', 'b': 'def late():\n    import a\n'}, ['a:1 -> b:2 -> a']),
    ({'a': 'import b\n', 'b': 'import c\n', 'c': 'import a\n'}, ['a:1 -> b:1 -> c:1 -> a']),
    ({'a': 'import a\n'}, ['a:1 -> a']),
    ({'p/__init__': 'from . import inner\n', 'p/inner': 'from . import thing\n'}, ['p:1 -> p.inner:1 -> p']),
])
def test_circles_are_seen(tmp_path, files, expected):
    assert made_up(tmp_path, files).circles() == expected
