# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that the filter asks of a host and does to it, for the steps to decide what and when.

Source: systemctl(1).
"""

import os

from . import nft as _nft
from .files import UNIT_NAME, Files
from .state import must_reassemble


class Host:
    """A host.

    :param run: callable that runs a command, as ``AnsibleModule.run_command``.
    :param find: callable, from the name of a program to its path, or None.
    :param files: Files, of tests.
    :ivar files: Files.
    """

    def __init__(self, run, find, files=None):
        self._run, self._find, self.files = run, find, files or Files()
        self._program = None

    @property
    def nft(self):
        """Nft. Raises Refusal where there is none."""
        if not self._program:
            self._program = _nft.Nft(self._run, self._find)
        return self._program

    @staticmethod
    def is_root():
        """bool: this is root."""
        return os.geteuid() == 0

    @staticmethod
    def has_table():
        """bool: the kernel has our table, whether or not there is an nft to show it. Raises OSError."""
        from .._firewall.snapshot import kernel
        from . import table
        return not kernel.is_absent() and (table.FAMILY, table.NAME) in [entry[:2] for entry in kernel.tables()]

    @staticmethod
    def translates():
        """bool: the rules may lead what comes in to another address or port. Raises OSError."""
        from .._firewall.snapshot import translation
        return translation.translates()

    must_reassemble = staticmethod(must_reassemble)

    @staticmethod
    def connection(told):
        """Connection in use, or None, see ``_connection.find``."""
        from .. import _connection
        return _connection.find(told)

    @staticmethod
    def now():
        """int: a tick of the clock of the kernel's processes that none which runs by now was started in, or after."""
        from .. import _connection
        return _connection.now()

    def test_guard(self):
        """Try whether a trial ends by itself, once for each boot and nft.

        :returns: str, what is wrong, or None. Raises Refusal and Failure.
        """
        version = self.nft.version()
        if version and self.files.tested() == version:
            return None
        from . import self_test
        code, errors = self.nft.program(self_test.source(), self_test.rules())
        if code:
            return errors
        self.files.note_tested(version)
        return None

    def judge(self, connection, document, rules, others, confirm, protected, despite):
        """Judge what an exchange of our table would do, see ``what_if.judge``. Raises Failure.

        :param connection: dict, or None.
        :param document: str, what ``nft -j`` lists of the table; None to take it away.
        """
        from .._sockets.base import CollectorError
        from . import what_if
        try:
            view = what_if.look(self._run, connection)
        except CollectorError as exc:
            raise _nft.Failure('what listens on this host cannot be seen: %s' % exc) from exc
        return what_if.judge(view, document, rules, others, connection, confirm, protected, despite)

    def enable(self):
        """Have our table loaded at each boot. Raises Failure and OSError."""
        lacking = self.files.lacks(self.nft.path)
        if not lacking:
            return
        self.files.write_units(self.nft.path)
        self.systemctl('daemon-reload')
        self.systemctl('enable', '--quiet', UNIT_NAME)

    def activate(self):
        """Let systemd know that our table is loaded, without waiting for that. Raises Failure."""
        self.systemctl('start', '--no-block', UNIT_NAME)

    def tidy(self):
        """Remove what was prepared for rules that were not kept. Raises Failure and OSError.

        A table that is in the kernel although a boot would load none stays there: to have systemd let go of it would
        remove it.
        """
        self.files.unstage()
        if not self.files.has_kept() and not self.has_table():
            self.files.remove()
            self.withdraw()

    def withdraw(self):
        """Have our table loaded no more, and let go of what systemd knows of it. Raises Failure and OSError."""
        if not self.files.has_units():
            return
        try:
            if self.files.is_booted():
                self.systemctl('disable', '--quiet', '--now', UNIT_NAME)
        finally:
            self.files.remove_units()
        if self.files.is_booted():
            self.systemctl('daemon-reload')

    def systemctl(self, *words):
        """Run systemctl. Raises Failure."""
        from .._systemd.control import control
        from .._systemd.systemctl import SystemdError
        try:
            control(self._run, self._find, words)
        except SystemdError as exc:
            raise _nft.Failure(str(exc)) from exc
