// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// The firewall of a Windows host as the registry has it. Nothing is judged here.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32;
using ansible_collections.listening.ports.plugins.module_utils._WinAnswer;
using ansible_collections.listening.ports.plugins.module_utils._WinCom;

namespace ansible_collections.listening.ports.plugins.module_utils._WinFirewall
{
    internal static class NativeMethods
    {
        [DllImport("fwpuclnt.dll")]
        public static extern uint FwpmEngineOpen0(IntPtr server, uint service, IntPtr identity, IntPtr session, out IntPtr engine);
        [DllImport("fwpuclnt.dll")]
        public static extern uint FwpmEngineClose0(IntPtr engine);
        [DllImport("fwpuclnt.dll")]
        public static extern uint FwpmProviderCreateEnumHandle0(IntPtr engine, IntPtr template, out IntPtr handle);
        [DllImport("fwpuclnt.dll")]
        public static extern uint FwpmProviderDestroyEnumHandle0(IntPtr engine, IntPtr handle);
        [DllImport("fwpuclnt.dll")]
        public static extern uint FwpmProviderEnum0(IntPtr engine, IntPtr handle, uint wanted, out IntPtr entries, out uint count);
        [DllImport("fwpuclnt.dll")]
        public static extern void FwpmFreeMemory0(ref IntPtr memory);
    }

    public static class Stores
    {
        private const string Policy = @"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";
        private const string GroupPolicy = @"SOFTWARE\Policies\Microsoft\WindowsFirewall";
        private const int MostRules = 20000, LongestRule = 1 << 20;
        private static readonly string[] Homes = { "local", "gpo", "mdm" };
        private static readonly string[] Variables = {
            "SystemRoot", "windir", "SystemDrive", "ProgramFiles", "ProgramFiles(x86)", "ProgramW6432", "CommonProgramFiles",
            "CommonProgramFiles(x86)", "CommonProgramW6432", "ProgramData", "ALLUSERSPROFILE", "PUBLIC" };

        private static string Home(string store)
        {
            return store == "gpo" ? GroupPolicy : store == "mdm" ? Policy + @"\Mdm" : Policy;
        }

        private static string Rules(string store)
        {
            if (store == "static") return Policy + @"\RestrictedServices\Static\System";
            if (store == "configurable") return Policy + @"\RestrictedServices\Configurable\System";
            if (store == "appiso") return Policy + @"\RestrictedServices\AppIso\FirewallRules";
            return Home(store) + @"\FirewallRules";
        }

        // raw.Firewall. containers: whether a process runs in an AppContainer.
        public static Dictionary<string, object> Read(Answer answer, bool containers)
        {
            Dictionary<string, object> stores = new Dictionary<string, object>(), counts = new Dictionary<string, object>(),
                profiles = new Dictionary<string, object>(), firewall = new Dictionary<string, object>();
            int left = MostRules;
            foreach (string one in new string[] { "local", "gpo", "mdm", "static", "configurable", "appiso" })
            {
                string store = one;
                if (store == "appiso" && !containers) continue;
                stores[store] = answer.Try("firewall.stores." + store, delegate
                {
                    List<object> rules = new List<object>();
                    counts[store] = Each(Rules(store), delegate(string name, object value)
                    {
                        string text = Sent(value as string ?? "");
                        if (text == null) return;
                        if (text.Length > LongestRule) throw new SystemFault("rules", SystemFault.TooLarge);
                        if (--left < 0) throw new SystemFault("rules", SystemFault.TooMany);
                        rules.Add(new object[] { name, text });
                    });
                    return rules;
                });
            }
            foreach (string one in Homes)
            {
                string home = one;
                profiles[home] = answer.Try("firewall.profiles." + home, delegate { return Profiles(Home(home)); });
            }
            firewall["stores"] = stores;
            firewall["counts"] = counts;
            firewall["profiles"] = profiles;
            firewall["effective"] = answer.Try("firewall.effective", delegate { return Com.Effective(); });
            firewall["products"] = answer.Try("firewall.products", delegate { return Com.Products(); });
            firewall["providers"] = answer.Try("firewall.providers", delegate { return Providers(); });
            firewall["consec"] = answer.Try("firewall.consec", delegate
            {
                Dictionary<string, object> consec = new Dictionary<string, object>();
                foreach (string home in Homes) consec[home] = Each(Home(home) + @"\ConSecRules", delegate { });
                return consec;
            });
            firewall["environment"] = Folders();
            return firewall;
        }

        // Null for a rule that surely is about something else: what is odd is sent. With LUAuth2_24 a rule may have
        // anything in a value, so nothing of it is taken for a part. The texts that describe a rule are cut.
        public static string Sent(string rule)
        {
            if (Has(rule, "LUAuth2")) return rule;
            if (Has(rule, "|Dir=Out|") && !Has(rule, "|Dir=In|")) return null;
            if (Has(rule, "|Active=FALSE|") && !Has(rule, "|Active=TRUE|")) return null;
            if (!Has(rule, "|Desc=") && !Has(rule, "|EmbedCtxt=")) return rule;
            StringBuilder kept = new StringBuilder(rule.Length);
            foreach (string part in rule.Split('|'))
            {
                if (Begins(part, "Desc=") || Begins(part, "EmbedCtxt=")) continue;
                if (kept.Length > 0) kept.Append('|');
                kept.Append(part);
            }
            return kept.ToString();
        }

        private static bool Has(string text, string part) { return text.IndexOf(part, StringComparison.OrdinalIgnoreCase) >= 0; }

        private static bool Begins(string text, string part) { return text.StartsWith(part, StringComparison.OrdinalIgnoreCase); }

        // Rows of raw.Portproxy.
        public static List<object> Portproxy()
        {
            List<object> rows = new List<object>();
            foreach (string one in new string[] { "v4tov4", "v4tov6", "v6tov4", "v6tov6" })
            {
                string kind = one;
                Each(@"SYSTEM\CurrentControlSet\Services\PortProxy\" + kind + @"\tcp", delegate(string name, object value)
                {
                    rows.Add(new object[] { kind, name, value as string ?? "" });
                });
            }
            return rows;
        }

        // A key in the view of 64 bits, or null: it is not there.
        private static T WithKey<T>(string path, Func<RegistryKey, T> read)
        {
            using (RegistryKey root = RegistryKey.OpenBaseKey(RegistryHive.LocalMachine, RegistryView.Registry64))
            using (RegistryKey key = root.OpenSubKey(path, false))
                return read(key);
        }

        // Calls for each value of a key, and returns how many there are.
        private static int Each(string path, Action<string, object> take)
        {
            return WithKey(path, delegate(RegistryKey key)
            {
                string[] names = key == null ? new string[0] : key.GetValueNames();
                foreach (string name in names) take(name, key.GetValue(name, null, RegistryValueOptions.DoNotExpandEnvironmentNames));
                return names.Length;
            });
        }

        private static Dictionary<string, object> Profiles(string home)
        {
            Dictionary<string, object> profiles = new Dictionary<string, object>();
            foreach (string profile in new string[] { "DomainProfile", "StandardProfile", "PrivateProfile", "PublicProfile" })
                foreach (string below in new string[] { "", @"\GloballyOpenPorts", @"\AuthorizedApplications" })
                {
                    Dictionary<string, object> values = null;
                    WithKey(home + @"\" + profile + below, delegate(RegistryKey key)
                    {
                        if (key == null) return false;
                        values = new Dictionary<string, object>();
                        foreach (string name in key.GetValueNames())
                        {
                            object value = key.GetValue(name, null, RegistryValueOptions.DoNotExpandEnvironmentNames);
                            if (value is int) values[name] = (uint)(int)value;
                            else if (value is string && string.Equals(name, "DisabledInterfaces", StringComparison.OrdinalIgnoreCase)) values[name] = value;
                        }
                        return true;
                    });
                    if (values != null) profiles[profile + below] = values;
                }
            return profiles;
        }

        private static Dictionary<string, object> Folders()
        {
            Dictionary<string, object> folders = new Dictionary<string, object>();
            foreach (string name in Variables)
            {
                string value = Environment.GetEnvironmentVariable(name);
                if (value != null) folders[name.ToLowerInvariant()] = value;
            }
            return folders;
        }

        // Names of the providers of the filtering platform. FWPM_PROVIDER0: a GUID, and the name
        private static List<object> Providers()
        {
            const uint authenticate = 10, many = 1000;     // RPC_C_AUTHN_WINNT
            IntPtr engine, handle, entries;
            uint count, code = NativeMethods.FwpmEngineOpen0(IntPtr.Zero, authenticate, IntPtr.Zero, IntPtr.Zero, out engine);
            if (code != 0) throw new SystemFault("FwpmEngineOpen0", code);
            try
            {
                code = NativeMethods.FwpmProviderCreateEnumHandle0(engine, IntPtr.Zero, out handle);
                if (code != 0) throw new SystemFault("FwpmProviderCreateEnumHandle0", code);
                try
                {
                    code = NativeMethods.FwpmProviderEnum0(engine, handle, many, out entries, out count);
                    if (code != 0) throw new SystemFault("FwpmProviderEnum0", code);
                    List<object> names = new List<object>();
                    for (int i = 0; i < count; i++)
                        names.Add(Marshal.PtrToStringUni(Marshal.ReadIntPtr(Marshal.ReadIntPtr(entries, i * IntPtr.Size), 16)) ?? "");
                    NativeMethods.FwpmFreeMemory0(ref entries);
                    return names;
                }
                finally { NativeMethods.FwpmProviderDestroyEnumHandle0(engine, handle); }
            }
            finally { NativeMethods.FwpmEngineClose0(engine); }
        }
    }
}
