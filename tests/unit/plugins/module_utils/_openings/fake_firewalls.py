# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewall-cmd and ufw as far as openings use them: they remember what they are told, and print it as the real ones do.

They also lie as the real ones do: firewall-cmd ends with success where it refused some of what it was told.
"""

import os
import pathlib
import shlex

CAPTURES = pathlib.Path(__file__).resolve().parent / 'captures'
_ZONE = """\
%s
  target: %s
  icmp-block-inversion: no
  interfaces: %s
  sources: %s
  services: ssh
  ports: 9000-9010/tcp
  forward-ports: \n\tport=8090:proto=tcp:toport=80:toaddr=10.9.9.9
  rich rules: %s

"""


class Firewalls:
    """A host with both.

    :ivar zones: dict, name to (target, interfaces, sources). :ivar rules: dict, place to dict, zone to list of rules.
    :ivar ufw: list of rules, as ``ufw show added`` lists them. :ivar told: list of str, the commands that change.
    :ivar refuses: set of str, parts of commands: what has one of them in it is refused.
    """

    def __init__(self, folder):
        self.zones = {'public': ('default', '', ''), 'work': ('default', 'lan0 wg+', ''),
                      'internal': ('default', '', '10.5.0.0/16 00:11:22:33:44:55 ipset:near'),
                      'drop': ('DROP', '', '10.6.0.0/16 fd06::/16'), 'trusted': ('ACCEPT', '', '10.7.0.0/16')}
        self.rules = {place: {zone: [] for zone in self.zones} for place in ('runtime', 'permanent')}
        self.ufw, self.told, self.asked, self.refuses = ['allow 22/tcp'], [], [], set()
        self.runs, self.is_active = True, True
        for name in ('firewall-cmd', 'ufw'):
            path = os.path.join(folder, name)
            with open(path, 'w'):
                os.chmod(path, 0o755)

    def run(self, words, **dummy):
        """As ``AnsibleModule.run_command``."""
        name, words = os.path.basename(words[0]), words[1:]
        self.asked.append('%s %s' % (name, shlex_join(words)))
        return (self._firewall_cmd if name == 'firewall-cmd' else self._ufw)(words)

    def _firewall_cmd(self, words):
        if not self.runs:
            return 252, '', 'FirewallD is not running\n'
        place = 'permanent' if '--permanent' in words else 'runtime'
        if '--list-all-zones' in words:
            return 0, ''.join(_ZONE % (name, *content, ''.join('\n\t' + rule for rule in self.rules[place][name]))
                              for name, content in sorted(self.zones.items())), ''
        if words == ['--get-default-zone']:
            return 0, 'public\n', ''
        self.told.append('firewall-cmd ' + shlex_join(words))
        zone = next(word.partition('=')[2] for word in words if word.startswith('--zone='))
        warnings = ''
        for word in words:
            option, dummy, rule = word.partition('=')
            rules = self.rules[place][zone]
            if option in ('--add-rich-rule', '--remove-rich-rule'):
                if any(part in '%s %s' % (place, word) for part in self.refuses):
                    warnings += 'Warning: INVALID_RULE: %s\n' % rule
                elif option == '--add-rich-rule':
                    rules.append(rule)
                else:
                    rules.remove(rule)
        return 0, 'success\n', warnings

    def _ufw(self, words):
        if words == ['status']:
            return 0, 'Status: active\n\nTo\n' if self.is_active else 'Status: inactive\n', ''
        if words == ['show', 'added']:
            lines = ["ufw %s comment 'opened by listening.ports'" % rule for rule in self.ufw]
            return 0, '\n'.join(["Added user rules (see 'ufw status' for running firewall):", *lines, '']), ''
        text = shlex_join(words)
        self.told.append('ufw ' + text)
        if any(part in text for part in self.refuses):
            return 1, '', 'ERROR: it will not\n'
        is_gone = words[0] == 'delete'
        words = dict(zip(*[iter(words[2 if is_gone else 1:])] * 2))
        listed = 'allow %s/%s' % (words['port'], words['proto']) if 'from' not in words else (
            'allow from %s to any port %s proto %s' % (words['from'], words['port'], words['proto']))
        if is_gone:
            self.ufw.remove(listed)
        else:
            self.ufw.append(listed)
        return 0, 'Rule added\n', ''


def shlex_join(words):
    """As ``shlex.join`` of Python 3.8."""
    return ' '.join(map(shlex.quote, words))
