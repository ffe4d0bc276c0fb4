"""The JSON Schema of what a command prints with ``--format json``.

``templates/output/<verb>.json`` holds the keys of each command, ``shared.json`` what several of them report.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def output_schema(verb: str, own: Mapping[str, Any], shared: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The whole schema of a command's document. ``own`` and ``shared`` are those files, parsed.

    Every document has ``schema_version``. One of a command that failed has ``error``, and of the command's own keys
    those that were known until then.
    """
    head = {
        "schema_version": {"const": version, "description": "Changes when a key changes its meaning or goes away."},
        "error": {"$ref": "#/$defs/error"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"devenv {verb} --format json",
        "description": own["description"],
        "type": "object",
        "properties": head | own["properties"],
        "required": ["schema_version"],
        "if": {"not": {"required": ["error"]}},
        "then": {"required": own["required"]},
        "$defs": shared["$defs"],
    }
