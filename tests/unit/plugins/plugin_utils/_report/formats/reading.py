# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the formats of a report back, each by a parser or a validator that others have made.

``junit-10.xsd`` beside this is the schema of the xUnit plugin of Jenkins, under the MIT licence that is in it.
"""

import csv
import html
import io
import json
import pathlib
import re
import xml.etree.ElementTree as ET

import cmarkgfm
import xmlschema
from prometheus_client.parser import text_string_to_metric_families

from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.options import KINDS

_SCHEMA = xmlschema.XMLSchema(str(pathlib.Path(__file__).with_name('junit-10.xsd')))
_OURS = {'h2', 'h3', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'p', 'code', 'details', 'summary'}


def junit(content):
    """The suites of hosts; all names of cases differ, and the counts are those of the cases."""
    text = content.decode('utf-8')
    _SCHEMA.validate(text)
    root = ET.fromstring(text)
    keys = [(case.get('classname'), case.get('name')) for case in root.iter('testcase')]
    assert len(keys) == len(set(keys))
    for suite in root:
        for attribute, tag in (('tests', 'testcase'), ('failures', 'testcase/failure'), ('errors', 'testcase/error'),
                               ('skipped', 'testcase/skipped')):
            assert int(suite.get(attribute)) == len(suite.findall(tag))
        assert suite.findall('testcase')
    return [suite for suite in root if suite.get('hostname') is not None]


def findings_of_suite(suite):
    """The kinds of the findings that fail a host."""
    return sorted(each.get('type') for tag in ('failure', 'error') for each in suite.findall('testcase/' + tag)
                  if each.get('type') in KINDS)


def outcomes(suite):
    """What became of each case: the name of its element, ``passed`` without one."""
    return {case.get('name'): next((each.tag for each in case), 'passed') for case in suite.findall('testcase')}


class Markdown:
    """What a forge shows.

    :ivar tables: the rows of each table, by the title above it; a row is the text of its cells.
    """

    def __init__(self, content):
        self.text = content.decode('utf-8')
        self.html = cmarkgfm.github_flavored_markdown_to_html(self.text, cmarkgfm.Options.CMARK_OPT_UNSAFE)
        bare = re.sub('<code>.*?</code>', '<code>', self.html, flags=re.DOTALL)
        bare = re.sub('^<!-- listening.ports [a-z0-9-]+ -->\n', '', bare)
        assert set(re.findall('<([^/ >]+)', bare)) <= _OURS, 'something of a host is alive'
        self.outside = html.unescape(re.sub('<[^>]*>', ' ', bare))
        self.tables = {}
        title = None
        for part in re.split('(<h3>.*?</h3>|<summary>.*?</summary>|<table>.*?</table>)', self.html, flags=re.DOTALL):
            if part.startswith('<table>'):
                lines = re.findall('<tr>(.*?)</tr>', part, re.DOTALL)[1:]
                self.tables[title] = [[html.unescape(re.sub('<[^>]*>', '', each))
                                       for each in re.findall('<td>(.*?)</td>', line, re.DOTALL)] for line in lines]
            elif part.startswith('<'):
                title = re.sub('<[^>]*>', '', part)


def rows(content):
    """The rows of a CSV file, all of them complete."""
    text = content.decode('utf-8')
    assert text.endswith('\r\n')
    made = list(csv.DictReader(io.StringIO(text, newline='')))
    assert all(None not in row and None not in row.values() for row in made)
    return made


def metrics(content):
    """All samples: by name, a list of pairs of labels and value; no series is there twice."""
    samples = [sample for family in text_string_to_metric_families(content.decode('utf-8'))
               for sample in family.samples]
    keys = [(sample.name, *sorted(sample.labels.items())) for sample in samples]
    assert len(keys) == len(set(keys))
    by_name = {}
    for sample in samples:
        by_name.setdefault(sample.name[len('listening_ports_'):], []).append((sample.labels, sample.value))
    return by_name


def counts(name, content):
    """How many hosts a file of a format has, and how many findings that fail one of them."""
    return _COUNTS[name](content)


def _counts_of_json(content):
    hosts = json.loads(content)['hosts']
    return len(hosts), sum(finding['fails'] for host in hosts
                           for finding in (host['judgement'] or {'findings': ()})['findings'])


def _counts_of_junit(content):
    suites = junit(content)
    return len(suites), sum(len(findings_of_suite(suite)) for suite in suites)


def _counts_of_markdown(content):
    page = Markdown(content)
    [hosts] = re.search(r'(\d+) hosts', page.outside).groups()
    return int(hosts), sum(int(row[3]) for row in page.tables.get('Not as declared', ()))


def _counts_of_csv(content):
    found = rows(content)
    return len({row['host'] for row in found if row['host']}), len({
        (row['host'], fingerprint) for row in found if row['fails'] == 'yes'
        for kind, fingerprint in zip(row['findings'].split(', '), row['fingerprints'].split(', ')) if kind in KINDS})


def _counts_of_prometheus(content):
    samples = metrics(content)
    return len(samples['host']), int(sum(
        value for labels, value in samples.get('findings', ()) if labels['fails'] == 'yes'))


_COUNTS = {'json': _counts_of_json, 'junit': _counts_of_junit, 'markdown': _counts_of_markdown,
           'csv': _counts_of_csv, 'prometheus': _counts_of_prometheus}
READ = tuple(_COUNTS)
