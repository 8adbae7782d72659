# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names as attackers choose them, for the tests of reports: whoever runs a process names it, whoever has root on a
host writes its facts, and inventories are made of what others have entered somewhere.

``records`` puts them wherever a record takes text; a report of these has to show each of them and do nothing else.
"""

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._listener import identity
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import judgements
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    exposure, facts, gap, listener, owner, record
)

NAMES = (
    # HTML and XML
    '</script><script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    '"><svg/onload=alert(1)>',
    "' onmouseover='alert(1)",
    '<!-- --><![CDATA[ ]]> ]]>',
    '&lt;b&gt;&amp;&#x3c;script&#62;',
    '</testcase><failure/>',
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>&e;',
    # Markdown: code spans, tables, links, images, mentions, what forges make of references and commands
    '`a``b```c',
    '```\n# head',
    '\\`x\\',
    'a|b \\| c \\\\| d',
    '[click](https://evil.example/) ![](https://evil.example/x.png)',
    'https://evil.example/?a=b www.evil.example evil@evil.example',
    '@everyone #1 !2 ~3 %4 :boom:',
    '/close /approve',
    '- [ ] ~~x~~ **y** _z_ $\\LaTeX$ $`x`$',
    '</details></code></td>',
    '&#96; &#124; &commat;',
    # spreadsheets
    '=cmd|\' /C calc\'!A0',
    '+1-2',
    '-1+1|x',
    '@SUM(1+1)*cmd',
    '\t=HYPERLINK("https://evil.example/")',
    '\r\n=1+1',
    ' =1+1',
    '"",=1+1,"',
    'a;b,c\'d"e',
    '\uff1d1+1',
    # Prometheus
    'x"} 1\nlistening_ports_host{host="y',
    '\\" \\\\ \\n',
    '# HELP x y',
    # templates, placeholders, CI systems
    '{{ lookup("pipe", "id") }} {% raw %} {0} %s ${x} $(id)',
    '::error file=x::gone ##[error]gone ##vso[task.complete]',
    # terminals
    '\x1b[2J\x1b]8;;https://evil.example\x07x\x1b]8;;\x07',
    '\x9b31m\x00\x7f\x08\x0b\x0c',
    # Unicode
    '\u202egpj.exe\u202c \u2066x\u2069 \u200b\ufeff',
    '\u2028x\u2029x\x85x',
    'not of XML \ufffe \uffff \x01\x1f \U0001f4a9',
    'e\u0301\u0301\u0301\u0301\u0301 日本 \U000e0041',
)
assert len(NAMES) == len(set(NAMES)) == 40


def records():
    """A record for each name, of a host of that name: observed and judged, and everything in it is called so too."""
    return [_record(name) for name in NAMES]


def path_of(name):
    """A path of a file that is called so, as far as files can be."""
    return '/'.join(part for part in name.replace('\0', '').split('/') if part not in ('', '.', '..'))


def _record(name):
    called = owner(process=name, exe='/' + name, user=name, unit=name, container=name)
    who = exposure('partly', ['10.0.0.0/8'], level='listed', decided_by=name, blocked_by=name, caveats=[name])
    made = facts(
        listener(port=8080, owners=[called], namespace=name, service=name, activated_by=name,
                 port_name=name, interface=name, exposure=who),
        gaps=[gap(message=name, hint=name)],
    )
    findings = [judgements.finding(name, kind, entry=name, declared_in=name, listener=identity(made['listeners'][0]),
                                   expected=name, found=name, remedy=name) for kind in ('unexpected', 'unknown')]
    waiver = {'variable': name, 'label': name, 'expires': name, 'reason': name, 'owner': name, 'findings': 1}
    judgement = judgements.judgement(
        *findings, policy={'summary': name, 'hash': '0' * 64, 'variables': [name]}, waived=1, waivers=[waiver],
        met={'entries': [[name, 'met ' + name]], 'waivers': [[name, name]]},
        idle={'entries': [[name, 'idle ' + name]], 'waivers': []},
        places={name: {'path': path_of(name), 'line': 7, 'entries': {visible(name, 200): 8}}})
    return record(name, made, declared=True, judgement=judgement)
