// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Sockets, their owner modules, connections, routes and interfaces of a Windows host: IP Helper. Nothing is judged here.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using ansible_collections.listening.ports.plugins.module_utils._WinAnswer;

namespace ansible_collections.listening.ports.plugins.module_utils._WinTables
{
    internal static class NativeMethods
    {
        [DllImport("iphlpapi.dll")]
        public static extern uint GetExtendedTcpTable(IntPtr table, ref uint size, bool order, uint family, uint kind, uint reserved);
        [DllImport("iphlpapi.dll")]
        public static extern uint GetExtendedUdpTable(IntPtr table, ref uint size, bool order, uint family, uint kind, uint reserved);
        [DllImport("iphlpapi.dll")]
        public static extern uint GetOwnerModuleFromTcpEntry(IntPtr entry, uint kind, IntPtr buffer, ref uint size);
        [DllImport("iphlpapi.dll")]
        public static extern uint GetOwnerModuleFromTcp6Entry(IntPtr entry, uint kind, IntPtr buffer, ref uint size);
        [DllImport("iphlpapi.dll")]
        public static extern uint GetOwnerModuleFromUdpEntry(IntPtr entry, uint kind, IntPtr buffer, ref uint size);
        [DllImport("iphlpapi.dll")]
        public static extern uint GetOwnerModuleFromUdp6Entry(IntPtr entry, uint kind, IntPtr buffer, ref uint size);
        [DllImport("iphlpapi.dll")]
        public static extern uint GetIpInterfaceTable(ushort family, out IntPtr table);
        [DllImport("iphlpapi.dll")]
        public static extern uint GetIpForwardTable2(ushort family, out IntPtr table);
        [DllImport("iphlpapi.dll")]
        public static extern void FreeMibTable(IntPtr table);
    }

    // One kind of table, and where the fields of its rows are; -1 for none.
    // MIB_TCPROW_OWNER_MODULE, MIB_TCP6ROW_OWNER_MODULE, MIB_UDPROW_OWNER_MODULE, MIB_UDP6ROW_OWNER_MODULE,
    // MIB_TCPROW_OWNER_PID, MIB_TCP6ROW_OWNER_PID
    internal class Layout
    {
        public const uint IPv4 = 2, IPv6 = 23;
        public readonly bool Tcp;
        public readonly uint Family, Class;
        public readonly int Header, Stride, Address, Bytes, Scope, Port, Pid, Bound, State;
        public bool NoOwners;           // whether this Windows has no GetOwnerModuleFrom*Entry for it

        private Layout(bool tcp, uint family, uint kind, int header, int stride, int address, int scope, int port, int pid,
                       int bound, int state)
        {
            Tcp = tcp; Family = family; Class = kind; Header = header; Stride = stride; Address = address;
            Bytes = family == IPv4 ? 4 : 16; Scope = scope; Port = port; Pid = pid; Bound = bound; State = state;
        }

        private const uint TcpModuleListener = 6, TcpPidAll = 5, UdpModule = 2;

        public static Layout Listeners(string table)
        {
            if (table == "tcp4") return new Layout(true, IPv4, TcpModuleListener, 8, 160, 4, -1, 8, 20, 24, 0);
            if (table == "tcp6") return new Layout(true, IPv6, TcpModuleListener, 8, 192, 0, 16, 20, 52, 56, 48);
            if (table == "udp4") return new Layout(false, IPv4, UdpModule, 8, 160, 0, -1, 4, 8, 16, -1);
            return new Layout(false, IPv6, UdpModule, 8, 176, 0, 16, 20, 24, 32, -1);
        }

        public static Layout Connections(string table)
        {
            return table == "tcp4" ? new Layout(true, IPv4, TcpPidAll, 4, 24, 4, -1, 8, 20, -1, 0)
                                   : new Layout(true, IPv6, TcpPidAll, 4, 56, 0, 16, 20, 52, -1, 48);
        }

        public string AddressOf(IntPtr row) { return Tables.Hex(row, Address, Bytes); }

        public int PortOf(IntPtr row) { return (Marshal.ReadByte(row, Port) << 8) | Marshal.ReadByte(row, Port + 1); }

        // The index of an interface, below 65536; some versions have it in the order of the network.
        public uint ScopeOf(IntPtr row)
        {
            uint scope = Scope < 0 ? 0 : (uint)Marshal.ReadInt32(row, Scope);
            return (scope & 0xFFFF) != 0 ? scope : (scope >> 24) | ((scope >> 8) & 0xFF00);
        }
    }

    public static class Tables
    {
        private const uint Insufficient = 122;
        private const int MostTries = 8, Slack = 65536;

        // Rows of raw.Socket. most: how many are read; count: how many there are.
        public static List<object> Sockets(string table, bool owners, long most, out long count)
        {
            Layout layout = Layout.Listeners(table);
            List<object> rows = new List<object>();
            count = Each(layout, delegate(IntPtr row)
            {
                if (rows.Count >= most) return;
                string name = null, path = null;
                uint code = 0;
                if (owners) code = Owner(layout, row, out name, out path);
                rows.Add(new object[] {
                    layout.AddressOf(row), layout.PortOf(row), layout.ScopeOf(row), (uint)Marshal.ReadInt32(row, layout.Pid),
                    Math.Max(0, Marshal.ReadInt64(row, layout.Bound)), name, path, code });
            });
            return rows;
        }

        // Rows of raw.Connections of one table, of those at these ports.
        public static List<object> Connections(string table, ICollection<int> ports)
        {
            Layout layout = Layout.Connections(table);
            List<object[]> rows = new List<object[]>();
            Dictionary<string, object[]> known = new Dictionary<string, object[]>();
            Each(layout, delegate(IntPtr row)
            {
                int port = layout.PortOf(row), state = Marshal.ReadInt32(row, layout.State);
                if (!ports.Contains(port)) return;
                string address = layout.AddressOf(row);
                string key = string.Format(CultureInfo.InvariantCulture, "{0} {1} {2}", address, port, state);
                object[] one;
                if (!known.TryGetValue(key, out one))
                {
                    known[key] = one = new object[] { table, address, port, state, 0 };
                    rows.Add(one);
                }
                one[4] = (int)one[4] + 1;
            });
            return new List<object>(rows.ToArray());
        }

        // Calls for each row of a table, and returns how many there are. The table may grow between two calls.
        private static long Each(Layout layout, Action<IntPtr> row)
        {
            uint room = 0, size = 0, code = Insufficient;
            IntPtr buffer = IntPtr.Zero;
            string call = layout.Tcp ? "GetExtendedTcpTable" : "GetExtendedUdpTable";
            try
            {
                for (int tries = 0; code == Insufficient && tries < MostTries; tries++)
                {
                    if (buffer != IntPtr.Zero) Marshal.FreeHGlobal(buffer);
                    size = room = size + Slack;
                    buffer = IntPtr.Zero;
                    buffer = Marshal.AllocHGlobal(new IntPtr(room));
                    code = layout.Tcp
                        ? NativeMethods.GetExtendedTcpTable(buffer, ref size, true, layout.Family, layout.Class, 0)
                        : NativeMethods.GetExtendedUdpTable(buffer, ref size, true, layout.Family, layout.Class, 0);
                }
                if (code != 0) throw new SystemFault(call, code);
                long count = (uint)Marshal.ReadInt32(buffer);
                if (layout.Header + count * layout.Stride > room) throw new SystemFault(call, SystemFault.InvalidData);
                for (long i = 0; i < count; i++) row(new IntPtr(buffer.ToInt64() + layout.Header + i * layout.Stride));
                return count;
            }
            finally { if (buffer != IntPtr.Zero) Marshal.FreeHGlobal(buffer); }
        }

        // The service or program that owns a socket, or an error: the socket is there all the same.
        private static uint Owner(Layout layout, IntPtr row, out string name, out string path)
        {
            name = path = null;
            if (layout.NoOwners) return (uint)SystemFault.NoProcedure;
            uint size = 4096;
            IntPtr buffer = Marshal.AllocHGlobal(new IntPtr(size));
            try
            {
                uint code = Call(layout, row, buffer, ref size);
                if (code == Insufficient && size <= Slack)
                {
                    Marshal.FreeHGlobal(buffer);
                    buffer = IntPtr.Zero;
                    buffer = Marshal.AllocHGlobal(new IntPtr(size));
                    code = Call(layout, row, buffer, ref size);
                }
                if (code != 0) return code;
                name = Marshal.PtrToStringUni(Marshal.ReadIntPtr(buffer, 0));
                path = Marshal.PtrToStringUni(Marshal.ReadIntPtr(buffer, IntPtr.Size));
                return 0;
            }
            catch (EntryPointNotFoundException)
            {
                layout.NoOwners = true;
                return (uint)SystemFault.NoProcedure;
            }
            finally { if (buffer != IntPtr.Zero) Marshal.FreeHGlobal(buffer); }
        }

        private static uint Call(Layout layout, IntPtr row, IntPtr buffer, ref uint size)
        {
            if (layout.Tcp && layout.Family == Layout.IPv4) return NativeMethods.GetOwnerModuleFromTcpEntry(row, 0, buffer, ref size);
            if (layout.Tcp) return NativeMethods.GetOwnerModuleFromTcp6Entry(row, 0, buffer, ref size);
            if (layout.Family == Layout.IPv4) return NativeMethods.GetOwnerModuleFromUdpEntry(row, 0, buffer, ref size);
            return NativeMethods.GetOwnerModuleFromUdp6Entry(row, 0, buffer, ref size);
        }

        // Rows of raw.Model. MIB_IPINTERFACE_ROW: 168 bytes, Family at 0, InterfaceIndex 16, ForwardingEnabled 41,
        // WeakHostReceive 43
        public static List<object> Models()
        {
            IntPtr table;
            uint code = NativeMethods.GetIpInterfaceTable(0, out table);
            return Mib("GetIpInterfaceTable", code, table, 168, delegate(IntPtr row)
            {
                return new object[] {
                    Marshal.ReadInt32(row, 16), Marshal.ReadInt16(row, 0), Marshal.ReadByte(row, 43) != 0, Marshal.ReadByte(row, 41) != 0 };
            });
        }

        // Rows of raw.Route. MIB_IPFORWARD_ROW2: 104 bytes, InterfaceIndex at 8, DestinationPrefix 12 with its length at
        // 40, NextHop 44; of a SOCKADDR_INET the family at 0, the address at 4 (IPv4) or 8 (IPv6)
        public static List<object> Routes()
        {
            IntPtr table;
            uint code = NativeMethods.GetIpForwardTable2(0, out table);
            return Mib("GetIpForwardTable2", code, table, 104, delegate(IntPtr row)
            {
                int family = Marshal.ReadInt16(row, 12), at = family == Layout.IPv4 ? 4 : 8, bytes = family == Layout.IPv4 ? 4 : 16;
                return new object[] {
                    family, Hex(row, 12 + at, bytes), Marshal.ReadByte(row, 40), Marshal.ReadInt32(row, 8), Hex(row, 44 + at, bytes) };
            });
        }

        private static List<object> Mib(string call, uint code, IntPtr table, int stride, Func<IntPtr, object[]> read)
        {
            if (code != 0) throw new SystemFault(call, code);
            try
            {
                List<object> rows = new List<object>();
                long count = (uint)Marshal.ReadInt32(table);
                for (long i = 0; i < count; i++) rows.Add(read(new IntPtr(table.ToInt64() + 8 + i * stride)));
                return rows;
            }
            finally { NativeMethods.FreeMibTable(table); }
        }

        internal static string Hex(IntPtr row, int offset, int bytes)
        {
            StringBuilder text = new StringBuilder(2 * bytes);
            for (int i = 0; i < bytes; i++) text.Append(Marshal.ReadByte(row, offset + i).ToString("x2", CultureInfo.InvariantCulture));
            return text.ToString();
        }

        // Rows of raw.Interface. A part that cannot be read is empty, and noted. Unknown is up: it may be a way in.
        public static List<object> Interfaces(Answer answer)
        {
            List<object> rows = new List<object>();
            foreach (NetworkInterface one in NetworkInterface.GetAllNetworkInterfaces())
            {
                NetworkInterface adapter = one;
                IPInterfaceProperties properties = adapter.GetIPProperties();
                Dictionary<string, object> row = new Dictionary<string, object>();
                row["id"] = adapter.Id;
                row["name"] = adapter.Name;
                row["kind"] = (int)adapter.NetworkInterfaceType;
                row["up"] = adapter.OperationalStatus == OperationalStatus.Up || adapter.OperationalStatus == OperationalStatus.Unknown;
                row["index4"] = Index(answer, adapter, NetworkInterfaceComponent.IPv4, delegate { return properties.GetIPv4Properties().Index; });
                row["index6"] = Index(answer, adapter, NetworkInterfaceComponent.IPv6, delegate { return properties.GetIPv6Properties().Index; });
                row["addresses"] = Part(answer, delegate(List<string> found)
                {
                    foreach (UnicastIPAddressInformation address in properties.UnicastAddresses)
                        found.Add(Text(address.Address) + "/" + address.PrefixLength.ToString(CultureInfo.InvariantCulture));
                });
                row["gateways"] = Part(answer, delegate(List<string> found)
                {
                    foreach (GatewayIPAddressInformation gateway in properties.GatewayAddresses) found.Add(Text(gateway.Address));
                });
                row["dns"] = Part(answer, delegate(List<string> found) { Add(found, properties.DnsAddresses); });
                row["dhcp"] = Part(answer, delegate(List<string> found) { Add(found, properties.DhcpServerAddresses); });
                row["wins"] = Part(answer, delegate(List<string> found) { Add(found, properties.WinsServersAddresses); });
                rows.Add(row);
            }
            return rows;
        }

        // 0 is the index of none.
        private static object Index(Answer answer, NetworkInterface adapter, NetworkInterfaceComponent family, Func<object> read)
        {
            object index = adapter.Supports(family) ? answer.Try("interfaces", read) : null;
            return index is int && (int)index == 0 ? null : index;
        }

        private static List<string> Part(Answer answer, Action<List<string>> read)
        {
            List<string> found = new List<string>();
            answer.Try("interfaces", delegate { read(found); return null; });
            return found;
        }

        private static void Add(List<string> found, IPAddressCollection addresses)
        {
            foreach (IPAddress address in addresses) found.Add(Text(address));
        }

        // Without the scope of an IPv6 address, which is the interface.
        private static string Text(IPAddress address)
        {
            return address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes()).ToString() : address.ToString();
        }
    }
}
