# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Circumstances to collect under; each runs in a process of its own, inside a habitat."""

import base64
import builtins
import importlib
import json
import os
import shutil
import subprocess
import sys
import threading
import zlib

from zoo import fuse, linux, network
from zoo.den import DEN, NOBODY

from ansible_collections.listening.ports.plugins import module_utils
from ansible_collections.listening.ports.plugins.module_utils._facts import collect
from ansible_collections.listening.ports.plugins.module_utils._sockets import namespaces
from ansible_collections.listening.ports.plugins.module_utils._wire import pack


def _load_everything():
    """Import what a collection imports in its functions: a chroot or another user may not get at the files."""
    root = os.path.dirname(module_utils.__file__ or list(module_utils.__path__)[0] + '/x')
    for directory, dummy, files in os.walk(root):
        package = os.path.relpath(directory, root).replace(os.sep, '.')
        for name in files:
            if name.endswith('.py') and name != '__init__.py':
                parts = [module_utils.__name__] + ([] if package == '.' else [package]) + [name[:-3]]
                importlib.import_module('.'.join(parts))
    for name in ('ctypes', 'fcntl', 'pwd', 'subprocess'):
        importlib.import_module(name)


_load_everything()
TOOLS = ('ss', 'netstat', 'ps', 'lsof', 'ip', 'systemctl', 'fuser', 'id', 'getent')


def as_nobody(**options):
    """As a user without privileges."""
    linux.become(NOBODY)
    return collect(**options)


def behind_hidepid(**options):
    """As such a user, where /proc hides the processes of others (proc(5), hidepid)."""
    linux.private_mounts()
    linux.mount('proc', '/proc', 'proc', data='hidepid=2')
    linux.become(NOBODY)
    return collect(**options)


def without_tools(**options):
    """With no program to be found, by PATH or by its usual path."""
    linux.private_mounts()
    for tool in TOOLS:
        path = shutil.which(tool)
        if path:
            linux.mount('/dev/null', os.path.realpath(path), flags=linux.MS_BIND)
    os.environ['PATH'] = '/nonexistent'
    return collect(**options)


def without_netlink(error, nobody=False, **options):
    """Where socket(AF_NETLINK) fails with an errno."""
    linux.refuse_netlink(error)
    if nobody:
        linux.become(NOBODY)
    return collect(**options)


def _unmount_proc():
    linux.private_mounts()
    while os.path.ismount('/proc'):                     # that of the machine is below our own
        linux.unmount('/proc')


def without_proc(**options):
    """Where /proc is not mounted."""
    _unmount_proc()
    return collect(**options)


def with_unreadable_proc(netlink=True, **options):
    """Where /proc may not be read by this user."""
    linux.private_mounts()
    linux.mount('tmpfs', '/proc', 'tmpfs', data='mode=0700')
    if not netlink:
        linux.refuse_netlink(1)
    linux.become(NOBODY)
    return collect(**options)


def without_both(**options):
    """With neither netlink nor /proc."""
    _unmount_proc()
    linux.refuse_netlink(1)
    return collect(**options)


def with_tables(tables, more=(), **options):
    """Without netlink, and with these files of /proc/net only.

    :param more: list of [table, line], what is to be read in them as well.
    """
    texts = {}
    for name in tables:
        with open('/proc/net/' + name, encoding='ascii') as stream:
            texts[name] = stream.read()
    for name, line in more:
        texts[name] += line + '\n'
    linux.private_mounts()
    own = '/proc/%d/net' % os.getpid()
    linux.mount('tmpfs', own, 'tmpfs')
    for name, text in texts.items():
        with open('%s/%s' % (own, name), 'w', encoding='ascii') as stream:
            stream.write(text)
    linux.refuse_netlink(1)
    return collect(**options)


def in_a_chroot(uid=0, **options):
    """In another root directory, with the /proc of the machine around it, as package builders make it."""
    linux.private_mounts()
    os.makedirs('/run/chroot/proc', exist_ok=True)
    linux.mount('/proc', '/run/chroot/proc', flags=linux.MS_BIND | linux.MS_REC)
    os.chroot('/run/chroot')
    os.chdir('/')
    if uid:
        linux.become(uid)
    return collect(**options)


def in_another_network(uid=0, **options):
    """In a network namespace that is not that of process 1."""
    linux.unshare(linux.CLONE_NEWNET)
    if uid:
        linux.become(uid)
    return collect(**options)


def in_another_pid_namespace(**options):
    """With a /proc that is of another PID namespace than this process."""
    reader, writer = os.pipe()
    linux.unshare(linux.CLONE_NEWPID)
    pid = os.fork()
    if not pid:
        try:
            with open(writer, 'w', encoding='ascii') as stream:
                json.dump(collect(**options), stream)
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, encoding='ascii') as stream:
        facts = json.load(stream)
    os.waitpid(pid, 0)
    return facts


def audited(**options):
    """What was opened and executed meanwhile, by the interpreter's own audit events (PEP 578)."""
    opened, executed = [], []

    def hook(event, arguments):
        if event == 'open':
            opened.append(str(arguments[0]))
        elif event in ('subprocess.Popen', 'os.exec', 'os.posix_spawn', 'os.system', 'os.fork'):
            executed.append([event, str(arguments[:2])])
    sys.addaudithook(hook)
    collect(**options)
    return {'opened': list(opened), 'executed': list(executed)}


def with_python(interpreter, paths, **options):
    """By another interpreter."""
    code = ('import json, sys; '
            'from ansible_collections.listening.ports.plugins.module_utils._facts import collect; '
            'json.dump(collect(**json.loads(sys.argv[1])), sys.stdout)')
    environment = {'PYTHONPATH': os.pathsep.join(paths), 'PYTHONDONTWRITEBYTECODE': '1'}
    output = subprocess.run([interpreter, '-c', code, json.dumps(options)], stdout=subprocess.PIPE, env=environment,
                            check=True).stdout
    return json.loads(output.decode('ascii'))


def leaks(times, **options):
    """File descriptors and threads that are left after many collections."""
    collect(**options)
    before = sorted(os.listdir('/proc/self/fd')), threading.active_count()
    for dummy in range(times):
        collect(**options)
    return before != (sorted(os.listdir('/proc/self/fd')), threading.active_count())


def packed_is_the_same(**options):
    """bool: the packed string holds just the fact record."""
    facts = collect(**options)
    text = pack(facts)
    if text.startswith('z:'):
        text = zlib.decompress(base64.b64decode(text[2:])).decode('utf-8')
    return json.loads(text) == facts


def without_proc_stat(dead, **options):
    """Where /proc/stat and /proc/uptime are of a lxcfs that has died, or /proc has processes only (ProcSubset=pid)."""
    linux.private_mounts()
    if dead:
        for name in ('/proc/stat', '/proc/uptime'):
            fuse.dead(name)
    else:
        linux.mount('proc', '/proc', 'proc', data='subset=pid')
    return collect(**options)


def beside_a_dead_file_system(**options):
    """Beside a daemon whose program was removed from a file system that does not answer any more.

    :returns: tuple of the facts, and the pid of the daemon.
    """
    linux.private_mounts()
    path = network.RUN + '/hanging'
    os.makedirs(path, exist_ok=True)
    with open(os.path.realpath(shutil.which('sleep')), 'rb') as stream:
        program = fuse.Program(path, b'daemon', stream.read())

    def setup(kit):
        kit.keep(network.stream('127.0.0.1', 3040)).set_inheritable(True)
    daemon = DEN.spawn(setup, program=path + '/daemon')
    try:
        os.unlink(path + '/daemon')
        program.stop.set()
        return collect(**options), daemon.pid
    finally:
        DEN.end(daemon)


def touched(**options):
    """The paths that are looked up, opened or listed meanwhile, and whether a link is followed in the end.

    :returns: list of [function, path], sorted.
    """
    seen = set()

    def noted(name, function):
        def wrapper(path, *arguments, **others):
            if isinstance(path, (str, bytes)) and others.get('dir_fd') is None:
                seen.add((name, os.fsdecode(path)))
            return function(path, *arguments, **others)
        return wrapper
    for name in ('access', 'listdir', 'lstat', 'open', 'readlink', 'scandir', 'stat', 'statvfs'):
        setattr(os, name, noted(name, getattr(os, name)))
    builtins.open = noted('open', builtins.open)
    collect(**options)
    return sorted(seen)


def beside_a_namespace_that_only_a_socket_holds(**options):
    """Nothing names it, and nobody is in it any more; one end of a pair of devices is here.

    It is counted where no machine is around, as this PID namespace would tell.
    """
    namespaces.INITIAL = os.readlink('/proc/self/ns/pid')

    def setup(kit):
        linux.unshare(linux.CLONE_NEWNET)
        subprocess.run(['ip', 'link', 'add', 'outer0', 'netns', '1', 'type', 'veth', 'peer', 'name', 'inner0'],
                       check=True)
        kit.keep(network.stream('0.0.0.0', 3041))
        linux.enter_network('/proc/1/ns/net')
    animal = DEN.spawn(setup)
    try:
        return collect(**options)
    finally:
        DEN.end(animal)
