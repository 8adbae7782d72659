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
from urllib.parse import unquote

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


_CHARACTERS_OF_URI = re.compile(r'(?:[A-Za-z0-9._~/-]|%[0-9A-F]{2})+')


class Sarif:
    """What takes SARIF: each taker, in our words, rejects or drops what it does; here nothing may be.

    The schema and the rules of Microsoft's validator are tried by ``tests/validators``.

    :ivar run: the only one; ``results`` its results.
    """

    def __init__(self, content):
        log = json.loads(content)
        assert log['version'] == '2.1.0' and len(log['runs']) == 1
        [self.run] = log['runs']
        self.results = self.run['results']
        self.rules = self.run['tool']['driver']['rules']
        for taker in (self._github, self._defect_dojo, self._violations_lib, self._gitlab):
            assert taker() == len(self.results), '%s takes not all' % taker.__name__

    def _github(self):
        """Code scanning rejects all of a file for one of these. Two results with one key are one alert."""
        assert len(self.results) <= 5000 and len(self.rules) <= 25000
        assert re.fullmatch('listening-ports(?:-part-[0-9a-f]{12})?/', self.run['automationDetails']['id'])
        # a file where this is false is rejected, as that of an unsuccessful execution
        [invocation] = self.run['invocations']
        looked = any(self.run['properties']['hosts'][state] for state in ('ok', 'partial'))
        assert invocation['executionSuccessful'] is looked
        for rule in self.rules:
            assert 0 <= float(rule['properties']['security-severity']) <= 10
            assert len(rule['properties']['tags']) <= 10
            assert rule['shortDescription']['text'] and rule['help']['text'] and rule['help']['markdown']
        for result in self.results:
            [location] = result['locations']
            place = location['physicalLocation']
            assert place['region']['startLine'] >= 1
            uri = place['artifactLocation']['uri']
            assert _CHARACTERS_OF_URI.fullmatch(uri) and not uri.startswith('/'), uri
            assert not {'', '.', '..'} & set(unquote(uri).split('/'))
            assert len(location.get('logicalLocations', ())) <= 100
        for message in self.messages:
            assert message and not re.search(r'\{\d+\}', message) and '](' not in message
        return len({(result['ruleId'], result['partialFingerprints']['primaryLocationLineHash'])
                    for result in self.results})

    def _defect_dojo(self):
        """Drops what is no failure; a region without a line, or a file without an address, ends the import."""
        rules = {rule['id']: rule for rule in self.rules}
        findings = set()
        for result in self.results:
            if result.get('kind', 'fail') != 'fail' or result.get('suppressions'):
                continue
            for location in result['locations']:
                if 'region' in location['physicalLocation']:
                    location['physicalLocation']['region']['startLine'] + 0
                float(rules[result['ruleId']]['properties']['security-severity'])
                identity = []
                for key, value in sorted(result['partialFingerprints'].items()):
                    if '/' in key:
                        int(key.rpartition('/')[2].replace('v', ''))
                    identity.append('%s:%s' % (key, value))
                findings.add((result['ruleId'], '|'.join(identity)))
        return len(findings)

    def _violations_lib(self):
        """Jenkins: skips, and says nothing, what has no text or no line; takes ``suppressions`` for nothing."""
        return sum(bool(result['message'].get('text')) for result in self.results for location in result['locations']
                   if location['physicalLocation'].get('region', {}).get('startLine') is not None)

    def _gitlab(self):
        """Fails a report of which half cannot be placed."""
        return sum('ruleId' in result and 'physicalLocation' in result['locations'][0] for result in self.results
                   if not result.get('suppressions') and 'rank' not in result)

    @property
    def messages(self):
        """All texts that may have placeholders and links."""
        notes = self.run['invocations'][0]['toolExecutionNotifications']
        return [each['message']['text'] for each in [*self.results, *notes]]

    def of_kind(self, kind):
        """The results of a kind."""
        return [result for result in self.results if result['properties']['kind'] == kind]


def place_of(result):
    """The file and the line of a result of SARIF."""
    place = result['locations'][0]['physicalLocation']
    return unquote(place['artifactLocation']['uri']), place['region']['startLine']


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


def _counts_of_sarif(content):
    log = Sarif(content)
    return sum(log.run['properties']['hosts'].values()), sum(
        result['occurrenceCount'] for result in log.results
        if result['properties']['fails'] and result['properties']['kind'] in KINDS)


_COUNTS = {'json': _counts_of_json, 'junit': _counts_of_junit, 'markdown': _counts_of_markdown,
           'csv': _counts_of_csv, 'prometheus': _counts_of_prometheus,
           'sarif': _counts_of_sarif}
READ = tuple(_COUNTS)
