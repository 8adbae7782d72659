# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan has to know of a host, in one go: the facts, what could be stopped, the filter that is there, and what
decides on another one.

What is to be closed or filtered is decided on the controller, by these facts. So that it need not ask once more, it
says beforehand what it may come to, as far as ports tell that. Those that may have to be closed are the suspects, and
what could be stopped is found out for them; whether the host takes a filter, where there may be another one.
"""

import functools

from . import _facts, _module
from ._filter.files import Files
from ._filter.names import OTHERS, PROTOCOLS
from ._filter.state import look as look_at_filter
from ._stop import arguments as _stop
from ._stop.keeping import Keeping
from ._wire import pack

CLOSE, FIREWALL = ACTIONS = ('close', 'firewall')
# Kinds of listeners that nobody declared
UNDECLARED = ('unexpected', 'loopback', 'ephemeral')
_OF_STOPS = ('processes', 'mask', 'protected', 'despite')

ARGUMENTS: dict = dict(
    _module.ARGUMENTS,
    actions={'type': 'list', 'elements': 'str', 'choices': list(ACTIONS), 'required': True},
    declared={'type': 'list', 'elements': 'str', 'default': []},
    forbidden={'type': 'list', 'elements': 'str', 'default': []},
    undeclared={'type': 'list', 'elements': 'str', 'choices': list(UNDECLARED), 'default': []},
    others={'type': 'str', 'choices': list(OTHERS), 'default': OTHERS[0]},
    unlimited={'type': 'list', 'elements': 'str', 'default': []},
    limited={'type': 'list', 'elements': 'str', 'default': []},
    confirm=_stop.ARGUMENTS['confirm'],
    remote=_stop.STEP['remote'],
    token=_stop.STEP['token'],
    **{'close_%s' % name: _stop.ARGUMENTS[name] for name in _OF_STOPS})


def look(module, collect=_facts.collect, files=None, make=None):
    """Observe the host, or end the module with what is wrong.

    :param module: AnsibleModule with ARGUMENTS.
    :param collect: callable as ``_facts.collect``.
    :param files: ``_filter.files.Files``, of tests.
    :param make: callable as ``_stop.planned.Observed``, of tests.
    :returns: dict: ``packed``, the facts; ``filter``, see ``_filter.state``, where it is to be filtered; ``asked``,
        ids of the suspects, and ``stops``, see ``_stop.planned``, where there are some that can be told of;
        ``what_if``, see ``_filter.ahead``, where there may be another filter, and that can be told of.
    """
    host, options = Keeping(), module.params
    facts = _module.look(module, functools.partial(collect, host=host))
    answer = {'packed': pack(facts)}
    if FIREWALL in options['actions']:
        tables = facts.get('snapshot', {}).get('tables')
        answer['filter'] = look_at_filter(tables, files or Files(), module.run_command, module.get_bin_path)
    # psutil knows no sockets by their number
    if CLOSE in options['actions'] and facts['collector'] != 'psutil':
        asked = suspects(facts['listeners'], options['declared'], options['forbidden'], options['undeclared'])
        if asked:
            from ._stop import planned
            make = make or planned.Observed
            answer['asked'] = asked
            answer['stops'] = planned.answer(
                make(module.run_command, module.get_bin_path, facts, host.inodes),
                dict({name: options['close_%s' % name] for name in _OF_STOPS}, listeners=asked,
                     **{name: options[name] for name in ('confirm', 'remote', 'token')}))
    if answer.get('filter'):
        closed = [row['listener'] for row in answer.get('stops', {}).get('listeners', ()) if row['status'] == 'closed']
        stays = [record for record in facts['listeners'] if record['id'] not in closed]
        said = _ahead(answer['filter'], stays, options, module.run_command, module.get_bin_path)
        if said:
            answer['what_if'] = said
    return answer


def _ahead(state, records, options, run, find):
    """dict, see ``_filter.ahead``; None where there can be no other filter, or the host has to be asked about it.

    :param state: dict, see ``_filter.state``.
    :param records: list of dict, the listeners that stay.
    """
    if not (state['holds'] or not state['table'] and state['kept'] is None):
        return None                             # something is to be put right first, or is on trial
    from ._connection import find as find_connection
    from ._filter.nft import Failure
    from ._filter.refusal import Refusal
    from ._firewall.snapshot.translation import translates
    try:
        is_led, named = translates(), nameable(records, options['unlimited'], options['limited'])
        if not named and not is_led and options['others'] == OTHERS[0]:
            return None
        connection = find_connection()
        if options['remote'] and not connection:
            return None
        from ._filter import ahead
        is_of_tcp = options['others'] == OTHERS[0] and not is_led and not state['reassemble'] and named <= {'tcp'}
        return ahead.look(run, find, connection, not is_of_tcp)
    except (Failure, Refusal, OSError, ValueError):
        return None                             # which whoever is asked says


def nameable(records, unlimited, limited):
    """Find of which protocols there is what rules may have to be about.

    :param records: list of dict, as facts have them.
    :param unlimited, limited: lists of str, such as ``tcp/8000-8010``: ports that anybody may reach by the declaration,
        and those that only some may, or nobody, which counts for more.
    :returns: set of str.
    """
    unlimited, limited = _spans(unlimited), _spans(limited)
    return {record['protocol'] for record in records
            if record['namespace'] is None and record['scope'] != 'loopback' and record['protocol'] in PROTOCOLS
            and (_is_in(record, limited) or not record['ephemeral'] and not _is_in(record, unlimited))}


def suspects(records, declared, forbidden, undeclared):
    """Find what may have to be closed.

    :param records: list of dict, as facts have them.
    :param declared, forbidden: lists of str, such as ``tcp/8000-8010``: ports of which nothing has to be closed because
        nobody declared it, and of which something has to be closed wherever it listens.
    :param undeclared: those of UNDECLARED that have to be closed.
    :returns: list of str, ids.
    """
    declared, forbidden = _spans(declared), _spans(forbidden)
    return [record['id'] for record in records
            if record['namespace'] is None and record['held_by'] != 'unknown' and _stop.is_id(record['id'])
            and (_is_in(record, forbidden) or _kind(record) in undeclared and not _is_in(record, declared))]


def _kind(record):
    """str: of UNDECLARED."""
    return 'ephemeral' if record['ephemeral'] else 'loopback' if record['scope'] == 'loopback' else 'unexpected'


def _is_in(record, spans):
    return any(low <= record['port'] <= high for low, high in spans.get(record['protocol'], ()))


def _spans(texts):
    """dict: protocol to list of (int, int). Raises ValueError."""
    spans = {}
    for text in texts:
        protocol, dummy, ports = text.partition('/')
        low, dummy, high = ports.partition('-')
        spans.setdefault(protocol, []).append((int(low), int(high or low)))
    return spans
