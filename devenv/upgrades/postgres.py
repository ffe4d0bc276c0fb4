"""PostgreSQL: any major version to any newer one, by dump and restore with the new version's tools.

Both servers run, and the new one's ``pg_dump`` asks the old one over a socket in a volume that they share: no
password and no pg_hba.conf stands in between.
"""

from __future__ import annotations

from collections.abc import Sequence

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Do, Recipe, Refusal, Route, Server, Step, Way, mounts

#: Nothing that is written while data is loaded must survive a crash: the copy is thrown away then.
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "maintenance_work_mem": "256MB",
}
_SOCKETS, _DUMP = "sockets", "dump"


def routes(old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal:
    """To any newer major version at once."""
    return (Route(Way.DUMP, fixed=8, per_gb=45),)


def pack(service: ResolvedService) -> Recipe:
    """All of a cluster as a dump, which any later version on any processor reads."""
    flags = tuple(word for name, value in _FAST.items() for word in ("-c", f"{name}={value}"))
    server = Server("old", service, mounts(service, COPY) | {"/devenv/dump": _DUMP}, flags=flags)
    who = {"DEVENV_USER": str(service.options["user"])}
    steps = (
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {service.version} on the copy", "old"),
        Step(Do.CENSUS, "count what is there", "old", "postgres/census.sh", who),
        Step(Do.RUN, "dump", "old", "postgres/dump.sh", who),
        Step(Do.STOP, f"stop {service.version}", "old"),
    )
    return Recipe((server,), steps, _DUMP, (COPY,))


def unpack(service: ResolvedService) -> Recipe:
    """The same into new data; the census must be the one of before."""
    flags = tuple(word for name, value in _FAST.items() for word in ("-c", f"{name}={value}"))
    server = Server("new", service, mounts(service, NEW) | {"/devenv/dump": _DUMP}, flags=flags)
    user = str(service.options["user"])
    steps = (
        Step(Do.SERVE, f"start {service.version}", "new"),
        Step(Do.RUN, "restore", "new", "postgres/restore.sh", {"DEVENV_NEW_USER": user}),
        Step(Do.CENSUS, "count again", "new", "postgres/census.sh", {"DEVENV_USER": user}),
        Step(Do.STOP, f"stop {service.version}", "new"),
    )
    return Recipe((server,), steps, NEW, (_DUMP,), more=("role ", "database ", "in "))


def recipe(way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]) -> Recipe:
    """Copy, count, dump and restore, count again."""
    flags = tuple(word for name, value in _FAST.items() for word in ("-c", f"{name}={value}"))
    servers = (
        Server("old", old, mounts(old, COPY) | {"/var/run/postgresql": _SOCKETS}, flags=flags),
        Server("new", new, mounts(new, NEW) | {"/devenv/old": _SOCKETS, "/devenv/dump": _DUMP}, flags=flags),
    )
    who = {"DEVENV_USER": str(old.options["user"])}
    steps = (
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        Step(Do.CENSUS, "count what is there", "old", "postgres/census.sh", who),
        Step(Do.SERVE, f"start {new.version} beside it", "new"),
        Step(
            Do.RUN, "dump and restore", "new", "postgres/move.sh", who | {"DEVENV_NEW_USER": str(new.options["user"])}
        ),
        Step(Do.CENSUS, "count again", "new", "postgres/census.sh", {"DEVENV_USER": str(new.options["user"])}),
        Step(Do.STOP, f"stop {new.version}", "new"),
        Step(Do.STOP, f"stop {old.version}", "old"),
    )
    # The image makes a superuser and a database as the manifest says now, whatever it said before.
    return Recipe(servers, steps, NEW, (COPY, _SOCKETS, _DUMP), more=("role ", "database ", "in "))
