"""What can be wrong with the sources of an environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from devenv.model.manifest import Manifest
from devenv.schema.issue import Issue, did_you_mean

#: Exactly one of these says where a source is.
_PLACES = ("path", "command", "url_env")


def source_issues(manifest: Manifest, names: list[str]) -> Iterator[Issue]:
    """Each source must be somewhere, of a kind that there is, and speak of one of the services that there are."""
    for environment, entry in manifest.environments.items():
        for index, source in enumerate(entry.get("sources", ())):
            yield from _issues(names, source, ("environments", environment, "sources", index))


def _issues(services: list[str], source: Mapping[str, Any], path: tuple[str | int, ...]) -> Iterator[Issue]:
    from devenv.sources.registry import SOURCES

    said = [key for key in _PLACES if source.get(key)]
    if len(said) != 1:
        hint = 'one of path = "prod.tfstate", command = ["kubectl", …], url_env = "PROD_DATABASE_URL"'
        yield Issue(path, "says in two ways where it is" if said else "does not say where it is", hint)
    if "://" in source.get("path", ""):
        hint = 'put it in a variable and name that: url_env = "PROD_DATABASE_URL"'
        yield Issue((*path, "path"), "is an address, which may hold a password", hint)
    known = [one.name for one in SOURCES]
    if (kind := source.get("kind")) and kind not in known:
        hint = did_you_mean(kind, known) or f"one of {', '.join(known)}; or none: its content tells"
        yield Issue((*path, "kind"), f"there is no kind of source {kind!r}", hint)
    if (service := source.get("service")) and service not in services:
        hint = did_you_mean(service, services) or f"services: {', '.join(services) or 'none'}"
        yield Issue((*path, "service"), f"no service {service!r}", hint)
