# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the inode of a socket to the processes that hold it, by proc(5). Private to this collection, may change."""

import os
import pwd
import re
import time

MAX_OWNERS = 64                 # of one listener; all are counted
# the usual case of a control group; the others need more code
_SERVICE = re.compile(r'^0::/system\.slice/([^/\\]+\.service)$', re.MULTILINE)
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Walk:
    """The outcome of looking into every process.

    :ivar holders: dict, inode to the list of pids (int) that hold it, ascending.
    :ivar refused: int, processes that may not be looked into.
    :ivar exhausted: bool, the budget of file descriptors was reached.
    :ivar hidden: bool, the processes of other users are kept out of sight (hidepid).
    :ivar error: str or None, why /proc could not be read at all.
    """

    def __init__(self):
        self.holders = {}
        self.refused = 0
        self.exhausted = self.hidden = False
        self.error = None

    @property
    def whole(self):
        """bool: no process can have escaped."""
        return not (self.refused or self.exhausted or self.hidden or self.error)


def pids(proc='/proc'):
    """The pids (str) that /proc shows.

    :raises OSError: /proc cannot be read.
    """
    return [name for name in os.listdir(proc) if name.isdigit()]


def walk(inodes, budget, proc='/proc', threads=False):
    """Find the holders of sockets among the file descriptors of all processes.

    :param inodes: iterable of int.
    :param budget: int, file descriptors to look at, at the most.
    :param threads: bool, look into every thread: one may have file descriptors of its own (unshare(2), CLONE_FILES).
    :returns: L{Walk}.
    """
    result = Walk()
    wanted = {'socket:[%d]' % inode: [] for inode in inodes}
    try:
        everyone = pids(proc)
    except OSError as exc:
        result.error = exc.strerror
        return result
    if not os.path.exists('%s/%d/fd' % (proc, os.getpid())):
        result.error = 'it is not mounted, or shows another PID namespace'
    result.hidden = not os.path.exists(proc + '/1/stat')
    for pid in everyone:
        tables = ['%s/%s/fd' % (proc, pid)]
        if threads:
            try:
                tables = ['%s/%s/task/%s/fd' % (proc, pid, task) for task in os.listdir('%s/%s/task' % (proc, pid))]
            except OSError:
                pass
        for table in tables:
            seen = _look_into(table, wanted, int(pid), budget)
            if seen is None:
                result.refused += 1
                break
            budget -= seen
        if budget < 0:
            result.exhausted = True
            break
    result.holders = {int(name[8:-1]): sorted(set(found)) for name, found in wanted.items() if found}
    return result


def _look_into(table, wanted, pid, budget):
    """Note pid in wanted for each socket in a table of file descriptors; their number, or None where refused."""
    readlink = os.readlink
    try:
        directory = os.open(table, _DIRECTORY)
        try:
            names = os.listdir(directory)
            for name in names[:budget + 1]:
                try:
                    found = wanted.get(readlink(name, dir_fd=directory))
                except FileNotFoundError:       # closed since it was listed
                    continue
                if found is not None:
                    found.append(pid)
            return len(names)
        finally:
            os.close(directory)
    except (FileNotFoundError, ProcessLookupError):
        return 0                                # the process has ended
    except OSError:
        return None


def _text(raw):
    """str that is strict UTF-8, whatever a process calls itself: other bytes become ``\\xNN``."""
    return raw.decode('utf-8', 'backslashreplace')


def _read(path):
    with open(path, 'rb') as stream:
        return stream.read()


def _unit(text):
    """The unit and the container, each str or None, of ``/proc/<pid>/cgroup``."""
    match = _SERVICE.search(text)
    if match:
        name = match.group(1)
        return name[1:] if name.startswith('_') else name, None
    from ansible_collections.listening.ports.plugins.module_utils import _cgroups
    return _cgroups.unit_and_container(_cgroups.path(text))


class Processes:
    """Reads what is known of processes, each once.

    :ivar unreadable: int, processes of which some part could not be read although they are alive.
    """

    def __init__(self, proc='/proc', details=None):
        self._proc = proc
        self._details = details
        self._known = {}
        self._users = {}
        self._boot = None
        self._ticks = os.sysconf('SC_CLK_TCK')
        self.unreadable = 0

    def get(self, pid):
        """dict: one entry of a listener's ``owners``; None where the process has ended."""
        if pid not in self._known:
            self._known[pid] = self._load(pid)
        return self._known[pid]

    def _load(self, pid):
        base = '%s/%d' % (self._proc, pid)
        try:
            stat = _read(base + '/stat')
            # comm may hold blanks and parentheses: it ends at the last ')'
            name, rest = stat[stat.index(b'(') + 1:stat.rindex(b')')], stat[stat.rindex(b')') + 2:].split()
            status = _read(base + '/status')
            uid = int(status[status.index(b'\nUid:') + 5:].split(None, 2)[1])
        except (OSError, ValueError):
            return None
        if rest[0] in (b'Z', b'X') and rest[17] == b'1':        # else only the first of its threads has ended
            return None
        exe, deleted = self._exe(base)
        try:
            unit, container = _unit(_text(_read(base + '/cgroup')))
        except OSError as exc:
            unit = container = None
            self.unreadable += isinstance(exc, PermissionError)
        owner = {
            'pid': pid, 'process': _text(name), 'exe': exe, 'exe_deleted': deleted, 'user': self._user(uid), 'uid': uid,
            'started': self._time(int(rest[19])), 'unit': unit, 'main': None, 'container': container,
        }
        if self._details:
            owner.update(self._details(base, rest))
        return owner

    def _exe(self, base):
        try:
            path = os.readlink((base + '/exe').encode())
        except OSError as exc:
            self.unreadable += isinstance(exc, PermissionError)
            return None, None
        if not path.endswith(b' (deleted)'):
            return _text(path), False
        try:                                    # a file may really be called so
            named = os.stat((base + '/root').encode() + path)
            running = os.stat(base + '/exe')
            if (named.st_dev, named.st_ino) == (running.st_dev, running.st_ino):
                return _text(path), False
        except OSError:
            pass
        return _text(path[:-10]), True

    def _user(self, uid):
        if uid not in self._users:
            try:
                self._users[uid] = _text(os.fsencode(pwd.getpwuid(uid).pw_name))
            except KeyError:
                self._users[uid] = str(uid)
        return self._users[uid]

    def _time(self, ticks):
        if self._boot is None:
            stat = _read(self._proc + '/stat')
            self._boot = int(stat[stat.index(b'\nbtime ') + 7:].split(None, 1)[0])
        return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(self._boot + ticks // self._ticks))
