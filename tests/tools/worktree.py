# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies of the working tree, at the place where Ansible wants a collection."""

import os
import pathlib
import shutil
import subprocess

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent.parent


class NotACheckout(Exception):
    """The files of the collection cannot be told from what else lies in the folder."""


def files() -> list[str]:
    """Paths of all files of the working tree that git tracks or would add, relative to the checkout."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-coz", "--exclude-standard"],
                            cwd=CHECKOUT, check=False, capture_output=True, text=True)
    if listed.returncode:
        raise NotACheckout("The tests need a git checkout at %s: %s" % (CHECKOUT, listed.stderr.strip()))
    return sorted(path for path in set(listed.stdout.split("\0")) if path and os.path.lexists(CHECKOUT / path))


def copy_to(root: str | os.PathLike[str]) -> pathlib.Path:
    """Copies the working tree to root/ansible_collections/listening/ports and returns that path.

    A copy, because ansible-test refuses symbolic links; and so that what tools leave behind does not litter the
    checkout.
    It can be read by other users: some tests change theirs.
    """
    place = pathlib.Path(root) / "ansible_collections/listening/ports"
    for path in files():
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / path, target, follow_symlinks=False)
    return place
