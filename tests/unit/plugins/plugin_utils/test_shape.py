# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of facts, against everything that makes, checks or documents them."""

import copy
import json
import os
import re
import socket
import types
import typing

import pytest
import yaml

from ansible_collections.listening.ports.plugins.module_utils import _facts
from ansible_collections.listening.ports.plugins.module_utils._addresses import scopes
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import attach as exposure
from ansible_collections.listening.ports.plugins.module_utils._gaps import Gaps
from ansible_collections.listening.ports.plugins.module_utils._sockets import inet_diag
from ansible_collections.listening.ports.plugins.module_utils._subsets import ASPECTS
from ansible_collections.listening.ports.plugins.plugin_utils import _shape
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check, records
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.module_utils import builders
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import capture
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, test_cases
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.diagnoses import diagnosis

ROOT = os.path.join(os.path.dirname(_shape.__file__), '..', '..')
EVERYBODY = ['0.0.0.0/0']
UNDECIDED = [{'sources': ['10.0.0.0/8'], 'reason': 'why'}]
RULES = {'decided_by': 'a rule', 'blocked_by': 'another one', 'caveats': ['a limit']}
LONG = [{'set': 'set geo', 'family': 'ipv4', 'elements': 6001, 'key': 'ipv4-1'}]
SETS = {'allowed_sets': LONG, 'except_sets': LONG}
EXPOSURE = samples.exposure(
    'partly',
    EVERYBODY,
    UNDECIDED,
    [dict(RULES, verdict='partly', undecided=UNDECIDED, addresses=['192.0.2.1'], **SETS)],
    **RULES,
    **SETS,
)


def whole():
    """Facts with every key that there may be, and no empty list or null in them."""
    made = samples.facts(
        samples.listener(
            'fe80::1',
            80,
            interface='eth0',
            namespace='blue',
            accepts_ipv4=False,
            port_name='http',
            service='a.service',
            activated_by='a.socket',
            connections={'established': 1},
            clients={'ipv4': {'192.0.2.9/32': 1}, 'ipv6': {'2001:db8::/64': 5}, 'itself': 1},
            exposure=EXPOSURE,
            owners=[
                samples.owner(
                    unit='a.service',
                    main=True,
                    container='docker:1',
                    exe_inside='/usr/sbin/nginx',
                    command=['a'],
                    resources={'cpu_seconds': 0.5, 'rss_bytes': 1, 'threads': 1, 'open_files': 1},
                )
            ],
        ),
        gaps=[samples.gap('units')],
    )
    made['complete'] = {aspect: aspect != 'units' for aspect in made['complete']}
    made['complete'].update(firewall=True, outgoing=True)
    made['forwarded'] = [
        dict(
            made['listeners'][0], to='10.0.0.1:80', ports='80-81', decided_by='a rule', container='docker:1', proxy='x'
        )
    ]
    del made['forwarded'][0]['connections'], made['forwarded'][0]['clients']
    made['led_elsewhere'] = [
        {
            'protocol': 'tcp',
            'family': 'ipv4',
            'address': '192.0.2.1',
            'port': 80,
            'clients': {'ipv4': {'192.0.2.9/32': 1}, 'ipv6': {'2001:db8::/64': 5}, 'itself': 1},
        }
    ]
    made['openings'] = [
        {
            'protocol': 'tcp',
            'family': 'ipv4',
            'ports': '80',
            'interfaces': ['eth0'],
            'sources': EVERYBODY,
            'source_sets': LONG,
            'decided_by': 'a rule',
        }
    ]
    made['firewall'] = {
        'backends': ['nftables'],
        'default': 'drop',
        'rules': 1,
        'sources': {'ipv4': EVERYBODY, 'ipv6': ['::/0']},
        'sets': {'ipv4-1': '192.0.2.1 198.51.100.0-198.51.100.255'},
    }
    made['outgoing'] = [{
        'protocol': 'tcp', 'ports': [[1, 24], [26, 65535]],
        **{key: value for key, value in EXPOSURE.items() if key not in ('level', 'paths')}}]
    made['diagnoses'] = {'a.service': diagnosis('a.service', lines=['a line'], unseen=['why'])}
    made['system'].update(platform='windows', excluded_ports=[[5985, 5985], [50000, 50059]])
    return copy.deepcopy(made)


def parts(value, kind, path=()):
    """Each value in a structure with the type that it has to be of: tuples of path, value, type.

    A value of another type is an error.
    """
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        kind, = [member for member in typing.get_args(kind) if member is not types.NoneType]
        if value is None:
            return
    yield path, value, kind
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if typing.is_typeddict(kind):
        assert isinstance(value, dict), path
        assert kind.__required_keys__ <= set(value) <= kind.__required_keys__ | kind.__optional_keys__, path
        hints = typing.get_type_hints(kind)
        for key, element in value.items():
            yield from parts(element, hints[key], (*path, key))
    elif origin is list:
        assert isinstance(value, list), path
        for index, element in enumerate(value):
            yield from parts(element, arguments[0], (*path, index))
    elif origin is dict:
        assert isinstance(value, dict), path
        for key, element in value.items():
            yield from parts(element, arguments[1], (*path, key))
    elif origin is typing.Literal:
        assert value in arguments, path
    elif kind is float:
        assert isinstance(value, (int, float)) and not isinstance(value, bool), path
    elif kind is not typing.Any:
        assert isinstance(value, kind) and (kind is bool or not isinstance(value, bool)), path


def conforms(value, kind):
    """Whether a structure is of that type; an assertion fails where it is not."""
    return bool(list(parts(value, kind)))


def whole_judgement():
    """The same of a judgement. It is a real one, but for what one finding does not have at once."""
    policy, result = building.judged({
        'declare': [{'name': 'web', 'port': 80, 'process': 'nginx'}], 'host': ['tcp 0.0.0.0:80 apache'],
        'waivers': []})
    made = json.loads(json.dumps(fleet.judgement(policy, result)))
    pair = [['expected_listeners', 'web']]
    made['findings'][0].update(ports=['tcp/22'], listeners=['tcp/0.0.0.0:80'])
    made.update(
        refused='why', met={'entries': pair, 'waivers': pair}, idle={'entries': pair, 'waivers': pair},
        waivers=[{'variable': 'listener_waivers', 'label': 'old', 'expires': '2030-01-01', 'reason': 'why',
                  'owner': 'web team', 'findings': 1}],
        waived_findings=[{'kind': 'unexpected', 'severity': 'high', 'listener': 'tcp/0.0.0.0:80', 'entry': 'web',
                          'message': 'what', 'fingerprint': '0' * 16, 'waiver': ['listener_waivers', 'old']}],
        places={'expected_listeners': {'path': 'group_vars/web.yml', 'line': 1, 'entries': {'web': 2}}})
    return made


def changed(path, change, made=None):
    """All facts, or something else that was made, with a change to the container that a path leads to."""
    made = whole() if made is None else made
    part = made
    for step in path[:-1]:
        part = part[step]
    change(part, path[-1])
    return made


def fields(made, of):
    """Of each key that something has: its path, whether it is required, and whether it may be null."""
    for path, dummy, kind in parts(made, of):
        if typing.is_typeddict(kind):
            for key, hint in typing.get_type_hints(kind).items():
                yield pytest.param((*path, key), key in kind.__required_keys__, type(None) in typing.get_args(hint),
                                   id='.'.join(map(str, (*path, key))))


# Of which the id tells too: a null there is of the right form, and contradicts it.
SAID_TWICE = 'interface', 'namespace'


@pytest.mark.parametrize('made, of', [(whole(), _shape.Facts), (whole_judgement(), _shape.Judgement)])
def test_all_keys_are_in_what_these_tests_change(made, of):
    for path, value, kind in parts(made, of):
        assert value not in ([], {}, None) or 'parts' in path, path
        if typing.is_typeddict(kind):
            assert set(value) == set(typing.get_type_hints(kind)), path


def test_the_checker_keeps_all_keys():
    assert check.check(whole()) == whole()


@pytest.mark.parametrize('path, required, nullable', list(fields(whole(), _shape.Facts)))
def test_the_checker_refuses_what_differs(path, required, nullable):
    def remove(part, key):
        del part[key]
    if required:
        with pytest.raises(Fault):
            check.check(changed(path, remove))
    elif path != ('complete', 'firewall'):
        check.check(changed(path, remove))
    with pytest.raises(Fault):
        check.check(changed(path, lambda part, key: part.update({key: object()})))
    if not nullable:
        with pytest.raises(Fault):
            check.check(changed(path, lambda part, key: part.update({key: None})))
    elif path[-1] not in SAID_TWICE:
        check.check(changed(path, lambda part, key: part.update({key: None})))


def test_the_checker_of_judgements_keeps_all_keys():
    assert fleet.check(whole_judgement()) == whole_judgement()


@pytest.mark.parametrize('path, required, nullable', list(fields(whole_judgement(), _shape.Judgement)))
def test_the_checker_of_judgements_refuses_what_differs(path, required, nullable):
    def with_it(change):
        return fleet.check(changed(path, change, whole_judgement()))

    def remove(part, key):
        del part[key]
    if required:
        with pytest.raises(Fault):
            with_it(remove)
    else:
        with_it(remove)
    with pytest.raises(Fault):
        with_it(lambda part, key: part.update({key: object()}))
    if not nullable or path[-1] in ('parts', 'same'):       # of which one is not null without the other
        with pytest.raises(Fault):
            with_it(lambda part, key: part.update({key: None}))
    else:
        with_it(lambda part, key: part.update({key: None}))


def test_judgements_that_are_made():
    for case in test_cases.CASES:
        policy, result = building.judged(case)
        assert conforms(json.loads(json.dumps(fleet.judgement(policy, result))), _shape.Judgement)
    assert conforms(records.refused('why', ['expected_listeners']), _shape.Judgement)


def test_the_keys_of_judgements_are_documented():
    with open(os.path.join(ROOT, 'plugins/modules/report_listeners.py'), encoding='utf-8') as stream:
        prose = stream.read().partition('RETURN = ')[2].partition('C(judgement) has')[2]
    words = set(re.findall(r'C\((\w+)\)', prose))
    assert set(typing.get_type_hints(_shape.Judgement)) - {'findings'} <= words
    assert {*typing.get_type_hints(_shape.Declared), *typing.get_type_hints(_shape.Place), 'parts', 'same', 'ports',
            'listeners'} <= words


def test_the_checker_has_the_words_of_the_host():
    assert set(typing.get_type_hints(_shape.Complete)) == set(ASPECTS) == set(Gaps().complete(()))
    assert set(check.LATER_ASPECTS) < set(ASPECTS)
    assert _shape.PROTOCOLS == tuple(inet_diag.PROTOCOLS) and _shape.FAMILIES == tuple(scopes.FAMILIES)


def test_samples():
    assert conforms(
        samples.facts(samples.listener(), samples.listener(exposure=samples.exposure()), gaps=[samples.gap()]),
        _shape.Facts,
    )
    assert conforms(samples.record('web-1'), _shape.Record)
    assert conforms(samples.record('web-1', status='failed', message='why'), _shape.Record)


def test_builders():
    assert conforms(builders.listener()['record'], _shape.Endpoint)
    assert conforms(builders.system(), _shape.System)


def test_records(tmp_path):
    made = records.record('web-1', 'run', '2.21.0', 'ok', facts=samples.facts())
    assert conforms(made, _shape.Record)
    records.write(str(tmp_path), made)
    assert records.read(str(tmp_path), 'web-1') == made


def test_facts_of_this_machine():
    """What modules really return; a socket that listens is among it."""
    with socket.create_server(('127.0.0.1', 0)) as server:
        facts = _facts.collect(gather=('owners', 'connections', 'resources', 'command', 'raw'), diagnose=['a.service'])
        port = server.getsockname()[1]
    mine = next(listener for listener in facts['listeners'] if listener['port'] == port)
    assert (
        mine['owners'][0]['pid'] == os.getpid()
        and mine['connections']
        and mine['owners'][0]['resources']
        and mine['owners'][0]['command']
    )
    assert conforms(facts, _shape.Facts) and facts['diagnoses']


@pytest.mark.parametrize('name', ['docker_nft', 'iptables_legacy', 'native'])
def test_what_the_judgement_of_a_firewall_adds(name):
    listeners = [samples.listener(port=22), samples.listener(port=8050)]
    gaps = Gaps()
    judged = exposure.attach(listeners, {'elsewhere': {}, 'port_names': {}, **capture(name)}, gaps)
    assert conforms(judged, _shape.Judged) and all(conforms(listener, _shape.Listener) for listener in listeners)
    assert all(listener['exposure']['paths'] for listener in listeners)


def documented():
    with open(os.path.join(ROOT, 'plugins/modules/listener_facts.yml'), encoding='utf-8') as stream:
        return yaml.safe_load(stream)['RETURN']['ansible_facts']['contains']['ansible_listening_ports']['contains']


TYPES = {str: 'str', int: 'int', float: 'float', bool: 'bool', list: 'list', dict: 'dict'}


def type_name(hint):
    """The type of a key as the documentation of a module has it."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint, = [member for member in typing.get_args(hint) if member is not types.NoneType]
    if typing.get_origin(hint) is typing.Literal:
        return 'str'
    return 'dict' if typing.is_typeddict(hint) else TYPES[typing.get_origin(hint) or hint]


@pytest.mark.parametrize(
    'path, kind', [((), _shape.Facts), (('complete',), _shape.Complete), (('listeners',), _shape.Listener)]
)
def test_documented_fields(path, kind):
    fields = documented()
    for step in path:
        fields = fields[step]['contains']
    assert {key: field['type'] for key, field in fields.items()} == {
        key: type_name(hint) for key, hint in typing.get_type_hints(kind).items()
    }
    if kind is not _shape.Complete:      # of which only records of earlier versions lack something
        assert {key for key, field in fields.items() if field['returned'] == 'always'} == kind.__required_keys__


@pytest.mark.parametrize(
    'path, kind',
    [
        (('gaps',), _shape.Gap),
        (('system',), _shape.System),
        (('openings',), _shape.Opening),
        (('firewall',), _shape.Firewall),
        (('diagnoses',), _shape.Diagnosis),
        (('listeners', 'owners'), _shape.Owner),
        (('listeners', 'backlog'), _shape.Backlog),
        (('listeners', 'exposure'), _shape.Exposure),
    ],
)
def test_fields_that_are_documented_in_prose(path, kind):
    fields = documented()
    for step in path[:-1]:
        fields = fields[step]['contains']
    prose = ' '.join(
        [fields[path[-1]]['description']]
        if isinstance(fields[path[-1]]['description'], str)
        else fields[path[-1]]['description']
    )
    assert set(typing.get_type_hints(kind)) <= set(re.findall(r'C\((\w+)\)', prose))


def test_fields_of_what_is_forwarded_are_documented():
    prose = ' '.join(documented()['forwarded']['description'])
    more = set(typing.get_type_hints(_shape.Forwarded)) - set(typing.get_type_hints(_shape.Listener))
    assert more == {'to', 'ports', 'decided_by', 'container', 'proxy'} & set(re.findall(r'C\((\w+)\)', prose))


def test_hosts_have_the_same_protocols():
    assert tuple(inet_diag.PROTOCOLS) == _shape.PROTOCOLS


@pytest.mark.parametrize('key, words', [
    ('protocol', _shape.PROTOCOLS), ('family', _shape.FAMILIES), ('scope', _shape.SCOPES), ('held_by', _shape.HELD_BY),
    ('exposure', _shape.EXPOSURE_VERDICTS + _shape.LEVELS),
])
def test_documented_words(key, words):
    description = documented()['listeners']['contains'][key]['description']
    assert set(words) <= set(
        re.findall(r'V\(([\w-]+)\)', description if isinstance(description, str) else ' '.join(description))
    )


def test_documented_words_of_the_firewall():
    assert set(_shape.BACKENDS + _shape.DEFAULTS) == set(
        re.findall(r'V\(([\w-]+)\)', ' '.join(documented()['firewall']['description']))
    )
