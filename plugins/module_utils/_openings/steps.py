# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is opened and taken back, step by step.

``begin`` opens, which cuts nobody, and takes back what holds only until firewalld is loaded again. ``keep`` takes back
the rest, once somebody has logged in without what ``begin`` took. ``restore`` undoes that where nobody could.
"""

from .._addresses import intervals as iv
from . import arguments, backend, book
from .firewalld import RUNTIME, Firewalld
from .pieces import meet, needed, texts
from .ufw import Ufw

_MOST_SHOWN = 8


class Refused(Exception):
    """The host is as it was.

    :ivar code: str. The message is a sentence.
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


class Host:
    """The host, as far as the steps see it.

    :param run: as in ``commands.Tools``.
    :ivar is_root: bool. :ivar is_remote: bool, whether whoever asks comes through what is taken back.
    :ivar connection: callable that returns the connection in use, see ``_connection``, or None.
    :ivar now: callable that returns the ticks since the boot. :ivar book: str, the path of the book.
    :ivar backends: dict, name to one that has not been looked at.
    """

    def __init__(self, run, is_root, is_remote, connection, now, path=book.PATH, backends=(Firewalld, Ufw)):
        self.is_root, self.is_remote, self.connection, self.now, self.book = is_root, is_remote, connection, now, path
        self.backends = {kind.name: kind(run) for kind in backends}


def run(host, options, check=False):
    """Do a step: the answer of the module.

    :param options: as of ``arguments``.
    """
    try:
        wanted = arguments.asked(options)
        if options['step'] == arguments.BEGIN:
            return begin(wanted, host, check)
        return restore(host) if options['step'] == arguments.RESTORE else keep(wanted, host, options['began'] or 0)
    except Refused as exc:
        return {'status': 'refused', 'code': exc.code, 'msg': str(exc), 'changed': False, 'failed': True}
    except (ValueError, book.BookError) as exc:
        return {'status': 'failed', 'code': None, 'msg': str(exc), 'changed': False, 'failed': True}


def begin(asked, host, check=False):
    """Open what is to be open, and begin to take back what is not. Raises Refused, BookError.

    :param check: bool, whether to change nothing.
    :returns: dict, the answer of the module. Its status is ``unchanged``, ``planned``, ``kept``, ``failed``, or
        ``trial``: something has to be taken back yet, by ``keep``, with what the answer says of when it ``began``.
    """
    case = Case(asked, host)
    case.look()
    additions, removals = case.additions(), case.removals
    if check:
        return case.answer('planned' if additions or removals else 'unchanged', additions)
    case.forget()
    case.open(additions)
    if case.failed:
        removals.clear()        # what is still wanted of them may be what was not opened
        return case.answer('failed', additions)
    if case.take_back(last=False) and host.is_remote and asked.confirm:
        return dict(case.answer('trial', additions), began=host.now())
    case.take_back(last=True)
    return case.answer('kept' if additions or removals else 'unchanged', additions)


def keep(asked, host, began):
    """Take back the rest. It may be repeated. Raises Refused, BookError.

    :param began: int, when what ``begin`` took was gone: the connection in use has to be newer.
    """
    connection = host.connection()
    if host.is_remote and (not connection or connection.started <= began):
        raise Refused('not_fresh', 'the connection in use is not newer than what was taken back')
    if asked.keep is not None:
        asked = asked._replace(keep=[*asked.keep, *(opening.rule for opening in asked.openings)])
    case = Case(asked._replace(openings=()), host)
    case.look()
    for last in (False, True):
        case.take_back(last)
    return case.answer('kept', {})


def restore(host):
    """Put back what ``begin`` took, and ``keep`` has not made an end of. Raises Refused, BookError."""
    case = Case(arguments.Asked((), None, False, (), True), host)
    case.look(case.book)
    case.put_back([piece for piece, places in case.book.items() if RUNTIME in places and piece.backend in case.looked
                   and not case.looked[piece.backend].has(piece, RUNTIME)])
    return case.answer('reverted', {})


class Case:
    """One run of a step. Raises Refused, BookError.

    :ivar book: dict, see ``book.read``. :ivar looked: dict, name to a backend that was looked at.
    :ivar removals: dict, Piece that is taken back to the parts of it that are still wanted.
    :ivar failed: list of str, what a firewall was told and did not do.
    """

    def __init__(self, asked, host):
        if not host.is_root:
            raise Refused('no_root', 'only root can change firewalld and ufw: use become')
        self._asked, self._host = asked, host
        self.book = book.read(host.book)
        self.looked, self.removals, self.failed = {}, {}, []
        self._connection, self._left, self._errors, self._gone = None, [], [], []

    def look(self, more=()):
        """Look at the firewalls that this is about, and at who came by what is to be taken back.

        Raises Refused where a firewall that is to be opened is not there, or it is not known who came.

        :param more: pieces that this is about too.
        """
        wanted, missing = {opening.backend for opening in self._asked.openings}, {}
        candidates = self._candidates()
        for name in sorted(wanted.union(piece.backend for piece in [*candidates, *more])):
            try:
                self._host.backends[name].look()
                self.looked[name] = self._host.backends[name]
            except backend.Missing as exc:
                if name in wanted:
                    raise Refused(exc.code, '%s, so that nothing can be opened in it' % exc) from exc
                missing[name] = str(exc)
        if candidates:
            self._connection = self._host.connection()
            if not self._connection and self._host.is_remote:
                raise Refused('connection_hidden', 'openings have to be taken back, and it is not known by which of '
                                                   'them the connection in use comes: nothing was changed')
        for piece, parts in candidates.items():
            reason = self._in_the_way(piece, missing)
            if piece.backend in self.looked and not self._is_there(piece):
                self._gone.append(piece)
            elif reason:
                self._left.append(dict(_of_piece(piece), listener=None, reason=reason[0], message=reason[1]))
            else:
                self.removals[piece] = parts

    def _is_there(self, piece):
        """bool: a piece of ours is still where it was added."""
        return any(self.looked[piece.backend].has(piece, place) for place in self.book[piece])

    def forget(self):
        """Strike out of the book what somebody else has taken back."""
        if self._gone:
            for piece in self._gone:
                del self.book[piece]
            book.write(self.book, self._host.book)

    def _again(self, name, places):
        """Look once more at a firewall, after it was changed in these places. Raises Refused."""
        try:
            self.looked[name].look(places)
        except backend.Missing as exc:
            raise Refused(exc.code, '%s any more, after it was told to change. What is written down as added is in %s'
                          % (exc, self._host.book)) from exc

    def _candidates(self):
        """dict: pieces of ours that are not wanted as they are, to what of each is."""
        if self._asked.is_absent:
            return dict.fromkeys(self.book, ())
        if self._asked.keep is None:
            return {}
        wanted = [(rule.protocol, rule.ports, rule.sources)
                  for rule in [*self._asked.keep, *(opening.rule for opening in self._asked.openings)]]
        parts = {piece: needed(piece, wanted) for piece in self.book}
        return {piece: some for piece, some in parts.items() if some != [piece]}

    def _in_the_way(self, piece, missing):
        """Tell why a piece of ours stays: tuple of reason and message, or None."""
        if piece.backend in missing:
            return 'not_running', '%s stays: %s' % (piece, missing[piece.backend])
        connection = self._connection
        if connection and piece.protocol == 'tcp' and iv.contains(piece.ports, connection.port):
            return 'in_use', '%s stays: the connection in use came to port %d' % (piece, connection.port)
        protected = [network for network in self._asked.protected if meet(network, piece.source)]
        if protected:
            return 'in_use', '%s stays: %s is protected, and may come by it' % (piece, protected[0])
        return None

    def additions(self):
        """Find what has to be added: dict, Piece to the list of places in which it is missing."""
        pieces = []
        for opening in self._asked.openings:
            try:
                some, left = self.looked[opening.backend].pieces(opening.rule, opening.interface)
            except backend.Missing as exc:
                raise Refused(exc.code, '%s, so that nothing can be opened in it' % exc) from exc
            pieces += some
            self._left += [_of_opening(opening, *reason) for reason in left]
        for piece, parts in self.removals.items():
            pieces += [split for part in parts for split in self.looked[piece.backend].split(part)]
        result = {}
        for piece in pieces:
            firewall = self.looked[piece.backend]
            places = [place for place in firewall.places if not firewall.has(piece, place)]
            if places and not self._is_ours(piece):
                result[piece] = places
        return result

    def _is_ours(self, piece):
        """bool: openings of ours, which are there and stay, let in all whom a piece would."""
        firewall = self.looked[piece.backend]
        spans = [other.ports for other in self.book if other._replace(ports=()) == piece._replace(ports=())
                 and other not in self.removals and all(firewall.has(other, place) for place in firewall.places)]
        return iv.isect(iv.united(spans), piece.ports) == piece.ports

    def open(self, additions):
        """Add pieces, and write down before that which of them are ours. What a firewall refuses is taken out.

        :param additions: as from ``additions``.
        """
        if not additions:
            return
        # where somebody has one for good, it is not ours, although it was missing at run time
        self.book.update((piece, tuple(places)) for piece, places in additions.items()
                         if places[-1] == self.looked[piece.backend].places[-1])
        book.write(self.book, self._host.book)
        for name, pieces in _by_backend(additions).items():
            firewall = self.looked[name]
            self._again(name, [place for place in firewall.places if self._tell(
                firewall.add, [piece for piece in pieces if place in additions[piece]], place)])
            refused = [piece for piece in pieces if not all(firewall.has(piece, place) for place in firewall.places)]
            for place in firewall.places:
                self._tell(firewall.remove, [piece for piece in refused if place in additions[piece]
                                             and firewall.has(piece, place)], place)
            for piece in refused:
                self.book.pop(piece, None)
                del additions[piece]
                self.failed.append('%s was not opened' % (piece,))
        if self.failed:
            book.write(self.book, self._host.book)

    def _tell(self, change, pieces, place):
        """Change a firewall where there is something to change: whether there is."""
        error = change(pieces, place) if pieces else None
        if error:
            self._errors.append(error)
        return bool(pieces)

    def take_back(self, last):
        """Take back what is to be.

        :param last: bool, whether from the last of the places, after which it is ours no longer; else from the others.
        :returns: bool, whether there was something to take.
        """
        told = False
        for name, pieces in _by_backend(self.removals).items():
            firewall = self.looked[name]
            places = firewall.places[-1:] if last else firewall.places[:-1]
            changed = [place for place in places if self._tell(
                firewall.remove, [piece for piece in pieces if place in self.book[piece]
                                  and firewall.has(piece, place)], place)]
            if changed:
                self._again(name, changed)
                told = True
            for piece in pieces:
                if any(place in self.book[piece] and firewall.has(piece, place) for place in places):
                    self.failed.append('%s was not taken back' % (piece,))
                    del self.removals[piece]
                elif last:
                    del self.book[piece]
                    self._note_runtime(piece, firewall)
        if last and self.removals:
            book.write(self.book, self._host.book)
        return told

    def put_back(self, pieces):
        """Add pieces again at run time."""
        for name, some in _by_backend(pieces).items():
            firewall = self.looked[name]
            self._tell(firewall.add, some, RUNTIME)
            self._again(name, [RUNTIME])
            self.failed += ['%s was not put back' % (piece,) for piece in some if not firewall.has(piece, RUNTIME)]

    def _note_runtime(self, piece, firewall):
        """Leave what somebody had opened at run time before it was opened for good."""
        if any(firewall.has(piece, place) for place in firewall.places):
            self._left.append(dict(_of_piece(piece), listener=None, reason='runtime', message=(
                '%s stays until firewalld is loaded again: it was open at run time before' % (piece,))))

    def answer(self, status, additions):
        """dict: the answer of the module.

        :param additions: as from ``additions``.
        """
        failed = bool(self.failed) and status != 'trial'
        result = {
            'status': 'failed' if failed else status, 'changed': bool(additions or self.removals), 'left': self._left,
            'opened': [_of_piece(piece) for piece in sorted(additions, key=str)],
            'closed': [_of_piece(piece) for piece in sorted(self.removals, key=str)],
            'diff': {'before': _lines(self.removals), 'after': _lines(additions)},
            'msg': self._message(status, additions)}
        return dict(result, failed=True) if failed else result

    def _message(self, status, additions):
        would = 'would be ' if status == 'planned' else ''
        parts = ['%s%s: %s' % (would, word, _some(sorted(map(str, pieces))))
                 for word, pieces in (('opened', additions), ('taken back', self.removals)) if pieces]
        if self.failed:
            parts.insert(0, _some(self.failed) + (' (%s)' % _some(self._errors) if self._errors else ''))
        if self._left:
            parts.append(_some([entry['message'] for entry in self._left]))
        return '; '.join(parts) or 'nothing has to be opened or taken back'


def _by_backend(pieces):
    """dict: name of a backend to list of Piece, in the order of their words."""
    result = {}
    for piece in sorted(pieces, key=str):
        result.setdefault(piece.backend, []).append(piece)
    return result


def _of_piece(piece):
    """dict: a piece as answers have it, which is that of an opening."""
    return {'backend': piece.backend, 'zone': piece.zone, 'protocol': piece.protocol, 'ports': texts(piece.ports),
            'sources': None if piece.source is None else [piece.source]}


def _of_opening(opening, source, reason, message):
    """dict: what is left of an opening, or all of it where the source is None."""
    sources = opening.rule.sources if source is None else (source,)
    left = {'backend': opening.backend, 'zone': None, 'protocol': opening.rule.protocol,
            'ports': texts(opening.rule.ports), 'sources': None if sources is None else list(sources)}
    return dict(left, listener=opening.listener, reason=reason, message=message)


def _lines(pieces):
    return ''.join(sorted('%s\n' % (piece,) for piece in pieces))


def _some(sentences):
    more = len(sentences) - _MOST_SHOWN
    return '; '.join(sentences[:_MOST_SHOWN]) + (' and %d more' % more if more > 0 else '')
