"""The last resort: files of a form that devenv does not know, in which a key that ends in "image" names a server."""

from __future__ import annotations

from collections.abc import Sequence

from devenv.document import Document, table
from devenv.model.fact import Evidence, Fact, Note, Reading, Trust
from devenv.sources import compose_file, workflows
from devenv.sources.charts import disabled, image_fact, images_in
from devenv.sources.helm import ENOUGH, FOREIGN
from devenv.sources.known import Known

NAME = "images"
_UNKNOWN = "is of a form that devenv does not know: images in it are taken for what production runs"


def recognises(document: Document) -> bool:
    """Whether a document of YAML names images; asked last of all."""
    value = table(document.value)
    if document.format != "yaml" or len(document.values) != 1 or any(key in value for key in FOREIGN):
        return False
    if compose_file.recognises(document) or workflows.recognises(document):
        return False
    return next(images_in(value, ENOUGH), None) is not None


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """A fact for each image of a server, and a note for each file that has one."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        found, unclear = _of_document(document, known)
        facts += found
        notes += [Note(_UNKNOWN, document.file)] if found else []
        notes += unclear
    return Reading(tuple(facts), tuple(notes))


def _of_document(document: Document, known: Known) -> tuple[list[Fact], list[Note]]:
    facts: list[Fact] = []
    notes: list[Note] = []
    for image in images_in(document.value):
        if disabled(document.value, image.path):
            continue
        address = ".".join(image.above)
        attribute = ".".join(image.path[len(image.above) :])
        evidence = Evidence(NAME, document.file, address, attribute, document.day)
        fact, said = image_fact(image, evidence, Trust.DECLARED, "", known)
        facts += [fact] if fact else []
        notes += said
    return sorted(facts, key=lambda fact: fact.evidence.address), notes
