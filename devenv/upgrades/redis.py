"""Redis and Valkey: a newer server reads what an older one wrote, in place. Redis 7.4 and newer write what no Valkey
reads: that data goes from server to server, key by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Do, Recipe, Refusal, Route, Server, Step, Way, mounts

#: The first versions of each whose dumps the other does not read (services.md §2.1: RDB 12 and newer; Valkey 9's own).
_APART = {"redis": (7, 4), "valkey": (9, 0)}


def routes(old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal:
    """In place, except from one of the two to the other after they parted."""
    if old.kind.name != new.kind.name and not _reads(old, new):
        return (Route(Way.SIDE_BY_SIDE, fixed=6, per_gb=60),)
    return (Route(Way.IN_PLACE, fixed=4, per_gb=20),)


def _reads(old: ResolvedService, new: ResolvedService) -> bool:
    """Whether a server of the other kind reads these dumps: Valkey those of before 7.4, Redis those of before 9."""
    if old.kind.name == "redis":
        return old.version.release[:2] < _APART["redis"]
    return old.version.release[:2] < _APART["valkey"] and new.version.release[:2] >= (7, 2)


def recipe(way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]) -> Recipe:
    """One copy that both open in turn, or two servers side by side."""
    before, after = _answering(old), _answering(new)
    own = {"DEVENV_CLI": f"{old.kind.name}-cli", "REDISCLI_AUTH": str(old.options.get("password") or "")}
    then = {"DEVENV_CLI": f"{new.kind.name}-cli", "REDISCLI_AUTH": str(new.options.get("password") or "")}
    begin = (
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        Step(Do.CENSUS, "count what is there", "old", "redis/census.sh", own),
    )
    end = (
        Step(Do.CENSUS, "count again", "new", "redis/census.sh", then),
        Step(Do.STOP, f"stop {new.version}", "new"),
    )
    if way.way is Way.IN_PLACE:
        servers = (Server("old", before, mounts(old, COPY)), Server("new", after, mounts(new, COPY)))
        middle = (
            Step(Do.RUN, "save", "old", "redis/save.sh", own),
            Step(Do.STOP, f"stop {old.version}", "old"),
            Step(Do.SERVE, f"start {new.version} on the copy", "new"),
        )
        return Recipe(servers, (*begin, *middle, *end), COPY)
    servers = (Server("old", before, mounts(old, COPY)), Server("new", after, mounts(new, NEW)))
    beside = (
        Step(Do.SERVE, f"start {new.version} beside it", "new"),
        Step(Do.RUN, "copy key by key", "new", "redis/move.sh", then | {"DEVENV_OLD_AUTH": own["REDISCLI_AUTH"]}),
    )
    stop = Step(Do.STOP, f"stop {old.version}", "old")
    return Recipe(servers, (*begin, *beside, *end, stop), NEW, (COPY,))


def _answering(service: ResolvedService) -> ResolvedService:
    """The server as it is, but that nothing limits what a census reads of it."""
    settings = {name: value for name, value in service.settings.items() if name not in ("maxmemory", "lua-time-limit")}
    return replace(service, settings=settings)
