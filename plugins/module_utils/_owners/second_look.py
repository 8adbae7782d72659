# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners that nobody seems to own, and the gaps of the owners."""

import os


def look_again(unowned, walk, budget, fill, host):
    """Explain sockets without a visible owner.

    A kernel service is believed on evidence only: that no process shows up may as well be a socket on its way
    from one process to another, or a race with one that has just handed it on.

    :param unowned: list of listeners, dict with ``record`` and ``sockets``.
    :param walk: ``walk.Walk``, the first look; what a second one finds is added to it.
    :param budget: int, file descriptors to inspect at most.
    :param fill: callable, puts the owners of the walk into listeners and returns those with a socket left over.
    :param host: ``attach.Host``, or what stands in for it.
    :returns: list, the listeners that stay unexplained.
    """
    evidence = host.kernel({listener['record']['namespace'] for listener in unowned})
    paths = host.paths() if any(listener['record']['protocol'] == 'tcp' for listener in unowned) else ()
    rest = []
    for listener in unowned:
        record = listener['record']
        endpoint = tuple(record[key] for key in ('namespace', 'protocol', 'family', 'port'))
        is_service = endpoint in evidence and record['address'] in ('0.0.0.0', '::')
        is_path = endpoint[:2] == (None, 'tcp') and (record['address'], record['port']) in paths
        if (is_service or is_path) and not record['owners']:
            record['held_by'] = 'kernel'
        else:
            rest.append(listener)
    if not rest or not walk.whole:
        return rest
    again = host.walk({sock.inode for listener in rest for sock in listener['sockets']}, budget, tables=_of_threads)
    for inode, pids in again.owners.items():
        walk.owners[inode] = sorted(set(pids).union(walk.owners.get(inode, ())))
    walk.refused = again.refused
    walk.exhausted = again.exhausted
    rest = fill(rest)
    if rest and walk.whole:
        found, walk.exhausted = host.rings({sock.inode for listener in rest for sock in listener['sockets']}, budget)
        walk.owners.update((inode, pids) for inode, pids in found.items() if inode not in walk.owners)
        rest = fill(rest)
    return rest


def _of_threads(proc, pid):
    """List the tables of all threads: one may have file descriptors of its own (unshare(2), CLONE_FILES)."""
    try:
        return ['%s/%s/task/%s/fd' % (proc, pid, task) for task in os.listdir('%s/%s/task' % (proc, pid))]
    except (FileNotFoundError, ProcessLookupError):
        return []                               # it has ended
    except OSError:
        return ['%s/%s/fd' % (proc, pid)]       # which will be refused as well


def note(unowned, walk, unreadable, gaps):
    """Note why the owners are not complete.

    :param unowned: list of the listeners with a socket that has no known owner.
    :param walk: ``walk.Walk``.
    :param unreadable: int, owners of which a part could not be read.
    :param gaps: ``_gaps.Gaps``.
    """
    count = len(unowned)
    if walk.exhausted:
        gaps.add('owners', 'fd_budget', 'not every file descriptor was inspected; %s' % _left(count), count)
    if walk.error:
        gaps.add('owners', 'proc_unreadable', '/proc cannot be used: %s; %s' % (walk.error, _left(count)), count)
    elif walk.refused:
        hidden = len(walk.refused)
        who = '%d process%s could not be inspected' % (hidden, '' if hidden == 1 else 'es')
        gaps.add('owners', 'owners_hidden', '%s; %s' % (who, _left(count)), count)
    elif walk.hidden:
        gaps.add('owners', 'owners_hidden', 'the processes of other users are hidden; %s' % _left(count), count)
    elif count and not walk.exhausted:
        gaps.add('owners', 'owners_not_found', '%s: a kernel service, a socket in transit between processes, or a '
                 'process of another PID namespace' % _left(count), count)
    if unreadable:
        gaps.add('owners', 'process_unreadable',
                 'the executable or the control group of %d owners could not be read' % unreadable, unreadable)


def _left(count):
    if not count:
        return 'there may be further owners'
    return '%d listener%s no visible owner' % (count, ' has' if count == 1 else 's have')
