"""Documents of commands, held against the schemas in ``templates/output``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema

from devenv.console import SCHEMA_VERSION
from devenv.schema.output import output_schema

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "templates" / "output"


def verbs() -> list[str]:
    """The commands that print JSON, as they are typed."""
    return sorted(path.stem.replace("-", " ") for path in OUTPUT.glob("*.json") if path.stem != "shared")


def schema(verb: str) -> dict[str, Any]:
    own = json.loads((OUTPUT / f"{verb.replace(' ', '-')}.json").read_text())
    return output_schema(verb, own, json.loads((OUTPUT / "shared.json").read_text()), SCHEMA_VERSION)


def checked(words: Sequence[str], text: str) -> Any:
    """The one document that a command printed. It has no key that is not described."""
    document = json.loads(text)
    known = verbs()
    typed = [word for word in words if not word.startswith("-")]
    if words[0] == "-C":
        typed = typed[1:]
    verb = next(name for name in (" ".join(typed[:2]), typed[0]) if name in known)
    jsonschema.validate(document, _closed(schema(verb)))
    return document


def _closed(described: Any) -> Any:
    """The same schema, which refuses keys that it does not describe."""
    if isinstance(described, list):
        return [_closed(item) for item in described]
    if not isinstance(described, dict):
        return described
    closed = {key: _closed(value) for key, value in described.items()}
    if isinstance(described.get("properties"), dict):
        closed["unevaluatedProperties"] = False
    return closed
