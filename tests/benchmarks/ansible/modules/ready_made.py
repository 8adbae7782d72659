# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Throw-away module of the benchmark: returns facts that are ready-made in a file, the least that facts can cost."""

import json

from ansible.module_utils.basic import AnsibleModule


def main():
    """Read the facts and return them."""
    module = AnsibleModule(argument_spec={"path": {"type": "path", "required": True}}, supports_check_mode=True)
    with open(module.params["path"], "rb") as stream:
        facts = json.loads(stream.read().decode("utf-8"))
    module.exit_json(changed=False, ansible_facts=facts)


if __name__ == "__main__":
    main()
