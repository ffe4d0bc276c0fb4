"""MySQL: in place on the copy, through each long-term series on the way, since a server opens what the series before it
wrote and upgrades it at its first start. From MariaDB, whose data it cannot open, by a logical copy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, Do, Recipe, Refusal, Route, Server, Step, Way, mounts, start_empty
from devenv.model.version import Version, parse_version
from devenv.upgrades import sql

#: No way leads past one of these (services.md §2.1): an innovation release may not skip one either, and the releases
#: that are named after years can only be entered from 9.7.
_LONG_TERM = ("5.7", "8.0", "8.4", "9.7")
#: The first of the releases that are named after years.
_CALENDAR = (26,)
#: The first that loads mysql_native_password only if asked to, and the first that does not have it.
_NATIVE_OFF, _NATIVE_GONE = (8, 4), (9, 0)
#: What makes a server able to open data: the stops on the way must have it as the old server had.
_PHYSICAL = (
    "lower_case_table_names",
    "innodb_page_size",
    "innodb_data_file_path",
    "innodb_data_home_dir",
    "innodb_undo_directory",
    "innodb_checksum_algorithm",
)
#: Versions that devenv's own tests have real servers of, both at once.
_TRIED: frozenset[tuple[int, ...]] = frozenset({(9, 7)})


def routes(old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal:
    """In place, or step by step; from MariaDB by dump and restore."""
    if frozen := sql.names_differ(old, new):
        return frozen
    if old.kind.name != new.kind.name:
        return sql.copied(old, new)
    if _series(old.version) < (5, 7):
        hint = f"dump it with {old.version}'s own mysqldump\n  {start_empty(new)}"
        return Refusal(f"no MySQL that devenv can start opens data of {old.version}", hint)
    stops = tuple(
        text for text in _LONG_TERM if _series(old.version) < _series(parse_version(text)) < _series(new.version)
    )
    verified = not stops and {_series(old.version), _series(new.version)} <= _TRIED
    if not stops:
        return (Route(Way.IN_PLACE, fixed=15, per_gb=25, verified=verified),)
    return (Route(Way.STEPS, stops, fixed=15 + 20 * len(stops), per_gb=25 + 5 * len(stops), verified=False),)


def _series(version: Version) -> tuple[int, ...]:
    return version.release[:2]


def recipe(way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]) -> Recipe:
    """One copy that each server opens in turn, or two servers side by side."""
    if way.way is Way.DUMP:
        return sql.copy(old, new)
    path = (old, *(_stop(hop) for hop in hops), new)
    names = ("old", *(f"stop-{text.replace('.', '-')}" for text in way.stops), "new")
    servers = tuple(
        Server(name, sql.quiet(service), mounts(old, COPY), sql.FLAGS)
        for name, service in zip(names, path, strict=True)
    )
    values = sql.values(old, new)
    steps = [
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        Step(Do.CENSUS, "count what is there", "old", sql.CENSUS, values),
    ]
    for name, service, after, then in zip(names, path, names[1:], path[1:], strict=False):
        ending = values | _no_native(then)
        steps += [
            Step(Do.RUN, "leave nothing half done", name, sql.END, ending),
            Step(Do.STOP, f"stop {service.version}", name),
            Step(Do.SERVE, f"start {then.version} on the copy, which upgrades it", after),
        ]
    steps += [
        Step(Do.CENSUS, "count again", "new", sql.CENSUS, values),
        Step(Do.RUN, "leave nothing half done", "new", sql.END, values),
        Step(Do.STOP, f"stop {new.version}", "new"),
    ]
    return Recipe(servers, tuple(steps), COPY, more=sql.MORE)


def _stop(hop: ResolvedService) -> ResolvedService:
    """A server on the way, without what only one of the others knows."""
    settings = {name: value for name, value in hop.settings.items() if name.replace("-", "_") in _PHYSICAL}
    return replace(hop, settings=settings, environment={})


def _no_native(then: ResolvedService) -> dict[str, str]:
    """Which server will not let in whoever logs in by mysql_native_password; nothing where the next one does."""
    series = then.version.release[:2]
    asked = sql.setting(then, "mysql_native_password") in ("1", "ON", "TRUE")
    if series < _NATIVE_OFF or (series < _NATIVE_GONE and asked):
        return {}
    return {"DEVENV_NO_NATIVE": f"MySQL {then.version}"}
