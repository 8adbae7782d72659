# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Windows host sends: rows as its system calls returned them, of which nothing is judged there.

``win_collect_listeners`` writes one JSON object with the keys of ``Raw``, and packs it as ``w:`` and the base64 of its
gzip. Rows are lists, in the order of the classes here. A source that failed is null, and has a row in ``errors``; one
that was not asked for is absent. Times are FILETIMEs: numbers of 100 ns since 1601, 0 where Windows does not say.
"""

from __future__ import annotations

from typing import NamedTuple, TypedDict


class Socket(NamedTuple):
    """A row of GetExtendedTcpTable or GetExtendedUdpTable, and of GetOwnerModuleFrom*Entry for it.

    :ivar address: hexadecimal digits, in the order of the network. :ivar scope: the scope id of an IPv6 address, or 0.
    :ivar bound: when it was bound. :ivar module: the service that owns it, or another name; None where not told.
    :ivar code: the error of GetOwnerModuleFrom*Entry, 0 for none.
    """

    address: str
    port: int
    scope: int
    pid: int
    bound: int
    module: str | None
    path: str | None
    code: int


class Connections(NamedTuple):
    """How many rows of GetExtendedTcpTable have one local endpoint, and one state of MIB_TCP_STATE.

    :ivar table: ``tcp4`` or ``tcp6``.
    """

    table: str
    address: str
    port: int
    state: int
    number: int


class Process(NamedTuple):
    """A process that owns a socket, or is named by a queue of http.sys.

    :ivar path: its executable, as QueryFullProcessImageNameW has it. :ivar user: the SID of its token.
    :ivar package: the SID of its AppContainer, ``''`` for none, None where its token could not be read.
    :ivar code: the error of OpenProcess, or of what came after it; 0 for none.
    :ivar command: its command line; None where that was not asked for, or not readable.
    :ivar resources: working set in bytes, threads, handles, CPU time in 100 ns; None as above.
    """

    pid: int
    parent: int | None
    name: str | None
    path: str | None
    started: int | None
    user: str | None
    package: str | None
    code: int
    command: str | None
    resources: list[int | None] | None


class Service(NamedTuple):
    """A row of EnumServicesStatusExW, and what QueryServiceConfigW and QueryServiceConfig2W say of it.

    :ivar kind: dwServiceType. :ivar state: dwCurrentState: 1 stopped, 4 running.
    :ivar start: dwStartType. :ivar sid_type: SERVICE_SID_INFO: 0 none, 1 unrestricted, 3 restricted. Both are asked
        of services whose process owns a socket, and of those to diagnose; None for others, and where not told.
    :ivar exit: dwWin32ExitCode. :ivar specific: dwServiceSpecificExitCode.
    """

    name: str
    pid: int
    kind: int
    state: int
    start: int | None
    sid_type: int | None
    exit: int
    specific: int


class Portproxy(NamedTuple):
    """A value below Services\\PortProxy: ``v4tov4``, ``0.0.0.0/8080``, ``10.0.0.9/80``."""

    kind: str
    listen: str
    connect: str


class Route(NamedTuple):
    """A row of GetIpForwardTable2.

    :ivar family: 2 (IPv4) or 23 (IPv6). :ivar to: hexadecimal digits, as ``via``; all zero where there is no router.
    """

    family: int
    to: str
    length: int
    interface: int
    via: str


class Model(NamedTuple):
    """A row of GetIpInterfaceTable. :ivar interface: its index. :ivar family: 2 (IPv4) or 23 (IPv6)."""

    interface: int
    family: int
    weak_receive: bool
    forwarding: bool


class Event(NamedTuple):
    """An event of the provider Service Control Manager.

    :ivar properties: its values as text, in their order; no message, as that is in the language of the host.
    """

    event: int
    at: int
    properties: list[str]


class Ancestor(NamedTuple):
    """A process from which the one that looks comes, itself among them.

    :ivar name: of its executable, such as ``sshd.exe``. :ivar started: None where it could not be read.
    """

    pid: int
    name: str | None
    started: int | None


class Error(NamedTuple):
    """Why a source has nothing, or less: an error number of Windows, or the HRESULT of an exception, without a sign.

    :ivar source: the key of Raw, or a path such as ``excluded.tcp4``, ``firewall.stores.gpo`` and
        ``firewall.effective``. ``sockets``: there are more than ``max_sockets``, ``number`` of them. A value of
        ``gather`` that Windows does not have: 50, ``unsupported``.
    :ivar text: the system call, or the name of an exception; nothing in the language of the host.
    """

    source: str
    number: int
    text: str


class Os(TypedDict):
    """The system, and the process that looks.

    :ivar kind: wProductType: 1 a client, 2 a domain controller, 3 a server. :ivar now: FILETIME.
    :ivar elevated: whether it is an administrator's. :ivar language: the language mode of PowerShell.
    """

    version: str
    kind: int | None
    process_bits: int
    system_bits: int
    elevated: bool | None
    language: str | None
    user: str | None
    now: int


class Interface(TypedDict):
    """An adapter, as NetworkInterface has it.

    :ivar id: its GUID in braces. :ivar name: its alias. :ivar kind: IfType of IANA.
    :ivar up: whether it is connected, or may be.
    :ivar index4: its index for IPv4, None without it; ``index6`` the same.
    :ivar addresses: with the length of their networks. The last four are addresses.
    """

    id: str
    name: str
    kind: int
    up: bool
    index4: int | None
    index6: int | None
    addresses: list[str]
    gateways: list[str]
    dns: list[str]
    dhcp: list[str]
    wins: list[str]


class Effective(TypedDict):
    """What HNetCfg.FwPolicy2 says: bits and keys are 1 domain, 2 private, 4 public (NET_FW_PROFILE_TYPE2).

    :ivar current: CurrentProfileTypes. :ivar modify: LocalPolicyModifyState.
    :ivar profiles: of each FirewallEnabled, BlockAllInboundTraffic, DefaultInboundAction (0 block, 1 allow) and
        ExcludedInterfaces, aliases.
    """

    current: int
    modify: int | None
    profiles: dict[str, list[bool | int | list[str]]]


class Firewall(TypedDict, total=False):
    """The firewall.

    :ivar stores: of each of ``local``, ``gpo``, ``mdm``, ``static``, ``configurable`` and ``appiso`` pairs of a name
        and the text of a rule, as the registry has them; [] where the key is not there, None where it could not be
        read. Left out are rules with the exact token ``|Dir=Out|`` or ``|Active=FALSE|``, and the parts Desc and
        EmbedCtxt.
    :ivar counts: how many values each store has, with what was left out.
    :ivar profiles: of ``local``, ``gpo`` and ``mdm``, keys such as ``DomainProfile`` to values: DWORDs, and text of
        DisabledInterfaces. Keys below are ``StandardProfile\\GloballyOpenPorts``.
    :ivar products: names that HNetCfg.FwProducts lists. :ivar providers: names of WFP providers.
    :ivar consec: how many rules of connection security each store has.
    :ivar environment: %NAME%, folded, to its value, of those that rules name.
    """

    stores: dict[str, list[list[str]] | None]
    counts: dict[str, int]
    profiles: dict[str, dict[str, dict[str, int | str]] | None]
    effective: Effective | None
    products: list[str] | None
    providers: list[str] | None
    consec: dict[str, int] | None
    environment: dict[str, str]


class Nat(TypedDict):
    """Ports that WinNAT maps. :ivar mappings: text ``protocol external/port internal/port``."""

    mappings: list[list[str]]


class Raw(TypedDict, total=False):
    """All that a host sends.

    :ivar gather: what was asked for, as the option of ``listener_facts``.
    :ivar tcp4: rows of Socket, as ``tcp6``, ``udp4`` and ``udp6``. :ivar accounts: SID to the name of its account.
    :ivar rpc: ports of the endpoint map. :ivar http: what netsh printed of the queues of http.sys.
    :ivar excluded: ``tcp4``, ``tcp6``, ``udp4`` and ``udp6`` to what netsh printed; ``dynamic`` the same.
    :ivar networks: GUID of an adapter in braces to NLM_NETWORK_CATEGORY: 0 public, 1 private, 2 domain.
    :ivar events: of services that were asked about, by their names.
    :ivar displays: of these the name to the one that Windows shows; either is what was asked about.
    :ivar dependents: of each service whose process owns a socket the names of those that need it and are active, as
        EnumDependentServicesW lists them; None where that could not be asked. Only for a plan.
    :ivar ancestors: the process that looks, its parent, and so on. Only for a plan.
    """

    schema: int
    gather: list[str]
    os: Os
    tcp4: list[Socket] | None
    tcp6: list[Socket] | None
    udp4: list[Socket] | None
    udp6: list[Socket] | None
    connections: list[Connections] | None
    processes: list[Process] | None
    accounts: dict[str, str] | None
    services: list[Service] | None
    rpc: list[int] | None
    http: str | None
    excluded: dict[str, str | None]
    dynamic: dict[str, str | None]
    portproxy: list[Portproxy] | None
    nat: Nat | None
    interfaces: list[Interface] | None
    models: list[Model] | None
    routes: list[Route] | None
    networks: dict[str, int] | None
    firewall: Firewall
    events: dict[str, list[Event]] | None
    displays: dict[str, str] | None
    dependents: dict[str, list[str] | None] | None
    ancestors: list[Ancestor] | None
    errors: list[Error]
