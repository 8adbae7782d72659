# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a report, as a browser shows it: to everybody, whatever it lacks, and whoever has named what is in it."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import fleet  # noqa: E402

SCHEMES = ('light', 'dark')
PHONE = {'width': 360, 'height': 720}
SHEET = 277 * 96 / 25.4          # the width of A4 between its margins, in pixels of the page


@pytest.fixture(scope='module')
def few():
    return fleet.few()


@pytest.fixture(scope='module')
def many():
    return fleet.many()


@pytest.mark.parametrize('scheme', SCHEMES)
def test_it_asks_for_nothing_says_nothing_and_is_accessible(opened, few, scheme):
    seen = opened(few, color_scheme=scheme, bypass_csp=True)        # which axe needs, not the page
    assert seen.violations() == []
    seen.page.locator('td.m4').first.click()
    assert seen.violations() == []
    assert (seen.requests, seen.said) == ([], [])


@pytest.mark.parametrize('scheme', SCHEMES)
def test_a_phone_shows_it_without_scrolling_sideways(opened, few, scheme):
    seen = opened(few, color_scheme=scheme, viewport=PHONE, bypass_csp=True)
    assert seen.page.evaluate('document.documentElement.scrollWidth') == PHONE['width']
    seen.page.locator('td.m4').first.click()
    assert seen.page.evaluate('document.documentElement.scrollWidth') == PHONE['width']
    assert seen.violations() == []


def test_it_is_whole_without_a_script(opened, few):
    with_script, without = opened(few), opened(few, script=False)
    assert (without.requests, without.said) == ([], [])
    for selector in ('h2', '.sum', '.matrix tbody th', '.matrix thead th', '.list tbody tr', '.blind'):
        assert without.texts(selector) == with_script.texts(selector) != []
    assert without.page.locator('.tools').is_hidden()
    cells = without.page.locator('.matrix td')
    assert cells.all_text_contents() == with_script.page.locator('.matrix td').all_text_contents()
    assert {'anyone', 'anyone, fails', 'missing', 'this host only', 'listed networks'} <= set(cells.all_text_contents())


def test_the_script_draws_the_same_lines_as_there_are_without_it(opened, few):
    """It draws them anew for each filter, from its own data."""
    seen = opened(few)
    before = seen.page.locator('.matrix tbody').inner_text(), seen.page.locator('.matrix td').all_text_contents()
    classes = 'elements => elements.map(element => element.className)'
    styles = seen.page.locator('.matrix td').evaluate_all(classes)
    seen.filter('web-1')
    assert seen.texts('.matrix tbody th') == ['✓ web-1']
    seen.filter('')
    after = seen.page.locator('.matrix tbody').inner_text(), seen.page.locator('.matrix td').all_text_contents()
    assert after == before
    assert seen.page.locator('.matrix td').evaluate_all(classes) == styles


def test_it_is_printed_without_tools_and_with_what_is_folded(opened, few):
    seen = opened(few)
    seen.page.emulate_media(media='print')
    assert not seen.page.locator('.tools').is_visible()
    assert seen.page.locator('details.folded table').first.is_visible()
    assert all(not element.is_visible() for element in seen.page.locator('summary').all())
    assert len(seen.page.pdf()) > 10000


@pytest.mark.parametrize('ports', [3, 70, 200])
def test_no_column_is_cut_off_in_print(opened, ports):
    """Paper cannot be scrolled: all of the table has to be within the margins of a sheet, whatever its columns are."""
    seen = opened(fleet.with_ports(ports))
    seen.page.set_viewport_size({'width': int(SHEET), 'height': 700})
    seen.page.emulate_media(media='print')
    columns = seen.page.locator('.matrix thead th')
    assert columns.count() > min(ports, 120)
    assert seen.page.locator('.matrix').evaluate('table => table.getBoundingClientRect().right') <= SHEET
    last = columns.last.locator('span').bounding_box()
    assert 0 < last['width'] and last['x'] + last['width'] <= SHEET


@pytest.mark.parametrize('words, hosts', [
    ('stray', ['◆ stray']),
    ('4444', ['◆ stray']),
    ('nc nobody', ['◆ stray']),
    ('missing', ['◆ lacking']),
    ('nginx stray', ['◆ stray']),
    ('unreachable', ['? dead']),
    ('NO ROUTE', ['? dead']),
    ('nowhere', []),
])
def test_the_filter_finds_hosts_ports_processes_units_and_findings(opened, few, words, hosts):
    seen = opened(few)
    seen.filter(words)
    assert seen.texts('.matrix tbody th') == hosts
    assert seen.texts('output') == ['%d of 12 hosts' % len(hosts)]


def test_the_filter_leaves_the_columns_and_rows_of_the_hosts_that_it_shows(opened, few):
    seen = opened(few)
    assert '4444' in seen.texts('.matrix thead th') and any('4444' in text for text in seen.texts('.reach tr'))
    seen.filter('web-1')
    assert seen.texts('.matrix thead th') == ['Host', '443', '22', '80', '25']
    assert [text.split(' ')[0] for text in seen.texts('.reach tbody tr')] == ['1'] * 3
    seen.filter('')
    seen.page.locator('button[data-level=anyone]').click()
    assert '80' not in seen.texts('.matrix thead th')
    seen.page.locator('button[data-level=anyone]').click()
    seen.page.locator('button[data-verdict=as_declared]').click()
    assert not any(text.startswith('✓') for text in seen.texts('.matrix tbody th'))


def test_a_group_of_the_inventory_can_be_chosen(opened, few):
    seen = opened(few)
    choice = seen.page.locator('.tools select')
    assert choice.locator('option').all_inner_texts() == ['all groups', 'edge', 'web']
    choice.select_option('edge')
    assert seen.texts('.matrix tbody th') == ['◆ lacking', '? dead', '✓ web-7']
    assert seen.texts('output') == ['3 of 12 hosts']
    assert '4444' not in seen.texts('.matrix thead th')
    seen.filter('unreachable')
    assert seen.texts('.matrix tbody th') == ['? dead']
    seen.page.locator('.matrix tbody th').first.click()
    assert 'groups: edge' in seen.texts('aside')[0]
    choice.select_option('all groups')
    seen.filter('')
    assert len(seen.texts('.matrix tbody th')) == 12
    assert seen.said == []


def test_without_groups_there_is_nothing_to_choose(opened, many):
    assert opened(many).page.locator('.tools select').is_hidden()


def test_details_say_what_listens_who_owns_it_and_what_to_do(opened, few):
    seen = opened(few)
    seen.page.locator('td.m4').first.click()
    [text] = seen.texts('aside')
    assert text.startswith('stray not as declared, recorded 2026-11-20 10:00:01 UTC high, unexpected')
    assert 'To do: declare it in expected_listeners' in text and 'owner nc [exe deleted] (nobody)' in text
    assert 'exim' not in text
    seen.page.locator('th.host', has_text='stray').click()
    assert 'exim' in seen.texts('aside')[0]
    seen.page.locator('.blind').first.click()
    assert 'No route to host' in seen.texts('aside')[0] or 'still to come' in seen.texts('aside')[0]
    seen.page.locator('td.m4').first.click()
    assert seen.page.locator('.chosen').get_attribute('class') == 'c l-anyone m4 chosen'
    seen.page.locator('aside button').click()
    assert seen.texts('aside') == [] and seen.page.locator('.chosen').count() == 0


def test_a_long_reason_makes_no_column_wide(opened):
    reason = 'Data could not be sent to the host: ' + 40 * 'there is no route to it, '
    more = ['tcp 0.0.0.0:%d nginx/root' % port for port in range(900, 920)]
    hosts = [fleet.host('web-%d' % number, *fleet.LINES, *more) for number in range(3)]
    seen = opened(fleet.page(*hosts, fleet.Host('dead', 'unreachable', reason)))
    widths = seen.page.locator('.matrix td.c').evaluate_all('cells => cells.map(cell => cell.offsetWidth)')
    assert set(widths) == {17}
    assert seen.page.locator('.blind').inner_text().startswith('not looked at: unreachable: Data could')


def test_all_of_it_is_reached_by_keys(opened, few):
    seen = opened(few)
    press = seen.page.keyboard.press
    press('/')
    seen.page.keyboard.type('stray')
    seen.page.wait_for_timeout(400)
    assert seen.texts('.matrix tbody th') == ['◆ stray']
    press('Escape')
    assert len(seen.texts('.matrix tbody th')) == 12
    seen.page.locator('.matrix tbody [tabindex="0"]').focus()
    for key in ('Enter', 'ArrowRight', 'ArrowDown', 'End', 'ArrowUp', 'Home'):
        press(key)
    assert seen.texts('aside')[0].startswith(seen.texts('.matrix tbody th')[0].split(' ')[1])
    assert seen.page.locator('.matrix [tabindex="0"]').count() == 1
    press('Escape')
    assert seen.texts('aside') == []
    assert seen.said == []


def test_a_thousand_hosts_are_some_lines_and_a_host_among_those_alike_can_be_chosen(opened, many):
    seen = opened(many)
    lines = seen.texts('.matrix tbody th')
    assert lines == ['◆ host-0050.example.net and 9 alike', '✓ host-0000.example.net and 489 alike',
                     '✓ host-0001.example.net and 499 alike']
    seen.page.locator('.matrix tbody th').first.click()
    seen.page.locator('aside select').select_option(label='host-0950.example.net')
    assert seen.texts('aside')[0].startswith('host-0950.example.net')
    seen.filter('host-0950')
    assert seen.texts('.matrix tbody th') == ['◆ host-0950.example.net']
    assert (seen.requests, seen.said) == ([], [])


@pytest.fixture
def hostile(opened):
    return opened(fleet.with_hostile_names())


def test_hostile_names_are_text_and_nothing_else(hostile):
    page = hostile.page
    for number in range(page.locator('.matrix tbody tr').count()):
        page.locator('.matrix tbody th').nth(number).click()
        page.locator('.matrix tbody tr').nth(number).locator('td.c').first.click()
    hostile.filter('script')
    hostile.filter('<img src=x onerror=alert(1)>')
    assert len(hostile.texts('.matrix tbody th')) == 1
    assert (hostile.requests, hostile.said) == ([], [])
    assert page.evaluate('[...new Set([...document.body.querySelectorAll("*")].map(each => each.localName))]'
                         '.filter(name => ["img", "iframe", "a", "b", "object", "form", "link"].includes(name))') == []
    assert page.locator('script').count() == 2 and page.locator('svg').count() == 1


INJECTED = {
    'a script': '''() => {
        const made = document.createElement('script');
        try { made.textContent = 'document.title = "ran"'; } catch (error) { return error.name; }
        document.body.append(made);
        return document.title === 'ran' ? 'it ran' : 'blocked';
    }''',
    'markup': '''() => {
        try { document.body.innerHTML = '<b>x</b>'; return 'it was taken'; } catch (error) { return error.name; }
    }''',
    'an image': '''() => new Promise(done => {
        const made = new Image();
        made.onload = () => done('it was loaded'); made.onerror = () => done('blocked');
        made.src = 'data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
    })''',
    'a request': '''() => fetch('data:text/plain,x').then(() => 'it was made', () => 'blocked')''',
    'a style': '''() => {
        const made = document.createElement('style');
        made.textContent = 'body { --injected: 1 }'; document.head.append(made);
        return getComputedStyle(document.body).getPropertyValue('--injected') ? 'it holds' : 'blocked';
    }''',
    'a base': '''() => {
        const made = document.createElement('base');
        made.href = 'https://evil.example/'; document.head.append(made);
        return document.baseURI.startsWith('file:') ? 'blocked' : 'it holds';
    }''',
}


@pytest.mark.parametrize('what', INJECTED)
def test_where_escaping_would_fail_the_policy_holds(opened, few, what):
    assert opened(few).page.evaluate(INJECTED[what]) in ('blocked', 'TypeError')


@pytest.mark.parametrize('scheme', SCHEMES)
def test_reports_of_no_host_and_of_one(opened, scheme):
    nobody = opened(fleet.page(), color_scheme=scheme, script=False)
    assert 'There was no host to look at.' in nobody.page.locator('main').inner_text()
    for content in (fleet.page(), fleet.page(fleet.host('alone', *fleet.LINES)), fleet.page(fleet.host('alone'))):
        path_of = opened(content, script=False, color_scheme=scheme)
        assert (path_of.requests, path_of.said) == ([], [])
    alone = opened(fleet.page(fleet.host('alone', *fleet.LINES)), color_scheme=scheme, bypass_csp=True)
    assert alone.texts('.sum') == ['alone is as declared.']
    assert alone.violations() == []
