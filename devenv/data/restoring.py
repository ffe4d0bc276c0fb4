"""Moving the pointer to data: kept copies become the data again, or data is let go of and kept."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from devenv.console import Progress
from devenv.data import pointing, served
from devenv.data.keeping import Place, as_snapshot, copies_ready, live_data, names_of, new_volumes, side_by_side
from devenv.effects import snapshots, volumes
from devenv.effects.compose import stop_containers
from devenv.errors import DevenvError, Refused
from devenv.model.observed import Container, ExistingVolume
from devenv.model.problem import Problem
from devenv.model.snapshot import Snapshot
from devenv.model.upgrade import Refusal
from devenv.stages.keep import in_use
from devenv.stages.plan_upgrade import next_generation
from devenv.upgrades import registry


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
    """Have kept copies be the data; what was the data is kept in turn. Returns that, and the services that ran, which
    do not run now.

    A copy of the format that its service wants is copied while the server still serves. One of another format is
    itself the data of that format from now on: what moves it on works on a copy and leaves it as it is.
    """
    resolved = place.project.resolved.services
    fitting = [item for item in chosen if resolved[item.service].data == item.data]
    made = [replace(item, volumes=new_volumes(place, item.data, item.volumes)) for item in fitting]
    pairs = [
        dict(zip(old.volumes.values(), new.volumes.values(), strict=True))
        for old, new in zip(fitting, made, strict=True)
    ]
    former = _former(
        place, chosen, name=f"before-{name.removeprefix('before-')}", why=f"was the data when {name} was restored"
    )
    containers = [found for item in chosen if (found := place.container(item.service))]
    running = [container for container in containers if container.running]
    ids = [container.id for container in running]
    with place.undone(f"snapshot restore {name}", volumes=names_of(made), start=ids):
        copies = copies_ready(place, made, pairs)

        def one(index: int) -> None:
            progress.update(made[index].service, "copying the snapshot")
            copies[index].go()

        def measured(index: int) -> Snapshot:
            return _measured(place, former[index])

        with ThreadPoolExecutor(2) as pool:
            measuring = pool.submit(side_by_side, measured, len(former))
            side_by_side(one, len(made))
            if made:
                volumes.settle(names_of(made), images=place.images(made[0].service))
            former = measuring.result()
        for container in running:
            progress.update(container.service, "stopping it")
        stop_containers(ids)
        live = [*made, *(item for item in chosen if item not in fitting)]
        _point(place, _generations(place, live), former, live, containers)
    return former, tuple(container.service for container in running)


def _generations(place: Place, live: Sequence[Snapshot]) -> dict[str, str]:
    """What these being the data means: of data of another version the service's own must not be there."""
    found = {}
    for item in live:
        found[item.data] = next(iter(item.volumes.values())).removeprefix(f"{place.machine.project}_{item.data}")
        wanted = place.project.resolved.services[item.service].data
        if wanted not in ("", item.data):
            found[wanted] = next_generation(wanted, place.observed.volumes)
    return found


def adopt(place: Place, item: Snapshot) -> None:
    """Have a kept copy itself be the data of a service that has none; it is no copy any more."""
    with place.undone(f"seed {item.service}"):
        _point(place, _generations(place, [item]), [], [item], [])
    snapshots.forget(place.project.store, [item])


def let_go(place: Place, service: str, *, verb: str) -> Snapshot | None:
    """Keep a service's data and have it begin anew, without a copy: the pointer moves on. None if there is no data."""
    volume = live_data(place, service)
    if volume is None:
        return None
    (kept,) = _former(place, [volume], name=f"{service}-before-{verb}", why=f"was the data before 'devenv {verb}'")
    container = place.container(service)
    running = [container.id] if container and container.running else []
    with place.undone(f"{verb} {service}", start=running):
        kept = _measured(place, kept)
        stop_containers(running)
        data = place.project.resolved.services[service].data
        generations = {item: next_generation(item, place.observed.volumes) for item in (kept.data, data)}
        _point(place, generations, [kept], [], [container] if container else [])
    return kept


def _former(place: Place, of: Iterable[Snapshot | ExistingVolume], *, name: str, why: str) -> list[Snapshot]:
    """The live data of the same services, as what will be kept of it."""
    free = snapshots.free_name(place.project.store, name)
    found = [volume for item in of if (volume := live_data(place, item.service))]
    known = {v for item in snapshots.entries(place.project.store) for v in item.volumes.values()}
    current = in_use(place.project.resolved, place.machine)
    return [
        as_snapshot(place, volume, name=free, why=why)
        for volume in found
        if volume.name in current or volume.name not in known
    ]


def _measured(place: Place, item: Snapshot) -> Snapshot:
    with contextlib.suppress(DevenvError):
        sizes = [volumes.measure(name, image=place.images(item.service)[0]) for name in item.volumes.values()]
        if all(sizes):
            return replace(item, size=sum(size for size, _ in filter(None, sizes)))
    return item


def _point(
    place: Place,
    generations: Mapping[str, str],
    kept: Sequence[Snapshot],
    live: Sequence[Snapshot],
    containers: Sequence[Container],
) -> None:
    opened = {next(iter(item.volumes.values())): item.served for item in live if item.served}
    remove = [item.id for item in containers]
    text = pointing.env_text(place.machine, generations)
    pointing.move(place.project.store, pointing.Move(generations, kept, opened, remove, text))
