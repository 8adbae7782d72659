# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a process rarely, or on request only, from proc(5)."""

import os

MAX_COMMAND = 4096              # bytes of a command line


class Reader:
    """Adds ``resources`` and ``command`` to an owner, as far as the subsets in gather ask for them."""

    def __init__(self, gather, gaps):
        self._gather = gather
        self._gaps = gaps
        self._page = os.sysconf('SC_PAGE_SIZE')
        self._ticks = os.sysconf('SC_CLK_TCK')

    def __call__(self, base, stat):
        """Read what is to be added to the owner.

        :param base: str, such as ``/proc/1``.
        :param stat: list of bytes, the fields of its ``stat`` from the third on.
        :returns: dict.
        """
        details = {}
        if 'resources' in self._gather:
            try:
                files = len(os.listdir(base + '/fd'))
            except OSError:
                files = None
                self._gaps.add('resources', 'open_files', 'the open files of some processes could not be counted')
            details['resources'] = {
                'cpu_seconds': round((int(stat[11]) + int(stat[12])) / float(self._ticks), 2),
                'rss_bytes': int(stat[21]) * self._page,
                'threads': int(stat[17]),
                'open_files': files,
            }
        if 'command' in self._gather:
            details['command'] = self._command(base)
        return details

    @staticmethod
    def _command(base):
        try:
            with open(base + '/cmdline', 'rb') as stream:
                raw = stream.read(MAX_COMMAND)
        except OSError:
            return None
        raw = raw.rstrip(b'\0')                 # a process that rewrites its title leaves a row of them
        if not raw:
            return []
        return [word.decode('utf-8', 'backslashreplace') for word in raw.split(b'\0')]
