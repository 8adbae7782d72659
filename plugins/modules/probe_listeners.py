#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The documentation is in probe_listeners.yml: this file is sent to, and compiled on, every host at every run.

import json
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.listening.ports.plugins.module_utils import _compile_once

_compile_once.install()

from ansible_collections.listening.ports.plugins.module_utils._addresses.scopes import FAMILIES
from ansible_collections.listening.ports.plugins.module_utils._probe.arguments import ARGUMENTS
from ansible_collections.listening.ports.plugins.module_utils._probe.endpoints import EndpointError, parse
from ansible_collections.listening.ports.plugins.module_utils._probe.prober import MOST_PARALLEL, Prober, counts

# the least and the most that makes sense
LIMITS = (('timeout', 0.01, 60), ('total_timeout', 0.01, 3600), ('max_parallel', 1, MOST_PARALLEL))


def main():
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    given = module.params
    for name, least, most in LIMITS:
        if not least <= given[name] <= most:
            module.fail_json(msg='%s has to be from %s to %s, not %s' % (name, least, most, given[name]))
    began = time.time()
    try:
        wanted = [parse(value, 'endpoints[%d]' % number) for number, value in enumerate(given['endpoints'])]
        prober = Prober(given['timeout'], given['total_timeout'], given['max_parallel'], given['source'],
                        FAMILIES.get(given['family']))
    except EndpointError as exc:
        module.fail_json(msg=str(exc))
    probes = prober.probe(wanted)
    result = {'counts': counts(probes), 'elapsed': round(time.time() - began, 3)}
    result.update({'packed': json.dumps(probes)} if given['result'] == 'packed' else {'probes': probes})
    module.exit_json(**result)


if __name__ == '__main__':
    main()
