"""Services that production runs and the manifest does not have, as the manifest would say them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from devenv.model.change import Change
from devenv.model.kind import Kind
from devenv.model.manifest import Manifest, Service
from devenv.model.production import Truth
from devenv.model.record import record
from devenv.model.version import parse_version
from devenv.stages.naming import label
from devenv.stages.plan_sync import Releases, changes_of

#: What Terraform calls that to which nobody gave a name.
_NAMELESS = re.compile(r"(terraform|tf)-\d+")


@record
class Additions:
    """The keys of new services; sentences about what they do not hold; what devenv cannot add: of no kind that it
    has, or of no version that it could start."""

    changes: tuple[Change, ...]
    notes: tuple[str, ...]
    left: tuple[Truth, ...]


def additions(manifest: Manifest, kinds: Mapping[str, Kind], loose: Iterable[Truth], releases: Releases) -> Additions:
    """A new service is brought in step with production like one that is there and says nothing yet."""
    changes: list[Change] = []
    notes: list[str] = []
    left: list[Truth] = []
    taken = set(manifest.services)
    for truth in loose:
        fact = truth.fact
        name = _name(fact.name or fact.kind, fact.kind, taken)
        kind = kinds.get(fact.kind) if fact.version else None
        own = (
            list(changes_of(Service(name, fact.kind, parse_version("")), kind, truth, releases, notes)) if kind else []
        )
        if not any(change.key == ("version",) for change in own):
            left.append(truth)
            continue
        taken.add(name)
        changes.append(Change(name, ("kind",), None, fact.kind, "production runs it"))
        changes += [change for change in own if len(change.key) == 1]
        changes.append(Change(name, ("from",), None, fact.evidence.address or fact.name, "production runs it"))
        changes += [change for change in own if len(change.key) > 1]
    return Additions(tuple(changes), tuple(notes), tuple(left))


def _name(text: str, kind: str, taken: set[str]) -> str:
    """A name as the manifest's services have it: a DNS label that nobody else has."""
    name = label(text)
    name = kind if not name or _NAMELESS.fullmatch(name) else name
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
