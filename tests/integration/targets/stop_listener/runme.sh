#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?} helpers=${helpers:?} listener_pid=${listener_pid:?}

# a Python that is root to nobody, also where only root may read it
printf '#!/bin/sh\nexec unshare --user "%s" "$@"\n' "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" >"$state/python-nobody"
chmod 755 "$state/python-nobody"

# Nothing here stops anything: it is refused, or in check mode, and about a listener of this test, beside which nothing
# is to be seen.
cat >"$state/alone" <<END
#!/usr/bin/env bash
set -eu
read -r pid port < <("${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" "$helpers/listen.py")
ansible-playbook test.yml -e "port=\$port" -e "nobody=$state/python-nobody" "\$@"
kill "\$pid"
END
expect 0 unshare --net --pid --fork --mount-proc --kill-child bash "$state/alone" "$@"
# the name of what listens has been shown, and does nothing
shows 'tcp 0\.0\.0\.0:[0-9]+ is left: '
hides $'\x1b'

# keywords that would have the wrong host changed, or would prove the wrong thing
for keyword in 'async: 60' 'run_once: true' 'delegate_to: beta'; do
    cat >"$state/play.yml" <<END
- hosts: alpha
  gather_facts: false
  tasks:
    - listening.ports.stop_listener: {listeners: [tcp/192.0.2.1:9]}
      $keyword
      check_mode: true
END
    expect 2 ansible-playbook "$state/play.yml" "$@"
    shows "stop_listener does not work with ${keyword%%:*}: "
done
kill -0 "$listener_pid"
