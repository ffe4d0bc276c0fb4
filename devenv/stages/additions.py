"""Services that production runs and the manifest does not have, as the manifest would say them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from devenv.model.change import Change, Said
from devenv.model.kind import Kind
from devenv.model.manifest import Manifest
from devenv.model.production import Truth
from devenv.sources.allowed import is_mirrored
from devenv.stages.plan_sync import Releases, typed

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def additions(
    manifest: Manifest, kinds: Mapping[str, Kind], loose: Iterable[Truth], releases: Releases
) -> tuple[Change, ...]:
    """The keys of a new service for each fact of a kind that the catalogue has and whose version is known."""
    changes: list[Change] = []
    taken = set(manifest.services)
    for truth in loose:
        fact = truth.fact
        kind = kinds.get(fact.kind)
        if kind is None or not fact.version:
            continue
        name = _name(fact.name or fact.kind, fact.kind, taken)
        taken.add(name)
        version = releases.latest(fact.kind, fact.version) if fact.precision != "patch" else ""
        evidence = truth.evidence
        said: dict[str, Said] = {
            "kind": fact.kind,
            "version": version or fact.version,
            "variant": fact.variant if fact.variant in kind.variants else None,
            "from": fact.evidence.address or fact.name,
        }
        if "extensions" in kind.options:
            said["extensions"] = tuple(e for e in fact.extensions if e in kind.packages and e != "plpgsql")
        changes += [
            Change(name, (key,), None, value, "production runs it", evidence["version"] if key == "version" else None)
            for key, value in said.items()
            if value
        ]
        changes += [
            Change(name, ("settings", key), None, typed(value), "production has it", evidence[f"settings.{key}"])
            for key, value in fact.settings.items()
            if kind.settings and is_mirrored(fact.kind, key) and not kind.instead_of(key)
            if key != "shared_preload_libraries"
        ]
    return tuple(changes)


def _name(text: str, kind: str, taken: set[str]) -> str:
    """A name as the manifest's services have it: a DNS label that nobody else has."""
    name = _NOT_IN_A_NAME.sub("-", text.lower()).strip("-")[:40].strip("-")
    name = name if re.match(r"[a-z]", name) else kind
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
