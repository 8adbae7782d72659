// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Services of a Windows host, what they log, and the ports of RPC. Nothing is judged here.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32;
using ansible_collections.listening.ports.plugins.module_utils._WinAnswer;

namespace ansible_collections.listening.ports.plugins.module_utils._WinServices
{
    internal static class NativeMethods
    {
        [DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern IntPtr OpenSCManagerW(string machine, string database, uint access);
        [DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern bool EnumServicesStatusExW(IntPtr manager, int level, uint kind, uint state, IntPtr buffer, uint size,
                                                        out uint needed, out uint count, ref uint resume, string group);
        [DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern IntPtr OpenServiceW(IntPtr manager, string name, uint access);
        [DllImport("advapi32.dll", SetLastError = true)]
        public static extern bool CloseServiceHandle(IntPtr handle);
        [DllImport("advapi32.dll", SetLastError = true)]
        public static extern bool QueryServiceStatus(IntPtr service, IntPtr status);
        [DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern bool QueryServiceConfigW(IntPtr service, IntPtr buffer, uint size, out uint needed);
        [DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern bool QueryServiceConfig2W(IntPtr service, uint level, IntPtr buffer, uint size, out uint needed);
        [DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern bool EnumDependentServicesW(IntPtr service, uint state, IntPtr buffer, uint size, out uint needed, out uint count);
        [DllImport("wevtapi.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern IntPtr EvtQuery(IntPtr session, string path, string query, uint flags);
        [DllImport("wevtapi.dll", SetLastError = true)]
        public static extern bool EvtClose(IntPtr handle);
        [DllImport("rpcrt4.dll")]
        public static extern uint RpcMgmtEpEltInqBegin(IntPtr binding, uint kind, IntPtr id, uint version, IntPtr uuid, out IntPtr context);
        [DllImport("rpcrt4.dll")]
        public static extern uint RpcMgmtEpEltInqNextW(IntPtr context, IntPtr id, out IntPtr binding, IntPtr uuid, IntPtr annotation);
        [DllImport("rpcrt4.dll")]
        public static extern uint RpcMgmtEpEltInqDone(ref IntPtr context);
        [DllImport("rpcrt4.dll")]
        public static extern uint RpcBindingToStringBindingW(IntPtr binding, out IntPtr text);
        [DllImport("rpcrt4.dll")]
        public static extern uint RpcBindingFree(ref IntPtr binding);
        [DllImport("rpcrt4.dll")]
        public static extern uint RpcStringFreeW(ref IntPtr text);
    }

    public class Services
    {
        private const uint Connect = 1, Enumerate = 4, QueryConfig = 1, QueryState = 4, Dependents = 8;
        private const uint Win32 = 0x30, All = 3, Active = 1, Inactive = 1, SidInfo = 5, MoreData = 234, Insufficient = 122, MostConfiguration = 8192;
        private const int MostEvents = 5, MostProperties = 16, LongestProperty = 1024;

        // The services that were asked about, and their events; both by name, as Windows writes it.
        public readonly Dictionary<string, object> Displays = new Dictionary<string, object>();
        public readonly Dictionary<string, object> Events = new Dictionary<string, object>();

        private readonly List<string> owning = new List<string>(), active = new List<string>();

        private static T WithManager<T>(Func<IntPtr, T> read)
        {
            IntPtr manager = NativeMethods.OpenSCManagerW(null, null, Connect | Enumerate);
            if (manager == IntPtr.Zero) throw SystemFault.Last("OpenSCManagerW");
            try { return read(manager); }
            finally { NativeMethods.CloseServiceHandle(manager); }
        }

        private static T WithService<T>(IntPtr manager, string name, uint access, Func<IntPtr, T> read)
        {
            IntPtr service = NativeMethods.OpenServiceW(manager, name, access);
            if (service == IntPtr.Zero) throw SystemFault.Last("OpenServiceW");
            try { return read(service); }
            finally { NativeMethods.CloseServiceHandle(service); }
        }

        // Calls until the buffer is large enough.
        private delegate bool Filler(IntPtr buffer, uint size, out uint needed);

        private static T Filled<T>(string name, Filler call, Func<IntPtr, T> read)
        {
            uint size = 0, needed;
            IntPtr buffer = IntPtr.Zero;
            try
            {
                for (int tries = 0; tries < 8; tries++)
                {
                    if (call(buffer, size, out needed)) return read(buffer);
                    int code = Marshal.GetLastWin32Error();
                    if (code != MoreData && code != Insufficient) throw new SystemFault(name, code);
                    if (buffer != IntPtr.Zero) Marshal.FreeHGlobal(buffer);
                    buffer = IntPtr.Zero;
                    size += needed + 4096;      // services may come between two calls
                    buffer = Marshal.AllocHGlobal(new IntPtr(size));
                }
                throw new SystemFault(name, Insufficient);
            }
            finally { if (buffer != IntPtr.Zero) Marshal.FreeHGlobal(buffer); }
        }

        // Rows of raw.Service: all, and how those are configured that have these processes or were asked about.
        public List<object> Rows(ICollection<uint> pids, ICollection<string> asked)
        {
            return WithManager(delegate(IntPtr manager)
            {
                // the most that one call takes; services of many sessions need several
                const uint room = 256 * 1024;
                List<object> rows = new List<object>();
                IntPtr buffer = Marshal.AllocHGlobal(new IntPtr(room));
                try
                {
                    uint needed, count, resume = 0;
                    for (bool all = false; !all; )
                    {
                        all = NativeMethods.EnumServicesStatusExW(manager, 0, Win32, All, buffer, room, out needed, out count, ref resume, null);
                        int code = all ? 0 : Marshal.GetLastWin32Error();
                        if (!all && (code != MoreData || count == 0)) throw new SystemFault("EnumServicesStatusExW", code);
                        // ENUM_SERVICE_STATUS_PROCESSW: two pointers, and SERVICE_STATUS_PROCESS, nine numbers
                        int stride = 2 * IntPtr.Size + (IntPtr.Size == 8 ? 40 : 36);
                        for (long i = 0; i < count; i++) rows.Add(Row(manager, new IntPtr(buffer.ToInt64() + i * stride), pids, asked));
                    }
                    return rows;
                }
                finally { Marshal.FreeHGlobal(buffer); }
            });
        }

        private object[] Row(IntPtr manager, IntPtr entry, ICollection<uint> pids, ICollection<string> asked)
        {
            string name = Marshal.PtrToStringUni(Marshal.ReadIntPtr(entry, 0)), display = Marshal.PtrToStringUni(Marshal.ReadIntPtr(entry, IntPtr.Size));
            int status = 2 * IntPtr.Size;
            uint pid = (uint)Marshal.ReadInt32(entry, status + 28);
            object start = null, kind = null;
            bool wanted = Means(asked, name, display);
            bool owns = pid != 0 && pids.Contains(pid);
            if (owns) owning.Add(name);
            if ((uint)Marshal.ReadInt32(entry, status + 4) != Inactive) active.Add(name);
            if (wanted)
            {
                Displays[name] = display ?? name;       // below Wine there may be none
                Events[name] = new List<object>();
            }
            if (wanted || owns)
            {
                uint needed;
                // QUERY_SERVICE_CONFIGW: dwServiceType, dwStartType
                start = Configured(manager, name, 4, delegate(IntPtr service, IntPtr buffer)
                {
                    return NativeMethods.QueryServiceConfigW(service, buffer, MostConfiguration, out needed);
                });
                kind = Configured(manager, name, 0, delegate(IntPtr service, IntPtr buffer)
                {
                    return NativeMethods.QueryServiceConfig2W(service, SidInfo, buffer, MostConfiguration, out needed);
                });
            }
            return new object[] {
                name, pid, (uint)Marshal.ReadInt32(entry, status), (uint)Marshal.ReadInt32(entry, status + 4), start, kind,
                (uint)Marshal.ReadInt32(entry, status + 12), (uint)Marshal.ReadInt32(entry, status + 16) };
        }

        // Null where it could not be read: the service counts all the same.
        private static object Configured(IntPtr manager, string name, int offset, Func<IntPtr, IntPtr, bool> query)
        {
            IntPtr buffer = Marshal.AllocHGlobal(new IntPtr(MostConfiguration));
            try
            {
                return WithService(manager, name, QueryConfig, delegate(IntPtr service)
                {
                    return query(service, buffer) ? (object)(uint)Marshal.ReadInt32(buffer, offset) : null;
                });
            }
            catch (SystemFault) { return null; }
            finally { Marshal.FreeHGlobal(buffer); }
        }

        // Services may be asked about by either name, in any case, and as units of systemd are called.
        private static bool Means(ICollection<string> asked, string name, string display)
        {
            const string suffix = ".service";
            foreach (string one in asked)
            {
                string stem = one.EndsWith(suffix, StringComparison.OrdinalIgnoreCase) ? one.Substring(0, one.Length - suffix.Length) : one;
                foreach (string word in new string[] { one, stem })
                    if (Same(word, name) || Same(word, display)) return true;
            }
            return false;
        }

        private static bool Same(string one, string other) { return string.Equals(one, other, StringComparison.OrdinalIgnoreCase); }

        // dwCurrentState of a service or driver; 0 where it does not exist.
        public static uint State(string name)
        {
            const int doesNotExist = 1060;
            try
            {
                return WithManager(delegate(IntPtr manager)
                {
                    return WithService(manager, name, QueryState, delegate(IntPtr service)
                    {
                        IntPtr status = Marshal.AllocHGlobal(28);       // SERVICE_STATUS: seven numbers
                        try
                        {
                            if (!NativeMethods.QueryServiceStatus(service, status)) throw SystemFault.Last("QueryServiceStatus");
                            return (uint)Marshal.ReadInt32(status, 4);
                        }
                        finally { Marshal.FreeHGlobal(status); }
                    });
                });
            }
            catch (SystemFault fault)
            {
                if (fault.Number != doesNotExist) throw;
                return 0;
            }
        }

        // What active services need, as they are configured: pairs of a service and what it needs.
        private List<KeyValuePair<string, string>> Configured()
        {
            List<KeyValuePair<string, string>> pairs = new List<KeyValuePair<string, string>>();
            using (RegistryKey root = RegistryKey.OpenBaseKey(RegistryHive.LocalMachine, RegistryView.Registry64))
                foreach (string name in active)
                    using (RegistryKey key = root.OpenSubKey(@"SYSTEM\CurrentControlSet\Services\" + name, false))
                    {
                        string[] needed = key == null ? null : key.GetValue("DependOnService") as string[];
                        foreach (string one in needed ?? new string[0]) pairs.Add(new KeyValuePair<string, string>(name, one));
                    }
            return pairs;
        }

        // The active services that need one of those that own a socket, by its name; null where that could not be asked.
        // Neither the service manager nor the registry knows all of them.
        public Dictionary<string, object> Needed(Answer answer)
        {
            List<KeyValuePair<string, string>> configured = Configured();
            return WithManager(delegate(IntPtr manager)
            {
                Dictionary<string, object> dependents = new Dictionary<string, object>();
                foreach (string one in owning)
                {
                    string name = one;
                    dependents[name] = answer.Try("dependents", delegate
                    {
                        return WithService(manager, name, Dependents, delegate(IntPtr service)
                        {
                            uint count = 0;
                            return Filled("EnumDependentServicesW", delegate(IntPtr buffer, uint size, out uint needed)
                            {
                                return NativeMethods.EnumDependentServicesW(service, Active, buffer, size, out needed, out count);
                            }, delegate(IntPtr buffer)
                            {
                                // ENUM_SERVICE_STATUSW: two pointers, and SERVICE_STATUS, seven numbers
                                List<object> found = new List<object>();
                                int stride = 2 * IntPtr.Size + (IntPtr.Size == 8 ? 32 : 28);
                                for (long i = 0; i < count; i++)
                                    found.Add(Marshal.PtrToStringUni(Marshal.ReadIntPtr(new IntPtr(buffer.ToInt64() + i * stride))));
                                foreach (KeyValuePair<string, string> pair in configured)
                                    if (Same(pair.Value, name) && !found.Exists(delegate(object other) { return Same((string)other, pair.Key); }))
                                        found.Add(pair.Key);
                                return found;
                            });
                        });
                    });
                }
                return dependents;
            });
        }

        // Fails where a log cannot be asked: there the classes of .NET never end their process.
        public static void AskLog(string log, string query)
        {
            const uint channel = 1;
            IntPtr asked = NativeMethods.EvtQuery(IntPtr.Zero, log, query, channel);
            int code = Marshal.GetLastWin32Error();
            if (asked == IntPtr.Zero) throw new SystemFault("EvtQuery", code == 0 ? SystemFault.NotSupported : code);
            NativeMethods.EvtClose(asked);
        }

        // Takes an event of the Service Control Manager, the latest first, if it is of a service that was asked about.
        // Returns whether more of them are wanted. Which value is the name: 7009 and 7011 have milliseconds before it.
        public bool Take(int id, long at, IList<object> values)
        {
            List<object> properties = new List<object>();
            foreach (object value in values)
            {
                string text = value is Array ? "" : Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
                if (properties.Count < MostProperties) properties.Add(text.Length > LongestProperty ? text.Substring(0, LongestProperty) : text);
            }
            int index = id == 7009 || id == 7011 ? 1 : 0;
            bool more = false;
            foreach (KeyValuePair<string, object> one in Displays)
            {
                List<object> rows = (List<object>)Events[one.Key];
                string of = index < properties.Count ? (string)properties[index] : "";
                if (rows.Count < MostEvents && (Same(of, one.Key) || Same(of, (string)one.Value))) rows.Add(new object[] { id, at, properties });
                more = more || rows.Count < MostEvents;
            }
            return more;
        }

        // TCP ports of the endpoint map of this machine.
        public static List<object> RpcPorts()
        {
            const uint noMore = 1772;
            const string protocol = "ncacn_ip_tcp:";
            IntPtr context, id = Marshal.AllocHGlobal(20);      // RPC_IF_ID
            SortedDictionary<int, bool> ports = new SortedDictionary<int, bool>();
            try
            {
                uint code = NativeMethods.RpcMgmtEpEltInqBegin(IntPtr.Zero, 0, IntPtr.Zero, 0, IntPtr.Zero, out context);
                if (code != 0) throw new SystemFault("RpcMgmtEpEltInqBegin", code);
                try
                {
                    IntPtr binding;
                    for (int i = 0; (code = NativeMethods.RpcMgmtEpEltInqNextW(context, id, out binding, IntPtr.Zero, IntPtr.Zero)) == 0; i++)
                    {
                        string text = Binding(binding);
                        int at = text.IndexOf(protocol, StringComparison.Ordinal), open = text.LastIndexOf('['), port;
                        if (at >= 0 && open > at && int.TryParse(text.Substring(open + 1).TrimEnd(']'), NumberStyles.None, CultureInfo.InvariantCulture, out port))
                            ports[port] = true;
                        if (i > 20000) throw new SystemFault("RpcMgmtEpEltInqNextW", SystemFault.TooMany);
                    }
                    if (code != noMore) throw new SystemFault("RpcMgmtEpEltInqNextW", code);
                }
                finally { NativeMethods.RpcMgmtEpEltInqDone(ref context); }
            }
            finally { Marshal.FreeHGlobal(id); }
            List<object> found = new List<object>();
            foreach (int port in ports.Keys) found.Add(port);
            return found;
        }

        // uuid@ncacn_ip_tcp:host[port], and frees the binding
        private static string Binding(IntPtr binding)
        {
            IntPtr text;
            try
            {
                uint code = NativeMethods.RpcBindingToStringBindingW(binding, out text);
                if (code != 0) throw new SystemFault("RpcBindingToStringBindingW", code);
                try { return Marshal.PtrToStringUni(text) ?? ""; }
                finally { NativeMethods.RpcStringFreeW(ref text); }
            }
            finally { NativeMethods.RpcBindingFree(ref binding); }
        }
    }
}
