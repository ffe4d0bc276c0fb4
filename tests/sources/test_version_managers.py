"""What asdf and mise install."""

from __future__ import annotations

import pytest

from devenv.document import decode
from devenv.model.fact import Reading, Trust
from devenv.sources import registry
from devenv.sources.known import Known

KNOWN = Known({"postgres": "postgres", "redis": "redis", "python": "python"})
WANTED = "wanted by a version manager, not proven to run in production"


def read(name: str, text: str) -> Reading:
    return registry.parse([decode(f"app/{name}", text.encode(), day="2026-11-30")], KNOWN)


def test_servers_beside_runtimes() -> None:
    reading = read(".tool-versions", "python 3.12.4 3.11.9\npostgres 15.4 # ours\nredis latest\nterraform 1.9.0\n")
    assert [(fact.kind, fact.version, fact.note, fact.trust) for fact in reading.facts] == [
        ("python", "3.12.4", "", Trust.DECLARED),
        ("postgres", "15.4", WANTED, Trust.WANTED),
        ("redis", "", "states no version", Trust.WANTED),
    ]
    assert reading.facts[1].evidence.source == "version-managers"


@pytest.mark.parametrize("name", ["mise.toml", ".mise.toml"])
def test_mise(name: str) -> None:
    text = """
[env]
PASSWORD = "c4n4ry"
[tools]
python = ["3.12", "3.11"]
"asdf:postgres" = { version = "15.4", postinstall = "c4n4ry" }
"core:node" = "20"
java = "temurin-21.0.4"
"npm:prettier" = "3"
"""
    reading = read(name, text)
    assert [(fact.kind, fact.version, fact.evidence.attribute) for fact in reading.facts] == [
        ("python", "3.12", "tools.python"),
        ("postgres", "15.4", "tools.asdf:postgres"),
        ("node", "20", "tools.core:node"),
        ("java", "21.0.4", "tools.java"),
    ]
    assert "c4n4ry" not in repr(reading)


@pytest.mark.parametrize("text", ["tools = 3", "[tools]\npostgres = []", "[tools]\npostgres = [[1]]", "a = 1"])
def test_whatever_stands_there(text: str) -> None:
    assert all(not fact.version for fact in read("mise.toml", text).facts)
