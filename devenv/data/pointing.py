"""What is live is said by a pointer. Here it is moved, and here ends what a killed run left of kept copies.

Written down before anything is made: the volumes that come, the containers that stand still. Until the pointer moves
all of that is taken back; from then on what is left is done. Kept are the volumes that the index names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, field, replace
from typing import Any

from devenv.data import unfinished
from devenv.effects import files, snapshots
from devenv.effects.compose import remove_containers, remove_volumes, start_containers
from devenv.effects.containers import exists
from devenv.effects.engine import docker
from devenv.effects.store import Store
from devenv.effects.workbench import clear
from devenv.errors import DevenvError
from devenv.model.file import File
from devenv.model.machine import Machine
from devenv.model.record import record
from devenv.model.snapshot import Snapshot
from devenv.targets import dotenv

JOURNAL = unfinished.SNAPSHOTS
#: Of what goes on around that: copies that are made for another purpose, and go with it.
AROUND = unfinished.AROUND


@record
class Move:
    """``generations`` by data are live from now on; ``kept`` is what was live before, and is kept. ``served`` is by
    what the new live volumes were last opened, ``remove`` are the containers of the former ones, which do not run.
    ``empty``: by service, the data that it is to begin without; ``released`` are volumes of kept copies that are live
    now and no copies any more."""

    generations: Mapping[str, str]
    kept: Sequence[Snapshot]
    served: Mapping[str, Any]
    remove: Sequence[str]
    dotenv: str = ""
    empty: Mapping[str, str] = field(default_factory=dict)
    released: Sequence[str] = ()


def point(store: Store, kept: Iterable[Snapshot], generations: Mapping[str, str]) -> None:
    """Keep these, and have those be the data."""
    snapshots.add(store, kept)
    store.write("generations", store.read("generations") | dict(generations))


def env_text(machine: Machine, generations: Mapping[str, str]) -> str:
    """This machine's own file with other generations."""
    return dotenv.file(replace(machine, generations={**machine.generations, **generations})).text


@contextlib.contextmanager
def undone(
    store: Store,
    bench: str,
    *,
    volumes: Iterable[str],
    start: Iterable[str],
    words: str,
    whole: str = "what it made is whole and kept",
    broken: str = "it is taken back, nothing is lost",
    of: str = JOURNAL,
) -> Iterator[None]:
    """What is begun in here is taken back if it does not come to its end: volumes that the index does not name are
    removed, and containers that stand still run again. Whatever holds ``volumes`` meanwhile has the label ``bench``.
    ``words`` are what was typed; ``whole`` and ``broken`` what is told of it if the index names the volumes, or not;
    ``of`` is the journal."""
    entry = {"volumes": list(volumes), "start": list(start), "bench": bench, "words": words}
    entry |= {"whole": whole, "broken": broken}
    store.journal({"begin": entry}, of=of)
    try:
        yield
    except BaseException:
        with contextlib.suppress(DevenvError, OSError):  # the engine or the disk is gone: the next devenv does it
            recover(store)
        raise
    store.clear_journal(of=of)


def move(store: Store, what: Move) -> None:
    """Move the pointer, inside of ``undone``. From the first line on it will be done, whatever happens."""
    store.journal({"move": asdict(what)}, of=JOURNAL)
    _carry_out(store, what)


def _carry_out(store: Store, what: Move) -> None:
    snapshots.release(store, what.released)
    point(store, what.kept, what.generations)
    if what.empty:
        store.write("empty", store.read("empty") | dict(what.empty))
    store.write("served", store.read("served") | dict(what.served))
    if what.dotenv and files.read_text(store.root / dotenv.PATH) is not None:
        files.write(store.root, File(dotenv.PATH, what.dotenv, mode=0o600))
    remove_containers([item for item in what.remove if exists(item)])


def recover(store: Store) -> list[str]:
    """Put an end to what a killed run left; sentences about it, [] if there is nothing."""
    told = [_recovered(store, of) for of in (JOURNAL, AROUND)]
    return list(dict.fromkeys(filter(None, told)))


def _recovered(store: Store, of: str) -> str:
    entries = store.unfinished(of=of)
    begun = next((entry["begin"] for entry in entries if "begin" in entry), None)
    if begun is None:
        store.clear_journal(of=of)
        return ""
    moved = next((entry["move"] for entry in entries if "move" in entry), None)
    told = f"'{begun['words']}' was interrupted"
    if moved is not None:  # all volumes that came are the data now
        what = Move(**(moved | {"kept": [Snapshot(**item) for item in moved["kept"]]}))
        _carry_out(store, what)
        clear(begun["bench"], [])
        told += " after the data was switched; it is now complete"
        told += "; 'devenv up' starts what ran" if begun["start"] else ""
    else:
        unkept = _unkept(store, begun["volumes"])
        _sweep(begun["bench"], unkept)
        start_containers([item for item in begun["start"] if exists(item)])
        whole = bool(begun["volumes"]) and not unkept
        told += "; " + (begun["whole"] if whole else begun["broken"])
        told += "; what ran runs again" if begun["start"] else ""
    store.clear_journal(of=of)
    return told


def _unkept(store: Store, volumes: Iterable[str]) -> list[str]:
    kept = {name for item in snapshots.entries(store) for name in item.volumes.values()}
    return [name for name in volumes if name not in kept]


def _sweep(bench: str, volumes: Iterable[str]) -> None:
    clear(bench, [])  # its containers hold volumes, and may still be copying for nobody
    there = set(docker("volume", "ls", "--quiet").stdout.split())
    remove_volumes([name for name in volumes if name in there])
