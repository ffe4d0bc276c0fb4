"""Terraform and OpenTofu: states, and what ``show -json`` prints of states and plans.

Shapes: the JSON output format of Terraform 1.x, and state version 4 as it has been written since 0.12. What is read of
a resource, ``terraform_tables`` says; nothing else of it is kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv.document import Document, at, items, table, text_at
from devenv.model.fact import Fact, Note, Reading, Status, Trust
from devenv.model.record import record
from devenv.sources.known import Known
from devenv.sources.terraform_contents import content_facts
from devenv.sources.terraform_resources import Manner, Resource, held, service_facts
from devenv.sources.terraform_tables import HEADS, READ, SEEN, SERVICES

NAME = "terraform-state"
_MANNER = Manner(NAME, seen=Trust.RECORDED, written=Trust.CONFIGURED)
_MODES = frozenset(["managed", "data"])
#: The version of states that is read.
_STATE = 4
#: Modules within modules.
_DEEPEST = 50


def recognises(document: Document) -> bool:
    """Whether it is a state, a plan, or one of OpenTofu's encrypted ones."""
    value = table(document.value)
    if document.format != "json":
        return False
    shown = "format_version" in value and (
        len(value) <= 2 or any(key in value for key in ("values", "planned_values", "resource_changes"))
    )
    stored = "version" in value and any(key in value for key in ("terraform_version", "lineage"))
    return shown or stored or "encryption_version" in value


def kept(made: dict[str, Any]) -> dict[str, Any]:
    """Of a resource in a JSON document what is read here; nothing but its type of one that nobody here reads.

    Asked of every table of every document: it looks at two keys of nearly all of them.
    """
    mode = made.get("mode")
    if not isinstance(mode, str) or mode not in _MODES:
        return made
    kind = made.get("type")
    if not isinstance(kind, str):
        return made
    if kind not in READ or "expressions" in made:
        return {"type": kind}
    if heads := HEADS.get(kind):
        for instance in items(made.get("instances")):
            _trim(instance, "attributes", heads)
        _trim(made, "values", heads)
        for side in ("before", "after"):
            _trim(made.get("change"), side, heads)
    return made


def _trim(holder: Any, key: str, heads: frozenset[str]) -> None:
    values = at(holder, key)
    if isinstance(values, dict):
        holder[key] = {name: values[name] for name in heads if name in values}


def parse(documents: Sequence[Document], known: Known) -> Reading:
    """Every service of every document, and what a plan will make of them; one state may speak of another's groups."""
    notes: list[Note] = []
    states = [_State(document, notes) for document in documents]
    now = [list(state.resources()) for state in states]
    facts = _facts([resource for resources in now for resource in resources], known, notes)
    for state, resources in zip(states, now, strict=True):
        coming = _facts(list(state.coming(resources)), known, [])
        facts += _different(coming, [fact for fact in facts if fact.evidence.file == state.document.file])
    return Reading(tuple(facts), tuple(notes))


def _facts(resources: Sequence[Resource], known: Known, notes: list[Note]) -> list[Fact]:
    services, unnamed = service_facts(resources, _MANNER)
    others, unread = content_facts(resources, known, _MANNER)
    notes += [*unnamed, *unread]
    return [*services, *others]


def _different(coming: Iterable[Fact], actual: Iterable[Fact]) -> Iterator[Fact]:
    """What a plan makes, or makes otherwise than it is."""
    now = {(fact.evidence.address, fact.name): fact for fact in actual if fact.status is not Status.PLANNED}
    for fact in coming:
        before = now.get((fact.evidence.address, fact.name))
        unlike = before and (fact.kind != before.kind or not _agree(fact.version, before.version))
        if before is None:
            yield replace(fact, status=Status.PLANNED, note=fact.note or "a plan will make it")
        elif unlike or (fact.settings and fact.settings != before.settings):
            same = {} if fact.version else {"version": before.version, "precision": before.precision, "note": ""}
            yield replace(fact, status=Status.PLANNED, **same)  # type: ignore[arg-type]


def _agree(coming: str, now: str) -> bool:
    """Whether the one version may be the other, which is perhaps known more exactly."""
    return not coming or f"{now}.".startswith(f"{coming}.") or f"{coming}.".startswith(f"{now}.")


@record
class _State:
    """One document, whichever form it has."""

    document: Document
    notes: list[Note]

    @property
    def value(self) -> Mapping[str, Any]:
        return table(self.document.value)

    def resources(self) -> Iterator[Resource]:
        """What there is now."""
        value, version = self.value, text_at(self.document.value, "version")
        if "encryption_version" in value:
            self._say("is an encrypted state of OpenTofu: give 'tofu state pull' or 'tofu show -json'")
        elif "format_version" in value:
            if self._is_known():
                yield from self._shown()
        elif version == str(_STATE):
            yield from self._stored()
        else:
            later = version.isdecimal() and int(version[:9]) > _STATE
            what = "a newer devenv may read it" if later else "let a newer Terraform write it first"
            self._say(f"is a state of version {version[:20] or '?'}, not {_STATE}: {what}")

    def _is_known(self) -> bool:
        version = text_at(self.value, "format_version")
        if version.partition(".")[0] in ("0", "1"):
            return True
        self._say(f"has format_version {version[:20] or '?'}, which this devenv cannot read: a newer one may")
        return False

    def _shown(self) -> Iterator[Resource]:
        """What is printed of a state, or what a plan says there was when it was made, as far as it still is."""
        is_plan = "planned_values" in self.value or "resource_changes" in self.value
        if not is_plan and "values" not in self.value:
            self._say("holds no state: nothing has been applied yet", failed=False)
        if text_at(self.value, "errored") == "true":
            self._say("is of a plan that ended with an error: it may not tell everything", failed=False)
        prior = at(self.value, "prior_state", "values") if is_plan else self.value.get("values")
        drift = {change.address: change for change in self._changes("resource_drift", "after")}
        gone = self._deleted("resource_drift")
        there = list(self._modules(at(prior, "root_module"), 0)) or list(self._changes("resource_changes", "before"))
        yield from (drift.get(found.address, found) for found in there if found.address not in gone)

    def coming(self, now: Sequence[Resource]) -> Iterator[Resource]:
        """What a plan says there will be."""
        if "format_version" not in self.value or text_at(self.value, "format_version")[:2] not in ("0.", "1."):
            return
        before = {resource.address: resource for resource in now}
        planned = list(self._modules(at(self.value, "planned_values", "root_module"), 0))
        for resource in planned or self._changes("resource_changes", "after"):
            if not resource.seen:
                yield _without_the_past(resource, before.get(resource.address))
        for address in sorted(self._deleted("resource_changes")):
            if address in before and before[address].type in SERVICES:
                self._say("a plan will delete it", address, failed=False)

    def _modules(self, module: Any, depth: int) -> Iterator[Resource]:
        for entry in self._listed(table(module), "resources"):
            if not text_at(entry, "deposed_key") and text_at(entry, "type") in READ:
                yield from self._resource(entry, text_at(entry, "address"), at(entry, "values"))
        if depth < _DEEPEST:
            for child in items(table(module).get("child_modules")):
                yield from self._modules(child, depth + 1)

    def _changes(self, key: str, side: str) -> Iterator[Resource]:
        for entry in items(self.value.get(key)):
            values = at(entry, "change", side)
            if isinstance(values, dict) and not text_at(entry, "deposed"):
                yield from self._resource(entry, text_at(entry, "address"), values)

    def _deleted(self, key: str) -> set[str]:
        entries = (entry for entry in items(self.value.get(key)) if not text_at(entry, "deposed"))
        return {text_at(entry, "address") for entry in entries if items(at(entry, "change", "actions")) == ["delete"]}

    def _stored(self) -> Iterator[Resource]:
        for entry in self._listed(self.value, "resources"):
            kind, module = text_at(entry, "type"), text_at(entry, "module")
            if kind not in READ:
                continue
            data = "data" if text_at(entry, "mode") == "data" else ""
            address = ".".join(part for part in (module, data, kind, text_at(entry, "name")) if part)
            for instance in self._listed(table(entry), "instances"):
                values = at(instance, "attributes" if "attributes" in table(instance) else "attributes_flat")
                if not text_at(instance, "deposed"):
                    yield from self._resource(entry, address + _index(at(instance, "index_key")), values)

    def _listed(self, holder: Mapping[str, Any], key: str) -> Sequence[Any]:
        if key in holder and not isinstance(holder[key], list):
            self._say(f"its {key} cannot be read")
        return items(holder.get(key))

    def _resource(self, entry: Any, address: str, values: Any) -> Iterator[Resource]:
        if isinstance(values, dict):
            is_seen = text_at(entry, "mode") == "data"
            yield Resource(self.document, address, text_at(entry, "type"), values, seen=is_seen)
        else:
            self._say("its attributes cannot be read", address)

    def _say(self, message: str, address: str = "", *, failed: bool = True) -> None:
        self.notes.append(Note(message, self.document.file, address=address, failed=failed))


def _index(key: Any) -> str:
    """``["eu"]`` and ``[0]``, as Terraform quotes them."""
    if isinstance(key, str):
        quoted = json.dumps(key, ensure_ascii=False)
        return "[" + re.sub(r"([$%])(?={)", r"\1\1", quoted) + "]"
    return f"[{key}]" if isinstance(key, int) and not isinstance(key, bool) else ""


#: What is written of a resource that is no service -> what was seen of it.
_SEEN_ELSEWHERE: Mapping[str, tuple[Sequence[str], frozenset[str]]] = {
    "helm_release": (("chart", "version", "values", "set"), frozenset(["metadata", "status"]))
}


def _without_the_past(coming: Resource, now: Resource | None) -> Resource:
    """Beside a new version a plan still has what was seen of the old one: that goes where what is written changes, and
    is as it was seen last where it does not."""
    row = SERVICES.get(coming.type)
    written, seen = _SEEN_ELSEWHERE.get(coming.type, ((), frozenset()))
    if row:
        written, seen = [path for path in (*row.versions, row.engine) if path and path not in SEEN], SEEN
    if now is None:
        return coming
    if all(held(now.values, path) == held(coming.values, path) for path in written):
        return replace(coming, values={**coming.values, **{name: now.values[name] for name in seen & set(now.values)}})
    return replace(coming, values={name: said for name, said in coming.values.items() if name not in seen})
