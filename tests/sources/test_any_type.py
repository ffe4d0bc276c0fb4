"""No reader trusts the type or the size of a value: at every key of a valid document every type of JSON is tried, and
for every text one that is far too long, too deep, or not printable.

Each folder of ``samples`` is named as a row of the registry, and holds one folder for each set of documents that are
read together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devenv.document import Document, at, decode
from devenv.nesting import DEEPEST
from devenv.sources import registry, terraform
from devenv.sources.known import Known

SAMPLES = Path(__file__).parent / "samples"
CASES = sorted(path for path in SAMPLES.glob("*/*"))
KNOWN = Known(
    {
        "bitnami/postgresql": "postgres",
        "bitnami/redis": "redis",
        "clickhouse/clickhouse-server": "clickhouse",
        "memcached": "memcached",
        "mysql": "mysql",
        "postgres": "postgres",
        "rabbitmq": "rabbitmq",
        "redis": "redis",
    },
    {"postgresql": (("14.0.3", "16.2.0"), ("15.2.11", "16.3.0"))},
)
#: Every type, also where it begins to resemble what readers look for.
VALUES = (None, True, 7, "x: [", ["x"], [[{}]], {}, {"name": {"image": []}})
#: What a list repeats after this many entries is read as these are.
ENTRIES = 4
#: No text of a fact is longer, and no note twice as long.
LONGEST = 600
#: Sources whose documents have no keys: lines of text alone.
OF_LINES: frozenset[str] = frozenset()
#: Sources that only name what they do not read.
WITHOUT_FACTS = frozenset(["unread"])


def documents(case: Path) -> list[Document]:
    return [
        decode(path.name, path.read_bytes(), asked=path.name.startswith("printed"), day="2026-11-30")
        for path in sorted(case.iterdir())
    ]


def name(case: Path) -> str:
    return f"{case.parent.name}-{case.name}"


def test_every_source_has_a_sample() -> None:
    assert {path.name for path in SAMPLES.iterdir()} | OF_LINES == {source.name for source in registry.SOURCES}


@pytest.mark.parametrize("case", CASES, ids=name)
def test_samples_are_read_by_their_source(case: Path) -> None:
    found = documents(case)
    sources = [registry.source_of(document) for document in found]
    assert [source.name for source in sources if source] == [case.parent.name] * len(found)
    assert registry.parse(found, KNOWN).facts or case.parent.name in WITHOUT_FACTS


@pytest.mark.parametrize("case", CASES, ids=name)
def test_any_type_at_any_key(case: Path) -> None:
    found = documents(case)
    for index, document in enumerate(found):
        for changed in _changed(document):
            read([*found[:index], changed, *found[index + 1 :]], case.parent.name)


@pytest.mark.parametrize("case", CASES, ids=name)
def test_any_type_at_any_key_of_a_text(case: Path) -> None:
    """As it comes from a file: what is left out of states and plans is decided while a text is decoded."""
    for document in documents(case):
        for changed in _changed(document) if document.format == "json" else ():
            decode("x.json", json.dumps(changed.value).encode(), keep=terraform.kept)


def _deep(levels: int) -> Any:
    value: Any = "postgres:15.4"
    for _ in range(levels):
        value = {"image": [value]}
    return value


#: In place of a text: numbers without end, texts of one sign that a pattern may repeat, what no terminal shows, depth.
HOSTILE = [
    "9" * 5_000,
    "postgres:15" + ".4-a" * 2_000,
    " " * 5_000 + "x",
    "a: b,\n" * 2_000,
    "postgres:15.4\n\x1b[2J\0\u202e\ud800",
    _deep(DEEPEST // 2),
]


@pytest.mark.parametrize("case", CASES, ids=name)
def test_any_size_in_place_of_a_text(case: Path) -> None:
    found = documents(case)
    for index, document in enumerate(found):
        for number, value in enumerate(document.values):
            for path in _paths(value, ()):
                if not isinstance(at(value, *path), str):
                    continue
                for other in HOSTILE:
                    values = [*document.values[:number], _with(value, path, other), *document.values[number + 1 :]]
                    changed = replace(document, values=tuple(values))
                    read([*found[:index], changed, *found[index + 1 :]], case.parent.name)


@pytest.mark.parametrize("source", ["compose", "kubernetes"])
def test_names_that_cannot_be_shown(source: str) -> None:
    texts = {
        "compose": '{"services": {"%s": {"image": "postgres:15.4"}}}',
        "kubernetes": '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "%s"},'
        ' "spec": {"containers": [{"name": "db", "image": "postgres:15.4"}]}}',
    }
    for odd in ("\\ud800", "a\\u001b[2J\\n\\u0000b", "a" * 100_000):
        document = decode("x.json", (texts[source] % odd).encode())
        (fact,) = registry.parse([document], KNOWN).facts
        read([document], source)
        assert fact.version == "15.4"


def read(found: Sequence[Document], source: str) -> None:
    """Read documents as a folder is read, and as a source whose kind the manifest names."""
    for reading in (registry.parse(found, KNOWN), registry.parse(found, KNOWN, kind=source)):
        assert "canary" not in repr(reading)
        assert "c4n4ry" not in repr(reading)
        for fact in reading.facts:
            texts = [fact.kind, fact.version, fact.variant, fact.name, fact.note, fact.part_of, fact.service]
            texts += [*fact.settings, *fact.settings.values(), *fact.extensions, *fact.extensions.values()]
            texts += [*(fact.plugins or ()), *fact.members]
            texts += [fact.evidence.address, fact.evidence.attribute]
            assert all(text.isprintable() and len(text) <= LONGEST for text in texts)
        for note in reading.notes:
            assert f"{note.message}{note.address}".isprintable() and len(str(note)) <= 2 * LONGEST


def _changed(document: Document) -> Iterator[Document]:
    for index, value in enumerate(document.values):
        for path in _paths(value, ()):
            for other in VALUES:
                values = list(document.values)
                values[index] = _with(value, path, other)
                yield replace(document, values=tuple(values))


def _paths(value: Any, above: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    """The path of every key and of every entry of a list, and of the whole."""
    yield above
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*above, key))
    if isinstance(value, list):
        for index, inner in enumerate(value[:ENTRIES]):
            yield from _paths(inner, (*above, index))


def _with(value: Any, path: tuple[str | int, ...], other: Any) -> Any:
    """A copy of a value with another one at a path."""
    if not path:
        return other
    copy = value.copy()
    copy[path[0]] = _with(value[path[0]], path[1:], other)
    return copy
