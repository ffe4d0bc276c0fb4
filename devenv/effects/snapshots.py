"""Which kept copies of data there are: an index in the checkout's memory. The copies themselves are volumes."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable
from dataclasses import asdict

from devenv.effects.store import Store
from devenv.model.snapshot import Snapshot

_MEMORY = "snapshots"


def entries(store: Store) -> list[Snapshot]:
    """All of them, the oldest first."""
    return [Snapshot(**value) for value in store.read(_MEMORY).get("snapshots", ())]


def add(store: Store, made: Iterable[Snapshot]) -> None:
    """Note these; what was known of the same volumes is replaced."""
    new = list(made)
    volumes = {volume for item in new for volume in item.volumes.values()}
    kept = [item for item in entries(store) if not volumes & set(item.volumes.values())]
    _write(store, [*kept, *new])


def note_changes(store: Store, seen: Iterable[Snapshot]) -> None:
    """Note what is said now of kept copies that the index has."""
    by_volumes = {tuple(item.volumes.values()): item for item in seen}
    before = entries(store)
    after = [by_volumes.get(tuple(item.volumes.values()), item) for item in before]
    if after != before:
        _write(store, after)


def forget(store: Store, gone: Iterable[Snapshot]) -> None:
    """These are no longer there, or no longer kept copies."""
    left = list(gone)
    _write(store, [item for item in entries(store) if item not in left])


def release(store: Store, volumes: Iterable[str]) -> None:
    """The kept copies of these volumes are no copies any more: they are live."""
    live = set(volumes)
    if live:
        _write(store, [item for item in entries(store) if not live.intersection(item.volumes.values())])


def _write(store: Store, all_of_them: Iterable[Snapshot]) -> None:
    store.write(_MEMORY, {"snapshots": [asdict(item) for item in all_of_them]})


def now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def free_name(store: Store, wanted: str, *, taken: Iterable[str] = ()) -> str:
    """A name that no snapshot has, nor one that is about to be kept (``taken``): the one wanted, or it numbered."""
    used = {*taken, *(item.name for item in entries(store))}
    numbered = (f"{wanted}-{number}" for number in itertools.count(2))
    return next(name for name in itertools.chain([wanted], numbered) if name not in used)
