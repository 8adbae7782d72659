# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of facts and of records, for whatever reads them on the controller.

Described here once: ``check`` refuses what differs from it, and the tests compare with it what modules return and
document. Keys that may be absent are in the class that is not total.
"""

from typing import Any, Literal, TypedDict, get_args

Protocol = Literal['tcp', 'udp', 'udplite', 'sctp', 'dccp', 'raw']
Family = Literal['ipv4', 'ipv6']
Scope = Literal['any', 'global', 'private', 'link', 'loopback']
HeldBy = Literal['processes', 'kernel', 'unknown']
ExposureVerdict = Literal['allowed', 'partly', 'blocked', 'unknown']
Level = Literal['none', 'local', 'link', 'private', 'listed', 'anyone', 'unknown']
Backend = Literal['nftables', 'iptables-nft', 'iptables-legacy', 'firewalld', 'ufw', 'windows']
Default = Literal['accept', 'drop', 'mixed', 'unknown']
Status = Literal['ok', 'failed', 'unreachable']
Platform = Literal['windows']

PROTOCOLS: tuple[Protocol, ...] = get_args(Protocol)
FAMILIES: tuple[Family, ...] = get_args(Family)
SCOPES: tuple[Scope, ...] = get_args(Scope)     # the widest first
HELD_BY: tuple[HeldBy, ...] = get_args(HeldBy)
EXPOSURE_VERDICTS: tuple[ExposureVerdict, ...] = get_args(ExposureVerdict)
LEVELS: tuple[Level, ...] = get_args(Level)
BACKENDS: tuple[Backend, ...] = get_args(Backend)
DEFAULTS: tuple[Default, ...] = get_args(Default)
STATUSES: tuple[Status, ...] = get_args(Status)
PLATFORMS: tuple[Platform, ...] = get_args(Platform)


def keys(shape: Any) -> frozenset[str]:
    """Return the keys of a shape, also those that may be absent."""
    names: frozenset[str] = shape.__required_keys__ | shape.__optional_keys__
    return names


class Gap(TypedDict):
    """What could not be observed.

    :ivar count: how many things it concerns, where that is known. :ivar hint: what would help, such as ``become``.
    """

    aspect: str
    code: str
    count: int | None
    message: str
    hint: str | None


class _Complete(TypedDict):
    sockets: bool
    binding: bool | None
    owners: bool | None
    units: bool | None
    namespaces: bool | None
    connections: bool | None
    resources: bool | None


class Complete(_Complete, total=False):
    """Whether all of an aspect was observed; None where nobody asked for it.

    Records of earlier versions lack the firewall, and what the host sends.
    """

    firewall: bool | None
    outgoing: bool | None


class _System(TypedDict):
    local_addresses: list[str] | None
    ephemeral_ports: list[int] | None
    reserved_ports: list[list[int]] | None
    unprivileged_port_start: int | None


class System(_System, total=False):
    """Surroundings of the listeners; None for what is not known.

    :ivar reserved_ports: those that no client is given, each [first, last]; on Windows those that were excluded by
        somebody.
    :ivar platform: absent where it is not Windows.
    :ivar excluded_ports: those that Windows has set aside by itself, each [first, last]: no program can listen there.
    """

    platform: Platform
    excluded_ports: list[list[int]] | None


class Resources(TypedDict):
    """What an owner uses."""

    cpu_seconds: float | None
    rss_bytes: int | None
    threads: int | None
    open_files: int | None


class _Owner(TypedDict):
    pid: int
    process: str | None
    exe: str | None
    exe_deleted: bool | None
    user: str | None
    uid: int | None
    started: str | None
    unit: str | None
    main: bool | None
    container: str | None


class Owner(_Owner, total=False):
    """A process that owns a socket.

    :ivar exe_inside: the path of its executable where ``exe`` is None because that path is none of the host.
    """

    exe_inside: str
    resources: Resources | None
    command: list[str] | None


class Backlog(TypedDict):
    """The fullest accept queue of a listener."""

    pending: int
    limit: int | None


class Undecided(TypedDict):
    """Networks of which it is not known whether they get through, and why."""

    sources: list[str]
    reason: str


class LongSet(TypedDict):
    """A very long set of addresses, or a part of it that rules treat alike.

    :ivar set: what rules call it. :ivar elements: how many there are. :ivar key: of its addresses, in ``Firewall``.
    """

    set: str | None
    family: Family
    elements: int
    key: str


class _Path(TypedDict):
    family: Family
    interfaces: list[str]
    verdict: ExposureVerdict
    allowed: list[str]
    undecided: list[Undecided]
    decided_by: str | None
    blocked_by: str | None
    caveats: list[str]


class Path(_Path, total=False):
    """What gets through to a listener over interfaces that are treated alike, in one family.

    Records of earlier versions lack the addresses.

    :ivar addresses: of the host, the only ones that this is about; None for all on which the listener is.
    """

    addresses: list[str] | None
    allowed_sets: list[LongSet]
    except_sets: list[LongSet]


class _Exposure(TypedDict):
    """Who can reach a listener, as far as its host decides.

    :ivar allowed: networks that surely can. :ivar decided_by: the rule that lets most of them in, or keeps all out.
    :ivar blocked_by: the rule that keeps most others out. :ivar caveats: what to know besides.
    """

    verdict: ExposureVerdict
    level: Level
    allowed: list[str]
    undecided: list[Undecided]
    decided_by: str | None
    blocked_by: str | None
    caveats: list[str]
    paths: list[Path]


class Exposure(_Exposure, total=False):
    """Who can reach a listener.

    :ivar allowed_sets: parts of very long sets who surely can too.
    :ivar except_sets: those of whom this is not so, though their addresses are in ``allowed``.
    """

    allowed_sets: list[LongSet]
    except_sets: list[LongSet]


class Served(TypedDict):
    """Who serves something.

    :ivar owners: the first of the processes that own it; ``owners_total`` counts all of them.
    """

    service: str | None
    activated_by: str | None
    held_by: HeldBy
    socket_uid: int | None
    owners: list[Owner]
    owners_total: int


class Endpoint(Served):
    """Where a host can be reached: what a listener and a forwarded endpoint have in common."""

    id: str
    protocol: Protocol
    family: Family
    address: str
    port: int
    interface: str | None
    accepts_ipv4: bool | None
    accepts_ipv6: bool | None
    scope: Scope
    port_name: str | None
    ephemeral: bool
    backlog: Backlog | None
    namespace: str | None


class Clients(TypedDict):
    """Where connections come from that were established, as networks, each with the number of connections.

    :ivar itself: how many are of the host itself.
    """

    ipv4: dict[str, int]
    ipv6: dict[str, int]
    itself: int


class Listener(Endpoint, total=False):
    """All sockets with one protocol, address, device and port.

    Records of earlier versions lack the clients.

    :ivar connections: how many of each state. :ivar clients: None where nobody can tell.
    :ivar exposure: None in other network namespaces.
    """

    connections: dict[str, int] | None
    clients: Clients | None
    exposure: Exposure | None


class LedElsewhere(TypedDict):
    """Who came to an endpoint that rules lead elsewhere, by what connections were addressed to."""

    protocol: Protocol
    family: Family
    address: str
    port: int
    clients: Clients


class Forwarded(Endpoint):
    """An endpoint that the firewall of the host leads to somewhere else.

    :ivar to: the addresses and ports it leads to. :ivar ports: a range where many are led alike.
    :ivar proxy: the id of the listener that stands for the same endpoint.
    """

    to: str
    ports: str
    decided_by: str | None
    container: str | None
    proxy: str | None
    exposure: Exposure


class _Opening(TypedDict):
    protocol: Protocol
    family: Family
    ports: str
    interfaces: list[str]
    sources: list[str]
    decided_by: str | None


class Opening(_Opening, total=False):
    """What the firewall lets in with nothing listening behind it.

    :ivar source_sets: parts of very long sets who are let in too.
    """

    source_sets: list[LongSet]


class _Outgoing(TypedDict):
    protocol: Literal['tcp', 'udp']
    ports: list[list[int]]
    verdict: ExposureVerdict
    allowed: list[str]
    undecided: list[Undecided]
    decided_by: str | None
    blocked_by: str | None
    caveats: list[str]


class Outgoing(_Outgoing, total=False):
    """Which servers the firewall of a host lets its programs connect to.

    :ivar ports: those of the servers, each [first, last]. :ivar allowed: networks of servers that surely are reached.
    """

    allowed_sets: list[LongSet]
    except_sets: list[LongSet]


class Sources(TypedDict):
    """The networks that a host has routes to."""

    ipv4: list[str]
    ipv6: list[str]


class _Firewall(TypedDict):
    backends: list[Backend]
    default: Default
    rules: int


class Firewall(_Firewall, total=False):
    """The rules of a host.

    :ivar default: what becomes of a port that no rule names. :ivar rules: how many there are.
    :ivar sets: the addresses of each ``LongSet``, by its key: addresses and ranges with a space between two.
    """

    sources: Sources | None
    sets: dict[str, str]


class Unit(TypedDict):
    """A unit of systemd that should listen.

    :ivar holds: whether it owns a listener under its ``id``. :ivar unseen: what could not be observed, with the reason.
    """

    unit: str
    id: str | None
    load: str | None
    active: str | None
    sub: str | None
    enabled: str | None
    result: str | None
    exit: int | None
    holds: bool | None
    unseen: list[str]


class Diagnosis(Unit):
    """Why a unit does not listen that should.

    :ivar lines: the end of its log.
    """

    lines: list[str]


class Judged(TypedDict, total=False):
    """What the judgement of a firewall adds to facts, beside the exposure of each listener."""

    forwarded: list[Forwarded]
    openings: list[Opening]
    firewall: Firewall
    outgoing: list[Outgoing]


class _Facts(TypedDict):
    schema: int
    gathered_at: str
    collector: str
    complete: Complete
    gaps: list[Gap]
    system: System
    listeners: list[Listener]


class Facts(_Facts, Judged, total=False):
    """What listens on one host. ``gathered_at`` is by the clock of that host.

    :ivar led_elsewhere: None where that could not be read.
    """

    led_elsewhere: list[LedElsewhere] | None
    diagnoses: dict[str, Diagnosis]


class Declared(TypedDict):
    """What a host was judged by: the variables, and a hash of what they say; the hash is empty if it was refused."""

    summary: str
    hash: str
    variables: list[str]


class _RecordedFinding(TypedDict):
    kind: str
    severity: str
    entry: str | None
    declared_in: str | None
    listener: str | None
    expected: str | None
    found: str | None
    message: str
    remedy: str | None
    fingerprint: str
    fails: bool
    parts: dict[str, Any] | None
    same: str | None


class RecordedFinding(_RecordedFinding, total=False):
    """A finding, in the text and the order in which it was told.

    Records of earlier versions lack the ports and the listeners.

    :ivar parts: what the text is made of, see ``_policy/judgement/parts.py``; None in records of schema 1.
    :ivar same: the key of those that are the same on other hosts.
    :ivar ports: those that are missing. :ivar listeners: the ids of these, where it is about several.
    """

    ports: list[str]
    listeners: list[str]


class WaivedFinding(TypedDict):
    """A finding that is waived.

    :ivar waiver: its variable and label.
    """

    kind: str
    severity: str
    listener: str | None
    entry: str | None
    message: str
    fingerprint: str
    waiver: list[str | None]


class WaiverInForce(TypedDict):
    """A waiver that waives something.

    :ivar findings: how many.
    """

    variable: str
    label: str
    expires: str | None
    reason: str | None
    owner: str | None
    findings: int


class Named(TypedDict):
    """Entries and waivers by their variable and label."""

    entries: list[list[str]]
    waivers: list[list[str]]


class Place(TypedDict):
    """Where a variable is written, and each of its entries that a finding names."""

    path: str
    line: int
    entries: dict[str, int]


class _Judgement(TypedDict):
    policy: Declared
    findings: list[RecordedFinding]
    findings_total: int
    failing: bool
    refused: str | None
    waived: int
    met: Named
    idle: Named


class Judgement(_Judgement, total=False):
    """What became of one host by its declaration. Records of earlier versions lack what need not be there.

    :ivar refused: why the declaration is invalid, of a host that was not judged. :ivar waived: how many findings are.
    :ivar met: what was of use, or may have been. :ivar idle: what surely was not, and need not be.
    :ivar entries: all of them, each by its variable, label, state and outcome.
    :ivar places: of the entries that findings name, by the variable.
    """

    waivers: list[WaiverInForce]
    entries: list[list[str | None]]
    waived_findings: list[WaivedFinding]
    places: dict[str, Place]


class Record(TypedDict):
    """What is kept of one host and one run.

    :ivar facts: None unless the status is ``ok``; then ``message`` says why.
    :ivar judgement: as ``_policy.judgement.fleet`` makes it; None for a host that was not judged.
    """

    schema: int
    host: str
    run_id: str
    recorded_at: str
    status: Status
    message: str | None
    collection: str
    ansible_core: str
    declared: bool
    facts: Facts | None
    judgement: Judgement | None


class Came(TypedDict):
    """A network from which clients came.

    :ivar first: by the clock of a controller, as ``last``. :ivar runs: in how many runs at least.
    :ivar most: how many connections there were at once, at least.
    """

    first: str
    last: str
    runs: int
    most: int


class Visited(TypedDict):
    """Who came to a listener, and how often somebody looked for that.

    Looks that were not complete add who came, and are not counted.

    :ivar first: None where no look was complete, as ``last``. :ivar days: on how many days, in UTC.
    :ivar itself: whether the host itself came.
    """

    first: str | None
    last: str | None
    runs: int
    days: int
    itself: bool
    ipv4: dict[str, Came]
    ipv6: dict[str, Came]


class History(TypedDict):
    """Who came to the listeners of a host, over many runs.

    :ivar run_id: the last run. :ivar began: when the first look of that run was.
    """

    schema: int
    host: str
    run_id: str
    began: str
    listeners: dict[str, Visited]
