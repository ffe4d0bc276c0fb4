"""Fly.io: the image of ``fly.toml``, and those that run, as ``fly image show --json`` tells them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Trust
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known

_NAME = "fly"
#: No table of images is longer.
_LINES = 200
_OWN = frozenset(["primary_region", "http_service", "services", "mounts", "vm", "deploy", "statics"])
_NO_DATABASE = "names no database: 'fly image show --json -a' with the name of the database's app tells its version"


def recognises(document: Document) -> bool:
    """A ``fly.toml``, or the answer of ``fly image show``, as JSON or as a table."""
    if _images(document):
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


def _images(document: Document) -> list[Any]:
    """The machines of an answer: a list, or one."""
    value = document.value
    entries = value if isinstance(value, list) else [value]
    if document.format == "text":
        entries = list(_rows(document))
    return [entry for entry in entries if {"Registry", "Repository", "Tag"} <= table(entry).keys()]


def _rows(document: Document) -> Iterator[dict[str, str]]:
    """The rows below the heads of a table: ``REGISTRY  REPOSITORY  TAG  …``."""
    heads: list[str] = []
    for line in document.values[:_LINES]:
        cells = [cell.strip() for cell in re.split(r"\t|\||\s{2,}", line.strip(" |")) if cell.strip()]
        if "REPOSITORY" in cells:
            heads = ["MachineID" if cell == "MACHINE ID" else cell.title() for cell in cells]
        elif heads and len(cells) > 1:
            yield dict(zip(heads, cells, strict=False))


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
    for index, entry in enumerate(_images(document)):
        # Their ``Version`` is the image's own, not the server's.
        reference = f"{text_at(entry, 'Repository')}:{text_at(entry, 'Tag')}".rstrip(":")
        if reference not in seen:
            seen.add(reference)
            address = text_at(entry, "MachineID") or f"[{index}]"
            yield Sighting(reference, Evidence(_NAME, document.file, address, "Tag", document.day), trust)
