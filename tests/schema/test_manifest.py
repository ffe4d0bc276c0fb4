"""The JSON Schema that editors complete from: what devenv takes, it takes."""

from __future__ import annotations

import json
from typing import Any

from devenv.schema.manifest import json_schema
from tests.making import kinds

SCHEMA = json_schema(kinds())


def definition(name: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["$defs"][name]
    return found


def test_every_kind_is_in_it_with_its_own_keys() -> None:
    services = SCHEMA["properties"]["services"]["patternProperties"]
    (service,) = services.values()
    assert set(service["discriminator"]["mapping"]) == set(kinds())
    assert definition("Service_redis")["properties"]["database"] == {
        "default": 0,
        "description": "The number of the database in the URL.",
        "title": "Database",
        "type": "integer",
    }


def test_what_must_be_said() -> None:
    assert SCHEMA["required"] == ["project"]
    assert set(definition("Service_postgres")["required"]) == {"kind", "version"}
    assert set(definition("Service_container")["required"]) == {"kind", "image"}


def test_no_key_but_those() -> None:
    assert [name for name in SCHEMA["$defs"] if definition(name).get("additionalProperties", True)] == ["Open"]


def test_nothing_is_null() -> None:
    assert "null" not in json.dumps(SCHEMA)


def test_it_says_what_it_is() -> None:
    assert (SCHEMA["$schema"], SCHEMA["title"]) == ("https://json-schema.org/draft/2020-12/schema", "devenv.toml")
