"""Whose is it? A checkout marks the volumes and the containers that it makes with its random id.

A container without a mark was made by an IDE, by plain Compose or by an earlier devenv. It belongs to the checkout in
whose folder it was started. A volume without a mark belongs to the checkout that its containers were started in, and
where there are none, to the checkout that has the project's name.
"""

from __future__ import annotations

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
        """Whether it bears a mark of this checkout's, or none at all."""
        return item.owner in {"", self.id, *self.claimed}


def foreign(items: Iterable[Marked], project: str, owner: Owner) -> tuple[Marked, ...]:
    """Those volumes or containers of a project that bear the mark of another checkout."""
    own = (item for item in items if item.project == project)
    return tuple(item for item in own if not owner.owns(item))


def holder(observed: Observed, project: str, owner: Owner, *, absent: Collection[str]) -> str:
    """Another checkout that has a project's name on this engine: its folder, or a foreign container's name; "" if there
    is none.

    ``absent`` are folders that certainly hold no checkout any more: what was started there may have been moved here.
    """
    items: list[Container | ExistingVolume] = [*observed.volumes, *observed.containers]
    for item in foreign(items, project, owner):
        if item.root and item.root != owner.root and item.root not in absent:
            return item.root
    for container in observed.containers:
        if container.project == project and not _started_here(container, owner) and container.root not in absent:
            return container.root or container.name
    return ""


def _started_here(container: Container, owner: Owner) -> bool:
    return container.root == owner.root or container.project == owner.project


def made_elsewhere(container: Container, machine: Machine, elsewhere: Collection[str]) -> str:
    """How a container was made by another checkout; "" if it was not."""
    if container.root in elsewhere:
        return f"was started in {container.root}, another checkout"
    if container.owner not in ("", machine.owner):
        return "was made by a checkout that this one took over"
    return ""


def stray(service: ResolvedService, container: Container, machine: Machine, elsewhere: Collection[str]) -> str:
    """Why a container does not serve this checkout's live data; "" if it does, or if it serves another version.

    Compose knows a container by the project's name alone: where another checkout has the same name, or where
    ``.devenv/.env`` is missing, ``docker compose up`` by hand replaces this checkout's containers.
    """
    if reason := made_elsewhere(container, machine, elsewhere):
        return reason
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
    other = own_name(project, owner.root)
    another_name = f"mkdir -p .devenv && echo COMPOSE_PROJECT_NAME={other} >.devenv/.env"
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
