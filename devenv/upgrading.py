"""Moving local data to other versions: found out, and carried out beside the project. ``switching`` comes after."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from devenv import served
from devenv.console import Progress
from devenv.effects import volumes
from devenv.effects.compose import Stack, pull, start_containers, stop_containers
from devenv.effects.engine import images
from devenv.effects.engine_questions import PROJECT
from devenv.effects.files import templates_root, write_files
from devenv.effects.process import minding
from devenv.effects.workbench import Workbench, clear
from devenv.effects.world import World
from devenv.errors import DevenvError, Refused
from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume, Observed
from devenv.model.problem import Problem
from devenv.model.upgrade import COPY, LABEL, NEW, Refusal, Upgrade, volume_role
from devenv.project import Project
from devenv.stages.plan_upgrade import behind, choose, next_generation, volumes_of
from devenv.switching import JOURNAL
from devenv.targets import compose, dotenv, workbench
from devenv.upgrades import registry


@dataclass(frozen=True, slots=True)
class Moves:
    """What is to be moved, and what cannot be."""

    upgrades: tuple[Upgrade, ...] = ()
    refused: Mapping[str, Problem] = field(default_factory=dict)

    def of(self, service: str) -> Upgrade | None:
        return next((upgrade for upgrade in self.upgrades if upgrade.service == service), None)


def plan(world: World, project: Project, machine: Machine, observed: Observed, names: Iterable[str]) -> Moves:
    """Of these services, those whose data is of another version than they want."""
    upgrades: list[Upgrade] = []
    refused: dict[str, Problem] = {}
    for name in names:
        service = project.resolved.services[name]
        container = _container(observed, name)
        volume = behind(service, observed.volumes, machine, container)
        if volume is None:
            continue
        old = served.recall(project, world, volume, container)
        stops = partial(served.stops, project, world, volume, container)
        chosen = choose(registry.routes(old, service), stops)
        if isinstance(chosen, Refusal):
            refused[name] = Problem(f"{name}: {chosen.message}", chosen.hint)
            continue
        way, hops = chosen
        generation = next_generation(service.data, observed.volumes)
        after = replace(machine, generations={**machine.generations, service.data: generation})
        found = volumes_of(volume, observed.volumes)
        upgrades.append(
            Upgrade(
                old=old,
                new=service,
                source=tuple(found[item.path] for item in old.volumes if item.path in found),
                target=tuple(after.volume(item) for item in service.volumes),
                generation=generation,
                route=way,
                recipe=registry.recipe(way, old, service, hops),
            )
        )
    return Moves(_measured(world, project, upgrades), refused)


def _container(observed: Observed, service: str) -> Container | None:
    return next((item for item in observed.containers if item.service == service), None)


def _measured(world: World, project: Project, upgrades: Sequence[Upgrade]) -> tuple[Upgrade, ...]:
    """The same with the sizes of their data, looked at from images that are here."""
    here = images(world, [project.image_of(item) for upgrade in upgrades for item in (upgrade.old, upgrade.new)])

    def one(upgrade: Upgrade) -> Upgrade:
        image = next((name for item in (upgrade.old, upgrade.new) if (name := project.image_of(item)) in here), "")
        sizes = [volumes.measure(name, image=image) for name in upgrade.source] if image else [None]
        found = [size for size in sizes if size]
        if len(found) < len(sizes) or not found:
            return upgrade
        return replace(upgrade, size=sum(size for size, _ in found), free=min(free for _, free in found))

    if not upgrades:
        return ()
    with ThreadPoolExecutor(len(upgrades)) as pool:
        return tuple(pool.map(one, upgrades))


#: How much of the data's size must be free: a copy, what is made of it, and some air (services.md, part 2).
_ROOM = 2.2


@dataclass(slots=True)
class Moved:
    """How it ended: ``generations`` by data of what was moved, ``failed`` by service, notes for people."""

    upgrades: list[Upgrade] = field(default_factory=list)
    failed: dict[str, DevenvError] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def generations(self) -> dict[str, str]:
        return {upgrade.new.data: upgrade.generation for upgrade in self.upgrades}


def carry_out(
    world: World, project: Project, machine: Machine, observed: Observed, moves: Moves, progress: Progress
) -> Moved:
    """Move all, side by side. A service that fails is left as it was, and runs if it ran; the others go on.

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
    one = partial(_one, world, project, machine, observed, progress, over, moved)
    with ThreadPoolExecutor(len(moves.upgrades)) as pool, minding():
        try:
            list(pool.map(one, moves.upgrades))
        except BaseException:
            over.set()
            raise
    if not moved.upgrades:
        project.store.clear_journal(of=JOURNAL)
    return moved


def bench_name(machine: Machine, service: str) -> str:
    """The Compose project of a service's workbench."""
    return f"{machine.project}-upgrade-{service}"


def scratch_of(machine: Machine, upgrade: Upgrade) -> dict[str, str]:
    """Role -> name of the volumes that are thrown away afterwards."""
    count = max(len(upgrade.old.volumes), len(upgrade.new.volumes))
    roles = [
        volume_role(role, index)
        for role in upgrade.recipe.scratch
        for index in range(count if role in (COPY, NEW) else 1)
    ]
    return {role: f"{bench_name(machine, upgrade.service)}_{role}" for role in roles}


def _one(
    world: World,
    project: Project,
    machine: Machine,
    observed: Observed,
    progress: Progress,
    over: threading.Event,
    moved: Moved,
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
            progress.update(upgrade.service, f"stopping {upgrade.old.version}")
            stop_containers([container.id])
        bench.carry_out(upgrade.recipe)
        clear(name, list(scratch.values()))
    except BaseException as error:
        left = _take_back(name, [*scratch.values(), *upgrade.target], container)
        if not isinstance(error, DevenvError):
            raise
        moved.failed[upgrade.service] = error
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


def bench_of(
    world: World,
    project: Project,
    machine: Machine,
    upgrade: Upgrade,
    scratch: Mapping[str, str],
    progress: Progress,
    over: threading.Event,
) -> Workbench:
    name = bench_name(machine, upgrade.service)
    folder = project.store.folder / "upgrades" / upgrade.service
    shutil.rmtree(folder, ignore_errors=True)
    result = {volume_role(upgrade.recipe.result, index): volume for index, volume in enumerate(upgrade.target)}

    def journal(entry: Mapping[str, object]) -> None:
        project.store.journal({"service": upgrade.service, **entry}, of=JOURNAL)

    return Workbench(
        world=world,
        name=name,
        folder=folder,
        stack=Stack(name, folder, (folder / workbench.PATH,)),
        scripts=templates_root() / "upgrades",
        source=upgrade.source,
        host=machine.host,
        volumes={**scratch, **result},
        image=project.image_of(upgrade.new),
        journal=journal,
        told=lambda text: progress.update(upgrade.service, text),
        over=over,
    )


def prepare(world: World, project: Project, machine: Machine, bench: Workbench, upgrade: Upgrade) -> None:
    """Everything that takes long and touches nothing: images, volumes, the Compose file."""
    servers = upgrade.recipe.servers
    folder = bench.folder
    rendered = workbench.files(project.resolved.project, servers, bench.volumes, name=bench.name)
    env = dotenv.file(Machine(bench.name, str(folder), registries=machine.registries))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_files(folder, [*rendered, replace(env, path=".env")])
    wanted = {server.name: project.image_of(server.service) for server in servers}
    here = images(world, wanted.values())
    for server in servers:
        if wanted[server.name] in here:
            continue
        bench.told(f"fetching {server.service.kind.name} {server.service.version}")
        if server.service.build:
            bench.stack.build([server.name], told=lambda line: None)
        else:
            pull(wanted[server.name], platform=server.service.platform, told=lambda line: None)
    for index, volume in enumerate(upgrade.new.volumes):
        stamp = compose.volume_labels(project.resolved.project, upgrade.new, volume)
        volumes.create(upgrade.target[index], {PROJECT: machine.project} | stamp)
    for name in bench.volumes.values():
        if name not in upgrade.target:
            volumes.create(name, {LABEL: bench.name})


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


def seen(machine: Machine, moved: Moved, observed: Observed) -> Observed:
    """What is here, with the new volumes."""
    made = (
        ExistingVolume(name, machine.project, upgrade.service, upgrade.new.kind.name, volume.format, volume.path)
        for upgrade in moved.upgrades
        for name, volume in zip(upgrade.target, upgrade.new.volumes, strict=True)
    )
    return replace(observed, volumes=(*observed.volumes, *made))
