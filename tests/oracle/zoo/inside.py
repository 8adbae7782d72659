# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The declared zoo, and the ways to look at it; all of this runs inside a habitat."""

import os
import subprocess

from zoo import animals_details, animals_namespaces, animals_processes, animals_sockets
from zoo import chance, linux, network, oracle_psutil, oracle_ss
from zoo.den import DEN, NOBODY
from zoo.keeper import run_apart
from zoo.truth import Absent

from ansible_collections.listening.ports.plugins.module_utils._facts import collect


def _animals(*modules):
    return {name: function for module in modules for name, function in vars(module).items()
            if callable(function) and function.__module__ == module.__name__ and not name.startswith('_')}


_ANIMALS = {
    'usual': _animals(animals_sockets, animals_processes),
    'namespaces': _animals(animals_namespaces),
    'details': _animals(animals_details),
}


def build(kind='usual'):
    """Build a zoo.

    :returns: dict of ``records``, animal to list of expected listeners, and ``absent``, animal to the reason.
    """
    network.build()
    built, absent = {}, {}
    for name, make in _ANIMALS[kind].items():
        try:
            built[name] = make()
        except Absent as exc:
            absent[name] = str(exc)
        except (OSError, RuntimeError, subprocess.SubprocessError) as exc:
            raise RuntimeError('the animal %s could not be made' % name) from exc
    return {'records': built, 'absent': absent}


def facts(**options):
    """The fact record, with options of ``collect``."""
    return collect(**options)


def ss():
    """Rows of ss by protocol, see ``zoo.oracle_ss.parse``, and ``connections``, the rows of TCP that do not listen."""
    rows = {'tcp': [], 'udp': [], 'mptcp': [], 'raw': []}
    for row in oracle_ss.parse(oracle_ss.run('--listening')):
        rows[row['protocol']].append(row)
    rows['connections'] = [row for row in oracle_ss.parse(oracle_ss.run('--all'))
                           if row['protocol'] == 'tcp' and row['state'] != 'LISTEN']
    return rows


def psutil():
    """What psutil shows: sockets, and processes by pid (str, as in JSON)."""
    rows = oracle_psutil.rows()
    return {'rows': rows, 'processes': {str(pid): oracle_psutil.process(pid) for pid in DEN.animals}}


def resources():
    """Resources of all animals by pid (str, as in JSON)."""
    return {str(pid): oracle_psutil.resources(pid) for pid in DEN.animals}


def addresses():
    """The addresses of this namespace by ``ip -o address``."""
    output = subprocess.run(['ip', '-o', 'address'], stdout=subprocess.PIPE, check=True).stdout.decode('ascii')
    result = []
    for line in output.splitlines():
        words = line.split()
        address, dummy, prefix = words[3].partition('/')
        zone = '%' + words[1] if address.startswith('fe80:') else ''
        result.append('%s%s/%s' % (address, zone, prefix))
    return sorted(result)


def reachable(listeners):
    """For each (address to connect to, port): does a TCP connection come about?"""
    answers = []
    for address, port in listeners:
        try:
            network.connect(address, port).close()
            answers.append(True)
        except OSError:
            answers.append(False)
    return answers


def by_chance(seed):
    """Build the zoo of a seed and look at it by all means there are.

    :returns: dict of what was seen; the zoo itself has gone by then.
    """
    if not os.path.isdir(network.RUN):
        network.build()
    groups = chance.plan(seed)
    try:
        zoo = chance.Zoo(groups, DEN, network)
        return {
            'plan': groups, 'records': zoo.records, 'single': zoo.single, 'netlink': collect(collector='netlink'),
            'procfs': collect(collector='procfs'), 'ss': ss(), 'psutil': psutil(),
            'nobody': run_apart(_as_nobody, {}),
        }
    finally:
        DEN.clear()


def _as_nobody():
    linux.become(NOBODY)
    return collect()
