# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be observed, and the table of all codes for that.

A new code needs a row in CODES. The guide lists the meanings, and the controller reads the rest here.
"""

from ._subsets import ASPECTS

# hints; a pair is for other users, and for root
BECOME, PTRACE = 'become', 'CAP_SYS_PTRACE'
_SOCKETS = 'raise max_sockets'
_PRIVILEGES = (BECOME, PTRACE)
_ROOT = (BECOME, None)

# (aspect, code): (what it means, the hint unless the gap has its own)
CODES = {
    ('sockets', 'socket_budget'): ('``max_sockets`` was reached.', _SOCKETS),
    ('sockets', 'unreadable'): ('The sockets of some protocol could not be read.', None),
    ('sockets', 'psutil'): ('psutil shows TCP and UDP only.', None),
    ('sockets', 'foreign_root'): ('The sockets are those of the machine around this chroot.', None),
    ('sockets', 'foreign_network_namespace'): ('The network namespace is not that of process 1.', None),
    ('sockets', 'unknown_root'): ('Without ``/proc`` this may be a chroot.', None),
    ('binding', 'procfs'): ('``/proc/net`` was read instead of netlink.', None),
    ('binding', 'psutil'): ('psutil shows no devices, queues and IPv6 options.', None),
    ('owners', 'owners_hidden'): ('Some processes may not be inspected.', _PRIVILEGES),
    ('owners', 'owners_not_found'): ('No process owns the socket, though all were inspected.', None),
    ('owners', 'fd_budget'): ('``max_fds`` was reached.', 'raise max_fds'),
    ('owners', 'proc_unreadable'): ('``/proc`` cannot be used.', None),
    ('owners', 'process_unreadable'): ('The executable or control group of an owner could not be read.', _PRIVILEGES),
    ('owners', 'psutil'): ('psutil names one owner of a socket.', _ROOT),
    ('units', 'systemctl'): ('systemd did not answer.', None),
    ('units', 'psutil'): ('psutil knows no units.', None),
    ('firewall', 'unreadable'): ('Rules, addresses or routes could not be read.', None),
    ('firewall', 'unclear'): ('Some rules are not understood.', None),
    ('firewall', 'budget'): ('The rules are too many to find everything that they forward and let in.', None),
    ('firewall', 'forwarded'): ('The host forwards more ports than are listed.', None),
    ('firewall', 'openings'): ('The rules name more ports than are compared with the listeners.', None),
    ('namespaces', 'socket_budget'): ('``max_sockets`` was reached in another network namespace.', _SOCKETS),
    ('namespaces', 'unreadable'): ('Another network namespace, or the list of them, could not be read.', None),
    ('namespaces', 'hidden'): ('The network namespaces of some processes are hidden.', _PRIVILEGES),
    ('namespaces', 'refused'): ('A network namespace could not be entered.', BECOME),
    ('namespaces', 'psutil'): ('psutil shows no other network namespaces.', None),
    ('connections', 'connection_budget'): ('``max_sockets`` was reached.', _SOCKETS),
    ('connections', 'unreadable'): ('The connections could not be read.', None),
    ('connections', 'other_namespaces'): ('Connections of other network namespaces are not counted.', None),
    ('resources', 'open_files'): ('The open files of some owner could not be counted.', None),
    ('resources', 'psutil'): ('psutil could not read some figure.', None),
}
# these sockets are those of the machine around this system, or may be: no evidence of anything here
FOREIGN = ('foreign_root', 'unknown_root')
# counts listeners without a visible owner; those of several hosts add up
HIDDEN = 'owners_hidden'
# they may be of the kernel: nobody will be found, however hard one looks
NOT_FOUND = 'owners_not_found'


class Gaps:
    """Collects what could not be observed. An aspect with a gap is not complete.

    :ivar root: bool, root observes: no hint is to become root.
    """

    def __init__(self, root=False):
        self.root, self.found = root, []

    def add(self, aspect, code, message, count=None, hint=None):
        """Note a gap; those with the same aspect and code become one.

        :param code: str, with the aspect a key of CODES.
        :param hint: str or None, instead of the hint in CODES.
        """
        usual = CODES[aspect, code][1]
        if isinstance(usual, tuple):
            usual = usual[self.root]
        for gap in self.found:
            if gap['aspect'] == aspect and gap['code'] == code:
                if message not in gap['message'] and len(gap['message']) < 1000:
                    gap['message'] += '; ' + message
                gap['count'] = count if gap['count'] is None else gap['count'] + (count or 0)
                return
        self.found.append({'aspect': aspect, 'code': code, 'count': count, 'message': message, 'hint': hint or usual})

    def complete(self, gather):
        """Say which aspects are complete.

        :param gather: set of str, the subsets that were gathered.
        :returns: dict, aspect to True, False, or None where it was not asked for.
        """
        missing = {gap['aspect'] for gap in self.found}
        return {aspect: aspect not in missing if subset is None or subset in gather else None
                for aspect, subset in ASPECTS.items()}
