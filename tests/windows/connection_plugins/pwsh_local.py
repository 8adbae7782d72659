# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to a Windows host that is a PowerShell on this machine: Ansible around it is as it comes."""

from __future__ import annotations

DOCUMENTATION = '''
name: pwsh_local
short_description: Hand to a PowerShell on the controller what a Windows host would get
description:
  - For tests only. Modules arrive on the standard input of the PowerShell, as over WinRM, PSRP and SSH.
author: The listening.ports authors (@listening)
version_added: 0.1.0
options:
  pwsh_command:
    description:
      - The program and its first words, what enters a namespace included.
    type: list
    elements: str
    required: true
    vars:
      - name: ansible_pwsh_command
'''

import shlex
import shutil
import subprocess

from ansible.plugins.connection import ConnectionBase


class Connection(ConnectionBase):
    """Runs each command in a PowerShell of its own."""

    transport = 'pwsh_local'
    module_implementation_preferences = ('.ps1', '.exe', '')
    allow_executable = False
    has_pipelining = True

    def __init__(self, *arguments, **keywords):
        self.always_pipeline_modules = True
        self._shell_type = 'powershell'
        super().__init__(*arguments, **keywords)

    def _connect(self):
        self._connected = True
        return self

    def exec_command(self, cmd, in_data=None, sudoable=True):
        """Run a command; returns its exit code and what it printed, as bytes."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        words = shlex.split(cmd)
        if '-EncodedCommand' not in words:
            words = shlex.split(self._shell._encode_script(cmd, strict_mode=False, preserve_rc=False))
        # the first word is the name that PowerShell has on a host
        done = subprocess.run([*self.get_option('pwsh_command'), *words[1:]], input=in_data or b'',
                              capture_output=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def put_file(self, in_path, out_path):
        """Copy a file: both sides have the same files."""
        shutil.copyfile(in_path, out_path)

    def fetch_file(self, in_path, out_path):
        """Copy a file: both sides have the same files."""
        shutil.copyfile(in_path, out_path)

    def close(self):
        """End the connection, of which nothing is left between commands."""
        self._connected = False
