# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens a page in Chromium, and says how long it takes to load, to scroll and to filter, in milliseconds.

Run by reports.py, in an environment that has playwright.
"""

import json
import pathlib
import shutil
import sys

from playwright import sync_api

# As in tests/browser/conftest.py
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage")
VIEW = {"width": 1440, "height": 900}
ROUNDS = 3
WORDS = ("nginx", "orders", "web-00012", "443")  # a process, an application, one host, a port
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"
# The time of each of 100 frames, as the matrix moves down and, in every third one, to the side; the whole page moves
# where all of the matrix is shown
SCROLL = """async () => {
    const matrix = document.querySelector('.scroll'), times = [];
    const view = matrix.scrollHeight > matrix.clientHeight ? matrix : document.scrollingElement;
    let last = performance.now(), farthest = 0;
    for (let frame = 0; frame < 100; frame += 1) {
        view.scrollTop += 97;
        if (frame % 3 === 0) { view.scrollLeft += 41; }
        await new Promise(requestAnimationFrame);
        times.push(performance.now() - last);
        last = performance.now();
        farthest = Math.max(farthest, view.scrollTop);
    }
    return [farthest, times];
}"""
# From the moment at which the script begins to filter, 120 ms after the last key, until that is drawn
FILTER = """async (words) => {
    const search = document.querySelector('input[type=search]'), wait = 121, start = performance.now();
    search.value = words;
    search.dispatchEvent(new Event('input'));
    await new Promise((done) => setTimeout(done, wait));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    return [performance.now() - start - wait, document.querySelector('output').textContent];
}"""


def measured(page: sync_api.Page, path: pathlib.Path) -> dict[str, object]:
    """Open a page and measure: the best of some rounds, since a browser waits for whatever else the machine does.

    The slowest twentieth of frames is left out of scrolling.
    """
    loads, scrolls = [], []
    filters: dict[str, list[float]] = {words: [] for words in WORDS}
    shown = set()
    for _round in range(ROUNDS):
        page.goto(path.as_uri())
        page.wait_for_function("document.documentElement.dataset.ready")
        loads.append(page.evaluate(LOADED))
        moved, times = page.evaluate(SCROLL)
        scrolls.append(sorted(times)[94])
        for words in WORDS:
            taken, text = page.evaluate(FILTER, words)
            filters[words].append(taken)
            shown.add(text)
        if moved < 10:
            raise RuntimeError("the page did not scroll")
    if len(shown) < 2:
        raise RuntimeError("the page did not filter: %s" % shown)
    return {"load": min(loads), "scroll": min(scrolls), "filters": [min(taken) for taken in filters.values()]}


def main() -> None:
    """Measure the page of the command line."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(ARGUMENTS))
        print(json.dumps(measured(browser.new_page(viewport=VIEW), pathlib.Path(sys.argv[1]))))
        browser.close()


if __name__ == "__main__":
    main()
