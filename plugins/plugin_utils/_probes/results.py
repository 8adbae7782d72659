# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what a vantage host says it found, and believes it only as far as its form goes."""

import json
from collections.abc import Sequence
from typing import Any

from .. import _schema
from .._facts import check
from .._harmless.terminal import sentence
from .._schema import Fault
from .compare import Probe, Vantage
from .plan import Endpoint

VERDICTS = ('open', 'closed', 'filtered', 'open|filtered', 'unresolvable', 'unknown')
_MOST = 1000 * 1000             # probes of one host
_maybe_text = _schema.nullable(_schema.text(100))
_check = _schema.items(_schema.mapping({
    'index': _schema.integer(0, _MOST),
    'endpoint': _schema.text(400),
    'protocol': _schema.choice('tcp', 'udp'),
    'address': _maybe_text,
    'port': _schema.integer(1, 65535),
    'verdict': _schema.choice(*VERDICTS),
    'reason': _schema.text(1000),
    'local_address': _maybe_text,
    'rtt_ms': _schema.nullable(_schema.number),
}, {'name': _schema.nullable(_schema.text(400))}), _MOST)


KEYS = ('counts', 'elapsed', 'packed', 'probes')
_counts = _schema.mapping({}, dict.fromkeys(VERDICTS, _schema.integer(0, _MOST)))
_form = _schema.mapping({'counts': _counts, 'elapsed': _schema.number}, {
    'packed': _schema.text(check.MAX_BYTES),
    'probes': _check,
    'warnings': lambda warnings: warnings,
})


def formed(answer: dict[str, Any]) -> dict[str, Any]:
    """Check the form of an answer of ``probe_listeners``; what is packed in it is checked where it is read.

    :raises Fault: it has another one.
    """
    checked: dict[str, Any] = _form(answer)
    if len(checked.keys() & {'packed', 'probes'}) != 1:
        raise Fault('has to have either probes or packed')
    return checked


def read(host: str, registered: object, endpoints: Sequence[Endpoint]) -> Vantage:
    """Make a vantage host of what its task registered.

    :param host: its name.
    :param registered: what ``register`` made of ``probe_listeners``, or None where it made nothing.
    :param endpoints: what was to be probed.
    :returns: with a reason in place of probes where there are none, or none to be believed.
    """
    if not isinstance(registered, dict):
        return Vantage(host, reason='it did not probe anything')
    for state in ('unreachable', 'failed', 'skipped'):
        if registered.get(state):
            message = registered.get('msg') or registered.get('skip_reason') or 'no reason was given'
            return Vantage(host, reason='%s: %s' % (state, sentence(str(message), 500)))
    try:
        return Vantage(host, _checked(registered, endpoints))
    except Fault as fault:
        return Vantage(host, reason='failed: its answer is not valid: %s' % sentence(str(fault), 500))


def _checked(registered: dict[str, object], endpoints: Sequence[Endpoint]) -> list[Probe]:
    packed = registered.get('packed')
    if packed is None:
        try:
            packed = json.dumps(registered.get('probes'))
        except (TypeError, ValueError, RecursionError):
            raise Fault('it cannot be read') from None
    if not isinstance(packed, str):
        raise Fault('it is not text')
    try:
        data = packed.encode('utf-8')
    except UnicodeError:
        raise Fault('it is not UTF-8') from None
    if len(data) > check.MAX_BYTES:
        raise Fault('more than %d bytes' % check.MAX_BYTES)
    probes: list[Probe] = _check(_schema.parse(data, check.MAX_ELEMENTS))
    for number, probe in enumerate(probes):
        asked = endpoints[probe['index']] if probe['index'] < len(endpoints) else None
        if not asked or (asked['protocol'], asked['port']) != (probe['protocol'], probe['port']) or (
                'address' in asked and probe['address'] not in (asked['address'], None)):
            raise Fault('is for an endpoint that was not requested', '[%d]' % number)
    return probes
