"""Moving local data to other versions: found out, and carried out beside the project. ``switching`` comes after."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from devenv.console import Progress
from devenv.data import attempts, served
from devenv.data.attempts import MigrationResult, Work, move
from devenv.data.benches import JOURNAL, bench_name, scratch_of
from devenv.effects import durations, volumes
from devenv.effects.engine import images
from devenv.effects.process import minding
from devenv.effects.world import World
from devenv.errors import DevenvError, Refused, Unreachable
from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume, Observed
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Refusal, Upgrade, Way
from devenv.project import Project
from devenv.stages.generations import next_generation, two_folders_of, volumes_of
from devenv.stages.plan_upgrade import behind, choose, further_routes, without_way
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

    @property
    def sources(self) -> dict[str, str]:
        """By service, the first volume of the data that is moved."""
        return {upgrade.service: upgrade.source[0] for upgrade in self.upgrades}

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
    """Of these services, those whose data is of another version than they want; ``way`` is how to go, if it is given.
    Raises Refused where data cannot be moved that way.

    ``sources``: by service, the first volume of data that is to become theirs, whatever they have.
    """
    upgrades: list[Upgrade] = []
    behind_ones, refused = _behind(world, project, machine, observed, names, sources or {})
    if way is not None:
        _check_way([(old, service) for service, _, old in behind_ones], way)
    originals = [volumes_of(volume, observed.volumes) for _, volume, _ in behind_ones]
    sizes = measured(world, project, [(old, service) for service, _, old in behind_ones], originals)
    for (service, volume, old), found, (size, free) in zip(behind_ones, originals, sizes, strict=True):
        stops = partial(served.stops, project, world, volume, _container(observed, service.name))
        chosen = choose(registry.routes(old, service), stops, size=size, wanted=way)
        if isinstance(chosen, Refusal):
            refused[service.name] = Problem(f"{service.name}: {chosen.message}", chosen.hint)
            continue
        route, hops = chosen
        generation = next_generation(service.data, observed.volumes, machine.generations)
        after = replace(machine, generations={**machine.generations, service.data: generation})
        upgrade = Upgrade(
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
        upgrade = replace(upgrade, pace=durations.pace(project.store.state, upgrade.sort))
        upgrades.append(upgrade if way else _with_another_way(upgrade))
    return Moves(tuple(upgrades), refused)


def _check_way(moves: Iterable[tuple[ResolvedService, ResolvedService]], way: Way) -> None:
    """Raise Refused where data of one of these cannot be moved in the way that was asked for."""
    problems = [problem for old, new in moves if (problem := without_way(old, new, way))]
    if problems:
        raise Refused(problems)


def _with_another_way(upgrade: Upgrade) -> Upgrade:
    """The same, and what to try where the data does not go by its route."""
    further = further_routes(upgrade.old, upgrade.new, upgrade.route)
    if not further:
        return upgrade
    recipe = registry.recipe(further[0], upgrade.old, upgrade.new)
    return replace(upgrade, instead=replace(upgrade, route=further[0], recipe=recipe))


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
        if doubled := two_folders_of(volume, observed):
            refused[service.name] = doubled
            continue
        try:
            found.append((service, volume, served.recall(project, world, volume, container)))
        except DevenvError as error:
            said = f"{service.name}: what its data was last served by cannot be had: {error.problems[0].message}"
            refused[service.name] = Problem(said, error.problems[0].hint)
    return found, refused


def _container(observed: Observed, service: str) -> Container | None:
    return next((item for item in observed.containers if item.service == service), None)


def measured(
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


@dataclass(slots=True)
class Moved:
    """How it ended: ``generations`` by data of what was moved, ``failed`` by service, notes for people, and
    what could not be put back (``left``)."""

    upgrades: list[Upgrade] = field(default_factory=list)
    failed: dict[str, DevenvError] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)

    def add(self, outcome: MigrationResult) -> None:
        """Take in how one move ended."""
        self.left += outcome.left
        if outcome.error is not None:
            self.failed[outcome.upgrade.service] = outcome.error
            return
        self.upgrades.append(outcome.upgrade)
        self.notes += outcome.notes

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
            "scratch": _all_made(machine, upgrade),
            "target": list(upgrade.target),
            "container": item.id if (item := _container(observed, upgrade.service)) and item.running else "",
        }
        for upgrade in moves.upgrades
    }
    project.store.journal({"begin": begun}, of=JOURNAL)
    over = threading.Event()
    work = Work(world, project, machine, progress, over, released)

    def one(upgrade: Upgrade) -> None:
        moved.add(move(work, upgrade, _container(observed, upgrade.service)))

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


def _all_made(machine: Machine, upgrade: Upgrade) -> list[str]:
    """Every volume that may be made on the way, by whichever way it is."""
    ways = [upgrade, upgrade.instead] if upgrade.instead else [upgrade]
    scratch = {name: None for way in ways for name in scratch_of(machine, way).values()}
    return [*scratch, *upgrade.target]


def take_back(project: Project, machine: Machine, observed: Observed, moved: Moved) -> None:
    """Throw away what was moved and not switched to. What could not be thrown away the next devenv looks after."""
    for upgrade in moved.upgrades:
        made = [*scratch_of(machine, upgrade).values(), *upgrade.target]
        moved.left += attempts.take_back(
            bench_name(machine, upgrade.service), made, _container(observed, upgrade.service)
        )
    if not moved.left:
        project.store.clear_journal(of=JOURNAL)


def seen(machine: Machine, moved: Moved, observed: Observed) -> Observed:
    """What is here, with the new volumes."""
    made = (
        ExistingVolume(name, machine.project, upgrade.service, upgrade.new.kind.name, volume.format, volume.path)
        for upgrade in moved.upgrades
        for name, volume in zip(upgrade.target, upgrade.new.volumes, strict=True)
    )
    return replace(observed, volumes=(*observed.volumes, *made))
