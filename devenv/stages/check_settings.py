"""Names of a server's settings, held against what servers of that version report.

A kind may have ``settings/<series>.txt``: a line for each setting, its name and, where the server tells, the type of
its value. The first line says whether the list is complete. Servers of other versions than the listed ones are checked
only where they lie between two of them, since settings come and go.
"""

from __future__ import annotations

from collections.abc import Iterator

from devenv.model.kind import Kind
from devenv.model.manifest import Service
from devenv.model.record import record
from devenv.model.version import Version, parse_version
from devenv.schema.issue import Issue, did_you_mean

#: A name must be this near to a known one for a list that does not hold all names to call it a mistake.
_NEAR = 0.8
_SINGLE = ("bool", "integer", "real", "enum")


@record
class KnownSettings:
    """Names in lower case, with the type of their value or "". ``is_complete``: no other name is a setting."""

    types: dict[str, str]
    is_complete: bool


def setting_issues(service: Service, kind: Kind) -> Iterator[Issue]:
    """Settings that the server does not have, and lists where it takes one value."""
    known = known_settings(kind, service.version)
    if known is None or service.image:
        return
    for name, value in service.settings.items():
        path = ("services", service.name, "settings", name)
        if "." in name or kind.instead_of(name):
            continue
        if name.lower() not in known.types:
            meant = did_you_mean(name.lower(), list(known.types), _NEAR)
            if meant or known.is_complete:
                hint = meant or "take it out, or say which extension it belongs to: extension.name"
                yield Issue(path, f"{kind.title} {service.version} has no such setting", hint)
        elif isinstance(value, tuple) and known.types[name.lower()] in _SINGLE:
            yield Issue(path, "must be one value, not a list", f"the setting is of type {known.types[name.lower()]}")


def known_settings(kind: Kind, version: Version) -> KnownSettings | None:
    """What is known of a version's settings; None if nothing is."""
    lists = {_series(path): text for path, text in kind.templates.items() if path.startswith("settings/")}
    own = next((series for series in lists if version.release[: len(series)] == series), None)
    if own is not None:
        return _parsed(lists[own])
    older = max((series for series in lists if series < version.release), default=None)
    newer = min((series for series in lists if series > version.release), default=None)
    if older is None or newer is None:
        return None
    return KnownSettings({**_parsed(lists[older]).types, **_parsed(lists[newer]).types}, is_complete=False)


def _series(path: str) -> tuple[int, ...]:
    return parse_version(path.removeprefix("settings/").removesuffix(".txt")).release


def _parsed(text: str) -> KnownSettings:
    head, *lines = text.splitlines()
    types = {}
    for line in lines:
        name, _, type_ = line.partition(" ")
        types[name.lower()] = type_
    return KnownSettings(types, head.startswith("# complete"))
