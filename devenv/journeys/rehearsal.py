"""A rehearsal: a copy of a service's data on another version, served beside the running one, thrown away or adopted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from devenv.console import Progress
from devenv.data import upgrading
from devenv.data.benches import bench_name
from devenv.effects.compose import Stack, stop_containers
from devenv.effects.containers import published
from devenv.effects.engine import containers, look
from devenv.effects.files import make_folder, write_files
from devenv.effects.workbench import clear
from devenv.effects.world import World
from devenv.errors import DevenvError, ManifestError, Refused
from devenv.journeys import sync, sync_apply
from devenv.journeys.up import Wishes, prepare
from devenv.model.change import Change, SyncPlan
from devenv.model.machine import Machine
from devenv.model.observed import Observed
from devenv.model.production import Bound
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Do, Recipe, Route, Server, Step, Upgrade, Way, mounts
from devenv.pinning import pinned
from devenv.project import Project, open_project
from devenv.stages.generations import live, next_generation, own_live, to_resume, volumes_of
from devenv.stages.resolve import select
from devenv.standing import narrowed
from devenv.targets import dotenv, workbench
from devenv.trust import guard_access, machine_access
from devenv.waiting import Waiting, failures, wait


@record
class Rehearsal:
    """What is tried: the project as it would be, and how the data gets there."""

    compared: sync.Comparison
    project: Project
    machine: Machine
    observed: Observed
    upgrade: Upgrade

    @property
    def service(self) -> ResolvedService:
        return self.upgrade.new


def plan(world: World, service: str, version: str) -> Rehearsal:
    """What it takes to have a service's data on another version. Raises Refused where there is no data, or no way."""
    project = open_project(world)
    select(project.manifest, [service], ())
    before = project.manifest.services[service].version.text
    if before == version:
        raise ManifestError(f"{service} is {version} already", f"devenv try {service}@ANOTHER-VERSION")
    change = Change(service, ("version",), before or None, version, f"{before} → {version}: tried here")
    compared = sync.Comparison(project, project, SyncPlan((change,)), Bound({}, ()))
    compared = replace(compared, wanted=sync.wanted(world, project, (change,)))
    wanted = pinned(compared.wanted, world, frozen=False, offline=False)
    guard_access(world, wanted, machine_access(wanted, [service]))
    machine, observed = narrowed(wanted, look(world).result())
    today = project.resolved.services[service]
    sources = {}
    if wanted.resolved.services[service].data != today.data:  # today's data is tried, whatever was moved before
        present = own_live(today, observed, machine) or to_resume(today, observed, machine)
        sources = {service: present} if present else {}
    moves = upgrading.plan(world, wanted, machine, observed, [service], sources=sources)
    if problem := moves.refused.get(service):
        raise Refused(problem)
    upgrade = moves.of(service) or _same_format(world, wanted, machine, observed, service)
    return Rehearsal(replace(compared, wanted=wanted), wanted, machine, observed, upgrade)


def _same_format(world: World, project: Project, machine: Machine, observed: Observed, name: str) -> Upgrade:
    """Another release that opens the same data: a copy is all it takes."""
    service = project.resolved.services[name]
    found = next((item for item in live(observed.volumes, machine) if item.data == service.data), None)
    if not service.volumes:
        hint = f"change its version in devenv.toml, then: devenv up {name}"
        raise Refused(f"{name} ({service.kind.name}) keeps no data, so there is nothing to try", hint)
    if found is None:
        raise Refused(f"{name} has no data here to try it with", f"devenv up {name}   makes some")
    generation = next_generation(service.data, observed.volumes, machine.generations)
    after = replace(machine, generations={**machine.generations, service.data: generation})
    paths = volumes_of(found, observed.volumes)
    ((size, free),) = upgrading.measured(world, project, [(service, service)], [paths])
    return Upgrade(
        old=service,
        new=service,
        source=tuple(paths[volume.path] for volume in service.volumes if volume.path in paths),
        target=tuple(after.volume(volume) for volume in service.volumes),
        generation=generation,
        size=size,
        free=free,
        route=Route(Way.IN_PLACE, fixed=3, per_gb=10),
        recipe=Recipe((), (Step(Do.COPY, "copy the data"),), COPY),
    )


def move(world: World, trial: Rehearsal, progress: Progress) -> upgrading.Moved:
    """The copy on its new version; the running server stands still only while it is copied. Raises what failed."""
    moves = upgrading.Moves((trial.upgrade,))
    moved = upgrading.carry_out(world, trial.project, trial.machine, trial.observed, moves, progress, released=True)
    for error in moved.failed.values():
        raise error
    return moved


def serve(world: World, trial: Rehearsal, *, timeout: float, progress: Progress) -> Machine:
    """Start the server on the copy and wait until it serves. Returns this machine as somebody sees it who is to
    connect to that server instead of the running one."""
    service, name = trial.service, bench_name(trial.machine, trial.service.name)
    folder = trial.project.store.folder / "upgrades" / f"{service.name}-tried"
    roles = mounts(service, NEW)
    volumes = {role: trial.upgrade.target[index] for index, role in enumerate(roles.values())}
    server = Server("tried", service, roles, published=True)
    rendered = workbench.files(trial.project.resolved.project, [server], volumes, name=name)
    env = dotenv.file(Machine(name, str(folder), registries=trial.machine.registries))
    make_folder(folder, mode=0o700)
    write_files(folder, [*rendered, replace(env, path=".env")])
    Stack(name, folder, (folder / workbench.PATH,)).up(["tried"], recreate=True, further=True, told=lambda line: None)
    own = next(item for item in containers(world) if item.project == name and item.service == "tried")
    ports = published(own.id)
    there = {port.variable: ports[port.container] for port in service.ports if port.container in ports}
    machine = replace(trial.machine, ports={**trial.machine.ports, **there})
    waiting = Waiting(
        world=world,
        resolved=trial.project.resolved,
        machine=machine,
        containers={service.name: own},
        ensured={},
    )
    failures(
        wait(waiting, [service.name], timeout=timeout, progress=progress), changed="the running service is as it was"
    )
    return machine


def end(trial: Rehearsal, moved: upgrading.Moved) -> None:
    """Throw all of it away; what runs, runs on."""
    upgrading.take_back(trial.project, trial.machine, trial.observed, moved)
    if moved.left:
        raise DevenvError("not all of it could be thrown away", "\n  ".join(moved.left))


def adopt(
    world: World, trial: Rehearsal, moved: upgrading.Moved, *, timeout: float, progress: Callable[[], Progress]
) -> sync_apply.Applied:
    """Have the copy be the data, devenv.toml say the version, and the service run on it."""
    name = bench_name(trial.machine, trial.service.name)
    present = {item.id for item in trial.observed.containers if item.service == trial.service.name}
    # Cleanly: what was just written may be in a server's memory alone. The present data is a kept copy from now on.
    stop_containers(
        [item.id for item in containers(world) if item.running and (item.project == name or item.id in present)]
    )
    clear(name, [])
    everything = look(world).result()
    runs = any(item.service == trial.service.name and item.running for item in trial.observed.containers)
    chosen = (trial.service.name,) if runs else ()
    moving = {upgrade.service: upgrade.generation for upgrade in moved.upgrades}
    prepared = prepare(world, trial.project, everything, chosen, Wishes(moving=moving))
    with progress() as shown:
        return sync_apply.settle(trial.compared, prepared, moved, world=world, timeout=timeout, progress=shown)
