"""Which services' data must be moved, from where, and how."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from devenv.errors import DevenvError
from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume
from devenv.model.problem import Problem
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Refusal, Route, Way
from devenv.model.version import parse_version
from devenv.stages.plan_up import live
from devenv.stages.resolve import further_key


def behind(
    service: ResolvedService, volumes: Iterable[ExistingVolume], machine: Machine, container: Container | None
) -> ExistingVolume | None:
    """The first volume of the data that a service must be given before it starts; None if it has its own, or none.

    Where there is data of several versions: what the service's container runs on, else the newest that is older than
    what is wanted, else the newest.
    """
    own = [volume for volume in volumes if volume.service == service.name]
    if not service.volumes or any(volume.name == machine.volume(service.volumes[0]) for volume in own):
        return None
    others = [volume for volume in live(own, machine) if volume.data != service.data]
    in_use = [volume for volume in others if container and volume.name == f"{machine.project}_{container.data}"]
    older = [
        volume for volume in others if volume.kind == service.kind.name and _release(volume) <= service.version.release
    ]
    return next(iter(in_use or sorted(older or others, key=_release, reverse=True)), None)


def _release(volume: ExistingVolume) -> tuple[int, ...]:
    return parse_version(volume.format).release


def next_generation(data: str, volumes: Iterable[ExistingVolume]) -> str:
    """The end of the names of new volumes for data: one that no volume of it has had."""
    used = [volume.generation() for volume in volumes if volume.data == data]
    numbers = [int(re.sub(r"\D", "", end) or 1) for end in used if end is not None]
    return f".{max(numbers, default=0) + 1}"


def volumes_of(volume: ExistingVolume, volumes: Iterable[ExistingVolume]) -> dict[str, str]:
    """Path -> name of all volumes of the data that this is the first one of."""
    end = volume.generation() or ""
    begin = volume.name.removesuffix(end)
    further = (
        item for item in volumes if item.data == volume.data and item.name == further_key(begin, item.path) + end
    )
    return {volume.path: volume.name} | {item.path: item.name for item in further}


def choose(
    routes: Sequence[Route] | Refusal,
    stops: Callable[[Sequence[str]], tuple[ResolvedService, ...]],
    *,
    size: int | None = None,
    wanted: Way | None = None,
) -> tuple[Route, tuple[ResolvedService, ...]] | Refusal:
    """The first route that can be gone, with servers of its stops; why the ones before it cannot is in its note.

    Data of ``size`` bytes goes by none that is only for more. ``wanted`` is the way to go if there is one of that kind.
    ``stops`` gives servers of versions, and raises DevenvError where their images cannot be had.
    """
    if isinstance(routes, Refusal):
        return routes
    asked = [route for route in routes if route.way is wanted]
    routes = asked or [route for route in routes if route.above <= (size or 0)]
    lacking: list[Problem] = []
    for route in routes:
        try:
            hops = stops(route.stops)
        except DevenvError as error:
            lacking += error.problems
            continue
        instead = f"not {routes[0].way}: {'; '.join(problem.message for problem in lacking)}" if lacking else ""
        return replace(route, note="; ".join(filter(None, (instead, route.note)))), hops
    by = ", ".join(routes[0].stops)
    return Refusal(f"the way goes by {by}: {'; '.join(p.message for p in lacking)}", lacking[0].hint)
