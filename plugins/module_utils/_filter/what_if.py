# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would become of a host with other rules in the own table: who loses what, and why it had better not be done.

Nothing is loaded: the rules of a snapshot, with the own table exchanged, are judged as all rules are.
"""

from . import effects, exchange, refusals
from .refusal import CODES

_MORE = ('socket_budget', 'unreadable', 'stub')         # gaps, because of which something may listen that was not seen


def look(run, connection):
    """Look at a host, and change nothing.

    :param run: callable that runs a command, as ``AnsibleModule.run_command``.
    :param connection: dict, the connection in use, or None.
    :returns: dict, ``view`` of ``judge``.
    """
    from .. import _facts
    from . import surroundings
    facts = _facts.collect(gather=('owners', 'connections', 'firewall'), run=run)
    beside = surroundings.look(connection)
    return dict(beside, **view_of(facts, facts['snapshot']))


def view_of(facts, snapshot):
    """dict: what ``judge`` has to know of a host, but for what is beside its rules and listeners.

    :param facts: dict, see ``_facts.collect``, with owners and connections.
    :param snapshot: dict, the rules of that moment.
    """
    unseen = [gap['message'] for gap in facts['gaps'] if gap['aspect'] == 'sockets' and gap['code'] in _MORE]
    return {'snapshot': snapshot, 'listeners': facts['listeners'], 'unseen': unseen}


def judge(view, planned, rules, others, connection, confirm, protected_sources=(), despite=()):
    """Judge what an exchange of the own table would do.

    :param view: dict: ``snapshot``, ``listeners``, ``unseen`` (list of str, why there may be more of these), and what
        ``surroundings.look`` returns.
    :param planned: str, what ``nft -j`` prints of the planned table; None: the table is taken away.
    :param rules: tuple of Rule, and others: str, of which that table was made.
    :param connection: dict with ``address``, ``port``, ``peer``, ``peer_port`` and ``interface`` (or None), the
        connection in use; None: there is none that could be cut.
    :param confirm: int, seconds of the trial; 0: there is none.
    :param protected_sources: tuple of str, networks.
    :param despite: codes of refusals that are known, and do not count.
    :returns: dict: ``effects``, list of dict, see ``effects.differences``; ``refusal``, the first refusal that counts
        as (code, message), or None; ``overridden``, list of (code, message) of those that do not; ``warnings``, list
        of str.
    """
    live = view['snapshot']
    if planned is None:
        after = exchange.without(live)
    else:
        after = exchange.with_table(live, planned)
    before, then = (effects.Reached(view['listeners'], snapshot) for snapshot in (live, after))
    listed, left_out = effects.differences(before, then, live['net'])
    warnings = ['who loses or gains access could not be worked out in full: %s' % reason
                for reason in dict.fromkeys(list(view['unseen']) + before.reasons + then.reasons)]
    if left_out:
        warnings.append('%d more listeners change than are listed' % left_out)
    reasons, notes = [], []
    if planned is not None:
        case = refusals.Case(view, after, rules, others, connection, confirm, before, then)
        reasons, notes = case.refusals(protected_sources), case.notes()
    known = [reason for reason in reasons if CODES[reason[0]] and reason[0] in despite]
    counting = [reason for reason in reasons if reason not in known]
    return {
        'effects': listed,
        'refusal': counting[0] if counting else None,
        'overridden': known,
        'warnings': warnings + notes,
    }


def warnings_of(judged):
    """list of str: what whoever wants the exchange is to be told beside its effects.

    :param judged: dict, see ``judge``.
    """
    return judged['warnings'] + ['done despite %s: %s' % pair for pair in judged['overridden']]
