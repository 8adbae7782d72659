#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Returns facts as a host does that wants others to let it in from elsewhere."""

from ansible.module_utils.basic import AnsibleModule


def main():
    """Return the facts that are asked for."""
    module = AnsibleModule({'facts': {'type': 'dict', 'required': True}})
    module.exit_json(ansible_facts=module.params['facts'])


if __name__ == '__main__':
    main()
