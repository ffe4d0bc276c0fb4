"""What can be wrong with ``[seed]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from devenv.model.kind import Kind
from devenv.model.manifest import Manifest
from devenv.schema.issue import Issue, did_you_mean
from devenv.stages.seeds import is_archive, rule_for


def seed_issues(manifest: Manifest, kinds: Mapping[str, Kind]) -> Iterator[Issue]:
    """Each source must be for a service that keeps data, and of a name that its kind knows how to load."""
    known = list(manifest.services)
    for name, sources in manifest.seed.items():
        service = manifest.services.get(name)
        if service is None:
            hint = did_you_mean(name, known) or f"services: {', '.join(known) or 'none'}"
            yield Issue(("seed", name), f"no service {name!r}", hint)
            continue
        kind = kinds[service.kind]
        if not kind.data and not service.options.get("volumes"):
            yield Issue(("seed", name), f"{kind.title} keeps no data that could be filled", "take it out")
            continue
        for index, source in enumerate(sources):
            if not source.path and not source.command:
                yield Issue(("seed", name, index), "must not be empty", _loadable(kind))
            elif source.path and not is_archive(source.path) and rule_for(kind, source.path) is None:
                yield Issue(("seed", name, index), f"{kind.title} cannot load {source.path!r}", _loadable(kind))
            elif is_archive(source.path) and index:
                hint = "put it first: what is in it takes the place of all data"
                yield Issue(("seed", name, index), "a snapshot comes before everything else", hint)


def _loadable(kind: Kind) -> str:
    patterns = [pattern for rule in kind.seed for pattern in rule.files]
    files = f"it loads {', '.join(patterns)}, each also with .gz; " if patterns else ""
    return f'{files}a snapshot that was exported (*.devenv.tar), or {{ command = ["…"] }}'
