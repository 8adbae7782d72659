# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The validator of Microsoft for SARIF, and the schema of OASIS that comes with it."""

import json
import os
import pathlib
import shutil
import subprocess

import jsonschema
import pytest

# GitHub's rules beside those of the standard
RULES = 'Sarif;Ghas'


@pytest.fixture(scope='session')
def package():
    """The folder of the package of npm that SARIF_MULTITOOL names."""
    return pathlib.Path(os.environ['SARIF_MULTITOOL'])


@pytest.fixture(scope='session')
def schema_errors(package):
    """Lists what the schema says against a report, whose content is given."""
    schema = json.loads((package / 'sarif-2.1.0.json').read_text(encoding='utf-8-sig'))
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)
    return lambda content: ['%s: %s' % (list(error.path), error.message[:300])
                            for error in validator.iter_errors(json.loads(content))]


@pytest.fixture(scope='session')
def multitool(package, tmp_path_factory):
    """Lists what Sarif.Multitool says against reports, by the name of each; these are contents by name."""
    folder = tmp_path_factory.mktemp('multitool')
    program = folder / 'Sarif.Multitool'
    shutil.copy(package / 'Sarif.Multitool', program)       # of npm it comes as a file that nobody may run
    program.chmod(0o755)

    def validating(contents):
        place = pathlib.Path(tmp_path_factory.mktemp('reports'))
        for name, content in contents.items():
            (place / ('%s.sarif' % name)).write_bytes(content)
        output = place / 'said.json'
        done = subprocess.run(
            [program, 'validate', '--rule-kind', RULES, '--output', output, *sorted(place.glob('*.sarif'))], cwd=place,
            env=dict(os.environ, DOTNET_SYSTEM_GLOBALIZATION_INVARIANT='1', DOTNET_BUNDLE_EXTRACT_BASE_DIR=str(folder)),
            check=False, capture_output=True, text=True)
        assert '%d files scanned' % len(contents) in done.stdout, done.stdout + done.stderr
        [run] = json.loads(output.read_text(encoding='utf-8-sig'))['runs']
        said = {name: [] for name in contents}
        for result in run['results']:
            uri = result['locations'][0]['physicalLocation']['artifactLocation']
            uri = uri['uri'] if 'uri' in uri else run['artifacts'][uri['index']]['location']['uri']
            said[pathlib.PurePosixPath(uri).stem].append(result['ruleId'])
        return said
    return validating
