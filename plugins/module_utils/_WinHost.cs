// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// The system, its processes and accounts, and what netsh prints. Nothing is judged here.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Principal;
using System.Text;
using System.Threading;
using ansible_collections.listening.ports.plugins.module_utils._WinAnswer;

namespace ansible_collections.listening.ports.plugins.module_utils._WinHost
{
    internal static class NativeMethods
    {
        [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
        public struct ProcessEntry      // PROCESSENTRY32W
        {
            public int Size;
            public uint Usage, Pid;
            public IntPtr Heap;
            public uint Module, Threads, Parent;
            public int Priority;
            public uint Flags;
            [MarshalAs(UnmanagedType.ByValTStr, SizeConst = 260)]
            public string Name;
        }

        [DllImport("ntdll.dll")]
        public static extern int RtlGetVersion(IntPtr version);
        [DllImport("ntdll.dll")]
        public static extern int NtQueryInformationProcess(IntPtr process, int kind, IntPtr buffer, int size, out int needed);
        [DllImport("kernel32.dll", SetLastError = true)]
        public static extern IntPtr CreateToolhelp32Snapshot(uint what, uint pid);
        [DllImport("kernel32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern bool Process32FirstW(IntPtr snapshot, ref ProcessEntry entry);
        [DllImport("kernel32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern bool Process32NextW(IntPtr snapshot, ref ProcessEntry entry);
        [DllImport("kernel32.dll", SetLastError = true)]
        public static extern IntPtr OpenProcess(uint access, bool inherit, uint pid);
        [DllImport("kernel32.dll", SetLastError = true)]
        public static extern bool CloseHandle(IntPtr handle);
        [DllImport("kernel32.dll", SetLastError = true, CharSet = CharSet.Unicode, ExactSpelling = true)]
        public static extern bool QueryFullProcessImageNameW(IntPtr process, uint flags, IntPtr name, ref uint length);
        [DllImport("kernel32.dll", SetLastError = true)]
        public static extern bool GetProcessTimes(IntPtr process, out long created, out long ended, out long kernel, out long user);
        [DllImport("kernel32.dll", SetLastError = true)]
        public static extern bool GetProcessHandleCount(IntPtr process, out uint count);
        [DllImport("kernel32.dll", SetLastError = true)]
        public static extern bool K32GetProcessMemoryInfo(IntPtr process, IntPtr counters, int size);
        [DllImport("advapi32.dll", SetLastError = true)]
        public static extern bool OpenProcessToken(IntPtr process, uint access, out IntPtr token);
        [DllImport("advapi32.dll", SetLastError = true)]
        public static extern bool GetTokenInformation(IntPtr token, int kind, IntPtr buffer, int size, out int needed);
    }

    public static class Host
    {
        // raw.Os. A part that cannot be read is null, and noted.
        public static Dictionary<string, object> Os(Answer answer, string language)
        {
            Dictionary<string, object> os = new Dictionary<string, object>();
            os["version"] = "";
            os["kind"] = null;
            answer.Try("os", delegate { Version(os); return null; });
            os["process_bits"] = IntPtr.Size * 8;
            os["system_bits"] = Environment.Is64BitOperatingSystem ? 64 : 32;
            os["elevated"] = answer.Try("os", delegate
            {
                return new WindowsPrincipal(WindowsIdentity.GetCurrent()).IsInRole(WindowsBuiltInRole.Administrator);
            });
            os["language"] = language;
            os["user"] = answer.Try("os", delegate { return WindowsIdentity.GetCurrent().User.Value; });
            os["now"] = DateTime.UtcNow.ToFileTimeUtc();
            return os;
        }

        // OSVERSIONINFOEXW: 284 bytes, three numbers from 4 on, wProductType at 282. GetVersionEx says what manifests say.
        private static void Version(Dictionary<string, object> os)
        {
            IntPtr info = Marshal.AllocHGlobal(284);
            try
            {
                for (int i = 0; i < 284; i += 4) Marshal.WriteInt32(info, i, 0);
                Marshal.WriteInt32(info, 284);
                int status = NativeMethods.RtlGetVersion(info);
                if (status != 0) throw new SystemFault("RtlGetVersion", (uint)status);
                os["version"] = string.Format(CultureInfo.InvariantCulture, "{0}.{1}.{2}",
                                              Marshal.ReadInt32(info, 4), Marshal.ReadInt32(info, 8), Marshal.ReadInt32(info, 12));
                os["kind"] = Marshal.ReadByte(info, 282);
            }
            finally { Marshal.FreeHGlobal(info); }
        }

        // SIDs to names of accounts. One that stands for no account is left out.
        public static Dictionary<string, object> Accounts(Answer answer, IEnumerable<string> sids)
        {
            Dictionary<string, object> accounts = new Dictionary<string, object>();
            foreach (string one in sids)
            {
                string sid = one;
                object name = answer.Try("accounts", delegate
                {
                    try { return new SecurityIdentifier(sid).Translate(typeof(NTAccount)).Value; }
                    catch (IdentityNotMappedException) { return null; }
                });
                if (name != null) accounts[sid] = name;
            }
            return accounts;
        }
    }

    // All processes by their ids, and details of some.
    public class Processes
    {
        private const uint QueryLimited = 0x1000, TokenQuery = 8, SnapProcess = 2;
        private const int TokenUser = 1, TokenIsAppContainer = 29, TokenAppContainerSid = 31, CommandLine = 60;
        private readonly Dictionary<uint, NativeMethods.ProcessEntry> known = new Dictionary<uint, NativeMethods.ProcessEntry>();

        public Processes(Answer answer)
        {
            answer.Try("processes", delegate { Snapshot(); return null; });
            // Administrators may look at all processes then; others are refused.
            try { Process.EnterDebugMode(); } catch (Exception) { }
        }

        private void Snapshot()
        {
            IntPtr snapshot = NativeMethods.CreateToolhelp32Snapshot(SnapProcess, 0);
            if (snapshot == new IntPtr(-1) || snapshot == IntPtr.Zero) throw SystemFault.Last("CreateToolhelp32Snapshot");
            try
            {
                NativeMethods.ProcessEntry entry = new NativeMethods.ProcessEntry();
                entry.Size = Marshal.SizeOf(entry);
                for (bool more = NativeMethods.Process32FirstW(snapshot, ref entry); more; more = NativeMethods.Process32NextW(snapshot, ref entry))
                    known[entry.Pid] = entry;
            }
            finally { NativeMethods.CloseHandle(snapshot); }
        }

        public bool Has(uint pid) { return known.ContainsKey(pid); }

        // Rows of raw.Process.
        public List<object> Rows(Answer answer, IEnumerable<uint> pids, bool command, bool resources)
        {
            List<object> rows = new List<object>();
            foreach (uint pid in pids) rows.Add(Row(answer, pid, command, resources));
            return rows;
        }

        // Rows of raw.Ancestor. An id is used again: a parent is older than its child.
        public List<object> Ancestors(Answer answer)
        {
            List<object> rows = new List<object>();
            HashSet<uint> seen = new HashSet<uint>();
            long youngest = long.MaxValue;
            for (uint pid = (uint)Process.GetCurrentProcess().Id; pid != 0 && seen.Add(pid) && rows.Count < 64; pid = known[pid].Parent)
            {
                object[] row = Row(answer, pid, false, false);
                if (row[4] != null && (long)row[4] > youngest) break;
                if (row[4] != null) youngest = (long)row[4];
                rows.Add(new object[] { pid, row[2], row[4] });
                if (!Has(pid)) break;
            }
            return rows;
        }

        private object[] Row(Answer answer, uint pid, bool command, bool resources)
        {
            object[] row = { pid, null, null, null, null, null, null, 0L, null, null };
            if (Has(pid)) { row[1] = known[pid].Parent; row[2] = known[pid].Name; }
            IntPtr process = IntPtr.Zero;
            try
            {
                process = NativeMethods.OpenProcess(QueryLimited, false, pid);
                if (process == IntPtr.Zero) throw SystemFault.Last("OpenProcess");
                Step(answer, row, delegate { row[3] = Image(process); });
                long created = 0, ended = 0, kernel = 0, user = 0;
                Step(answer, row, delegate
                {
                    if (!NativeMethods.GetProcessTimes(process, out created, out ended, out kernel, out user)) throw SystemFault.Last("GetProcessTimes");
                    row[4] = created;
                });
                Step(answer, row, delegate { Token(process, row); });
                if (command) Step(answer, row, delegate { row[8] = Line(process); });
                if (resources) row[9] = new object[] {
                    WorkingSet(process), Has(pid) ? (object)known[pid].Threads : null, Handles(process), row[4] == null ? null : (object)(kernel + user) };
            }
            catch (SystemFault fault) { row[7] = fault.Number; }
            catch (Exception fault) { answer.Fail("processes", fault); row[7] = SystemFault.NoProcedure; }
            finally { if (process != IntPtr.Zero) NativeMethods.CloseHandle(process); }
            return row;
        }

        // What cannot be read costs itself; the first error counts.
        private static void Step(Answer answer, object[] row, Action read)
        {
            try { read(); }
            catch (SystemFault fault) { if ((long)row[7] == 0) row[7] = fault.Number; }
            catch (Exception fault)     // a function that this Windows does not have
            {
                answer.Fail("processes", fault);
                if ((long)row[7] == 0) row[7] = SystemFault.NoProcedure;
            }
        }

        private static string Image(IntPtr process)
        {
            uint length = 32768;
            IntPtr name = Marshal.AllocHGlobal(new IntPtr(2 * length));
            try
            {
                if (!NativeMethods.QueryFullProcessImageNameW(process, 0, name, ref length)) throw SystemFault.Last("QueryFullProcessImageNameW");
                return Marshal.PtrToStringUni(name, (int)length);
            }
            finally { Marshal.FreeHGlobal(name); }
        }

        private static void Token(IntPtr process, object[] row)
        {
            IntPtr token;
            if (!NativeMethods.OpenProcessToken(process, TokenQuery, out token)) throw SystemFault.Last("OpenProcessToken");
            try
            {
                row[5] = Sid(token, TokenUser);
                row[6] = Information(token, TokenIsAppContainer, Marshal.ReadInt32) == 0 ? "" : Sid(token, TokenAppContainerSid);
            }
            finally { NativeMethods.CloseHandle(token); }
        }

        private static string Sid(IntPtr token, int kind)
        {
            return Information(token, kind, delegate(IntPtr buffer) { return new SecurityIdentifier(Marshal.ReadIntPtr(buffer)).Value; });
        }

        private static T Information<T>(IntPtr token, int kind, Func<IntPtr, T> read)
        {
            int needed;
            IntPtr buffer = Marshal.AllocHGlobal(1024);      // a SID has at most 68 bytes
            try
            {
                if (!NativeMethods.GetTokenInformation(token, kind, buffer, 1024, out needed)) throw SystemFault.Last("GetTokenInformation");
                return read(buffer);
            }
            finally { Marshal.FreeHGlobal(buffer); }
        }

        // ProcessCommandLineInformation: a UNICODE_STRING and its text
        private static string Line(IntPtr process)
        {
            int size = 65536 + 64, needed;
            IntPtr buffer = Marshal.AllocHGlobal(size);
            try
            {
                int status = NativeMethods.NtQueryInformationProcess(process, CommandLine, buffer, size, out needed);
                if (status != 0) throw new SystemFault("NtQueryInformationProcess", (uint)status);
                return Marshal.PtrToStringUni(Marshal.ReadIntPtr(buffer, IntPtr.Size), (ushort)Marshal.ReadInt16(buffer) / 2);
            }
            finally { Marshal.FreeHGlobal(buffer); }
        }

        // PROCESS_MEMORY_COUNTERS: WorkingSetSize after two numbers of 32 bits and one of a pointer's size
        private static object WorkingSet(IntPtr process)
        {
            int size = 8 + 8 * IntPtr.Size;
            IntPtr counters = Marshal.AllocHGlobal(size);
            try
            {
                Marshal.WriteInt32(counters, size);
                return NativeMethods.K32GetProcessMemoryInfo(process, counters, size) ? (object)Marshal.ReadIntPtr(counters, 8 + IntPtr.Size).ToInt64() : null;
            }
            finally { Marshal.FreeHGlobal(counters); }
        }

        private static object Handles(IntPtr process)
        {
            uint count;
            return NativeMethods.GetProcessHandleCount(process, out count) ? (object)count : null;
        }
    }

    // A program that runs beside the other sources. Its text is read as bytes: only digits and URLs count.
    public class Command
    {
        private const int Most = 1 << 20;
        private readonly Process process;
        private readonly Thread reader;
        private readonly StringBuilder text = new StringBuilder();

        // Where a program of the system is, whatever PATH says.
        public static string Path(string program)
        {
            string folder = Environment.GetFolderPath(Environment.SpecialFolder.System);
            if (folder.Length == 0) throw new SystemFault(program, SystemFault.NotSupported);
            return System.IO.Path.Combine(folder, program);
        }

        public Command(string path, string arguments)
        {
            ProcessStartInfo start = new ProcessStartInfo(path, arguments);
            start.UseShellExecute = false;
            start.CreateNoWindow = true;
            start.RedirectStandardInput = start.RedirectStandardOutput = start.RedirectStandardError = true;
            start.StandardOutputEncoding = Encoding.GetEncoding(28591);
            process = Process.Start(start);
            process.StandardInput.Close();
            process.BeginErrorReadLine();
            reader = new Thread(Read);
            reader.IsBackground = true;
            reader.Start();
        }

        private void Read()
        {
            try
            {
                char[] some = new char[4096];
                for (int n; text.Length <= Most && (n = process.StandardOutput.Read(some, 0, some.Length)) > 0; ) text.Append(some, 0, n);
            }
            catch (IOException) { }         // it was ended
        }

        // What it printed, once it has ended by itself and without an error.
        public string Text(string call, int milliseconds)
        {
            Stopwatch watch = Stopwatch.StartNew();
            try
            {
                if (!reader.Join(milliseconds)) throw new SystemFault(call, SystemFault.Timeout);
                if (text.Length > Most) throw new SystemFault(call, SystemFault.TooLarge);
                if (!process.WaitForExit(Math.Max(0, milliseconds - (int)watch.ElapsedMilliseconds))) throw new SystemFault(call, SystemFault.Timeout);
                if (process.ExitCode != 0) throw new SystemFault(call, (uint)process.ExitCode);
                string printed = text.ToString();
                if (printed.Trim().Length == 0) throw new SystemFault(call, SystemFault.InvalidData);       // it has headings
                return printed;
            }
            finally
            {
                try { if (!process.HasExited) process.Kill(); } catch (Exception) { }
                process.Dispose();
            }
        }
    }
}
