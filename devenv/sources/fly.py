"""Fly.io: the image of ``fly.toml``, and those that run, as ``fly image show --json`` tells them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Trust
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known

_NAME = "fly"
_OWN = frozenset(["primary_region", "http_service", "services", "mounts", "vm", "deploy", "statics"])
_NO_DATABASE = "names no database: 'fly image show --json -a' with the name of the database's app tells its version"


def recognises(document: Document) -> bool:
    """A ``fly.toml``, or the answer of ``fly image show``."""
    if _images(document.value):
        return True
    value = table(document.value)
    return (
        document.format == "toml" and isinstance(value.get("app"), str) and bool(_OWN & value.keys() or _image(value))
    )


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """An image that is a server's; machines of one app are told once for each image."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        sightings = list(_sightings(document))
        found = []
        for sighting in sightings:
            fact, said = fact_of(sighting, known)
            notes += said
            found += [fact] if fact else []
        facts += found
        if not found and document.format == "toml":
            notes.append(Note(_NO_DATABASE, document.file))
    return Reading(tuple(facts), tuple(notes))


def _image(value: Any) -> str:
    return text_at(value, "build", "image")


def _images(value: Any) -> list[Any]:
    """The machines of an answer: a list, or one."""
    entries = value if isinstance(value, list) else [value]
    return [entry for entry in entries if {"Registry", "Repository", "Tag"} <= table(entry).keys()]


def _sightings(document: Document) -> Iterator[Sighting]:
    if document.format == "toml":
        app = text_at(document.value, "app")
        evidence = Evidence(_NAME, document.file, "build", "image", document.day)
        if reference := _image(document.value):
            command = [str(word) for word in items(table(document.value.get("experimental")).get("cmd"))]
            yield Sighting(reference, evidence, Trust.DECLARED, app, command)
        return
    trust = Trust.ASKED if document.asked else Trust.RECORDED
    seen = set()
    for index, entry in enumerate(_images(document.value)):
        # Their ``Version`` is the image's own, not the server's.
        reference = f"{text_at(entry, 'Repository')}:{text_at(entry, 'Tag')}".rstrip(":")
        if reference not in seen:
            seen.add(reference)
            address = text_at(entry, "MachineID") or f"[{index}]"
            yield Sighting(reference, Evidence(_NAME, document.file, address, "Tag", document.day), trust)
