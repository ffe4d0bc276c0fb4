"""Resources that hold something of another family: containers, charts, objects of Kubernetes, add-ons."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv import yamlio
from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note
from devenv.sources import heroku, kubernetes
from devenv.sources.charts import Chart, among_values, chart_fact
from devenv.sources.command_lines import starts_a_tool
from devenv.sources.helm_values import merged
from devenv.sources.image_facts import Sighting, fact_of
from devenv.sources.known import Known
from devenv.sources.terraform_resources import Manner, Resource, held
from devenv.sources.terraform_tables import CONTAINERS, MANIFESTS

_Found = Iterator[tuple[Fact | None, tuple[Note, ...]]]
#: Keys of a task's container, as Terraform and ECS itself write them, and as CloudFormation does.
_IMAGE, _NAME = ("image", "Image"), ("name", "Name")
_WORDS = ("entryPoint", "EntryPoint", "command", "Command", "args")


def content_facts(resources: Sequence[Resource], known: Known, manner: Manner) -> tuple[list[Fact], list[Note]]:
    """The services within resources, in their order."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for resource in resources:
        if read := _READERS.get(resource.type):
            for fact, said in read(resource, known, manner):
                facts += [fact] if fact else []
                notes += said
    objects, unread = _of_objects(resources, known, manner)
    return [*facts, *objects], [*notes, *unread]


def containers(resource: Resource, known: Known, manner: Manner, path: str, held_at: Sequence[Any]) -> _Found:
    """The services that containers run; clients of a server come in its image too."""
    for index, container in enumerate(held_at):
        words = [word for key in _WORDS for word in items(at(container, key)) if isinstance(word, str)]
        image = _either(container, _IMAGE)
        if image and not starts_a_tool(words):
            evidence = replace(resource.evidence(manner, ""), attribute=f"{path}[{index}].image")
            name = text_at(held(resource.values, "metadata.0.name")) or _either(container, _NAME)
            yield fact_of(Sighting(image, evidence, manner.written, name, words), known)


def _either(value: Any, keys: Sequence[str]) -> str:
    return next((text for key in keys if (text := text_at(value, key))), "")


def _pod(resource: Resource, known: Known, manner: Manner) -> _Found:
    path = CONTAINERS[resource.type]
    shown = resource.evidence(manner, path).attribute
    yield from containers(resource, known, manner, shown, items(resource.at(path)))


def _task(resource: Resource, known: Known, manner: Manner) -> _Found:
    """ECS keeps its containers as JSON in a text; other descriptions keep them as they are."""
    value = resource.at("container_definitions")
    if isinstance(value, str) and value:
        value = _json(value)
    if isinstance(value, list):
        yield from containers(resource, known, manner, resource.word("container_definitions"), value)
    elif value is not None:
        yield None, (_failed(resource, "its containers cannot be read"),)


def _failed(resource: Resource, said: str) -> Note:
    return Note(said, resource.document.file, address=resource.address, failed=True)


def _json(text: str) -> Any:
    """A text of JSON; False for what is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return False


def _release(resource: Resource, known: Known, manner: Manner) -> _Found:
    """A Helm release. Its metadata says what was installed: in a list up to version 2 of the provider."""
    metadata = resource.at("metadata.0")
    app = text_at(metadata, "app_version") or resource.text("status.app_version")
    values, notes = _values(resource, metadata)
    path = "metadata.0.app_version" if text_at(metadata, "app_version") else "status.app_version"
    chart = Chart(
        name=resource.text("chart").rstrip("/").rpartition("/")[2],
        version=resource.text("version") or text_at(metadata, "version"),
        evidence=resource.evidence(manner, path if app else "version"),
        trust=manner.seen if app else manner.written,
        release=resource.text("name"),
        repository=resource.text("repository") or resource.text("chart").rpartition("/")[0],
        app=app,
        values=values,
        values_at=resource.evidence(manner, "values"),
    )
    fact, said = chart_fact(chart, known)
    if fact and fact.evidence.attribute == "image.tag":
        fact = replace(fact, trust=manner.written)
    yield fact, (*(notes if fact else ()), *said)
    if fact is None:
        yield from among_values(chart, known)


def _values(resource: Resource, metadata: Any) -> tuple[Any, tuple[Note, ...]]:
    """What a release was given: as it was recorded with all of it, else as it is written, later texts over earlier."""
    recorded = _json(text_at(metadata, "values"))
    if isinstance(recorded, dict):
        return recorded, ()
    written = resource.at("values")
    if isinstance(written, dict):
        return written, ()
    value: dict[str, Any] = {}
    try:
        for text in items(written):
            documents, _ = yamlio.parse_texts(text) if isinstance(text, str) else ([text], [])
            value = merged(value, table(documents[0] if documents else None))
    except yamlio.YamlError:
        return value, (_failed(resource, "its values are no valid YAML"),)
    for entry in items(resource.at("set")):
        if text_at(entry, "name").startswith("image."):
            image = {text_at(entry, "name").removeprefix("image."): text_at(entry, "value")}
            value = merged(value, {"image": image})
    return value, ()


def _addon(resource: Resource, known: Known, manner: Manner) -> _Found:
    """Heroku's own reader knows its add-ons."""
    entry = {
        "addon_service": {"name": resource.text("plan")},
        "name": resource.text("name"),
        "options": {"version": resource.text("config.version")},
    }
    for fact in heroku.parse([replace(resource.document, values=([entry],))], known).facts:
        said = "the version to create it with: it may have been upgraded since"
        note = said if fact.version else "a plan states no version: ask the server itself"
        evidence = resource.evidence(manner, "config.version" if fact.version else "plan")
        yield replace(fact, evidence=evidence, trust=manner.written, note=note), ()


def _of_objects(resources: Sequence[Resource], known: Known, manner: Manner) -> tuple[list[Fact], list[Note]]:
    """Objects of Kubernetes, read together: a volume's file may stand in another one. Secrets are left to its reader,
    which leaves them unread."""
    owners: dict[str, Resource] = {}
    documents: list[Document] = []
    notes: list[Note] = []
    for index, resource in enumerate(resources):
        if resource.type not in MANIFESTS:
            continue
        value = resource.at(MANIFESTS[resource.type])
        try:
            values = yamlio.parse_texts(value)[0] if isinstance(value, str) else [value]
        except yamlio.YamlError:
            notes.append(_failed(resource, "its manifest is no valid YAML"))
            continue
        owners[str(index)] = resource
        documents.append(Document(str(index), "yaml", tuple(values)))
    reading = kubernetes.parse(documents, known)
    facts = []
    for fact in reading.facts:
        told = {name: _by_owner(said, owners, manner) for name, said in fact.setting_evidence.items()}
        evidence = _by_owner(fact.evidence, owners, manner)
        facts.append(replace(fact, evidence=evidence, setting_evidence=told, trust=manner.written))
    for note in reading.notes:
        owner = owners[note.file]
        notes.append(replace(note, file=owner.document.file, line=None, address=owner.address))
    return facts, notes


def _by_owner(said: Evidence, owners: Mapping[str, Resource], manner: Manner) -> Evidence:
    """The evidence that the resource is which holds an object."""
    return replace(owners[said.file].evidence(manner, ""), attribute=said.attribute)


_READERS: Mapping[str, Callable[[Resource, Known, Manner], _Found]] = {
    **dict.fromkeys(CONTAINERS, _pod),
    "aws_ecs_task_definition": _task,
    "helm_release": _release,
    "heroku_addon": _addon,
}
