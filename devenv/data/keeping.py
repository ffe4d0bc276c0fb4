"""Kept copies of data: made, put back, and let go.

Every copy is a volume of its own, a generation of its data. Live data is neither overwritten nor removed: what is live
is said by a pointer, and a journal says what was begun. Killed at any moment, the next devenv finishes what was decided
and takes back what was not, and what ran runs again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TypeVar

from devenv.console import Progress
from devenv.data import pointing, seeding, served
from devenv.effects import copying, snapshots, volumes
from devenv.effects.compose import pull, remove_volumes, start_containers, stop_containers
from devenv.effects.containers import inspect
from devenv.effects.copying import Copying
from devenv.effects.engine import images
from devenv.effects.process import minding
from devenv.effects.workbench import CLEAN
from devenv.effects.world import World
from devenv.errors import DevenvError
from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume, Observed
from devenv.model.record import record
from devenv.model.snapshot import Snapshot
from devenv.model.upgrade import LABEL
from devenv.project import Project
from devenv.stages.generations import next_generation, own_live, to_resume, volumes_of
from devenv.stages.plan_upgrade import behind
from devenv.stages.pointers import guard_undecided
from devenv.stages.resolve import further_key
from devenv.targets.compose import volume_labels

_T = TypeVar("_T")


@record
class Place:
    """What keeping needs of a checkout and of this machine."""

    world: World
    project: Project
    machine: Machine
    observed: Observed

    def container(self, service: str) -> Container | None:
        return next((item for item in self.observed.containers if item.service == service), None)

    @property
    def bench(self) -> str:
        """The name on all that works for a while."""
        return f"{self.machine.project}-snapshot"

    def undone(
        self, words: str, *, volumes: Iterable[str] = (), start: Iterable[str] = (), bench: str = "", **told: str
    ) -> contextlib.AbstractContextManager[None]:
        """See ``pointing``; ``words`` are what was typed."""
        store, typed = self.project.store, f"devenv {words}"
        return pointing.undone(store, bench or self.bench, volumes=volumes, start=start, words=typed, **told)

    def images(self, service: str) -> list[str]:
        """Images that are here, the service's own first: something must hold volumes, and best has a shell. Where there
        is none, the service's own is fetched."""
        container = self.container(service)
        named = [container.image] if container and container.image else []
        resolved = self.project.resolved.services
        named += [self.project.local_image(name) for name in (service, *resolved) if name in resolved]
        here = images(self.world, named)
        found = [name for name in dict.fromkeys(named) if name in here]
        return found or [self._fetched(service)]

    def _fetched(self, service: str) -> str:
        wanted = self.project.resolved.services.get(service)
        if wanted is None:
            hint = f"put [services.{service}] back into devenv.toml"
            raise DevenvError(f"no image is here that could copy the data of {service}", hint)
        image = self.project.image_of(replace(wanted, build=""))
        pull(image, platform=wanted.platform, told=lambda line: None)
        return image


def live_data(place: Place, service: str) -> ExistingVolume | None:
    """The first volume of a service's data: what it opens, what it opens a copy of, or what it must be moved from; None
    where there is none."""
    resolved = place.project.resolved.services[service]
    own = own_live(resolved, place.observed, place.machine) or to_resume(resolved, place.observed, place.machine)
    return own or behind(resolved, place.observed, place.machine, place.container(service))


def data_of(place: Place, services: Sequence[str], *, all_of_them: bool) -> list[ExistingVolume]:
    """The live data of services. Raises DevenvError where there is none at all, or none of one that must have some."""
    found = [volume for name in services if (volume := live_data(place, name))]
    there = {volume.service for volume in found}
    missing = [name for name in services if name not in there]
    if all_of_them or not found:
        _check_missing(place, missing)
    return found


def _check_missing(place: Place, names: Sequence[str]) -> None:
    """Raises DevenvError for services without live data, with what gives them some."""
    services = [place.project.resolved.services[name] for name in names]
    empty = [service for service in services if service.volumes]
    guard_undecided(empty, place.observed, place.machine)
    if empty:
        listed = ", ".join(service.name for service in empty)
        names_of_empty = " ".join(service.name for service in empty)
        raise DevenvError(f"there is no data of {listed} here", f"devenv up {names_of_empty}   makes it")
    if services:
        listed = ", ".join(f"{service.name} ({service.kind.name})" for service in services)
        raise DevenvError(f"no data is kept of {listed}", "leave that out")


def as_snapshot(place: Place, volume: ExistingVolume, *, name: str, why: str) -> Snapshot:
    """Live data, told of as what is kept of it will be."""
    container = place.container(volume.service)
    said = served.known(place.project, volume.name)
    runs = container is not None and volume.name == f"{place.machine.project}_{container.data}"
    version = (container.version if container and runs else "") or (said or {}).get("entry", {}).get("version", "")
    return Snapshot(
        name=name,
        service=volume.service,
        kind=volume.kind,
        format=volume.format,
        version=str(version or volume.format),
        at=snapshots.now(),
        why=why,
        volumes=volumes_of(volume, place.observed.volumes),
        served=said,
    )


def measured(place: Place, item: Snapshot) -> Snapshot:
    """The same with the size of its data, if an image here can look."""
    with contextlib.suppress(DevenvError):
        sizes = [volumes.measure(name, image=place.images(item.service)[0]) for name in item.volumes.values()]
        if all(sizes):
            return replace(item, size=sum(size for size, _ in filter(None, sizes)))
    return item


def new_volumes(place: Place, data: str, paths: Iterable[str], generation: str = "") -> dict[str, str]:
    """Path -> name of volumes for data that none has had yet; the first path is the data's own."""
    end = generation or next_generation(data, place.observed.volumes, place.machine.generations)
    first = f"{place.machine.project}_{data}"
    return {path: (further_key(first, path) if index else first) + end for index, path in enumerate(paths)}


def create(place: Place, found: Sequence[ExistingVolume], *, name: str, why: str, progress: Progress) -> list[Snapshot]:
    """Keep copies of the data of services. They are on the disk before anybody is told that they are kept."""
    made = copies_of(place, found, name=name, why=why)
    with place.undone(f"snapshot create {name}", volumes=names_of(made), start=running_on(place, found)):
        kept = fill(place, found, made, progress)
        volumes.settle(names_of(kept), images=place.images(kept[0].service))
        snapshots.add(place.project.store, kept)
    return kept


@contextlib.contextmanager
def passing(place: Place, found: Sequence[ExistingVolume], words: str, progress: Progress) -> Iterator[list[Snapshot]]:
    """Copies of live data for another purpose, whose ``words`` were typed; they go when that is done."""
    made = copies_of(place, found, name="exported", why="")
    names = names_of(made)
    with place.undone(words, volumes=names, start=running_on(place, found), of=pointing.AROUND):
        yield fill(place, found, made, progress)
        remove_volumes(names)


def copies_of(place: Place, found: Sequence[ExistingVolume], *, name: str, why: str) -> list[Snapshot]:
    """What copies of live data will be, none of which is there yet."""
    originals = [as_snapshot(place, volume, name=name, why=why) for volume in found]
    return [replace(item, volumes=new_volumes(place, item.data, item.volumes)) for item in originals]


def running_on(place: Place, found: Iterable[ExistingVolume]) -> list[str]:
    """The containers that run on these services' data."""
    return [item.id for volume in found if (item := place.container(volume.service)) and item.running]


def fill(place: Place, found: Sequence[ExistingVolume], made: Sequence[Snapshot], progress: Progress) -> list[Snapshot]:
    """Copy, inside of ``undone``; each service stands still for as long as its copy takes, and runs again if it ran.
    Returns the copies with their sizes."""
    sources = [volumes_of(volume, place.observed.volumes) for volume in found]
    pairs = [dict(zip(old.values(), new.volumes.values(), strict=True)) for old, new in zip(sources, made, strict=True)]
    copies = copies_ready(place, made, pairs)

    def one(index: int) -> Snapshot:
        service = made[index].service
        running = running_on(place, found[index : index + 1])
        if running:
            progress.update(service, "stopping it for the copy")
            stop_containers(running)
            (said,) = inspect(place.world, running)
            own = place.project.resolved.services.get(service)
            if said.exit_code not in (*CLEAN, *(own.kind.ends if own else ())):
                progress.update(service, f"did not end cleanly (code {said.exit_code}); its copy is as after a crash")
        progress.update(service, "copying its data")
        try:
            copies[index].go()
        finally:
            start_containers(running)
        return replace(made[index], size=copies[index].size)

    return side_by_side(one, len(made))


def copies_ready(place: Place, made: Sequence[Snapshot], pairs: Sequence[Mapping[str, str]]) -> list[Copying]:
    """Volumes for copies, and copies that can be made at once, with room for all of them. What [seed] did not fill
    whole is no more than that in a copy."""
    for pair in pairs:
        seeding.inherit(place.project.store, pair)

    def one(index: int) -> Copying:
        _make(place, made[index], like=list(pairs[index]))
        return copying.ready(pairs[index], images=place.images(made[index].service), label=f"{LABEL}={place.bench}")

    copies = side_by_side(one, len(made))
    try:
        for index, item in enumerate(copies):
            others = sum(other.size or 0 for other in copies) - (item.size or 0)
            free = None if item.free is None else item.free - others
            copying.check_room(made[index].service, item.size, free)
    except DevenvError:
        for item in copies:
            item.drop()
        raise
    return copies


def _make(place: Place, item: Snapshot, *, like: Sequence[str]) -> None:
    """New volumes with the stamps of those that they will be copies of."""
    for name, original in zip(item.volumes.values(), like, strict=True):
        stamp = {key: value for key, value in volumes.labels_of(original).items() if key.startswith("devenv.")}
        volumes.create_data(name, place.machine, stamp)


def make_volumes(place: Place, services: Iterable[str]) -> None:
    """Make the volumes that services are about to open and that are not there yet.

    Compose makes those that the user's own Compose file describes: only it knows all that can be said there.
    """
    there = {volume.name for volume in place.observed.volumes}
    described = place.project.described_volumes()
    resolved = place.project.resolved
    for service in (resolved.services[name] for name in services):
        for volume in service.volumes:
            name = place.machine.volume(volume)
            if name not in there and volume.key not in described:
                volumes.create_data(name, place.machine, volume_labels(resolved.project, service, volume))


def names_of(items: Iterable[Snapshot]) -> list[str]:
    return [name for item in items for name in item.volumes.values()]


def side_by_side(act: Callable[[int], _T], count: int) -> list[_T]:
    """Do something for each, side by side; the first error when all have ended."""
    with ThreadPoolExecutor(max(count, 1)) as pool, minding():
        return list(pool.map(act, range(count)))


def remove(place: Place, gone: Sequence[Snapshot]) -> None:
    """Let kept copies go, for good."""
    told = {"whole": "nothing was removed", "broken": "it is now complete"}
    with place.undone("snapshot rm", volumes=names_of(gone), **told):
        snapshots.forget(place.project.store, gone)
        try:
            remove_volumes([name for name in names_of(gone) if volumes.exists(name)])
        except DevenvError:
            snapshots.add(
                place.project.store, [item for item in gone if all(map(volumes.exists, item.volumes.values()))]
            )
            raise
