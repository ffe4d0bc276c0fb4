"""How things stand: the project beside what the engine has. What every command that looks or touches begins with."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from devenv import generated_files
from devenv.addresses import elsewhere, guard, guard_ownership, of_other_files
from devenv.console import Console
from devenv.data import moved_folders, remembering
from devenv.effects import files
from devenv.effects.containers import inspect
from devenv.effects.engine import Looking, look
from devenv.effects.ports import listening
from devenv.effects.store import Store, checkouts
from devenv.effects.world import World
from devenv.errors import DevenvError, Refused, Unreachable
from devenv.model.machine import LOOPBACK, Machine
from devenv.model.observed import Container, ExistingVolume, Observed, Use
from devenv.model.record import record
from devenv.project import Project, open_project
from devenv.stages import compose_project, generations, ownership, place, pointers
from devenv.stages.load import MANIFEST
from devenv.stages.plan_up import is_further, start_hint
from devenv.stages.resolve import select


@record
class Standing:
    """The project, this checkout's place on the machine as ``.devenv/.env`` has it, and what is there."""

    project: Project
    machine: Machine
    observed: Observed

    def container(self, service: str) -> Container:
        """A service's running container. Raises ManifestError for no such service, DevenvError if it does not run."""
        select(self.project.manifest, [service], ())
        found = self.find(service)
        if found is None or not found.running:
            raise DevenvError(f"{service} {_state(found)}", self.start_hint(service))
        self.guard_strays([service])
        return found

    def start_hint(self, service: str) -> str:
        """See ``plan_up.start_hint``."""
        return start_hint(self.project.resolved.services[service], self.observed, self.machine)

    def guard_strays(self, services: Iterable[str]) -> None:
        """Raises Refused for services whose containers do not serve this checkout's live data."""
        observed = self.observed
        guard(self.project, self.machine, observed.containers, services, observed.elsewhere)

    def find(self, service: str) -> Container | None:
        return next((item for item in self.observed.containers if item.service == service), None)

    def ours(self) -> list[Container]:
        """The containers that devenv started; an IDE's workspace in the same Compose project is not ours."""
        return [item for item in self.observed.containers if item.config or is_further(item, self.observed)]

    def chosen(self, services: Iterable[str], profiles: Iterable[str] = ()) -> tuple[str, ...]:
        """The services asked for, by name and profile; all if none were."""
        return select(self.project.manifest, services, profiles)


def _state(container: Container | None) -> str:
    """Why a service does not run."""
    if container is None:
        return "is not running"
    if container.state == "exited":
        return f"has stopped (exit code {container.exit_code})"
    return f"is {container.state}"


def standing(world: World, looking: Looking | None = None) -> Standing:
    """Read the project and look at the engine, both at once; ``looking`` if that was begun before."""
    looking = looking or look(world)
    project = open_project(world)
    return Standing(project, *narrowed(project, looking.result()))


@contextlib.contextmanager
def alone(world: World, verb: str, console: Console) -> Iterator[Standing]:
    """The same with nobody else at work in this checkout until the end: what was seen stays true."""
    from devenv.data.recovery import recovered

    store = open_project(world).store
    with store.locked(verb, waiting=console.waiting):
        recovered(console, store)
        if verb in ("stop", "down"):
            owe_running(store, ())
        here = standing(world)
        remembering.complete(here.project, here.observed)
        yield here


def still_to_run(store: Store) -> frozenset[str]:
    """Services that stand still only because they are being moved: what comes after that starts them again, if need be
    in the next devenv."""
    return frozenset(store.read(_RAN).get("services", ()))


def owe_running(store: Store, services: Iterable[str]) -> None:
    if (names := sorted(services)) != sorted(still_to_run(store)):
        store.write(_RAN, {"services": names})


_RAN = "ran"


def narrowed(project: Project, everything: Observed, *, claiming: bool = False) -> tuple[Machine, Observed]:
    """This checkout's place on this machine, and of all that the engine has what belongs to it.

    Raises Refused where data or containers of that name are another checkout's, unless they are being taken over
    (``claiming``).
    Raises Unreachable in a workspace, also where an engine answers: what the checkout is called and where its data is
    is known on the host alone.
    """
    if project.inside:
        raise Unreachable("in a workspace services are neither started nor changed", "run it on the host")
    name = _project_name(project, everything)
    if not claiming:
        guard_ownership(project, name, [*everything.volumes, *everything.containers])
    own = tuple(item for item in everything.containers if item.project == name and item.service)
    observed = replace(
        everything,
        containers=own,
        volumes=tuple(item for item in everything.volumes if item.project == name),
        taken=_taken(project, everything, own),
        files=generated_files.found(project),
        elsewhere=elsewhere(project.root, own),
        applied=project.store.read("applied"),
        served=project.store.read("served"),
    )
    observed = moved_folders.looked_at(project.store, observed)
    machine = replace(project.machine(), project=name, host=observed.engine.host or LOOPBACK)
    foreign = claiming and ownership.foreign(everything.volumes, name, project.owner())
    return with_generations(project, machine, observed, claiming=bool(foreign))


def with_limits(world: World, project: Project, observed: Observed) -> Observed:
    """The same with the limits that containers have now, and with those that they were made with.

    The listing of containers does not tell limits: this asks for each container by itself.
    """
    limits = {item.id: item.limits for item in inspect(world, [item.id for item in observed.containers])}
    containers = tuple(replace(item, limits=limits.get(item.id, {})) for item in observed.containers)
    return replace(observed, containers=containers, made_limits=project.store.read("limits"))


def with_generations(
    project: Project, machine: Machine, observed: Observed, *, claiming: bool = False
) -> tuple[Machine, Observed]:
    """The same with what is remembered just now of this checkout's generations of data; ``claiming``: of data that is
    being taken over."""
    store = project.store
    uses = store.read("uses")
    observed = replace(
        observed,
        empty=frozenset(store.read("empty").values()),
        current={service: Use(**use) for service, use in uses.get("current", {}).items()},
        previous={service: Use(**use) for service, use in uses.get("previous", {}).items()},
        left={service: Use(**use) for service, use in uses.get("left", {}).items()},
    )
    memory = remembering.memory(project, observed, claiming=claiming)
    copies = generations.noted_openings(memory.snapshots, observed)
    observed = replace(observed, snapshots=copies, undecided=memory.undecided)
    found = generations.opened(
        memory.pointers,
        observed.volumes,
        observed.kept,
        project=machine.project,
        wanted=[service.data for service in project.resolved.services.values() if service.data],
        undecided=observed.undecided,
    )
    return replace(machine, generations=found.generations), replace(observed, resumed=found.resumed)


def _taken(project: Project, everything: Observed, own: Iterable[Container]) -> dict[int, str]:
    """Host port -> who has it. Nobody is looked for where we hold all ours already: kernels take their time to list."""
    ports = [port for service in project.resolved.services.values() for port in service.ports]
    wanted = [place.kept_port(port, project.kept) or port.preferred for port in ports]
    ours = {host for item in own if item.has_ports for _, host in item.ports.values()}
    looked_for = not everything.engine.host and not (ours.issuperset(wanted) and len(set(wanted)) == len(wanted))
    taken = dict.fromkeys(listening([*wanted, *(port.preferred for port in ports)]) if looked_for else (), "")
    for container in everything.containers:
        if container.has_ports:
            taken |= {port: _holder(container) for _, port in container.ports.values()}
    return taken


def _holder(container: Container) -> str:
    return f"container {container.name}"


def _project_name(project: Project, everything: Observed) -> str:
    """What the Compose project of this checkout is called on this machine."""
    return place.project_name(
        project.manifest.project, str(project.root), project.kept, _other_holder(project, everything)
    )


def _other_holder(project: Project, everything: Observed) -> str:
    """Who else has our wanted name: another checkout's root, a container or volume that is not devenv's, or a Compose
    file of this folder's."""
    name = project.kept.get("COMPOSE_PROJECT_NAME") or project.manifest.project
    absent = {root for root in ownership.roots(everything) if files.is_absent(Path(root, MANIFEST))}
    owner = project.owner()
    if found := ownership.holder(everything, name, owner, absent=absent):
        return found
    is_new = owner.project != name and not ownership.has_data(everything, name)
    if is_new and (file := compose_file_of(project.root, name)):
        return file
    known = checkouts(project.state)
    return next((other for other, taken in known.items() if taken == name and other != str(project.root)), "")


def compose_file_of(root: Path, name: str) -> str:
    """The Compose file that Compose finds in a folder, if its project is called so; "" if not."""
    file = next((file for file in compose_project.FILES if files.is_file(root / file)), "")
    text = files.read_text(root / file) if file else None
    if text is None or compose_project.project_name(text, root.name) != name:
        return ""
    return file


def claim(project: Project, everything: Observed) -> list[str]:
    """Have what another checkout made be this one's: data and containers. Returns their names; [] if there are none.

    Of a checkout that is gone, all that is remembered of it comes along where nothing is remembered of this one.
    Raises Refused where nothing says which generation of the data was live: all of them are snapshots then.
    """
    owner = project.owner()
    name = _project_name(project, everything)
    volumes = ownership.foreign(everything.volumes, name, owner)
    containers = ownership.foreign(everything.containers, name, owner)
    made: list[Container | ExistingVolume] = [*volumes, *containers]
    others = of_other_files(project, name, everything.containers)
    names = [item.name for item in (*made, *others)]
    ids = sorted({item.owner for item in made})
    if len(ids) == 1 and not project.store.read("project") and project.store.follow(ids[0]):
        return names
    if ids:
        project.store.take_over(ids)
    if volumes:
        _recover_pointers(project, everything, name)
    return names


def _recover_pointers(project: Project, everything: Observed, name: str) -> None:
    """Note which generations of data that was just taken over are live; all others are snapshots."""
    observed = replace(
        everything,
        containers=tuple(item for item in everything.containers if item.project == name),
        volumes=tuple(item for item in everything.volumes if item.project == name),
    )
    machine = replace(project.machine(), project=name)
    _, observed = with_generations(project, machine, observed, claiming=True)
    remembering.complete(project, observed, claiming=True)
    machine, observed = with_generations(project, machine, observed)
    try:
        pointers.guard_undecided(project.resolved.services.values(), observed, machine)
    except Refused as error:
        error.changed = "the data is taken over"
        raise
