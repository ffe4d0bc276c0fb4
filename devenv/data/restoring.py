"""Moving the pointer to data: kept copies become the data again, or data is let go of and kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from devenv.console import Progress
from devenv.data import pointing, served
from devenv.data.keeping import Place, as_snapshot, copies_ready, measured, names_of, new_volumes, side_by_side
from devenv.effects import snapshots, volumes
from devenv.effects.compose import stop_containers
from devenv.errors import Refused
from devenv.model.observed import Container, ExistingVolume
from devenv.model.problem import Problem
from devenv.model.snapshot import Snapshot
from devenv.model.upgrade import Refusal
from devenv.stages.generations import next_generation, own_live, to_resume, volumes_of
from devenv.upgrades import registry

#: The name of what a restore set aside. A number is ours, and added where a name is taken.
_AROUND = re.compile(r"(before|after)-(.+?)(?:-[2-9])?")
_OPPOSITE = {"before": "after", "after": "before"}


def check_ways(place: Place, chosen: Iterable[Snapshot]) -> None:
    """Raises Refused for a kept copy that cannot be moved to what devenv.toml says."""
    problems = []
    for item in chosen:
        wanted = place.project.resolved.services.get(item.service)
        if wanted is None:
            problems.append(Problem(f"{item.service} is not in devenv.toml any more", "put it back there first"))
        elif wanted.data != item.data:
            volume = next(v for v in place.observed.volumes if v.name == next(iter(item.volumes.values())))
            served.note(place.project, {volume.name: item.served})
            way = registry.routes(served.recall(place.project, place.world, volume, None), wanted)
            if isinstance(way, Refusal):
                hint = f"say {item.kind} {item.version} in devenv.toml, then restore it"
                problems.append(Problem(f"{item.service}: {way.message}", hint))
    if problems:
        raise Refused(problems)


def restore(
    place: Place, chosen: Sequence[Snapshot], *, name: str, progress: Progress
) -> tuple[list[Snapshot], tuple[str, ...]]:
    """Have copies of kept copies be the data; what was the data is kept in turn. Returns that, and the services that
    ran, which do not run now.

    All are of the format that their service wants. They are copied while the server still serves.
    """
    made = [replace(item, volumes=new_volumes(place, item.data, item.volumes)) for item in chosen]
    pairs = [
        dict(zip(old.volumes.values(), new.volumes.values(), strict=True))
        for old, new in zip(chosen, made, strict=True)
    ]
    former = _former(place, chosen, name=set_aside_name(name), why=f"was the data when {name} was restored")
    containers = [found for item in chosen if (found := place.container(item.service))]
    running = [container for container in containers if container.running]
    ids = [container.id for container in running]
    with place.undone(f"snapshot restore {name}", volumes=names_of(made), start=ids):
        former = _copied(place, made, pairs, former, progress)
        for container in running:
            progress.update(container.service, "stopping it")
        stop_containers(ids)
        _point(place, _generations(place, made), former, made, containers)
    return former, tuple(container.service for container in running)


def set_aside_name(name: str) -> str:
    """What the data is called that was there when a snapshot was restored: ``before-gold`` for ``gold``. Going back to
    ``before-gold`` leaves ``after-gold``, and the other way round, so that no name grows."""
    around = _AROUND.fullmatch(name)
    if around is None:
        return f"before-{name}"
    return f"{_OPPOSITE[around[1]]}-{around[2]}"


def _copied(
    place: Place,
    made: Sequence[Snapshot],
    pairs: Sequence[Mapping[str, str]],
    former: Sequence[Snapshot],
    progress: Progress,
) -> list[Snapshot]:
    """Make copies, on the disk. Returns what was the data with its sizes, measured meanwhile."""
    stop_containers(_servers_of(place, pairs))
    copies = copies_ready(place, made, pairs)

    def one(index: int) -> None:
        progress.update(made[index].service, "copying the snapshot")
        copies[index].go()

    def size(index: int) -> Snapshot:
        return measured(place, former[index])

    with ThreadPoolExecutor(2) as pool:
        measuring = pool.submit(side_by_side, size, len(former))
        side_by_side(one, len(made))
        if made:
            volumes.settle(names_of(made), images=place.images(made[0].service))
        return measuring.result()


def _servers_of(place: Place, pairs: Sequence[Mapping[str, str]]) -> list[str]:
    """Running containers that have kept copies open; devenv starts none such."""
    sources = {name for pair in pairs for name in pair}
    there = place.observed.containers
    return [item.id for item in there if item.running and f"{item.project}_{item.data}" in sources]


def _generations(place: Place, live: Iterable[Snapshot]) -> dict[str, str]:
    """By data, what the names of volumes end with that are live from now on."""
    found = {}
    for item in live:
        first = next(iter(item.volumes.values()))
        found[item.data] = first.removeprefix(f"{place.machine.project}_{item.data}")
    return found


def resume(place: Place, names: Iterable[str], progress: Progress) -> None:
    """Give services a copy of the kept data that they go on from, under the names that they are about to open."""
    for name in names:
        service = place.project.resolved.services[name]
        source = to_resume(service, place.observed, place.machine)
        if source is None:
            continue
        copy = {volume.path: place.machine.volume(volume) for volume in service.volumes}
        originals = volumes_of(source, place.observed.volumes)
        pairs = {originals[path]: new for path, new in copy.items() if path in originals}
        kept = place.observed.snapshot_of(source.name)
        assert kept is not None  # the pointer is at a kept generation
        made = replace(kept, volumes={path: copy[path] for path in originals if path in copy})
        progress.update(name, f"copying its data, kept as {kept.name}")
        with place.undone(f"up {name}", volumes=names_of([made])):
            _copied(place, [made], [pairs], [], progress)
            _point(place, _generations(place, [made]), [], [made], [])


def adopt(place: Place, item: Snapshot) -> None:
    """Have a kept copy itself be the data of a service that has none; it is no copy any more."""
    with place.undone(f"seed {item.service}"):
        _point(place, _generations(place, [item]), [], [item], [], released=item.volumes.values())


def let_go(place: Place, service: str, *, verb: str) -> Snapshot | None:
    """Keep a service's data and have it begin anew, without a copy: the pointer moves on. None if there was no data of
    the version that it has now. Data of its other versions stays where it is."""
    resolved = place.project.resolved.services[service]
    volume = own_live(resolved, place.observed, place.machine)
    why = f"was the data before 'devenv {verb}'"
    kept = [] if volume is None else _former(place, [volume], name=f"{service}-before-{verb}", why=why)
    container = place.container(service)
    running = [container.id] if container and container.running else []
    with place.undone(f"{verb} {service}", start=running):
        kept = [measured(place, item) for item in kept]
        stop_containers(running)
        data = resolved.data
        generations = {data: next_generation(data, place.observed.volumes, place.machine.generations)}
        _point(place, generations, kept, [], [container] if container else [], empty={service: data})
    return kept[0] if kept else None


def _former(place: Place, of: Iterable[Snapshot | ExistingVolume], *, name: str, why: str) -> list[Snapshot]:
    """The live data of the same services and versions, as what will be kept of it."""
    free = snapshots.free_name(place.project.store, name)
    services = (place.project.resolved.services[item.service] for item in of)
    found = [own_live(service, place.observed, place.machine) for service in services]
    return [as_snapshot(place, volume, name=free, why=why) for volume in found if volume is not None]


def _point(
    place: Place,
    generations: Mapping[str, str],
    kept: Sequence[Snapshot],
    live: Sequence[Snapshot],
    containers: Sequence[Container],
    *,
    empty: Mapping[str, str] | None = None,
    released: Iterable[str] = (),
) -> None:
    opened = {next(iter(item.volumes.values())): item.served for item in live if item.served}
    what = pointing.Move(
        generations,
        kept,
        opened,
        remove=[item.id for item in containers],
        dotenv=pointing.env_text(place.machine, generations),
        empty=empty or {},
        released=list(released),
    )
    pointing.move(place.project.store, what)
