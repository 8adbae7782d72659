# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a host is left as it is, although something was asked of it."""

AS_IT_WAS = 'The filter of this host is as it was'

# Each code, and whether whoever knows better may have it done all the same, by the option ``despite``
CODES = {
    'own_connection': False,        # a connection like the one in use would be blocked
    'protected_source': True,       # an address that must keep its access would lose some
    'undecided': True,              # without a trial, and nobody can tell whether there is a way back in
    'tunnel': True,                 # the connection in use comes by a tunnel whose own port would be closed
    'kubelet': True,                # Kubernetes opens ports that no declaration names
    'notrack': True,                # answers to what is not tracked would be cut
    'tracking': True,               # what is open would fill much of the table of connections
    'no_root': False,
    'not_permitted': False,         # root, but the kernel refuses it: a container, SELinux, AppArmor
    'no_nft': False,
    'no_nf_tables': False,
    'no_namespace': False,          # nothing can be tried beside the rules of the host
    'guard_fails': False,           # a trial does not end by itself on this kernel
    'connection_hidden': False,     # it is not known which connection must not be cut
    'busy': False,                  # a trial runs
    'not_fresh': False,             # a login that was there before the trial proves nothing
}


class Refusal(Exception):
    """The host was left as it is.

    :ivar code: str, of ``CODES``.
    :ivar message: str, a sentence: what is in the way, and what to do.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.may_be_overridden = CODES[code]
        self.code, self.message = code, message
