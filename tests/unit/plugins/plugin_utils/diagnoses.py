# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts say of units, for the tests of the controller's code."""


def diagnosis(unit='nginx.service', **other):
    """One of a unit that has failed, with what is given in place of that."""
    made = {'unit': unit, 'id': unit if '.' in unit else unit + '.service', 'load': 'loaded', 'active': 'failed',
            'sub': 'failed',
            'enabled': 'enabled', 'result': 'exit-code', 'exit': 1, 'holds': False, 'lines': [], 'unseen': []}
    made.update(other)
    return made
