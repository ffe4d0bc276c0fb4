"""PostgreSQL: any major version to any newer one at once, by dump and restore or by pg_upgrade across the two images.

A dump is written with the new version's tools, which ask the old server over a socket in a volume that both share: no
password and no pg_hba.conf stands in between. pg_upgrade needs the old version's programs beside the new ones: they are
lifted out of the old image (services.md, part 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

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
_FLAGS = tuple(word for name, value in _FAST.items() for word in ("-c", f"{name}={value}"))
#: Of what is loaded and indexed anew no log is needed either: nobody follows the new server yet.
_UNLOGGED = {"wal_level": "minimal", "max_wal_senders": "0", "archive_mode": "off"}
_SOCKETS, _DUMP, _PROGRAMS, _SHARED, _LIBRARIES = "sockets", "dump", "programs", "shared", "libraries"
#: From how many bytes on pg_upgrade is taken: measured, both ways take as long at about 250 MB, and the dump half as
#: long again at 1 GB; where it matters little, the dump is better, since it leaves bloat behind.
LARGE = 500_000_000
#: From here on whole rows can be hashed by their values.
_HASHES = 14
#: From here on there are summaries of the log, which must be off where there is none.
_SUMMARIZES = 17
#: The image makes a superuser and a database as the manifest says now, whatever it said before.
_MORE = ("role ", "database ", "in ")


def routes(old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal:
    """To any newer major version at once: much data by pg_upgrade where it can be had, else by a dump."""
    dump = Route(Way.DUMP, fixed=10, per_gb=36)
    if not _linkable(old, new):
        return (dump,)
    return (Route(Way.LINK, fixed=13, per_gb=8, above=LARGE), dump)


def _linkable(old: ResolvedService, new: ResolvedService) -> bool:
    """Whether both images are Debian's by their names, and the new version takes over encodings and locales."""
    own = all(service.image.repository.endswith("postgres") for service in (old, new))
    debian = not any("alpine" in service.image.tag for service in (old, new))
    return own and debian and (new.version.part(0) or 0) >= 16


def _who(service: ResolvedService) -> dict[str, str]:
    return {"DEVENV_USER": str(service.options["user"])}


def _into(service: ResolvedService) -> dict[str, str]:
    return {"DEVENV_NEW_USER": str(service.options["user"])}


def _census(server: str, service: ResolvedService, text: str, *both: ResolvedService) -> Step:
    """``both``: the versions whose censuses are compared, where that is known."""
    alike = both and all((item.version.part(0) or 0) >= _HASHES for item in both)
    return Step(
        Do.CENSUS, text, server, "postgres/census.sh", _who(service) | {"DEVENV_ALIKE": "yes" if alike else "no"}
    )


def _pin(old: ResolvedService) -> Step:
    return Step(Do.RUN, "give functions a search_path", "old", "postgres/pin.sh", _who(old))


def _unpin(values: Mapping[str, str]) -> Step:
    return Step(Do.RUN, "take the search_path off functions", "new", "postgres/unpin.sh", values)


def _flags_of_new(service: ResolvedService) -> tuple[str, ...]:
    more = {"summarize_wal": "off"} if (service.version.part(0) or 0) >= _SUMMARIZES else {}
    return (*_FLAGS, *(word for name, value in (_UNLOGGED | more).items() for word in ("-c", f"{name}={value}")))


def recipe(way: Route, old: ResolvedService, new: ResolvedService, hops: Sequence[ResolvedService]) -> Recipe:
    """Copy, count, move, count again."""
    return _linked(old, new) if way.way is Way.LINK else _dumped(old, new)


def _dumped(old: ResolvedService, new: ResolvedService) -> Recipe:
    servers = (
        Server("old", old, mounts(old, COPY) | {"/var/run/postgresql": _SOCKETS}, flags=_FLAGS),
        Server(
            "new",
            _empty(new),
            mounts(new, NEW) | {"/devenv/old": _SOCKETS, "/devenv/dump": _DUMP},
            flags=_flags_of_new(new),
        ),
    )
    asked = _who(old) | {"PGHOST": "/devenv/old"}
    steps = (
        Step(Do.START, f"make an empty cluster of {new.version}", "new"),
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        _pin(old),
        _census("old", old, "count what is there", old, new),
        Step(Do.SERVE, f"wait for {new.version}", "new"),
        Step(Do.RUN, "look around", "new", "postgres/note.sh", asked),
        Step(Do.RUN, "dump", "new", "postgres/dump.sh", asked),
        Step(Do.STOP, f"stop {old.version}", "old"),
        Step(Do.RUN, "restore", "new", "postgres/restore.sh", _into(new)),
        Step(Do.RUN, "set up", "new", "postgres/configure.sh", _into(new)),
        _census("new", new, "count again", old, new),
        _unpin(_into(new)),
        Step(Do.STOP, f"stop {new.version}", "new"),
    )
    return Recipe(servers, steps, NEW, (COPY, _SOCKETS, _DUMP), more=_MORE)


def _empty(service: ResolvedService) -> ResolvedService:
    """The server without the script by which the image makes databases and users: they come with the dump."""
    return replace(service, kind=replace(service.kind, files=()))


def _linked(old: ResolvedService, new: ResolvedService) -> Recipe:
    before, after = str(old.version.part(0)), str(new.version.part(0))
    lifted = {
        f"/usr/lib/postgresql/{before}": _PROGRAMS,
        f"/usr/share/postgresql/{before}": _SHARED,
        "/devenv/libraries": _LIBRARIES,
    }
    kept = {"/devenv/dump": _DUMP}
    servers = (
        Server("old", old, mounts(old, COPY) | kept, flags=_FLAGS),
        Server("lift", old, lifted, idle=True),
        Server("tools", new, lifted | kept | {"/devenv/data": COPY}, idle=True),
        Server("new", new, mounts(new, COPY) | kept | {"/devenv/libraries": _LIBRARIES}, flags=_flags_of_new(new)),
    )
    majors = {"DEVENV_OLD": before, "DEVENV_NEW": after, "DEVENV_PRELOAD": ",".join(_preloaded(new))}
    own = {"DEVENV_NEW_USER": str(old.options["user"])}
    steps = (
        Step(Do.START, f"lift the programs of {old.version}", "lift", beside=True),
        Step(Do.RUN, "lift its libraries", "lift", "postgres/lift.sh", {"DEVENV_OLD": before}, beside=True),
        Step(Do.START, f"lay out those of {new.version}", "tools", beside=True),
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        _pin(old),
        _census("old", old, "count what is there", old, new),
        Step(Do.RUN, "look around", "old", "postgres/note.sh", _who(old)),
        Step(Do.RUN, "take marks off columns", "old", "postgres/unmark.sh", _who(old)),
        Step(Do.STOP, f"stop {old.version}", "old"),
        Step(Do.RUN, "pg_upgrade", "tools", "postgres/link.sh", majors),
        Step(Do.SERVE, f"start {new.version} on the copy", "new"),
        Step(Do.RUN, "mend", "new", "postgres/mend.sh", own),
        Step(Do.RUN, "set up", "new", "postgres/configure.sh", own),
        _census("new", old, "count again", old, new),
        _unpin(own),
        Step(Do.STOP, f"stop {new.version}", "new"),
    )
    return Recipe(servers, steps, COPY, (_DUMP, _PROGRAMS, _SHARED, _LIBRARIES), more=_MORE)


def _preloaded(service: ResolvedService) -> list[str]:
    """Libraries that extensions of the old data ask for at the start."""
    wanted = service.options.get("extensions")
    names = wanted if isinstance(wanted, tuple) else ()
    return list(dict.fromkeys(item for name in names for item in service.kind.preload.get(name, ())))


def pack(service: ResolvedService) -> Recipe:
    """All of a cluster as a dump, which any later version on any processor reads."""
    server = Server("old", service, mounts(service, COPY) | {"/devenv/dump": _DUMP}, flags=_FLAGS)
    steps = (
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {service.version} on the copy", "old"),
        _pin(service),
        _census("old", service, "count what is there"),
        Step(Do.RUN, "look around", "old", "postgres/note.sh", _who(service)),
        Step(Do.RUN, "dump", "old", "postgres/dump.sh", _who(service)),
        Step(Do.STOP, f"stop {service.version}", "old"),
    )
    return Recipe((server,), steps, _DUMP, (COPY,))


def unpack(service: ResolvedService) -> Recipe:
    """The same into new data; the census must be the one of before."""
    server = Server(
        "new", _empty(service), mounts(service, NEW) | {"/devenv/dump": _DUMP}, flags=_flags_of_new(service)
    )
    steps = (
        Step(Do.SERVE, f"start {service.version}", "new"),
        Step(Do.RUN, "restore", "new", "postgres/restore.sh", _into(service)),
        Step(Do.RUN, "set up", "new", "postgres/configure.sh", _into(service)),
        _census("new", service, "count again"),
        _unpin(_into(service)),
        Step(Do.STOP, f"stop {service.version}", "new"),
    )
    return Recipe((server,), steps, NEW, (_DUMP,), more=_MORE)
