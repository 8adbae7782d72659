# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a service of Windows ended, or did not start: what its exit code means.

Windows has texts for these numbers in the language of the host. These are ours: one language, and no text of a host.
"""

from __future__ import annotations

NEVER_STARTED = 1077            # ERROR_SERVICE_NEVER_STARTED
SPECIFIC = 1066                 # ERROR_SERVICE_SPECIFIC_ERROR: dwServiceSpecificExitCode has the reason
SET_ASIDE = 10013               # WSAEACCES

# Sources: Win32 codes, [MS-ERREF] 2.2; of sockets, "Windows Sockets Error Codes", learn.microsoft.com; NTSTATUS,
# [MS-ERREF] 2.3.1; of .NET, CoreCLR's corexcep.h. Each is the rest of a sentence about a service.
WORDS = {
    2: 'a file was not found',
    3: 'a directory was not found',
    5: 'access was denied',
    8: 'there was not enough memory',
    14: 'there was not enough memory',
    32: 'a file was in use',
    87: 'a parameter was wrong',
    112: 'the disk was full',
    126: 'a DLL was not found',
    127: 'a function of a DLL was not found',
    193: 'its file is not a program for this Windows',
    216: 'its file is not a program for this Windows',
    995: 'an operation was aborted',
    1051: 'a service that runs needs it',
    1052: 'it does not take this request',
    1053: 'it did not answer in time when it was started',
    1054: 'a thread could not be created for it',
    1056: 'it was already running',
    1057: 'its account does not exist',
    1058: 'it is disabled, or has no device',
    1059: 'it depends on itself',
    1060: 'a service that it needs is not installed',
    1061: 'it takes no requests now',
    1062: 'it was not running',
    1063: 'it was started as a program, and not as a service',
    1064: 'it failed while it handled a request',
    1067: 'its process ended unexpectedly',
    1068: 'a service that it needs did not start',
    1069: 'it could not log on with its account',
    1070: 'it hung while it started',
    1072: 'it is marked for deletion',
    1075: 'a service that it needs is not installed',
    1077: 'nobody has started it since the last boot',
    1079: 'its account is not that of the other services in its process',
    1083: 'its program does not contain this service',
    1115: 'the host was shutting down',
    1290: 'its type of SID does not fit the other services in its process',
    1297: 'its account lacks a privilege',
    1314: 'its account lacks a privilege',
    1326: 'the password of its account is wrong',
    1330: 'the password of its account has expired',
    1331: 'its account is disabled',
    1385: 'its account may not log on as a service',
    1392: 'a file is damaged',
    1450: 'there were not enough system resources',
    1455: 'the paging file is too small',
    1460: 'it took too long',
    1909: 'its account is locked',
    10013: 'Windows denied access to the port, which is set aside or held exclusively',
    10022: 'an argument of a socket was wrong',
    10024: 'too many sockets were open',
    10047: 'the address family is not available',
    10048: 'the address is already in use',
    10049: 'the host does not have the address',
    10050: 'the network was down',
    10055: 'there was no buffer space or port left for a socket',
    10060: 'a connection took too long',
    10061: 'a connection was refused',
    11001: 'a host name is not known',
    0xC0000005: 'it crashed: access violation',
    0xC000001D: 'it crashed: illegal instruction',
    0xC00000FD: 'it crashed: stack overflow',
    0xC0000135: 'a DLL was not found',
    0xC0000139: 'a function of a DLL was not found',
    0xC000013A: 'it was ended from the console',
    0xC0000142: 'a DLL could not be initialized',
    0xC0000374: 'it crashed: damaged heap',
    0xC0000409: 'it crashed: damaged stack or fatal check',
    0xE0434352: 'it crashed: unhandled .NET exception',
}
_OF_SOCKETS = range(10000, 11100)
_FACILITY_WIN32 = 0x8007        # an HRESULT that wraps a Win32 code, [MS-ERREF] 2.1.2


def words(code: int) -> str | None:
    """Say what an exit code of a service means, as the rest of a sentence; None where only the number is known.

    :param code: 0 to 2 ** 32 - 1, dwWin32ExitCode, or dwServiceSpecificExitCode where that is SPECIFIC.
    """
    return WORDS.get(code & 0xFFFF if code >> 16 == _FACILITY_WIN32 else code)


def number(code: int) -> str:
    """Show an exit code as Windows does: 10048, and what does not fit in 16 bits as 0xC0000005."""
    return '%d' % code if code < 1 << 16 else '0x%08X' % code


def with_words(code: int, is_own: bool = False, form: str = '%s (%s)') -> str:
    """Show an error and what it means: ``10048 (the address is already in use)``.

    :param is_own: whether a service has chosen the number: only of sockets it then is surely one of Windows.
    :param form: for the number and the words.
    """
    meaning = words(code) if not is_own or code in _OF_SOCKETS else None
    return form % (number(code), meaning) if meaning else number(code)
