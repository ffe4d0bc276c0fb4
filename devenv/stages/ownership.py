"""Whose is it? A checkout marks the volumes and the containers that it makes with its random id.

A container without a mark was made by an IDE, by plain Compose or by an earlier devenv. It belongs to the checkout in
whose folder it was started. A volume without a mark belongs to the checkout that its containers were started in, and
where there are none, to the checkout that has the project's name.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume, Observed
from devenv.model.problem import Problem
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.stages.generations import is_generation_of
from devenv.stages.place import own_name

#: What bears a mark.
Marked = TypeVar("Marked", bound=Container | ExistingVolume)


@record
class Owner:
    """A checkout: its random ``id`` ("" as long as it has made nothing), its folder, the ids of the checkouts whose
    data it took over, and the project's name that it has had on this machine."""

    id: str
    root: str
    claimed: frozenset[str] = frozenset()
    project: str = ""

    def owns(self, item: Container | ExistingVolume) -> bool:
        """Whether it bears a mark of this checkout's, or none at all.

        Data that was taken over keeps its mark. Containers are made again when it is, so that one with a claimed mark
        was made since, by that other checkout.
        """
        claimed = self.claimed if isinstance(item, ExistingVolume) else ()
        return item.owner in {"", self.id, *claimed}


def foreign(items: Iterable[Marked], project: str, owner: Owner) -> tuple[Marked, ...]:
    """Those volumes or containers of a project that bear the mark of another checkout."""
    own = (item for item in items if item.project == project)
    return tuple(item for item in own if not owner.owns(item))


def of_other_files(containers: Iterable[Container], project: str, services: Collection[str]) -> tuple[Container, ...]:
    """Those containers of a project that Compose made for one of ``services`` from files that are not devenv's."""
    own = (item for item in containers if item.project == project and item.service in services)
    return tuple(item for item in own if _is_of_other_files(item))


def _is_of_other_files(container: Container) -> bool:
    by_devenv = container.root or container.config or container.workspace
    return bool(container.compose_files) and not by_devenv


def has_data(observed: Observed, project: str) -> bool:
    """Whether there is data on this engine that devenv, or Compose from devenv's file, made for a project."""
    return any(volume.project == project and volume.service for volume in observed.volumes)


def holder(observed: Observed, project: str, owner: Owner, *, absent: Collection[str]) -> str:
    """Who else has a project's name on this engine: another checkout's folder, or the name of a container or a volume
    of a Compose project that is not devenv's; "" if nobody has.

    ``absent`` are folders that certainly hold no checkout any more: what was started there may have been moved here.
    """
    items: list[Container | ExistingVolume] = [*observed.volumes, *observed.containers]
    for item in foreign(items, project, owner):
        if item.root and item.root != owner.root and item.root not in absent:
            return item.root
    for container in observed.containers:
        if container.project == project and not _started_here(container, owner) and container.root not in absent:
            return container.root or container.name
    if owner.project != project and not has_data(observed, project):
        return next((volume.name for volume in observed.volumes if volume.project == project), "")
    return ""


def _started_here(container: Container, owner: Owner) -> bool:
    return container.root == owner.root or container.project == owner.project


def stray(service: ResolvedService, container: Container, machine: Machine, elsewhere: Collection[str]) -> str:
    """Why a container does not serve this checkout's live data; "" if it does, or if it serves another version.

    Compose knows a container by the project's name alone: where another checkout has the same name, or where
    ``.devenv/.env`` is missing, ``docker compose up`` by hand replaces this checkout's containers.
    """
    if container.root in elsewhere:
        return f"was started in {container.root}, another checkout"
    live = service.data + machine.generations.get(service.data, "")
    if is_generation_of(service.data, container.data) and container.data != live:
        return f"has data {container.data} open, not {live}"
    return ""


def stray_problem(service: ResolvedService, reason: str) -> Problem:
    """What is wrong with using such a container, and what to do."""
    return Problem(f"{service.name}: its container {reason}", f"devenv up {service.name}   runs it on the live data")


def roots(observed: Observed) -> set[str]:
    """The folders of all checkouts that the engine has something of."""
    found = {item.root for item in observed.containers} | {item.root for item in observed.volumes}
    return found - {""}


def refusal(
    items: Iterable[Container | ExistingVolume], project: str, owner: Owner, known: Mapping[str, str]
) -> tuple[Problem, ...]:
    """What is wrong with using another checkout's volumes and containers, and what to do; a problem for each checkout.

    ``known``: by id, where checkouts are now; others are where they were when they made it.
    """
    by_place: dict[tuple[str, bool], list[Container | ExistingVolume]] = {}
    for item in items:
        place = known.get(item.owner, item.root), item.owner in known
        by_place.setdefault(place, []).append(item)
    return tuple(
        _problem(root, made, project, owner, is_known=is_known) for (root, is_known), made in sorted(by_place.items())
    )


def other_files_refusal(containers: Iterable[Container], project: str, owner: Owner) -> tuple[Problem, ...]:
    """What is wrong with using containers that Compose made from other files, and what to do; a problem for each such
    list of files."""
    by_files: dict[tuple[str, ...], list[Container]] = {}
    for container in containers:
        by_files.setdefault(container.compose_files, []).append(container)
    return tuple(_other_files_problem(files, made, project, owner) for files, made in sorted(by_files.items()))


def _other_files_problem(files: Sequence[str], containers: Sequence[Container], project: str, owner: Owner) -> Problem:
    options = " ".join(f"-f {shlex.quote(file)}" for file in files)
    return Problem(
        f"{_names(containers)}: started from {', '.join(files)}, not by devenv, under the same project name {project}",
        f"remove containers, keep named volumes: docker compose -p {project} {options} down\n"
        "  or have devenv replace them: devenv up --claim\n"
        f"  or use another name on this machine, without data at first: {_another_name(project, owner)}",
    )


def _another_name(project: str, owner: Owner) -> str:
    """The command that gives a checkout a name of its own."""
    return f"mkdir -p .devenv && echo COMPOSE_PROJECT_NAME={own_name(project, owner.root)} >.devenv/.env"


def _names(items: Sequence[Container | ExistingVolume]) -> str:
    """Volumes by name; containers only where there is no volume."""
    volumes = [item.name for item in items if isinstance(item, ExistingVolume)]
    names = volumes or [item.name for item in items]
    noun = "volume" if volumes else "container"
    return f"{noun} {names[0]}" if len(names) == 1 else f"{noun}s {', '.join(names)}"


def _problem(
    root: str, items: Sequence[Container | ExistingVolume], project: str, owner: Owner, *, is_known: bool
) -> Problem:
    names = _names(items)
    another_name = _another_name(project, owner)
    if root == owner.root and is_known:
        return Problem(
            f"{names}: made in this folder by another checkout, which is not here any more",
            f"if it was moved, use another name on this machine: {another_name}\n"
            "  if it is gone, take over what it made: devenv up --claim",
        )
    if root == owner.root:
        return Problem(
            f"{names}: made in this folder with another state folder, or devenv's state was lost",
            "run devenv with the former state folder (DEVENV_STATE, XDG_STATE_HOME)\n"
            "  or take it over: devenv up --claim",
        )
    return Problem(
        f"{names}: made by another checkout, in {root or 'an unknown folder'}",
        "if that checkout was moved or removed, take over what it made: devenv up --claim\n"
        f"  otherwise use another name on this machine: {another_name}",
    )
