# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run that changes nothing costs a host: how often it runs nft."""

import pytest

CALLS = "/run/nft-calls"
COUNTING = """\
#!/bin/sh
echo "$*" >> %s
exec /usr/sbin/nft.real "$@"
""" % CALLS
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - listening.ports.port_filter:
        others: reject
        rules:
          - protocol: tcp
            ports: [22, 443, 8000-8010]
          - protocol: udp
            ports: [53]
            sources: [10.0.0.0/8, "fd00::/8"]
      register: result
    - ansible.builtin.assert:
        that: result.status == '%s'
"""


@pytest.mark.parametrize("release", ["trixie", "bookworm", "bullseye"])
def test_an_unchanged_run_asks_nft_at_most_twice(hosts, playbook, release):
    (host,) = hosts(1, release=release)
    playbook([host], PLAY % "kept")
    host.console("sh", "-euc", "mv /usr/sbin/nft /usr/sbin/nft.real; cat > /usr/sbin/nft; chmod 755 /usr/sbin/nft",
                 stdin=COUNTING)
    host.console("nft", "list", "tables")
    assert host.console("cat", CALLS).out == "list tables\n"  # the calls are seen

    playbook([host], PLAY % "unchanged")

    calls = host.console("cat", CALLS).out.splitlines()[1:]
    assert 1 <= len(calls) <= 2, calls
