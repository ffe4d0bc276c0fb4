"""Addresses for somebody who is about to connect: that of this checkout's own servers, and of no other checkout's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from devenv.effects import files
from devenv.effects.engine import containers_by_socket
from devenv.effects.store import owners
from devenv.effects.world import World
from devenv.errors import Refused
from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume
from devenv.project import Project
from devenv.stages import ownership
from devenv.stages.load import MANIFEST


def reachable(world: World, project: Project, services: Iterable[str]) -> Machine | None:
    """What ``Project.reachable`` says, once the engine has been asked who answers there.

    Raises Refused where another checkout's container answers. An engine that is not reached by its socket is not asked:
    the docker CLI takes longer than all else.
    """
    names = list(services)
    machine = project.reachable(names)
    if machine is None:
        return None
    found = containers_by_socket(world) or ()
    guard_ownership(project, machine.project, found)
    own = [item for item in found if item.project == machine.project and item.running]
    guard(project, machine, own, names, elsewhere(project.root, own))
    return machine


def guard_ownership(project: Project, name: str, items: Iterable[Container | ExistingVolume]) -> None:
    """Raises Refused where some of a project's volumes and containers are another checkout's, or were started from
    other Compose files."""
    owner = project.owner()
    seen = tuple(items)
    if made := ownership.foreign(seen, name, owner):
        raise Refused(ownership.refusal(made, name, owner, owners(project.state)))
    if theirs := of_other_files(project, name, seen):
        raise Refused(ownership.other_files_refusal(theirs, name, owner))


def of_other_files(project: Project, name: str, items: Iterable[Container | ExistingVolume]) -> tuple[Container, ...]:
    """Containers of a project that somebody started from other Compose files, for services that devenv runs here."""
    services = {*project.resolved.services, *project.store.read("applied")}
    containers = [item for item in items if isinstance(item, Container)]
    return ownership.of_other_files(containers, name, services)


def elsewhere(root: Path, own: Iterable[Container]) -> frozenset[str]:
    """The folders of other checkouts that containers were started in. A folder without a checkout is none: what was
    started there has been moved here, or comes from another machine's file system."""
    folders = {item.root for item in own} - {"", str(root)}
    return frozenset(folder for folder in folders if _is_other_checkout(Path(folder), root))


def _is_other_checkout(folder: Path, root: Path) -> bool:
    return not files.is_absent(folder / MANIFEST) and folder.resolve() != root.resolve()


def guard(
    project: Project, machine: Machine, own: Iterable[Container], services: Iterable[str], elsewhere: frozenset[str]
) -> None:
    """Raises Refused for services whose containers do not serve this checkout's live data."""
    by_service = {item.service: item for item in own}
    problems = []
    for name in dict.fromkeys(services):
        container = by_service.get(name)
        if container is None:
            continue
        service = project.resolved.services[name]
        if reason := ownership.stray(service, container, machine, elsewhere):
            problems.append(ownership.stray_problem(service, reason))
    if problems:
        raise Refused(problems)
