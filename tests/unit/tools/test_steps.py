# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests run: each step can be asked what it needs before it runs."""

import inspect
import pathlib
import sys
import types

import pytest

TOOLS = pathlib.Path(__file__).resolve().parents[2] / 'tools'
sys.path.append(str(TOOLS))

import steps  # noqa: E402
from steps import CAMPAIGN, LOCKOUT, PICTURES, RELEASE, STEPS  # noqa: E402


EVERY = STEPS + CAMPAIGN + LOCKOUT + PICTURES + RELEASE


@pytest.mark.parametrize('step', EVERY, ids=lambda step: '%s: %s' % (step.part, step.name))
def test_what_a_step_does_and_what_it_needs_take_its_arguments(step):
    for function, more in ((step.environments, {}), (step.function, step.variables)):
        inspect.signature(function).bind(None, *step.arguments, **more)


def test_steps_have_names_of_their_own():
    names = [(step.part, step.name) for step in EVERY]
    assert len(set(names)) == len(names)


def test_what_is_not_validated_without_npm_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(steps.npm.shutil, 'which', lambda program: None)
    bench = types.SimpleNamespace(cache=tmp_path)
    with pytest.raises(steps.LeftOut, match='nothing has held report.sarif against the schema'):
        steps.validators(bench)
    assert not list(tmp_path.iterdir())
