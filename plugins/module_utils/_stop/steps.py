# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host's half of ``stop_listener`` does, step by step; ``arguments`` has what it answers.

The order is what makes it safe. A timer that starts the units again is set before one of them is stopped. They stay
enabled until a new login is proved: a boot starts them as well. That a login was proved is noted before the timer is
stopped, so a later run disables what this one could not any more. Processes, which nothing starts again, come last.
"""

import contextlib

from .._notes import Busy, what_failed
from .._sockets.base import CollectorError
from .._systemd.systemctl import SystemdError
from . import lasting
from .arguments import BEGIN, KEEP, fault
from .graph import is_unit
from .lasting import CLOSED, LEFT, STILL, are, listed
from .undo import Exists
from .view import Unseen

NOTE = 'stopping'               # what the notes are called
# What has been done, as noted: the timer is set; units are stopped; a new login is proved; all is done
ARMED, TRIED, PROVED, KEPT = 'armed', 'tried', 'proved', 'kept'

_PATIENCE = 15                  # seconds that a trial waits to be kept while another run looks around
_MOST_STOPPING = 100            # seconds: systemd kills a service after 90 s, unless it says otherwise
_FOR_LOGIN = 5                  # of those of a trial, so many are not for stopping
_GONE_WITHIN, _PAUSE = 5, 0.25  # seconds
_AFTERWARDS = 2                 # seconds after which what was closed is looked at again
_FAILS = ('busy', 'refused', 'reverted', 'failed')
_NOTHING = 'Nothing was stopped'
_FAULTS = (SystemdError, Unseen, CollectorError, OSError, ValueError)


class Refusal(Exception):
    """The host was left as it was.

    :ivar code: str. The message is a sentence.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


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
        step.give_up('busy' if refusal.code == 'busy' else 'refused', str(refusal), refusal.code)
    except Busy:
        step.give_up('busy', 'another run changes this host at this moment', 'busy')
    except _FAULTS as exc:
        step.give_up('failed', what_failed(exc))
    return step.answer


class Step:
    """A step of one run.

    :ivar answer: dict, what is known by now. :ivar left: str, how the host is left if all ends here.
    """

    def __init__(self, host, options, check):
        self.host, self.notes, self.undo, self.options, self.check = host, host.notes, host.undo, options, check
        self.token, self.left = options['token'], _NOTHING
        self.answer = {'status': 'failed', 'msg': '', 'changed': False, 'warnings': [], 'code': None,
                       'connection': None, 'units': [], 'listeners': []}

    def end(self, status, message, **more):
        """Complete the answer."""
        self.answer.update(more, status=status, msg=message)
        if status in _FAILS:
            self.answer['failed'] = True

    def give_up(self, status, message, code=None):
        """Complete the answer of a step that did not come to its end: what it was to do is no news then."""
        self.end(status, '. '.join(filter(None, (message, self.left))), code=code, units=[], listeners=[])

    def do(self):
        """Do the step. Raises Refusal, Busy, and _FAULTS."""
        if not self.host.is_root():
            raise Refusal('no_root', 'only root can see who listens, and stop it: use become')
        name = self.options['step']
        with contextlib.ExitStack() as stack:
            if not self.check:
                stack.enter_context(self.notes.locked(0 if name == BEGIN else _PATIENCE))
            if name == BEGIN:
                self._begin()
            elif self.check:
                raise ValueError('in check mode nothing is tried')
            else:
                self._keep() if name == KEEP else self._sweep()

    # begin

    def _begin(self):
        host, options = self.host, self.options
        self._complete_earlier()
        connection = host.connection(options['ssh_connection'])
        self.answer['connection'] = connection and connection.about
        decision = host.decide(connection, options)
        self.answer.update(units=list(decision.stop), listeners=decision.rows)
        if not decision.stop and not decision.processes:
            changed = self.answer['changed']
            self.end('unchanged' if not changed else 'planned' if self.check else 'kept', 'nothing has to be stopped')
            return
        if options['remote'] and not connection:
            raise Refusal('connection_hidden', 'the connection by which Ansible came cannot be found on the host, so '
                                               'what it depends on is not known, nor could a new login be told from '
                                               'an old one')
        if self.check:
            self.end('planned', 'would be stopped: %s' % (listed(decision.stop) or 'processes'), changed=True)
            return
        record = {
            'token': self.token, 'phase': ARMED, 'ends': connection and connection.ends, 'ticks': None, 'until': None,
            'units': list(decision.stop), 'back': list(decision.back or decision.stop), 'rows': decision.rows,
            'mask': options['mask'],
            'processes': [{'pid': process.pid, 'started': process.started, 'exe': process.exe,
                           'inodes': list(process.inodes)} for process in decision.processes]}
        if decision.stop and connection and options['confirm']:
            self._try(record)
        elif not decision.stop or self._stop(record, _MOST_STOPPING, None):
            self._settle(record)

    def _complete_earlier(self):
        """Put right what a run could not any more that was ended in between. Refuse while one tries."""
        noted = self.notes.noted(NOTE)
        if self.notes.is_booted() and self.undo.is_armed():
            raise self._busy(noted)
        if not noted or noted['phase'] == KEPT:
            return
        if self.undo.has_begun():               # it has started all
            if not self.check:
                self.notes.forget(NOTE)
            return
        is_proved, units = noted['phase'] == PROVED, listed(noted['units'])
        words = ('an earlier run has stopped %s, has proved a new login, and was ended before it had disabled all'
                 if is_proved else 'an earlier run has stopped %s on trial, and somebody has stopped the timer that '
                                   'was to start them again') % units
        if self.check:
            self.answer['changed'] = True
            self.answer['warnings'].append('%s: that would be put right' % words)
            return
        self.left = 'This could not be put right: %s' % words
        if is_proved:
            wrong = lasting.disable(self.host, noted['units'], self.answer['warnings'])
            if wrong:
                raise SystemdError('; '.join(wrong))
            if noted['mask']:
                lasting.mask(self.host, noted['units'], self.answer['warnings'])
        else:
            self._start_missing(noted['back'])
        self.answer['changed'] = True
        self.answer['warnings'].append('%s: that is put right' % words)
        self.notes.forget(NOTE)
        self.left = _NOTHING

    def _busy(self, noted):
        """Refusal, as there is a trial."""
        seconds = self._seconds_left(noted)
        if seconds:
            self.answer['seconds'] = seconds
        return Refusal('busy', 'another run has stopped units of this host on trial%s' % (
            ', which may take %d s more' % seconds if seconds else ', and systemd is about to start them again'))

    def _seconds_left(self, noted):
        until = noted and noted.get('until')
        return max(0, -(-(until - self.host.now()) // self.host.ticks)) if until else 0

    def _try(self, record):
        """Begin a trial."""
        host, seconds = self.host, self.options['confirm']
        record['until'] = host.now() + seconds * host.ticks
        ends = host.clock() + seconds
        self.notes.note(NOTE, record)
        try:
            self.undo.arm(record['back'], seconds)
        except Exists:
            self.notes.forget(NOTE)
            raise self._busy(None) from None
        except (SystemdError, OSError) as exc:
            self.notes.forget(NOTE)
            raise Refusal('no_undo', 'the timer that would start the units again cannot be set, so that none is '
                                     'stopped (%s)' % what_failed(exc)) from exc
        if not self._stop(record, min(_MOST_STOPPING, seconds - _FOR_LOGIN), ends):
            return
        left = int(ends - host.clock())
        if left < 1:
            self._give_back(record, 'stopping took so long that nobody could have logged in on time', ends)
            return
        record.update(phase=TRIED, ticks=host.now())
        try:
            self.notes.note(NOTE, record)
        except OSError as exc:
            self._give_back(record, what_failed(exc), ends)
            return
        self.end('trial', '%s stopped; systemd starts them again in %d s unless a new login keeps it' % (
            are(record['units']), left), changed=True, seconds=left)

    def _stop(self, record, patience, ends):
        """Stop the units, and wait until nothing listens by them any more; where that fails, start them again.

        :param ends: when the timer starts them, by the clock of the host; None where there is none.
        :returns: bool, whether they are stopped.
        """
        host = self.host
        self.left = 'Units may be stopped: see "systemctl status -- %s"' % ' '.join(record['back'])
        try:
            host.stop(record['units'], patience)
            still = host.running(record['units'])
            if still and ends is not None and not self.undo.is_armed():
                raise SystemdError('%s started again meanwhile' % are(still))
        except SystemdError as exc:
            self._give_back(record, what_failed(exc), ends)
            return False
        wanted = {row['listener'] for row in record['rows'] if row['status'] == CLOSED and row['units']}
        until = host.clock() + _GONE_WITHIN
        while host.clock() < until and wanted.intersection(host.listening()):
            host.sleep(_PAUSE)
        return True

    def _give_back(self, record, reason, ends):
        """Start again what was stopped, and fail."""
        units = record['back']
        try:
            self.host.start(units)
        except SystemdError as exc:
            if ends is None:
                done = 'What was stopped could not be started again (%s). Do that: systemctl start -- %s' % (
                    what_failed(exc), ' '.join(units))
            else:
                done = 'What was stopped could not be started again at once (%s); systemd does that in %d s' % (
                    what_failed(exc), max(0, ends - self.host.clock()))
        else:
            done = 'What was stopped is started again, and nothing was disabled'
            if ends is not None:
                with contextlib.suppress(SystemdError):         # then it starts what runs already
                    self.undo.disarm()
            self.notes.forget(NOTE)
        self.end('failed', '%s. %s' % (reason, done), units=[], listeners=[])

    # keep and sweep

    def _keep(self):
        noted = self._own_note()
        if not noted:
            return
        is_armed = self.undo.is_armed()
        if noted['phase'] in (ARMED, TRIED):
            if not is_armed:
                self._revert(noted)
                return
            if not self._is_fresh(noted):
                return
            noted['phase'] = PROVED
            self.left = 'Systemd starts the units again, unless this is tried again in time'
            self.notes.note(NOTE, noted)
        self._go_on(noted, is_armed)

    def _sweep(self):
        noted = self._own_note()
        if not noted:
            return
        is_armed = self.undo.is_armed()
        if noted['phase'] == PROVED:
            self._go_on(noted, is_armed)
        elif is_armed:
            raise self._busy(noted)
        else:
            self._revert(noted)

    def _own_note(self):
        """dict: the notes on the trial of this run, where there is something to be done; else all is answered."""
        noted = self.notes.noted(NOTE)
        self.left = ''
        if noted and noted['token'] == self.token:
            if noted['phase'] != KEPT:
                return noted
            self.end(noted['status'], noted['msg'], changed=True, code=noted['code'], units=noted['units'],
                     listeners=noted['rows'])
        elif self.notes.is_booted() and self.undo.is_armed():
            raise self._busy(noted)
        else:
            self._end_without_notes()
        return None

    def _end_without_notes(self):
        """Answer what became of a trial of which nothing is noted any more, as a boot has lost that, or another run.

        Whoever asks has logged in anew. Where nothing of the trial runs, and no boot starts it, that login came without
        it, whether or not the trial was kept before the boot: so it is kept now.
        """
        host, lost = self.host, 'nothing of the trial is left: a boot ended it, or another run did'
        closed, listening = set(self.options['closed'] or self.options['listeners']), host.listening()
        silent = sorted(closed.difference(listening))
        if not silent:
            self.end('reverted', '%s. All listen again' % lost, units=self.options['units'])
            return
        units = [unit for unit in self.options['units'] if is_unit(unit)]
        if not host.are_loaded(units):
            units = []
        self.left = 'See "systemctl status -- %s"' % ' '.join(units) if units else ''
        running, enabled, awaited = host.running(units), host.enabled(units), host.awaited(units)
        if units and not (running or enabled or awaited) and closed.isdisjoint(listening):
            self._keep_after_boot(units)
            return
        self._start_missing([unit for unit in units if unit in enabled or unit in awaited])
        again = host.running(units)
        rest = [unit for unit in units if unit not in again]
        if again:
            self.end('reverted', '%s. %s running again%s' % (
                lost, are(again), '; %s not, and no boot changes that' % are(rest) if rest else ''), units=again)
        else:
            self.end('failed', '%s; %s not listening, and whether a new login has kept that is not known' % (
                lost, are(silent)))

    def _keep_after_boot(self, units):
        warnings = self.answer['warnings']
        warnings.append('a boot has ended the trial, or another run has. %s not running, and no boot changes that: it '
                        'is kept, since this login came without' % are(units))
        if self.options['mask']:
            lasting.mask(self.host, units, warnings)
        self.end('kept', '%s stopped and disabled' % are(units), changed=True, units=units)

    def _is_fresh(self, noted):
        """bool: whoever wants to keep this has logged in since the units stopped. If not, the answer says so."""
        if noted['ticks'] is None:
            raise ValueError('it is not known when the units were stopped, as that run was ended. Systemd starts them '
                             'again')
        from .._connection import fault_of_login
        connection = self.host.connection(self.options['ssh_connection'])
        self.answer['connection'] = connection and connection.about
        wrong = fault_of_login(connection, noted['ends'], noted['ticks'], 'the stop')
        if wrong:
            self.end('refused', wrong, code='not_fresh')
        return not wrong

    def _go_on(self, noted, is_armed):
        """Keep units stopped for good, once a login is proved; unless they were started again before that."""
        if is_armed:
            self.undo.disarm()
        if self.undo.has_begun():
            self._revert(noted)
        else:
            self._settle(noted)

    def _revert(self, noted):
        """Answer that nothing was kept, once all runs again."""
        self.left = 'See "systemctl status -- %s"' % ' '.join(noted['back'])
        self._start_missing(noted['back'])
        missing = set(noted['back']).difference(self.host.running(noted['back']))
        if missing:
            raise SystemdError('%s not started again' % are(missing))
        self.notes.forget(NOTE)
        rows = [dict(row, status=LEFT, reason='reverted') if row['status'] == CLOSED else row for row in noted['rows']]
        self.end('reverted', '%s started again, as no new login has kept it in time' % are(noted['back']),
                 units=noted['units'], listeners=rows)

    def _start_missing(self, units):
        """list of str: the units that had to be started. Raises SystemdError."""
        running = self.host.running(units)
        missing = [unit for unit in units if unit not in running]
        if missing:
            self.host.start(missing)
        return missing

    def _settle(self, record):
        """Make it last: disable, mask, end processes, look."""
        units = record['units']
        self.left = '%s stopped, and not all of them are disabled: run this again' % are(units) if units else (
            'Processes may have been ended')
        self.answer['changed'] = True
        wrong = lasting.disable(self.host, units, self.answer['warnings'])
        if record['mask']:
            lasting.mask(self.host, units, self.answer['warnings'])
        if record['processes']:
            self.host.end(record['processes'])
        self.host.sleep(_AFTERWARDS)
        code = 'not_disabled' if wrong else None
        try:
            rows = lasting.looked_at(self.host, record['rows'])
        except (CollectorError, OSError) as exc:
            rows, code = record['rows'], 'not_looked'
            wrong.append('what listens now could not be looked at: %s' % what_failed(exc))
        still = [row['listener'] for row in rows if row['status'] in STILL]
        if still:
            code = 'listens'
            wrong.insert(0, '%s still listening' % are(still))
        message = '%s stopped%s' % (are(units), '' if wrong else ' and disabled') if units else 'processes are ended'
        status = 'failed' if wrong else 'kept'
        self.end(status, '; '.join(wrong + [message]), code=code, units=units, listeners=rows)
        with contextlib.suppress(OSError):      # it is for whom this answer does not reach
            self.notes.note(NOTE, dict(record, phase=KEPT, rows=rows, status=status, msg=self.answer['msg'], code=code))
