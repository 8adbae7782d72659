#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?}
ready "$state"
traces() { ls -d /etc/listening-ports /etc/systemd/system/listening-ports.service /etc/systemd/system/nftables.service.d 2>/dev/null || true; }
before=$(traces)

# a Python that is root to nobody, also where only root may read it
printf '#!/bin/sh\nexec unshare --user "%s" "$@"\n' "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" >"$state/python-nobody"
chmod 755 "$state/python-nobody"

# Nothing here has an effect on this machine: what is refused never gets to it, and all else is in check mode, in a
# network of its own, where not even a fault could load rules that count.
unshare --net ansible-playbook test.yml -e "nft=$(command -v nft || true)" -e "nobody=$state/python-nobody" "$@"

# keywords that would have the wrong host filtered, or would prove the wrong thing
for keyword in 'async: 60' 'run_once: true' 'delegate_to: beta'; do
    cat >"$state/play.yml" <<END
- hosts: alpha
  gather_facts: false
  tasks:
    - listening.ports.port_filter: {rules: []}
      $keyword
      check_mode: true
END
    expect 2 unshare --net ansible-playbook "$state/play.yml" "$@"
    shows "port_filter does not work with ${keyword%%:*}: "
done

[ "$(traces)" = "$before" ]
