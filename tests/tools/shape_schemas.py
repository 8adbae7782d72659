# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the JSON Schemas of facts, records and reports from the types that the collection has for them."""

import dataclasses
import importlib
import json
import types
import typing
from typing import Any

Schema = dict[str, Any]
PLUGIN_UTILS = "ansible_collections.listening.ports.plugins.plugin_utils."
REPOSITORY = "https://raw.githubusercontent.com/listening/ports/main/"
# Where each is published, the type that it is made from, and its title
DOCUMENTS = {
    "docs/schemas/facts.schema.json": ("_shape", "Facts", "The facts ansible_listening_ports of listening.ports"),
    "docs/schemas/record.schema.json": ("_shape", "Record", "A record of a host by listening.ports"),
    "docs/schemas/report.schema.json": ("_report.formats.to_json", "Document", "report.json of listening.ports"),
}
# Left out of the evidence, see to_json: they are at the top of the document
AT_THE_TOP = {"Evidence": ("run_id", "generated_at")}
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def documents() -> dict[str, str]:
    """Return the text of each, by its path in the repository. The collection has to be importable."""
    return {path: _document(path, *source) for path, source in DOCUMENTS.items()}


def _document(path: str, module: str, name: str, title: str) -> str:
    definitions: dict[str, Schema] = {}
    top = _of(getattr(importlib.import_module(PLUGIN_UTILS + module), name), definitions)
    return json.dumps({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": REPOSITORY + path, "title": title, **top,
        "$defs": dict(sorted(definitions.items()))}, indent=2) + "\n"


def _of(kind: Any, definitions: dict[str, Schema]) -> Schema:
    """Return the schema of a type; that of one with keys is put into the definitions."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is Any:
        return {}
    if kind in PLAIN:
        return {"type": PLAIN[kind]}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_of(argument, definitions) for argument in arguments]}
    if isinstance(origin, type) and issubclass(origin, dict) or origin is not None and "Mapping" in str(origin):
        return {"type": "object", "additionalProperties": _of(arguments[1], definitions)}
    if origin is not None:
        return {"type": "array", "items": _of(arguments[0], definitions)}
    if kind.__name__ not in definitions:
        definitions[kind.__name__] = {}     # it may have itself in it
        definitions[kind.__name__] = _with_keys(kind, definitions)
    return {"$ref": "#/$defs/%s" % kind.__name__}


def _with_keys(kind: Any, definitions: dict[str, Schema]) -> Schema:
    hints = {name: hint for name, hint in typing.get_type_hints(kind).items()
             if name not in AT_THE_TOP.get(kind.__name__, ())}
    if not (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields") or typing.is_typeddict(kind)):
        raise TypeError("what is a %r in JSON?" % kind)
    required = getattr(kind, "__required_keys__", hints)
    return {
        "type": "object", "description": (kind.__doc__ or "").split("\n\n")[0].replace("\n    ", " ").strip(),
        "properties": {name: _of(hint, definitions) for name, hint in hints.items()},
        "required": sorted(name for name in hints if name in required), "additionalProperties": False}
