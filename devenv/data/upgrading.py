"""Moving local data to other versions: found out, and carried out beside the project. ``switching`` comes after."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from devenv.console import Progress
from devenv.data import served
from devenv.data.benches import JOURNAL, bench_name, bench_of, prepare, scratch_of
from devenv.effects import ready, volumes
from devenv.effects.compose import start_containers, stop_containers
from devenv.effects.engine import images
from devenv.effects.process import minding
from devenv.effects.workbench import clear
from devenv.effects.world import World
from devenv.errors import DevenvError, Refused, Unreachable
from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume, Observed
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Refusal, Upgrade, Way
from devenv.project import Project
from devenv.stages.generations import next_generation, volumes_of
from devenv.stages.plan_upgrade import behind, choose
from devenv.upgrades import registry


@record
class Moves:
    """What is to be moved, and what cannot be."""

    upgrades: tuple[Upgrade, ...] = ()
    refused: Mapping[str, Problem] = field(default_factory=dict)

    @property
    def generations(self) -> dict[str, str]:
        """By service, the generation of its data that is to be made."""
        return {upgrade.service: upgrade.generation for upgrade in self.upgrades}

    def of(self, service: str) -> Upgrade | None:
        return next((upgrade for upgrade in self.upgrades if upgrade.service == service), None)


def plan(
    world: World,
    project: Project,
    machine: Machine,
    observed: Observed,
    names: Iterable[str],
    *,
    way: Way | None = None,
    sources: Mapping[str, ExistingVolume] | None = None,
) -> Moves:
    """Of these services, those whose data is of another version than they want; ``way`` is how to go where one can.

    ``sources``: by service, the first volume of data that is to become theirs, whatever they have.
    """
    upgrades: list[Upgrade] = []
    behind_ones, refused = _behind(world, project, machine, observed, names, sources or {})
    originals = [volumes_of(volume, observed.volumes) for _, volume, _ in behind_ones]
    sizes = _measured(world, project, [(old, service) for service, _, old in behind_ones], originals)
    for (service, volume, old), found, (size, free) in zip(behind_ones, originals, sizes, strict=True):
        stops = partial(served.stops, project, world, volume, _container(observed, service.name))
        chosen = choose(registry.routes(old, service), stops, size=size, wanted=way)
        if isinstance(chosen, Refusal):
            refused[service.name] = Problem(f"{service.name}: {chosen.message}", chosen.hint)
            continue
        route, hops = chosen
        generation = next_generation(service.data, observed.volumes, machine.generations)
        after = replace(machine, generations={**machine.generations, service.data: generation})
        upgrades.append(
            Upgrade(
                old=old,
                new=service,
                source=tuple(found[item.path] for item in old.volumes if item.path in found),
                target=tuple(after.volume(item) for item in service.volumes),
                generation=generation,
                route=route,
                recipe=registry.recipe(route, old, service, hops),
                size=size,
                free=free,
            )
        )
    return Moves(tuple(upgrades), refused)


def _behind(
    world: World,
    project: Project,
    machine: Machine,
    observed: Observed,
    names: Iterable[str],
    sources: Mapping[str, ExistingVolume],
) -> tuple[list[tuple[ResolvedService, ExistingVolume, ResolvedService]], dict[str, Problem]]:
    """Services with the data that is to become theirs and what it was last opened by; and those of which that cannot
    be had any more."""
    found, refused = [], {}
    for service in (project.resolved.services[name] for name in names):
        container = _container(observed, service.name)
        volume = sources.get(service.name) or behind(service, observed, machine, container)
        if volume is None:
            continue
        try:
            found.append((service, volume, served.recall(project, world, volume, container)))
        except DevenvError as error:
            said = f"{service.name}: what its data was last served by cannot be had: {error.problems[0].message}"
            refused[service.name] = Problem(said, error.problems[0].hint)
    return found, refused


def _container(observed: Observed, service: str) -> Container | None:
    return next((item for item in observed.containers if item.service == service), None)


def _measured(
    world: World,
    project: Project,
    servers: Sequence[tuple[ResolvedService, ResolvedService]],
    sources: Sequence[Mapping[str, str]],
) -> list[tuple[int | None, int | None]]:
    """Bytes of data and bytes free beside it, looked at from images that are here; None where there is none."""
    here = images(world, [project.image_of(item) for pair in servers for item in pair])

    def one(pair: tuple[ResolvedService, ResolvedService], names: Mapping[str, str]) -> tuple[int | None, int | None]:
        image = next((name for item in pair if (name := project.image_of(item)) in here), "")
        sizes = [volumes.measure(name, image=image) for name in names.values()] if image else [None]
        found = [size for size in sizes if size]
        if len(found) < len(sizes):
            return None, None
        return sum(size for size, _ in found), min(free for _, free in found)

    if not servers:
        return []
    with ThreadPoolExecutor(len(servers)) as pool:
        return list(pool.map(one, servers, sources))


#: How much of the data's size must be free: a copy, what is made of it, and some air (services.md, part 2).
_ROOM = 2.2


@dataclass(slots=True)
class Moved:
    """How it ended: ``generations`` by data of what was moved, ``failed`` by service, notes for people, and
    what could not be put back (``left``)."""

    upgrades: list[Upgrade] = field(default_factory=list)
    failed: dict[str, DevenvError] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    @property
    def generations(self) -> dict[str, str]:
        return {upgrade.new.data: upgrade.generation for upgrade in self.upgrades}

    @property
    def gone(self) -> Unreachable | None:
        """The engine went away, so that nothing can be put back by now: the next devenv does it."""
        error = next((error for error in self.failed.values() if isinstance(error, Unreachable)), None)
        if error is not None and self.left:
            names = ", ".join(self.failed)
            error.changed = f"the upgrade of {names} is taken back by the next devenv; nothing is lost"
            return error
        return None


def carry_out(
    world: World,
    project: Project,
    machine: Machine,
    observed: Observed,
    moves: Moves,
    progress: Progress,
    *,
    released: bool = False,
) -> Moved:
    """Move all, side by side. A service that fails is left as it was, and runs if it ran; the others go on.
    ``released``: a service runs again as soon as its data is copied.

    Nothing of the project is changed but that the services are stopped. Interrupted, all is as before.
    """
    moved = Moved()
    if not moves.upgrades:
        return moved
    begun = {
        upgrade.service: {
            "words": upgrade.words,
            "bench": bench_name(machine, upgrade.service),
            "scratch": [*scratch_of(machine, upgrade).values(), *upgrade.target],
            "target": list(upgrade.target),
            "container": item.id if (item := _container(observed, upgrade.service)) and item.running else "",
        }
        for upgrade in moves.upgrades
    }
    project.store.journal({"begin": begun}, of=JOURNAL)
    over = threading.Event()
    one = partial(_one, world, project, machine, observed, progress, over, moved, released)
    try:
        with ThreadPoolExecutor(len(moves.upgrades)) as pool, minding():
            try:
                list(pool.map(one, moves.upgrades))
            except BaseException:
                over.set()
                raise
    except BaseException:
        take_back(project, machine, observed, moved)
        raise
    if not moved.upgrades and not moved.left:
        project.store.clear_journal(of=JOURNAL)
    return moved


def take_back(project: Project, machine: Machine, observed: Observed, moved: Moved) -> None:
    """Throw away what was moved and not switched to. What could not be thrown away the next devenv looks after."""
    for upgrade in moved.upgrades:
        made = [*scratch_of(machine, upgrade).values(), *upgrade.target]
        moved.left += _take_back(bench_name(machine, upgrade.service), made, _container(observed, upgrade.service))
    if not moved.left:
        project.store.clear_journal(of=JOURNAL)


def _one(
    world: World,
    project: Project,
    machine: Machine,
    observed: Observed,
    progress: Progress,
    over: threading.Event,
    moved: Moved,
    released: bool,  # noqa: FBT001
    upgrade: Upgrade,
) -> None:
    container = _container(observed, upgrade.service)
    name = bench_name(machine, upgrade.service)
    scratch = scratch_of(machine, upgrade)
    bench = bench_of(world, project, machine, upgrade, scratch, progress, over)
    try:
        _check_room(upgrade)
        clear(name, [*scratch.values(), *upgrade.target])
        prepare(world, project, machine, bench, upgrade)
        if container and container.running:
            bench.copying = partial(stop_containers, [container.id])
            bench.copied = partial(start_containers, [container.id] if released else [])
        bench.carry_out(upgrade.recipe)
        volumes.settle(upgrade.target, images=[bench.image])
        clear(name, list(scratch.values()))
    except BaseException as error:
        left = _take_back(name, [*scratch.values(), *upgrade.target], container)
        if not isinstance(error, DevenvError):
            raise
        if container and container.running and not left and not isinstance(error, Unreachable):
            _await_again(world, container, over)
        bench.write(f"failed: {error}")
        moved.failed[upgrade.service] = error
        moved.left += left
        told = "\n  ".join([*left, f"the whole story is in {bench.log}"])
        error.problems = tuple(replace(item, hint=f"{item.hint}\n  {told}".lstrip()) for item in error.problems)
        progress.done(upgrade.service, f"stays {upgrade.old.version}", well=False)
        return
    moved.upgrades.append(upgrade)
    moved.notes += [f"{upgrade.service}: {note}" for note in bench.notes]
    counted = "nothing is missing" if upgrade.recipe.counts else "it starts; nobody counted what is in it"
    progress.done(upgrade.service, f"data is moved: {upgrade.words}, and {counted}")


def _check_room(upgrade: Upgrade) -> None:
    if upgrade.size is not None and upgrade.free is not None and upgrade.free < upgrade.size * _ROOM:
        need, have = f"{upgrade.size * _ROOM / 1e9:.1f} GB", f"{upgrade.free / 1e9:.1f} GB"
        raise Refused(
            f"there is no room to move {upgrade.service}: {need} are needed, {have} are free", "make room there"
        )


def _take_back(name: str, made: Sequence[str], container: Container | None) -> list[str]:
    """As if nothing had been: what was made is removed, what ran runs. Returns what could not be put back, in words."""
    left = []
    begun = [container.id] if container and container.running else []
    for act in (partial(clear, name, made), partial(start_containers, begun)):
        try:
            act()
        except DevenvError as error:  # the engine went away, or somebody has the port
            left.append(f"{error.problems[0].message}; 'devenv up' tries again")
    return left


def _await_again(world: World, container: Container, over: threading.Event) -> None:
    """Until a server that was started again serves: whoever reads that it stays as it was may use it. One that does
    not come is for ``up`` to tell of."""
    item = ready.Awaited(container.service, container.id, None)
    nothing = ready.Served()
    ready.wait(world, [item], timeout=60, then=lambda item, answer: nothing, ended=lambda outcome: None, stopped=over)


def seen(machine: Machine, moved: Moved, observed: Observed) -> Observed:
    """What is here, with the new volumes."""
    made = (
        ExistingVolume(name, machine.project, upgrade.service, upgrade.new.kind.name, volume.format, volume.path)
        for upgrade in moved.upgrades
        for name, volume in zip(upgrade.target, upgrade.new.volumes, strict=True)
    )
    return replace(observed, volumes=(*observed.volumes, *made))
