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
    - What is expected to listen, in place of the variables C(expected_listeners) and those with such names.
    type: list
    elements: dict
    suboptions:
      port:
        description:
        - What it speaks of, as a port (V(22)), a name of the services database (V(ssh)), either with a protocol (V(53/udp)), a range
          (V(8000-8010)), or V(any) for all ports.
        type: raw
      ports:
        description:
        - 'The same for several of them: a list. A list that comes from a variable may hold numbers and texts.'
        type: raw
      protocol:
        description:
        - The protocol of ports that do not say theirs.
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
        - Speak of listeners that take this family alone. A wildcard of IPv6 that takes IPv4 too counts for both.
        type: str
        choices:
        - ipv4
        - ipv6
      namespace:
        description:
        - Speak of listeners in a network namespace, as a glob of its name. Without it an entry speaks of those of the host itself.
        type: str
      need:
        description:
        - 'How many of the ports have to be there: a number or V(any). Without it each of those that are listed, and one of a range.'
        type: raw
      process:
        description:
        - 'The name of the process, or the base name of its executable: a glob or a list of them. V([kernel]) is a listener of the kernel.'
        type: list
        elements: str
      exe:
        description:
        - 'The path of its executable: a glob or a list of them.'
        type: list
        elements: str
      user:
        description:
        - 'The name of its user, or the number: a glob or a list of them.'
        type: list
        elements: str
      service:
        description:
        - 'The systemd unit, with or without V(.service), or the Windows service: a glob or a list of them.'
        type: list
        elements: str
      container:
        description:
        - 'The container, as facts show it: a glob or a list of them.'
        type: list
        elements: str
      bind:
        description:
        - 'Where it may be bound: scopes (V(loopback), V(link), V(private), V(global), V(any) for the wildcard), addresses, networks
          or interfaces. One of them has to hold.'
        type: list
        elements: str
      where:
        description:
        - Speak of listeners alone for which this JMESPath expression over the fact of the listener is true.
        type: str
      via:
        description:
        - 'Interfaces through which it may be reached, and no others: globs.'
        type: list
        elements: str
      clients:
        description:
        - 'Exactly these may reach it: networks, or V(local), V(link), V(private), V(anyone). Others that can make it C(overexposed),
          some of these that cannot make it C(unreachable).'
        type: list
        elements: str
      only_from:
        description:
        - Nobody but these may reach it, whether they can or not.
        type: list
        elements: str
      ensure:
        description:
        - A JMESPath expression over the fact of the listener that has to be true, such as V(backlog.pending < backlog.limit).
        type: str
      state:
        description:
        - V(required) has to listen, V(optional) may, V(forbidden) may not, and V(ignored) is looked at by nobody else.
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
        - Whether the entry holds for this host.
        type: bool
        default: true
      override:
        description:
        - Take the place of an entry with the same name.
        type: bool
        default: false
      severity:
        description:
        - How severe findings about it are, in place of the usual.
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
        - Why it is so, for whoever reads the declaration or a report.
        type: str
      owner:
        description:
        - Who answers for it.
        type: str
  waivers:
    description:
    - Findings that are waived for a time, in place of the variables C(listener_waivers) and those with such names.
    type: list
    elements: dict
    suboptions:
      entry:
        description:
        - 'Waive findings about these entries alone: globs of their names.'
        type: list
        elements: str
      kinds:
        description:
        - Kinds of findings that are waived. Without it all that say something is not as declared, and C(unknown) is not one of these.
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
        - What it speaks of, as a port (V(22)), a name of the services database (V(ssh)), either with a protocol (V(53/udp)), a range
          (V(8000-8010)), or V(any) for all ports.
        type: raw
      ports:
        description:
        - 'The same for several of them: a list. A list that comes from a variable may hold numbers and texts.'
        type: raw
      protocol:
        description:
        - The protocol of ports that do not say theirs.
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
        - Speak of listeners that take this family alone. A wildcard of IPv6 that takes IPv4 too counts for both.
        type: str
        choices:
        - ipv4
        - ipv6
      namespace:
        description:
        - Speak of listeners in a network namespace, as a glob of its name. Without it an entry speaks of those of the host itself.
        type: str
      process:
        description:
        - 'The name of the process, or the base name of its executable: a glob or a list of them. V([kernel]) is a listener of the kernel.'
        type: list
        elements: str
      exe:
        description:
        - 'The path of its executable: a glob or a list of them.'
        type: list
        elements: str
      user:
        description:
        - 'The name of its user, or the number: a glob or a list of them.'
        type: list
        elements: str
      service:
        description:
        - 'The systemd unit, with or without V(.service), or the Windows service: a glob or a list of them.'
        type: list
        elements: str
      container:
        description:
        - 'The container, as facts show it: a glob or a list of them.'
        type: list
        elements: str
      bind:
        description:
        - 'Where it may be bound: scopes (V(loopback), V(link), V(private), V(global), V(any) for the wildcard), addresses, networks
          or interfaces. One of them has to hold.'
        type: list
        elements: str
      where:
        description:
        - Speak of listeners alone for which this JMESPath expression over the fact of the listener is true.
        type: str
      expires:
        description:
        - The last day on which it holds, in UTC, such as V(2027-01-31), or V(never).
        type: str
        required: true
      when:
        description:
        - Whether the entry holds for this host.
        type: bool
        default: true
      override:
        description:
        - Take the place of a waiver with the same name.
        type: bool
        default: false
      name:
        description:
        - What the waiver is called. Two waivers of a host may not have the same name.
        type: str
      reason:
        description:
        - Why it is so, for whoever reads the declaration or a report.
        type: str
      owner:
        description:
        - Who answers for it.
        type: str
"""
