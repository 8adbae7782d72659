# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests run: each step can be asked what it needs before it runs."""

import importlib.util
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


@pytest.fixture
def ansible_test():
    """The file of that name: Ansible has a package that is called so, too."""
    spec = importlib.util.spec_from_file_location('preparing_ansible_test', TOOLS / 'ansible_test.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_modules_for_powershell_are_validated_in_it(monkeypatch, tmp_path, ansible_test):
    monkeypatch.setattr(ansible_test.found, 'powershell', lambda: pathlib.Path('/kept/pwsh/pwsh'))
    first, second = ansible_test.sanity_runs(tmp_path, {'PATH': '/bin', 'A': 'b'})
    assert first == (('sanity', '--skip-test', 'validate-modules'), {'PATH': '/bin', 'A': 'b'}, '')
    assert second == (('sanity', '--test', 'validate-modules'), {'PATH': '/bin:/kept/pwsh', 'A': 'b'}, '')


def test_without_powershell_its_modules_are_left_out_and_no_others(monkeypatch, tmp_path, ansible_test):
    monkeypatch.setattr(ansible_test.found, 'powershell', lambda: None)
    modules = tmp_path / 'plugins/modules'
    modules.mkdir(parents=True)
    for name in ('a.py', 'b.yml', 'win_c.ps1', 'win_c.yml'):
        (modules / name).touch()
    first, second = ansible_test.sanity_runs(tmp_path, {'PATH': '/bin'})
    assert first.words == ('sanity', '--skip-test', 'validate-modules') and not first.left_out
    assert second.words == ('sanity', '--test', 'validate-modules', '--exclude', 'plugins/modules/win_c.ps1',
                            '--exclude', 'plugins/modules/win_c.yml')
    assert second.env == {'PATH': '/bin'}
    assert second.left_out == 'validate-modules of plugins/modules/win_c.ps1: no PowerShell here'
