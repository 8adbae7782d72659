# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""nft, played by scripts that this makes: what it prints, what it complains about, and that it may hang."""

import os
import subprocess
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter.nft import Failure, Nft
from ansible_collections.listening.ports.plugins.module_utils._filter.refusal import Refusal


def run(words, data=None, environ_update=None, **options):
    """As AnsibleModule.run_command."""
    assert options == {'expand_user_and_vars': False, 'handle_exceptions': False}
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               errors='surrogateescape', env=dict(os.environ, **environ_update))
    output, errors = process.communicate(data)
    return process.returncode, output, errors


@pytest.fixture
def tool(tmp_path):
    """Makes an Nft of scripts: tool(nft=..., unshare=...), each the text of a script."""
    def make(patience=20, **scripts):
        for name, text in dict({'unshare': 'shift; exec "$@"'}, **scripts).items():
            (tmp_path / name).write_text('#!/bin/sh\n%s\n' % text)
            (tmp_path / name).chmod(0o755)
        names = {'sh': '/bin/sh'}
        names.update((name, str(tmp_path / name)) for name in ('nft', 'unshare') if (tmp_path / name).exists())
        return Nft(run, names.get, patience)
    return make


ABSENT = 'echo "Error: No such file or directory" >&2; exit 1'


def test_listing(tool):
    nft = tool(nft='echo "$* $LC_ALL"')
    assert nft.listing() == '-s list table inet listening_ports C\n'
    assert tool(nft=ABSENT).listing() is None
    assert tool(nft='echo nftables v1.0.6').version() == 'nftables v1.0.6'


def test_no_nft(tool):
    with pytest.raises(Refusal) as info:
        tool()
    assert info.value.code == 'no_nft'


@pytest.mark.parametrize('output, seconds', [
    ('{"nftables": [{"metainfo": {}}, {"set": {"name": "trial_8f3c1a2b", "elem": [{"elem": {"val": 6, "timeout": 60, '
     '"expires": 41}}, {"elem": {"val": 17, "timeout": 60, "expires": 40}}]}}]}', 42),
    ('{"nftables": [{"metainfo": {}}, {"set": {"name": "trial_8f3c1a2b"}}]}', 0),
    ('{"nftables": []}', 0),
])
def test_seconds_left(tool, output, seconds):
    assert tool(nft="echo '%s'" % output).seconds_left('8f3c1a2b') == seconds


def test_seconds_left_of_a_set_that_is_gone_or_not_understood(tool):
    assert tool(nft=ABSENT).seconds_left('8f3c1a2b') == 0
    for output in ('', '{"nftables": [{"set": {"elem": [6, 17]}}]}', '[]', '{"nftables": [7]}'):
        with pytest.raises(Failure):
            tool(nft="echo '%s'" % output).seconds_left('8f3c1a2b')


def test_load_passes_the_transaction_on(tool, tmp_path):
    tool(nft='echo "$*" >%s/words; cat >%s/text' % (tmp_path, tmp_path)).load('table x {}\n')
    assert (tmp_path / 'words').read_text() == '-f -\n' and (tmp_path / 'text').read_text() == 'table x {}\n'


def test_aside_lists_in_both_forms_without_a_look_at_the_host(tool, tmp_path):
    nft = tool(nft='case $1 in -f) cat >%s/text ;; -s) echo "table {"; echo "}" ;; -j) echo \'{"nftables": [1]}\' ;; '
                   'esac' % tmp_path, unshare='printf "%%s\\n" "$1" >%s/unshared; shift; exec "$@"' % tmp_path)
    assert nft.aside('rules\n') == ('table {\n}\n', '{"nftables": [1]}\n')
    assert (tmp_path / 'text').read_text() == 'rules\n' and (tmp_path / 'unshared').read_text() == '-n\n'


def test_aside_of_what_leaves_no_table(tool):
    assert tool(nft='case $1 in -s) %s ;; esac; cat >/dev/null' % ABSENT).aside('x') == (None, None)


@pytest.mark.parametrize('script, code', [
    ('echo "unshare: unshare failed: Operation not permitted" >&2; exit 1', 'no_namespace'),
    ('echo "unshare: unshare(0x40000000): No space left on device" >&2; exit 1', 'no_namespace'),
])
def test_aside_where_there_can_be_no_namespace(tool, script, code):
    nft = tool(nft='exit 0', unshare=script)
    for act in (lambda: nft.aside('x'), lambda: nft.program('print()')):
        with pytest.raises(Refusal) as info:
            act()
        assert info.value.code == code


@pytest.mark.parametrize('words, code', [
    ('netlink: Error: cache initialization failed: Operation not permitted', 'not_permitted'),
    ('Error: Could not process rule: Permission denied', 'not_permitted'),
    ('internal:0:0-0: Error: Could not receive tables from kernel: Protocol not supported', 'no_nf_tables'),
    ('netlink: Error: cache initialization failed: Invalid argument', 'no_nf_tables'),
    ('Unable to initialize Netlink socket: Protocol not supported', 'no_nf_tables'),
])
def test_what_is_refused_has_a_code(tool, words, code):
    nft = tool(nft='echo "%s" >&2; exit 1' % words)
    for act in (nft.listing, lambda: nft.load('x'), lambda: nft.aside('x'), lambda: nft.seconds_left('8f3c1a2b')):
        with pytest.raises(Refusal) as info:
            act()
        assert info.value.code == code and words in info.value.message


def test_what_fails_is_said_in_one_line(tool):
    nft = tool(nft='printf "a\\n\\tb \\377 %0500d" 0 >&2; exit 1')
    with pytest.raises(Failure) as info:
        nft.load('x')
    assert str(info.value).startswith('nft does not load the rules: a b \ufffd 0000') and len(str(info.value)) < 400
    with pytest.raises(Failure) as info:
        tool(nft='exit 3').load('x')
    assert str(info.value) == 'nft does not load the rules: it does not say why'


@pytest.mark.parametrize('act', [lambda nft: nft.listing(), lambda nft: nft.load('x'), lambda nft: nft.aside('x')])
def test_what_hangs_is_ended_with_all_that_it_has_started(tool, tmp_path, act):
    """Also what pays no heed to a polite signal."""
    nft = tool(1, nft='echo $$ >>%s/pids; (trap "" TERM; sleep 1000 & echo $! >>%s/pids; wait) & wait' % (
        tmp_path, tmp_path))
    began = time.monotonic()
    with pytest.raises(Failure) as info:
        act(nft)
    assert 'did not end within 1 s' in str(info.value) and time.monotonic() - began < 10
    pids = (tmp_path / 'pids').read_text().split()
    until = time.monotonic() + 5
    while any(os.path.exists('/proc/%s/cwd' % pid) and running(pid) for pid in pids):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert len(pids) == 2


def running(pid):
    """Whether a process is there, and not only what its parent has not asked about."""
    try:
        with open('/proc/%s/stat' % pid) as stream:
            return stream.read().rpartition(')')[2].split()[0] != 'Z'
    except OSError:
        return False


def test_a_program_is_run_by_this_python_and_gets_its_words(tool):
    nft = tool(nft='exit 0')
    assert nft.program('import sys\nsys.exit(" ".join(sys.argv[2:]))', 'a', 'b c') == (1, 'a b c')
    assert nft.program('pass')[0] == 0


@pytest.mark.parametrize('code, taken', [(0, True), (1, False)])
def test_what_is_taken_where_nobody_else_is(tool, tmp_path, code, taken):
    nft = tool(nft='cat >%s/text; echo "$*" >%s/words; exit %d' % (tmp_path, tmp_path, code),
               unshare='printf "%%s\\n" "$1" >%s/unshared; shift; exec "$@"' % tmp_path)
    assert nft.takes('rules\n') is taken
    assert [(tmp_path / name).read_text() for name in ('text', 'words', 'unshared')] == ['rules\n', '-f -\n', '-n\n']
