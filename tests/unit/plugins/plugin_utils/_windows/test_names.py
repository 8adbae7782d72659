# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of Windows: which are equal, and the accounts behind SIDs."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import names

EDGE = 'S-1-15-2-3624051433-2125758914-1423191267-1740899205-1073925389-3782572162-737981194'
TRUSTED_INSTALLER = 'S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464'
BOB = 'S-1-5-21-1-2-3-1001'


@pytest.mark.parametrize('one, other', [
    ('W3SVC', 'w3svc'), ('Über.exe', 'üBER.EXE'), ('ΣΊΓΜΑ', 'σίγμα'), ('σας', 'ΣΑΣ'), ('Привет', 'ПРИВЕТ')])
def test_equal_names(one, other):
    assert names.fold(one) == names.fold(other)


@pytest.mark.parametrize('one, other', [
    ('iis', 'ııs'), ('iis', 'İİS'), ('kms', '\u212Ams'), ('strasse', 'straße'), ('sshd', '\u017Fshd')])
def test_names_that_python_takes_for_equal_and_windows_does_not(one, other):
    assert names.fold(one) != names.fold(other)


def test_one_character_becomes_one():
    everything = ''.join(map(chr, range(0x3000)))
    assert len(names.fold(everything)) == len(everything)
    assert names.fold(names.fold(everything)) == names.fold(everything)


@pytest.mark.parametrize('path, folded', [
    ('C:\\Windows\\System32\\SVCHOST.exe', 'c:\\windows\\system32\\svchost.exe'),
    ('C:/Program Files/x.exe', 'c:\\program files\\x.exe'),
    ('\\\\?\\C:\\x.exe', 'c:\\x.exe'),
    ('\\\\?\\UNC\\server\\share\\x.exe', '\\\\server\\share\\x.exe'),
    ('\\\\server\\share\\x.exe', '\\\\server\\share\\x.exe'),
])
def test_paths(path, folded):
    assert names.fold_path(path) == folded


@pytest.mark.parametrize('path, name', [
    ('C:\\a\\b.exe', 'b.exe'), ('b.exe', 'b.exe'), ('C:/a/b.exe', 'b.exe'), ('C:\\a\\', '')])
def test_the_name_of_a_file(path, name):
    assert names.base(path) == name


def test_programs():
    assert names.program(4, None) == names.program(4, 'C:\\x.exe') == 'system'
    assert names.program(8, 'C:\\X.exe') == 'c:\\x.exe'
    assert names.program(8, None) is None
    assert names.program(8, '') is None


def test_sids_of_services():
    """Known from the access lists of every Windows; the case of the name does not matter."""
    assert names.service_sid('TrustedInstaller') == names.service_sid('trustedinstaller') == TRUSTED_INSTALLER


def test_sids_of_packages():
    assert names.package_sid('Microsoft.MicrosoftEdge_8wekyb3d8bbwe') == EDGE
    assert names.package_sid('microsoft.microsoftedge_8WEKYB3D8BBWE') == EDGE
    assert names.is_package(EDGE)
    assert not any(map(names.is_package, ('S-1-15-2-1', 'S-1-5-18', '', EDGE.replace('15-2', '15-3'))))


@pytest.mark.parametrize('sid, name', [
    ('S-1-5-18', 'NT AUTHORITY\\SYSTEM'),
    ('S-1-5-19', 'NT AUTHORITY\\LOCAL SERVICE'),
    ('S-1-5-20', 'NT AUTHORITY\\NETWORK SERVICE'),
    ('S-1-5-32-544', 'BUILTIN\\Administrators'),
    (BOB, 'FIRMA\\bob'),
    (TRUSTED_INSTALLER, 'NT SERVICE\\TrustedInstaller'),
    (names.service_sid('MSSQL$EINS'), 'NT SERVICE\\MSSQL$EINS'),
    ('S-1-5-82-1-2', 'IIS APPPOOL\\Laden'),
    ('S-1-5-90-0-1', 'Window Manager\\DWM-1'),
])
def test_accounts_have_the_same_name_in_every_language(sid, name):
    """What LookupAccountSid says in German is not what the facts say, where the account is one of Windows."""
    accounts = names.Accounts({
        'S-1-5-18': 'NT-AUTORITÄT\\SYSTEM', 'S-1-5-19': 'NT-AUTORITÄT\\Lokaler Dienst', BOB: 'FIRMA\\bob',
        'S-1-5-32-544': 'VORDEFINIERT\\Administratoren', TRUSTED_INSTALLER: 'NT-DIENST\\TrustedInstaller',
        'S-1-5-82-1-2': 'IIS-ANWENDUNGSPOOL\\Laden', 'S-1-5-90-0-1': 'Fenster-Manager\\DWM-1',
    }, ['MSSQL$EINS'])
    assert accounts.name(sid) == accounts.name(sid) == name


@pytest.mark.parametrize('known', [None, {}, {BOB: ''}])
def test_accounts_that_nobody_knows(known):
    accounts = names.Accounts(known, None)
    assert accounts.name(BOB) is None
    assert accounts.name(TRUSTED_INSTALLER) is None
    assert accounts.name('S-1-5-18') == 'NT AUTHORITY\\SYSTEM'
