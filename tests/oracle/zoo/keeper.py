# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Process 1 of the zoo's namespaces: runs what the tests ask for, in there.

Requests and answers are lines of JSON. Process 1 ends when the pipe to the tests closes, and the kernel then kills
every process of the PID namespace.
"""

import importlib
import json
import os
import sys
import traceback

from zoo import linux


def _function(name):
    module, dummy, attribute = name.partition(':')
    return getattr(importlib.import_module(module), attribute)


def run_apart(function, arguments):
    """Call a function in a process of its own: what it changes about itself ends with it.

    :returns: what the function returns, which must fit JSON.
    :raises RuntimeError: it failed, with its traceback.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.close(reader)
            answer = _answer(function, arguments)
            with open(writer, 'wb') as stream:
                stream.write(answer)
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, 'rb') as stream:
        answer = stream.read()
    os.waitpid(pid, 0)
    message = json.loads(answer) if answer else {'error': 'the process ended without an answer'}
    if 'error' in message:
        raise RuntimeError(message['error'])
    return message['result']


def _answer(function, arguments):
    try:
        return json.dumps({'result': function(**arguments)}).encode('ascii')
    except BaseException:
        return json.dumps({'error': traceback.format_exc()}).encode('ascii')


def _main():
    requests, answers = os.fdopen(os.dup(0), 'rb'), os.fdopen(os.dup(1), 'wb')
    os.dup2(os.open('/dev/null', os.O_RDONLY), 0)
    os.dup2(2, 1)                                       # whatever prints must not answer
    linux.mount('sysfs', '/sys', 'sysfs')               # that of the machine shows the devices of the machine
    for line in requests:
        request = json.loads(line)
        try:
            function = _function(request['function'])
            if request['isolated']:
                answer = _answer(run_apart, {'function': function, 'arguments': request['arguments']})
            else:
                answer = _answer(function, request['arguments'])
        except BaseException:                           # of a broken import, whatever it raises
            answer = json.dumps({'error': traceback.format_exc()}).encode('ascii')
        answers.write(answer + b'\n')
        answers.flush()


if __name__ == '__main__':
    sys.exit(_main())
