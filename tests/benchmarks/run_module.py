# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the module listener_facts as a process, then write to standard error what it cost.

One JSON object: ``peak_kib`` (the most resident memory that this process ever had) and ``files``, the files of the
collection that were loaded, each with the bytes of its compiled code. Standard output and the exit code are the
module's.
(``ru_maxrss`` would not do: the kernel hands it down from the parent.)
"""

import atexit
import importlib.util
import json
import marshal
import re
import runpy
import sys

PACKAGE = "ansible_collections.listening.ports.plugins"


def peak_kib() -> int:
    """The greatest resident size of this process, in KiB."""
    with open("/proc/self/status", encoding="utf-8", errors="replace") as stream:
        match = re.search(r"^VmHWM:\s+(\d+) kB$", stream.read(), re.MULTILINE)
    assert match
    return int(match.group(1))


def report(peak: int, main_file: str) -> None:
    """Write the costs to standard error."""
    names = {file for name, module in list(sys.modules.items()) if name.startswith(PACKAGE)
             for file in [getattr(module, "__file__", None)] if file}
    names.add(main_file)
    files = {}
    for name in names:
        with open(name, encoding="utf-8") as stream:
            text = stream.read()
        short = name.split("/plugins/", 1)[1]
        files[short] = len(marshal.dumps(compile(text, short, "exec", dont_inherit=True)))
    json.dump({"peak_kib": peak, "files": files}, sys.stderr)


def main() -> None:
    """Run the module under the name __main__, as Ansible does."""
    name = PACKAGE + ".modules.listener_facts"
    spec = importlib.util.find_spec(name)
    assert spec and spec.origin
    main_file = spec.origin
    peaks: list[int] = []
    atexit.register(lambda: report(peaks[0], main_file))
    sys.argv[1:] = []
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    finally:
        peaks.append(peak_kib())  # before the report itself takes memory


if __name__ == "__main__":
    main()
