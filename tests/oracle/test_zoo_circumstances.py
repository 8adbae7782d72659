# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not known is said: the declared zoo, seen by users and from places that may not see all of it."""

import errno
import glob
import json
import os
import re

import pytest

from zoo import compare, linux, truth
from zoo.compare import agree
from zoo.den import NOBODY

pytestmark = pytest.mark.root
SECCOMP = pytest.mark.skipif(not linux.can_refuse_netlink(), reason='the filter that refuses netlink is not written '
                             'for this machine')
DETAILS = ['owners', 'resources', 'command', 'connections', 'namespaces', 'raw']


@pytest.fixture(scope='module')
def listed(declared):
    """Expected listeners, without what only some subsets tell."""
    return [{key: value for key, value in record.items() if key != 'connections'}
            for records in declared.values() for record in records if record['protocol'] != 'raw']


@pytest.fixture(scope='module')
def anew(listed):
    """The same where /proc has been mounted anew: the control groups of this zoo are files mounted over the old one."""
    return [dict(record, service=None, owners=[dict(owner, unit=None, container=None) for owner in record['owners']])
            for record in listed]


@pytest.fixture(scope='module')
def usual(habitat, listed):
    return habitat.call('zoo.inside:facts')


def gap(facts, aspect):
    """The only gap of an aspect, which hence is not complete."""
    gaps = [entry for entry in facts['gaps'] if entry['aspect'] == aspect]
    assert len(gaps) == 1, facts['gaps']
    assert facts['complete'][aspect] is False
    return gaps[0]


def without_owners(records):
    return truth.seen_only(records, set())


@pytest.mark.parametrize('collector', ['netlink', 'procfs'])
def test_unprivileged(habitat, listed, collector):
    facts = habitat.apart('zoo.circumstances:as_nobody', collector=collector)
    expected = truth.seen_only(listed, truth.seen_by(listed, NOBODY))
    if collector == 'procfs':
        expected = truth.by_procfs(expected)
    agree(compare.records(expected, facts['listeners']) + compare.invariants(facts))
    hidden = gap(facts, 'owners')
    assert hidden['code'] == 'owners_hidden'
    assert hidden['hint'] == 'become'
    assert hidden['count'] == truth.unexplained(expected)
    assert str(hidden['count']) in hidden['message']
    assert facts['complete']['sockets'] is True
    assert 0 < hidden['count'] < len(expected)


@pytest.mark.parametrize('collector', ['netlink', 'procfs'])
def test_hidepid(habitat, anew, collector):
    facts = habitat.apart('zoo.circumstances:behind_hidepid', collector=collector)
    expected = truth.seen_only(anew, truth.seen_by(anew, NOBODY))
    if collector == 'procfs':
        expected = truth.by_procfs(expected)
    agree(compare.records(expected, facts['listeners']) + compare.invariants(facts))
    hidden = gap(facts, 'owners')
    assert [hidden['code'], hidden['hint'], hidden['count']] == [
        'owners_hidden', 'become', truth.unexplained(expected)]


@pytest.mark.parametrize('options', [{}, {'collector': 'procfs'}, {'gather': DETAILS}], ids=['auto', 'procfs', 'all'])
def test_no_tool_is_needed(habitat, listed, options):
    facts, without = [habitat.apart(function, **options)
                      for function in ('zoo.inside:facts', 'zoo.circumstances:without_tools')]
    for gathered in (facts, without):
        gathered.pop('gathered_at')
        for record in gathered['listeners']:
            for owner in record['owners']:
                owner.pop('resources', None)                # they change from one look to the next
    assert without == facts


@SECCOMP
@pytest.mark.parametrize('error', ['EPERM', 'EPROTONOSUPPORT', 'EAFNOSUPPORT', 'EACCES'])
def test_netlink_refused(habitat, listed, error):
    facts = habitat.apart('zoo.circumstances:without_netlink', error=getattr(errno, error))
    assert facts['collector'] == 'procfs'
    # nothing tells what the kernel holds any more
    expected = [dict(record, held_by='unknown') if record['held_by'] == 'kernel' else record
                for record in truth.by_procfs(listed)]
    agree(compare.records(expected, facts['listeners']) + compare.invariants(facts))
    lost = gap(facts, 'binding')
    assert lost['code'] == 'procfs'
    assert os.strerror(getattr(errno, error)) in lost['message']
    assert facts['complete']['sockets'] is True
    assert facts['system']['local_addresses'] is None


@SECCOMP
def test_netlink_refused_to_an_unprivileged_user(habitat, listed):
    facts = habitat.apart('zoo.circumstances:without_netlink', error=errno.EPERM, nobody=True)
    expected = truth.by_procfs(truth.seen_only(listed, truth.seen_by(listed, NOBODY)))
    expected = [dict(record, held_by='unknown') if record['held_by'] == 'kernel' else record for record in expected]
    agree(compare.records(expected, facts['listeners']) + compare.invariants(facts))
    assert gap(facts, 'owners')['count'] == truth.unexplained(expected)


@SECCOMP
def test_netlink_refused_when_asked_for_by_name(habitat, declared):
    from zoo.habitat import HabitatError
    with pytest.raises(HabitatError, match='CollectorError: netlink was refused'):
        habitat.apart('zoo.circumstances:without_netlink', error=errno.EPERM, collector='netlink')


@pytest.mark.parametrize('circumstance', ['without_proc', 'with_unreadable_proc'])
def test_proc_is_not_to_be_read(habitat, listed, circumstance):
    facts = habitat.apart('zoo.circumstances:' + circumstance)
    assert facts['collector'] == 'netlink'
    # the range is not known, and an ephemeral port not to be told
    expected = [dict(record, ephemeral=truth.one_of(None, False)) for record in without_owners(listed)]
    agree(compare.records(expected, facts['listeners']) + compare.invariants(facts))
    lost = gap(facts, 'owners')
    assert lost['code'] == 'proc_unreadable'
    assert lost['count'] == truth.unexplained(expected)
    # in a chroot without /proc netlink answers just as well, for the machine around it
    unsure = [entry['code'] for entry in facts['gaps'] if entry['aspect'] == 'sockets']
    assert unsure == (['unknown_root'] if circumstance == 'without_proc' else [])
    assert facts['complete']['sockets'] is not bool(unsure)


@SECCOMP
@pytest.mark.parametrize('collector', ['auto', 'procfs'])
def test_neither_netlink_nor_proc(habitat, declared, collector):
    """Never "nothing listens": the sockets are not complete."""
    for facts in (habitat.apart('zoo.circumstances:without_both', collector=collector),
                  habitat.apart('zoo.circumstances:with_unreadable_proc', netlink=False, collector=collector)):
        assert facts['listeners'] == []
        assert facts['complete']['sockets'] is False
        assert facts['complete']['owners'] is False
        agree(compare.invariants(facts))


@SECCOMP
def test_a_table_is_missing(habitat, listed):
    """What can be read is listed, and that UDP could not be is said."""
    facts = habitat.apart('zoo.circumstances:with_tables', tables=['tcp', 'tcp6'])
    expected = [record for record in truth.by_procfs(listed) if record['protocol'] == 'tcp']
    agree(compare.records(expected, facts['listeners']) + compare.invariants(facts))
    assert 'udp' in gap(facts, 'sockets')['message']


@SECCOMP
@pytest.mark.parametrize('table', ['udp', 'tcp'])
def test_a_socket_in_the_middle_of_bind(habitat, listed, table):
    """The kernel shows it before it has its port: nothing to be reached yet, and nothing to stumble over."""
    tables = [name + six for name in ('tcp', 'udp', 'udplite') for six in ('', '6')] + ['protocols']
    line = '%5d: 0100007F:0000 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0        0 1 2 0 0' % (
        9, '07' if table == 'udp' else '0A')
    facts = habitat.apart('zoo.circumstances:with_tables', tables=tables, more=[[table, line]])
    assert {record['id'] for record in facts['listeners']} == {record['id'] for record in truth.by_procfs(listed)}
    assert facts['complete']['sockets'] is True


@pytest.mark.parametrize('uid', [0, NOBODY])
def test_chroot(habitat, listed, uid):
    facts = habitat.apart('zoo.circumstances:in_a_chroot', uid=uid)
    assert gap(facts, 'sockets')['code'] == 'foreign_root'
    assert {record['id'] for record in facts['listeners']} == {record['id'] for record in listed}
    agree(compare.invariants(facts))


@pytest.mark.parametrize('uid', [0, NOBODY])
@pytest.mark.parametrize('collector', ['auto', 'procfs'])
def test_foreign_network_namespace(habitat, declared, collector, uid):
    facts = habitat.apart('zoo.circumstances:in_another_network', collector=collector, uid=uid)
    assert facts['listeners'] == []
    assert gap(facts, 'sockets')['code'] == 'foreign_network_namespace'


def test_foreign_pid_namespace(habitat, listed):
    """Its pids are of another world: either that is said, or they are those that this /proc shows."""
    facts = habitat.apart('zoo.circumstances:in_another_pid_namespace')
    assert {record['id'] for record in facts['listeners']} == {record['id'] for record in listed}
    assert facts['complete']['owners'] is False
    agree(compare.invariants(facts))
    if ['owners', 'proc_unreadable'] not in compare.gaps(facts):
        agree(compare.records(listed, facts['listeners']))


@pytest.mark.parametrize('collector', ['netlink', 'procfs'])
def test_budget_of_sockets(habitat, listed, collector):
    facts = habitat.call('zoo.inside:facts', max_sockets=5, collector=collector)
    assert gap(facts, 'sockets')['code'] == 'socket_budget'
    assert len(facts['listeners']) <= 5
    assert {record['id'] for record in facts['listeners']} <= {
        record['id'] for record in (listed if collector == 'netlink' else truth.by_procfs(listed))}
    assert '5' in gap(facts, 'sockets')['message']


def test_budget_of_exactly_what_there_is(habitat, listed):
    """Of the budget that is just enough nothing is said; of one less it is."""
    sockets = sum(len(record['_sockets']) for record in listed)
    assert habitat.call('zoo.inside:facts', max_sockets=sockets)['complete']['sockets'] is True
    facts = habitat.call('zoo.inside:facts', max_sockets=sockets - 1)
    assert facts['complete']['sockets'] is False


@pytest.mark.parametrize('budget', [0, 1, 10, 200])
def test_budget_of_file_descriptors(habitat, listed, budget):
    facts = habitat.call('zoo.inside:facts', max_fds=budget)
    lost = gap(facts, 'owners')
    assert lost['code'] == 'fd_budget'
    assert {record['id'] for record in facts['listeners']} == {record['id'] for record in listed}
    known = {record['id']: {owner['pid'] for owner in record['owners']} for record in listed}
    for record in facts['listeners']:
        assert {owner['pid'] for owner in record['owners']} <= known[record['id']]
    assert lost['count'] >= sum(not record['owners'] and record['held_by'] != 'kernel' for record in facts['listeners'])
    agree(compare.invariants(facts))


def test_strict_utf8(usual, habitat):
    everything = habitat.call('zoo.inside:facts', gather=DETAILS)
    for facts in (usual, everything):
        text = json.dumps(facts, ensure_ascii=False)
        assert json.loads(text.encode('utf-8').decode('utf-8')) == facts
    names = {owner['process'] for record in usual['listeners'] for owner in record['owners']}
    assert {'bad \\xff\\xfe utf8', 'line\nbreak', '{{ 7*7 }}'} <= names


def test_packed_is_the_same(habitat, listed):
    assert habitat.call('zoo.circumstances:packed_is_the_same')


@pytest.fixture(scope='module')
def has_fuse():
    if not os.access('/dev/fuse', os.R_OK | os.W_OK):
        pytest.skip('the machine has no /dev/fuse')


@pytest.mark.parametrize('options', [{}, {'collector': 'procfs'}], ids=['auto', 'procfs'])
def test_proc_stat_of_a_dead_lxcfs(habitat, listed, has_fuse, options):
    facts = habitat.apart('zoo.circumstances:without_proc_stat', dead=True, **options)
    expected = truth.by_procfs(listed) if options else listed
    agree(compare.records(expected, facts['listeners']) + compare.invariants(facts))


@pytest.mark.parametrize('options', [{}, {'collector': 'procfs'}, {'gather': DETAILS}], ids=['auto', 'procfs', 'all'])
def test_processes_are_all_that_is_in_proc(habitat, anew, options):
    facts = habitat.apart('zoo.circumstances:without_proc_stat', dead=False, **options)
    # there are no sysctls, by which ephemeral ports are told, and hence they are not told from others
    assert facts['system']['ephemeral_ports'] is None
    if not options:
        agree(compare.records([dict(record, ephemeral=False) for record in anew], facts['listeners']))
    assert {record['id'] for record in anew} <= {record['id'] for record in facts['listeners']} or options
    assert facts['complete']['sockets'] is True
    agree(compare.invariants(facts))


@pytest.mark.parametrize('collector', ['netlink', 'procfs', 'psutil'])
@pytest.mark.parametrize('gather', [['owners'], ['owners', 'resources', 'namespaces']], ids=['default', 'more'])
def test_a_deleted_program_on_a_file_system_that_does_not_answer(habitat, listed, has_fuse, collector, gather):
    """A habitat has a minute for an answer; whoever looks up a file there would wait for ever."""
    facts, pid = habitat.apart('zoo.circumstances:beside_a_dead_file_system', collector=collector, gather=gather)
    [record] = [record for record in facts['listeners'] if record['port'] == 3040]
    [owner] = record['owners']
    assert (owner['pid'], owner['exe'], owner['exe_deleted']) == (pid, '/run/zoo/hanging/daemon', True)


@pytest.mark.parametrize('collector', ['netlink', 'procfs'])
def test_no_look_leads_to_a_file_system_of_others(habitat, listed, collector):
    """By what was looked up: nothing but the kernel's own files, and a few of the system."""
    seen = habitat.apart('zoo.circumstances:touched', gather=DETAILS, collector=collector)
    assert ['open', '/proc/self/net/tcp'] in seen or collector != 'procfs'      # else nothing was noted
    own = re.compile(r'/(proc|sys)(/|$)|/etc/(services|passwd)$|/(var/)?run/(docker/)?netns(/|$)|/run/systemd/system$')
    # links that lead out of /proc, where they are followed
    out = re.compile(r'/proc/[^/]+/(task/[^/]+/)?(exe|cwd|root|fd/[^/]+|map_files/.*)(/|$)')
    strange = [[function, path] for function, path in seen
               if not own.match(path) or (out.match(path) and function != 'readlink')]
    # the roots of process 1 and of this one, by which a chroot is told; and where all mounts are local, a program that
    # is really called "x (deleted)"
    [called] = [record['owners'][0]['pid'] for record in listed if record['port'] == 3022]
    known = [['stat', '/proc/1/root'], ['stat', '/'], ['open', '/'], ['stat', '/proc/%d/exe' % called]]
    assert [pair for pair in strange if pair not in known] == []


SECRETS = ('cmdline', 'environ')


def test_nothing_secret_is_read_unless_asked(habitat, listed):
    """By the audit events of the interpreter; command lines where they are asked for show that those do tell."""
    for gather in (['owners'], ['owners', 'connections', 'namespaces', 'resources', 'raw']):
        for collector in ('netlink', 'procfs'):
            seen = habitat.apart('zoo.circumstances:audited', gather=gather, collector=collector)
            assert not [path for path in seen['opened'] if os.path.basename(path) in SECRETS]
            assert [path for path in seen['opened'] if path.endswith('/stat')]
    seen = habitat.apart('zoo.circumstances:audited', gather=['command'])
    assert {os.path.basename(path) for path in seen['opened']}.intersection(SECRETS) == {'cmdline'}


def test_no_program_is_run(habitat, listed):
    for collector in ('netlink', 'procfs'):
        assert habitat.apart('zoo.circumstances:audited', gather=DETAILS, collector=collector)['executed'] == []


def test_only_what_is_asked_for_is_there(habitat, listed):
    facts = habitat.call('zoo.inside:facts', gather=[])
    assert [aspect for aspect, known in facts['complete'].items() if known is not None] == ['sockets', 'binding']
    assert not [record for record in facts['listeners'] if record['owners'] or 'connections' in record]
    assert all(record['held_by'] == 'unknown' for record in facts['listeners'])


def test_nothing_leaks(habitat, listed):
    assert not habitat.apart('zoo.circumstances:leaks', times=20, gather=DETAILS)
    assert not habitat.apart('zoo.circumstances:leaks', times=20, collector='procfs')


@pytest.mark.parametrize('version', ['3.6', '3.7', '3.8', '3.13'])
def test_other_interpreters(habitat, paths, listed, version):
    interpreters = glob.glob(os.path.join(os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv')), 'versions',
                                          version + '.*/bin/python'))
    if not interpreters:
        pytest.skip('no Python %s is installed by pyenv' % version)
    facts = habitat.call('zoo.circumstances:with_python', interpreter=interpreters[0], paths=paths)
    agree(compare.records(listed, facts['listeners']) + compare.invariants(facts))


def test_psutil_on_request(habitat, listed):
    """All that psutil can tell is true, and what it cannot is said."""
    facts = habitat.call('zoo.inside:facts', collector='psutil')
    agree(compare.invariants(facts))
    flat = {record['id']: record for record in truth.by_procfs(listed)}
    listed_by_psutil = {record['id']: record for record in facts['listeners']}
    assert set(listed_by_psutil) <= set(flat)
    assert {record['protocol'] for key, record in flat.items() if key not in listed_by_psutil} == {'udplite'}
    assert facts['complete']['sockets'] is False
    lines = []
    for key, record in listed_by_psutil.items():
        known = {owner['pid']: dict(owner, exe_deleted=truth.one_of(None, owner['exe_deleted']), unit=None,
                                    container=None, exe=truth.one_of(owner['exe'], owner['exe'] + ' (deleted)'))
                 for owner in flat[key]['owners'] if isinstance(owner['exe'], str)}
        owners = [known[owner['pid']] for owner in record['owners'] if owner['pid'] in known]
        assert {owner['pid'] for owner in record['owners']} <= {owner['pid'] for owner in flat[key]['owners']} \
            or flat[key]['owners_total'] > 64
        if len(owners) == len(record['owners']):
            held_by = 'processes' if owners else 'unknown'
            lines += compare.records([dict(flat[key], owners=owners, owners_total=len(owners), held_by=held_by,
                                           backlog=None, service=None, socket_uid=None)], [record])
    agree(lines)
    assert {aspect for aspect, known in facts['complete'].items() if known is False} == {
        'sockets', 'binding', 'owners', 'units'}
