# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may reach a listener, against who can.

Who can is in the ``exposure`` of a listener where the host's firewall was inspected. Without that some things are
still certain: nobody but the host itself reaches what is bound to loopback, and a limit that lets everybody in is kept
by every firewall.
"""

import functools
import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol, cast

from ....module_utils._addresses.networks import ANYONE, LOOPBACK
from ... import _long_sets
from ..._listener import Listener, accepts
from ..._shape import Facts, System
from ..._windows.listeners import is_here
from ..._words import number
from . import sources as _sources
from .patterns import Globs
from .sources import Sources, Spans
from .three_valued import both

_FAMILIES = {4: 'ipv4', 6: 'ipv6'}
_IS_CLOSED = {'allowed': False, 'partly': False, 'blocked': True}
_ITSELF: dict[int, Spans] = {family: _sources.of_facts(LOOPBACK, family) for family in _FAMILIES}
_MOST = 8               # spans, of which networks are listed
_EVERYBODY = Sources(['anyone'], 'clients')


class Limited(Protocol):
    """What an entry says of who may reach its listeners."""

    sources: Sources | None
    via: Globs | None


def families(listener: Listener) -> list[int]:
    """List the families that a listener may take, as 4 and 6: one that is not known is among them."""
    return [family for family, name in _FAMILIES.items() if accepts(listener, name) is not False]


def _exposure(listener: Listener) -> Mapping[str, Any]:
    """Return its exposure, with nothing in it where the firewall was not inspected."""
    return listener.get('exposure') or {}


def _is_inside(listener: Listener) -> bool:
    """Whether the host alone reaches it, as it is bound to loopback.

    That is not so where route_localnet (ip-sysctl) lets others in.
    """
    exposure = _exposure(listener)
    # no paths: nobody could look
    others = exposure.get('allowed') or (exposure.get('undecided') and exposure.get('paths'))
    others = others or exposure.get('allowed_sets')
    return listener['scope'] == 'loopback' and not others


class Reach(NamedTuple):
    """Who reaches a listener, by family, 4 or 6.

    :ivar sure: who surely does; ``maybe``: who may, some of whom surely do.
    """

    sure: Mapping[int, Spans]
    maybe: Mapping[int, Spans]


def _reach(listener: Listener) -> Reach:
    """Find who surely reaches a listener, and who may."""
    taken = families(listener)
    if _is_inside(listener):
        return Reach({family: _ITSELF[family] for family in taken}, {})
    exposure = _exposure(listener)
    if not exposure or exposure.get('verdict') == 'unknown' or exposure.get('allowed') is None:
        return Reach({}, {family: _sources.everybody(family) for family in taken})
    sure: dict[int, Spans] = {}
    maybe: dict[int, Spans] = {}
    for family in taken:
        allowed, perhaps = _let_in(exposure, family)
        # nobody reaches it over a family that it may not take, whoever the firewall lets in
        if accepts(listener, _FAMILIES[family]):
            sure[family], maybe[family] = allowed, perhaps
        else:
            maybe[family] = _sources.union(perhaps, allowed)
    return Reach(sure, maybe)


def _let_in(exposure: Mapping[str, Any], family: int) -> tuple[Spans, Spans]:
    """Find whom an exposure surely lets in over a family, and whom it may."""
    more, excepted = (_long_sets.members(exposure, name, family) for name in _long_sets.NAMES)
    if more is None or excepted is None:        # of some, nobody knows who they are
        return (), _sources.everybody(family)
    allowed = _sources.of_facts(exposure.get('allowed') or (), family)
    undecided = [
        _sources.of_facts(part.get('sources') or () if isinstance(part, dict) else [part], family)
        for part in exposure.get('undecided') or ()
    ]
    return _sources.union(_sources.minus(allowed, *excepted), *more), _sources.union(*undecided)


def let_in(listener: Listener) -> Mapping[int, Spans] | None:
    """Find who reaches a listener, or may, beside the host itself, by family; None where nobody looked."""
    exposure = _exposure(listener)
    if not _is_inside(listener) and (exposure.get('verdict') in (None, 'unknown') or exposure.get('allowed') is None):
        return None
    sure, maybe = _reach(listener)
    return {family: _sources.minus(_sources.union(sure.get(family, ()), maybe.get(family, ())), _ITSELF[family])
            for family in families(listener)}


def is_anyone(listener: Listener) -> bool:
    """Whether everybody of a family surely reaches it, as far as the host has a say in it."""
    sure = _reach(listener).sure
    if not _is_inside(listener) and any(spans == _sources.everybody(family) for family, spans in sure.items()):
        return True
    return _exposure(listener).get('level') == 'anyone'


def may_be_anyone(listener: Listener) -> bool:
    """Whether everybody of a family reaches it, or may, where not all is decided."""
    if is_anyone(listener):
        return True
    sure, maybe = _reach(listener)
    return listener['scope'] != 'loopback' and any(
        _sources.union(sure.get(family, ()), maybe.get(family, ())) == _sources.everybody(family)
        for family in families(listener))


def is_blocked(listener: Listener) -> bool:
    """Whether the rules of its host surely let nobody in but the host itself.

    Where there is no way to it at all, such as while its interface is down, no rule has decided that.
    """
    exposure = _exposure(listener)
    is_open = any(exposure.get(name) for name in ('allowed', 'allowed_sets', 'undecided'))
    return bool(exposure.get('verdict') == 'blocked' and exposure.get('level') in ('none', 'local')
                and exposure.get('paths') and not is_open)


def upper(sources: Sources, listener: Listener) -> bool | None:
    """Whether nobody outside of these sources reaches it. The host itself always may.

    Who else reaches it may be one of those whose addresses are not known.
    """
    kept = _is_kept(sources, listener)
    return None if kept is False and sources.unknown else kept


def depends_on_clients(sources: Sources, listener: Listener) -> bool:
    """Whether all that ``upper`` lacks of a listener is the addresses of clients."""
    return bool(sources.unknown) and _is_kept(sources, listener) is False


def _is_kept(sources: Sources, listener: Listener) -> bool | None:
    """Whether nobody reaches it but these sources, as far as their addresses are known."""
    if _is_inside(listener):
        return True
    exposure = _exposure(listener)
    allowed = exposure.get('allowed')
    # more is to be asked than who is allowed
    if (allowed is None or exposure.get('verdict') == 'unknown' or exposure.get('undecided')
            or _long_sets.has(exposure)):
        return _upper(sources, listener)
    return _upper_of(sources, tuple(allowed), listener['accepts_ipv4'], listener['accepts_ipv6'])


@functools.lru_cache(maxsize=4096)
def _upper_of(sources: Sources, allowed: tuple[str, ...], ipv4: bool | None, ipv6: bool | None) -> bool | None:
    """Answer once for all listeners of which the same is decided: a fleet has many that are alike."""
    alike = {'scope': 'any', 'accepts_ipv4': ipv4, 'accepts_ipv6': ipv6,
             'exposure': {'verdict': 'partly', 'allowed': allowed}}
    return _upper(sources, cast(Listener, alike))


def _upper(sources: Sources, listener: Listener) -> bool | None:
    sure, maybe = _reach(listener)
    if any(_outside(spans, [sources], family) for family, spans in sure.items()):
        return False
    return None if any(_outside(spans, [sources], family) for family, spans in maybe.items()) else True


def _outside(spans: Spans, meant: Iterable[Sources], family: int) -> Spans:
    """Take what is in none of these sources, nor the host itself."""
    return _sources.minus(spans, _ITSELF[family], *(sources.spans[family] for sources in meant))


def beyond(entries: Sequence[Limited], limits: Sequence[str], listener: Listener) -> list[str]:
    """List who reaches a listener and is meant by none of these entries.

    :param limits: of each entry the limit that is not kept: ``via`` or another.
    :returns: networks, long sets by their names, or ``anyone``; nothing where that cannot be said briefly.
    """
    if all(limit == 'via' for limit in limits):
        paths = _exposure(listener).get('paths') or ()
        names = {name for path in paths if _IS_CLOSED.get(path['verdict']) is False for name in path['interfaces']}
        is_folded = is_here(listener)
        return sorted(
            name for name in names if not any(entry.via and entry.via.fit_name(name, is_folded) for entry in entries))
    if is_anyone(listener):
        return ['anyone']
    meant = [entry.sources for entry, limit in zip(entries, limits) if limit != 'via' and entry.sources]
    result: list[str] = []
    exposure = _exposure(listener)
    for family, spans in _reach(listener).sure.items():
        others = _outside(spans, meant, family)
        names_of_sets, others = _named(exposure.get('allowed_sets') or (), others, family)
        for text in exposure.get('allowed') or ():
            net = _sources.of_facts([text], family)
            if _sources.common(net, others):
                result.append(text)
                others = _sources.minus(others, net)
        result += names_of_sets + _sources.in_words(others, family, _MOST)
    return result


def _named(parts: Iterable[Mapping[str, Any]], spans: Spans, family: int) -> tuple[list[str], Spans]:
    """Name the parts of long sets that have something of a set in them, those of one set together.

    :returns: tuple of a list of str, and what of the set is in none that has a name.
    """
    counts: dict[str, int] = {}
    for part in parts:
        members = _long_sets.of(part) if part['family'] == _FAMILIES[family] and part['set'] else None
        common = _sources.common(members, spans) if members else ()
        if common:
            whole = common == members
            counts[part['set']] = counts.get(part['set'], 0) + (part['elements'] if whole else len(common))
            spans = _sources.minus(spans, common)
    return ['the %s of %s' % (number(max(count, 1), 'network'), name) for name, count in counts.items()], spans


def lower(sources: Sources, sure: Sequence[Listener], perhaps: Sequence[Listener], facts: Facts,
          family: str | None = None) -> tuple[bool | None, list[str]]:
    """Whether all of these sources reach one of the listeners.

    The host itself is not asked about: no firewall is between.

    :param sure: the listeners that an entry speaks of.
    :param perhaps: those of which that is not known.
    :param facts: a family that the host has no address of is left out, and so are networks to which it has no route: no
        rule keeps them out.
    :returns: True, False or None, and who is surely shut out: networks, long sets by their names, or ``anyone``.
        Where the addresses of some are not known, that is None, unless everybody is let in.
    """
    if sources.unknown:
        serves_all = _lower(_EVERYBODY, sure, perhaps, facts, family)[0]
        return (True if serves_all else None), []
    return _lower(sources, sure, perhaps, facts, family)


def _lower(sources: Sources, sure: Sequence[Listener], perhaps: Sequence[Listener], facts: Facts,
           family: str | None) -> tuple[bool | None, list[str]]:
    """Answer ``lower`` for sources whose addresses are all known."""
    wanted = [kind for kind in sources.families()
              if kind in _families_of(facts['system']) and family in (None, _FAMILIES[kind])]
    firewall = facts.get('firewall')
    routed = firewall.get('sources') if firewall else None

    def shut_out(reached: Iterable[Mapping[int, Spans]]) -> dict[int, Spans]:
        result = {}
        for kind in wanted:
            left = _sources.minus(
                sources.spans[kind], _ITSELF[kind], *(spans[kind] for spans in reached if kind in spans))
            if routed:
                left = _sources.common(left, _sources.of_facts(routed['ipv4' if kind == 4 else 'ipv6'], kind))
            if left:
                result[kind] = left
        return result

    if not sure:            # if it is none of them it serves nobody, and shuts out nobody
        left = any(shut_out([_reach(listener).sure]) for listener in perhaps)
        return (None if left else True), []
    allowed = [_reach(listener).sure for listener in sure]
    maybe = [_reach(listener).maybe for listener in sure]
    maybe += [reached for listener in perhaps for reached in _reach(listener)]
    blocked = shut_out([*allowed, *maybe])
    if not blocked:
        return (None if shut_out(allowed) else True), []
    if blocked == shut_out([]) and 'anyone' in sources.words:
        return False, ['anyone']
    texts = []
    for kind, spans in blocked.items():
        if spans == _sources.minus(_sources.everybody(kind), _ITSELF[kind]):
            texts.append(ANYONE[kind == 6])
            continue
        parts = [part for listener in sure for part in _exposure(listener).get('except_sets') or ()]
        names, others = _named(parts, spans, kind)
        texts += names + _sources.in_words(others, kind, _MOST)
    return False, texts


def _families_of(system: System) -> list[int]:
    """List the families that the host has an address of with which others reach it."""
    addresses = system.get('local_addresses')
    if addresses is None:
        return [4, 6]
    reachable = set()
    for text in addresses:
        try:
            without_zone = '/'.join((text.partition('%')[0], text.rpartition('/')[2])) if '%' in text else text
            address = ipaddress.ip_interface(without_zone).ip
        except ValueError:
            return [4, 6]
        if not address.is_loopback and not (address.version == 6 and address.is_link_local):
            reachable.add(address.version)
    return sorted(reachable)


def via(globs: Globs, listener: Listener) -> bool | None:
    """Whether it is reached through these interfaces alone."""
    device = listener['interface']
    if _is_inside(listener):
        return True
    if device is not None:
        return globs.fit_name(device, is_here(listener))
    paths = _exposure(listener).get('paths')
    if not paths:
        return None
    is_folded = is_here(listener)
    others = [path for path in paths if not all(globs.fit_name(name, is_folded) for name in path['interfaces'])]
    return both(_IS_CLOSED.get(path['verdict']) for path in others)
