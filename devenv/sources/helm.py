"""Helm's own files: Chart.yaml with its lock, values, helmfiles, and what ``helm list -o json`` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Reading, Trust
from devenv.model.record import record
from devenv.sources import compose_file, workflows
from devenv.sources.charts import (
    Chart,
    ValuesImage,
    chart_fact,
    disabled,
    image_fact,
    images_in,
    is_range,
    kind_of,
    lone_tag_fact,
    lone_tags_in,
)
from devenv.sources.helm_values import merged
from devenv.sources.helmfile import helmfile_facts, is_helmfile
from devenv.sources.known import Known

NAME = "helm"
_VALUES = re.compile(r"(?:^|[/._-])values[^/]*\.(?:ya?ml|json)$")
#: Keys of documents that are somebody else's. The name of a file of values says more: there they are a chart's own.
FOREIGN = ("apiVersion", "kind", "jobs", "AWSTemplateFormatVersion", "Resources", "deployment", "format_version")
#: How many tables and lists are looked at to find out whether a document holds images.
ENOUGH = 5_000


def recognises(document: Document) -> bool:
    """Whether a document is one of Helm's."""
    return bool(_shape(document))


def _shape(document: Document) -> str:
    """``list``, ``helmfile``, ``chart``, ``lock`` or ``values``; "" for what is none of Helm's."""
    value = document.value
    if any(is_helmfile(each) for each in document.values):
        return "helmfile"
    if releases := items(value):
        first = table(releases[0])
        return "list" if "chart" in first and "app_version" in first else ""
    dependencies = [entry for entry in items(at(value, "dependencies")) if "name" in table(entry)]
    if "apiVersion" in table(value) and "kind" not in table(value) and text_at(value, "name") and "version" in value:
        return "chart"
    if dependencies and ("digest" in value or "generated" in value):
        return "lock"
    if dependencies and set(value) == {"dependencies"}:
        return "chart"
    return "values" if _is_values(document) else ""


def _shape_of_any(document: Document) -> str:
    """A file that the manifest says is Helm's, and that looks like nothing else of it, holds values."""
    return "values" if table(document.value) else ""


def _is_values(document: Document) -> bool:
    value = table(document.value)
    if len(document.values) != 1 or not value:
        return False
    if compose_file.recognises(document) or workflows.recognises(document):
        return False  # they hold images too
    if _VALUES.search(document.file):
        return not {"apiVersion", "kind"} <= value.keys()
    if document.format != "yaml" or any(key in value for key in FOREIGN):
        return False
    if any(isinstance(at(value, *image.path), dict) for image in images_in(value, ENOUGH)):
        return True
    return any(lone_tags_in(value, ENOUGH))


@dataclass
class _Folder:
    """The files of one chart."""

    charts: list[Document] = field(default_factory=list)
    locks: list[Document] = field(default_factory=list)
    values: list[Document] = field(default_factory=list)


@record
class _Values:
    """What several files of values say together; the later one wins."""

    documents: tuple[Document, ...] = ()
    value: Any = None

    def says(self, path: Sequence[str]) -> Document:
        """The last file that says it."""
        return next(
            (document for document in reversed(self.documents) if at(document.value, *path) is not None),
            self.documents[-1],
        )


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """What releases, charts and values say, those of one folder together."""
    folders: dict[str, _Folder] = {}
    facts: list[Fact] = []
    notes: list[Note] = []
    wants: list[str] = []
    for document in documents:
        shape = _shape(document) or _shape_of_any(document)
        if shape == "list":
            facts += _releases(document, known)
        elif shape == "helmfile":
            for fact, said in helmfile_facts(document, known):
                facts += [fact] if fact else []
                notes += said
        elif shape:
            folder = folders.setdefault(document.file.rpartition("/")[0], _Folder())
            {"chart": folder.charts, "lock": folder.locks, "values": folder.values}[shape].append(document)
    for path, folder in folders.items():
        values, said = _together(folder.values)
        own, more, wanted = _dependencies(path, folder, values, known)
        itself = [] if _is_vendored(path, folders) else _itself(folder, values, known)
        apart = _names(folder) | ({"image"} if itself else set())
        named, unclear = _images(values, apart, known)
        facts += [*itself, *own, *named]
        notes += [*said, *more, *unclear]
        wants += wanted
    return Reading(tuple(facts), tuple(notes), tuple(wants))


def _releases(document: Document, known: Known) -> Iterator[Fact]:
    """``helm list``: what is installed now, and what the chart itself says that it installs."""
    for index, entry in enumerate(items(document.value)):
        match = re.fullmatch(r"(.+?)-(v?\d+\.\d+\.\d+.*)", text_at(entry, "chart"))
        kind = kind_of(match[1], known) if match else ""
        if not match or not kind or text_at(entry, "status") not in ("", "deployed"):
            continue
        namespace, release = text_at(entry, "namespace"), text_at(entry, "name")
        address = "/".join(part for part in (namespace, release) if part) or f"[{index}]"
        evidence = Evidence(NAME, document.file, address, "app_version", document.day)
        chart = Chart(match[1], match[2], evidence, Trust.ASKED, release, app=text_at(entry, "app_version"))
        fact, _ = chart_fact(chart, known)
        if fact:
            yield fact


def _together(documents: Sequence[Document]) -> tuple[_Values, tuple[Note, ...]]:
    """``values.yaml`` and the one file beside it; which of several is production's is not for devenv to say."""
    base = [document for document in documents if re.fullmatch(r"values\.ya?ml", document.name)]
    others = [document for document in documents if document not in base]
    if len(others) > 1 and base:
        said = Note("more than one file of values stands beside this one: name production's alone", base[0].file)
        return _Values(tuple(base), base[0].value), (said,)
    chosen = (*base, *others)
    value: Any = None
    for document in chosen:
        value = merged(value, document.value)
    return _Values(chosen, value), ()


def _is_vendored(path: str, folders: Mapping[str, _Folder]) -> bool:
    """Whether a chart lies among those that another one here depends on, which says itself what it installs."""
    above, _, last = path.rpartition("/")[0].rpartition("/")
    return last == "charts" and above in folders


def _itself(folder: _Folder, values: _Values, known: Known) -> list[Fact]:
    """The service that a chart installs, where it is a service's own: Bitnami's PostgreSQL, copied into a project."""
    facts: list[Fact] = []
    for document in folder.charts:
        name, version = text_at(document.value, "name"), text_at(document.value, "version")
        evidence = Evidence(NAME, document.file, name, "appVersion", document.day)
        chart = Chart(
            name,
            version,
            evidence,
            Trust.DECLARED,
            app=text_at(document.value, "appVersion"),
            values=values.value,
            values_at=_at_values(values, "") if values.documents else None,
        )
        fact, _ = chart_fact(chart, known)
        facts += [fact] if fact else []
    return facts


def _names(folder: _Folder) -> frozenset[str]:
    """Under which names the values of dependencies stand."""
    entries = [
        entry for document in (*folder.charts, *folder.locks) for entry in items(at(document.value, "dependencies"))
    ]
    return frozenset(text_at(entry, "alias") or text_at(entry, "name") for entry in entries)


def _dependencies(
    path: str, folder: _Folder, values: _Values, known: Known
) -> tuple[list[Fact], list[Note], list[str]]:
    locked = {
        text_at(entry, "name"): (document, index, text_at(entry, "version"))
        for document in folder.locks
        for index, entry in enumerate(items(at(document.value, "dependencies")))
    }
    facts: list[Fact] = []
    notes: list[Note] = []
    wants: list[str] = []
    for document in folder.charts or folder.locks:
        for index, entry in enumerate(items(at(document.value, "dependencies"))):
            chart = _chart(document, index, entry, values)
            if not kind_of(chart.name, known) or _switched_off(entry, values):
                continue
            if chart.name in locked:
                chart = _locked(chart, *locked[chart.name])
            if is_range(chart.version) and not chart.app:
                wants += [f"{path}/Chart.lock" if path else "Chart.lock"] if not folder.locks else []
                notes.append(_open(chart))
            fact, said = chart_fact(chart, known)
            facts += [fact] if fact else []
            notes += said
    return facts, notes, wants


def _chart(document: Document, index: int, entry: Any, values: _Values) -> Chart:
    name = text_at(entry, "name")
    release = text_at(entry, "alias") or name
    evidence = Evidence(NAME, document.file, f"dependencies.{release}", f"dependencies[{index}].version", document.day)
    own = at(values.value, release)
    return Chart(
        name,
        text_at(entry, "version"),
        evidence,
        Trust.DECLARED,
        release,
        text_at(entry, "repository"),
        values=own,
        values_at=_at_values(values, release) if own is not None else None,
    )


def _at_values(values: _Values, key: str) -> Evidence:
    document = values.says((key, "image", "tag") if key else ("image", "tag"))
    return Evidence(NAME, document.file, key, "image.tag", document.day)


def _locked(chart: Chart, document: Document, index: int, version: str) -> Chart:
    evidence = replace(chart.evidence, file=document.file, attribute=f"dependencies[{index}].version")
    return replace(chart, version=version, evidence=evidence)


def _open(chart: Chart) -> Note:
    said = "leaves its version open: give devenv Chart.lock too, or what 'helm list -o json' prints"
    return Note(said, chart.evidence.file, address=chart.evidence.address, failed=True)


def _switched_off(entry: Any, values: _Values) -> bool:
    """By the first of its conditions that the values say something of, else by its own ``enabled``."""
    for condition in text_at(entry, "condition").split(","):
        if said := text_at(values.value, *condition.strip().split(".")):
            return said.lower() in ("false", "no", "off")
    return disabled(at(values.value, text_at(entry, "alias") or text_at(entry, "name")), ("",))


def _images(values: _Values, apart: frozenset[str], known: Known) -> tuple[list[Fact], list[Note]]:
    """Images among values, but for those of dependencies, which are theirs."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for image in images_in(values.value):
        if image.path[0] in apart or disabled(values.value, image.path):
            continue
        fact, said = image_fact(image, _evidence(image, values), Trust.DECLARED, "", known)
        notes += said
        facts += [fact] if fact else []
    for image in lone_tags_in(values.value):
        if image.path[0] in apart or disabled(values.value, image.path):
            continue
        fact, said = lone_tag_fact(image, _evidence(image, values), Trust.DECLARED, known)
        notes += said
        facts += [fact] if fact else []
    return sorted(facts, key=lambda fact: fact.evidence.address), notes


def _evidence(image: ValuesImage, values: _Values) -> Evidence:
    tag = (*image.path, "tag")
    path = tag if at(values.value, *tag) is not None else image.path
    document = values.says(path)
    above = len(image.above)
    return Evidence(NAME, document.file, ".".join(path[:above]), ".".join(path[above:]), document.day)
