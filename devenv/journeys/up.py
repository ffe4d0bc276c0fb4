"""The journey of ``up``: what is wanted and what is there -> a plan -> done -> waited for."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, TypeVar

from devenv import generated_files
from devenv.console import Progress
from devenv.data import anew, seeding, served
from devenv.effects import snapshots
from devenv.effects.files import write_files
from devenv.effects.world import World
from devenv.model.machine import Machine
from devenv.model.observed import Container, Observed
from devenv.model.plan import Action, Plan
from devenv.model.record import record
from devenv.pinning import pinned, save
from devenv.project import Project, open_project
from devenv.stages.place import MovedPort, place
from devenv.stages.plan_up import OVERRIDE, half_made, plan_up
from devenv.standing import narrowed, owe_running, still_to_run, with_limits
from devenv.targets import dotenv
from devenv.trust import guard_access, machine_access, override_access

if TYPE_CHECKING:
    from devenv.effects.fetching import NoImage
    from devenv.effects.ready import Outcome


#: How often this machine is looked at again. Others who start services at the same moment want the same ports.
_LOOKS = 5
Done = TypeVar("Done")


@record
class Wishes:
    """What the user allows: see the options of ``devenv up``. ``moving``: by service, the generation of its data that
    is made by moving other data. ``partial``: services that are not asked for need not be in the lock.
    ``lost``: host ports that could not be had, though nobody was seen on them. ``claim``: another checkout's data is
    taken over."""

    frozen: bool = False
    offline: bool = False
    force: bool = False
    fresh: tuple[str, ...] = ()
    moving: Mapping[str, str] = field(default_factory=dict)
    partial: bool = False
    lost: frozenset[int] = frozenset()
    claim: bool = False


@record
class Prepared:
    """Everything decided, nothing done."""

    project: Project
    machine: Machine
    observed: Observed
    plan: Plan
    chosen: tuple[str, ...]
    moved: tuple[MovedPort, ...]
    frozen: bool = False

    def without(self, services: Collection[str]) -> Prepared:
        """The same for all but some of the services that were asked for."""
        return replace(self, chosen=tuple(name for name in self.chosen if name not in services))


def prepare(world: World, project: Project, everything: Observed, chosen: tuple[str, ...], wishes: Wishes) -> Prepared:
    """Decide everything: digests of images not locked yet are asked for, nothing is written."""
    from devenv.effects.engine import images

    if not wishes.partial:
        project = pinned(project, world, frozen=wishes.frozen, offline=wishes.offline)
    here, observed = narrowed(project, everything, claiming=wishes.claim)
    observed = with_limits(world, project, observed)
    observed = replace(observed, taken={**dict.fromkeys(wishes.lost, ""), **observed.taken})
    here = anew.set_aside(project.resolved.services, observed, here, wishes.fresh)
    moving = {project.resolved.services[name].data: generation for name, generation in wishes.moving.items()}
    here = replace(here, generations={**here.generations, **moving})
    machine, moved = place(
        project.resolved,
        observed,
        project=here.project,
        root=here.root,
        kept=project.kept,
        chosen=chosen,
        registries=project.registries(),
        generations=here.generations,
        owner=here.owner,
    )
    plan = functools.partial(
        plan_up,
        project.resolved,
        machine=machine,
        wanted=chosen,
        files=project.generated(),
        pulls={service: project.local_image(service) for service in project.resolved.services},
        overrides=project.overrides(),
        fresh=(*wishes.fresh, *wishes.moving),
        force=wishes.force,
    )
    planned = plan(observed)
    if needed := planned.subjects(Action.PULL, Action.BUILD):  # as long as nobody has looked whether they are here
        observed = replace(observed, images=images(world, [project.local_image(service) for service in needed]))
        planned = plan(observed)
    return Prepared(project, machine, observed, planned, chosen, moved, wishes.frozen)


def guarded(prepared: Prepared) -> Prepared:
    """The same, unless a service that is to be made anew still runs and refuses its new settings: ManifestError."""
    from devenv.settings_guard import guard_settings

    remade = [name for name in prepared.plan.subjects(Action.RECREATE) if name in prepared.chosen]
    if remade:
        guard_settings(prepared.project, prepared.observed, remade)
    return prepared


def save_decisions(prepared: Prepared) -> bool:
    """The lock and this machine's own file, if they say something new; whether the lock was written. Data that is about
    to be made is owed what [seed] names for it: raises ManifestError for files that are not there.

    What was once ensured of a container does not hold for one that is made, or started again.
    """
    project = prepared.project
    locked = save(project, frozen=prepared.frozen)
    snapshots.note_changes(project.store, prepared.observed.snapshots)
    copied = prepared.plan.subjects(Action.COPY)
    anew.keep(project, prepared.observed, prepared.machine, prepared.chosen, copied=copied)
    write_files(project.root, [*dotenv.git_files(), dotenv.file(prepared.machine)])
    generated_files.drop_leftovers(project)
    seeding.owe(project, prepared.machine, seeding.fresh(project, prepared.machine, prepared.observed, prepared.chosen))
    ensured = project.store.read("ensured")
    starting = prepared.plan.subjects(Action.START)
    stay = {item.id for item in prepared.observed.containers if item.service not in starting}
    if not stay.issuperset(ensured):
        project.store.write("ensured", {container: done for container, done in ensured.items() if container in stay})
    return locked


def carry_out(world: World, prepared: Prepared, progress: Progress, *, verb: str = "up") -> None:
    """Do what the plan says, and remember as what each service runs. Then no earlier run is unfinished any more.

    Raises NoImage for services whose images could not be pulled or built; all else is done and remembered then.
    """
    from devenv.effects.fetching import NoImage

    try:
        if prepared.plan.changes:
            _apply(world, prepared, progress, verb)
    except NoImage as error:
        _remember(prepared.without(error.services))
        raise
    prepared.project.store.clear_journal()
    _remember(prepared)


def carried_out(world: World, prepared: Prepared, progress: Progress, *, verb: str) -> tuple[Prepared, NoImage | None]:
    """Do what the plan says. Returns what it came to, and the error of services that have no image."""
    from devenv.effects.fetching import NoImage

    try:
        carry_out(world, prepared, progress, verb=verb)
    except NoImage as error:
        error.changed = "everything else is done; 'devenv up' tries again"
        return prepared.without(error.services), error
    return prepared, None


def _apply(world: World, prepared: Prepared, progress: Progress, verb: str) -> None:
    from devenv.data.keeping import Place, make_volumes
    from devenv.data.restoring import resume
    from devenv.effects.apply import Material, apply

    project, plan = prepared.project, prepared.plan
    if plan.subjects(Action.CREATE, Action.RECREATE, Action.ADD):
        made = plan.subjects(Action.CREATE, Action.RECREATE)
        guard_access(world, project, [*machine_access(project, made), *override_access(project)])
    at = Place(world, project, prepared.machine, prepared.observed)
    files = {file.path: file for file in project.render()} if plan.subjects(Action.WRITE) else {}
    generated_files.remember(project, files.values())
    material = Material(
        root=project.root,
        files=files,
        images={name: project.local_image(name) for name in prepared.chosen},
        platforms={name: project.resolved.services[name].platform for name in prepared.chosen},
        leaving={item.service: item.id for item in prepared.observed.containers},
        paused={item.service: item.id for item in prepared.observed.containers if item.state == "paused"},
        half_made=[item.id for item in half_made(prepared.observed)],
        stack=project.stack(prepared.machine.project),
        logs=project.store.folder,
        copy=functools.partial(resume, at),
        make_volumes=functools.partial(make_volumes, at),
    )
    apply(plan, material, verb=verb, store=project.store, progress=progress)
    owe_running(project.store, still_to_run(project.store) - {*prepared.chosen})


def _remember(prepared: Prepared) -> None:
    """All that were asked for are now as the manifest says, also what was kept: a run that was cut short, or one that
    lost a port, had started some of it and remembers nothing."""
    project, applied = prepared.project, prepared.observed.applied
    overrides = project.overrides()
    own = {
        name: {**project.resolved.services[name].described, OVERRIDE: overrides.get(name, "")}
        for name in prepared.chosen
    }
    further = {name: {OVERRIDE: overrides[name]} for name in prepared.plan.subjects(Action.ADD)}
    if (now := {**applied, **own, **further}) != applied:
        project.store.write("applied", now)
    served.remember(project, prepared.machine, prepared.chosen)
    anew.remember_use(project, prepared.machine, prepared.chosen)


def wait_for(
    world: World, prepared: Prepared, *, timeout: float, progress: Progress, filled: Sequence[str] = ()
) -> list[Outcome]:
    """Ask all services that were asked for, also those that were kept: 'up' says that they serve, so it must know.

    ``filled``: only these, in whose data somebody else has just written whatever they liked.
    """
    from devenv.effects.engine import containers
    from devenv.waiting import Waiting, wait

    project = prepared.project
    there = containers(world) if prepared.plan.changes else prepared.observed.containers
    own = {item.service: item for item in there if item.project == prepared.machine.project and item.service}
    versions, proven = project.store.read("versions"), project.store.read("proven")
    ensured = project.store.read("ensured")
    alone = threading.Lock()  # services become ready side by side
    made = () if filled else _on_new_data(prepared)

    def remember(container: str, config: str) -> None:
        with alone:
            ensured[container] = config
            project.store.write("ensured", ensured)

    waiting = Waiting(
        world=world,
        resolved=project.resolved,
        machine=prepared.machine,
        containers=own,
        made=frozenset(made),
        started=frozenset(filled or prepared.plan.subjects(Action.CREATE, Action.RECREATE, Action.START)),
        ensured=ensured,
        remember=remember,
        versions={item.id: versions[item.id] for item in own.values() if item.id in versions},
        proven={item.id: proven[item.id] for item in own.values() if item.id in proven},
    )
    _remember_limits(world, project, own.values())
    outcomes = wait(waiting, filled or prepared.chosen, timeout=timeout, progress=progress)
    if waiting.versions != versions:
        project.store.write("versions", waiting.versions)
    if waiting.proven != proven:
        project.store.write("proven", waiting.proven)
    return outcomes


def _remember_limits(world: World, project: Project, own: Iterable[Container]) -> None:
    """Note what containers are limited to that were not met before: what is otherwise later was changed by hand."""
    from devenv.effects.containers import inspect

    known = project.store.read("limits")
    there = [item.id for item in own]
    limits = {item: known[item] for item in there if item in known}
    limits |= {item.id: dict(item.limits) for item in inspect(world, [item for item in there if item not in known])}
    if limits != known:
        project.store.write("limits", limits)


def _on_new_data(prepared: Prepared) -> list[str]:
    """The services whose volumes were not there before this run, and are no copies of kept data."""
    before = {volume.name for volume in prepared.observed.volumes}
    copied = prepared.plan.subjects(Action.COPY)
    return [
        name
        for name, service in prepared.project.resolved.services.items()
        if name not in copied and not any(prepared.machine.volume(volume) in before for volume in service.volumes)
    ]


def insisting(
    first: Callable[[], Done], again: Callable[[frozenset[int]], Done], told: Callable[[str], None] = lambda said: None
) -> Done:
    """``first``; and while something it counted on is taken between looking and doing, ``again``, a few times, with all
    the host ports that could not be had until then."""
    from devenv.effects.compose import TakenMeanwhile

    lost: frozenset[int] = frozenset()
    do = first
    for _ in range(_LOOKS):
        try:
            return do()
        except TakenMeanwhile as error:
            told(error.problems[0].message)
            lost |= error.ports
            do = functools.partial(again, lost)
    return do()


def bring_back(
    world: World, names: Sequence[str], *, verb: str, timeout: float, progress: Progress
) -> tuple[Prepared, NoImage | None]:
    """The journey for services whose data has become another one. Returns what it came to, and the error of services
    that have no image; the others serve. Raises NotReady if they do not in time."""
    from devenv.effects.engine import look
    from devenv.waiting import failures

    def once(lost: frozenset[int] = frozenset()) -> tuple[Prepared, NoImage | None]:
        prepared = prepare(world, open_project(world), look(world).result(), tuple(names), Wishes(lost=lost))
        save_decisions(prepared)
        return carried_out(world, prepared, progress, verb=verb)

    prepared, no_image = insisting(once, once)
    failures(wait_for(world, prepared, timeout=timeout, progress=progress))
    return prepared, no_image
