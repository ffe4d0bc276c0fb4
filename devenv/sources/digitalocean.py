"""DigitalOcean: specs of App Platform (``.do/app.yaml``), and clusters as ``doctl databases`` tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Status, Trust
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known
from devenv.sources.precision import stated

_NAME = "digitalocean"
_ENGINES: Mapping[str, str] = {
    "kafka": "kafka",
    "mongodb": "mongodb",
    "mysql": "mysql",
    "opensearch": "opensearch",
    "pg": "postgres",
    "redis": "redis",
    "valkey": "valkey",
}
#: Versions that are names of theirs for another one.
_LABELS: Mapping[tuple[str, str], tuple[str, str]] = {("mysql", "8"): ("8.0", "DigitalOcean's MySQL 8 is MySQL 8.0")}
_COMPONENTS = ("services", "workers", "jobs")
_REGISTRIES = frozenset(["DOCKER_HUB", "GHCR", "DOCR"])


def recognises(document: Document) -> bool:
    """A spec whose databases name engines or whose components name images as theirs do, or a list of clusters."""
    if _clusters(document):
        return True
    for _, spec in _specs(document):
        engines = [text_at(entry, "engine") for _, entry in _of(spec, "databases")]
        registries = [text_at(entry, "image", "registry_type") for _, entry in _components(spec)]
        if any(name.isupper() and name.lower() in _ENGINES for name in engines) or _REGISTRIES & set(registries):
            return True
    return False


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Databases, and components that run a server's image."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        if clusters := _clusters(document):
            trust = Trust.ASKED if document.asked else Trust.RECORDED
            for index, cluster in enumerate(clusters):
                facts += _fact(document, text_at(cluster, "name") or f"[{index}]", cluster, trust, "", notes)
            continue
        for prefix, spec in _specs(document):
            for address, entry in _of(spec, "databases"):
                facts += _database(document, prefix + address, entry, notes)
            for address, entry in _components(spec):
                facts += _component(document, prefix + address, entry, known, notes)
    return Reading(tuple(facts), tuple(notes))


def _specs(document: Document) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The spec itself, the one of a deploy template, or those of apps that ``doctl apps list`` tells."""
    for value in document.values:
        for index, app in enumerate(value if isinstance(value, list) else [value]):
            prefix = f"[{index}]." if isinstance(value, list) else ""
            if isinstance(table(app).get("spec"), dict):
                yield f"{prefix}spec.", app["spec"]
            elif table(app) and not isinstance(value, list):
                yield prefix, app


def _clusters(document: Document) -> list[Any]:
    """As ``doctl`` and the API list them; their engines are in small letters, those of specs in capitals."""
    value = document.value
    listed = items(value) or items(table(value).get("databases"))
    return [entry for entry in listed if text_at(entry, "engine") in _ENGINES and "num_nodes" in table(entry)]


def _of(spec: Mapping[str, Any], key: str) -> Iterator[tuple[str, Any]]:
    for index, entry in enumerate(items(spec.get(key))):
        yield f"{key}.{text_at(entry, 'name') or index}", entry


def _components(spec: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in _COMPONENTS:
        yield from _of(spec, key)


def _database(document: Document, address: str, entry: Any, notes: list[Note]) -> Iterator[Fact]:
    doubt = ""
    if cluster := text_at(entry, "cluster_name"):
        doubt = f"the cluster {cluster} itself decides, which 'doctl databases list -o json' tells"
    elif text_at(entry, "engine").lower() == "redis":
        doubt = "DigitalOcean turned its Redis into Valkey in 2025: ask the server itself"
    yield from _fact(document, address, entry, Trust.ASKED if document.asked else Trust.DECLARED, doubt, notes)


def _fact(document: Document, address: str, entry: Any, trust: Trust, doubt: str, notes: list[Note]) -> Iterator[Fact]:
    kind = _ENGINES.get(text_at(entry, "engine").lower() or "pg")  # their default, which specs leave out
    if kind is None or not table(entry):
        notes.append(Note("is a database of no engine that devenv knows", document.file, address=address, failed=True))
        return
    text, label = _LABELS.get((kind, text_at(entry, "version")), (text_at(entry, "version"), ""))
    version, precision = stated(kind, text)
    unknown = "" if version else "its version is not stated: ask the server itself"
    yield Fact(
        kind=kind,
        evidence=Evidence(_NAME, document.file, address, "version" if version else "", document.day),
        version=version,
        precision=precision,
        name=text_at(entry, "name"),
        status=Status.ACTUAL if version else Status.UNKNOWN,
        note="; ".join(part for part in (label or unknown, doubt) if part),
        trust=trust,
    )


def _component(document: Document, address: str, entry: Any, known: Known, notes: list[Note]) -> Iterator[Fact]:
    image = table(entry).get("image")
    repository = text_at(image, "repository")
    if not repository:
        return
    tag, digest = text_at(image, "tag"), text_at(image, "digest")
    parts = [text_at(image, "registry"), repository] if text_at(image, "registry") else [repository]
    reference = "/".join(parts) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    evidence = Evidence(_NAME, document.file, address, "image", document.day)
    trust = Trust.ASKED if document.asked else Trust.DECLARED
    command = text_at(entry, "run_command").split()
    fact, said = fact_of(Sighting(reference, evidence, trust, text_at(entry, "name"), command), known)
    notes += said
    if fact:
        yield fact
