"""MariaDB: any version to any newer one at once, in place on the copy, by the server's own upgrade. From MySQL, whose data
it cannot open, by a logical copy.

The new server's own tools bring the system tables up to date; ``mariadb/upgrade.sh`` goes on until they say that nothing
is left (services.md §2.4).
"""

from __future__ import annotations

from collections.abc import Sequence

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, Do, Recipe, Refusal, Route, Server, Step, Way, mounts
from devenv.upgrades import sql


def routes(old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal:
    """In place; from MySQL by dump and restore."""
    if frozen := sql.names_differ(old, new):
        return frozen
    if old.kind.name != new.kind.name:
        return sql.copied(old, new)
    return (Route(Way.IN_PLACE, fixed=12, per_gb=25),)


def recipe(way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]) -> Recipe:
    """One copy that both servers open in turn, or two servers side by side."""
    if way.way is Way.DUMP:
        return sql.copy(old, new)
    values = sql.values(old, new)
    servers = (
        Server("old", sql.quiet(old), mounts(old, COPY), sql.FLAGS),
        Server("new", sql.quiet(new), mounts(new, COPY), sql.FLAGS),
    )
    steps = (
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        Step(Do.CENSUS, "count what is there", "old", sql.CENSUS, values),
        Step(Do.RUN, "leave nothing half done", "old", sql.END, values),
        Step(Do.STOP, f"stop {old.version}", "old"),
        Step(Do.SERVE, f"start {new.version} on the copy", "new"),
        Step(Do.RUN, "upgrade the system tables", "new", "mariadb/upgrade.sh", values),
        Step(Do.CENSUS, "count again", "new", sql.CENSUS, values),
        Step(Do.STOP, f"stop {new.version}", "new"),
    )
    return Recipe(servers, steps, COPY, more=sql.MORE)
