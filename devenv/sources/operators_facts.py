"""An operator's object -> the fact that it states."""

from __future__ import annotations

from dataclasses import replace

from devenv.document import text_at
from devenv.model.fact import Evidence, Fact, Note
from devenv.sources.allowed import allowed
from devenv.sources.image_facts import fact_of_image, unresolved
from devenv.sources.images import Image, Unresolved, filled, read_as
from devenv.sources.known import Known
from devenv.sources.kubernetes_objects import Cluster, Object
from devenv.sources.operators import IMAGE, Operator, value_at
from devenv.sources.operators_extras import image_of_catalog
from devenv.sources.precision import stated
from devenv.sources.settings_text import Pairs

#: No version is longer.
_LONGEST = 60
_CATALOG = "spec.imageCatalogRef"


def operator_fact(item: Object, row: Operator, cluster: Cluster, known: Known) -> tuple[Fact, tuple[Note, ...]]:
    """What an operator runs. Without a version where the operator chooses it, or a variable."""
    notes: list[Note] = []
    image, evidence = _image(item, row, cluster, known, notes)
    fact = fact_of_image(image, evidence, item.trust, item.name)
    owners = list(cluster.owners(item))
    fact = replace(fact, part_of=owners[-1][1] if owners else "", note=fact.note or (row.note if fact.version else ""))
    return _with_more(replace(fact, settings=_settings(item, row, cluster)), item, row, cluster), tuple(notes)


def _image(item: Object, row: Operator, cluster: Cluster, known: Known, notes: list[Note]) -> tuple[Image, Evidence]:
    """The first place that states a version, else what is to be said of the last that there is."""
    said, last = "", item.evidence(row.stated[-1][0])
    for path, how in row.stated:
        text = text_at({"": value_at(item, path)}, "")
        if not text:
            continue
        evidence = item.evidence(path)
        try:
            image = read_as(row.engine, text, known) if how == IMAGE else _versioned(row.engine, text)
        except Unresolved as error:
            notes.append(unresolved(error, evidence))
            said, last = f"its version is in the {error.shown}", evidence
            continue
        if image.version:
            return image, evidence
        said, last = said or image.note, evidence
    return _of_catalog(item, row, cluster, known) or (Image(row.engine, note=said or _silence(item)), last)


def _versioned(engine: str, text: str) -> Image:
    version, precision = stated(engine, filled(text)[:_LONGEST])
    return Image(engine, version, precision)


def _of_catalog(item: Object, row: Operator, cluster: Cluster, known: Known) -> tuple[Image, Evidence] | None:
    image, series, missing = image_of_catalog(item, cluster)
    if not image and not series:
        return None
    evidence = item.evidence(_CATALOG)
    found = read_as(row.engine, image, known) if image and "$" not in image and "{{" not in image else Image(row.engine)
    if not found.version:
        version, precision = stated(row.engine, series[:_LONGEST])
        note = "its catalogue of images is not here: only the series is known" if missing else found.note
        found = Image(row.engine, version, precision, note=note)
    return found, evidence


def _silence(item: Object) -> str:
    if item.live:
        return "the object states no version; ask the server itself"
    return "the operator chooses the version; 'kubectl get -o json' or the server itself tells it"


def _settings(item: Object, row: Operator, cluster: Cluster) -> dict[str, str]:
    found: Pairs = []
    for path, read in row.settings:
        found += read(row.engine, value_at(item, path), item, cluster)
    return allowed(row.engine, [(name, value) for name, value in found if "$" not in value])


def _with_more(fact: Fact, item: Object, row: Operator, cluster: Cluster) -> Fact:
    """Lists and tables are joined with what the image tells; a note stands behind the fact's own."""
    for name, value in (row.more(item, cluster) if row.more else {}).items():
        if name == "note":
            fact = replace(fact, note="; ".join(part for part in (fact.note, value) if part))
        elif name == "extensions":
            fact = replace(fact, extensions={**fact.extensions, **value})
        elif name == "settings":
            fact = replace(fact, settings=dict(sorted({**fact.settings, **value}.items())))
        else:
            fact = replace(fact, plugins=tuple(dict.fromkeys((*(fact.plugins or ()), *value))))
    return fact
