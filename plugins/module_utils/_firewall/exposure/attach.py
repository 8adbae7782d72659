# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives listeners their exposure, and finds what is forwarded or open, within a time."""

import gc

from ..evaluate import evaluator
from ..ruleset import load
from . import listeners, senders
from .alike import Asker, Timeout
from .describe import Describer
from .survey import Survey, is_proxy

PATIENCE = 10                   # seconds for all questions
MOST_OPENINGS, MOST_FORWARDED = 1000, 20000
MOST_NAMED = 3                  # listeners and reasons in a gap
_IPTABLES = frozenset(('filter', 'nat', 'mangle', 'raw', 'security'))
_CHAINS = frozenset(('INPUT', 'FORWARD', 'OUTPUT', 'PREROUTING', 'POSTROUTING'))


def attach(records, snapshot, gaps, patience=PATIENCE, describer=Describer, outward=False):
    """Give each listener its ``exposure``.

    :param records: list of dict, the listeners.
    :param snapshot: dict, see ``snapshot.take.take``.
    :param gaps: Gaps.
    :param patience: seconds for all questions; what is not asked by then is unknown.
    :param describer: class of what turns sets of addresses into the words of facts.
    :param outward: bool, ask for what the host lets its programs connect to, too.
    :returns: dict with ``forwarded``, ``openings`` and ``firewall``, and with ``outgoing`` where that was asked for.
    """
    pause = gc.isenabled()      # nothing here is garbage, and looking for it again and again takes longer than all else
    gc.disable()
    try:
        return _attach(records, load.parsed(snapshot), gaps, patience, describer, outward)
    finally:
        if pause:
            gc.enable()


def _attach(records, snapshot, gaps, patience, describer, outward):
    for error in snapshot['errors']:
        gaps.add(
            'firewall', 'unreadable', error['message'], hint='become' if error['message'].endswith('not root') else None
        )
    firewall = {
        'backends': _backends(snapshot),
        'default': 'unknown',
        'rules': 0,
        'sources': senders.sources(snapshot['net']),
    }
    reasons = [error['message'] for error in snapshot['errors']]
    try:
        ruleset = load.load(snapshot)
        firewall['rules'] = ruleset.count
        doubts = [doubt for doubt in ruleset.doubts if doubt not in reasons]
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        doubts = ['the rules could not be parsed']
    for doubt in doubts:
        gaps.add('firewall', 'unclear', doubt)
    reasons += doubts
    own = [record for record in records if record['namespace'] is None]
    if reasons:
        for record in records:
            record['exposure'] = None
        for record in own:
            record['exposure'] = listeners.unknown_of(record, reasons[0])
        if outward:
            gaps.add('outgoing', 'unreadable', reasons[0])
        return {'forwarded': [], 'openings': [], 'firewall': firewall, **({'outgoing': []} if outward else {})}
    net = snapshot['net']
    judge = evaluator.Evaluator(ruleset, net)
    asker = Asker(ruleset, judge, patience, net)
    survey = Survey(listeners.Joiner(net, asker, judge.crowds, describer), asker, records, snapshot, ruleset.count)
    for record in records:
        record['exposure'] = None
    for record in own:
        record['exposure'] = survey.joiner.exposure(record, is_proxy(record))
    try:
        firewall['default'] = survey.default()
        survey.ask()
        for record in own:
            ways = survey.led_to(record)
            if ways:
                record['exposure'] = survey.joiner.exposure(record, is_proxy(record), ways)
    except Timeout:
        for record in own:
            if survey.may_be_led_to(record):
                record['exposure'] = listeners.unknown_of(record, 'there was no time left to judge it')
        note_budget(gaps, patience)
    openings, forwarded = survey.openings(), survey.forwarded()
    if survey.joiner.describer.kept.texts:
        firewall['sets'] = survey.joiner.describer.kept.texts
    found = bounded(own, forwarded, openings, survey.skipped, gaps)
    found['firewall'] = firewall
    if outward:
        from .outgoing import outgoing
        found['outgoing'] = outgoing(net, asker, survey.joiner, judge.crowds, gaps)
        if survey.joiner.describer.kept.texts:
            firewall['sets'] = survey.joiner.describer.kept.texts
    return found


def bounded(records, forwarded, openings, skipped, gaps):
    """Cut lists that are too long, and add the gaps of what was left out or is not decided.

    :param records: list of dict, listeners that have their exposure; forwarded: the same of forwarded endpoints.
    :param skipped: int, of openings that were not looked for.
    :returns: dict with ``forwarded`` and ``openings``.
    """
    _note_undecided(records + forwarded, gaps)
    if len(forwarded) > MOST_FORWARDED:
        gaps.add('firewall', 'forwarded', 'the list of forwarded ports is incomplete', len(forwarded) - MOST_FORWARDED)
    skipped += max(len(openings) - MOST_OPENINGS, 0)
    if skipped:
        gaps.add(
            'firewall',
            'openings',
            'not all ports named by rules were checked for listeners: there are too many',
            skipped,
        )
    return {'forwarded': forwarded[:MOST_FORWARDED], 'openings': openings[:MOST_OPENINGS]}


def note_budget(gaps, patience):
    """Add the gap of a firewall of which not all questions were answered within some seconds."""
    gaps.add(
        'firewall',
        'budget',
        'the firewall is too large to list what it forwards and lets in within %d seconds' % patience,
    )


def _note_undecided(records, gaps):
    """Add a gap if it is not known of some listeners who can reach them.

    Raw sockets are left out: they have no port that rules could be about, and none of them is ever judged.
    """
    unknown = [record for record in records
               if record['exposure']['level'] == 'unknown' and record['protocol'] != 'raw']
    if unknown:
        reasons = {part['reason']: None for record in unknown for part in record['exposure']['undecided']}
        names = [record['id'] for record in unknown[:MOST_NAMED]] + ['...'] * (len(unknown) > MOST_NAMED)
        gaps.add('firewall', 'undecided', 'who can reach %s is not decided: %s' % (
            ', '.join(names), '; '.join(list(reasons)[:MOST_NAMED])), len(unknown))


def _backends(snapshot):
    """List the kinds of rules there are, and the programs that manage them."""
    saves, tools = snapshot['saves'], snapshot['tools']
    chains = {(entry['chain'].get('family'), entry['chain'].get('table'))
              for entry in (snapshot['nft'] or {}).get('nftables', ()) if entry.get('chain', {}).get('name') in _CHAINS}
    of_iptables = [
        family in ('ip', 'ip6') and name in _IPTABLES and (family + '/nft' in saves or (family, name) in chains)
        for family, name in snapshot['tables'] or ()]
    is_used = {
        'nftables': not all(of_iptables), 'iptables-nft': any(of_iptables),
        'iptables-legacy': any(key.endswith('/legacy') for key in saves),
        'firewalld': tools.get('firewalld') == 'running', 'ufw': tools.get('ufw') == 'active',
    }
    return [name for name, used in is_used.items() if used]
