# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes groups of hosts from what was observed of them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: listeners
short_description: Groups of hosts by what listens on them
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Makes groups such as C(listens_tcp_6379), C(exposed_anyone) and C(verdict_violates) from records of
    M(listening.ports.record_listeners) or of the role P(listening.ports.audit#role), from a snapshot of
    M(listening.ports.compare_listeners), or from the facts of M(listening.ports.listener_facts) in the fact cache. No
    host is contacted.
  - The configuration is a file whose name ends in C(.listening_ports.yml) or C(.listening_ports.yaml). It comes after
    the inventories that have the hosts, unless O(add_hosts=true). In a directory, files are read in the order of their
    names.
  - All groups are below one, C(listening_ports). Their names consist of C(a-z), C(0-9) and C(_) and have at most 60
    characters, and what differs in other characters shares a group.
  - A host with nothing usable is in none of the groups, and a warning names it. Not to be in a group does not mean that
    nothing listens.
notes:
  - A group made of facts decides nothing. A host joins it by opening a port, so that variables of the group are
    variables that a host gives itself. A warning names C(group_vars) of such groups, and no host is put into a group
    that another inventory has.
  - Facts and records are checked as far as they are used. What hosts wrote is never templated.
  - Of listeners in other network namespaces than that of the host, only the groups for V(service), V(process) and
    V(container) are made. What a firewall forwards counts as what listens.
extends_documentation_fragment:
  - constructed
options:
  plugin:
    description: The name of this plugin.
    type: str
    required: true
    choices: [listening.ports.listeners]
  path:
    description:
      - The directory with the records, relative to the configuration file, or one snapshot of
        M(listening.ports.compare_listeners), such as C(listening-ports-drift/baseline).
      - Of a snapshot only the groups for V(listens), V(exposed) and V(service) are made. It has no verdicts, and no
        expressions are evaluated.
      - It is refused if others than the user who runs Ansible, and root, may write to it.
    type: str
    default: listening-ports-audit
  source:
    description:
      - Whether to read V(records) or V(facts).
      - With V(facts), what the fact cache has of the hosts of the inventory is read. It has no verdicts. Without a fact
        cache that keeps facts between runs there is nothing to read.
    type: str
    choices: [records, facts]
    default: records
  groups_of:
    description:
      - What to make groups of.
      - V(listens) makes C(listens_PROTOCOL_PORT), without UDP ports from the range of ephemeral ports, unless O(ports)
        names them.
      - V(exposed) makes C(exposed_LEVEL), by who can reach a listener through the firewall of the host. The levels are
        those of M(listening.ports.listener_facts), and V(unknown) if the firewall was not inspected.
      - V(verdict) makes C(verdict_as_declared), C(verdict_violates), C(verdict_unknown), C(verdict_refused), and
        C(verdict_listed) for hosts that were not judged. A host that could not be observed is C(verdict_unknown).
      - V(service) makes C(service_NAME), without C(.service).
      - V(container) makes C(container_NAME), and V(process) C(process_NAME). These are names that whoever starts them
        chooses.
    type: list
    elements: str
    choices: [listens, exposed, verdict, service, container, process]
    default: [listens, exposed, verdict]
  ports:
    description:
      - Only listeners on these ports make groups. Verdicts are those of the whole host.
      - A port, a range or a list of them, as in a declaration, such as V([22, 53/udp, 8000-8010, any/sctp]). Without a
        protocol it is TCP. The default is all ports.
    type: raw
  loopback:
    description: Whether listeners that are bound to loopback make groups.
    type: bool
    default: false
  max_age:
    description:
      - The age in seconds from which on a record makes no group; V(0) accepts any age.
      - The age of cached facts is known by the clock of the host alone. How long they are kept is a setting of the fact
        cache.
    type: int
    default: 86400
  add_hosts:
    description:
      - Whether recorded hosts that the inventory does not have are added to it. With V(false), a host that was removed
        from the inventory does not come back by its record.
      - Use it where this file is the only inventory.
    type: bool
    default: false
  strict:
    description:
      - Whether it is an error if there is nothing usable of a host, or if an expression fails. Then nothing at all is
        added. With V(false) there are warnings, and expressions that fail are skipped.
      - Ansible goes on after such an error, without these groups, unless C(ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED) is
        set.
    type: bool
    default: false
  compose:
    description:
      - Variables of hosts, from expressions. What they return is not templated again.
      - Variables that declare what may listen are refused, and so are C(ansible_host) and C(listening_ports_addresses),
        by which others take a host for their client.
      - Expressions of O(compose), O(groups) and O(keyed_groups) know the variables of the host in the inventory, and
        its facts as C(listening_ports). They are not evaluated for hosts without facts.
    type: dict
    default: {}
"""

EXAMPLES = r"""
# fleet.listening_ports.yml, beside an inventory, of what `ansible-playbook listening.ports.audit` recorded
plugin: listening.ports.listeners
path: listening-ports-audit
groups_of: [listens, exposed, verdict, service]
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from ansible import context
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible.plugins.loader import cache_loader
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.plugin_utils._cycles import no_search_for_cycles
from ansible_collections.listening.ports.plugins.plugin_utils._facts.records import RecordError
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import sentence, visible
from ansible_collections.listening.ports.plugins.plugin_utils._inventory import group_vars, names
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.additions import Additions
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.membership import MOST_PORTS, Grouping
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.observed import Observed, Reader
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.problems import Problems
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import ports
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.named import ADDRESSES
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.options import SETTINGS, SWITCHES
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refused
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.plugins.plugin_utils._settings import setting
from ansible_collections.listening.ports.plugins.plugin_utils._words import some

if hasattr(Templar, 'evaluate_expression'):     # from 2.19 on, nothing is a template unless it is trusted
    def _untemplated(value: Any) -> Any:
        return value
else:
    from ansible.utils.unsafe_proxy import wrap_var as _untemplated

_ENDINGS = ('.listening_ports.yml', '.listening_ports.yaml')
_VARIABLE = 'listening_ports'       # the facts, in expressions
_EXPRESSIONS = ('compose', 'groups', 'keyed_groups')
_MOST_NAMES = 10
# What decides how hosts are judged, or whom others take for their client
_DECIDING = (*SWITCHES, *SETTINGS, ADDRESSES, 'ansible_host')


class InventoryModule(BaseInventoryPlugin, Constructable):
    """Groups of hosts by what listens on them."""

    NAME = 'listening.ports.listeners'

    inventory: Any      # as it was, or what stands for it while expressions are evaluated

    # names that expressions make have the same characters as all others
    _sanitize_group_name = staticmethod(cast(Any, names.safe))

    def verify_file(self, path: str) -> bool:
        """Whether a file is a configuration of this plugin, by its name."""
        base: Any = super()
        return bool(base.verify_file(path)) and path.endswith(_ENDINGS)

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add groups to the inventory. Raises AnsibleParserError, and has added nothing then."""
        super().parse(inventory, loader, path, cache)
        cast(Any, self)._read_config_data(path)
        kinds: list[str] = self._option('groups_of')
        grouping = Grouping(kinds, self._ports(), self._option('loopback'))
        self._refuse_declarations()
        additions, problems = Additions(inventory), Problems()
        with no_search_for_cycles():
            new = self._collect(self._observed(path, grouping, problems), grouping, additions, problems)
            warnings = problems.lines()
            if warnings and self._option('strict'):
                raise AnsibleParserError('%s: %s' % (visible(path, 500), ' '.join(warnings)))
            additions.apply(new)
        if grouping.wide:
            warnings.append('No group was made of forwarded ranges with more than %d ports: name those that matter '
                            'with the option ports.' % MOST_PORTS)
        if additions.refused:
            warnings.append('No host was put into %s: another inventory has a group or a host of that name, and a '
                            'group made of facts is not to be mistaken for it.' % _named(additions.refused))
        warnings += self._decided(path, additions, kinds)
        for warning in warnings:
            self.display.warning('%s: %s' % (self.NAME, warning))

    # The configuration

    def _option(self, name: str) -> Any:
        get: Callable[[str], Any] = self.get_option
        return get(name)

    def _ports(self) -> list[ports.Item] | None:
        """Return the ports that matter; None for all. Raises AnsibleParserError."""
        given = self._option('ports')
        try:
            return None if given is None else ports.items(given, 'ports', ('tcp',))
        except Refused as exc:
            raise AnsibleParserError(str(exc)) from exc

    def _refuse_declarations(self) -> None:
        """Refuse to let a host choose what is declared for it. Raises AnsibleParserError."""
        for name in map(str, self._option('compose')):
            if merge.declares([name]) or name in _DECIDING:
                raise AnsibleParserError('compose cannot set %s: it decides what may listen on a host, or who reaches '
                                         'others, which the host would decide itself' % visible(name, 200))

    def _directory(self, path: str) -> str:
        """Return the directory of the records, which is relative to the configuration."""
        return os.path.abspath(os.path.join(os.path.dirname(path), os.path.expanduser(self._option('path'))))

    # What was observed

    def _observed(self, path: str, grouping: Grouping, problems: Problems) -> Iterator[Observed]:
        """Yield what is known of each host of the inventory, and of those that are to be added."""
        reader = Reader(self._option('max_age'), any(map(self._option, _EXPRESSIONS)), ask=grouping.of_endpoint)
        hosts = list(self.inventory.hosts)
        if self._option('source') == 'facts':
            yield from self._cached(hosts, reader, problems)
            return
        directory = self._directory(path)
        try:
            if not self._option('add_hosts'):
                yield from reader.of_records(directory, hosts)
                return
            known = set()
            for observed in reader.of_all_records(directory):
                known.add(observed.host)
                yield observed
            yield from (Observed(host) for host in hosts if host not in known)
        except RecordError as exc:
            problems.reason = str(exc)

    def _cached(self, hosts: Iterable[str], reader: Reader, problems: Problems) -> Iterator[Observed]:
        """Yield what the fact cache has of these hosts. Raises AnsibleParserError."""
        if self._option('add_hosts'):
            raise AnsibleParserError('add_hosts needs records: what a fact cache has may be of any inventory')
        plugin: str = setting('CACHE_PLUGIN')
        if plugin.rpartition('.')[2] == 'memory':
            problems.reason = 'the fact cache %s keeps nothing between runs' % visible(plugin, 100)
            return
        keeper = cache_loader.get(plugin)
        for host in hosts:
            try:
                kept = keeper.get(host) if keeper.contains(host) else None
            except KeyError:
                kept = None
            except Exception as exc:        # a cache plugin may raise anything, of a file that is none of its own
                yield Observed(host, reason='the fact cache cannot be read: %s' % sentence(str(exc), 300))
                continue
            yield reader.of_facts(host, kept)

    # What becomes of it

    def _collect(self, known: Iterable[Observed], grouping: Grouping, additions: Additions,
                 problems: Problems) -> list[str]:
        """Collect what is to be added to the inventory, and return the hosts that it does not have."""
        new = []
        for observed in known:
            made: set[str] = set()
            if not observed.is_usable:
                problems.note(observed.host, observed.reason)
                continue
            try:
                made = grouping.of(observed.facts or {})
            except Fault as fault:
                problems.note(observed.host, 'what was recorded is not valid: %s' % fault)
                continue
            made.update(observed.made)
            problems.usable += 1
            if observed.verdict:
                made |= grouping.of_verdict(observed.verdict)
            if observed.host not in self.inventory.hosts:
                new.append(observed.host)
            additions.put(observed.host, made)
            if observed.facts is not None and not observed.is_brief:
                self._construct(observed.host, observed.facts, additions)
        return new

    def _construct(self, host: str, facts: Mapping[str, Any], additions: Additions) -> None:
        """Evaluate the expressions for one host. Raises AnsibleParserError or AnsibleError where they are strict."""
        compose, groups, keyed_groups = map(self._option, _EXPRESSIONS)
        if not (compose or groups or keyed_groups):
            return
        strict, ansible = self._option('strict'), cast(Any, self)       # whose functions have no types
        known = self.inventory.hosts.get(host)
        variables = {**(known.get_vars() if known else {}), _VARIABLE: _untemplated(facts)}
        for name, expression in compose.items():
            try:
                value = ansible._compose(expression, variables)
            except Exception as exc:        # as those that Ansible evaluates itself
                if strict:
                    raise AnsibleParserError('Could not set %s for host %s: %s' % (
                        visible(str(name), 200), visible(host, 200), sentence(str(exc)))) from exc
                continue
            additions.set_variable(host, name, _untemplated(value))
        variables.update(additions.variables(host))
        kept, self.inventory = self.inventory, additions
        try:
            ansible._add_host_to_composed_groups(groups, variables, host, strict=strict, fetch_hostvars=False)
            ansible._add_host_to_keyed_groups(keyed_groups, variables, host, strict=strict, fetch_hostvars=False)
        finally:
            self.inventory = kept

    # Groups made of facts decide nothing

    def _decided(self, path: str, additions: Additions, kinds: Iterable[str]) -> list[str]:
        """Warn of variables that belong to groups made of facts."""
        wanted = tuple(kinds)
        files = group_vars.files(_folders(self.inventory, path), lambda name: additions.is_made(name) or (
            names.is_possible(name, wanted) and additions.is_free(name)))
        if not files:
            return []
        return ['%s: these variables belong to a group made of facts. A host gives them to itself when it opens a '
                'port, so declare nothing there.' % _named(files)]


def _named(texts: Iterable[str]) -> str:
    return some([visible(text, 200) for text in sorted(texts)], _MOST_NAMES)


def _folders(inventory: Any, path: str) -> Iterator[str]:
    """Yield the folders where Ansible looks for variables of groups: beside each source, and beside playbooks."""
    given = context.CLIARGS.get('inventory') or ()
    playbooks = context.CLIARGS.get('args') or ()
    files = [path, *inventory.processed_sources, *given]
    if not isinstance(playbooks, str):
        files += [playbook for playbook in playbooks if os.path.isfile(playbook)]
    for file in map(str, files):
        if os.path.exists(file):
            yield os.path.abspath(file if os.path.isdir(file) else os.path.dirname(file))
    if context.CLIARGS.get('basedir'):
        yield os.path.abspath(context.CLIARGS['basedir'])
