# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs ansible-playbook in processes that are forked from one in which Ansible is loaded.

To load Ansible takes a second, and to pack a module for a host another: most of what a short playbook takes. Here both
are done once. The process that is forked from has imported `ansible.cli.playbook` and run nothing; each run begins in
a fork of it, with the arguments, environment, folder, output, namespaces and privileges of the `ansible-playbook` that
was called. What is called is a program of this name, in a folder to be put in front of PATH:

    with ReadyAnsible(folder, environment) as ready:
        subprocess.run(["ansible-playbook", ...], env=ready.environment)

Scripts use ready.sh.

Where something differs that Ansible reads while it is loaded (its variables, a configuration file), on a terminal, and
where the machine cannot fork any more, the program runs the real one.
"""

import array
import atexit
import contextlib
import ctypes
import gc
import hashlib
import json
import marshal
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from typing import Any, Iterator, NoReturn

NAMESPACES = ("user", "net", "pid", "mnt")  # the first gives the right to enter the others
PR_SET_PDEATHSIG, PR_CAPBSET_READ, PR_CAPBSET_DROP = 1, 23, 24  # prctl(2)
SETTING = "DEFAULT_LOCAL_TMP"  # the folder of a run
POLLS = "DEFAULT_INTERNAL_POLL_INTERVAL"  # after how many seconds Ansible looks again whether a task has ended
POLLS_EVERY = 0.01  # not each millisecond: while a host takes its time, that is what computes
PACKED = "ansiballz_cache"  # where Ansible keeps modules that it has packed, in that folder
READY_WITHIN = 60  # seconds
LONGEST = 1 << 22  # bytes of a request
# The program that is called. It loads next to nothing, as it is called often.
CALLED = """\
#!{python} -SEB
import array, json, os, socket, sys
real = {real!r}
with socket.socket(socket.AF_UNIX) as connection:
    try:
        connection.connect({path!r})
    except OSError as exc:
        sys.exit("ansible-playbook: the process to be forked is not there: %s" % exc)
    text = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode() + b"\\n"
    try:
        sent = connection.sendmsg([text], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2]))])
        while sent < len(text):  # to send nothing at the end would fail where the answer has come already
            sent += connection.send(text[sent:])
        answer = connection.recv(16)
    except (BrokenPipeError, ConnectionResetError):  # it has not got all of it, so it has run nothing
        answer = b"-1"
if not answer:
    sys.exit("ansible-playbook: ended without an exit code")
if answer == b"-1":
    os.execv(real, [real, *sys.argv[1:]])
sys.exit(int(answer))
"""


class ReadyAnsible:
    """A process in which Ansible is loaded; it ends with the block.

    :ivar environment: the variables with which `ansible-playbook` is called: those given, and another PATH
    :ivar pid: of the process
    """

    def __init__(self, folder: pathlib.Path, environment: dict[str, str]):
        """Start the process, with a folder of its own and these variables."""
        self.environment = dict(environment, PATH="%s:%s" % (folder / "programs", environment["PATH"]))
        self._process = subprocess.Popen([sys.executable, "-B", __file__, folder], env=self.environment, cwd=folder,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.pid = self._process.pid
        until = time.monotonic() + READY_WITHIN
        while not (folder / "socket").exists():
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError("Ansible could not be loaded; exit code: %s" % self._process.poll())
            time.sleep(0.02)

    def __enter__(self) -> "ReadyAnsible":
        return self

    def __exit__(self, *_unused: object) -> None:
        self._process.terminate()
        self._process.wait()


# What follows runs in the process that is forked, and in its forks


def serve(folder: pathlib.Path) -> NoReturn:
    """Load Ansible, make the program, and fork for each that calls it; until SIGTERM."""
    import ansible.cli.playbook  # noqa: F401  what takes the time
    from ansible import constants

    setattr(constants, POLLS, POLLS_EVERY)

    signal.signal(signal.SIGTERM, lambda *_unused: sys.exit(0))
    call("prctl", PR_SET_PDEATHSIG, signal.SIGTERM)
    keep_compiled(folder / "compiled")
    gc.collect()
    gc.freeze()  # what is loaded stays: no fork has to look through it for garbage, nor to copy it
    path = str(folder / "socket")
    make_program(folder / "programs", path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path + ".new")
        listening.listen(64)
        os.rename(path + ".new", path)  # from now on it is found
        while True:
            with contextlib.suppress(ChildProcessError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            if not select.select([listening], [], [], 1)[0]:
                continue
            connection, _address = listening.accept()
            with connection:
                try:
                    pid = os.fork()
                except OSError:
                    decline(connection)
                    continue
                if not pid:
                    listening.close()
                    answer_in_fork(connection)


def keep_compiled(folder: pathlib.Path) -> None:
    """Let the code of collections be compiled once: Ansible, which has no use for .pyc files of them, does that in each
    run.
    """
    from ansible.utils.collection_loader import _collection_finder as finder

    loaders: Any = finder._AnsibleCollectionPkgLoaderBase
    compile_anew = loaders.get_code

    def get_code(loader: Any, name: str) -> Any:
        source = loader.get_source(name)
        if loader._compiled_code is None and source is not None:
            path = folder / hashlib.sha256(repr((loader.get_filename(name), source)).encode()).hexdigest()
            try:
                loader._compiled_code = marshal.loads(path.read_bytes())
            except OSError:  # it is not there yet, or not for this user
                code = compile_anew(loader, name)
                with contextlib.suppress(OSError), tempfile.NamedTemporaryFile(dir=folder, delete=False) as made:
                    made.write(marshal.dumps(code))
                    made.flush()
                    os.rename(made.name, path)
        return compile_anew(loader, name)

    folder.mkdir()
    loaders.get_code = get_code


def decline(connection: socket.socket) -> None:
    """Say what has failed, and that nothing was run: the one who asked runs the real program."""
    traceback.print_exc()
    with contextlib.suppress(OSError):
        connection.sendall(b"-1")


def answer_in_fork(connection: socket.socket) -> NoReturn:
    """Answer a connection, and end."""
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        answer(connection)
    except BaseException:  # whatever it is, this process must not go on as the one that it was forked from
        traceback.print_exc()
    finally:
        os._exit(0)


def make_program(folder: pathlib.Path, path: str) -> None:
    """Write what is called `ansible-playbook`."""
    folder.mkdir()
    real = pathlib.Path(sys.executable).parent / "ansible-playbook"
    program = folder / "ansible-playbook"
    program.write_text(CALLED.format(python=sys.executable, real=str(real), path=path), encoding="utf-8")
    program.chmod(0o755)


def answer(connection: socket.socket) -> None:
    """Run what a connection asks for, and tell its exit code; end it where the one who asked has ended."""
    try:
        arguments, folder, environment, files = request(connection)
        if differs(environment) or os.path.exists(os.path.join(folder, "ansible.cfg")) or any(map(os.isatty, files)):
            connection.sendall(b"-1")
            return
        asking = int.from_bytes(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)[:4], sys.byteorder)
        dropped = not_permitted(asking)
        enter(asking)
        pid = os.fork()
    except Exception:  # a machine that is at its limits, mostly
        decline(connection)
        return
    if not pid:
        connection.close()
        become(arguments, folder, environment, files, dropped)
    for descriptor in files:
        os.close(descriptor)
    process = os.pidfd_open(pid)
    events = select.poll()
    events.register(process, select.POLLIN)
    events.register(connection, select.POLLIN)  # nothing more is sent: it has ended
    if process not in [descriptor for descriptor, _event in events.poll()]:
        with contextlib.suppress(ProcessLookupError):  # it may not yet have the group
            os.killpg(pid, signal.SIGKILL)
        os.kill(pid, signal.SIGKILL)
    _pid, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    with contextlib.suppress(OSError):
        connection.sendall(b"%d" % (code if code >= 0 else 128 - code))


def request(connection: socket.socket) -> tuple[list[str], str, dict[str, str], list[int]]:
    """What is asked for: the arguments, the folder, the variables, and the standard files."""
    space = socket.CMSG_SPACE(3 * array.array("i").itemsize)
    text, control, _flags, _address = connection.recvmsg(LONGEST, space)
    files = array.array("i")
    for _level, _type, data in control:
        files.frombytes(data)
    while not text.endswith(b"\n"):
        more = connection.recv(LONGEST)
        if not more:
            raise EOFError("the one who asked has ended")
        text += more
    if len(files) != 3:
        raise OSError("the standard files did not all arrive: no descriptors are left")
    return (*json.loads(text), list(files))


def differs(environment: dict[str, str]) -> bool:
    """Whether Ansible would be another one with these variables, as it reads its own while it is loaded."""

    def read(variables: Any) -> dict[str, str]:
        return {name: value for name, value in variables.items()
                if name.startswith(("ANSIBLE_", "PYTHON", "LC_", "LANG")) or name in ("HOME", "NO_COLOR", "COLUMNS")}

    return read(environment) != read(os.environ)


def not_permitted(pid: int) -> list[int]:
    """The capabilities that a process, and what it runs, cannot have: numbers of capabilities(7)."""
    text = pathlib.Path("/proc/%d/status" % pid).read_text(encoding="ascii", errors="replace")
    bounding = int(text.partition("CapBnd:")[2].split()[0], 16)
    last = int(pathlib.Path("/proc/sys/kernel/cap_last_cap").read_text(encoding="ascii"))
    return [number for number in range(last + 1) if not bounding >> number & 1]


def enter(pid: int) -> None:
    """Go where a process is, as far as that is another place; what is forked from now on is there, too."""
    with contextlib.ExitStack() as opened:
        wanted = []
        for name in NAMESPACES:
            path = "/proc/%d/ns/%s" % (pid, name)
            if os.readlink(path) != os.readlink("/proc/self/ns/" + name):
                descriptor = os.open(path, os.O_RDONLY)
                opened.callback(os.close, descriptor)
                wanted.append(descriptor)
        for descriptor in wanted:
            call("setns", descriptor, 0)


def become(arguments: list[str], folder: str, environment: dict[str, str], files: list[int],
           dropped: list[int]) -> NoReturn:
    """Be the program; never returns."""
    from ansible.cli.playbook import main

    code: Any = 1
    try:
        os.setsid()
        for number, descriptor in enumerate(files):
            os.dup2(descriptor, number)
            os.close(descriptor)
        drop(dropped)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        random.seed()
        atexit._clear()
        have_own_folder()
        sys.argv = ["ansible-playbook", *arguments]
        with exit_code() as codes:
            main()
        code = codes[0]
    except BaseException:  # whatever it is, this process must not go on as the one that it was forked from
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def have_own_folder() -> None:
    """Make the folder that Ansible has for each run, with the packed modules of all runs in it."""
    from ansible import constants

    of_all = getattr(constants, SETTING)
    shared = os.path.join(of_all, PACKED)
    os.makedirs(shared, exist_ok=True)
    own = tempfile.mkdtemp(prefix="ansible-local-%d" % os.getpid(), dir=os.path.dirname(of_all))
    os.symlink(shared, os.path.join(own, PACKED))
    atexit.register(shutil.rmtree, own, True)
    setattr(constants, SETTING, own)


@contextlib.contextmanager
def exit_code() -> Iterator[list[int]]:
    """Gives a list that has the exit code afterwards, in whichever way a program ends."""
    codes: list[int] = []
    try:
        yield codes
        codes.append(0)
    except SystemExit as exc:
        if isinstance(exc.code, str):
            sys.stderr.write(exc.code + "\n")
        codes.append(exc.code if isinstance(exc.code, int) else int(exc.code is not None))


def drop(numbers: list[int]) -> None:
    """Take capabilities from what will be run."""
    for number in numbers:
        if call("prctl", PR_CAPBSET_READ, number, 0, 0, 0):
            call("prctl", PR_CAPBSET_DROP, number, 0, 0, 0)


def call(name: str, *numbers: int) -> int:
    """What a function of the C library returns. Raises OSError."""
    result: int = getattr(ctypes.CDLL(None, use_errno=True), name)(*numbers)
    if result < 0:
        raise OSError(ctypes.get_errno(), "%s: %s" % (name, os.strerror(ctypes.get_errno())))
    return result


if __name__ == "__main__":
    serve(pathlib.Path(sys.argv[1]))
