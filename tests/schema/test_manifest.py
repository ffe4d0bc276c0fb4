"""The JSON Schema that editors complete from: what devenv takes, it takes."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import jsonschema
import pytest

from devenv.kinds import runtimes
from devenv.schema.manifest import json_schema
from tests.making import kinds

SCHEMA = json_schema(kinds(), runtimes())


def definition(name: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["$defs"][name]
    return found


def test_every_kind_is_in_it_with_its_own_keys() -> None:
    services = SCHEMA["properties"]["services"]["patternProperties"]
    (service,) = services.values()
    assert set(service["properties"]["kind"]["enum"]) == set(kinds())
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


def complaints(text: str) -> list[str]:
    """What an editor shows, with all that it hides behind 'other errors'."""
    document = tomllib.loads(f'[project]\nname = "shop"\n{text}')
    found = jsonschema.Draft202012Validator(SCHEMA).iter_errors(document)
    return [error.message for error in found]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[services.db]\nkind = "postgres"\nversion = "15"\nextension = []', "'extension' was unexpected"),
        ('[services.db]\nkind = "postgres"\nversion = 15', "15 is not of type 'string'"),
        ('[services.db]\nkind = "postgress"\nversion = "15"', "'postgress' is not one of"),
        ('[services.db]\nversion = "15"', "'kind' is a required property"),
        ('[runtimes]\nperl = "5"', "'perl' is not one of"),
    ],
)
def test_one_mistake_is_one_complaint(text: str, message: str) -> None:
    (found,) = complaints(text)
    assert message in found


def test_what_is_right() -> None:
    assert complaints('[services.db]\nkind = "postgres"\nversion = "15"\n[runtimes]\npython = "3.12.4"') == []
