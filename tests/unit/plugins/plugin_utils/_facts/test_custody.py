# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who else could change a file, or put another one in its place."""

import grp
import os
import pwd
import stat

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import custody

ME, STRANGER, GROUP, OTHERS = 1000, 2000, 1000, 500
NAMES = {0: 'root', ME: 'me', STRANGER: 'mallory'}


def user(uid, gid):
    return pwd.struct_passwd((NAMES[uid], 'x', uid, gid, '', '/', '/bin/sh'))


@pytest.fixture(autouse=True)
def users(monkeypatch):
    """A machine with me, somebody else, a group of mine alone, and one of both."""
    known = [user(0, 0), user(ME, GROUP), user(STRANGER, STRANGER)]
    members = {GROUP: ('me', []), OTHERS: ('devs', ['me', 'mallory']), STRANGER: ('mallory', []), 7: ('mine', ['me'])}

    def by_name(name):
        return next(entry for entry in known if entry.pw_name == name)

    def by_uid(uid):
        return next((entry for entry in known if entry.pw_uid == uid), None) or {}[uid]

    monkeypatch.setattr(os, 'geteuid', lambda: ME)
    monkeypatch.delenv('SUDO_UID', raising=False)
    monkeypatch.setattr(pwd, 'getpwall', lambda: known)
    monkeypatch.setattr(pwd, 'getpwnam', by_name)
    monkeypatch.setattr(pwd, 'getpwuid', by_uid)
    monkeypatch.setattr(grp, 'getgrgid', lambda gid: grp.struct_group((members[gid][0], 'x', gid, members[gid][1])))


def status(mode, uid=ME, gid=GROUP, kind=stat.S_IFDIR):
    return os.stat_result((kind | mode, 1, 1, 1, uid, gid, 0, 0, 0, 0))


@pytest.mark.parametrize('mode, uid, gid', [
    (0o700, ME, GROUP), (0o755, 0, 0), (0o755, ME, OTHERS), (0o775, ME, GROUP), (0o775, ME, 7), (0o1777, 0, 0),
    (0o1777, ME, GROUP), (0o3775, ME, OTHERS),
])
def test_what_is_in_good_hands(mode, uid, gid):
    assert custody.fault('/nowhere', status(mode, uid, gid)) is None


@pytest.mark.parametrize('mode, uid, gid, reason', [
    (0o700, STRANGER, STRANGER, 'it belongs to mallory (uid 2000)'),
    (0o700, 4242, GROUP, 'it belongs to uid 4242'),
    (0o1777, STRANGER, GROUP, 'it belongs to mallory (uid 2000)'),
    (0o777, ME, GROUP, 'everybody may write to it'),
    (0o702, 0, GROUP, 'everybody may write to it'),
    (0o770, ME, OTHERS, 'its group, devs, may write to it'),
    (0o775, ME, STRANGER, 'its group, mallory, may write to it'),      # it is the only group of somebody else
    (0o775, ME, 4242, 'its group, gid 4242, may write to it'),
])
def test_what_others_could_change(mode, uid, gid, reason):
    assert custody.fault('/nowhere', status(mode, uid, gid)) == reason


def test_a_sticky_bit_protects_no_file():
    assert custody.fault('/nowhere', status(0o1666, kind=stat.S_IFREG)) == 'everybody may write to it'


def test_with_an_access_control_list_a_group_is_more_than_its_members(monkeypatch):
    monkeypatch.setattr(os, 'getxattr', lambda place, name: b'x', raising=False)
    assert custody.fault('/nowhere', status(0o770)) == 'its group, me, may write to it'
    assert custody.fault('/nowhere', status(0o750)) is None


def test_root_trusts_who_called_sudo(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    assert custody.fault('/nowhere', status(0o755)) == 'it belongs to me (uid 1000)'
    monkeypatch.setenv('SUDO_UID', '1000')
    assert custody.fault('/nowhere', status(0o755)) is None
    assert custody.fault('/nowhere', status(0o755, STRANGER)) == 'it belongs to mallory (uid 2000)'
    monkeypatch.setenv('SUDO_UID', 'x')
    assert custody.fault('/nowhere', status(0o755)) == 'it belongs to me (uid 1000)'
    monkeypatch.setattr(os, 'geteuid', lambda: ME)     # it is not root that says so
    monkeypatch.setenv('SUDO_UID', '2000')
    assert custody.fault('/nowhere', status(0o755, STRANGER)) == 'it belongs to mallory (uid 2000)'


def test_what_is_above_counts(monkeypatch, tmp_path):
    modes = {'/': status(0o755, 0, 0), '/srv': status(0o755, 0, 0), '/srv/ours': status(0o775, ME, OTHERS)}
    monkeypatch.setattr(os, 'stat', lambda path: modes[path] if path in modes else os.lstat(path))
    assert custody.fault_above('/srv/records') is None
    assert custody.fault_above('/srv/ours/a/records') == '/srv/ours: its group, devs, may write to it'
