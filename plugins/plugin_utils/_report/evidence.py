# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an auditor asks of a report: of when, by what, judged by which files, and what it does not say."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .host import Host

_SECONDS = 20                   # for which git is waited for
# What git is kept from: programs that the settings of a repository name, and writing to it.
_ALONE = ('-c', 'core.fsmonitor=false', '-c', 'core.hooksPath=/dev/null', '--no-optional-locks', '--no-pager')
# Addresses of repositories: of a URI, and as scp has them; the names of users, and passwords, are taken off.
_URI = re.compile(r'(?P<scheme>https?|ssh|git)://(?:[^@/?#\s]*@)?(?P<host>[\w.-]+(?::\d{1,5})?)/(?P<path>[\w.~/-]+)',
                  re.ASCII)
_SCP = re.compile(r'(?:[^@:/\s]+@)?(?P<host>[\w.-]+):/?(?P<path>[\w.~-][\w.~/-]*)', re.ASCII)


class Source(NamedTuple):
    """The files that hosts were judged by, as far as git knows them.

    :ivar root: the top of the repository that the inventory is in, or what was given in its place.
    :ivar revision: the commit; None where it is not known.
    :ivar dirty: whether files of that commit were changed since; None where that is not known.
    :ivar repository: the address that it was cloned from, without names and passwords of users.
    :ivar top: what paths in records are relative to.
    :ivar inventory: the path of the inventory file.
    """

    root: str | None = None
    revision: str | None = None
    dirty: bool | None = None
    repository: str | None = None
    top: str | None = None
    inventory: str | None = None


UNKNOWN = Source()


class Gaps(NamedTuple):
    """What could not be observed, and on which hosts."""

    aspect: str
    code: str
    hosts: list[str]


class InForce(NamedTuple):
    """A waiver that waives something.

    :ivar findings: how many it waives on each host.
    """

    variable: str
    label: str
    expires: str | None
    reason: str | None
    owner: str | None
    findings: dict[str, int]


@dataclass(frozen=True)
class Evidence:
    """The evidence of a report. Text of records in it is as they have it.

    :ivar oldest: the time of the oldest record, ``newest`` that of the newest; None without any.
    :ivar collections: the versions that made the records, ``ansible_cores`` those of Ansible.
    :ivar policies: the hosts that were judged by each policy, by its hash.
    :ivar fleet: whether it is about all hosts that matter.
    :ivar kind: ``fleet``, or ``part-`` and another text for each other part of it.
    """

    run_id: str
    generated_at: str
    oldest: str | None
    newest: str | None
    collections: list[str]
    ansible_cores: list[str]
    source_root: str | None
    revision: str | None
    dirty: bool | None
    policies: dict[str, list[str]]
    gaps: list[Gaps]
    waivers: list[InForce]
    fleet: bool
    kind: str


def of(hosts: Sequence[Host], run_id: str, generated_at: str, fleet: bool, source: Source) -> Evidence:
    """Collect the evidence of a report."""
    times = [host.recorded_at for host in hosts if host.recorded_at]
    policies: dict[str, list[str]] = {}
    for host in hosts:
        judgement = host.judgement
        if judgement and judgement['policy']['hash']:       # a declaration that is refused has none
            policies.setdefault(judgement['policy']['hash'], []).append(host.name)
    names = '\0'.join(sorted(host.name for host in hosts))
    part = hashlib.sha256(names.encode('utf-8', 'backslashreplace')).hexdigest()[:12]
    return Evidence(
        run_id=run_id, generated_at=generated_at, oldest=min(times, default=None),
        newest=max(times, default=None),
        collections=sorted({host.collection for host in hosts if host.collection}),
        ansible_cores=sorted({host.ansible_core for host in hosts if host.ansible_core}),
        source_root=source.root, revision=source.revision, dirty=source.dirty, policies=policies,
        gaps=_gaps(hosts), waivers=waivers(hosts), fleet=fleet,
        kind='fleet' if fleet else 'part-%s' % part)


def _gaps(hosts: Sequence[Host]) -> list[Gaps]:
    names: dict[tuple[str, str], list[str]] = {}
    for host in hosts:
        for key in dict.fromkeys((gap['aspect'], gap['code']) for gap in host.gaps):
            names.setdefault(key, []).append(host.name)
    return [Gaps(*key, names[key]) for key in sorted(names)]


def waivers(hosts: Sequence[Host]) -> list[InForce]:
    """List the waivers that waive something, each once, with what it waives on each host."""
    same: dict[tuple[Any, ...], InForce] = {}
    for host in hosts:
        for waiver in host.judgement.get('waivers', ()) if host.judgement else ():
            key = tuple(waiver[name] for name in ('variable', 'label', 'expires', 'reason', 'owner'))
            findings = same.setdefault(key, InForce(key[0], key[1], key[2], key[3], key[4], {})).findings
            findings[host.name] = findings.get(host.name, 0) + waiver['findings']
    return list(same.values())


def source(folder: str, root: str | None = None, environment: Mapping[str, str] | None = None) -> Source:
    """Ask git for the state of the files that hosts were judged by.

    :param folder: a directory that the inventory is in.
    :param root: the top of the files, if it is not that of the repository.
    :param environment: of git; None for that of this process.
    """
    known = {key: value for key, value in (os.environ if environment is None else environment).items()
             if not key.startswith('GIT_')}     # which would say that it is another repository: hooks of git have them

    def git(*arguments: str) -> str | None:
        return _answer(['git', *_ALONE, '-C', root or folder, *arguments], known)

    top = _line(git, 'rev-parse', '--show-toplevel')
    revision = _line(git, 'rev-parse', '--verify', 'HEAD^{commit}')
    changes = None if revision is None else git(
        'status', '--porcelain', '--untracked-files=no', '--ignore-submodules=dirty')
    return Source(os.path.realpath(root) if root else top, revision, None if changes is None else bool(changes),
                  address(_line(git, 'config', '--get', 'remote.origin.url') or ''))


def address(remote: str) -> str | None:
    """Return the address of a repository as a URI that anybody may read; None where there is none to show.

    >>> address('https://user:secret@git.example.com/ops/inventory.git')
    'https://git.example.com/ops/inventory.git'
    >>> address('git@git.example.com:ops/inventory.git')
    'ssh://git.example.com/ops/inventory.git'
    """
    match = _URI.fullmatch(remote)
    if match:
        return '%s://%s/%s' % (match['scheme'], match['host'], match['path'])
    match = _SCP.fullmatch(remote)
    return 'ssh://%s/%s' % (match['host'], match['path']) if match else None


def _line(git: Callable[..., str | None], *arguments: str) -> str | None:
    answer = git(*arguments)
    return (answer or '').rstrip('\n') or None


def _answer(command: list[str], environment: dict[str, str]) -> str | None:
    """Return what a command writes; None where it fails, is not there, or takes too long."""
    try:
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=_SECONDS,
                              env={**environment, 'LC_ALL': 'C', 'GIT_TERMINAL_PROMPT': '0'})
    except (OSError, subprocess.SubprocessError):
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
