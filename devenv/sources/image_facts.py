"""A reference to an image and where it stands -> the fact that it is, or the note of why it is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from devenv.model.fact import Evidence, Fact, Note, Status, Trust
from devenv.model.record import record
from devenv.sources.allowed import allowed
from devenv.sources.clients import is_client
from devenv.sources.images import Image, Unresolved, kind_named, read_image, resembled
from devenv.sources.known import Known
from devenv.sources.settings_text import of_command


@record
class Sighting:
    """An image where something is made to run it. ``name`` is what production calls that, ``command`` are its words,
    ``variables`` what the file says of some. ``place`` are the keys above it where these are the file's own words."""

    reference: str
    evidence: Evidence
    trust: Trust
    name: str = ""
    command: Sequence[str] = ()
    variables: Mapping[str, str] | None = None
    place: Sequence[str] = ()


def fact_of(sighting: Sighting, known: Known) -> tuple[Fact | None, tuple[Note, ...]]:
    """The fact, with a version if there is one, and what is to be said; neither for what is no service, or only uses
    one."""
    if is_client(sighting.name, sighting.place, sighting.command):
        return None, ()
    notes: tuple[Note, ...] = ()
    try:
        image = read_image(sighting.reference, known, sighting.variables)
    except Unresolved as error:
        kind = error.kind or kind_named(sighting.name, known)
        notes = (unresolved(error, sighting.evidence, known=bool(kind)),)
        image = Image(kind, note=f"its version is in the {error.shown}") if kind else None
    if image is None:
        return None, (*notes, *_resembling(sighting, known))
    fact = fact_of_image(image, sighting.evidence, sighting.trust, sighting.name)
    return replace(fact, settings=allowed(image.kind, of_command(image.kind, sighting.command))), notes


def _resembling(sighting: Sighting, known: Known) -> tuple[Note, ...]:
    """What is said of an image that is read as no service, and could be one."""
    name, kind = resembled(sighting.reference, known)
    if not kind:
        return ()
    said = f"the image {name} may be a {kind} server, but nothing tells its version: it is left out"
    return (Note(said, sighting.evidence.file, address=sighting.evidence.address),)


def fact_of_image(image: Image, evidence: Evidence, trust: Trust, name: str) -> Fact:
    """What an image says, without settings."""
    return Fact(
        kind=image.kind,
        evidence=evidence,
        version=image.version,
        precision=image.precision,
        variant=image.variant,
        name=name,
        extensions=image.extensions,
        plugins=image.plugins,
        status=Status.ACTUAL if image.version else Status.UNKNOWN,
        note=image.note,
        doubtful=image.doubtful,
        trust=trust,
    )


def unresolved(error: Unresolved, evidence: Evidence, *, known: bool = True) -> Note:
    """What is said of a variable that the file does not say, and that decides the version of a known service, or even
    which one it is. Nothing is unread because of it: production's description does not state it, as ``:latest`` does
    not."""
    said = f"the {error.shown} is not filled in, so the version is unknown"
    return Note(said if known else f"unresolved {error.shown}", evidence.file, address=evidence.address)
