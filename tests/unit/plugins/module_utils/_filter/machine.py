# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for tests: files of its own, and a kernel that knows as much of nftables as our transactions are made of."""

import collections
import json
import os
import re

from ansible_collections.listening.ports.plugins.module_utils._connection import Connection
from ansible_collections.listening.ports.plugins.module_utils._filter.files import Files
from ansible_collections.listening.ports.plugins.module_utils._filter.host import Host

TABLE = 'inet listening_ports'
FIRST = Connection('10.0.0.7', 22, '192.0.2.9', 51000, 600, 900, 'eth0', 'ancestor')
SECOND = FIRST._replace(peer_port=52000, pid=800, started=2000)
ENOENT = (1, '', 'Error: No such file or directory\nlist table inet listening_ports\n')


class Killed(BaseException):
    """The module is gone, in the middle of what it does."""


class Kernel:
    """The table in the kernel. Raises ValueError for what nft would refuse.

    :ivar chains: dict, name to list of str, or None where there is no table; sets: dict, name to when it is empty.
    """

    def __init__(self, clock):
        self.clock, self.chains, self.sets = clock, None, {}

    def load(self, text):
        """Take a transaction, all or nothing."""
        before = self.chains and {name: list(rules) for name, rules in self.chains.items()}, dict(self.sets)
        try:
            for words in self._commands(text):
                self._do(*words)
        except (KeyError, TypeError, ValueError) as exc:
            self.chains, self.sets = before
            raise ValueError(repr(exc)) from exc

    def _commands(self, text):
        chain = kind = None
        for line in map(str.strip, text.splitlines()):
            if line.startswith('table %s' % TABLE):
                yield 'add table', None, None
            elif re.match('(chain|set) .*{', line):
                kind, chain = line.split()[:2]
                yield 'add ' + kind, chain, None
            elif line in ('}', '') or kind == 'set' and not re.match('(add|flush|delete) ', line):
                continue
            elif re.match('(add|flush|delete) ', line):
                verb, kind, rest = line.split(' ', 2)
                name, dummy, rest = rest[len(TABLE):].strip().partition(' ')
                yield '%s %s' % (verb, kind), name or None, rest
            else:
                yield 'add line', chain, line

    def _do(self, what, name, rest):
        if what == 'add table':
            self.chains = collections.OrderedDict() if self.chains is None else self.chains
        elif what == 'delete table':
            len(self.chains)
            self.chains, self.sets = None, {}
        elif what == 'add chain':
            rules = self.chains.setdefault(name, [])
            if rest and rest.strip('{ }') not in rules:
                rules.insert(0, rest.strip('{ }'))
        elif what == 'flush chain':
            self.chains[name] = [rule for rule in self.chains[name] if rule.startswith('type ')]
        elif what == 'delete chain':
            used = [rule for rules in self.chains.values() for rule in rules if rule.split()[-1] == name]
            if used or [rule for rule in self.chains[name] if not rule.startswith('type ')]:
                raise ValueError('%s is busy' % name)
            del self.chains[name]
        elif what in ('add rule', 'add line'):          # a block may name a chain before it is there
            if what == 'add rule' and rest.split()[-2:-1] in (['jump'], ['goto']):
                len(self.chains[rest.split()[-1]])
            self.chains[name].append(rest)
        elif what == 'add set':
            self.sets[name] = 0
        elif what == 'add element':
            len(self.chains)
            self.sets[name] = self.clock.now + int(re.search(r'timeout (\d+)s', rest).group(1))
        elif what == 'delete set':
            del self.sets[name]
        else:
            raise ValueError(what)

    def listing(self):
        """What ``nft -s list table`` prints, or None."""
        if self.chains is None:
            return None
        blocks = []
        for name, until in self.sets.items():
            elements = ['elements = { 6 timeout 60s }'] if until > self.clock.now else []
            blocks.append(('set ' + name, ['type inet_proto', 'flags timeout'] + elements))
        blocks += [('chain ' + name, rules) for name, rules in self.chains.items()]
        return 'table %s {\n%s}\n' % (TABLE, '\n'.join('\t%s {\n%s\t}\n' % (
            head, ''.join('\t\t%s\n' % line for line in lines)) for head, lines in blocks))

    def deciding(self):
        """The rules that decide what comes in, right now; None where nothing does."""
        if self.chains is None or 'input' not in self.chains:
            return None
        for rule in self.chains['input'][1:]:
            words = rule.split()
            running = '@' not in rule or self.sets[words[words.index('l4proto') + 1][1:]] > self.clock.now
            if running:
                return self.chains[words[-1]]
        return []


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000


class Machine(Host):
    """A host whose programs are played here.

    :ivar faults: dict, how a command begins, such as ``nft -f``, to what it does instead: a tuple of code, output and
        errors, or an exception. :ivar called: list of str, the commands that were run. :ivar killed_after: int,
        how many commands the module lives to see done.
    """

    def __init__(self, root, systemd=True):
        self.folder = str(root)
        for name in ('/etc/systemd/system', '/run') + (('/run/systemd/system',) if systemd else ()):
            os.makedirs(self.folder + name, exist_ok=True)
        self.clock = Clock()
        self.kernel = Kernel(self.clock)
        self.called, self.faults, self.killed_after, self.active = [], {}, None, False
        self.programs = {'nft', 'unshare', 'sh', 'systemctl'}
        self.in_use, self.root, self.nat, self.judged, self.judgements = FIRST, True, False, {}, []
        Host.__init__(self, self._play, self._where, Files(self.folder, lambda handle: None))

    # what tests see and do

    def later(self, seconds):
        """Time passes."""
        self.clock.now += seconds

    def boot(self):
        """It loses its power and comes up again."""
        self.kernel = Kernel(self.clock)
        for name in os.listdir(self.folder + '/run/listening-ports'):
            os.unlink('%s/run/listening-ports/%s' % (self.folder, name))
        enabled = os.path.lexists(self.path('/etc/systemd/system/sysinit.target.wants/listening-ports.service'))
        if enabled and os.path.exists(self.path('/etc/listening-ports/filter.nft')):
            self.kernel.load(''.join(line for line in self.text('/etc/listening-ports/filter.nft').splitlines(True)
                                     if not line.startswith('#')))

    def path(self, name):
        """Where a file of it is."""
        return self.folder + name

    def text(self, name):
        """What is in a file of it."""
        with open(self.path(name)) as stream:
            return stream.read()

    def tree(self):
        """All its files, with what is in them, but for its notes in /run."""
        found = {}
        for folder, dummy, names in os.walk(self.folder):
            for name in names:
                path = os.path.join(folder, name)
                if not path.startswith(self.path('/run/')):
                    found[path[len(self.folder):]] = os.readlink(path) if os.path.islink(path) else self.text(
                        path[len(self.folder):])
        return found

    def calls(self, beginning):
        """How many commands began so."""
        return len([call for call in self.called if call.startswith(beginning)])

    # what it answers

    def is_root(self):
        return self.root

    def has_table(self):
        return self.kernel.chains is not None

    def translates(self):
        return self.nat

    def must_reassemble(self):
        return False

    def connection(self, told):
        return self.in_use

    def now(self):
        return self.clock.now

    def judge(self, *planned):
        self.judgements.append(planned)
        return dict({'effects': [], 'refusal': None, 'overridden': [], 'warnings': []}, **self.judged)

    def _where(self, name):
        return name if name in self.programs else None

    def _play(self, words, data=None, **options):
        assert words[:3] == ['timeout', '-s', 'KILL'] and int(words[3]) > 0        # nothing may wait for ever
        call = ' '.join(word for word in words[4:] if '\n' not in word)
        self.called.append(call)
        for beginning, fault in list(self.faults.items()):
            if call.startswith(beginning):
                if isinstance(fault, tuple):
                    return fault
                if isinstance(fault, BaseException):
                    raise fault
                result = fault(call)
                if result:
                    return result
        result = getattr(self, '_' + words[4])(words[5:], data)
        if len(self.called) == self.killed_after:
            raise Killed()
        return result

    def _nft(self, words, data):
        if words == ['--version']:
            return 0, 'nftables v1.0.6 (Lester Gooch #5)\n', ''
        if words[:2] == ['-s', 'list']:
            listing = self.kernel.listing()
            return ENOENT if listing is None else (0, listing, '')
        if words[:3] == ['-j', 'list', 'set']:
            if words[-1] not in self.kernel.sets:
                return ENOENT
            left = self.kernel.sets[words[-1]] - self.clock.now
            elements = {'elem': [{'elem': {'val': 6, 'timeout': 60, 'expires': left}}]} if left > 0 else {}
            return 0, json.dumps({'nftables': [{'metainfo': {}}, {'set': dict(name=words[-1], **elements)}]}), ''
        assert words == ['-f', '-']
        return self._load(self.kernel, data)

    @staticmethod
    def _load(kernel, data):
        try:
            kernel.load(data)
        except ValueError as exc:
            return 1, '', '/dev/stdin:1:1-3: Error: %s\n' % exc
        return 0, '', ''

    def _unshare(self, words, data):
        if words[:3] == ['-n', 'sh', '-c']:
            aside = Kernel(self.clock)
            code, output, errors = self._load(aside, data)
            listing = aside.listing()
            if code or listing is None:
                return (code, output, errors) if code else ENOENT
            return 0, '%s{"nftables": [{"table": %s}]}\n' % (listing, json.dumps(listing)), ''
        assert words[0] == '-n' and words[2] == '-' and words[3] == 'nft'
        compile(data, 'self-test', 'exec')
        return 0, '', ''

    def _systemctl(self, words, data):
        link = self.path('/etc/systemd/system/sysinit.target.wants/listening-ports.service')
        verb = words[0]
        if verb == 'enable':
            os.makedirs(os.path.dirname(link), exist_ok=True)
            os.path.lexists(link) or os.symlink('/etc/systemd/system/listening-ports.service', link)
        elif verb == 'disable' and os.path.lexists(link):
            os.unlink(link)
        if verb == 'start' and os.path.exists(self.path('/etc/listening-ports/filter.nft')):
            self.active = True
        elif verb == 'disable' and '--now' in words and self.active:        # ExecStop
            self.active = False
            self.kernel.chains is None or self.kernel.load('delete table inet listening_ports')
        return 0, '', ''
