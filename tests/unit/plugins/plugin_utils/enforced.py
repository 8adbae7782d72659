# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tasks register that plan, close and filter, to be changed by a test."""

STRAY, NGINX, DATABASE = 'tcp/0.0.0.0:31337', 'tcp/0.0.0.0:80', 'tcp/0.0.0.0:5432'
ANYONE = ['0.0.0.0/0', '::/0']


def row(listener=STRAY, status='closed', reason=None, **more):
    """What stop_listener says of a listener."""
    return {'listener': listener, 'status': status, 'reason': reason, 'about': {}, 'units': [], 'bystanders': [],
            'again': [], 'processes': [], 'command': None, **more}


def process(pid=7, name='node'):
    return {'pid': pid, 'process': name, 'exe': None}


def effect(listener=DATABASE, **more):
    """Who would lose what by rules."""
    return {'listener': listener, 'protocol': 'tcp', 'port': 5432, 'published': False, 'loses': ANYONE, 'gains': [],
            'before': ANYONE, 'after': [], 'connections': 2, **more}


def left(listener=NGINX, action='close', reason='serves_others', message='nginx serves 443, too', command=None):
    return {'action': action, 'listener': listener, 'reason': reason, 'message': message, 'command': command}


STOPPED = row(units=['stray.service', 'stray.socket'])
FILTER = {'rules': [{'protocol': 'tcp', 'ports': [5432], 'sources': []}], 'others': 'accept', 'published': False}
EFFECT, LEFT = effect(), left()


def planned(status='planned', stops=(STOPPED,), effects=(EFFECT,), lefts=(LEFT,), **more):
    """What plan_listeners returns."""
    return {'status': status, 'changed': False, 'msg': 'web-1: a plan.', 'refusal': None, 'stops': list(stops),
            'effects': list(effects), **more,
            'plan': {'close': [stop['listener'] for stop in stops], 'filter': FILTER, 'open': [], 'keep': None,
                     'left': list(lefts), **more.get('plan', {})}}


def closed(*rows, status='kept', **more):
    """What stop_listener returns."""
    return {'status': status, 'changed': True, 'listeners': list(rows), 'msg': 'web-1: closed.', **more}


def filtered(*effects, status='kept', **more):
    """What port_filter returns."""
    return {'status': status, 'changed': True, 'effects': list(effects), 'msg': 'web-1: filtered.', **more}
