# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the filter: what a boot loads, how systemd loads it, and the notes on a trial.

``filter.nft`` is what counts: two lines about it, then what nft loads. The first names the trial that it was kept by,
so a run whose answer was lost finds out. The second is the digest of the table as nft lists it, so a host whose table
is still that costs no more than one listing.

Sources: systemd.unit(5), systemd.service(5).
"""

import glob
import hashlib
import os
import re
from collections import namedtuple

from .._notes import RUN, Notes
from .names import FAMILY, NAME

FOLDER = '/etc/listening-ports'
FILE = FOLDER + '/filter.nft'
STAGED = FILE + '.new'
_TESTED = RUN + '/self-test'

UNIT_NAME = 'listening-ports.service'
UNIT = '/etc/systemd/system/' + UNIT_NAME
_ENABLED = '/etc/systemd/system/sysinit.target.wants/' + UNIT_NAME
_BESIDE = '/etc/systemd/system/nftables.service.d'
DROP_IN = _BESIDE + '/50-listening-ports.conf'

_HEADER = re.compile(r'# listening\.ports ([0-9a-f]{8})\n# ([0-9a-f]{64})\n')
# what others load at boot, and where our table would be if somebody wrote down all rules
_OF_OTHERS = ('/etc/nftables.conf', '/etc/sysconfig/nftables.conf', '/etc/nftables/*.nft', '/etc/nftables.d/*.nft')
_OUR_TABLE = re.compile(r'^[^#\n]*\btable %s %s\b' % (FAMILY, NAME), re.MULTILINE)

# the trial that it was kept by, the digest of the listing, and what nft loads
Stored = namedtuple('Stored', 'token digest body')

# DefaultDependencies=no, as it comes before the network does; nothing stops it at a shutdown, up to the very end
_UNIT_TEXT = """\
# Written by Ansible, with port_filter of listening.ports.
[Unit]
Description=Filter of listening ports
Documentation=file://{file}
DefaultDependencies=no
Wants=network-pre.target
Before=network-pre.target
After=nftables.service
ConditionPathExists={file}

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={nft} -f {file}
ExecReload={nft} -f {file}
ExecStop=-{nft} delete table inet listening_ports

[Install]
WantedBy=sysinit.target
"""
# nftables.service removes all tables when it starts, reloads and stops; in the same job ours is put back
_DROP_IN_TEXT = """\
# Written by Ansible, with port_filter of listening.ports.
[Service]
ExecStartPost=-/bin/sh -c '{again}'
ExecReload=-/bin/sh -c '{again}'
ExecStopPost=-/bin/sh -c '{again}'
"""
_AGAIN = 'if systemctl --quiet is-active {unit}; then {nft} -f {file}; fi'


def digest(listing):
    """str: what tells a listing of the table apart from any other."""
    return hashlib.sha256(listing.encode('utf-8', 'surrogateescape')).hexdigest()


class Files(Notes):
    """All files of the filter on a host."""

    # what a boot loads

    def kept(self):
        """Stored, what a boot loads; None where there is no such file, or none that was written here."""
        return self._stored(FILE)

    def staged(self):
        """Stored, what is to be kept next; None where there is none."""
        return self._stored(STAGED)

    def has_kept(self):
        """bool: there is a file that a boot loads, whoever wrote it."""
        return os.path.lexists(self._path(FILE))

    def _stored(self, path):
        text = self._read(path)
        header = _HEADER.match(text or '')
        return Stored(header.group(1), header.group(2), text[header.end():]) if header else None

    def stage(self, stored):
        """Write what is to be kept, down to the disk, and not where a boot looks. Raises OSError."""
        self._make(FOLDER)
        self._write(STAGED, '# listening.ports %s\n# %s\n%s' % stored)

    def commit(self):
        """Make what was staged that which a boot loads. Raises OSError."""
        os.rename(self._path(STAGED), self._path(FILE))
        self._sync(FOLDER)

    def unstage(self):
        """Forget what was staged."""
        self._remove(STAGED)

    # systemd

    def units(self, nft):
        """Tell which files systemd needs: dict, path to text.

        :param nft: str, the path of the program.
        """
        names = {'nft': nft, 'file': FILE, 'unit': UNIT_NAME}
        return {UNIT: _UNIT_TEXT.format(**names), DROP_IN: _DROP_IN_TEXT.format(again=_AGAIN.format(**names))}

    def lacks(self, nft):
        """list of str: which of these files are not as they have to be; the link of the unit that is enabled, too."""
        lacking = [path for path, text in sorted(self.units(nft).items()) if self._read(path) != text]
        return lacking + [path for path in (_ENABLED,) if not os.path.islink(self._path(path))]

    def write_units(self, nft):
        """Write the files that systemd needs. Raises OSError."""
        self._make(_BESIDE, 0o755)
        for path, text in self.units(nft).items():
            if self._read(path) != text:
                self._write(path, text, 0o644)

    def has_units(self):
        """bool: one of the files for systemd is there."""
        return any(os.path.lexists(self._path(path)) for path in (UNIT, DROP_IN, _ENABLED))

    def remove_units(self):
        """Remove the files for systemd. Raises OSError."""
        for path in (_ENABLED, UNIT, DROP_IN):
            self._remove(path)
        self._remove_folder(_BESIDE)

    def remove(self):
        """Remove what a boot would load, and what was staged. Raises OSError."""
        for path in (FILE, STAGED, STAGED + '.tmp'):
            self._remove(path)
        self._remove_folder(FOLDER)

    def is_there(self):
        """bool: anything of the filter is written down."""
        return self.has_units() or any(os.path.lexists(self._path(path)) for path in (FILE, STAGED))

    # what has been tried since the boot

    def tested(self):
        """str: the nft with which a trial has ended by itself on this kernel, since it was booted; None for none."""
        return self._read(_TESTED)

    def note_tested(self, version):
        """Write down that a trial has ended by itself. Raises OSError."""
        self._make(RUN)
        self._write(_TESTED, version)

    def warnings(self):
        """list of str: sentences on files of others that have a copy of our table, which a boot or a reload loads."""
        return ['%s has a copy of the table %s %s. Take it out of there: whatever loads that file loads the rules of '
                'then' % (name, FAMILY, NAME) for name in self.copies()]

    def copies(self):
        """list of str: files of others that have a copy of our table, which a boot or a reload would load."""
        names = [name for pattern in _OF_OTHERS for name in sorted(glob.glob(self._path(pattern)))]
        return [name[len(self._root):] for name in names
                if _OUR_TABLE.search(self._read(name[len(self._root):]) or '')]
