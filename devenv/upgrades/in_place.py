"""Data that the newer server itself takes over: one copy, opened by one server after another, counted by the first and
by the last. What a kind needs on the way is data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from devenv.model.manifest import Setting
from devenv.model.record import record
from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, Do, HttpCensus, Recipe, Refusal, Route, Server, Step, Way, mounts

Routes = tuple[Route, ...] | Refusal
Ways = Callable[[ResolvedService, ResolvedService], Routes]


def _no_values(service: ResolvedService) -> Mapping[str, str]:
    return {}


def _as_it_is(service: ResolvedService) -> ResolvedService:
    return service


@record
class InPlace:
    """A kind's way, in place. ``ways`` says which routes there are.

    Scripts are files of ``templates/upgrades``, each run with ``values(server)`` and DEVENV_NEXT and DEVENV_NEXT_KIND,
    what comes last: ``census`` counts, ``settle`` is run in every server once it serves, ``leave`` in every one that
    a newer one comes after. ``answering`` is the server as it must be for a census; ``asked`` is for one that scripts
    cannot be run in. ``more`` are beginnings of census lines that may come new.
    """

    ways: Ways
    census: str = ""
    settle: tuple[str, str] | None = None
    leave: tuple[str, str] | None = None
    values: Callable[[ResolvedService], Mapping[str, str]] = _no_values
    answering: Callable[[ResolvedService], ResolvedService] = _as_it_is
    asked: HttpCensus | None = None
    more: tuple[str, ...] = ()

    def routes(self, old: ResolvedService, new: ResolvedService) -> Routes:
        return self.ways(old, new)

    def recipe(self, way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]) -> Recipe:
        """Copy; each server in turn; count in the first and in the last."""
        between = [(f"via-{index}", hop) for index, hop in enumerate(hops, 1)]
        order = [("old", old), *between, ("new", new)]
        steps = [Step(Do.COPY, "copy the data")]
        for name, service in order:
            steps += self._turn(name, service, new)
        servers = tuple(
            Server(name, self.answering(service), mounts(service, COPY), asked=self.asked) for name, service in order
        )
        return Recipe(servers, tuple(steps), COPY, more=self.more)

    def _turn(self, name: str, service: ResolvedService, last: ResolvedService) -> list[Step]:
        """What one server does from its start to its end."""
        values = {**self.values(service), "DEVENV_NEXT": last.version.text, "DEVENV_NEXT_KIND": last.kind.name}
        steps = [Step(Do.SERVE, f"start {service.version} on the copy", name)]
        if self.settle:
            steps.append(Step(Do.RUN, self.settle[0].format(version=service.version), name, self.settle[1], values))
        if name in _COUNTED and (self.census or self.asked):
            steps.append(Step(Do.CENSUS, _COUNTED[name], name, self.census, values if self.census else {}))
        if self.leave and name != "new":
            steps.append(Step(Do.RUN, self.leave[0].format(version=service.version), name, self.leave[1], values))
        return [*steps, Step(Do.STOP, f"stop {service.version}", name)]


_COUNTED = {"old": "count what is there", "new": "count again"}


def by(*stops: str, fixed: float = 10, per_gb: float = 30, note: str = "", verified: bool = False) -> tuple[Route, ...]:
    """The one route by these stops."""
    way = Way.STEPS if stops else Way.IN_PLACE
    return (Route(way, stops, fixed * (len(stops) + 1), per_gb, verified, note),)


def _any(old: ResolvedService, new: ResolvedService) -> Routes:
    return by(note="nobody counts what is in it: the old data is kept")


#: A kind of a project's own catalogue, of which its service.toml says that a newer server takes the data over.
DECLARED = InPlace(_any)


def without_settings(service: ResolvedService, names: Sequence[str], more: Mapping[str, Setting]) -> ResolvedService:
    """The server without some of its settings, and with others."""
    kept = {name: value for name, value in service.settings.items() if name not in names}
    return replace(service, settings=kept | dict(more))
