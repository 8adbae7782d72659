# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes what follows from the options of an entry: the JSON Schema for editors, and their documentation. And the
schemas of what programs read: facts, records and reports.

Run it after a change of plugins/plugin_utils/_policy/language/options.py, or of a shape. It needs PyYAML.
"""

import importlib
import json
import pathlib
import re
import sys
import tempfile
from types import ModuleType
from typing import Any, Callable, Iterable, Mapping, Optional, Sequence

import yaml

sys.path.append(str(pathlib.Path(__file__).parent))
import shape_schemas  # noqa: E402

Schema = dict[str, Any]
Options = Mapping[str, Mapping[str, Any]]
Types = Mapping[str, Callable[[Optional[Sequence[str]]], Schema]]

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "docs/listeners.schema.json"
FRAGMENT = ROOT / "plugins/doc_fragments/declaration.py"

ABOUT = {
    "expected": "What is expected to listen, instead of the variables C(expected_listeners) and the like.",
    "waivers": "Findings to waive for a time, instead of the variables C(listener_waivers) and the like.",
}
# The type of an option, as Ansible documents it
DOCUMENTED = {
    "str": {"type": "str"}, "bool": {"type": "bool"}, "strings": {"type": "list", "elements": "str"},
    "ports": {"type": "raw"}, "count": {"type": "raw"}, "expression": {"type": "str"}, "date": {"type": "str"},
}
TEMPLATE = {"type": "string", "pattern": r"\{\{|\{%"}
BOOLEAN = {"anyOf": [{"type": "boolean"}, {"enum": ["true", "false", "yes", "no", "on", "off"]}]}
HEADER = '''\
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Made by tests/tools/make_schema.py of plugins/plugin_utils/_policy/language/options.py.


class ModuleDocFragment:
    """The options of a declaration."""

    DOCUMENTATION = r"""
'''


def load() -> list[ModuleType]:
    """Load the modules options and merge of this checkout."""
    name = "ansible_collections.listening.ports.plugins.plugin_utils._policy"
    try:
        importlib.import_module(name)
    except ImportError:
        tree = pathlib.Path(tempfile.mkdtemp())
        (tree / "ansible_collections/listening").mkdir(parents=True)
        (tree / "ansible_collections/listening/ports").symlink_to(ROOT)
        sys.path.insert(0, str(tree))
    return [importlib.import_module("%s.%s" % (name, room)) for room in ("language.options", "declaration.merge")]


def documentation(options: Options) -> dict[str, dict[str, Any]]:
    """Return the options as Ansible documents them."""
    documented: dict[str, dict[str, Any]] = {}
    for name, option in options.items():
        entry = documented[name] = {"description": list(option["description"]), **DOCUMENTED[option["type"]]}
        if option.get("required"):
            entry["required"] = True
        if "choices" in option:
            entry["choices"] = list(option["choices"])
        if "default" in option:
            entry["default"] = option["default"]
    return documented


def fragment() -> str:
    """Return the text of FRAGMENT."""
    options = load()[0]
    content = {"options": {name: {
        "description": [ABOUT[name]], "type": "list", "elements": "dict", "suboptions": documentation(suboptions),
    } for name, suboptions in (("expected", options.ENTRY), ("waivers", options.WAIVER))}}
    return HEADER + yaml.safe_dump(content, sort_keys=False, width=110, allow_unicode=True) + '"""\n'


def _plain(sentences: Iterable[str]) -> str:
    return re.sub(r"\b[VC]\((.*?)\)", r"\1", " ".join(sentences))


def _or_template(*schemas: Schema) -> Schema:
    return {"anyOf": [*schemas, TEMPLATE]}


def _strings(choices: Optional[Sequence[str]]) -> Schema:
    text: Schema = _or_template({"enum": list(choices)}) if choices else {"type": ["string", "number"]}
    return _or_template(text, {"type": "array", "items": text, "minItems": 1})


def _types(protocols: Iterable[str]) -> Types:
    """Return the schemas of the types of options, as functions of the words that are allowed."""
    port: Schema = {"anyOf": [
        {"type": "integer", "minimum": 1, "maximum": 65535}, TEMPLATE,
        {"type": "string", "pattern": r"^[^/{]*[^/{\s][^/{]*(/\s*(%s)\s*)?$" % "|".join(protocols)}]}
    return {
        "str": lambda choices: _or_template({"enum": list(choices)}) if choices else {"type": ["string", "number"]},
        "bool": lambda choices: _or_template(BOOLEAN),
        "strings": _strings,
        "ports": lambda choices: {"anyOf": [port, {"type": "array", "items": port, "minItems": 1}]},
        "count": lambda choices: _or_template({"type": "integer", "minimum": 1}, {"enum": ["any"]}),
        "expression": lambda choices: {"type": "string"},
        "date": lambda choices: _or_template({"enum": ["never"]}, {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}),
    }


def _mapping(options: Options, types: Types, needed: Schema) -> Schema:
    properties: dict[str, Schema] = {}
    for name, option in options.items():
        properties[name] = {
            "description": _plain(option["description"]), **types[option["type"]](option.get("choices"))}
        if "default" in option:
            properties[name]["default"] = option["default"]
    mapping: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    required = [name for name, option in options.items() if option.get("required")]
    if required:
        mapping["required"] = required
    return {**mapping, **needed}


def _switches(switches: Mapping[str, tuple[object, Optional[Sequence[str]]]]) -> dict[str, Schema]:
    properties = {}
    for name, (default, words) in switches.items():
        value: Schema = {"enum": list(words)} if words else {"type": "integer", "minimum": 0}
        properties[name] = {**_or_template(value), "default": default}
    return properties


def _settings(settings: Mapping[str, tuple[object, str]]) -> dict[str, Schema]:
    values: dict[str, Schema] = {
        "path": {"type": "string", "pattern": r"\S"},
        "days": {"type": "integer", "minimum": 0},
        "networks": _strings(None),
    }
    return {name: {**_or_template(values[kind]), **({"default": default} if default is not None else {})}
            for name, (default, kind) in settings.items()}


def schema() -> str:
    """Return the text of SCHEMA."""
    options, merge = load()
    types = _types(options.PROTOCOLS)

    def names(stem: str) -> str:
        return r"^(%s(_[A-Za-z0-9_]+)?|[A-Za-z0-9_]+_%s)$" % (stem, stem)

    def list_of(what: str) -> Schema:
        return _or_template({"type": "array", "items": _or_template({"$ref": "#/definitions/%s" % what})})

    content = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Variables of listening.ports: what is expected to listen, and waivers",
        "type": "object",
        "patternProperties": {names(merge.ENTRIES): list_of("entry"), names(merge.WAIVERS): list_of("waiver")},
        "properties": {**_switches(options.SWITCHES), **_settings(options.SETTINGS)},
        "definitions": {
            "entry": _mapping(options.ENTRY, types, {"oneOf": [{"required": ["port"]}, {"required": ["ports"]}]}),
            "waiver": _mapping(options.WAIVER, types, {"not": {"required": ["port", "ports"]}}),
        },
    }
    return json.dumps(content, indent=2) + "\n"


def main() -> None:
    """Write all files."""
    load()
    of_shapes = [(ROOT / path, text) for path, text in shape_schemas.documents().items()]
    for path, text in [(SCHEMA, schema()), (FRAGMENT, fragment()), *of_shapes]:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
