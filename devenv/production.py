"""Reading production: every source of an environment read, and what they say brought together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from devenv.effects import files
from devenv.effects.gather import STATE, Gathered, Gatherer
from devenv.effects.world import World, today
from devenv.errors import ManifestError
from devenv.kinds import Catalogue, runtimes
from devenv.model.fact import Companion, Fact, Note, Reading
from devenv.model.manifest import Manifest
from devenv.model.production import Place
from devenv.model.record import record
from devenv.sources import env_file, registry, terraform
from devenv.sources.known import Known
from devenv.stages.first_manifest import sources_hint
from devenv.stages.plan_sync import Releases

#: How often a file may refer to a further one.
_DEPTH = 10


@record
class Production:
    """All that sources say, and what could not be read. ``files`` are those that were opened, ``beside`` are those that
    these refer to or that stand beside them, ``skipped`` says of a folder's other files why they were not read."""

    facts: tuple[Fact, ...]
    notes: tuple[Note, ...]
    files: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    skipped: tuple[Note, ...] = ()

    @property
    def failed(self) -> tuple[Note, ...]:
        return tuple(note for note in self.notes if note.failed)

    @property
    def unclear(self) -> tuple[Note, ...]:
        """Of which files nobody can tell whether they speak of services, and why."""
        return tuple(note for note in (*self.notes, *self.skipped) if note.untold)

    @property
    def unrelated(self) -> tuple[Note, ...]:
        """Which files hold nothing about services."""
        return tuple(note for note in self.skipped if not note.untold)

    @property
    def understood(self) -> tuple[str, ...]:
        """The files that were read: those that tell of a service, and those that clearly tell of none."""
        useless = {note.file for note in (*self.unclear, *self.failed)}
        silent = useless - {fact.evidence.file for fact in self.facts}
        return tuple(file for file in self.files if file not in silent)


def places_of(manifest: Manifest, environment: str) -> tuple[Place, ...]:
    """The sources of an environment. Raises ManifestError where the manifest names none."""
    entry = manifest.environments.get(environment)
    if entry is None:
        known = ", ".join(manifest.environments) or "none"
        message = f"devenv.toml does not say where {environment} is described; environments: {known}"
        raise ManifestError(message, sources_hint(environment))
    return tuple(_place(source) for source in entry.get("sources", ()))


def _place(source: Mapping[str, Any]) -> Place:
    return Place(**{**source, "command": tuple(source.get("command", ()))})


def read(world: World, root: Path, places: Sequence[Place], known: Known, *, environment: str) -> Production:
    """Read all places for what they say of an environment, whatever becomes of each. ``root`` is what paths are
    relative to."""
    gatherer = Gatherer(root, world.env, today(), terraform.kept, getattr(world.stdin, "buffer", None))
    readings = [
        _read_one(gatherer, place, gathered, known, environment=environment)
        for place, gathered in zip(places, gatherer.gather(places), strict=True)
    ]
    opened = dict.fromkeys(file for reading in readings for file in reading.files)
    beside = dict.fromkeys(file for reading in readings for file in reading.beside)
    skipped = dict.fromkeys(note for reading in readings for note in reading.skipped)
    read_files = {*opened, *beside}
    return Production(
        tuple(fact for reading in readings for fact in reading.facts),
        tuple(dict.fromkeys(note for reading in readings for note in reading.notes)),
        files=tuple(opened),
        beside=tuple(file for file in beside if file not in opened),
        skipped=tuple(note for note in skipped if note.file not in read_files),
    )


def _read_one(gatherer: Gatherer, place: Place, gathered: Gathered, known: Known, *, environment: str) -> Reading:
    documents, notes, skipped = list(gathered.documents), list(gathered.notes), list(gathered.skipped)
    if gathered.sought:
        documents = []
        for document in gathered.documents:
            if document.file.endswith(STATE) or registry.source_of(document):
                documents.append(document)
            else:
                skipped.append(Note("holds nothing that devenv reads", document.file))
        if not documents and not notes:
            notes.append(Note("holds no file that describes services", str(place), failed=True))
    if place.env_file:
        further = gatherer.further([place.env_file])
        notes += further.notes
        given = {name: text for each in further.documents for name, text in env_file.variables(each).items()}
        known = replace(known, variables=given)
    opened = tuple(document.file for document in documents)
    reading = registry.parse(documents, known, kind=place.kind, environment=environment)
    have = {document.file for document in documents}
    looked_for: set[Companion] = set()
    for _ in range(_DEPTH):
        wants = [want for want in dict.fromkeys(reading.wants) if want not in have]
        companions = [each for each in dict.fromkeys(reading.companions) if each not in looked_for]
        if not wants and not companions:
            break
        further = gatherer.further(wants)
        documents += further.documents
        documents += gatherer.companions(companions)
        have.update(wants)
        looked_for.update(companions)
        notes += further.notes
        reading = registry.parse(documents, known, kind=place.kind, environment=environment)
    if gathered.sought:  # a folder holds files in every language
        notes = [replace(note, failed=False) if note.untold else note for note in (*notes, *reading.notes)]
    else:
        notes += reading.notes
    facts = tuple(replace(fact, service=place.service or fact.service) for fact in reading.facts)
    notes = [replace(note, service=place.service) for note in notes]
    beside = tuple(document.file for document in documents[len(opened) :])
    return Reading(facts, tuple(notes), files=opened, beside=beside, skipped=tuple(skipped))


def known(catalogue: Catalogue) -> Known:
    """The names of all kinds' images, and what charts install."""
    kinds = catalogue.read(catalogue.names())
    repositories = {runtime.repository: name for name, runtime in runtimes().items()}
    repositories |= {name: kind.name for kind in kinds.values() for name in (*kind.known_as, kind.repository) if name}
    return Known(repositories, {name: [(a, b) for a, b in pairs] for name, pairs in _table("charts")["charts"].items()})


def releases() -> Releases:
    """The newest releases that were known when this devenv was made."""
    table = _table("releases")
    return Releases(table["day"], {kind: tuple(versions) for kind, versions in table["newest"].items()})


def _table(name: str) -> dict[str, Any]:
    text = files.read_text(files.templates_root() / "known" / f"{name}.json") or "{}"
    table: dict[str, Any] = json.loads(text)
    return table
