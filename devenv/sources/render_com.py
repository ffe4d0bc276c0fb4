"""Render: blueprints (``render.yaml``) with their databases, Key Value instances and images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Status, Trust
from devenv.model.record import record
from devenv.sources.allowed import allowed
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known
from devenv.sources.precision import stated

_NAME = "render"
_KEY_VALUE = frozenset(["keyvalue", "redis"])
_TYPES = _KEY_VALUE | {"web", "pserv", "worker", "cron", "static", "workflow"}
#: Words that only Render knows, of a database.
_OWN = frozenset(["postgresMajorVersion", "databaseName", "plan", "ipAllowList", "readReplicas", "highAvailability"])
_PRODUCTION = frozenset(["production", "prod", "live"])
_POSTGRES_UNKNOWN = "Render chose its version when it was made: ask the server itself"
_KEY_VALUE_UNKNOWN = (
    "Key Value is Valkey 8 where it was made since February 2025, Redis 6 before: ask the server itself"
)


@record
class _Part:
    """A part of a blueprint that has services and databases."""

    address: str
    value: Any

    def of(self, key: str) -> Iterator[tuple[str, Any]]:
        for index, entry in enumerate(items(table(self.value).get(key))):
            yield f"{self.address}{key}.{text_at(entry, 'name') or index}", entry


def recognises(document: Document) -> bool:
    """Whether it has lists of services and databases as Render names them."""
    for value in document.values:
        for part in (*_common(value), *_environments(value)):
            if any(text_at(entry, "type") in _TYPES for _, entry in part.of("services")):
                return True
            if any(_OWN & table(entry).keys() and "engine" not in entry for _, entry in part.of("databases")):
                return True
    return False


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """What is at the top, ungrouped and in the environment called production; in all of them where none is."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        for value in document.values:
            for part in (*_common(value), *_chosen(document, value, notes)):
                for address, entry in part.of("databases"):
                    facts += _database(document, address, entry, notes)
                for address, entry in part.of("services"):
                    facts += _service(document, address, entry, known, notes)
    return Reading(tuple(facts), tuple(notes))


def _common(value: Any) -> tuple[_Part, ...]:
    return _Part("", value), _Part("ungrouped.", table(value).get("ungrouped"))


def _environments(value: Any) -> Iterator[_Part]:
    for project in items(table(value).get("projects")):
        for environment in items(table(project).get("environments")):
            address = f"projects.{text_at(project, 'name')}.environments.{text_at(environment, 'name')}."
            yield _Part(address, environment)


def _chosen(document: Document, value: Any, notes: list[Note]) -> list[_Part]:
    parts = list(_environments(value))
    chosen = [part for part in parts if text_at(part.value, "name").lower() in _PRODUCTION]
    if chosen and len(chosen) < len(parts):
        left = ", ".join(text_at(part.value, "name") or "one without a name" for part in parts if part not in chosen)
        notes.append(Note(f"environments other than production are left out: {left}", document.file))
    return chosen or parts


def _trust(document: Document) -> Trust:
    return Trust.ASKED if document.asked else Trust.DECLARED


def _database(document: Document, address: str, entry: Any, notes: list[Note]) -> Iterator[Fact]:
    name = text_at(entry, "name")
    if not name:
        notes.append(Note("is a database without a name", document.file, address=address, failed=True))
        return
    version, precision = stated("postgres", text_at(entry, "postgresMajorVersion"))
    evidence = Evidence(_NAME, document.file, address, "postgresMajorVersion" if version else "", document.day)
    for replica in ("", *(text_at(item, "name") for item in items(entry.get("readReplicas")))):
        yield Fact(
            kind="postgres",
            evidence=evidence,
            version=version,
            precision=precision,
            name=replica or name,
            status=Status.ACTUAL if version else Status.UNKNOWN,
            note="" if version else _POSTGRES_UNKNOWN,
            trust=_trust(document),
            part_of=name if replica else "",
        )


def _service(document: Document, address: str, entry: Any, known: Known, notes: list[Note]) -> Iterator[Fact]:
    name, kind = text_at(entry, "name"), text_at(entry, "type")
    if kind not in _TYPES:
        notes.append(Note("is a service of no type that Render knows", document.file, address=address, failed=True))
    elif kind in _KEY_VALUE:
        yield Fact(
            kind="redis",
            evidence=Evidence(_NAME, document.file, address, "", document.day),
            name=name,
            settings=allowed("redis", {"maxmemory-policy": text_at(entry, "maxmemoryPolicy")}),
            status=Status.UNKNOWN,
            note=_KEY_VALUE_UNKNOWN,
            trust=_trust(document),
        )
    elif reference := text_at(entry, "image", "url"):
        command = (text_at(entry, "dockerCommand") or "").split()
        evidence = Evidence(_NAME, document.file, address, "image.url", document.day)
        fact, said = fact_of(Sighting(reference, evidence, _trust(document), name, command), known)
        notes += said
        if fact:
            yield fact
