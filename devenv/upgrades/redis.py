"""Redis and Valkey: a newer server reads what an older one wrote, in place. Redis 7.4 and newer write what no Valkey
reads, and Valkey 9 what no Redis does: that data goes from server to server, key by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Do, Recipe, Refusal, Route, Server, Step, Way, mounts, start_empty

#: The first versions of each whose dumps the other does not read (services.md §2.1: RDB 12 and newer; Valkey 9's own).
_APART = {"redis": (7, 4), "valkey": (9, 0)}
#: Dumps of any Valkey are at least what Redis 7.2 writes (RDB 11).
_FIRST_READER = (7, 2)
#: From here on there are commands that set all that a stream is, and exact times when keys end.
_WHOLE = (7, 0)
#: Settings that would limit or change what the move sees, or keep one server from the other.
_SET_ASIDE = (
    "maxmemory",
    "lua-time-limit",
    "busy-reply-threshold",
    "replicaof",
    "slaveof",
    "bind",
    "port",
    "protected-mode",
    "rename-command",
    "aclfile",
    "user",
)
_NOTES = "notes"


def routes(old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal:
    """In place, except from one of the two to the other after they parted."""
    if old.kind.name == new.kind.name or _reads(old, new):
        return (Route(Way.IN_PLACE, fixed=4, per_gb=20),)
    if min(old.version.release, new.version.release)[:2] < _WHOLE:
        return Refusal(
            f"{new.kind.title} {new.version} cannot hold all that {old.kind.title} {old.version} does",
            start_empty(new),
        )
    return (Route(Way.SIDE_BY_SIDE, fixed=6, per_gb=60),)


def _reads(old: ResolvedService, new: ResolvedService) -> bool:
    """Whether a server of the other kind reads these dumps: Valkey those of before 7.4, Redis those of before 9."""
    if old.kind.name == "redis":
        return old.version.release[:2] < _APART["redis"]
    return old.version.release[:2] < _APART["valkey"] and new.version.release[:2] >= _FIRST_READER


def recipe(way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]) -> Recipe:
    """One copy that both open in turn, or two servers side by side."""
    before, after = _answering(old), _answering(new)
    notes = {"/devenv/notes": _NOTES}
    exact = {"DEVENV_EXACT": "yes" if min(old.version.release, new.version.release)[:2] >= _WHOLE else "no"}
    own, then = {**_client(old), **exact}, {**_client(new), **exact}
    begin = (
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        Step(Do.CENSUS, "count what is there", "old", "redis/census.sh", own),
    )
    end = (
        Step(Do.CENSUS, "count again", "new", "redis/census.sh", then),
        Step(Do.RUN, "save", "new", "redis/save.sh", then),
        Step(Do.STOP, f"stop {new.version}", "new"),
    )
    if way.way is Way.IN_PLACE:
        servers = (Server("old", before, mounts(old, COPY) | notes), Server("new", after, mounts(new, COPY) | notes))
        middle = (
            Step(Do.RUN, "save", "old", "redis/save.sh", own),
            Step(Do.STOP, f"stop {old.version}", "old"),
            Step(Do.SERVE, f"start {new.version} on the copy", "new"),
        )
        return Recipe(servers, (*begin, *middle, *end), COPY, (_NOTES,))
    servers = (Server("old", before, mounts(old, COPY) | notes), Server("new", after, mounts(new, NEW) | notes))
    other = {"DEVENV_OLD_AUTH": own["REDISCLI_AUTH"], "DEVENV_OLD_KIND": old.kind.title}
    first = Step(Do.START, f"start {new.version} beside it", "new")
    beside = (
        Step(Do.SERVE, f"wait for {new.version}", "new"),
        Step(Do.RUN, "copy key by key", "new", "redis/move.sh", then | other),
    )
    stop = Step(Do.STOP, f"stop {old.version}", "old")
    return Recipe(servers, (first, *begin, *beside, *end, stop), NEW, (COPY, _NOTES))


def _client(service: ResolvedService) -> Mapping[str, str]:
    return {
        "DEVENV_CLI": f"{service.kind.name}-cli",
        "REDISCLI_AUTH": str(service.options.get("password") or ""),
    }


def _answering(service: ResolvedService) -> ResolvedService:
    """The server as it is, but that nothing limits what is read of it or written to it."""
    return replace(service, settings={k: v for k, v in service.settings.items() if k not in _SET_ASIDE})
