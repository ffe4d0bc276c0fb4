"""Services that production runs and the manifest does not have, as the manifest would say them."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import replace

from devenv.model.change import Change
from devenv.model.kind import Kind
from devenv.model.manifest import Manifest, Service
from devenv.model.production import Missing, Truth
from devenv.model.record import record
from devenv.model.version import parse_version
from devenv.stages.naming import label
from devenv.stages.plan_sync import Draft, Releases, draft_of

#: What Terraform calls that to which nobody gave a name.
_NAMELESS = re.compile(r"(terraform|tf)-\d+")


@record
class Additions:
    """The keys of new services; sentences about what they do not hold; what devenv cannot add, with its obstacle."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    left: tuple[Missing, ...]


def missing_services(manifest: Manifest, loose: Iterable[Truth]) -> tuple[Missing, ...]:
    """What no service mirrors, each under the name that it would have in the manifest."""
    taken = set(manifest.services)
    found: list[Missing] = []
    for truth in loose:
        fact = truth.fact
        name = _name(fact.name or fact.kind, fact.kind, taken)
        taken.add(name)
        found.append(Missing(name, truth))
    return tuple(found)


def additions(kinds: Mapping[str, Kind], missing: Iterable[Missing], releases: Releases) -> Additions:
    """A new service is brought in step with production like one that is there and says nothing yet."""
    changes: list[Change] = []
    notes: list[str] = []
    left: list[Missing] = []
    for item in missing:
        fact = item.truth.fact
        if item.obstacle:
            left.append(item)
            continue
        if fact.kind not in kinds:
            obstacle = f'devenv has no kind {fact.kind}; kind = "container" runs any image'
            left.append(replace(item, obstacle=obstacle))
            continue
        if not fact.version and kinds[fact.kind].version_mirrored:
            obstacle = fact.note or "no source states its version"
            left.append(replace(item, obstacle=obstacle, lacks_version=True))
            continue
        service = Service(item.name, fact.kind, parse_version(""))
        draft = draft_of(service, kinds[fact.kind], item.truth, releases)
        if draft.differences:
            left.append(replace(item, obstacle=draft.differences[0].message))
            continue
        draft.note_doubts()
        notes += draft.notes
        changes += _keys(item, draft)
    return Additions(tuple(changes), tuple(notes), tuple(left))


def services_to_follow(names: Collection[str], running: Container[str], changes: Iterable[Change]) -> tuple[str, ...]:
    """Those of ``names`` that run here and, where any does, those that ``changes`` add."""
    started = [name for name in names if name in running]
    if not started:
        return ()
    added = {change.service for change in changes if change.key == ("kind",) and change.old is None}
    return tuple(name for name in names if name in started or name in added)


def _keys(item: Missing, draft: Draft) -> list[Change]:
    """A new service's keys in the order in which people write them: its tables last."""
    fact = item.truth.fact
    source = fact.evidence.address or fact.name
    return [
        Change(item.name, ("kind",), None, fact.kind, "production runs it"),
        *(change for change in draft.changes if len(change.key) == 1),
        Change(item.name, ("from",), None, source, "production runs it"),
        *(change for change in draft.changes if len(change.key) > 1),
    ]


def _name(text: str, kind: str, taken: set[str]) -> str:
    """A name as the manifest's services have it: a DNS label that nobody else has."""
    name = label(text)
    name = kind if not name or _NAMELESS.fullmatch(name) else name
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
