# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs nft(8): on the rules of the host, and beside them, in a network namespace that nobody else has.

Each call has a time limit, and none leaves a process behind: timeout(1) ends the whole group of what it has started.

Sources: nft(8), libnftables-json(5), unshare(1), timeout(1).
"""

import json

from .._systemd.control import TOO_LONG, clean
from .names import FAMILY, NAME
from .refusal import Refusal

PATIENCE = 20                   # seconds for one call
_OWN = (FAMILY, NAME)
_LISTED = '{"nftables"'         # how nft -j begins its only line
_CANNOT_RUN = (126, 127)
_NOT_PERMITTED = ('Operation not permitted', 'Permission denied')
# what nft says where the kernel has no nf_tables; which of these depends on how far it got
_NO_NF_TABLES = ('Protocol not supported', 'Operation not supported', 'cache initialization failed: Invalid argument',
                 'Unable to initialize Netlink socket')
_ABSENT = 'No such file or directory'

_ASIDE = '"$0" -f - && "$0" -s list table %s %s && "$0" -j list table %s %s' % (_OWN * 2)


class Failure(Exception):
    """Something did not work; the message is a sentence."""


class Nft:
    """nft on this host.

    :param run: callable that runs a command, as ``AnsibleModule.run_command``.
    :param find: callable, from the name of a program to its path, or None.
    :param patience: int, seconds for one call.
    :ivar path: str.
    """

    def __init__(self, run, find, patience=PATIENCE):
        self._run, self._find, self._patience, self.path = run, find, patience, find('nft')
        if not self.path:
            raise Refusal('no_nft', 'nft is not installed. The filter is a table of nftables: install the package '
                                    'nftables. iptables alone is not enough')

    def listing(self):
        """Read our table as the kernel has it: str, None where there is no such table."""
        code, output, errors = self._call(self.path, '-s', 'list', 'table', *_OWN)
        if not code:
            return output
        if _ABSENT in errors:
            return None
        raise _fault('nft cannot list the table', errors)

    def seconds_left(self, token):
        """Read for how long a trial still lasts: int, 0 where it has ended."""
        from . import table
        code, output, errors = self._call(self.path, '-j', 'list', 'set', *_OWN + (table.set_name(token),))
        if code:
            if _ABSENT in errors:
                return 0
            raise _fault('nft cannot list a set', errors)
        try:
            sets = [part['set'] for part in json.loads(output)['nftables'] if 'set' in part]
            elements = [element['elem'] for own in sets for element in own.get('elem', ())]
            # it rounds down
            return max([element['expires'] + 1 for element in elements] or [0])
        except (ValueError, KeyError, TypeError) as exc:
            raise Failure('nft lists a set in a form that is not known: %s' % clean(output)) from exc

    def load(self, text):
        """Load a transaction: all of it, or nothing where this raises Failure."""
        code, dummy, errors = self._call(self.path, '-f', '-', data=text)
        if code:
            raise _fault('nft does not load the rules', errors)

    def aside(self, text):
        """Load a transaction where nobody else is, and list our table: what it would be on this host.

        :returns: tuple of str, the listings as ``nft -s`` and as ``nft -j`` have them; of None where it leaves none.
        """
        unshare, shell = self._find('unshare'), self._find('sh')
        if not unshare or not shell:
            raise Refusal('no_namespace', 'unshare, of the package util-linux, is not installed. With it, rules are '
                                          'looked at beside those of the host before they are loaded')
        code, output, errors = self._call(unshare, '-n', shell, '-c', _ASIDE, self.path, data=text)
        if errors.startswith('unshare:'):
            raise _no_namespace(errors)
        if code and _ABSENT in errors:
            return None, None
        if code:
            raise _fault('nft does not take the rules, in a network namespace of its own', errors)
        listing, mark, document = output.rpartition(_LISTED)
        return listing, mark + document

    def takes(self, text):
        """Try a transaction where nobody else is: bool, it is loaded there. Raises Failure, Refusal."""
        unshare = self._find('unshare')
        return bool(unshare) and not self._call(unshare, '-n', self.path, '-f', '-', data=text)[0]

    def version(self):
        """str: which nft this is."""
        return self._call(self.path, '--version')[1].strip()

    def program(self, text, *words):
        """Run a program of Python where nobody else is.

        :param text: str, the program.
        :returns: tuple of int and str, the exit code, and what it complains about.
        """
        import sys
        unshare = self._find('unshare')
        code, dummy, errors = self._call(unshare, '-n', sys.executable, '-', self.path, *words, data=text)
        if errors.startswith('unshare:'):
            raise _no_namespace(errors)
        return code, clean(errors)

    def _call(self, *words, **more):
        try:
            code, output, errors = self._run(
                ['timeout', '-s', 'KILL', str(self._patience)] + list(words),
                data=more.get('data'), expand_user_and_vars=False, handle_exceptions=False,
                environ_update={'LC_ALL': 'C', 'LANGUAGE': 'C'})
        except (OSError, ValueError) as exc:
            raise Failure('%s cannot be run: %s' % (words[0], exc)) from exc
        if code in TOO_LONG:
            raise Failure('%s did not end within %d s, and was ended' % (' '.join(words[:4]), self._patience))
        if code in _CANNOT_RUN:
            raise Failure('%s cannot be run: %s' % (words[0], clean(errors)))
        return code, output, errors


def _fault(what, errors):
    """The exception for what nft complains about."""
    if any(words in errors for words in _NOT_PERMITTED):
        return Refusal('not_permitted', '%s, although this is root: %s. A container needs the capability NET_ADMIN; '
                                        'SELinux or AppArmor may refuse it too' % (what, clean(errors)))
    if any(words in errors for words in _NO_NF_TABLES):
        return Refusal('no_nf_tables', 'the kernel of this host has no nf_tables: %s' % clean(errors))
    return Failure('%s: %s' % (what, clean(errors)))


def _no_namespace(errors):
    return Refusal('no_namespace', 'no network namespace can be made to look at rules beside those of the host: %s. '
                                   'A container needs the capability SYS_ADMIN for that' % clean(errors))
