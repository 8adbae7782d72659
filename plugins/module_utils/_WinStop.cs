// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Stops services of a Windows host of which the controller has said which, and checks first that all of it is still so:
// plugin_utils/_windows/stop.py decides, and has the reasons.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Threading;
using ansible_collections.listening.ports.plugins.module_utils._WinAnswer;
using ansible_collections.listening.ports.plugins.module_utils._WinHost;
using ansible_collections.listening.ports.plugins.module_utils._WinServices;
using ansible_collections.listening.ports.plugins.module_utils._WinTables;

namespace ansible_collections.listening.ports.plugins.module_utils._WinStop
{
    internal static class NativeMethods
    {
        [DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern IntPtr OpenSCManagerW(string machine, string database, uint access);
        [DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern IntPtr OpenServiceW(IntPtr manager, string name, uint access);
        [DllImport("advapi32.dll", SetLastError = true)]
        public static extern bool CloseServiceHandle(IntPtr handle);
        [DllImport("advapi32.dll", SetLastError = true)]
        public static extern bool QueryServiceStatusEx(IntPtr service, int level, IntPtr buffer, uint size, out uint needed);
        [DllImport("advapi32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern bool ChangeServiceConfigW(IntPtr service, uint kind, uint start, uint severity, string path, string group,
                                                       IntPtr tag, string dependencies, string account, string password, string display);
        [DllImport("advapi32.dll", SetLastError = true)]
        public static extern bool ControlService(IntPtr service, uint control, IntPtr status);
    }

    // What the controller wants to be stopped, see stop.Target.
    public class Target
    {
        public readonly string Name;
        public readonly uint Pid;
        public readonly long Started;
        public readonly ICollection<string> Endpoints;

        public Target(string name, long pid, string started, string[] endpoints)
        {
            Name = name;
            Pid = (uint)pid;
            Started = long.Parse(started, NumberStyles.None, CultureInfo.InvariantCulture);
            Endpoints = new HashSet<string>(endpoints);
        }
    }

    public class Stopper
    {
        private const uint Connect = 1, QueryState = 4, ChangeConfig = 2, StopAccess = 0x20, NoChange = 0xFFFFFFFF, Disabled = 4;
        private const uint Stopped = 1, Running = 4, ControlStop = 1, Interactive = 0x100;
        private const long NotActive = 1062;
        private const int MostTime = 30000, MostTimeOfSockets = 5000, Pause = 100;     // milliseconds
        private static readonly uint[] OwnProcess = { 0x10, 0x50, 0xD0 };
        private static readonly string[] TableNames = { "tcp4", "tcp6", "udp4", "udp6" };
        private static readonly string[] OfWinRM = { "wsmprovhost.exe", "winrshost.exe" }, OfSsh = { "sshd.exe", "sshd-session.exe" };

        public readonly Answer Answer = new Answer();
        private readonly List<object> rows = new List<object>();
        private readonly ICollection<string> shielded;
        private readonly bool remote;

        // shielded: names of services that are never stopped; one with an asterisk at its end stands for all that begin so.
        public Stopper(string[] shielded, bool remote)
        {
            this.shielded = shielded;
            this.remote = remote;
            Answer.Put("services", rows);
        }

        // Checks a service and stops it, unless it is only looked. Returns whether anything was changed.
        public bool Handle(Target target, bool look)
        {
            Dictionary<string, object> row = new Dictionary<string, object>();
            row["service"] = target.Name;
            row["status"] = "left";
            row["reason"] = row["start"] = row["error"] = null;
            row["others"] = new List<object>();
            rows.Add(row);
            try
            {
                row["reason"] = Obstacle(target, row);
                if (row["reason"] != null) return false;
                if (look) row["status"] = "stopped";
                return !look && Stop(target, row);
            }
            catch (Exception fault)         // such as a function that this system does not have
            {
                SystemFault ours = fault.GetBaseException() as SystemFault;
                row["status"] = "left";
                row["reason"] = "unread";
                row["error"] = ours != null ? ours.Number : (long)(uint)fault.GetBaseException().HResult;
                Answer.Fail(target.Name, fault);
                return false;
            }
        }

        private static bool Same(string one, string other) { return string.Equals(one, other, StringComparison.OrdinalIgnoreCase); }

        // Why a service is left; null for no reason.
        private string Obstacle(Target target, Dictionary<string, object> row)
        {
            List<object> others = (List<object>)row["others"];
            Services services = new Services();
            Answer errors = new Answer();
            object[] mine = null;
            HashSet<uint> owners = new HashSet<uint>();
            foreach (object[] one in services.Rows(new uint[] { target.Pid }, new string[0]))
            {
                owners.Add((uint)one[1]);
                if (Same((string)one[0], target.Name)) mine = one;
                else if (target.Pid != 0 && (uint)one[1] == target.Pid) others.Add(one[0]);
            }
            if (mine == null || target.Pid == 0 || (uint)mine[1] != target.Pid) return "changes";
            if (others.Count > 0 || Array.IndexOf(OwnProcess, (uint)mine[2] & ~Interactive) < 0) return "shared_process";
            if ((uint)mine[3] != Running) return "changes";
            Processes processes = new Processes(errors);
            object[] process = (object[])processes.Rows(errors, new uint[] { target.Pid }, false, false)[0];
            if (process[4] == null) { row["error"] = process[7]; return "unread"; }
            if ((long)process[4] != target.Started) return "changes";
            if (IsShielded(target.Name)) return "protected";
            if (IsInUse(target, processes.Ancestors(errors), owners)) return "in_use";
            object needed;
            if (!services.Needed(errors).TryGetValue((string)mine[0], out needed) || needed == null) return "unread";
            others.AddRange((List<object>)needed);
            if (others.Count > 0) return "dependents";
            row["start"] = mine[4];
            if (mine[4] == null) return "unread";
            return OfSockets(target, others);
        }

        private bool IsShielded(string name)
        {
            foreach (string one in shielded)
                if (one.EndsWith("*", StringComparison.Ordinal)
                    ? name.StartsWith(one.Substring(0, one.Length - 1), StringComparison.OrdinalIgnoreCase) : Same(one, name)) return true;
            return false;
        }

        // Whether the connection in use may depend on a service: it is an ancestor of this process, or no ancestor tells
        // by what the connection came. owners: the processes of all services.
        private bool IsInUse(Target target, List<object> ancestors, ICollection<uint> owners)
        {
            bool found = !remote;
            foreach (object[] one in ancestors)
            {
                uint pid = (uint)one[0];
                if (pid == target.Pid) return true;
                if (pid != 0 && owners.Contains(pid)) found = true;
                foreach (string name in OfWinRM)
                    if (Same((string)one[1], name)) found = true;
                foreach (string name in OfSsh)
                    if (Same((string)one[1], name)) found = true;
            }
            return !found;
        }

        // The service holds some of the endpoints, and no others; that is known only where each has a process.
        private static string OfSockets(Target target, List<object> others)
        {
            bool holds = false;
            foreach (KeyValuePair<string, uint> one in Held())
            {
                if (one.Value == 0) return "unread";
                if (one.Value != target.Pid) continue;
                if (target.Endpoints.Contains(one.Key)) holds = true;
                else others.Add(one.Key);
            }
            if (others.Count > 0) return "serves_others";
            return holds ? null : "gone";
        }

        // Each endpoint of the four tables, and the process that holds it.
        private static List<KeyValuePair<string, uint>> Held()
        {
            List<KeyValuePair<string, uint>> held = new List<KeyValuePair<string, uint>>();
            foreach (string table in TableNames)
            {
                long count;
                foreach (object[] one in Tables.Sockets(table, false, long.MaxValue, out count))
                    held.Add(new KeyValuePair<string, uint>(
                        string.Format(CultureInfo.InvariantCulture, "{0}/{1}/{2}", table, one[0], one[1]), (uint)one[3]));
            }
            return held;
        }

        private static bool Stop(Target target, Dictionary<string, object> row)
        {
            IntPtr manager = NativeMethods.OpenSCManagerW(null, null, Connect);
            if (manager == IntPtr.Zero) throw SystemFault.Last("OpenSCManagerW");
            IntPtr service = IntPtr.Zero;
            try
            {
                service = NativeMethods.OpenServiceW(manager, target.Name, QueryState | ChangeConfig | StopAccess);
                if (service == IntPtr.Zero) throw SystemFault.Last("OpenServiceW");
                uint[] now = State(service);
                if (now[0] != Running || now[1] != target.Pid) { row["reason"] = "changes"; return false; }
                Configure(service, Disabled);
                long error;
                try { error = End(service); }
                catch (SystemFault fault) { error = fault.Number; }
                if (error == 0) { row["status"] = "stopped"; return true; }
                // as it was: a service that goes on is not to be missing after the next boot
                row["reason"] = "not_stopped";
                row["error"] = error;
                try { Configure(service, (uint)row["start"]); }
                catch (SystemFault) { row["reason"] = "not_restored"; }
                return false;
            }
            finally
            {
                if (service != IntPtr.Zero) NativeMethods.CloseServiceHandle(service);
                NativeMethods.CloseServiceHandle(manager);
            }
        }

        private static void Configure(IntPtr service, uint start)
        {
            if (!NativeMethods.ChangeServiceConfigW(service, NoChange, start, NoChange, null, null, IntPtr.Zero, null, null, null, null))
                throw SystemFault.Last("ChangeServiceConfigW");
        }

        // Has a service stop and waits for that; returns an error number, 0 for none.
        private static long End(IntPtr service)
        {
            IntPtr status = Marshal.AllocHGlobal(28);
            try
            {
                if (!NativeMethods.ControlService(service, ControlStop, status))
                {
                    int code = Marshal.GetLastWin32Error();
                    return code == NotActive ? 0 : code;
                }
            }
            finally { Marshal.FreeHGlobal(status); }
            for (int waited = 0; waited < MostTime; waited += Pause)
            {
                if (State(service)[0] == Stopped) return 0;
                Thread.Sleep(Pause);
            }
            return SystemFault.Timeout;
        }

        // The state and the process of a service: SERVICE_STATUS_PROCESS is nine numbers.
        private static uint[] State(IntPtr service)
        {
            uint needed;
            IntPtr buffer = Marshal.AllocHGlobal(36);
            try
            {
                if (!NativeMethods.QueryServiceStatusEx(service, 0, buffer, 36, out needed)) throw SystemFault.Last("QueryServiceStatusEx");
                return new uint[] { (uint)Marshal.ReadInt32(buffer, 4), (uint)Marshal.ReadInt32(buffer, 28) };
            }
            finally { Marshal.FreeHGlobal(buffer); }
        }

        // Looks again, once sockets had time to go: which endpoints are held all the same, and by which process.
        public void LookAgain(ICollection<string> endpoints)
        {
            Answer.Read("listening", delegate
            {
                List<object> still = null;
                for (int waited = 0; still == null || (still.Count > 0 && waited < MostTimeOfSockets); waited += Pause)
                {
                    if (still != null) Thread.Sleep(Pause);
                    still = new List<object>();
                    foreach (KeyValuePair<string, uint> one in Held())
                        if (endpoints.Contains(one.Key)) still.Add(new object[] { one.Key, one.Value });
                }
                return still;
            });
        }
    }
}
