# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A connection to a Windows host that is not there: it answers what a test has written down, and notes what was asked.
"""

from __future__ import annotations

DOCUMENTATION = '''
name: replayed
short_description: Answer for a Windows host what a file says
description:
  - For tests only. It notes which module was sent, with which arguments, and answers in its place.
author: The listening.ports authors (@listening)
version_added: 0.1.0
options:
  replayed_folder:
    description:
      - A folder with C(answer.json), a mapping that may have C(stdout), C(stderr) and C(code), C(seconds) that it
        takes, and C(unreachable), why there is no connection.
      - What was asked is appended to C(asked.jsonl) there, an object for each module.
    type: path
    required: true
    vars:
      - name: ansible_replayed_folder
'''

import json
import os
import time

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

# before each of the parts of what a PowerShell is sent, as of 2.16 and as of 2.19
_BETWEEN = b'\0\0\0\0'


class Connection(ConnectionBase):
    """Answers every module with the same text."""

    transport = 'replayed'
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
        """Note which module was sent; returns an exit code and what is printed, as bytes."""
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        folder = self.get_option('replayed_folder')
        with open(os.path.join(folder, 'answer.json'), encoding='utf-8') as stream:
            answer = json.load(stream)
        with open(os.path.join(folder, 'asked.jsonl'), 'a', encoding='utf-8') as stream:
            stream.write(json.dumps(_asked(in_data or b'')) + '\n')
        time.sleep(answer.get('seconds', 0))
        if 'unreachable' in answer:
            raise AnsibleConnectionFailure(answer['unreachable'])
        return answer.get('code', 0), answer.get('stdout', '').encode(), answer.get('stderr', '').encode()

    def put_file(self, in_path, out_path):
        """Refuse: no module needs files on a Windows host."""
        raise AssertionError('a file was sent: %s' % out_path)

    def fetch_file(self, in_path, out_path):
        """Refuse: no module needs files of a Windows host."""
        raise AssertionError('a file was fetched: %s' % in_path)

    def close(self):
        """End the connection, of which nothing is left between commands."""
        self._connected = False


def _asked(sent):
    """Return the arguments of the module that was sent, Ansible's own among them; None for anything else."""
    for part in reversed(sent.split(_BETWEEN)):
        try:
            return _arguments(json.loads(part))
        except ValueError:
            continue
    return None


def _arguments(value):
    if isinstance(value, dict) and '_ansible_module_name' in value:
        return value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    found = (_arguments(element) for element in inner)
    return next((arguments for arguments in found if arguments is not None), None)
