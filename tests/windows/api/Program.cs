// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// Runs what a Windows host runs, without PowerShell and Ansible.

using System;
using ansible_collections.listening.ports.plugins.module_utils._WinAnswer;
using ansible_collections.listening.ports.plugins.module_utils._WinCom;
using ansible_collections.listening.ports.plugins.module_utils._WinHost;
using ansible_collections.listening.ports.plugins.module_utils._WinLook;
using ansible_collections.listening.ports.plugins.module_utils._WinServices;

// What a firewall with one other product, and two networks, would say. All that is not read fails.
internal class Policy : INetFwPolicy2
{
    public int GetCurrentProfileTypes() { return 6; }
    public short GetFirewallEnabled(int profile) { return (short)(profile == 4 ? 0 : -1); }
    public object GetExcludedInterfaces(int profile) { return profile == 1 ? new object[] { "Ethernet 2" } : null; }
    public short GetBlockAllInboundTraffic(int profile) { return (short)(profile == 2 ? -1 : 0); }
    public int GetDefaultInboundAction(int profile) { return profile == 4 ? 1 : 0; }
    public int GetLocalPolicyModifyState() { return 1; }
    public void PutFirewallEnabled() { throw new NotSupportedException(); }
    public void PutExcludedInterfaces() { throw new NotSupportedException(); }
    public void PutBlockAllInboundTraffic() { throw new NotSupportedException(); }
    public void GetNotificationsDisabled() { throw new NotSupportedException(); }
    public void PutNotificationsDisabled() { throw new NotSupportedException(); }
    public void GetUnicastResponsesDisabled() { throw new NotSupportedException(); }
    public void PutUnicastResponsesDisabled() { throw new NotSupportedException(); }
    public void GetRules() { throw new NotSupportedException(); }
    public void GetServiceRestriction() { throw new NotSupportedException(); }
    public void EnableRuleGroup() { throw new NotSupportedException(); }
    public void IsRuleGroupEnabled() { throw new NotSupportedException(); }
    public void RestoreLocalFirewallDefaults() { throw new NotSupportedException(); }
    public void PutDefaultInboundAction() { throw new NotSupportedException(); }
    public void GetDefaultOutboundAction() { throw new NotSupportedException(); }
    public void PutDefaultOutboundAction() { throw new NotSupportedException(); }
    public void GetIsRuleGroupCurrentlyEnabled() { throw new NotSupportedException(); }
}

internal class Products : INetFwProducts, INetFwProduct
{
    public int GetCount() { return 1; }
    public INetFwProduct Item(int index) { return this; }
    public string GetDisplayName() { return "Other Firewall"; }
    public void Register() { throw new NotSupportedException(); }
    public void GetRuleCategories() { throw new NotSupportedException(); }
    public void PutRuleCategories() { throw new NotSupportedException(); }
}

internal class Networks : INetworkListManager, IEnumNetworkConnections, INetworkConnection, INetwork
{
    private int at;
    public IEnumNetworkConnections GetNetworkConnections() { return this; }
    public int Next(uint count, out INetworkConnection connection, out uint fetched)
    {
        bool ends = at == 2;
        connection = ends ? null : this;
        fetched = ends ? 0u : 1u;
        if (!ends) at++;
        string broken = Environment.GetEnvironmentVariable("OBJECTS");
        return !ends ? 0 : broken == "broken" ? unchecked((int)0x80004005) : 1;
    }
    public Guid GetAdapterId() { return new Guid(at, 0, 0, new byte[] { 0xab, 0, 0, 0, 0, 0, 0, 0 }); }
    public INetwork GetNetwork() { return this; }
    public int GetCategory() { return at; }
    public void GetNetworks() { throw new NotSupportedException(); }
    void INetworkListManager.GetNetwork() { throw new NotSupportedException(); }
    public void NewEnum() { throw new NotSupportedException(); }
    public void IsConnectedToInternet() { throw new NotSupportedException(); }
    public void IsConnected() { throw new NotSupportedException(); }
    public void GetConnectivity() { throw new NotSupportedException(); }
    public void GetConnectionId() { throw new NotSupportedException(); }
    public void GetName() { throw new NotSupportedException(); }
    public void SetName() { throw new NotSupportedException(); }
    public void GetDescription() { throw new NotSupportedException(); }
    public void SetDescription() { throw new NotSupportedException(); }
    public void GetNetworkId() { throw new NotSupportedException(); }
    public void GetDomainType() { throw new NotSupportedException(); }
    void INetwork.GetNetworkConnections() { throw new NotSupportedException(); }
    public void GetTimeCreatedAndConnected() { throw new NotSupportedException(); }
}

public static class Program
{
    private static string[] List(string words)
    {
        return words.Split(new char[] { ',' }, StringSplitOptions.RemoveEmptyEntries);
    }

    // look GATHER MOST DIAGNOSE PLAN: prints the JSON and what is sent
    // command SECONDS PATH ARGUMENTS: prints what a program printed, or the error
    // state NAME: prints the state of a service, or the error
    // events NAME: prints which of some events are taken
    public static int Main(string[] words)
    {
        if (words[0] == "command")
        {
            Answer answer = new Answer();
            answer.Read("text", delegate { return new Command(words[2], words[3]).Text("call", int.Parse(words[1])); });
            Console.WriteLine(answer.Json());
            return 0;
        }
        if (words[0] == "state")
        {
            Answer answer = new Answer();
            answer.Read("state", delegate { return Services.State(words[1]); });
            Console.WriteLine(answer.Json());
            return 0;
        }
        bool objects = Environment.GetEnvironmentVariable("OBJECTS") != null;
        Com.Create = delegate(string id)
        {
            if (!objects) throw new SystemFault("CoCreateInstance", 0x80040154);
            return id == Com.NetFwPolicy2 ? new Policy() : id == Com.NetFwProducts ? (object)new Products() : new Networks();
        };
        Look look = new Look();
        if (words[0] == "events")
        {
            look.Answer.Read("services", delegate { return look.Services.Rows(new uint[0], List(words[1])); });
            for (int i = 0; i < 20; i++)
            {
                bool more = look.Services.Take(7009, 100 - i, new object[] { 30000, "DNS \"CLIENT\"", new byte[] { 1, 2 } });
                look.Services.Take(7000, 50 - i, new object[] { "other", null, new string('x', 2000) });
                object[] many = new object[40];
                many[0] = "w3svc";
                look.Services.Take(7034, 50 - i, many);
                look.Answer.Put("more" + i, more);
            }
            look.Answer.Put("events", look.Services.Events);
            Console.WriteLine(look.Answer.Json());
            return 0;
        }
        look.Run(List(words[1]), long.Parse(words[2]), List(words[3]), words[4] == "plan", "FullLanguage");
        Console.WriteLine(look.Answer.Json());
        Console.WriteLine(look.Answer.Pack());
        return 0;
    }
}
