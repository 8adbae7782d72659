# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes hosts whose Python, replaced by whoever is root there, gives an answer of his own; one of them gives none.

Writes an inventory of them. Run with the folder to write to.
"""

import json
import os
import pathlib
import sys

FOLDER = pathlib.Path(sys.argv[1]).resolve()
EVIL = '{{ lookup("pipe", "touch %s/executed") }}' % FOLDER + (
    '\x1b[31m\x1b]0;pwned\x07\u202e\x9b2J\u2066 ::error::x ##vso[x]')
OWNER = {'pid': 1, 'process': EVIL, 'exe': EVIL, 'exe_deleted': False, 'user': EVIL, 'uid': 0, 'started': None,
         'unit': EVIL, 'main': None, 'container': EVIL}
LISTENER = {
    'id': 'tcp/0.0.0.0:4444', 'protocol': 'tcp', 'family': 'ipv4', 'address': '0.0.0.0', 'port': 4444,
    'interface': None, 'accepts_ipv4': True, 'accepts_ipv6': False, 'scope': 'any', 'port_name': EVIL,
    'ephemeral': False, 'backlog': None, 'namespace': None, 'service': EVIL, 'activated_by': EVIL,
    'held_by': 'processes', 'socket_uid': 0, 'owners': [OWNER], 'owners_total': 1,
}
FACTS = {
    'schema': 1, 'gathered_at': '2026-01-01T00:00:00Z', 'collector': 'netlink',
    'complete': {'sockets': True, 'binding': True, 'owners': True, 'units': False, 'namespaces': None,
                 'connections': None, 'resources': None, 'firewall': None},
    'gaps': [{'aspect': 'units', 'code': 'x', 'count': 1, 'message': EVIL, 'hint': EVIL}],
    'system': {'local_addresses': [EVIL], 'ephemeral_ports': None, 'reserved_ports': None,
               'unprivileged_port_start': None},
    'listeners': [LISTENER],
}
PROBES = [{'index': 0, 'endpoint': EVIL, 'protocol': 'tcp', 'address': EVIL[:90], 'port': 1, 'verdict': 'open',
           'reason': EVIL, 'local_address': None, 'rtt_ms': None}]
DIFF = {'before': 'table x {\n\t%s\n' % EVIL, 'after': EVIL}
FILTERED = {
    'status': 'planned', 'code': EVIL[:40], 'diff': DIFF, 'persistent': True, 'seconds': 1,
    'effects': [{'listener': EVIL, 'protocol': 'tcp', 'port': 1, 'published': False, 'loses': [], 'gains': [],
                 'before': [], 'after': [], 'connections': None}],
    'connection': {'address': '10.0.0.1', 'port': 22, 'peer': '10.0.0.2', 'peer_port': 1, 'interface': EVIL[:60],
                   'how': EVIL[:60]},
}
STOPPED = {
    'units': [EVIL],
    'listeners': [{
        'listener': LISTENER['id'], 'status': 'left', 'reason': 'serves_others',
        'about': {'unit': EVIL, 'others': [EVIL]},
        'units': [EVIL], 'bystanders': [EVIL], 'again': [{'by': 'cron', 'units': [EVIL]}], 'command': EVIL,
        'processes': [{'pid': 1, 'process': EVIL, 'exe': EVIL}]}],
}
# what all modules of the collection may answer
GOOD = {**FILTERED, **STOPPED, 'changed': False, 'packed': json.dumps(FACTS),
        'ansible_facts': {'ansible_listening_ports': FACTS}, 'counts': {'open': 1}, 'elapsed': 1, 'probes': PROBES}
MORE = {
    'failed': {'failed': True, 'msg': EVIL}, 'failed-lines': {'failed': True, 'msg': 'a\n::error::b\n%s' % EVIL},
    'failed-types': {'failed': 'yes', 'msg': {'a': [EVIL]}, 'exception': [EVIL]},
    'unreachable': {'unreachable': True, 'msg': EVIL}, 'skipped': {'skipped': True, 'skip_reason': EVIL},
    'exception': {'failed': True, 'msg': 'boom', 'exception': 'Traceback\n  %s\n' % EVIL},
    'warnings': {'warnings': [EVIL, '::error::x', 'x' * 100000, 5, None, {'x': EVIL}, {'event': {'msg': EVIL}}]},
    'warnings-text': {'warnings': EVIL}, 'deprecations': {'deprecations': [{'msg': EVIL, 'version': '9'}, EVIL]},
    'diff': {'diff': {**DIFF, 'prepared': EVIL}, 'changed': True},
    'invocation': {'invocation': {'module_args': {'x': EVIL}}}, 'rc': {'rc': 1, 'stdout': EVIL, 'stderr': EVIL},
    'job': {'ansible_job_id': EVIL, 'started': 1, 'finished': 0, 'results_file': EVIL},
    'results': {'results': [{'failed': True, 'msg': EVIL}]},
    'internal': {'_ansible_no_log': True, '_ansible_verbose_always': True, '_ansible_verbose_override': True,
                 '_ansible_parsed': False, 'censored': EVIL},
    'hosts': {'add_host': {'host_name': EVIL, 'groups': [EVIL], 'host_vars': {}}, 'add_group': EVIL,
              'ansible_stats': {'data': {EVIL: EVIL}, 'per_host': False, 'aggregate': False}},
    'closed': {'listeners': [{**STOPPED['listeners'][0], 'status': 'closed'}]},
    'survived': {'listeners': [{**STOPPED['listeners'][0], 'status': 'survived'}]},
    'others': {'listeners': [{**STOPPED['listeners'][0], 'listener': EVIL}]},
    'facts': {'ansible_facts': {'ansible_listening_ports': FACTS, 'audit_fail': 'no', EVIL: EVIL, 'hidden': EVIL,
                                'discovered_interpreter_python': EVIL}},
    'tagged': {'msg': {'__ansible_type': 'TrustedAsTemplate', 'value': EVIL}, 'failed': True},
    'unsafe': {'packed': {'__ansible_unsafe': json.dumps(FACTS)}},
}
answers = {name: json.dumps(dict(GOOD, **more)) for name, more in MORE.items()}
good = json.dumps(GOOD)
answers.update({
    'empty': '', 'text': EVIL, 'list': '[]', 'null': 'null',
    'raw': json.dumps(dict(GOOD, msg=EVIL), ensure_ascii=False),
    'cut': good[:300], 'before': '%s\n%s' % (EVIL, good), 'after': '%s\n%s\n::error::x\n' % (good, EVIL),
    'surrogate': good.replace('4444', '\\ud800'), 'deep': good.replace('"elapsed": 1', '"x": %s' % ('[' * 50000)),
    'number': good.replace('"elapsed": 1', '"elapsed": %s' % ('9' * 5000)),
    'stderr': 'Traceback (most recent call last):\n%s\nValueError: %s' % (EVIL, EVIL),
})


def python(name, command):
    path = FOLDER / ('python-%s' % name)
    path.write_text('#!/bin/sh\n%s\n' % command, encoding='utf-8')
    path.chmod(0o755)
    return {'ansible_python_interpreter': str(path), 'ansible_connection': 'local'}


hosts = {}
for name, answer in answers.items():
    (FOLDER / name).write_bytes(answer.encode('utf-8', 'surrogatepass'))
    redirect = ' >&2; exit 1' if name == 'stderr' else ''
    hosts[name] = python(name, "cat '%s'%s" % (FOLDER / name, redirect))
silent = {'asleep': python('asleep', 'sleep 600')}
inventory = {'all': {'children': {'answers': {'hosts': hosts}, 'silent': {'hosts': silent}}}}
with open(os.path.join(str(FOLDER), 'hosts.json'), 'w', encoding='utf-8') as stream:
    json.dump(inventory, stream)
