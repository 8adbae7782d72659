# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What could not be observed, and the table of all codes for that.

A new code needs a row in CODES, and no more: the controller and the guide have theirs from here.
"""

from ._subsets import ASPECTS

# hints; a pair is for other users, and for root
BECOME, PTRACE = 'become', 'CAP_SYS_PTRACE'
_SOCKETS = 'raise max_sockets'
_PRIVILEGES = (BECOME, PTRACE)
_ROOT = (BECOME, None)

# aspect, code: the hint unless a gap has its own  # the meaning, for the guide: hosts compile no comments
CODES = {
    'sockets': {
        'socket_budget': _SOCKETS,           # ``max_sockets`` was reached.
        'unreadable': None,                  # The sockets of some protocol could not be read.
        'stub': None,                        # A table of sockets has no content, whatever listens: this is gVisor.
        'psutil': None,                      # psutil shows TCP and UDP only.
        'foreign_root': None,                # The sockets belong to the machine around this chroot.
        'foreign_network_namespace': None,   # The network namespace is not that of process 1.
        'unknown_root': None,                # Without ``/proc`` this may be a chroot.
    },
    'binding': {
        'procfs': None,                      # ``/proc/net`` was read instead of netlink.
        'psutil': None,                      # psutil shows no devices, queues or IPv6 options.
    },
    'owners': {
        'owners_hidden': _PRIVILEGES,        # Some processes could not be inspected.
        'owners_not_found': None,            # No process owns the socket, although all were inspected.
        'fd_budget': 'raise max_fds',        # ``max_fds`` was reached.
        'proc_unreadable': None,             # ``/proc`` cannot be used.
        'process_unreadable': _PRIVILEGES,   # The executable or control group of an owner could not be read.
        'psutil': _ROOT,                     # psutil names one owner per socket.
    },
    'units': {
        'systemctl': None,                   # systemd did not answer.
        'psutil': None,                      # psutil knows no units.
    },
    'firewall': {
        'unreadable': None,                  # Rules, addresses or routes could not be read.
        'unclear': None,                     # Some rules could not be parsed.
        'undecided': None,                   # Rules leave it open who can reach some listeners, other than raw sockets.
        'budget': None,                      # There are too many rules to find everything that they forward and let in.
        'forwarded': None,                   # The host forwards more ports than are listed.
        'openings': None,                    # The rules name more ports than are compared with the listeners.
    },
    'outgoing': {
        'unreadable': None,                  # Rules, addresses or routes could not be read or parsed.
        'ports': None,                       # Rules tell too many ports apart to ask for each.
        'budget': None,                      # There was no time left to ask for all ports.
    },
    'namespaces': {
        'socket_budget': _SOCKETS,           # ``max_sockets`` was reached in another network namespace.
        'unreadable': None,                  # Another network namespace, or the list of them, could not be read.
        'stub': None,                        # The same as for ``sockets``, in another network namespace.
        'hidden': _PRIVILEGES,               # The network namespaces of some processes are hidden.
        'refused': BECOME,                   # A network namespace could not be entered.
        'unlisted': None,                    # A device leads to a network namespace that could not be found.
        'psutil': None,                      # psutil shows no other network namespaces.
    },
    'connections': {
        'connection_budget': _SOCKETS,       # ``max_sockets`` was reached.
        'unreadable': None,                  # The connections could not be read.
        'other_namespaces': None,            # Connections of other network namespaces are not counted.
        'led_elsewhere': _ROOT,              # Connections that rules lead elsewhere could not be read.
        'own_addresses': None,               # The host may be among its own clients: its addresses could not be read.
    },
    'resources': {
        'open_files': None,                  # The open files of some owner could not be counted.
        'psutil': None,                      # psutil could not read some figure.
    },
}
# these sockets are those of the machine around this system, or may be: no evidence of anything here
FOREIGN = ('foreign_root', 'unknown_root')
# the rules were read, and leave something open about listeners: nothing else is missing
UNDECIDED = 'undecided'
# counts listeners without a visible owner; those of several hosts add up
HIDDEN = 'owners_hidden'
# they may be of the kernel: nobody will be found, however hard one looks
NOT_FOUND = 'owners_not_found'


class Gaps:
    """Collects what could not be observed. An aspect with a gap is not complete.

    :ivar root: bool, root observes: no hint is to become root.
    :ivar codes: dict, as CODES, of hosts that have others.
    """

    def __init__(self, root=False, codes=None):
        self.root, self.codes, self.found = root, codes or CODES, []

    def add(self, aspect, code, message, count=None, hint=None):
        """Note a gap; those with the same aspect and code become one.

        :param code: str, of that aspect in the codes.
        :param hint: str or None, instead of the hint of that code.
        """
        usual = self.codes[aspect][code]
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
