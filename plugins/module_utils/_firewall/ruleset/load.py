# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a snapshot into a Ruleset."""

import json

from .model import Ruleset


def parsed(snapshot):
    """Decode the text of nft in a snapshot.

    :returns: dict, a snapshot in which ``nft`` is an object, or None with one more error.
    """
    if not isinstance(snapshot['nft'], str):
        return snapshot
    try:
        document = json.loads(snapshot['nft'])
        if all(isinstance(value, dict) for entry in document['nftables'] for value in entry.values()):
            _tell_devices(document, snapshot.get('devices') or ())
            _tell_families(document, snapshot.get('unshown') or ())
            return dict(snapshot, nft=document)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    error = {'aspect': 'nft', 'message': 'the output of nft could not be parsed'}
    return dict(snapshot, nft=None, errors=snapshot['errors'] + [error])


def _tell_devices(document, devices):
    """Add the devices of chains where nft does not show them."""
    known = {tuple(key): names for *key, names in devices}
    for entry in document['nftables']:
        chain = entry.get('chain')
        if chain and chain.get('hook') in ('ingress', 'egress') and not chain.get('dev'):
            chain['dev'] = known.get((chain.get('family'), chain.get('table'), chain.get('name')), [])


def _tell_families(document, unshown):
    """Add the conditions about IPv4 or IPv6 that nft does not show."""
    known = {tuple(key): family for *key, family in unshown}
    for rule in [entry['rule'] for entry in document['nftables'] if 'rule' in entry] if known else ():
        family = known.get((rule.get('family'), rule.get('table'), rule.get('chain'), rule.get('handle')))
        if family:          # beside one that is shown, it changes nothing
            rule['expr'].insert(0, {'match': {'op': '==', 'left': {'meta': {'key': 'nfproto'}}, 'right': family}})


def load(snapshot):
    """Make a Ruleset of a snapshot that is parsed.

    What could not be read is in its doubts, and then nothing is decided.
    """
    ruleset = Ruleset()
    for error in snapshot.get('errors') or ():
        ruleset.doubts.append(str(error.get('message')))
    loader, saves, program = None, snapshot.get('saves') or {}, 'nft'
    try:
        if snapshot.get('nft'):
            from . import nftables
            loader = nftables.Loader(snapshot['nft'], ruleset, snapshot.get('table_flags'))
        program = 'iptables-save'
        if any(saves.values()):
            from . import merge
            merge.load(ruleset, loader, saves, snapshot.get('ipset'))
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, StopIteration, TypeError, ValueError):
        ruleset.doubts.append('the output of %s could not be parsed' % program)
    return ruleset
