"""What can be wrong with the differences that ``[parity]`` accepts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from devenv.model.finding import Acceptance
from devenv.model.manifest import Manifest
from devenv.schema.issue import Issue, did_you_mean


def parity_issues(manifest: Manifest) -> Iterator[Issue]:
    """Each entry must name an environment that there is, a day of the calendar, and a difference that no other entry
    names."""
    named: set[str] = set()
    for entry in manifest.accepted:
        path = ("parity", "accept", entry.index)
        yield from _environment(entry, list(manifest.environments), path)
        if entry.finding in named:
            yield Issue((*path, "finding"), f"{entry.finding} is accepted twice", "keep one of the two entries")
        named.add(entry.finding)
        if entry.until and not _is_day(entry.until):
            yield Issue((*path, "until"), f"{entry.until!r} is not a date", 'write it as in until = "2027-03-01"')


def _environment(entry: Acceptance, environments: list[str], path: tuple[str | int, ...]) -> Iterator[Issue]:
    if entry.environment in environments:
        return
    hint = did_you_mean(entry.environment, environments)
    hint = hint or f"environments: {', '.join(environments) or 'none'}"
    yield Issue((*path, "finding"), f"there is no environment {entry.environment!r}", hint)


def _is_day(text: str) -> bool:
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True
