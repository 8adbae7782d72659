# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Chromium that opens pages, and notes whatever they ask for or say."""

import contextlib
import pathlib
import shutil

import axe_playwright_python
import pytest
from playwright import sync_api

# Without a sandbox, as root has to; and without what Chromium asks the network for by itself
ARGUMENTS = ('--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
             '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage')
AXE = pathlib.Path(axe_playwright_python.__file__).with_name('axe.min.js')


class Opened:
    """A page that was opened.

    :ivar page: of playwright.
    :ivar requests: what it asked for, beside itself; said: what came to its console.
    """

    def __init__(self, context, path, script):
        self.requests, self.said = [], []
        self.page = context.new_page()
        self.page.on('request', lambda request: self.requests.append(request.url))
        self.page.on('console', lambda message: self.said.append(message.text))
        self.page.on('pageerror', lambda error: self.said.append(str(error)))
        self.page.on('dialog', lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.goto(path.as_uri())
        self.requests.remove(path.as_uri())
        if script:
            self.page.wait_for_function('document.documentElement.dataset.ready')

    def texts(self, selector):
        """The text of each element that is shown."""
        return [' '.join(element.inner_text().split()) for element in self.page.locator(selector).all()
                if element.is_visible()]

    def filter(self, words):
        """Type into the filter, and wait until it is done."""
        self.page.locator('input[type=search]').fill(words)
        self.page.wait_for_timeout(400)

    def violations(self):
        """What axe finds: rules, and the first element that breaks each."""
        self.page.evaluate(AXE.read_text(encoding='utf-8'))
        result = self.page.evaluate('axe.run()')
        assert len(result['passes']) > 20
        return [(rule['id'], rule['nodes'][0]['html'][:200]) for rule in result['violations']]


@pytest.fixture(scope='session')
def chromium():
    """The browser of this machine."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which('chromium'), args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, tmp_path):
    """Opens a page.

    content: its bytes; options: of playwright's contexts
    """
    with contextlib.ExitStack() as stack:
        def opening(content, script=True, **options):
            path = tmp_path / 'report.html'
            path.write_bytes(content)
            context = chromium.new_context(java_script_enabled=script, **options)
            stack.callback(context.close)
            return Opened(context, path, script)
        yield opening
