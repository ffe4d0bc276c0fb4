"""Resources of a cloud -> facts: groups of parameters joined to who uses them, images and charts looked into.

The attributes have the names that Terraform gives them; other descriptions of the same clouds are spelt so first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devenv import yamlio
from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources import kubernetes
from devenv.sources.allowed import allowed
from devenv.sources.charts import Chart, chart_fact
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known
from devenv.sources.settings_text import pairs
from devenv.sources.terraform_tables import CONTAINERS, GROUPS, SERVICES, Group, Row
from devenv.sources.upstream import engine_kind, upstream

_SOURCE = "terraform-state"
Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Resource:
    """One instance of a resource: its address as Terraform prints it, its type, its attributes as they stand."""

    address: str
    type: str
    values: Mapping[str, Any]

    @property
    def is_group(self) -> bool:
        """Whether it holds settings of others."""
        return self.type in GROUPS


def resource_facts(
    document: Document,
    resources: Sequence[Resource],
    known: Known,
    *,
    source: str = _SOURCE,
    trust: Trust | None = None,
) -> tuple[list[Fact], tuple[Note, ...]]:
    """The facts of all resources, in their order. ``trust`` is how far ``source`` goes, where it is no state."""
    facts, notes = _facts(document, resources, known)
    said = [replace(fact, evidence=replace(fact.evidence, source=source)) for fact in facts]
    return [replace(fact, trust=trust) if trust else fact for fact in said], notes


def _facts(document: Document, resources: Sequence[Resource], known: Known) -> tuple[list[Fact], tuple[Note, ...]]:
    groups = [resource for resource in resources if resource.is_group]
    facts: list[Fact] = []
    notes: list[Note] = []
    for resource in resources:
        if row := SERVICES.get(resource.type):
            facts.append(_service(document, resource, row, groups))
        elif resource.type in _OTHERS or resource.type in CONTAINERS:
            for fact, said in _OTHERS.get(resource.type, _containers)(document, resource, known):
                facts += [fact] if fact else []
                notes += said
    return facts, tuple(notes)


def _path(text: str) -> list[str | int]:
    return [int(part) if part.isdecimal() else part for part in text.split(".")]


def _text(resource: Resource, path: str) -> str:
    return text_at(resource.values, *_path(path))


def _service(document: Document, resource: Resource, row: Row, groups: Sequence[Resource]) -> Fact:
    engine = (row.engine and _text(resource, row.engine)) or row.kind
    attribute = next((path for path in row.versions if _text(resource, path)), "")
    text = _text(resource, attribute) if attribute else ""
    if row.kind == "database_version":  # Google's: POSTGRES_15, and what runs of it as POSTGRES_15_4.R2024…
        engine = _text(resource, "database_version").partition("_")[0].lower()
    engine, text = _split(engine, text)
    kind, version, precision, note = upstream(engine, text)
    if attribute.endswith("kafka_version"):
        note = note or ("in KRaft mode" if text.endswith("kraft") else "")
    if kind == "mysql" and resource.type.startswith("azurerm") and version.startswith("8.0."):
        version, precision, note = "8.0", Precision.MINOR, "Azure's label for all of MySQL 8.0"
    actual = attribute.endswith(("_actual", "maintenance_version", "full_engine_version", "patch_version"))
    return Fact(
        kind=kind,
        evidence=Evidence(_SOURCE, document.file, resource.address, attribute, document.day),
        version=version,
        precision=precision,
        name=_text(resource, row.name),
        settings=_settings(kind, resource, row, groups),
        status=Status.ACTUAL if version else Status.UNKNOWN,
        note=note,
        trust=Trust.RECORDED if actual else Trust.CONFIGURED,
        part_of=_within(resource, row),
    )


_LABEL = re.compile(r"(?P<engine>[A-Za-z]+)_(?P<numbers>[\dXx]+(?:[_.][\dXx]+)*)")


def _split(engine: str, text: str) -> tuple[str, str]:
    """``OpenSearch_2.11``, ``REDIS_7_2``, ``POSTGRES_14_4.R20220710``: an engine and its version in one."""
    match = _LABEL.match(text)
    if match is None:
        return engine, text
    numbers = match["numbers"].partition(".R")[0].replace("_", ".")
    named = engine_kind({"OpenSearch": "opensearch", "Elasticsearch": "elasticsearch"}.get(match["engine"], ""))
    return named or engine, numbers


def _within(resource: Resource, row: Row) -> str:
    """The name of whom it belongs to; some say it as the end of an address."""
    for path in row.within:
        if text := _text(resource, path):
            return re.split(r"[:/]", text)[-1]
    return ""


def _settings(kind: str, resource: Resource, row: Row, groups: Sequence[Resource]) -> dict[str, str]:
    found: Pairs = []
    for name in filter(None, (_text(resource, path) for path in row.groups)):
        for group in groups:
            found += _of_group(kind, group, GROUPS[group.type], name)
    for path in row.lists:
        found += _listed(at(resource.values, *_path(path)))
    for path in row.maps:
        held = table(at(resource.values, *_path(path)))
        found += [(_redis_name(kind, name), text_at(held, name)) for name in held]
    return allowed(kind, found)


def _redis_name(kind: str, name: str) -> str:
    """Azure writes Redis' names with underscores."""
    return name.replace("_", "-") if kind in ("redis", "valkey") else name


def _of_group(kind: str, group: Resource, how: Group, name: str) -> Pairs:
    if text_at(group.values, how.name) != name:
        return []
    if how.single:
        return [(text_at(group.values, "name"), text_at(group.values, "value"))]
    found: Pairs = []
    for path in how.lists:
        found += _listed(group.values.get(path))
    for path in how.texts:
        found += pairs(kind, text_at(group.values, path))
    return found


def _listed(value: Any) -> Pairs:
    """[{name, value}], in whichever order a set was written."""
    return sorted((text_at(entry, "name"), text_at(entry, "value")) for entry in items(value))


_Found = Iterator[tuple[Fact | None, tuple[Note, ...]]]


def _containers(document: Document, resource: Resource, known: Known) -> _Found:
    path = CONTAINERS[resource.type]
    for index, container in enumerate(items(at(resource.values, *_path(path)))):
        attribute = f"{path}.{index}.image"
        evidence = Evidence(_SOURCE, document.file, resource.address, attribute, document.day)
        words = [word for key in ("command", "args") for word in items(at(container, key)) if isinstance(word, str)]
        name = text_at(resource.values, "metadata", 0, "name") or text_at(container, "name")
        yield fact_of(Sighting(text_at(container, "image"), evidence, Trust.CONFIGURED, name, words), known)


def _tasks(document: Document, resource: Resource, known: Known) -> _Found:
    """ECS keeps its containers as JSON in a text."""
    try:
        containers = json.loads(_text(resource, "container_definitions") or "[]")
    except (ValueError, RecursionError):
        yield None, (Note("its container_definitions are no JSON", document.file, None, resource.address, failed=True),)
        return
    for index, container in enumerate(items(containers)):
        attribute = f"container_definitions[{index}].image"
        evidence = Evidence(_SOURCE, document.file, resource.address, attribute, document.day)
        words = [word for word in items(at(container, "command")) if isinstance(word, str)]
        name = text_at(container, "name")
        yield fact_of(Sighting(text_at(container, "image"), evidence, Trust.CONFIGURED, name, words), known)


def _chart(document: Document, resource: Resource, known: Known) -> _Found:
    """A Helm release: its metadata says what was installed, in a list up to version 2 of the provider."""
    app = _text(resource, "metadata.0.app_version") or _text(resource, "metadata.app_version")
    evidence = Evidence(
        _SOURCE, document.file, resource.address, "metadata.app_version" if app else "version", document.day
    )
    yield chart_fact(
        Chart(
            name=_text(resource, "chart").rpartition("/")[2],
            version=_text(resource, "version"),
            evidence=evidence,
            trust=Trust.RECORDED if app else Trust.CONFIGURED,
            release=_text(resource, "name"),
            app=app,
            repository=_text(resource, "repository"),
            values=_values(resource),
        ),
        known,
    )


def _values(resource: Resource) -> dict[str, Any]:
    """What a release gives its chart: texts of YAML, the later over the earlier, then single ones by path."""
    values: dict[str, Any] = {}
    for text in items(resource.values.get("values")):
        for document in _documents(text):
            values |= table(document)
    for entry in items(resource.values.get("set")):
        *folders, last = text_at(entry, "name").split(".")
        place = values
        for folder in folders:
            inner = place.get(folder)
            place[folder] = dict(inner) if isinstance(inner, dict) else {}
            place = place[folder]
        place[last] = text_at(entry, "value")
    return values


def _documents(text: Any) -> list[Any]:
    try:
        return yamlio.parse_texts(text)[0] if isinstance(text, str) else []
    except yamlio.YamlError:
        return []


def _object(document: Document, resource: Resource, known: Known) -> _Found:
    """A whole Kubernetes object, as a table or as YAML: read as such, with Terraform's address."""
    held = [resource.values.get("manifest"), *_documents(resource.values.get("yaml_body"))]
    objects = tuple(value for value in held if isinstance(value, dict))
    reading = kubernetes.parse([Document(document.file, "json", objects, day=document.day)], known)
    for fact in reading.facts:
        whence = replace(fact.evidence, address=resource.address)
        yield replace(fact, evidence=whence, trust=Trust.CONFIGURED), ()
    yield None, reading.notes


_ADDONS = {"heroku-postgresql": "postgres", "heroku-redis": "redis", "heroku-kafka": "kafka", "cloudamqp": "rabbitmq"}


def _addon(document: Document, resource: Resource, known: Known) -> _Found:
    kind = _ADDONS.get(_text(resource, "plan").partition(":")[0], "")
    if not kind:
        return
    _, version, precision, note = upstream(kind, _text(resource, "config.version"))
    evidence = Evidence(_SOURCE, document.file, resource.address, "config.version", document.day)
    note = note if version else "a plan states no version; 'heroku pg:info' does"
    status = Status.ACTUAL if version else Status.UNKNOWN
    fact = Fact(kind, evidence, version, precision, name=_text(resource, "name"), status=status, note=note)
    yield replace(fact, trust=Trust.CONFIGURED), ()


_OTHERS = {
    "aws_ecs_task_definition": _tasks,
    "helm_release": _chart,
    "heroku_addon": _addon,
    "kubernetes_manifest": _object,
    "kubectl_manifest": _object,
}
