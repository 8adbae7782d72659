# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Suites of JUnit XML, in the form that GitLab, Jenkins and Azure take."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from typing import BinaryIO

from .._harmless.terminal import visible


class Suite:
    """Cases, each with a name of its own: GitLab takes the first of two that are called the same.

    :ivar element: the suite.
    """

    def __init__(self, name: str, group: str) -> None:
        self.element = ET.Element('testsuite', name=name, tests='0', failures='0', errors='0', skipped='0', time='0')
        self._properties = ET.SubElement(self.element, 'properties')
        self._group = group
        self._names: set[str] = set()
        self._counts = {'tests': 0, 'failure': 0, 'error': 0, 'skipped': 0}

    def describe(self, name: str, value: str) -> None:
        """Add something that is known of the suite."""
        ET.SubElement(self._properties, 'property', name=name, value=value)

    def case(self, name: str, outcome: str | None = None, kind: str = '', message: str = '', text: str = '') -> None:
        """Add a case.

        :param outcome: ``failure``, ``error``, ``skipped``, ``system-out`` for a case that passes with some words, or
            None.
        :param kind: what is wrong, in a word.
        :param text: all that is to be known.
        """
        case = ET.SubElement(self.element, 'testcase', classname=self._group, time='0',
                             name=another(name, self._names, '%s (%d)'))
        self._counts['tests'] += 1
        if outcome == 'system-out':
            ET.SubElement(case, outcome).text = text
        elif outcome:
            ET.SubElement(case, outcome, type=kind, message=message[:1000]).text = text
            self._counts[outcome] += 1
        for attribute, count in zip(('tests', 'failures', 'errors', 'skipped'), self._counts.values()):
            self.element.set(attribute, str(count))

    def write(self, out: BinaryIO) -> None:
        """Write all of it, two levels below the top of a file."""
        ET.indent(self.element, level=1)
        out.write(b'  ' + ET.tostring(self.element, encoding='utf-8', xml_declaration=False).strip() + b'\n')


def another(name: str, names: set[str], form: str) -> str:
    """Return a name that is none of these, and add it to them."""
    made, count = name, 1
    while made in names:
        count += 1
        made = form % (name, count)
    names.add(made)
    return made


def plain(name: str) -> str:
    """Make one word of the name of a host: Jenkins takes dots for packages."""
    return re.sub(r'[^A-Za-z0-9-]', '_', visible(name, 200))
