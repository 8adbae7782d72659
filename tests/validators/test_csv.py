# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.csv, as LibreOffice reads it where there is one: no cell is a formula, however cells are separated.

It calculates what looks like a formula in quotes, too; of the same names without what the report puts before them it
makes some formulas, so it would see one.
"""

import csv
import io
import os
import shutil
import subprocess

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import test_all
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, listener, owner, record
)

NAMES = ('=1+1', '+1+1', '-1+1', '@SUM(1+1)', '\t=1+1', '\r=1+1', '\n=1+1', ' =1+1', '"=1+1', "'=1+1", '";=1+1',
         'x;=1+1', 'x";"=1+1', 'x","=1+1', 'x,=1+1', 'x\n=1+1', 'x\r\n=1+1', '\uff1d1+1', '\u200b=1+1', '\ufeff=1+1',
         '=cmd|"/c calc"!A1', '=HYPERLINK("http://x","y")', '=WEBSERVICE("http://x")', '+"x"', "-2+3+cmd|'/C calc'!D2")
# What separates cells, what stands around them, UTF-8, from the first line on; text may be numbers; formulas count
OPTIONS = '%s,%s,76,1,,0,false,true,false,false,false,-1,true'
IMPORTS = {'commas': OPTIONS % (44, 34), 'semicolons': OPTIONS % (59, 34), 'no quotes': OPTIONS % (59, '')}


def as_they_are():
    """The names as somebody would write them who knows no formulas."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([name] for name in NAMES)
    return out.getvalue().encode('utf-8')


def report():
    """The names as a host has them, and other hostile ones."""
    hosts = [Host(name, 'ok', record=record(name, facts(listener(
        port_name=name, service=name, owners=[owner(process=name, user=name, unit=name, container=name)]))))
        for name in NAMES]
    return file_of(Report(RUN, [*hosts, *test_all.hostile_report().hosts]), 'csv')


@pytest.mark.skipif(not shutil.which('soffice'), reason='no LibreOffice here: none has read report.csv')
@pytest.mark.parametrize('options', IMPORTS.values(), ids=IMPORTS)
def test_libreoffice_takes_no_cell_for_a_formula(tmp_path, options):
    (tmp_path / 'report.csv').write_bytes(report())
    (tmp_path / 'control.csv').write_bytes(as_they_are())
    subprocess.run(['soffice', '--headless', '--infilter=CSV:' + options, '--convert-to', 'fods', 'report.csv',
                    'control.csv'], cwd=tmp_path, env=dict(os.environ, HOME=str(tmp_path)), check=True, timeout=300,
                   stdout=subprocess.DEVNULL)
    made, control = ((tmp_path / name).read_text(encoding='utf-8') for name in ('report.fods', 'control.fods'))
    assert control.count('table:formula=') > 2
    assert 'SUM(1+1)' in made and made.count('table:formula=') == 0
