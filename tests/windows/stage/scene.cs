// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// What listens on the Windows test host: programs, and services that run in a process of their own.
using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Threading;

public static class Scene
{
    private const int OwnProcess = 0x10, Stopped = 1, StopPending = 3, Running = 4, AcceptStop = 1, Stop = 1;
    private const int Refused = 1063;       // it was not started as a service

    private delegate void ServiceMain(int count, IntPtr words);
    private delegate int Handler(int control, int kind, IntPtr data, IntPtr context);

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry { public IntPtr Name; public IntPtr Main; }

    [StructLayout(LayoutKind.Sequential)]
    private struct Status { public int Kind, State, Accepts, Win32Exit, SpecificExit, CheckPoint, WaitHint; }

    [DllImport("advapi32.dll", SetLastError = true)]
    private static extern bool StartServiceCtrlDispatcherW([In] Entry[] entries);
    [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
    private static extern IntPtr RegisterServiceCtrlHandlerExW(string name, Handler handler, IntPtr context);
    [DllImport("advapi32.dll", SetLastError = true)]
    private static extern bool SetServiceStatus(IntPtr handle, ref Status status);

    private static readonly ManualResetEvent Ended = new ManualResetEvent(false);
    private static readonly List<Socket> Sockets = new List<Socket>();
    // what Windows calls must not be collected
    private static ServiceMain main;
    private static Handler handler;
    private static IntPtr handle;
    private static int accepts;

    // Words such as tcp/0.0.0.0:8080, udp/127.0.0.1:53, tcp/[::]:8081, and tcp/*:8082 for both families; the sockets stay
    // open until the process ends.
    public static void Listen(string[] endpoints)
    {
        foreach (string endpoint in endpoints)
        {
            int slash = endpoint.IndexOf('/'), colon = endpoint.LastIndexOf(':');
            string address = endpoint.Substring(slash + 1, colon - slash - 1).Trim('[', ']');
            Open(endpoint.StartsWith("tcp"), address == "*" ? IPAddress.IPv6Any : IPAddress.Parse(address),
                 int.Parse(endpoint.Substring(colon + 1)), address == "*");
        }
    }

    // A service NAME that listens on TCP and UDP; it ends with the error number where it cannot. stops: whether it does
    // when it is asked to.
    public static int Serve(string name, int port, bool stops)
    {
        accepts = stops ? AcceptStop : 0;
        main = (count, words) => Run(name, port);
        Entry[] entries = {
            new Entry { Name = Marshal.StringToHGlobalUni(name), Main = Marshal.GetFunctionPointerForDelegate(main) },
            new Entry() };
        return StartServiceCtrlDispatcherW(entries) ? 0 : Refused;
    }

    private static void Run(string name, int port)
    {
        handler = (control, kind, data, context) =>
        {
            if (control == Stop) { Tell(StopPending, 0); Ended.Set(); }
            return 0;
        };
        handle = RegisterServiceCtrlHandlerExW(name, handler, IntPtr.Zero);
        try
        {
            Open(true, IPAddress.Any, port);
            Open(false, IPAddress.Any, port);
        }
        catch (SocketException e) { Tell(Stopped, e.ErrorCode); return; }
        Tell(Running, 0);
        Ended.WaitOne();
        foreach (Socket one in Sockets) one.Close();
        Tell(Stopped, 0);
    }

    private static void Tell(int state, int code)
    {
        Status status = new Status { Kind = OwnProcess, State = state, Accepts = accepts, Win32Exit = code };
        SetServiceStatus(handle, ref status);
    }

    private static void Open(bool tcp, IPAddress address, int port, bool both = false)
    {
        Socket one = new Socket(address.AddressFamily, tcp ? SocketType.Stream : SocketType.Dgram,
                                tcp ? ProtocolType.Tcp : ProtocolType.Udp);
        if (address.AddressFamily == AddressFamily.InterNetworkV6) one.DualMode = both;
        one.Bind(new IPEndPoint(address, port));
        if (tcp) one.Listen(5);
        // Wine tells the owner of a socket only once its process itself holds the descriptor, as after this
        GC.KeepAlive(one.Available);
        Sockets.Add(one);
    }
}
