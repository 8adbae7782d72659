# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What options mean, and which mean nothing."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._openings import arguments


def options(**more):
    return dict({'state': 'present', 'openings': [], 'keep': None, 'confirm': 60, 'protected_sources': []}, **more)


def opening(**more):
    return dict({'protocol': 'tcp', 'ports': ['80'], 'sources': None, 'backend': 'ufw'}, **more)


def test_what_they_mean():
    asked = arguments.asked(options(
        openings=[opening(ports=['81', '80', '8000-8010'], sources=['10.1.2.3', '10.0.0.0/8'], listener='x')],
        keep=[{'protocol': 'udp', 'ports': ['53']}], protected_sources=['192.0.2.1'], confirm=0))
    wanted, = asked.openings
    assert (wanted.backend, wanted.interface, wanted.listener) == ('ufw', None, 'x')
    assert wanted.rule == ('tcp', ((80, 81), (8000, 8010)), ('10.0.0.0/8',), None)
    assert asked[1:] == ((('udp', ((53, 53),), None, None),), False, ('192.0.2.1/32',), False)


def test_everybody_is_protected():
    assert arguments.asked(options(protected_sources=['::/0', '0.0.0.0/0'])).protected == ('0.0.0.0/0', '::/0')


def test_absent_opens_nothing():
    assert arguments.asked(options(state='absent', openings=[opening()]))[:3] == ([], None, True)


@pytest.mark.parametrize('more, words', [
    ({'openings': [opening(), opening(ports=['http'])]}, "openings: opening 2: 'http' is not a port"),
    ({'openings': [opening(ports=[])]}, 'openings: opening 1: ports has to be a list of ports'),
    ({'openings': [opening(sources=['web'])]}, "openings: opening 1: 'web' is not an address"),
    ({'keep': [{'protocol': 'tcp', 'ports': ['0']}]}, "keep: rule 1: '0' is not a port"),
    ({'protected_sources': ['web']}, "protected_sources: 'web' is not an address"),
    ({'confirm': 5}, 'confirm has to be 0, or 10 to 3600 seconds, not 5'),
])
def test_what_means_nothing(more, words):
    assert arguments.fault(options(**more)).startswith(words)
    assert arguments.fault(options()) is None
