# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers and URLs in what netsh prints, in three languages and two versions."""

import time

import pytest
from hypothesis import given, settings, strategies

from ansible_collections.listening.ports.plugins.plugin_utils._windows import netsh
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.netsh_texts import LANGUAGES

WSMAN = 'HTTP://+:5985/WSMAN/'
LANGUAGE = pytest.mark.parametrize('language', LANGUAGES)
OLD = pytest.mark.parametrize('old', [True, False])


def queues(rows, language='en', **how):
    """Read what netsh prints of these queues."""
    return netsh.queues(LANGUAGES[language].queues(rows, **how))


def pids(queue):
    """The processes that are attached."""
    return [process.pid for process in queue.processes]


@LANGUAGE
@OLD
@pytest.mark.parametrize('session', [True, False])
def test_queues(language, old, session):
    found = queues([
        (None, [1468], [WSMAN, 'HTTP://+:47001/WSMAN/'], None),
        ('DefaultAppPool', [5520, 5524], ['HTTP://*:80/', 'HTTPS://shop.example:443/'], 2840),
        ('Idle', [], ['HTTP://10.0.3.8:8080:10.0.3.8/app/'], 2840),
        ('Nobody', [], [], None),
    ], language, old=old, session=session, hosted={1468: ('Dnscache', 'WinRM')})
    assert [pids(queue) for queue in found] == [[1468], [5520, 5524], []]
    assert [[(url.https, url.port, url.path) for url in queue.urls] for queue in found] == [
        [(False, 5985, '/WSMAN/'), (False, 47001, '/WSMAN/')], [(False, 80, '/'), (True, 443, '/')],
        [(False, 8080, '/app/')]]
    assert [queue.controller for queue in found] == [None, 2840, 2840]
    assert all(queue.known for queue in found)
    assert ('WinRM' in found[0].processes[0].words) != old


@LANGUAGE
def test_no_queues_are_not_an_error(language):
    assert queues([], language) == []
    assert netsh.queues(LANGUAGES[language].refused) is None
    assert netsh.queues('') is None


@pytest.mark.parametrize('url, port', [
    ('HTTP://[::1]:8000/', 8000), ('http://localhost:1/', 1), ('HTTPS://[2001:DB8::1]:65535/X/', 65535)])
def test_urls(url, port):
    (queue,) = queues([(None, [8], [url], None)])
    assert [found.port for found in queue.urls] == [port]


@pytest.mark.parametrize('url', ['HTTP://+:99999/', 'HTTP://+/', 'FTP://+:21/', 'HTTP://[::1:80/'])
def test_what_is_not_a_url_of_a_port(url):
    (queue,) = queues([(None, [8], [url], None)])
    assert queue.urls == []


@OLD
@pytest.mark.parametrize('name', [
    '944', 'x: 944', '944, x: y', 'FE00000040000001', 'HTTP://+:5985/', 'Version: 2.0', '2.0', ' ', '-' * 60,
    'x\u2028        944\u2028HTTP://+:5985/', 'x\x0b944\x0c944\x85944'])
def test_a_queue_cannot_pass_for_another_one_by_its_name(name, old):
    found = queues([(None, [1468], [WSMAN], None), (name, [6666], ['HTTP://+:6668/'], None)], old=old)
    assert [(pids(queue), [url.port for url in queue.urls]) for queue in found] == [([1468], [5985]), ([6666], [6668])]
    assert all(queue.controller is None for queue in found)
    (found,) = queues([(name, [6666], ['HTTP://+:6668/'], None)], old=old)
    assert pids(found) == [6666]


def test_a_name_with_lines_is_not_understood():
    """A process after the URLs belongs to a queue that has no name."""
    lines = LANGUAGES['en'].queues([('x\n        944\n', [6666], ['HTTP://+:6668/'], None)])
    name = lines.replace('HTTP://+:6668/', 'HTTP://+:6668/\r\n        Request queue name: x\n        944\n')
    assert netsh.queues(name) is None


def test_urls_of_no_queue_are_of_nobody():
    """In the other view they come with sessions, before queues."""
    text = LANGUAGES['en'].queues([(None, [1468], [WSMAN], None)]).replace(
        'Request queue name: Request', 'Server session ID: FF00000020000001\r\n    Version: 2.0\r\n    URL groups:\r\n'
        '        HTTP://+:80/\r\nRequest queue name: Request', 1)
    first, second = netsh.queues(text)
    assert (first.known, pids(first), second.known, pids(second)) == (False, [], True, [1468])
    assert [url.port for url in first.urls] == [80]


def test_punctuation_of_other_languages():
    text = LANGUAGES['en'].queues([('池', [5520], ['HTTP://*:80/'], 2840)])
    before, middle, after = text.partition('HTTP://*:80/')
    wide = before.replace(':', '\uff1a').replace(',', '\uff0c') + middle + after
    (queue,) = netsh.queues(wide)
    assert (pids(queue), queue.controller) == ([5520], 2840)


@pytest.mark.parametrize('numbers, controller', [
    ([1000, 0, 1], None), ([1000, 1, 2840], 2840), ([1000, 1000, 1], None), ([1000, 2840], None), ([1, 4], None)])
def test_the_controller_follows_the_number_of_processes(numbers, controller):
    text = '\n'.join(['--------', 'Name: x', ' Version: 2.0', *(' N: %d' % number for number in numbers), ' P:',
                      '  944', '  HTTP://+:80/'])
    (queue,) = netsh.queues(text)
    assert queue.controller == controller


def test_by_port():
    """Of HTTPS also the port of UDP, by which HTTP/3 comes."""
    found = netsh.by_port(queues([(None, [8], ['HTTP://+:80/a/', 'HTTP://+:80/b/', 'HTTPS://+:443/'], None),
                                  (None, [12], ['HTTP://+:80/c/'], None)]))
    assert {key: [pids(queue) for queue in some] for key, some in found.items()} == {
        ('tcp', 80): [[8], [12]], ('tcp', 443): [[8]], ('udp', 443): [[8]]}


@LANGUAGE
def test_excluded(language):
    text = LANGUAGES[language].excluded('tcp', [(50000, 50059, True), (5985, 5985, False), (1078, 1177, False)])
    assert netsh.excluded(text) == ([(50000, 50059)], [(1078, 1177), (5985, 5985)])
    assert netsh.excluded(LANGUAGES[language].excluded('tcp', [])) == ([], [])
    assert netsh.excluded(LANGUAGES[language].refused) is None


@pytest.mark.parametrize('low, high', [(80, 79), (80, 65536), (99999, 99999)])
def test_excluded_ports_that_are_none(low, high):
    assert netsh.excluded(LANGUAGES['en'].excluded('tcp', [(low, high, False)])) is None


@LANGUAGE
def test_dynamic(language):
    assert netsh.dynamic(LANGUAGES[language].dynamic('udp', 49152, 16384)) == (49152, 65535)
    assert netsh.dynamic(LANGUAGES[language].dynamic('udp', 1024, 1)) == (1024, 1024)


@pytest.mark.parametrize('text', [
    '', 'error', LANGUAGES['en'].dynamic('udp', 0, 5), LANGUAGES['en'].dynamic('udp', 5, 0),
    LANGUAGES['en'].dynamic('udp', 49152, 16385), 'a: 1\nb: 2\nc: 3', 'a: 1', 'a: 99999999999\nb: 2'])
def test_dynamic_ports_that_are_none(text):
    assert netsh.dynamic(text) is None


_LINES = strategies.lists(strategies.one_of(
    strategies.sampled_from(['-' * 20, 'Name: x', ' Version: 2.0', '  944', '  ID: 8, image: x', 'HTTP://+:80/',
                             '----- -----', '80 90', '90 80 *', 'a: 5']),
    strategies.text(max_size=30)), max_size=12)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(_LINES)
def test_any_text_is_read_or_not(lines):
    text = '\n'.join(lines)
    for queue in netsh.queues(text) or ():
        assert all(0 <= url.port <= 65535 for url in queue.urls)
        assert all(process.pid < 2 ** 32 for process in queue.processes)
    ranges = netsh.excluded(text)
    for low, high in [*ranges.administered, *ranges.others] if ranges else ():
        assert 0 <= low <= high <= 65535
    span = netsh.dynamic(text)
    assert span is None or 0 < span[0] <= span[1] <= 65535


@pytest.mark.parametrize('piece', [
    '-', ' ', ':', ': 1', '1 ', '-- ', 'http://', 'HTTP://[', 'a:1,', '\n', '- ', '80 90 *\n', '        944\n',
    'a: 2.0\n'])
def test_long_text_takes_no_long_time(piece):
    text = '-------- --------\n' + piece * (1024 * 1024 // len(piece) - 20)
    began = time.process_time()
    netsh.queues(text)
    netsh.excluded(text)
    netsh.dynamic(text)
    assert time.process_time() - began < 10
