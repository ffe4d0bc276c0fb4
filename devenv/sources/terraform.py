"""Terraform and OpenTofu: states, ``show -json`` of states and plans. What is read of a resource, ``terraform_tables``
says; nothing else of it is kept.

Shapes: the JSON output format of Terraform 1.x, and state version 4 as written since 0.12.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Fact, Note, Reading, Status
from devenv.sources.known import Known
from devenv.sources.terraform_resources import Resource, resource_facts
from devenv.sources.terraform_tables import HEADS, READ

NAME = "terraform-state"


def recognises(document: Document) -> bool:
    """Whether it is a state, a plan, or one of OpenTofu's encrypted ones."""
    value = table(document.value)
    whole = document.format == "json" and ("resources" in value or "values" in value or "planned_values" in value)
    return (
        (whole and ("terraform_version" in value or "format_version" in value or "lineage" in value))
        or ("format_version" in value and len(value) <= 2)
        or "encryption_version" in value
    )


def kept(made: dict[str, Any]) -> dict[str, Any]:
    """Of a resource in a JSON document what is read here; nothing but its type of one that nobody here reads."""
    kind = made.get("type")
    if not isinstance(kind, str) or "_" not in kind:
        return made
    holders = [key for key in ("instances", "values", "change") if key in made]
    if not holders:
        return made
    if kind not in READ:
        return {"type": kind}
    heads = HEADS.get(kind)
    for instance in items(made.get("instances")) if heads else ():
        if isinstance(instance, dict) and isinstance(attributes := instance.get("attributes"), dict):
            instance["attributes"] = {name: attributes[name] for name in heads or () if name in attributes}
    return made


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every service of every document, those that a plan will make among them."""
    facts: list[Fact] = []
    notes: list[Note] = []
    for document in documents:
        state = _State(document, notes)
        now = list(state.resources())
        actual, said = resource_facts(document, now, known)
        notes += said
        facts += actual
        coming, _ = resource_facts(document, list(state.planned(now)), known)
        facts += _different(coming, actual)
    return Reading(tuple(facts), tuple(notes))


def _different(coming: Sequence[Fact], actual: Sequence[Fact]) -> Iterator[Fact]:
    """What a plan makes new or of another version; a group of parameters alone is no service."""
    now = {fact.evidence.address: fact for fact in actual}
    for fact in coming:
        before = now.get(fact.evidence.address)
        if before is None or (fact.version and not f"{before.version}.".startswith(f"{fact.version}.")):
            yield replace(fact, status=Status.PLANNED, note=fact.note or "a plan will make it")


@dataclass(frozen=True, slots=True)
class _State:
    """One document, whichever form it has."""

    document: Document
    notes: list[Note]

    def resources(self) -> Iterator[Resource]:
        """What there is now."""
        value = table(self.document.value)
        if "encryption_version" in value:
            self._say("is an encrypted state of OpenTofu: give 'tofu state pull' or 'tofu show -json'")
        elif "format_version" in value:
            if text_at(value, "format_version").partition(".")[0] not in ("0", "1"):
                self._say(f"has format_version {text_at(value, 'format_version')[:20]}, which this devenv cannot read")
                return
            prior = at(value, "prior_state", "values") if "planned_values" in value else value.get("values")
            drifted = {change.address: change for change in self._changes("resource_drift")}
            for resource in _modules(at(prior, "root_module"), 0):
                yield drifted.get(resource.address, resource)
        elif text_at(value, "version") == "4":
            yield from _of_state(items(value.get("resources")))
        else:
            self._say(f"is a state of version {text_at(value, 'version')[:20] or '?'}; only version 4 can be read")

    def planned(self, now: Sequence[Resource]) -> Iterator[Resource]:
        """What there will be, with the groups of parameters that stay as they are."""
        changes = {change.address: change for change in self._changes("resource_changes")}
        if changes:
            yield from changes.values()
            yield from (resource for resource in now if resource.address not in changes and resource.is_group)

    def _changes(self, key: str) -> Iterator[Resource]:
        for entry in items(table(self.document.value).get(key)):
            after = at(entry, "change", "after")
            actions = items(at(entry, "change", "actions"))
            if isinstance(after, dict) and (key == "resource_drift" or actions not in (["no-op"], ["read"])):
                # What was seen is of before the plan: `_actual` may stand beside a new version unchanged.
                kept = {name: said for name, said in after.items() if key == "resource_drift" or name[-7:] != "_actual"}
                yield Resource(text_at(entry, "address"), text_at(entry, "type"), kept)

    def _say(self, message: str) -> None:
        self.notes.append(Note(message, self.document.file, failed=True))


#: Modules within modules.
_DEEPEST = 50


def _modules(module: Any, depth: int) -> Iterator[Resource]:
    for entry in items(table(module).get("resources")):
        if not text_at(entry, "deposed_key"):
            yield Resource(text_at(entry, "address"), text_at(entry, "type"), table(table(entry).get("values")))
    if depth < _DEEPEST:
        for child in items(table(module).get("child_modules")):
            yield from _modules(child, depth + 1)


def _of_state(resources: Sequence[Any]) -> Iterator[Resource]:
    for entry in resources:
        kind, name = text_at(entry, "type"), text_at(entry, "name")
        module = text_at(entry, "module")
        data = "data." if text_at(entry, "mode") == "data" else ""
        base = f"{module}.{data}{kind}.{name}" if module else f"{data}{kind}.{name}"
        for instance in items(table(entry).get("instances")):
            if not text_at(instance, "deposed"):
                yield Resource(base + _index(at(instance, "index_key")), kind, table(at(instance, "attributes")))


def _index(key: Any) -> str:
    if isinstance(key, str):
        return f'["{key}"]'
    return f"[{key}]" if isinstance(key, int) else ""
