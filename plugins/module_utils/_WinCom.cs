// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// What services of Windows say of the firewall and of networks, by their objects. Nothing is judged here.
// Interfaces have the functions of the headers in their order; of those that are not called only their place counts.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using ansible_collections.listening.ports.plugins.module_utils._WinAnswer;

namespace ansible_collections.listening.ports.plugins.module_utils._WinCom
{
    // netfw.h
    [ComImport, Guid("98325047-C671-4174-8D81-DEFCD3F03186"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
    internal interface INetFwPolicy2
    {
        int GetCurrentProfileTypes();
        short GetFirewallEnabled(int profile);
        void PutFirewallEnabled();
        [return: MarshalAs(UnmanagedType.Struct)] object GetExcludedInterfaces(int profile);
        void PutExcludedInterfaces();
        short GetBlockAllInboundTraffic(int profile);
        void PutBlockAllInboundTraffic();
        void GetNotificationsDisabled();
        void PutNotificationsDisabled();
        void GetUnicastResponsesDisabled();
        void PutUnicastResponsesDisabled();
        void GetRules();
        void GetServiceRestriction();
        void EnableRuleGroup();
        void IsRuleGroupEnabled();
        void RestoreLocalFirewallDefaults();
        int GetDefaultInboundAction(int profile);
        void PutDefaultInboundAction();
        void GetDefaultOutboundAction();
        void PutDefaultOutboundAction();
        void GetIsRuleGroupCurrentlyEnabled();
        int GetLocalPolicyModifyState();
    }

    [ComImport, Guid("39EB36E0-2097-40BD-8AF2-63A13B525362"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
    internal interface INetFwProducts
    {
        int GetCount();
        void Register();
        INetFwProduct Item(int index);
    }

    [ComImport, Guid("71881699-18F4-458B-B892-3FFCE5E07F75"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
    internal interface INetFwProduct
    {
        void GetRuleCategories();
        void PutRuleCategories();
        [return: MarshalAs(UnmanagedType.BStr)] string GetDisplayName();
    }

    // netlistmgr.h
    [ComImport, Guid("DCB00000-570F-4A9B-8D69-199FDBA5723B"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
    internal interface INetworkListManager
    {
        void GetNetworks();
        void GetNetwork();
        IEnumNetworkConnections GetNetworkConnections();
    }

    [ComImport, Guid("DCB00006-570F-4A9B-8D69-199FDBA5723B"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
    internal interface IEnumNetworkConnections
    {
        void NewEnum();
        [PreserveSig] int Next(uint count, out INetworkConnection connection, out uint fetched);
    }

    [ComImport, Guid("DCB00005-570F-4A9B-8D69-199FDBA5723B"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
    internal interface INetworkConnection
    {
        INetwork GetNetwork();
        void IsConnectedToInternet();
        void IsConnected();
        void GetConnectivity();
        void GetConnectionId();
        Guid GetAdapterId();
    }

    [ComImport, Guid("DCB00002-570F-4A9B-8D69-199FDBA5723B"), InterfaceType(ComInterfaceType.InterfaceIsDual)]
    internal interface INetwork
    {
        void GetName();
        void SetName();
        void GetDescription();
        void SetDescription();
        void GetNetworkId();
        void GetDomainType();
        void GetNetworkConnections();
        void GetTimeCreatedAndConnected();
        void IsConnectedToInternet();
        void IsConnected();
        void GetConnectivity();
        int GetCategory();
    }

    public static class Com
    {
        internal const string NetFwPolicy2 = "E2B3C97F-6AE1-41AC-817A-F6F92166D7DD", NetFwProducts = "CC19079B-8272-4D73-BB70-CDB533527B61",
                             NetworkListManager = "DCB00C01-570F-4A9B-8D69-199FDBA5723B";
        private static readonly int[] ProfileTypes = { 1, 2, 4 };     // NET_FW_PROFILE_TYPE2

        // Tests put another one here.
        internal static Func<string, object> Create = delegate(string id)
        {
            return Activator.CreateInstance(Type.GetTypeFromCLSID(new Guid(id), true));
        };

        // Lets go at once: the runtime may do so when the library is gone.
        private static object Read(string id, Func<object, object> read)
        {
            object one = Create(id);
            try { return read(one); }
            finally { Free(one); }
        }

        private static void Free(object one)
        {
            if (one != null && Marshal.IsComObject(one)) Marshal.FinalReleaseComObject(one);
        }

        // raw.Effective. Never GetRules, which takes many seconds.
        public static object Effective() { return Read(NetFwPolicy2, Effective); }

        private static object Effective(object one)
        {
            INetFwPolicy2 policy = (INetFwPolicy2)one;
            Dictionary<string, object> effective = new Dictionary<string, object>(), profiles = new Dictionary<string, object>();
            effective["current"] = policy.GetCurrentProfileTypes();
            effective["modify"] = policy.GetLocalPolicyModifyState();
            foreach (int type in ProfileTypes)
                profiles[type.ToString(CultureInfo.InvariantCulture)] = new object[] {
                    policy.GetFirewallEnabled(type) != 0, policy.GetBlockAllInboundTraffic(type) != 0,
                    policy.GetDefaultInboundAction(type), policy.GetExcludedInterfaces(type) as Array ?? new object[0] };
            effective["profiles"] = profiles;
            return effective;
        }

        // Other firewalls.
        public static object Products() { return Read(NetFwProducts, Products); }

        private static object Products(object one)
        {
            INetFwProducts products = (INetFwProducts)one;
            List<object> names = new List<object>();
            int count = products.GetCount();
            for (int i = 0; i < count && i < 100; i++)
            {
                INetFwProduct product = products.Item(i);
                names.Add(product.GetDisplayName() ?? "");
                Free(product);
            }
            return names;
        }

        // Categories.
        public static object Networks() { return Read(NetworkListManager, Networks); }

        private static object Networks(object one)
        {
            IEnumNetworkConnections connections = ((INetworkListManager)one).GetNetworkConnections();
            Dictionary<string, object> networks = new Dictionary<string, object>();
            INetworkConnection connection;
            uint fetched;
            int result;
            while ((result = connections.Next(1, out connection, out fetched)) == 0)
            {
                INetwork network = connection.GetNetwork();
                networks[connection.GetAdapterId().ToString("B").ToUpperInvariant()] = network.GetCategory();
                Free(network);
                Free(connection);
            }
            Free(connections);
            Marshal.ThrowExceptionForHR(result);        // S_FALSE, the end, is none
            return networks;
        }
    }
}
