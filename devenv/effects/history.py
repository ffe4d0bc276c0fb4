"""What changed on this machine: one file for each run that changed something, in the checkout's memory.

A sync also keeps the files as they were before it, so that it can be undone.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, field
from typing import Any

from devenv.effects.store import Store
from devenv.errors import DevenvError
from devenv.model.record import record

_FOLDER = "history"
_MOST = 500


@record
class Entry:
    """``number`` counts from 1; ``at`` is in UTC; ``changes`` are sentences. ``before`` holds the former text of each
    file that was edited (None: there was none), ``after`` the SHA-256 of what it became; ``moved`` are the generations
    of data that it made. ``undone``: by a rollback."""

    number: int
    at: str
    verb: str
    changes: Sequence[str]
    before: Mapping[str, str | None] = field(default_factory=dict)
    after: Mapping[str, str] = field(default_factory=dict)
    moved: Mapping[str, str] = field(default_factory=dict)
    undone: bool = False


def digest(text: str | None) -> str:
    """What ``after`` holds for a text."""
    return hashlib.sha256((text or "").encode()).hexdigest() if text is not None else ""


def entries(store: Store) -> list[Entry]:
    """All of them, the oldest first."""
    names = [path.stem for path in sorted((store.folder / _FOLDER).glob("*.json"))]
    values = [store.read(f"{_FOLDER}/{name}") for name in names]
    return [Entry(**value) for value in values if value]


def add(
    store: Store,
    verb: str,
    changes: Sequence[str],
    *,
    before: Mapping[str, str | None] | None = None,
    after: Mapping[str, str] | None = None,
    moved: Mapping[str, str] | None = None,
) -> Entry:
    """Add one, numbered after the last. Only so many are kept."""
    known = sorted(path for path in (store.folder / _FOLDER).glob("*.json") if path.stem.isdecimal())
    for path in known[:-_MOST]:
        path.unlink(missing_ok=True)
    at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    number = int(known[-1].stem) + 1 if known else 1
    entry = Entry(number, at, verb, list(changes), dict(before or {}), dict(after or {}), dict(moved or {}))
    _write(store, entry)
    return entry


def mention(store: Store, verb: str, changes: Sequence[str]) -> None:
    """Add one that nothing depends on: that it cannot be written is no reason to fail."""
    with contextlib.suppress(DevenvError):
        add(store, verb, changes)


def undo(store: Store, entry: Entry) -> None:
    """Mark an entry as undone."""
    _write(store, Entry(**(asdict(entry) | {"undone": True})))


def _write(store: Store, entry: Entry) -> None:
    values: dict[str, Any] = asdict(entry)
    store.write(f"{_FOLDER}/{entry.number:06d}", values)
