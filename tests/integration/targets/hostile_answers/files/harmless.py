# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fails where a text has characters that steer a terminal, or a line that a CI system takes for a command."""

import re
import sys
import unicodedata

text = sys.stdin.buffer.read().decode('utf-8')      # what is not UTF-8 fails, too
steering = {char for char in text if char != '\n' and unicodedata.category(char)[0] == 'C'}
commands = [line for line in text.split('\n') if re.match(r'\s*(::|##\[)', line) or '##vso[' in line]
if steering or commands:
    sys.exit('characters: %s, lines: %s' % (sorted(map(repr, steering)), list(map(repr, commands[:5]))))
if len(text) < 1000:
    sys.exit('there is nothing to check: %r' % text)
