# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Made by tests/tools/make_schema.py of plugins/plugin_utils/_policy/language/options.py.


class ModuleDocFragment:
    """The options of a declaration."""

    DOCUMENTATION = r"""
options:
  expected:
    description:
    - What is expected to listen, instead of the variables C(expected_listeners) and the like.
    type: list
    elements: dict
    suboptions:
      port:
        description:
        - 'The port that it applies to: a number (V(22)), a name from the services database (V(ssh)), either with
          a protocol (V(53/udp)), a range (V(8000-8010)), or V(any) for all ports.'
        type: raw
      ports:
        description:
        - 'The same for several ports: a list. A list that comes from a variable may hold numbers and strings.'
        type: raw
      protocol:
        description:
        - The protocol of ports that are given without one.
        type: list
        elements: str
        choices:
        - tcp
        - udp
        - udplite
        - sctp
        - dccp
      family:
        description:
        - Apply only to listeners that accept this family. An IPv6 wildcard that accepts IPv4 too counts for both.
        type: str
        choices:
        - ipv4
        - ipv6
      namespace:
        description:
        - 'Apply to listeners in another network namespace: a glob of its name. By default an entry applies to those
          of the host itself.'
        type: str
      need:
        description:
        - 'How many of the ports must have a listener: a number, or V(any). By default every listed port, and at
          least one of a range.'
        type: raw
      process:
        description:
        - 'The name of the process, or the base name of its executable: a glob or a list of globs. V([kernel]) is
          a listener of the kernel. On Windows, with or without V(.exe).'
        type: list
        elements: str
      exe:
        description:
        - 'The path of its executable: a glob or a list of globs.'
        type: list
        elements: str
      user:
        description:
        - 'The name or number of its user: a glob or a list of globs.'
        type: list
        elements: str
      service:
        description:
        - 'The systemd unit, with or without V(.service), or the name of the Windows service: a glob or a list of
          globs.'
        type: list
        elements: str
      container:
        description:
        - 'The container, as facts show it: a glob or a list of globs.'
        type: list
        elements: str
      bind:
        description:
        - 'Where it may be bound: scopes (V(loopback), V(link), V(private), V(global), V(any) for the wildcard),
          addresses, networks or interfaces (V(eth0), V(Ethernet 2)). One of them has to match.'
        type: list
        elements: str
      where:
        description:
        - Apply only to listeners for which this JMESPath expression over the facts of the listener is true.
        type: str
      via:
        description:
        - 'The only interfaces through which it may be reached: globs.'
        type: list
        elements: str
      clients:
        description:
        - 'Exactly these may reach it: networks, V(group:NAME) or V(host:NAME) for hosts of the inventory, or V(local),
          V(link), V(private), V(anyone). If others can reach it, it is C(overexposed); if some of these cannot,
          it is C(unreachable).'
        type: list
        elements: str
      only_from:
        description:
        - 'An upper limit: nobody else may reach it, but these need not be able to.'
        type: list
        elements: str
      ensure:
        description:
        - A JMESPath expression over the facts of the listener, which has to be true, such as V(backlog.pending
          < backlog.limit).
        type: str
      state:
        description:
        - V(required) has to listen, V(optional) may, V(forbidden) must not, and V(ignored) is accepted without
          a finding unless another entry matches it.
        - In V(forbidden) and V(ignored) each attribute is a condition.
        type: str
        choices:
        - required
        - optional
        - forbidden
        - ignored
        default: required
      when:
        description:
        - Whether it applies to this host.
        type: bool
        default: true
      override:
        description:
        - Replace the entry with the same name.
        type: bool
        default: false
      severity:
        description:
        - The severity of its findings, instead of the default.
        type: str
        choices:
        - critical
        - high
        - medium
        - low
        - info
      name:
        description:
        - What the entry is called in findings. Two entries of a host may not have the same name.
        type: str
      reason:
        description:
        - Why it is declared, for readers of the declaration or a report.
        type: str
      owner:
        description:
        - Who is responsible for it.
        type: str
  waivers:
    description:
    - Findings to waive for a time, instead of the variables C(listener_waivers) and the like.
    type: list
    elements: dict
    suboptions:
      entry:
        description:
        - 'Waive only findings about these entries: globs of their names.'
        type: list
        elements: str
      kinds:
        description:
        - The kinds of findings to waive. By default all deviations; C(unknown) is not one of them.
        type: list
        elements: str
        choices:
        - unexpected
        - missing
        - forbidden
        - wrong_owner
        - wrong_bind
        - overexposed
        - unreachable
        - unhealthy
        - unknown
      port:
        description:
        - 'The port that it applies to: a number (V(22)), a name from the services database (V(ssh)), either with
          a protocol (V(53/udp)), a range (V(8000-8010)), or V(any) for all ports.'
        type: raw
      ports:
        description:
        - 'The same for several ports: a list. A list that comes from a variable may hold numbers and strings.'
        type: raw
      protocol:
        description:
        - The protocol of ports that are given without one.
        type: list
        elements: str
        choices:
        - tcp
        - udp
        - udplite
        - sctp
        - dccp
      family:
        description:
        - Apply only to listeners that accept this family. An IPv6 wildcard that accepts IPv4 too counts for both.
        type: str
        choices:
        - ipv4
        - ipv6
      namespace:
        description:
        - 'Apply to listeners in another network namespace: a glob of its name. By default an entry applies to those
          of the host itself.'
        type: str
      process:
        description:
        - 'The name of the process, or the base name of its executable: a glob or a list of globs. V([kernel]) is
          a listener of the kernel. On Windows, with or without V(.exe).'
        type: list
        elements: str
      exe:
        description:
        - 'The path of its executable: a glob or a list of globs.'
        type: list
        elements: str
      user:
        description:
        - 'The name or number of its user: a glob or a list of globs.'
        type: list
        elements: str
      service:
        description:
        - 'The systemd unit, with or without V(.service), or the name of the Windows service: a glob or a list of
          globs.'
        type: list
        elements: str
      container:
        description:
        - 'The container, as facts show it: a glob or a list of globs.'
        type: list
        elements: str
      bind:
        description:
        - 'Where it may be bound: scopes (V(loopback), V(link), V(private), V(global), V(any) for the wildcard),
          addresses, networks or interfaces (V(eth0), V(Ethernet 2)). One of them has to match.'
        type: list
        elements: str
      where:
        description:
        - Apply only to listeners for which this JMESPath expression over the facts of the listener is true.
        type: str
      expires:
        description:
        - The last day on which it is in force, in UTC, such as V(2027-01-31), or V(never).
        type: str
        required: true
      when:
        description:
        - Whether it applies to this host.
        type: bool
        default: true
      override:
        description:
        - Replace the waiver with the same name.
        type: bool
        default: false
      name:
        description:
        - What the waiver is called. Two waivers of a host may not have the same name.
        type: str
      reason:
        description:
        - Why it is declared, for readers of the declaration or a report.
        type: str
      owner:
        description:
        - Who is responsible for it.
        type: str
"""
