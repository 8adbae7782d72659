// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Asks a Windows host for all that was asked for, each source by itself: plugin_utils/_windows/raw.py has the shapes.

using System;
using System.Collections.Generic;
using System.Text.RegularExpressions;
using ansible_collections.listening.ports.plugins.module_utils._WinAnswer;
using ansible_collections.listening.ports.plugins.module_utils._WinCom;
using ansible_collections.listening.ports.plugins.module_utils._WinFirewall;
using ansible_collections.listening.ports.plugins.module_utils._WinHost;
using ansible_collections.listening.ports.plugins.module_utils._WinServices;
using ansible_collections.listening.ports.plugins.module_utils._WinTables;

namespace ansible_collections.listening.ports.plugins.module_utils._WinLook
{
    public class Look
    {
        public const int Schema = 1;
        private const int Wait = 20000;         // milliseconds, for all that netsh prints together
        private static readonly string[] Names = { "tcp4", "tcp6", "udp4", "udp6" };
        private static readonly string[] Unsupported = { "namespaces", "outgoing", "raw" };

        public readonly Answer Answer = new Answer();
        public readonly Services Services = new Services();
        private readonly Dictionary<string, Command> commands = new Dictionary<string, Command>();
        private readonly HashSet<int> ports = new HashSet<int>();
        private readonly SortedDictionary<uint, bool> pids = new SortedDictionary<uint, bool>();
        private readonly DateTime began = DateTime.UtcNow;
        private ICollection<string> gather;
        private string queues;          // what netsh printed of http.sys

        // language: the language mode of PowerShell. plan: whether to say also what a plan asks.
        public void Run(string[] gather, long most, string[] diagnose, bool plan, string language)
        {
            this.gather = gather;
            Answer.Put("schema", Schema);
            Answer.Put("gather", gather);
            foreach (string one in Unsupported)
                if (Asked(one)) Answer.Note(one, SystemFault.NotSupported, "unsupported");
            bool firewall = Asked("firewall") || Asked("outgoing");
            bool owners = Asked("owners") || Asked("command") || Asked("resources") || firewall || plan;
            Begin(owners);
            Answer.Put("os", Host.Os(Answer, language));
            Sockets(owners, most);
            if (Asked("connections")) Answer.Read("connections", Connections);
            Answer.Read("interfaces", delegate { return Tables.Interfaces(Answer); });
            Answer.Read("portproxy", delegate { return Stores.Portproxy(); });
            if (firewall)
            {
                Answer.Read("rpc", delegate { return Services.RpcPorts(); });
                Answer.Read("models", delegate { return Tables.Models(); });
                Answer.Read("routes", delegate { return Tables.Routes(); });
                Answer.Read("networks", delegate { return Com.Networks(); });
            }
            Texts(owners);      // what takes longest
            bool containers = false;
            Processes processes = owners ? new Processes(Answer) : null;
            if (owners) containers = Owners(processes);
            if (owners || diagnose.Length > 0)
            {
                bool services = Answer.Read("services", delegate { return Services.Rows(pids.Keys, diagnose); });
                if (diagnose.Length > 0) Answer.Put("displays", services ? Services.Displays : null);
            }
            if (plan)
            {
                Answer.Read("dependents", delegate { return Services.Needed(Answer); });
                Answer.Read("ancestors", delegate { return processes.Ancestors(Answer); });
            }
            if (firewall) Answer.Put("firewall", Stores.Read(Answer, containers));
        }

        private bool Asked(string what) { return gather.Contains(what); }

        // The four tables. Those beyond what is asked for are counted, and left out.
        private void Sockets(bool owners, long most)
        {
            long left = most, all = 0;
            foreach (string name in Names)
                Answer.Read(name, delegate
                {
                    long count;
                    List<object> rows = Tables.Sockets(name, owners, left, out count);
                    left -= rows.Count;
                    all += count;
                    foreach (object[] row in rows)
                    {
                        if (name.StartsWith("tcp", StringComparison.Ordinal)) ports.Add((int)row[1]);
                        if ((uint)row[3] != 0) pids[(uint)row[3]] = true;
                    }
                    return rows;
                });
            if (all > most) Answer.Note("sockets", all, "max_sockets");
        }

        private object Connections()
        {
            List<object> rows = new List<object>();
            foreach (string table in new string[] { "tcp4", "tcp6" }) rows.AddRange(Tables.Connections(table, ports));
            return rows;
        }

        // Begins what netsh has to print: it waits for services, while the rest is asked.
        private void Begin(bool owners)
        {
            if (owners) Start("http", "http show servicestate view=requestq verbose=no");
            foreach (string name in Names)
            {
                string of = "interface ip" + name.Substring(3).Replace("4", "v4").Replace("6", "v6") + " show ";
                Start("excluded." + name, of + "excludedportrange protocol=" + name.Substring(0, 3));
                Start("dynamic." + name, of + "dynamicport protocol=" + name.Substring(0, 3));
            }
        }

        private void Start(string source, string arguments)
        {
            Answer.Try(source, delegate { return commands[source] = new Command(Command.Path("netsh.exe"), arguments); });
        }

        private void Texts(bool owners)
        {
            foreach (string part in new string[] { "excluded", "dynamic" })
            {
                Dictionary<string, object> texts = new Dictionary<string, object>();
                foreach (string name in Names) texts[name] = Printed(part + "." + name);
                Answer.Put(part, texts);
            }
            if (!owners) return;
            queues = (string)Printed("http");
            Answer.Put("http", queues);
        }

        private object Printed(string source)
        {
            Command command;
            if (!commands.TryGetValue(source, out command)) return null;        // why is noted
            int left = Math.Max(1, Wait - (int)(DateTime.UtcNow - began).TotalMilliseconds);
            return Answer.Try(source, delegate { return command.Text("netsh", left); });
        }

        // Processes that own sockets or queues of http.sys, and their accounts. Returns whether one is in an AppContainer.
        private bool Owners(Processes processes)
        {
            // "944" on a line of its own below its heading, or "ID: 944, image: ..."; the words are in any language
            foreach (Match match in Regex.Matches(queues ?? "", @"^\s*([0-9]{1,9})\s*$|:\s*([0-9]{1,9}),", RegexOptions.Multiline))
            {
                uint pid = uint.Parse(match.Groups[1].Value + match.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture);
                if (processes.Has(pid) && pid != 0) pids[pid] = true;
            }
            List<object> rows = processes.Rows(Answer, pids.Keys, Asked("command"), Asked("resources"));
            SortedDictionary<string, bool> users = new SortedDictionary<string, bool>(StringComparer.Ordinal);
            bool containers = false;
            foreach (object[] row in rows)
            {
                if (row[5] != null) users[(string)row[5]] = true;
                containers = containers || !string.IsNullOrEmpty((string)row[6]);
            }
            Answer.Put("processes", rows);
            Answer.Put("accounts", Host.Accounts(Answer, users.Keys));
            return containers;
        }
    }
}
