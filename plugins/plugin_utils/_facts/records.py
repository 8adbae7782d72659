# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes and reads records: what was observed on one host in one run, a file each on the controller.

``<directory>/hosts/<host>.json`` holds the newest record of a host. Who reads it does not trust it more than the host.
"""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import quote

from .. import _draft, _schema
from .._harmless.terminal import visible
from .._policy.judgement import fleet
from .._schema import Fault
from .._shape import STATUSES, Facts, Judgement, Record, Status
from .._version import VERSION
from . import check, custody

SCHEMA = 2          # 1 is read, too: of the findings of a judgement it has the message alone, and not the parts
RUN_ID = re.compile(r'[0-9A-Za-z][0-9A-Za-z._-]{0,63}')
ANY_RUN = 'any'

_HEAD = 4096                    # bytes of a record in which the id of its run is, unless its host has a very long name
_RUN_OF_HEAD = re.compile(rb'(?<!\\)"run_id": ?"([0-9A-Za-z._-]+)"')
_MAX_BYTES = check.MAX_BYTES + 16 * 1024 * 1024
_HOSTS = 'hosts'
_MAX_NAME = 200                 # of the 255 bytes that file systems give a name
_version = _schema.text(100)
_check = _schema.mapping({
    'schema': _schema.integer(1, SCHEMA),
    'host': _schema.text(4096),
    'run_id': _schema.matching(RUN_ID, 'the id of a run'),
    'recorded_at': _schema.time,
    'status': _schema.choice(*STATUSES),
    'message': _schema.nullable(_schema.text(20000)),
    'collection': _version,
    'ansible_core': _version,
    'declared': _schema.boolean,
    'facts': _schema.nullable(check.check),
}, {'judgement': lambda judgement: judgement})
_judgement = {1: _schema.nullable(fleet.check_schema_1), 2: _schema.nullable(fleet.check)}


class RecordError(Exception):
    """A record cannot be written, read or believed; the message says why and is harmless to print."""


def now() -> str:
    """Return the time of this machine, in UTC."""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())


def run_id(local_tmp: str) -> str:
    """Return one id for all tasks, hosts and batches of one ``ansible-playbook``, another one for the next.

    :param local_tmp: the temporary directory of this run, which its worker processes share.
    """
    return hashlib.sha256(os.path.basename(local_tmp).encode('utf-8', 'surrogateescape')).hexdigest()[:12]


def record(host: str, run: str, ansible_core: str, status: Status, message: str | None = None,
           facts: Facts | None = None, declared: bool = False, judgement: Mapping[str, Any] | None = None,
           recorded_at: str | None = None) -> Record:
    """Make a record.

    :param status: ``ok`` with facts, ``failed`` or ``unreachable`` with a message.
    :param judgement: how the host was judged.
    :param recorded_at: the time by this machine's clock at which the host was observed, if that is not now.
    """
    return {'schema': SCHEMA, 'host': host, 'run_id': run, 'recorded_at': recorded_at or now(), 'status': status,
            'message': message, 'collection': VERSION, 'ansible_core': ansible_core, 'declared': declared,
            'facts': facts, 'judgement': cast(Judgement | None, judgement)}


def refused(text: str, variables: Sequence[str]) -> dict[str, Any]:
    """Make the judgement of a host whose declaration is refused.

    :param text: why.
    :param variables: those that declare something.
    """
    return {'policy': {'summary': 'policy: refused', 'hash': '', 'variables': list(variables)}, 'findings': [],
            'findings_total': 0, 'failing': True, 'refused': text, 'waived': 0,
            'met': {'entries': [], 'waivers': []}, 'idle': {'entries': [], 'waivers': []}}


@functools.lru_cache(maxsize=65536)     # with batches each host is asked for again and again
def file_name(host: str) -> str:
    """Return a name without a slash, a leading dot or a control character, another one for each host."""
    name = quote(host, safe='', errors='backslashreplace') + '.json'
    if name.startswith('.'):
        name = '%2E' + name[1:]
    if len(name) > _MAX_NAME:
        name = '%s~%s.json' % (name[:_MAX_NAME - 40].rstrip('%'), hashlib.sha256(name.encode('ascii')).hexdigest()[:32])
    return name


def write(directory: str, entry: Record, shared: bool = False) -> str:
    """Write the record of one host, in place of an older one.

    :param directory: made where it does not exist.
    :param shared: whether others may write to the directory, too.
    :returns: the path of the file.
    :raises RecordError: it cannot be written.
    """
    hosts = os.path.join(directory, _HOSTS)
    name = file_name(entry['host'])
    try:
        os.makedirs(directory, 0o700, exist_ok=True)
        os.makedirs(hosts, 0o700, exist_ok=True)
        with opened_folder(directory, shared) as handle:
            _draft.write(handle, name, json.dumps(entry, separators=(',', ':')).encode('ascii'))
    except OSError as exc:
        raise RecordError('the record cannot be written to %s: %s' % (hosts, exc.strerror)) from exc
    return os.path.join(hosts, name)


@contextlib.contextmanager
def opened_folder(directory: str, shared: bool, name: str = _HOSTS) -> Iterator[int]:
    """Open the directory that has the records, or another one beside it. Raises OSError.

    :raises RecordError: others could forge some.
    """
    with _draft.opened(directory) as outer:
        refuse_others(outer, 'the directory %s' % visible(directory, 500), shared)
        with _draft.opened(name, os.O_NOFOLLOW, outer) as inner:
            refuse_others(inner, 'the directory %s' % visible(os.path.join(directory, name), 500), shared)
            yield inner


def refuse_others(handle: int, what: str, shared: bool) -> None:
    """Refuse what somebody else could have written, unless that is meant. Raises RecordError.

    :param handle: a descriptor of it.
    :param what: how it is called, harmless to print.
    """
    reason = None if shared else custody.fault(handle, os.fstat(handle))
    if reason:
        raise RecordError('%s is not safe from forgery: %s. Use another place, or take it over with chown and chmod '
                          'go-w; if others are to write there, say so with shared: true (audit_shared of the role '
                          'audit, drift_shared and probe_shared of the playbooks)' % (what, reason))


def read(directory: str, host: str, shared: bool = False) -> Record | None:
    """Read and check the newest record of a host.

    :param shared: whether it may be by somebody else.
    :returns: None where there is none.
    :raises RecordError: there is something that cannot be read, or is not the record of this host.
    """
    return _read(opened_folder(directory, shared), host, shared)


@contextlib.contextmanager
def opened(directory: str, shared: bool = False) -> Iterator[Callable[[str], Record | None]]:
    """Open the directory of records once, to read those of many hosts.

    :param shared: whether they may be by somebody else.
    :returns: what reads the record of a host, see ``read``; parts of records are shared, and not to be changed.
    """
    with contextlib.ExitStack() as stack:
        try:
            handle = stack.enter_context(opened_folder(directory, shared))
        except (OSError, RecordError):          # it is said of each host why it has no record
            yield lambda host: read(directory, host, shared)
        else:
            yield lambda host: _read(contextlib.nullcontext(handle), host, shared, check.decoded)


def parsed(data: bytes) -> Any:
    """Decode a record. Raises Fault, see ``_schema.parse``."""
    return _schema.parse(data, check.MAX_ELEMENTS)


def _read(folder: contextlib.AbstractContextManager[int], host: str, shared: bool,
          decode: Callable[[bytes], Any] = parsed) -> Record | None:
    name = file_name(host)
    what = 'the record hosts/%s' % name
    data = decoded_file(folder, name, what, os.O_NOFOLLOW, shared, decode)
    return None if data is None else _checked(data, host, what)


class Unchecked:
    """The records of a directory, read one after the other by whoever checks what he uses of them."""

    def __init__(self, handle: int, shared: bool, what: str = 'the record hosts/') -> None:
        """See ``unchecked``.

        :param handle: a descriptor of the directory, open as long as this is used.
        :param what: what a file is called, before its name.
        """
        self._handle, self._shared, self._what = handle, shared, what

    def files(self) -> list[str]:
        """List the names of the files that may be records. Raises RecordError."""
        try:
            names = os.listdir(self._handle)
        except OSError as exc:
            raise RecordError('the records cannot be listed: %s' % exc.strerror) from exc
        return sorted(name for name in names if name.endswith('.json') and not name.startswith('.'))

    def decoded(self, file: str, decode: Callable[[bytes], Any] = parsed) -> Any:
        """Return what a file holds, which nothing has checked.

        :param decode: decodes it.
        :returns: None where there is no such file.
        :raises RecordError: it cannot be read, is not JSON, or may be by somebody else.
        """
        return decoded_file(contextlib.nullcontext(self._handle), file, self._what + visible(file, 300),
                            os.O_NOFOLLOW, self._shared, decode)


@contextlib.contextmanager
def unchecked(directory: str, shared: bool = False) -> Iterator[Unchecked]:
    """Open the directory of records, to read many without all the checks of ``read``.

    :param shared: whether they may be by somebody else.
    :raises RecordError: there is none, or others could forge some.
    """
    with contextlib.ExitStack() as stack:
        try:
            handle = stack.enter_context(opened_folder(directory, shared))
        except OSError as exc:
            raise RecordError('there are no records in %s: %s' % (visible(directory, 500), exc.strerror)) from exc
        yield Unchecked(handle, shared)


def to_come(directory: str, hosts: Iterable[str], run: str, shared: bool = False) -> set[str]:
    """List the hosts that surely have no record of a run; of each record no more than its beginning is read.

    A record that cannot be read is left to ``read``, which says why.

    :param run: its id, or ``any``.
    :param shared: whether records may be by somebody else.
    """
    names: set[str] = set()
    try:
        with opened_folder(directory, shared) as handle:
            there = set(os.listdir(handle))     # of most hosts it is the name that is not there
            names.update(host for host in hosts
                         if file_name(host) not in there or _is_absent(handle, file_name(host), run))
    except (OSError, RecordError):
        return set()
    return names


def _is_absent(folder: int, name: str, run: str) -> bool:
    try:
        number = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW, dir_fd=folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        head = _RUN_OF_HEAD.search(os.read(number, _HEAD))
    except OSError:
        return False
    finally:
        os.close(number)
    return run != ANY_RUN and head is not None and head[1].decode('ascii') != run


def read_file(path: str, host: str, shared: bool = False) -> tuple[Record | None, Facts | None]:
    """Read and check a file, wherever it is: the record of a host, or facts.

    Facts are those that ``listener_facts`` returns, alone, in ``ansible_facts``, or as a file of a fact cache has them.

    :param shared: whether it may be by somebody else.
    :returns: the record, None where these are facts; and the facts, None of a record that has none.
    :raises RecordError: there is no such file, it cannot be read, holds neither, or the record of another host.
    """
    folder, name = os.path.split(path)
    what = 'the file %s' % visible(path, 500)
    data = decoded_file(_draft.opened(folder), name, what, 0, shared)
    if data is None:
        raise RecordError('there is no file %s' % visible(path, 500))
    if isinstance(data, dict) and 'recorded_at' in data:
        entry = _checked(data, host, what)
        return entry, entry['facts']
    for key in ('ansible_facts', 'ansible_listening_ports', 'listening_ports'):
        if isinstance(data, dict) and key in data:
            data = data[key]
    try:
        return None, check.check(data)
    except Fault as fault:
        raise RecordError('%s holds neither a record nor facts: %s' % (what, fault)) from None


def decoded_file(folder: contextlib.AbstractContextManager[int], name: str, what: str, flags: int, shared: bool,
                 decode: Callable[[bytes], Any] = parsed) -> Any:
    """Return the decoded content of a file; None where there is none. Raises RecordError."""
    try:
        data = _content(folder, name, what, flags, shared)
        return None if data is None else decode(data)
    except OSError as exc:
        reason = 'it is a symbolic link' if exc.errno == errno.ELOOP else exc.strerror
        raise RecordError('%s cannot be read: %s' % (what, reason)) from exc
    except Fault as fault:
        raise RecordError('%s is not valid: %s' % (what, fault)) from None


def _checked(data: object, host: str, what: str) -> Record:
    """Check the record of a host. Raises RecordError."""
    try:
        entry: Record = _check(data)
        judgement = _check_judgement(entry)
    except Fault as fault:
        raise RecordError('%s is not valid: %s' % (what, fault)) from None
    if entry['host'] != host:
        raise RecordError('%s belongs to another host' % what)
    if (entry['status'] == 'ok') != (entry['facts'] is not None):
        raise RecordError('%s is not valid: status and facts contradict each other' % what)
    if judgement and judgement['findings_total'] < len(judgement['findings']):
        raise RecordError('%s is not valid: judgement.findings_total is less than there are findings' % what)
    return entry


def _check_judgement(entry: Record) -> dict[str, Any] | None:
    """Check the judgement of a record, and return it. Raises Fault."""
    try:
        judgement: dict[str, Any] | None = _judgement[entry['schema']](entry.setdefault('judgement', None))
    except Fault as fault:
        raise fault.below('judgement') from None
    return judgement


def _content(folder: contextlib.AbstractContextManager[int], name: str, what: str, flags: int,
             shared: bool) -> bytes | None:
    """Read a regular file.

    :param folder: opens the directory that it is in.
    :param flags: for opening the file.
    :returns: None where there is no such file.
    :raises OSError: it cannot be read.
    :raises Fault: it is something else, or huge.
    :raises RecordError: it may be by somebody else.
    """
    try:
        with folder as handle:
            # without O_NONBLOCK a named pipe would stop the report
            number = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags, dir_fd=handle)
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise Fault('not a regular file')
        refuse_others(number, what, shared)
        if status.st_size > _MAX_BYTES:
            raise Fault('more than %d bytes' % _MAX_BYTES)
        with open(number, 'rb', closefd=False) as stream:
            # room is made for as much as is asked for: no more than there is, unless that has become more
            content = stream.read(status.st_size + 1)
            return content if len(content) <= status.st_size else content + stream.read(_MAX_BYTES - len(content))
    finally:
        os.close(number)
