# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/docsite/rst/guide_situations.rst from the YAML files beside this one.

It needs PyYAML, and nothing else.
"""

import itertools
import re
import shlex
import textwrap
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[4] / 'docs/docsite/rst/guide_situations.rst'
WIDTH = 120
HEAD = '''\
..
  Copyright (c) 2026, the listening.ports authors
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later

.. _ansible_collections.listening.ports.docsite.guide_situations:

Situations of a mixed fleet
===========================

Lines to copy, with a section about each situation below. The suffix of a variable is the group whose hosts it is for;
to write a declaration, see :ref:`ansible_collections.listening.ports.docsite.guide_declare`.

%s
Each section explains the difficulty, the declaration, what some hosts show, and the exact findings. These are also
tests: the declarations are checked against these hosts, and the sentences are compared.

Unless stated otherwise, the tables show what ``listener_facts`` observes with root. Owners are listed with the
process, its pid and its user, and their unit or container.

These facts do not include a firewall. So no entry here that limits who may connect (``clients``, ``only_from``,
``via``) can pass, except with ``only_from: anyone``, which any firewall satisfies: every other limit on more than
loopback is unknown.
'''


def situations():
    """dict: the name of each file to its content, in the order of the page."""
    return {path.stem: yaml.safe_load(path.read_text(encoding='utf-8')) for path in sorted(HERE.glob('*.yml'))}


def page():
    """str: the whole page."""
    some = situations().values()
    return '\n'.join([HEAD % '\n'.join(overview(some)), *itertools.chain.from_iterable(map(section, some))])


def overview(some):
    """Yield the lines of the table with what is declared of each situation, in at most three lines."""
    yield from ('.. list-table::', '   :header-rows: 1', '   :widths: 25 75', '')
    yield from ('   * - Situation', '     - Declaration')
    for situation in some:
        yield from ('   * - `%s`_' % plain(situation['title']), '     -', '       .. code-block:: yaml', '')
        yield from ('         ' + line for line in situation['short'].splitlines())
        yield ''


def section(situation):
    """Yield the lines about a situation."""
    title = plain(situation['title'])
    yield from (title, '-' * len(title), '')
    yield from wrapped(situation['tricky'])
    yield '.. code-block:: yaml'
    for path, text in situation['declaration'].items():
        yield from ('', '    # %s' % path)
        yield from (('    ' + line).rstrip() for line in text.splitlines())
    yield ''
    for look in situation['looks']:
        if look.get('caption'):
            yield from wrapped('**%s**' % plain(look['caption']))
        yield from table(look['hosts'])
        yield from messages(look)


def table(hosts):
    """Yield the lines of the table of what hosts show, first what they have in common."""
    showing = {}
    for name, host in hosts.items():
        for line in list(flat(host['listens'])) or [None]:
            showing.setdefault(line, []).append(name)
    groups = {}
    for line, names in showing.items():
        groups.setdefault(tuple(names), []).append(line)
    yield from ('.. csv-table::', '   :header: Host, Listens on, Owner', '')
    for names, lines in sorted(groups.items(), key=lambda group: -len(group[0])):
        who = ', '.join(map(named, names))
        for line in lines:
            endpoint, owners = ('nothing', '') if line is None else row(line)
            yield '   %s' % ', '.join('"%s"' % cell.replace('"', '""') for cell in (who, endpoint, owners))
            who = ''
    yield ''


def named(host):
    """A host, or those of a range that have no entry of their own."""
    match = re.fullmatch(r'(.*)\[(\d+):(\d+)\](.*)', host)
    return '``{0}{1}{3}`` to ``{0}{2}{3}`` except those below'.format(*match.groups()) if match else '``%s``' % host


def row(line):
    """The cells of one line of the short notation (see reading.py): the endpoint and its owners."""
    protocol, endpoint, *words = shlex.split(line.replace('\\', '\\\\'))
    owners, place, remarks = [], '', []
    for word in words:
        match = re.fullmatch(r'(.+)\[(\d+)\]\*?/(.+)', word)
        if match:
            owners.append('%s %s (%s)' % match.groups())
        elif word in ('kernel', 'hidden'):
            owners.append({'kernel': 'the kernel', 'hidden': 'not seen'}[word])
        elif word in ('dual', 'deleted'):
            remarks.append({'dual': 'IPv4 too', 'deleted': 'its executable is deleted'}[word])
        elif word.startswith('by='):
            remarks.append('activated by %s' % word[3:])
        elif '=' not in word:
            place = word
        elif word.startswith('service=') and word != 'service=-':
            place = word[8:]
    remarks = [place] * bool(place) + remarks
    return '``%s %s``' % (protocol, endpoint), plain(', '.join(owners) + ('; ' + ', '.join(remarks) if remarks else ''))


def messages(look):
    """Yield the lines with the messages about each host."""
    quoted = []
    for name, host in look['hosts'].items():
        lines = about(look, name, host)
        quoted += [wrapped_line(line) for line in lines]
    yield 'Their messages:'
    yield ''
    for line in itertools.chain.from_iterable(quoted):
        yield '    ' + line
    yield ''


def about(look, name, host):
    """The messages about a host: list of lines."""
    if name in look.get('refused', {}):
        return ['%s: %s' % (name, stopped(look['refused'][name]))]
    first = re.sub(r'\[(\d+):\d+\]', r'\1', name)
    lines = task_message(first, look.get('found', {}).get(name, []), len(look.get('waived', {}).get(name, [])),
                         len(list(flat(host['listens']))))
    if first != name:
        lines.append('And so on, except for those that follow.')
    return lines + [text for host, text in look.get('summary', {}).items() if host == name]


def task_message(host, findings, waived, seen):
    """The message of a task about a host, but for the line with the declaration: list of lines."""
    failing = sum(finding.get('fails', True) for finding in findings)
    more = len(findings) - failing
    harmless = 'that %s not fail it' % ('does' if more == 1 else 'do')
    if failing:
        head = '%s is not as declared: %s%s' % (host, number(failing, 'finding'),
                                                ', and %d %s' % (more, harmless) if more else '')
    else:
        head = '%s is as declared: %s%s' % (host, number(seen, 'listener'),
                                            ', and %s %s' % (number(more, 'finding'), harmless) if more else '')
    lines = [head + '.']
    for index, finding in enumerate(findings):
        weight = '%s, %s%s' % (finding['kind'].replace('_', ' '), finding['severity'],
                               '' if finding.get('fails', True) else ', does not fail')
        lines.append('%d. %s: %s %s'
                     % (index + 1, weight, stopped(finding['message']), stopped('To do: %s' % finding['remedy'])))
    return lines + ['Waived: %s.' % number(waived, 'finding')] * bool(waived)


def number(count, noun):
    """``1 finding``, ``2 findings``."""
    return '%d %s%s' % (count, noun, '' if count == 1 else 's')


def stopped(text):
    """A sentence with its stop."""
    return text if text.endswith(('.', '?', '!')) else text + '.'


def flat(written):
    """Yield the lines in lists of lists."""
    if isinstance(written, str):
        yield written
    else:
        for part in written:
            yield from flat(part)


def plain(text):
    """Text in which nothing is markup."""
    return re.sub(r'[\\*`|]|_(?!\w)', r'\\\g<0>', text)


def wrapped(text):
    """The lines of a paragraph that may have markup."""
    return [*textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False), '']


def wrapped_line(line):
    """The lines of a line of a line block."""
    return textwrap.wrap(plain(line), WIDTH - 4, initial_indent='| ', subsequent_indent='  ', break_long_words=False,
                         break_on_hyphens=False)


if __name__ == '__main__':
    PAGE.write_text(page(), encoding='utf-8')
