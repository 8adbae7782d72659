# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of very many addresses, as of a country: most of their elements are far from the networks of the test."""

import random

SHARE = 0.25                # of all sets are long
_FAR = {4: '5.%d.%d.%d', 6: '2a00:%x:%x::%x'}


def lengthened(chance, family, elements):
    """The elements of a set, and for some sets more of them than a person lists: addresses and networks, none twice.

    What else is made by chance stays what it was without these.

    :param elements: list of str, those that make a difference for a client of the test.
    """
    state = chance.getstate()[1]
    chance = random.Random('%d %d %s' % (state[0], state[-1], ' '.join(elements)))
    if chance.random() >= SHARE:
        return list(elements)
    places = chance.sample(range(0, 40000, 2), chance.randint(70, 900))
    more = [_FAR[family] % (place >> 8, place & 255, chance.choice((1, 7, 128))) for place in places]
    length = {4: '/24', 6: '/48'}[family]
    more = [text.rpartition('.' if family == 4 else ':')[0] + ('.0' if family == 4 else ':') + length
            if chance.random() < 0.3 else text for text in more]
    return sorted([*elements, *more], key=lambda dummy: chance.random())
