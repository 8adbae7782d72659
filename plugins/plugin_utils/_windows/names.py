# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of Windows: which of them are equal, and who is meant by the number of an account.

Windows shows the names of well-known accounts in its own language, so these are written here, in English.
"""

from __future__ import annotations

import functools
import hashlib
import struct
from collections.abc import Iterable, Mapping

from .model import SYSTEM

SYSTEM_PID = 4                          # of the kernel, and of all drivers
SYSTEM_SID = 'S-1-5-18'
_SERVICE = 'S-1-5-80-'
_ALL_SERVICES = 'S-1-5-80-0'
_PACKAGE = 'S-1-15-2-'
_LONG_PATH = '\\\\?\\'                  # before paths that may be longer than 260 characters
_UNC = 'unc\\'                          # after it: a share

# [MS-DTYP] 2.4.2.4
_WELL_KNOWN = {
    'S-1-0-0': 'NULL SID',
    'S-1-1-0': 'Everyone',
    'S-1-2-0': 'LOCAL',
    'S-1-2-1': 'CONSOLE LOGON',
    'S-1-5-1': 'NT AUTHORITY\\DIALUP',
    'S-1-5-2': 'NT AUTHORITY\\NETWORK',
    'S-1-5-3': 'NT AUTHORITY\\BATCH',
    'S-1-5-4': 'NT AUTHORITY\\INTERACTIVE',
    'S-1-5-6': 'NT AUTHORITY\\SERVICE',
    'S-1-5-7': 'NT AUTHORITY\\ANONYMOUS LOGON',
    'S-1-5-9': 'NT AUTHORITY\\ENTERPRISE DOMAIN CONTROLLERS',
    'S-1-5-11': 'NT AUTHORITY\\Authenticated Users',
    'S-1-5-13': 'NT AUTHORITY\\TERMINAL SERVER USER',
    'S-1-5-14': 'NT AUTHORITY\\REMOTE INTERACTIVE LOGON',
    'S-1-5-17': 'NT AUTHORITY\\IUSR',
    'S-1-5-18': 'NT AUTHORITY\\SYSTEM',
    'S-1-5-19': 'NT AUTHORITY\\LOCAL SERVICE',
    'S-1-5-20': 'NT AUTHORITY\\NETWORK SERVICE',
    'S-1-5-32-544': 'BUILTIN\\Administrators',
    'S-1-5-32-545': 'BUILTIN\\Users',
    'S-1-5-32-546': 'BUILTIN\\Guests',
    'S-1-5-32-547': 'BUILTIN\\Power Users',
    'S-1-5-32-551': 'BUILTIN\\Backup Operators',
    'S-1-5-32-555': 'BUILTIN\\Remote Desktop Users',
    'S-1-5-32-556': 'BUILTIN\\Network Configuration Operators',
    'S-1-5-32-568': 'BUILTIN\\IIS_IUSRS',
    'S-1-5-32-580': 'BUILTIN\\Remote Management Users',
    'S-1-5-80-0': 'NT SERVICE\\ALL SERVICES',
    'S-1-5-83-0': 'NT VIRTUAL MACHINE\\Virtual Machines',
    'S-1-15-2-1': 'APPLICATION PACKAGE AUTHORITY\\ALL APPLICATION PACKAGES',
    'S-1-15-2-2': 'APPLICATION PACKAGE AUTHORITY\\ALL RESTRICTED APPLICATION PACKAGES',
    # capabilities, [MS-DTYP] 2.4.2.4 and the header winnt.h
    'S-1-15-3-1': 'APPLICATION PACKAGE AUTHORITY\\internetClient',
    'S-1-15-3-2': 'APPLICATION PACKAGE AUTHORITY\\internetClientServer',
    'S-1-15-3-3': 'APPLICATION PACKAGE AUTHORITY\\privateNetworkClientServer',
    'S-1-15-3-8': 'APPLICATION PACKAGE AUTHORITY\\enterpriseAuthentication',
}
# Authorities whose accounts Windows names by a number, or by what somebody chose: only the first half is translated
_AUTHORITIES = {
    'S-1-5-80-': 'NT SERVICE',
    'S-1-5-82-': 'IIS APPPOOL',
    'S-1-5-83-': 'NT VIRTUAL MACHINE',
    'S-1-5-90-': 'Window Manager',
    'S-1-5-96-': 'Font Driver Host',
}


class _Folded(dict[int, str]):
    """For ``str.translate``: one character for one, as Windows compares names.

    No other character becomes one of ASCII: neither the dotless i nor the Kelvin sign is a letter of a file of Windows.
    """

    def __missing__(self, code: int) -> str:
        char = chr(code)
        for change in (str.upper, str.lower):
            changed = change(char)
            if len(changed) == 1 and changed.isascii() == char.isascii():
                char = changed
        self[code] = char
        return char


_FOLDED = _Folded()


def fold(text: str) -> str:
    """Write a name so that those are equal that Windows takes for one: names of files, services and environment."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def fold_path(path: str) -> str:
    """Write a path as ``fold`` does, without the prefix of long paths, and with one kind of slash."""
    folded = fold(path).replace('/', '\\')
    if not folded.startswith(_LONG_PATH):
        return folded
    rest = folded[len(_LONG_PATH):]
    return '\\\\' + rest[len(_UNC):] if rest.startswith(_UNC) else rest


def base(path: str) -> str:
    """Return the name of a file without its folders; ``/`` is a slash too."""
    return path.replace('/', '\\').rpartition('\\')[2]


def program(pid: int, path: str | None) -> str | None:
    """Return what rules of the firewall compare with the program that they name.

    :param path: of its executable, None where it is not known.
    :returns: the folded path, or SYSTEM; None where it is not known.
    """
    return SYSTEM if pid == SYSTEM_PID else fold_path(path) if path else None


def _sid(prefix: str, digest: bytes, parts: int) -> str:
    return prefix + '-'.join(map(str, struct.unpack_from('<%dI' % parts, digest)))


@functools.lru_cache(maxsize=4096)
def service_sid(name: str) -> str:
    """Return the SID of a service: of the SHA-1 of its name in upper case, [MS-DTYP] 2.4.2.4."""
    folded = ''.join(char.upper() if len(char.upper()) == 1 else char for char in name)
    return _sid(_SERVICE, hashlib.sha1(folded.encode('utf-16-le', 'surrogatepass')).digest(), 5)


@functools.lru_cache(maxsize=4096)
def package_sid(name: str) -> str:
    """Return the SID of an AppContainer: of the SHA-256 of its name in lower case, such as that of a package family.

    Documented at DeriveAppContainerSidFromAppContainerName; the algorithm is that of several free programs.
    """
    return _sid(_PACKAGE, hashlib.sha256(name.lower().encode('utf-16-le', 'surrogatepass')).digest(), 7)


def is_package(sid: str) -> bool:
    """Whether a SID is that of one AppContainer, not of all of them."""
    return sid.startswith(_PACKAGE) and sid.count('-') >= 10        # a part of an application has more


class Accounts:
    """The names of accounts by their SIDs.

    :param known: SID to the name that Windows shows, in its language; None where it could not be asked.
    :param services: the names of all services; None where they are not known.
    """

    def __init__(self, known: Mapping[str, str] | None, services: Iterable[str] | None) -> None:
        self._known = {} if known is None else known
        self._services = services
        self._names: dict[str, str | None] = {}
        self._of_services: dict[str, str] | None = None

    def name(self, sid: str) -> str | None:
        """Return the name of an account, such as ``NT AUTHORITY\\SYSTEM``; None where nobody knows it."""
        try:
            return self._names[sid]
        except KeyError:
            found = self._names[sid] = self._find(sid)
            return found

    def _find(self, sid: str) -> str | None:
        known = _WELL_KNOWN.get(sid)
        if known is not None:
            return known
        looked_up = self._known.get(sid) or None
        for prefix, authority in _AUTHORITIES.items():
            if sid.startswith(prefix):
                name = self._service(sid) if prefix == _SERVICE else None
                name = name or (looked_up and base(looked_up))
                return '%s\\%s' % (authority, name) if name else None
        return looked_up

    def _service(self, sid: str) -> str | None:
        """Return the name of the service that has this SID."""
        if self._of_services is None:
            self._of_services = {service_sid(name): name for name in self._services or ()}
        return self._of_services.get(sid)
