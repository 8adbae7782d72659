#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/stop_listener.py.

DOCUMENTATION = r"""
module: stop_listener
short_description: Close what listens on a host, and nothing beside it
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Stops and disables the units of systemd that serve the named listeners, each with the sockets, timers and paths that
    would start it again. The host decides which these are, by the owners that a listener has at that moment.
  - Whatever else a unit serves counts. A unit that also serves a listener that was not named is left alone, and so is
    one with which something would stop that serves others. What is left is returned with the reason, and with the
    command that a person could run.
  - Stopping is on trial for some seconds. A timer of systemd starts the units again, unless a new login keeps them
    stopped, which the host makes sure is newer than the stop. Only then are they disabled. A login may need a service
    that no list knows of. After a reboot within the trial, those that are
    enabled run as before; the others do not, and are kept so by the login that came after the boot.
  - Neither the connection in use, nor what it depends on, is ever stopped. Parts of the system such as logins, the
    network, firewalls, container engines, VPNs and agents are only stopped with O(despite=protected).
  - Afterwards the host looks again. What still listens, or listens again, fails the task.
requirements:
  - Linux with systemd, except to end processes that are in no unit
notes:
  - C(systemctl enable --now) with the names in RV(units), at a console of the host, takes back what was done.
    RV(msg) has the command.
  - Over a connection that is not renewed by a login, such as C(local) in a login by SSH, nobody can keep a trial. Set
    O(confirm=0) there.
options:
  listeners:
    description:
      - The IDs of the listeners to close, as the facts of M(listening.ports.listener_facts) have them, such as
        V(tcp/0.0.0.0:8080).
      - What does not listen any more counts as closed. What was not named stays.
    type: list
    elements: str
    required: true
  processes:
    description:
      - Whether to end processes that no unit stops, such as those of login sessions and jobs of cron. They get SIGTERM,
        and SIGKILL if that does not help.
      - There is no trial for them, and nothing starts them again. They are ended last, once all else was kept.
    type: bool
    default: false
  mask:
    description:
      - Whether to mask the units, too, so that nobody can start them. Of what cannot be masked, such as a unit whose
        file is in C(/etc/systemd/system), a warning tells.
    type: bool
    default: false
  confirm:
    description:
      - For how many seconds units are stopped on trial, V(10) to V(3600).
      - V(0) stops them without a trial.
      - Where no connection is in use that could be cut, such as with C(ansible-pull) started by cron, there is no trial
        either.
    type: int
    default: 60
  protected:
    description:
      - Patterns, as of a shell, for names of units, names of processes, and files that are run. What one of them
        matches is left alone.
    type: list
    elements: str
    default: []
  despite:
    description:
      - Reasons to leave a listener, see RV(listeners[].reason), that are known and do not count.
    type: list
    elements: str
    choices: [protected, serves_others, bystanders, upheld, supervised]
    default: []
  windows:
    description:
      - What is stopped on a Windows host. With V(never) nothing is, and the task fails if something would be; in check
        mode it says what, and the PowerShell by which a person does it.
      - With V(experimental), services are stopped and disabled that are alone in their process, serve nothing that
        stays, are not protected, and that nothing which runs depends on. The host checks that the process is still the
        one that was seen, and all the rest, and looks again afterwards. There is no trial, so that O(confirm), O(mask),
        O(processes) and O(despite) mean nothing there. It has run below Wine, and never on Windows itself.
    type: str
    choices: [never, experimental]
    default: never
    version_added: 0.2.0
extends_documentation_fragment:
  - listening.ports.attributes
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  async:
    details: It is refused, because a new login has to come while the units are stopped on trial.
  become:
    support: full
    details: It needs root.
  check_mode:
    support: full
    details: The host decides as it would, and stops nothing.
  connection:
    support: full
  delegation:
    support: none
    details: C(delegate_to) and C(run_once) are refused.
  diff_mode:
    support: none
    details: RV(listeners) and RV(msg) have all of it.
  platform:
    platforms: linux, windows
    details: On Windows hosts nothing is stopped unless O(windows=experimental).
seealso:
  - module: listening.ports.listener_facts
  - module: listening.ports.plan_listeners
  - module: listening.ports.port_filter
"""

EXAMPLES = r"""
- name: See what would be stopped so that nothing listens there any more
  listening.ports.stop_listener:
    listeners: [tcp/0.0.0.0:8080, 'tcp/[::]:8080']
  become: true
  check_mode: true
  register: planned

- name: Show it
  ansible.builtin.debug:
    msg: "{{ planned.msg.splitlines() }}"

- name: Close it, also where no unit serves it
  listening.ports.stop_listener:
    listeners: [tcp/0.0.0.0:8080, 'tcp/[::]:8080']
    processes: true
    protected: [backup-*.service]
  become: true
"""

RETURN = r"""
status:
  description:
    - V(unchanged); V(planned), in check mode; V(kept), what could be closed is closed, and is not started at boot.
    - V(reverted), units were stopped on trial, no new login kept that in time, and they run again.
    - V(refused), nothing was done, RV(code) and RV(msg) say why; V(busy), because another run is at work; V(failed),
      something does not work, or still listens although it was closed.
  type: str
  returned: always
  sample: kept
msg:
  description: What has happened, how the host is left, and what to do.
  type: str
  returned: always
  sample: |-
    web-1: 1 listener is closed, 1 is left.
    1. tcp 0.0.0.0:22 is left: the connection in use came by it.
    2. tcp 0.0.0.0:8080 is closed: web.socket and web.service are stopped and disabled.
    To have it back: systemctl enable --now -- web.socket web.service
code:
  description:
    - Why it was refused. V(no_root), only root can do it. V(connection_hidden), the connection in use cannot be found,
      so that a new login could not be told from it. V(no_undo), the timer that would start the units again cannot be
      set. V(busy). V(by_hand), on a Windows host with O(windows=never).
    - Or what failed. V(listens), something still listens, or listens again. V(not_disabled), units are stopped, and a
      boot may start them. V(not_looked), what listens now could not be looked at. V(not_stopped), a service of
        Windows does not stop.
  type: str
  returned: when RV(status) is V(refused) or V(busy), or V(failed) after all was stopped
  sample: connection_hidden
units:
  description: The units that are stopped, were, or would be.
  type: list
  elements: str
  returned: always
  sample: [web.socket, web.service]
listeners:
  description: What came of each of the listeners that were named.
  type: list
  elements: dict
  returned: always
  contains:
    listener: {description: Its ID., type: str, returned: always, sample: 'tcp/0.0.0.0:8080'}
    status:
      description:
        - V(closed), in check mode also what would be; V(left), as RV(listeners[].reason) says.
        - V(survived), it still listens, although its units were stopped; V(respawned), it listens again. Both fail the
          task.
      type: str
      returned: always
      sample: closed
    reason:
      description:
        - Why it is left. V(gone), it does not listen any more, and counts as closed. V(in_use), the connection in use
          depends on it. V(protected), the host may depend on it. V(refuses), its unit may not be stopped by hand.
        - V(kernel), V(container), V(inetd), it is not of a unit, but of the kernel, of a container, or of a
          super-server. V(namespace), it is in another network namespace. V(user_unit), it is a unit of the systemd of a
          user. V(process), no unit stops its process, and O(processes) is not set. V(no_systemd), systemd has not
          booted the host.
        - V(hidden), it is not known who owns it, or what else listens. V(serves_others), its unit also serves what
          stays. V(bystanders), with it something would stop that serves what stays, or is protected. V(upheld),
          V(supervised), another unit, or its parent, starts it again at once.
        - On Windows V(by_hand), nobody asked to stop it, see O(windows); V(plain_process), it is in no service;
          V(shared_process), its service shares its process with others, or could; V(dependents), services that run need
          it; V(several), it belongs to several processes; V(http_sys), V(smb), V(netbios) and V(portproxy), Windows
          itself listens there, for what these names say; V(changes), its service is not as it was; V(not_stopped), it
          does not stop, and has its start type again; V(not_restored), it does not stop, and is disabled.
        - V(reverted), it was closed on trial, and listens again because no new login kept that. V(unknown), whether
          that was kept is not known.
      type: str
      returned: always
      sample: serves_others
    about:
      description:
        - What the reason is about, such as C(unit) and C(others), the IDs of listeners that stay.
        - Of what is closed, C(others) are the IDs of listeners that end with it although they were not to be closed.
      type: dict
      returned: always
      sample: {unit: nginx.service, others: ['tcp/0.0.0.0:443']}
    units: {description: The units that are stopped for it., type: list, elements: str, returned: always}
    bystanders: {description: Units that stop with these., type: list, elements: str, returned: always}
    again:
      description: What may bring it back one day.
      type: list
      elements: dict
      returned: always
      contains:
        by:
          description:
            - V(triggered), a unit that starts it; V(wanted), one with which it is started; V(dbus), a call to a name of
              D-Bus; V(cron), a job of cron at boot; V(login), of the user that a service of Windows is of.
          type: str
          returned: always
          sample: wanted
        units: {description: What that is., type: list, elements: str, returned: always, sample: [web.target]}
    processes:
      description: Its owners.
      type: list
      elements: dict
      returned: always
      contains:
        pid: {description: The ID of the process., type: int, returned: always, sample: 4711}
        process: {description: Its name., type: str, returned: always, sample: nginx}
        exe: {description: The file that it runs., type: str, returned: always, sample: /usr/sbin/nginx}
    command:
      description: What a person could run on the host to close it.
      type: str
      returned: always
      sample: docker stop 0123456789ab
connection:
  description:
    - The connection in use, as the host has found it, with its C(address) and C(port), the C(peer) and C(peer_port),
      the C(interface) by which answers leave, and C(how) it was found. V(null) if there is none, or none was looked
      for because nothing is stopped.
  type: dict
  returned: always
  sample: {address: 10.0.0.7, port: 22, peer: 192.0.2.9, peer_port: 51000, interface: eth0, how: ancestor}
"""
