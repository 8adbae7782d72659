# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The terminal that Ansible writes to."""

import os

import pytest

from ansible import constants
from ansible.utils import color
from ansible.utils.display import Display
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import screen
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal


def test_the_width_of_what_is_no_terminal(monkeypatch):
    def refuse(dummy):
        raise OSError(25, 'Inappropriate ioctl for device')
    monkeypatch.setattr(os, 'get_terminal_size', refuse)
    assert screen.terminal_width() is None
    monkeypatch.setattr(os, 'get_terminal_size', lambda dummy: os.terminal_size((0, 0)))
    assert screen.terminal_width() is None
    monkeypatch.setattr(os, 'get_terminal_size', lambda dummy: os.terminal_size((132, 50)))
    assert screen.terminal_width() == 132


@pytest.mark.parametrize('callback, stderr', [('default', False), ('ansible.posix.json', True), ('jsonl', True)])
def test_json_on_standard_output_stays_json(monkeypatch, callback, stderr):
    monkeypatch.setattr(constants, 'DEFAULT_STDOUT_CALLBACK', callback, raising=False)
    assert Terminal.of_ansible().to_stderr is stderr


@pytest.mark.parametrize('colored', [False, True])
def test_colours_are_those_of_ansible(monkeypatch, colored):
    monkeypatch.setattr(color, 'ANSIBLE_COLOR', colored)
    terminal = Terminal.of_ansible()
    assert terminal.colored is colored and isinstance(terminal.display, Display)
