// Copyright (c) 2026, the listening.ports authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later
// What a Windows host sends: each source by itself, as JSON in ASCII, compressed. C# 5, as Windows PowerShell has it.

using System;
using System.Collections;
using System.Collections.Generic;
using System.ComponentModel;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Text;

namespace ansible_collections.listening.ports.plugins.module_utils._WinAnswer
{
    // A system call that failed: its name, and its error number. No message, as that is in the language of the host.
    public class SystemFault : Exception
    {
        public const long AccessDenied = 5, InvalidData = 13, NotSupported = 50, NoProcedure = 127, TooMany = 1450, Timeout = 1460,
                          TooLarge = 223;
        public readonly long Number;

        public SystemFault(string call, long number) : base(call) { Number = number; }

        // The error of a call that sets the last error.
        public static SystemFault Last(string call)
        {
            return new SystemFault(call, System.Runtime.InteropServices.Marshal.GetLastWin32Error());
        }
    }

    public class Answer
    {
        private readonly Dictionary<string, object> raw = new Dictionary<string, object>();
        private readonly List<object> errors = new List<object>();
        private readonly HashSet<string> noted = new HashSet<string>();

        public void Put(string key, object value) { raw[key] = value; }

        // Reads one source; what it throws is an error of this source, and of no other.
        public object Try(string source, Func<object> read)
        {
            try { return read(); }
            catch (Exception fault) { Fail(source, fault); return null; }
        }

        // Returns whether there is something to send.
        public bool Read(string key, Func<object> read) { return (raw[key] = Try(key, read)) != null; }

        // The same error of the same source counts once.
        public void Note(string source, long number, string text)
        {
            if (noted.Add(source + " " + number.ToString(CultureInfo.InvariantCulture) + " " + text)) errors.Add(new object[] { source, number, text });
        }

        public void Fail(string source, Exception fault)
        {
            fault = fault.GetBaseException();
            SystemFault ours = fault as SystemFault;
            Win32Exception system = fault as Win32Exception;
            if (ours != null) Note(source, ours.Number, ours.Message);
            else Note(source, system != null ? system.NativeErrorCode : Number(fault.HResult), fault.GetType().Name);
        }

        // A source that is not there, and why.
        public void Lost(string key, Exception fault)
        {
            raw[key] = null;
            Fail(key, fault);
        }

        // An HRESULT without its sign; one that is made of an error number (FACILITY_WIN32) is that number.
        private static long Number(int result)
        {
            long number = (uint)result;
            return (number & 0xFFFF0000) == 0x80070000 ? number & 0xFFFF : number;
        }

        public string Json()
        {
            raw["errors"] = errors;
            StringBuilder json = new StringBuilder();
            Write(json, raw);
            return json.ToString();
        }

        public string Pack()
        {
            byte[] plain = Encoding.ASCII.GetBytes(Json());
            using (MemoryStream packed = new MemoryStream())
            {
                using (GZipStream gzip = new GZipStream(packed, CompressionMode.Compress)) gzip.Write(plain, 0, plain.Length);
                return "w:" + Convert.ToBase64String(packed.ToArray());
            }
        }

        private static void Write(StringBuilder json, object value)
        {
            string text = value as string;
            IDictionary pairs = value as IDictionary;
            IEnumerable list = value as IEnumerable;
            if (value == null) json.Append("null");
            else if (text != null) Quote(json, text);
            else if (value is bool) json.Append((bool)value ? "true" : "false");
            else if (pairs != null)
            {
                string before = "{";
                foreach (DictionaryEntry pair in pairs)
                {
                    json.Append(before);
                    Quote(json, (string)pair.Key);
                    json.Append(':');
                    Write(json, pair.Value);
                    before = ",";
                }
                json.Append(before == "{" ? "{}" : "}");
            }
            else if (list != null)
            {
                string before = "[";
                foreach (object item in list) { json.Append(before); Write(json, item); before = ","; }
                json.Append(before == "[" ? "[]" : "]");
            }
            else json.Append(Convert.ToInt64(value, CultureInfo.InvariantCulture).ToString(CultureInfo.InvariantCulture));
        }

        // A lone half of a surrogate pair stays what it is.
        private static void Quote(StringBuilder json, string text)
        {
            json.Append('"');
            foreach (char character in text)
            {
                if (character == '"' || character == '\\') json.Append('\\').Append(character);
                else if (character >= ' ' && character <= '~') json.Append(character);
                else json.Append("\\u").Append(((int)character).ToString("x4", CultureInfo.InvariantCulture));
            }
            json.Append('"');
        }
    }
}
