# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the site of the documentation: all plugins and guides as pages, as docs.ansible.com would show them."""

import pathlib
import shutil

from bench import Bench, environ
from worktree import CHECKOUT

RESULT = "docs/site/html"


def make(bench: Bench, folder: pathlib.Path) -> None:
    """Makes the site anew in the checkout. Raises Failed for any warning, and leaves an earlier site as it was.

    folder: bin folder of an environment with antsibull-docs and Sphinx
    """
    place = bench.copy()
    env = environ(folder, place)
    sources, made = bench.scratch / "site", bench.scratch / "html"
    sources.mkdir(mode=0o755)
    bench.run(folder / "antsibull-docs", "collection", "--use-current", "--squash-hierarchy", "--fail-on-error",
              "--dest-dir", sources, "listening.ports", cwd=place, env=env)
    shutil.copytree(place / "docs/site", sources, dirs_exist_ok=True)
    shutil.copytree(place / "docs/pictures", sources / "pictures")
    bench.run(folder / "sphinx-build", "-q", "-W", "--keep-going", "-n", "-b", "html", "-d", bench.scratch / "doctrees",
              sources, made, cwd=place, env=env)
    shutil.rmtree(CHECKOUT / RESULT, ignore_errors=True)
    shutil.copytree(made, CHECKOUT / RESULT)
    print("%d pages: %s/index.html" % (len(list(made.rglob("*.html"))), CHECKOUT / RESULT), flush=True)
