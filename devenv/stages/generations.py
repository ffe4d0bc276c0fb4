"""Which generation of a service's data a server may open. A kept one never is: only copies of it are.

What is remembered of a machine is a pointer for each data (``Volume.data``) and the list of kept generations. A pointer
at a kept generation says that the service goes on from there: a copy of it is made before the server starts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from devenv.model.machine import Machine
from devenv.model.observed import GENERATION, ExistingVolume, Observed, Use, two_folders
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.model.snapshot import Snapshot
from devenv.stages.resolve import further_key


@record
class Opened:
    """``generations``: by data, what a server may open. ``resumed``: by data, the kept generation that a copy is to be
    made of first, where the pointer is at one."""

    generations: Mapping[str, str]
    resumed: Mapping[str, str]


def opened(
    pointers: Mapping[str, str],
    volumes: Collection[ExistingVolume],
    kept: Collection[str],
    *,
    project: str,
    wanted: Iterable[str] = (),
    undecided: Collection[str] = (),
) -> Opened:
    """What may be opened of all data that is here, remembered or ``wanted``. This is the one place that decides it.

    ``kept`` are the names of the volumes of kept generations, whether they are still here or not. ``undecided`` is data
    that no server goes on from before somebody chooses a generation.
    """
    generations = dict(pointers)
    resumed = {}
    there = {volume.name for volume in volumes}
    for data in {*pointers, *(volume.data for volume in volumes), *wanted}:
        pointer = pointers.get(data, "")
        name = f"{project}_{data}{pointer}"
        if name not in kept:
            continue
        generations[data] = next_generation(data, volumes, generations)
        if name in there and data not in undecided:
            resumed[data] = pointer
    return Opened(generations, resumed)


def next_generation(data: str, volumes: Iterable[ExistingVolume], pointers: Mapping[str, str]) -> str:
    """The end of the names of new volumes for data: one that no volume has, and that none was opened under before."""
    used = [volume.generation() for volume in volumes if volume.data == data]
    used.append(pointers.get(data))
    numbers = [_number(end) for end in used if end is not None]
    return f"-g{max(numbers, default=0) + 1}"


def _number(end: str) -> int:
    """``""`` is the first one, ``-g2`` and, of an earlier devenv, ``.2`` the second."""
    return int(re.sub(r"\D", "", end) or 1)


def is_generation_of(data: str, name: str) -> bool:
    """Whether a volume's name, without the project's, is that of a generation of data."""
    return re.fullmatch(re.escape(data) + f"({GENERATION})?", name) is not None


def volumes_of(volume: ExistingVolume, volumes: Iterable[ExistingVolume]) -> dict[str, str]:
    """Path -> name of all volumes of the data that this is the first one of."""
    end = volume.generation() or ""
    begin = volume.name.removesuffix(end)
    found = {volume.path: volume.name}
    for item in volumes:
        if item.data == volume.data and item.name == further_key(begin, item.path) + end:
            found[item.path] = item.name
    return found


def live(volumes: Iterable[ExistingVolume], machine: Machine) -> tuple[ExistingVolume, ...]:
    """Of the first volumes of data, those that a server of their format would open; the others are kept copies."""
    return tuple(item for item in volumes if item.generation() == machine.generations.get(item.data, ""))


def snapshot_of(volume: ExistingVolume, volumes: Iterable[ExistingVolume], *, why: str) -> Snapshot:
    """A generation that no list of snapshots names, as its volumes tell of it; ``volume`` is its first one."""
    return Snapshot(
        name=f"{volume.service}-{volume.format}{volume.generation() or ''}",
        service=volume.service,
        kind=volume.kind,
        format=volume.format,
        version=volume.format,
        at="",
        why=why,
        volumes=volumes_of(volume, volumes),
    )


def noted_openings(copies: Iterable[Snapshot], observed: Observed) -> tuple[Snapshot, ...]:
    """Kept generations; one that another checkout's server has open says so from now on: it need not be what was kept.

    devenv never opens one; ``docker compose up`` by hand does where it does not know which generation is live.
    """
    strangers = [item for item in observed.containers if item.running and item.root in observed.elsewhere]
    servers = {f"{item.project}_{item.data}": item for item in strangers}
    noted = []
    for item in copies:
        server = servers.get(next(iter(item.volumes.values())))
        if server is not None and _OPENED not in item.why:
            item = replace(item, why=f"{item.why}{_OPENED} by {server.name}, started in {server.root}")
        noted.append(item)
    return tuple(noted)


_OPENED = "; opened since"


def own_live(service: ResolvedService, observed: Observed, machine: Machine) -> ExistingVolume | None:
    """The first volume that a service would open; None where it is not there yet."""
    if not service.volumes:
        return None
    name = machine.volume(service.volumes[0])
    return next((volume for volume in observed.volumes if volume.name == name), None)


def to_resume(service: ResolvedService, observed: Observed, machine: Machine) -> ExistingVolume | None:
    """The first volume of the kept generation that a service goes on from, on a copy; None where it need not."""
    if own_live(service, observed, machine) is not None:
        return None
    pointer = observed.resumed.get(service.data)
    found = (item for item in observed.volumes if item.data == service.data)
    return next((item for item in found if pointer is not None and item.generation() == pointer), None)


def in_two_folders(service: ResolvedService, observed: Observed, machine: Machine) -> Problem | None:
    """Why a service's data cannot be copied from where the engine keeps it now; None if it can, or need not be."""
    source = to_resume(service, observed, machine)
    return None if source is None else two_folders_of(source, observed)


def two_folders_of(source: ExistingVolume, observed: Observed) -> Problem | None:
    """The same for data by its first volume."""
    names = volumes_of(source, observed.volumes).values()
    found = next((item for item in observed.volumes if item.name in names and item.name in observed.doubled), None)
    return None if found is None else two_folders(found.name, found.folder, found.bound_to)


def moved_words(volume: ExistingVolume) -> str:
    """That data is to be copied because the engine's data folder was moved; "" where it was not."""
    if not volume.bound_to:
        return ""
    moved = f"the engine's data folder was moved: volume {volume.name} is bound to {volume.bound_to}, which is missing"
    return f"{moved}; its data in {volume.folder} is copied into a new volume"


def begins_empty(service: ResolvedService, observed: Observed) -> bool:
    """Whether somebody asked for a service to begin without data, so that data of other versions stays where it is."""
    return service.data in observed.empty


def left_behind(service: ResolvedService, observed: Observed, machine: Machine) -> Use | None:
    """Data of another version that was in use after the data that a service opens was; None where there is none.

    It is what the service was last served from, or what it was served from before it opened its older data.
    """
    own = own_live(service, observed, machine)
    if own is None and to_resume(service, observed, machine) is None:
        return None
    use = observed.current.get(service.name)
    if own is not None and use is not None and use.volume == own.name:
        if service.name in observed.left:
            return _still_there(observed.left[service.name], observed.volumes)
        use = observed.previous.get(service.name)
    others = [item for item in live(observed.volumes, machine) if item.data != service.data]
    return _still_there(use, others)


def _still_there(use: Use | None, volumes: Iterable[ExistingVolume]) -> Use | None:
    if use is None or all(item.name != use.volume for item in volumes):
        return None
    return use


def finds_older(service: ResolvedService, observed: Observed, machine: Machine) -> Use | None:
    """The same where the service is about to open its older data and has not done so yet."""
    use = observed.current.get(service.name)
    found = left_behind(service, observed, machine)
    return found if found is not None and found == use else None
