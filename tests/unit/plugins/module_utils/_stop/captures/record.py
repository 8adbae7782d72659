# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes units of many kinds on a host that is thrown away, and records what ``view.look`` reads of them.

Run ``python3 record.py`` there as root, with systemd and the collection on the path. It prints JSON: what each call of
``systemctl show`` printed, and the other parts of the view.
"""

import json
import os
import subprocess
import sys
import time

from ansible_collections.listening.ports.plugins.module_utils._stop import view

LISTENS = '/usr/bin/python3 -m http.server --bind 0.0.0.0'
BOOT = '[Install]\nWantedBy=multi-user.target\n'
UNITS = {
    'plain.service': '[Service]\nExecStart=%s 7001\nRestart=always\n' % LISTENS + BOOT,
    'waits.socket': '[Socket]\nListenStream=0.0.0.0:7002\n[Install]\nWantedBy=sockets.target\n',
    'waits.service': '[Service]\nExecStart=/bin/sleep 9999\n',
    'timed.service': '[Service]\nExecStart=%s 7003\n' % LISTENS,
    'timed.timer': '[Timer]\nOnUnitInactiveSec=1s\nOnActiveSec=1s\n[Install]\nWantedBy=timers.target\n',
    'upheld.service': '[Service]\nExecStart=%s 7004\n' % LISTENS,
    'upholds.service': '[Unit]\nUpholds=upheld.service\n[Service]\nExecStart=/bin/sleep 9999\n',
    'needed.service': '[Service]\nExecStart=%s 7005\n' % LISTENS + BOOT,
    'requires.service': '[Unit]\nRequires=needed.service\nAfter=needed.service\n[Service]\nExecStart=/bin/sleep 9999\n',
    'binds.service': '[Unit]\nBindsTo=requires.service\nAfter=requires.service\n'
                     '[Service]\nExecStart=%s 7055\n' % LISTENS,
    'part.service': '[Unit]\nPartOf=needed.service\n[Service]\nExecStart=/bin/sleep 9999\n',
    'spares.service': '[Service]\nKillMode=process\nExecStart=/bin/sh -c "%s 7006 & exec sleep 9999"\n' % LISTENS,
    'many@.service': '[Service]\nExecStart=%s 700%%i\n' % LISTENS + BOOT,
    'pulled.service': '[Service]\nExecStart=%s 7009\n' % LISTENS,
    'pulls.service': '[Unit]\nWants=pulled.service\n[Service]\nExecStart=/bin/sleep 9999\n' + BOOT,
    'wrapped.service': '[Service]\nExecStart=/bin/sh -c "%s 7011; true"\n' % LISTENS + BOOT,
    'two.service': '[Service]\nExecStart=/bin/sh -c "%s 7012 & exec %s 7013"\n' % (LISTENS, LISTENS) + BOOT,
    'watched.path': '[Path]\nPathExists=/run/watched\n' + BOOT,
    'watched.service': '[Service]\nExecStart=%s 7014\n' % LISTENS,
    'with\\x20blank.service': '[Service]\nExecStart=%s 7015\n' % LISTENS + BOOT,
    '\\xc3\\xbcber-\\xe2\\x82\\xac.service': '[Service]\nExecStart=%s 7016\n' % LISTENS + BOOT,
    'named.service': '[Service]\nExecStart=%s 7017\n[Install]\nWantedBy=multi-user.target\nAlias=called.service\n'
                     % LISTENS,
    'refuses.service': '[Unit]\nRefuseManualStop=yes\n[Service]\nExecStart=%s 7018\n' % LISTENS + BOOT,
    'helped.service': '[Unit]\nRequires=helper.service\nAfter=helper.service\n[Service]\nExecStart=%s 7019\n' % LISTENS,
    'helper.service': '[Unit]\nStopWhenUnneeded=yes\n[Service]\nExecStart=%s 7020\n' % LISTENS,
    'each.socket': '[Socket]\nListenStream=0.0.0.0:7021\nAccept=yes\n' + BOOT,
    'each@.service': '[Service]\nExecStart=/bin/sleep 9999\nStandardInput=socket\n',
    'jobs.service': '[Service]\nKillMode=process\nExecStart=/bin/sh -c "setsid %s 7022 & exec sleep 9999"\n' % LISTENS,
    'strays.service': '[Service]\nExecStart=/bin/sh -c "setsid %s 7023 & exec sleep 9999"\n' % LISTENS,
    'once.service': '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c "%s 7024 &"\n' % LISTENS + BOOT,
    'stops.service': '[Unit]\nPropagatesStopTo=follows.service\n[Service]\nExecStart=%s 7025\n' % LISTENS,
    'follows.service': '[Service]\nExecStart=%s 7026\n' % LISTENS,
}
SCRIPT = """\
#!/bin/sh
### BEGIN INIT INFO
# Provides: script
# Required-Start: $local_fs
# Required-Stop: $local_fs
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: script
### END INIT INFO
case $1 in
start) start-stop-daemon --start --background --make-pidfile --pidfile /run/script.pid \\
    --exec /usr/bin/python3 -- -m http.server 7008 ;;
stop) start-stop-daemon --stop --pidfile /run/script.pid ;;
esac
"""
ENABLED = ('plain.service', 'waits.socket', 'timed.timer', 'needed.service', 'many@7.service', 'pulls.service',
           'wrapped.service', 'two.service', 'watched.path', 'with\\x20blank.service',
           '\\xc3\\xbcber-\\xe2\\x82\\xac.service', 'named.service', 'refuses.service', 'each.socket', 'once.service')
STARTED = ('timed.service', 'upheld.service', 'upholds.service', 'binds.service', 'part.service', 'spares.service',
           'script.service', 'helped.service', 'jobs.service', 'strays.service', 'stops.service', 'follows.service')
LAST = 7026


def run_command(arguments, environ_update=None, **dummy):
    """As that of AnsibleModule."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, env=dict(os.environ, **environ_update))
    return done.returncode, done.stdout.decode('utf-8', 'surrogateescape'), done.stderr.decode('utf-8', 'replace')


def make():
    """Make and start the units."""
    for name, text in UNITS.items():
        with open('/etc/systemd/system/' + name, 'w', encoding='ascii') as stream:
            stream.write(text)
    with open('/etc/init.d/script', 'w', encoding='ascii') as stream:
        stream.write(SCRIPT)
    os.chmod('/etc/init.d/script', 0o755)
    with open('/run/watched', 'w', encoding='ascii'):
        pass
    subprocess.run(['systemctl', 'daemon-reload'], check=True)
    subprocess.run(['systemctl', 'enable', '--quiet', '--now', '--', *ENABLED], check=True)
    subprocess.run(['systemctl', 'enable', '--quiet', 'script.service'], check=True, stderr=subprocess.DEVNULL)
    subprocess.run(['systemctl', 'daemon-reload'], check=True)
    subprocess.run(['systemctl', 'start', '--', *STARTED], check=True)
    subprocess.run(['systemd-run', '--quiet', '--unit=passing'] + LISTENS.split() + ['7010'], check=True)
    wanted, until = set(range(7001, LAST + 1)), time.monotonic() + 60
    while wanted - listening():
        if time.monotonic() > until:
            sys.exit('these do not listen: %s' % sorted(wanted - listening()))
        time.sleep(0.2)


def listening():
    """Set of int, ports."""
    text = subprocess.run(['ss', '-Hltn'], check=True, stdout=subprocess.PIPE, encoding='ascii').stdout
    return {int(line.split()[3].rpartition(':')[2]) for line in text.splitlines()}


def recorded():
    """What a look reads, and the texts that it was made of."""
    texts = []

    def run(arguments, **options):
        answer = run_command(arguments, **options)
        texts.append(answer[1])
        return answer

    # where there is no private socket, systemctl is asked
    seen = view.look(run, None, booted='/run/systemd/system/.')
    return {
        'systemd': run_command(['systemctl', '--version'], environ_update={})[1].split()[1],
        'texts': [text for text in texts if 'RequiredBy=' in text],
        'listeners': seen.listeners,
        'processes': [list(process) for pid, process in sorted(seen.processes.items())],
        'links': sorted(list(link) for link in seen.again.links),
    }


if __name__ == '__main__':
    make()
    json.dump(recorded(), sys.stdout, sort_keys=True)
