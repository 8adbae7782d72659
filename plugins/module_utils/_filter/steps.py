# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's half of ``port_filter`` does, step by step; ``arguments`` has what it answers.

The order is what makes it safe. Before a trial, all that a boot needs is on the disk, under another name: whoever runs
out of disk finds out before anything is tried. A trial ends by itself. To keep it, the rules are loaded first, because
that may fail, and then the file gets its name, which hardly can. Between the two is one instruction, and on both sides
of it is a state that a login has confirmed.
"""

import contextlib

from .._notes import Busy, what_failed
from . import table
from .arguments import BEGIN, KEEP, fault
from .files import Stored, digest
from .nft import Failure
from .refusal import AS_IT_WAS, Refusal
from .rules import parse, protected

_PATIENCE = 15                  # seconds that a trial waits to be kept while another run looks around
_FAILS = ('busy', 'refused', 'reverted', 'failed')
_NO_BOOT = 'As systemd has not booted this host, nothing loads it again after a reboot'
_WAY_OUT = '"systemctl stop listening-ports" at a console of the host takes the filter away'


def run(host, options, check=False):
    """Do a step.

    :param host: Host.
    :param options: dict, by ARGUMENTS and STEP of ``arguments``.
    :param check: bool, change nothing.
    :returns: dict, the answer.
    """
    step = Step(host, options, check)
    try:
        wrong = fault(options)
        if wrong:
            raise ValueError(wrong)
        step.do()
    except Refusal as refusal:
        step.end('busy' if refusal.code == 'busy' else 'refused', '%s. %s' % (refusal.message, step.left),
                 code=refusal.code)
    except Busy:
        step.end('busy', 'another run changes this host at this moment. %s' % step.left, code='busy')
    except (Failure, OSError, ValueError) as exc:
        step.end('failed', '%s. %s' % (what_failed(exc), step.left))
    return step.answer


class Step:
    """A step of one run.

    :ivar answer: dict, what is known by now. :ivar left: str, how the host is left if all ends here.
    """

    def __init__(self, host, options, check):
        self.host, self.files, self.options, self.check = host, host.files, options, check
        self.token, self.left = options['token'], AS_IT_WAS
        self.answer = {'status': 'failed', 'msg': '', 'changed': False, 'warnings': [], 'effects': [],
                       'connection': None, 'persistent': self.files.is_booted()}

    def end(self, status, message, **more):
        """Complete the answer."""
        self.answer.update(more, status=status, msg=message)
        if status in _FAILS:
            self.answer['failed'] = True

    def do(self):
        """Do the step. Raises Refusal, Busy, Failure, OSError and ValueError."""
        if not self.host.is_root():
            raise Refusal('no_root', 'only root can see and change the filter of a host: use become')
        name = self.options['step']
        with contextlib.ExitStack() as stack:
            if not self.check:
                stack.enter_context(self.files.locked(0 if name == BEGIN else _PATIENCE))
            if name == BEGIN:
                self._begin() if self.options['state'] == 'present' else self._absent()
            elif self.check:
                raise ValueError('in check mode nothing is tried')
            else:
                self._keep() if name == KEEP else self._sweep()

    # begin

    def _begin(self):
        host, files = self.host, self.files
        planned = _Planned(self.options)
        listing, kept = host.nft.listing(), files.kept()
        planned.complete(host)
        self.answer['warnings'] += files.warnings()
        same_file = kept is not None and kept.body == planned.body
        lacking = files.lacks(host.nft.path) if self.answer['persistent'] else ()
        if same_file and listing is not None and digest(listing) == kept.digest and not lacking:
            self.end('unchanged', 'the filter is as it should be')
            return
        live = table.live(listing)
        self._refuse_second(live)
        wanted, document = host.nft.aside(planned.body)
        if wanted is None:
            raise Failure('nft loads the rules, and lists none')
        before = self._without_trials(listing, live)
        self.answer['diff'] = {'before': before or '', 'after': wanted}
        stored = Stored(self.token, digest(wanted), planned.body)
        if same_file and before == wanted:
            self._mend(stored._replace(token=kept.token), live, lacking)
            return
        connection = self._judge(planned, document)
        if self.check:
            self.end('planned', 'the filter would be changed', changed=True)
        elif connection and self.options['confirm']:
            self._try(planned, stored, live, connection)
        else:
            self._stage(stored)
            self._load(stored, '' if connection else 'There is no connection that it could have cut. ')

    def _refuse_second(self, live):
        """Refuse to do anything while rules are tried."""
        for token in live.running:
            seconds = self.host.nft.seconds_left(token)
            if seconds:
                self.answer['seconds'] = seconds
                raise Refusal('busy', 'another run tries rules on this host, for %d s more' % seconds)

    def _without_trials(self, listing, live):
        """str: the table without what is left of trials that have ended; None where there is none."""
        rest = table.sweep(live)
        return self.host.nft.aside(listing + rest)[0] if rest else listing

    def _judge(self, planned, document):
        """Work out who loses what, and whether it had better not be done: returns Connection or None."""
        options, answer = self.options, self.answer
        connection = self.host.connection(options['ssh_connection'])
        answer['connection'] = connection and connection.about
        if options['remote'] and not connection and planned:
            raise Refusal('connection_hidden', 'the connection by which Ansible came cannot be found on the host, so a '
                                               'new login could not be told from an old one')
        judged = self.host.judge(
            answer['connection'], document, planned.rules if planned else (), planned.others if planned else 'accept',
            options['confirm'], planned.protected if planned else (), tuple(options['despite']))
        from .what_if import warnings_of                # needed where anything is judged alone
        answer['effects'] = judged['effects']
        answer['warnings'] += warnings_of(judged)
        if judged['refusal']:
            raise Refusal(*judged['refusal'])
        return connection

    def _mend(self, stored, live, lacking):
        """Put right what does not change the rules that count: what systemd needs, traces of trials, the digest."""
        words = 'the filter is as it should be'
        if lacking:
            self.end('planned' if self.check else 'kept', '%s, but not what a boot needs of it: %s' % (
                words, ', '.join(lacking)), changed=True)
        else:
            self.end('unchanged', words)
        if self.check:
            return
        rest = table.sweep(live)
        if rest:
            self.host.nft.load(rest)
        if self.files.kept() != stored:
            with contextlib.suppress(OSError):      # it only saves time
                self.files.stage(stored)
                self.files.commit()
        if lacking:
            self.host.enable()
            self._activate()

    def _try(self, planned, stored, live, connection):
        """Begin a trial."""
        seconds, nft = self.options['confirm'], self.host.nft
        wrong = self.host.test_guard()
        if wrong:
            raise Refusal('guard_fails', 'rules on trial do not go away by themselves on this host (%s), so nothing is '
                                         'tried here' % wrong)
        self._stage(stored)
        with self._or_tidy():
            nft.load(table.trial(planned.rules, planned.others, planned.published, self.token, seconds, live,
                                 planned.reassemble))
        self.left = 'So the new rules cannot be kept: they go away by themselves when their %d s are over' % seconds
        self.files.note(self.token, {'ends': connection.ends, 'ticks': self.host.now()})
        self.end('trial', 'the new rules hold for %d s, and then go away by themselves unless a new login keeps them'
                 % seconds, changed=True, seconds=seconds)

    def _stage(self, stored):
        """Prepare all that a boot needs, but for the name of one file."""
        with self._or_tidy():
            self.files.stage(stored)
            if self.answer['persistent']:
                self.host.enable()

    @contextlib.contextmanager
    def _or_tidy(self):
        """Leave nothing behind where something fails before it has an effect."""
        try:
            yield
        except (Failure, Refusal, OSError):
            with contextlib.suppress(Failure, OSError):
                self.host.tidy()
            raise

    def _load(self, stored, words=''):
        """Load for good what was staged."""
        with self._or_tidy():
            self.host.nft.load(stored.body)
        self._commit(words)

    def _commit(self, words=''):
        """Make what is in the kernel, and staged, that which a boot loads."""
        self.answer['changed'] = True
        self.left = 'The new rules hold, but a boot loads those of before; run this again'
        self.files.commit()
        self._activate()
        self.files.forget(self.token)
        self._end_kept(words)

    def _end_kept(self, words=''):
        way = _WAY_OUT if self.answer['persistent'] else _NO_BOOT
        self.end('kept', 'the filter is changed, and kept. %s%s' % (words, way), changed=True)

    def _activate(self):
        if self.answer['persistent']:
            try:
                self.host.activate()
            except Failure as exc:
                self.answer['warnings'].append('the filter is loaded, and will be at boot, but systemd does not know: '
                                               'nftables.service may take it away (%s)' % exc)

    # keep and sweep

    def _keep(self):
        files, nft = self.files, self.host.nft
        kept, staged = files.kept(), files.staged()
        listing = nft.listing()
        live = table.live(listing)
        if kept and kept.token == self.token:       # the answer was lost, perhaps with a reboot
            if not live.running and (listing is None or digest(listing) != kept.digest):
                nft.load(kept.body)
            self._activate()
            self._end_kept()
            return
        is_running = self.token in live.running
        is_staged = staged is not None and staged.token == self.token
        # a run that was ended between its last two steps
        is_loaded = is_staged and not live.running and listing is not None and digest(listing) == staged.digest
        if is_staged and (is_running or is_loaded):
            if not self._is_fresh():
                return
            if is_loaded:
                self._commit()
            else:
                self.left = 'The new rules go away by themselves, unless this is tried again in time'
                nft.load(staged.body)
                self._commit()
        elif live.running and not is_running:
            self.end('busy', 'another run tries rules in the place of these. %s' % self.left, code='busy',
                     seconds=nft.seconds_left(live.running[0]))
        else:
            self.end('reverted', 'too late: the new rules have gone away by themselves, or with a reboot or a flush of '
                                 'all rules. Those of before hold')

    def _is_fresh(self):
        """bool: whoever wants to keep the rules has logged in since they hold. If not, the answer says so."""
        noted = self.files.noted(self.token)
        if noted is None:
            raise Failure('nothing is known of the connection that began the trial')
        connection = self.host.connection(self.options['ssh_connection'])
        self.answer['connection'] = connection and connection.about
        from .._connection import fault_of_login
        wrong = fault_of_login(connection, noted['ends'], noted['ticks'], 'the new rules')
        if wrong:
            self.end('refused', wrong, code='not_fresh')
        return not wrong

    def _sweep(self):
        files, nft = self.files, self.host.nft
        kept = files.kept()
        if kept and kept.token == self.token:
            self._end_kept()
            return
        live = table.live(nft.listing())
        for token in live.running:
            seconds = nft.seconds_left(token)
            if seconds:
                self.end('busy', 'rules are tried for %d s more' % seconds, code='busy', seconds=seconds)
                return
        rest = table.sweep(live)
        if rest:
            nft.load(rest)
        staged = files.staged()
        if staged and staged.token == self.token:
            self.host.tidy()
        files.forget(self.token)
        self.end('reverted', 'the new rules were not kept in time, and went away by themselves. %s' % AS_IT_WAS)

    # absent

    def _absent(self):
        host, files = self.host, self.files
        try:
            listing = host.nft.listing()
        except Refusal as refusal:
            if refusal.code != 'no_nft' or files.is_there() or host.has_table():
                raise
            listing = None
        if listing is None and not files.is_there():
            self.end('unchanged', 'there is no filter')
            return
        live = table.live(listing)
        self._refuse_second(live)
        before = self._without_trials(listing, live)
        self.answer['diff'] = {'before': before or '', 'after': ''}
        if before:
            try:
                self._judge(None, None)
            except Failure as exc:
                self.answer['warnings'].append('who gains access could not be worked out: %s' % exc)
        if self.check:
            self.end('planned', 'the filter would be taken away', changed=True)
            return
        if listing is not None:
            host.nft.load(table.removal())
        self.answer['changed'] = True
        self.left = 'The filter is taken away, but not all of its files: a boot would load it. Run this again'
        files.remove()
        host.withdraw()
        self.end('kept', 'the filter is taken away')


class _Planned:
    """What was asked for. Raises ValueError."""

    def __init__(self, options):
        self.rules, self.others = parse(options['rules']), options['others']
        self.protected = protected(options['protected_sources'])
        self.published, self.reassemble, self.body = options['published'], None, None

    def complete(self, host):
        """Add what depends on the host. Raises OSError."""
        self.published = host.translates() if self.published is None else self.published
        self.reassemble = host.must_reassemble()
        self.body = table.replacement(table.table(self.rules, self.others, self.published, self.reassemble))
