# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is asked of whatever host: nothing that stays is served by what is stopped, or goes with it."""

import random

from ansible_collections.listening.ports.tests.unit.plugins.module_utils._stop.views import Scene

SPREADS = ('RequiredBy', 'BoundBy', 'ConsistsOf', 'PropagatesStopTo')


def drawn(source):
    """A host with units that depend on each other at random, some of which share listeners; and what is asked."""
    scene, names = Scene(), ['u%d.service' % number for number in range(source.randint(2, 8))]
    for number, name in enumerate(names):
        ties = {kind: ' '.join(source.sample(names, 1)) for kind in SPREADS if source.random() < .15}
        if source.random() < .2:
            ties.update(StopWhenUnneeded='yes', WantedBy=' '.join(source.sample(names, 2)))
        scene.service(name, 100 + number, KillMode=source.choice(['control-group', 'mixed', 'process']),
                      Wants=' '.join(source.sample(names, 2)),
                      ActiveState=source.choice(['active', 'active', 'inactive']), **ties)
        scene.process(200 + number, 'child', unit=name, parent=100 + number,
                      session=source.choice([100 + number, 200 + number]))
    pids = [pid for pid in scene.parts['processes'] if 100 <= pid < 300]
    listeners = ['tcp/0.0.0.0:%d' % (8000 + number) for number in range(source.randint(2, 10))]
    for listener in listeners:
        scene.listen(listener, sorted(source.sample(pids, source.choice([1, 1, 2]))))
    return scene, source.sample(listeners, source.randint(1, len(listeners)))


def test_nothing_that_stays_ends():
    closed = 0
    for seed in range(400):
        scene, asked = drawn(random.Random(seed))
        view = scene.view()
        decision = scene.decide(*asked, processes=bool(seed % 2))
        gone = set(decision.stop).union(view.units.going(decision.stop))
        ended = {ended.pid for ended in decision.processes}
        closing = {row['listener'] for row in decision.rows if row['status'] == 'closed'}
        for record in view.listeners:
            touched = {owner['pid'] for owner in record['owners'] if owner['unit'] in gone or owner['pid'] in ended}
            if record['id'] in closing:
                assert touched == {owner['pid'] for owner in record['owners']}, seed
            else:
                assert not touched, seed
        assert closing <= set(asked) and not gone & {'ssh.service', 'session-3.scope'}
        assert set(decision.back) == {name for name in gone if view.units.get(name).runs}
        closed += len(closing)
    assert closed > 100
