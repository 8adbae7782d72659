# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the inode of a socket to the processes that own it, according to proc(5)."""

import os
import pwd
import threading
import time

MAX_OWNERS = 64                 # of one listener; all are counted
# without one of these, a control group belongs to no unit and no container that is known
_MARKS = '.s', '.m', 'docker', 'lxc', 'pod', 'containerd', 'crio'
# characters of a control group that is more than a plain service
_UNUSUAL = frozenset('/\\\n_@')
MANY = 5000                     # file descriptors; beyond, two threads are faster: readlink(2) runs without the GIL
_CLOCK_BOOTTIME = 7             # time.CLOCK_BOOTTIME, from Python 3.7 on
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Walk:
    """The outcome of inspecting every process.

    :ivar owners: dict, inode to the list of pids (int) that own it, ascending.
    :ivar refused: set of int, processes that may not be inspected.
    :ivar exhausted: bool, the budget of file descriptors was reached.
    :ivar hidden: bool, the processes of other users are kept out of sight (hidepid).
    :ivar error: str or None, why /proc could not be read at all.
    """

    def __init__(self):
        self.owners, self.refused, self.seen, self.lock = {}, set(), 0, threading.Lock()
        self.exhausted, self.hidden, self.error = False, False, None

    @property
    def whole(self):
        """bool: no process can have escaped."""
        return not (self.refused or self.exhausted or self.hidden or self.error)


def walk(inodes, budget, proc='/proc', tables=None, many=MANY):
    """Find the owners of sockets among the file descriptors of all processes.

    :param inodes: iterable of int.
    :param budget: int, file descriptors to inspect at most.
    :param tables: callable, from the root of proc(5) and a pid to the paths of its tables, where it has several.
    :param many: int, file descriptors, beyond which a second thread is used.
    :returns: Walk.
    """
    result = Walk()
    wanted = {b'socket:[%d]' % inode: [] for inode in inodes}
    try:
        everyone = [name for name in os.listdir(proc) if name.isdigit()]
    except OSError as exc:
        result.error = exc.strerror
        return result
    if not os.path.islink(proc + '/self') or os.readlink(proc + '/self') != str(os.getpid()):
        result.error = 'it is not mounted, or shows another PID namespace'
        return result                           # its processes are not those of the sockets
    result.hidden = not os.path.exists(proc + '/1/stat')

    def search(pids):
        for pid in pids:
            for table in tables(proc, pid) if tables else ('%s/%s/fd' % (proc, pid),):
                _look_into(table, wanted, int(pid), budget, result)
            if result.exhausted or (pids is rest and result.seen > many):
                return

    rest = iter(everyone)
    search(rest)
    if result.seen > many and not result.exhausted:
        from concurrent.futures import ThreadPoolExecutor
        others = list(rest)
        try:
            with ThreadPoolExecutor(2) as pool:
                list(pool.map(search, (others[::2], others[1::2])))
        except RuntimeError:                    # no more threads for this user
            search(others)
    result.owners = {int(name[8:-1]): sorted(set(pids)) for name, pids in wanted.items() if pids}
    return result


def _look_into(table, wanted, pid, budget, result):
    """Note pid in wanted for each socket in a table of file descriptors."""
    readlink = os.readlink
    try:
        directory = os.open(table, _DIRECTORY)
        try:
            names = os.listdir(table.encode())          # bytes, which are cheaper than text
            with result.lock:
                left = budget - result.seen
                result.seen += len(names)
            if len(names) > left:
                result.exhausted = True
                names = names[:max(left, 0)]
            for name in names:
                try:
                    pids = wanted.get(readlink(name, dir_fd=directory))
                except FileNotFoundError:       # closed since it was listed
                    continue
                if pids is not None:
                    pids.append(pid)
        finally:
            os.close(directory)
    except (FileNotFoundError, ProcessLookupError):
        pass                                    # the process has ended
    except OSError:
        with result.lock:
            result.refused.add(pid)


def _text(raw):
    """Decode to strict UTF-8, whatever a process calls itself: other bytes become ``\\xNN``."""
    return raw.decode('utf-8', 'backslashreplace')


def _read(path):
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(handle, 65536)           # the kernel gives these files whole
    finally:
        os.close(handle)


def _spaces(base):
    """list: what the mount namespace and the user namespace of a process are called, None where there is none."""
    names = []
    for kind in ('mnt', 'user'):
        try:
            names.append(os.readlink('%s/ns/%s' % (base, kind)))
        except OSError:
            names.append(None)
    return names


def _unit(text):
    """Find the unit and the container, each str or None, in ``/proc/<pid>/cgroup``."""
    name = text[17:-1]
    if text.startswith('0::/system.slice/') and name.endswith('.service') and not _UNUSUAL.intersection(name):
        return name, None           # the usual case; all others need more code
    if not any(mark in text for mark in _MARKS) and max(len(part) for part in text.split('/')) < 64:
        return None, None           # neither a unit nor a container can be in it
    from .._systemd import cgroups
    return cgroups.describe(text)


class Processes:
    """Reads what is known of processes, each once.

    :param boot: int, seconds, when the system was booted, if the clock of this process is not to tell.
    :ivar unreadable: int, processes of which some part could not be read although they are alive.
    """

    def __init__(self, proc='/proc', details=None, boot=None):
        self._proc, self._home, self._executables = proc, _spaces(proc + '/self'), None
        self._details = details
        self._known = {}
        self._users = {}
        self._boot = boot
        self._ticks = os.sysconf('SC_CLK_TCK')
        self.unreadable = 0

    def get(self, pid):
        """dict: an entry of a listener's ``owners``; None where the process has ended."""
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
        if rest[0] in (b'Z', b'X') and int(rest[17]) < 2:        # else only the first of its threads has ended
            return None
        try:
            unit, container = _unit(_text(_read(base + '/cgroup')))
        except OSError as exc:
            unit = container = None
            self.unreadable += isinstance(exc, PermissionError)
        owner = dict({'pid': pid, 'process': _text(name)}, **self.executable(base))
        owner.update({
            'user': self._user(uid), 'uid': uid,
            'started': self._time(int(rest[19])), 'unit': unit, 'main': None, 'container': container,
        })
        if self._details:
            owner.update(self._details(base, rest))
        return owner

    def executable(self, base):
        """Read the executable of a process, without a look at the file itself: its file system may hang.

        :param base: str, such as ``/proc/1``.
        :returns: dict, the part of an entry of ``owners`` about it.
        """
        try:
            path = os.readlink((base + '/exe').encode())
            spaces = _spaces(base)
            if spaces == self._home and not path.endswith(b' (deleted)'):
                return {'exe': _text(path), 'exe_deleted': False}
        except OSError as exc:
            self.unreadable += isinstance(exc, PermissionError)
            return {'exe': None, 'exe_deleted': None}
        if not self._executables:
            from .executables import Executables
            self._executables = Executables(self._proc, self._home)
        return self._executables.describe(base, path, spaces)

    def _user(self, uid):
        if uid not in self._users:
            try:
                self._users[uid] = _text(os.fsencode(pwd.getpwuid(uid).pw_name))
            except KeyError:
                self._users[uid] = str(uid)
        return self._users[uid]

    def _time(self, ticks):
        """str: when a process was started, by the clock that counts its ticks; None where the kernel has none such."""
        if self._boot is None:
            try:
                # not by /proc/stat: lxcfs, which may be dead, or nothing at all is in its place
                self._boot = int(time.time() - time.clock_gettime(_CLOCK_BOOTTIME))
            except OSError:
                return None
        return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(self._boot + ticks // self._ticks))
