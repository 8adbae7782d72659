# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# The proxies take what the rules leave: connections of this host to its loopback address, and IPv6. They end with this shell.
setpriv --pdeathsig TERM docker-proxy TCP4-LISTEN:8080,reuseaddr,fork TCP4:172.17.0.2:80 &
setpriv --pdeathsig TERM docker-proxy TCP6-LISTEN:8080,reuseaddr,fork,ipv6only=1 TCP4:172.17.0.2:80 &

# The container has namespaces and a control group of its own. The first process of a namespace does not end by SIGTERM.
systemd-run --quiet --scope --slice=system.slice --unit="docker-$ID.scope" --property=KillSignal=SIGKILL \
    nsenter --net="$NAMESPACE" unshare --pid --fork --kill-child --mount-proc \
    python3 -m http.server --directory /srv 80 > /dev/null 2>&1 &

until [ "$(ss -Hltn 'sport = 8080' | wc -l)" = 2 ] && nsenter --net="$NAMESPACE" ss -Hltn 'sport = 80' | grep -q .; do
    sleep 0.05
done
systemd-notify --ready
wait
