"""Which services' data must be moved, from where, and how."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from devenv.errors import DevenvError
from devenv.model.machine import Machine
from devenv.model.observed import Container, ExistingVolume, Observed
from devenv.model.problem import Problem
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import Refusal, Route, Upgrade, Way, start_empty
from devenv.model.version import parse_version
from devenv.stages.generations import begins_empty, live, own_live, to_resume
from devenv.upgrades import registry


def behind(
    service: ResolvedService, observed: Observed, machine: Machine, container: Container | None
) -> ExistingVolume | None:
    """The first volume of the data that a service must be given before it starts; None if it has its own, or none.

    Where there is data of several versions: what the service's container runs on, else the newest that is older than
    what is wanted, else the newest.
    """
    if not service.volumes or own_live(service, observed, machine) or to_resume(service, observed, machine):
        return None
    if begins_empty(service, observed):
        return None
    own = [volume for volume in observed.volumes if volume.service == service.name]
    others = [volume for volume in live(own, machine) if volume.data != service.data]
    in_use = [volume for volume in others if container and volume.name == f"{machine.project}_{container.data}"]
    older = [
        volume for volume in others if volume.kind == service.kind.name and _release(volume) <= service.version.release
    ]
    return next(iter(in_use or sorted(older or others, key=_release, reverse=True)), None)


def _release(volume: ExistingVolume) -> tuple[int, ...]:
    return parse_version(volume.format).release


def can_follow(service: ResolvedService, volume: ExistingVolume, served: Mapping[str, Any]) -> bool:
    """Whether there is a way for the data of a volume to a service's version. ``served``: what it was last served by.

    What is not known of the old server is taken to be as in the new one.
    """
    entry = served.get("entry", {})
    kind = service.kind
    if volume.kind != kind.name:
        kind = replace(kind, name=volume.kind, title=volume.kind)
    old = replace(
        service,
        kind=kind,
        version=parse_version(str(entry.get("version") or volume.format)),
        settings=entry.get("settings", service.settings),
    )
    return not isinstance(registry.routes(old, service), Refusal)


def choose(
    routes: Sequence[Route] | Refusal,
    stops: Callable[[Sequence[str]], tuple[ResolvedService, ...]],
    *,
    size: int | None = None,
    wanted: Way | None = None,
) -> tuple[Route, tuple[ResolvedService, ...]] | Refusal:
    """The first route that can be gone, with servers of its stops; why the ones before it cannot is in its note.

    Data of ``size`` bytes goes by none that is only for more. ``wanted`` is the one way to go, if it is given.
    ``stops`` gives servers of versions, and raises DevenvError where their images cannot be had.
    """
    if isinstance(routes, Refusal):
        return routes
    if wanted is not None:
        routes = [route for route in routes if route.way is wanted]
    else:
        routes = [route for route in routes if route.above <= (size or 0)]
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


def without_way(old: ResolvedService, new: ResolvedService, wanted: Way) -> Problem | None:
    """Why data cannot be moved the way that was asked for; None if it can, or cannot be moved at all."""
    routes = registry.routes(old, new)
    if isinstance(routes, Refusal) or wanted in (route.way for route in routes):
        return None
    possible = ", ".join(route.way.option for route in routes)
    return Problem(
        f"{new.name}: --way {wanted.option} is not possible from {old.kind.name} {old.version} to "
        f"{new.kind.name} {new.version}; possible: {possible}",
        f"devenv sync {new.name}   chooses the way itself",
    )


def further_routes(old: ResolvedService, new: ResolvedService, chosen: Route) -> list[Route]:
    """The routes for data that the chosen one does not work for: those that need no other versions' images."""
    routes = registry.routes(old, new)
    if isinstance(routes, Refusal):
        return []
    return [route for route in routes if route.way is not chosen.way and not route.stops]


def after_failure(upgrade: Upgrade) -> str:
    """What to do where the only way, or the one that was asked for, does not work for the data."""
    further = further_routes(upgrade.old, upgrade.new, upgrade.route)
    if further:
        other = further[0].way
        return f"devenv sync {upgrade.service} --way {other.option}   moves it by {other}"
    return (
        f"mend that in the data that {upgrade.old.version} serves, then: devenv sync {upgrade.service}\n"
        f"  {start_empty(upgrade.new)}"
    )
