# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fleets that are made up, what is composed for them, and a judgement by the texts as Ansible reads them."""

import datetime

from ansible.parsing.dataloader import DataLoader
from ansible_collections.listening.ports.plugins.plugin_utils._baseline import clients, compose, pieces, proof
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge

NOW = datetime.datetime(2026, 11, 20, 9)
ALL = pieces.Wanted()


class Shelf:
    """A place without files, or with some lines in them."""

    def __init__(self, lines=()):
        self.lines = set(lines)

    def variable(self, file):
        """As in an inventory that declares nothing."""
        return 'expected_listeners' if file.name == 'all' else 'expected_listeners_%s' % (
            file.name if file.kind == 'group' else 'host')

    def has(self, file, line):
        """Whether a file has a line."""
        return line in self.lines


def declared(variables):
    """What variables declare."""
    return merge.collect(variables, lambda value: value, ())


def composed(fleet, groups=(), wanted=ALL, variables=(), shelf=None, histories=None, asked=None, more=()):
    """Compose the declaration of a fleet.

    :param fleet: the facts of each host.
    :param groups: the hosts of groups, beside those of ``all``.
    :param variables: by host, what is declared for it.
    :param histories: by host, who came. :param asked: what of that is enough.
    :param more: hosts that are not observed.
    """
    hosts = [proof.Host.of(name, facts, declared(dict(variables).get(name, {})), NOW, wanted,
                           clients.of_host(facts, dict(histories or {}).get(name)))
             for name, facts in fleet.items()]
    return compose.compose(hosts, {'all': [*fleet, *more], **dict(groups)}, shelf or Shelf(),
                           lambda count: ['From %d hosts.' % count], NOW, asked)


def loaded(text):
    """A text as Ansible reads it."""
    return DataLoader().load(text, '/listeners.yml') or {}


def read(result, host, groups=()):
    """The variables that a host has of what was composed."""
    variables = {}
    for text in result.files:
        if text.file.name == ('all' if text.file.kind == 'group' else host) or (
                text.file.kind == 'group' and host in dict(groups).get(text.file.name, ())):
            for name, value in loaded(text.text).items():
                assert name not in variables
                variables[name] = value
    return variables


def judged(facts, variables):
    """The judgement of a host by variables."""
    return judge.judge(facts, Policy.of(declared(variables)), NOW)


def entries(result):
    """All entries that were composed, by file."""
    return {tuple(text.file): [dict(entry) for value in loaded(text.text).values() for entry in value]
            for text in result.files}
