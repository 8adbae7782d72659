# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options of probe_listeners, for the module and for the action."""

from .._addresses.scopes import FAMILIES

ARGUMENTS: dict = {
    'endpoints': {'type': 'list', 'elements': 'raw', 'required': True},
    'timeout': {'type': 'float', 'default': 3},
    'total_timeout': {'type': 'float', 'default': 60},
    'max_parallel': {'type': 'int', 'default': 500},
    'source': {'type': 'str'},
    'family': {'type': 'str', 'choices': ['any'] + sorted(FAMILIES), 'default': 'any'},
    'result': {'type': 'str', 'choices': ['probes', 'packed'], 'default': 'probes'},
}
