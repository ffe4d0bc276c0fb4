"""Resources of clouds -> facts: versions and settings read, groups of parameters joined to whom they are for, members
and replicas told from their primaries.

The tables speak as Terraform does. What describes the same resources in other words brings a dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Any

from devenv.document import Document, items, table, text_at
from devenv.model.fact import Evidence, Fact, Note, Status, Trust
from devenv.model.record import record
from devenv.sources.allowed import allowed
from devenv.sources.settings_text import Pairs, pairs
from devenv.sources.terraform_tables import GROUPS, SEEN, SERVICES, Group, Row
from devenv.sources.upstream import Upstream, upstream


@record
class Manner:
    """How a source is to be believed: ``seen`` is what somebody looked up, ``written`` what somebody asked for."""

    source: str
    seen: Trust
    written: Trust


@record
class Resource:
    """One resource somewhere. ``type`` is Terraform's name of it; ``word`` gives for a path of Terraform's the one
    under which this one says the same, "" where it does not. ``seen``: all of it was looked up."""

    document: Document
    address: str
    type: str
    values: Mapping[str, Any]
    word: Callable[[str], str] = str
    seen: bool = False

    def at(self, path: str) -> Any:
        """What stands at a path of Terraform's."""
        word = self.word(path)
        return held(self.values, word) if word or not path else None

    def text(self, path: str) -> str:
        """The same as text; "" for what is no scalar."""
        return text_at([self.at(path)], 0) if path else ""

    def evidence(self, manner: Manner, path: str) -> Evidence:
        """``settings.0.x`` is shown as Terraform writes it: ``settings[0].x``."""
        attribute = re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", self.word(path))
        return Evidence(manner.source, self.document.file, self.address, attribute, self.document.day)


def held(value: Any, path: str) -> Any:
    """What stands at a path; "0" of what is no list is itself, since some unwrap a block that there is only one of."""
    for part in path.split(".") if path else ():
        if isinstance(value, list):
            value = value[int(part)] if part.isdecimal() and int(part) < len(value) else None
        elif part != "0":
            value = table(value).get(part)
    return value


def service_facts(resources: Sequence[Resource], manner: Manner) -> tuple[list[Fact], list[Note]]:
    """The services among resources, in their order, and why others are none."""
    groups = _Groups.of(resources)
    told: list[_Told] = []
    notes: list[Note] = []
    for resource in resources:
        if not (row := SERVICES.get(resource.type)):
            continue
        fact = _fact(resource, row, manner, groups)
        if fact.kind:
            told.append(_Told(fact, resource, row))
        elif not fact.part_of and row.vendor != "lambda":  # a function may bring a runtime of its own
            said = "does not say which engine it is"
            notes.append(Note(said, resource.document.file, address=resource.address, failed=True))
    return _related(told), notes


def _fact(resource: Resource, row: Row, manner: Manner, groups: _Groups) -> Fact:
    engine = resource.text(row.engine) or ("" if resource.seen and row.engine else row.kind)
    told, path = _version(resource, row, engine)
    is_seen = path in SEEN or (resource.seen and bool(path))
    unknown = "" if told.version else "its version is not stated: ask the server itself"
    settings, setting_evidence, extensions = _settings(told.kind, resource, row, groups, manner)
    return Fact(
        kind=told.kind,
        evidence=resource.evidence(manner, path),
        version=told.version,
        precision=told.precision,
        name=_last(next((text for name in row.names if (text := resource.text(name))), "")),
        settings=settings,
        setting_evidence=setting_evidence,
        extensions=extensions,
        status=Status.ACTUAL if told.version else Status.UNKNOWN,
        note=told.note or unknown,
        trust=manner.seen if is_seen else manner.written,
        part_of=next((_last(text) for path in row.within if (text := resource.text(path))), ""),
    )


def _version(resource: Resource, row: Row, engine: str) -> tuple[Upstream, str]:
    """The first attribute that states one, and where."""
    for path in row.versions:
        text = resource.text(path)
        if text.isdecimal() and resource.text(row.minor).isdecimal():
            text = f"{text}.{resource.text(row.minor)}"
        told = upstream(engine, text, vendor=row.vendor)
        if told.version:
            return told, path
    return upstream(engine, "", vendor=row.vendor), ""


def _last(text: str) -> str:
    """The name at the end of an address: ``arn:aws:rds:eu-west-1:1:db:shop``, ``projects/p/instances/cache``."""
    return re.split(r"[:/]", text)[-1]


def _settings(
    kind: str, resource: Resource, row: Row, groups: _Groups, manner: Manner
) -> tuple[dict[str, str], dict[str, Evidence], dict[str, str]]:
    """The settings, for those that stand in a group of parameters that one's evidence, and the extensions that are
    let in by a setting."""
    settings: dict[str, str] = {}
    setting_evidence: dict[str, Evidence] = {}
    extensions: dict[str, str] = {}
    for path in row.groups:
        if name := resource.text(path):
            for group in groups.called(row.vendor, path, name, resource):
                said = _of_group(kind, group)
                extensions |= {name: "" for key, text in said if key == _EXTENSIONS for name in _names(text)}
                found = allowed(kind, said)
                settings |= found
                setting_evidence |= dict.fromkeys(found, group.evidence(manner, ""))
    pairs_of_its_own = [pair for path in row.settings for pair in listed(kind, resource.at(path))]
    if row.clustered and resource.text(row.clustered) == "true":
        pairs_of_its_own.append(("cluster-enabled", "yes"))
    own = allowed(kind, pairs_of_its_own)
    told = {name: evidence for name, evidence in setting_evidence.items() if name not in own}
    return dict(sorted((settings | own).items())), told, dict(sorted(extensions.items()))


#: Azure's setting that lets extensions in.
_EXTENSIONS = "azure.extensions"


def _names(text: str) -> list[str]:
    return [name.strip().lower() for name in text.split(",") if name.strip()]


def _of_group(kind: str, group: Resource) -> Pairs:
    how = GROUPS[group.type]
    if not how.settings:
        return [(group.text("name"), group.text("value"))]
    return [pair for path in how.settings for pair in listed(kind, group.at(path))]


#: How lists of settings call a setting and its value.
_NAMED = (("name", "value"), ("ParameterName", "ParameterValue"))


def listed(kind: str, value: Any) -> Pairs:
    """Settings, in whichever way they are written; a list of them has no order of its own."""
    if isinstance(value, str):
        return pairs(kind, value)
    if isinstance(value, dict):
        return sorted((_servers_own(kind, str(name)), text_at(value, name)) for name in value)
    both = ((text_at(entry, name), text_at(entry, said)) for entry in items(value) for name, said in _NAMED)
    return sorted((name, said) for name, said in both if name)


def _servers_own(kind: str, name: str) -> str:
    """The server's own name of a setting whose dots and hyphens were made underscores, as names of attributes are."""
    if kind in ("redis", "valkey"):
        return re.sub(r"^(?:redis|valkey)_", "", name).replace("_", "-")
    return name.replace("_", ".") if kind == "kafka" else name


@record
class _Groups:
    """Groups of parameters by the name that servers call them by."""

    by_name: Mapping[tuple[str, str], Sequence[tuple[Group, Resource]]] = field(default_factory=dict)

    @staticmethod
    def of(resources: Iterable[Resource]) -> _Groups:
        found: dict[tuple[str, str], list[tuple[Group, Resource]]] = {}
        for resource in resources:
            if group := GROUPS.get(resource.type):
                found.setdefault((group.vendor, resource.text(group.name)), []).append((group, resource))
        return _Groups(found)

    def called(self, vendor: str, path: str, name: str, near: Resource) -> Sequence[Resource]:
        """Who is called so under an attribute. The same name may be there once for each region: the nearest counts."""
        fits = [
            resource
            for group, resource in self.by_name.get((vendor, name), ())
            if not group.called or path in group.called
        ]
        if len(fits) < 2 or GROUPS[fits[0].type].name != "name":
            return fits
        return [max(fits, key=lambda group: _shared(group, near))]


def _shared(one: Resource, other: Resource) -> tuple[bool, int]:
    """How near two resources are: of one document, and with how much of their addresses in common."""
    letters = zip(one.address, other.address, strict=False)
    common = next((index for index, (a, b) in enumerate(letters) if a != b), min(len(one.address), len(other.address)))
    return one.document is other.document, common


@record
class _Told:
    """A fact and the resource that tells it."""

    fact: Fact
    resource: Resource
    row: Row


def _related(told: Sequence[_Told]) -> list[Fact]:
    """What is a part of another by that one's word, or of one that spans regions."""
    there = {(each.fact.kind, each.fact.name) for each in told if each.fact.name}
    primaries = {
        (each.fact.kind, member): each.fact.name
        for each in told
        if each.fact.name
        for member in _members(each)
        if member != each.fact.name
    }
    facts = []
    for each in told:
        fact, above = each.fact, _last(each.resource.text(each.row.region_of))
        of = fact.part_of or primaries.get((fact.kind, fact.name), "")
        if not of and above != fact.name and (fact.kind, above) in there:
            of = above
        facts.append(replace(fact, part_of=of))
    return facts


def _members(each: _Told) -> Iterator[str]:
    for path in each.row.members:
        for entry in items(each.resource.at(path)):
            yield _last(text_at([entry], 0) or text_at(entry, "DBInstanceIdentifier"))
