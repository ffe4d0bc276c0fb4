"""What moving MySQL's and MariaDB's data has in common: how both are counted and ended, and the way from one to the other.

That way is a logical copy: the old server's own client writes what it knows into a volume, the new server's own client
reads it. Neither has to understand the other's server.
"""

from __future__ import annotations

from dataclasses import replace

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Do, Recipe, Refusal, Route, Server, Step, Way, mounts

CENSUS, END = "mysql/census.sh", "mysql/end.sh"
#: Nothing may change by itself while it is counted.
FLAGS = ("--event-scheduler=OFF",)
#: A newer version has further privileges, which whoever had all of them has too.
MORE = ("grant ",)
#: Settings that would keep an upgrade from reading or writing what it must.
_IN_THE_WAY = {
    "read_only",
    "super_read_only",
    "transaction_read_only",
    "require_secure_transport",
    "skip_networking",
    "init_connect",
    "init_file",
    "event_scheduler",
    "max_statement_time",
    "max_execution_time",
}
#: Nothing that is written while data is loaded must survive a crash: it is thrown away then.
_FAST = ("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=512M", "--skip-log-bin")
_DUMP = "dump"


def setting(service: ResolvedService, name: str) -> str:
    """A setting as the manifest has it, in capitals; "" where it is not set. Names have dashes or underscores."""
    found = (value for key, value in service.settings.items() if key.replace("-", "_") == name)
    return str(next(found, "")).upper()


def quiet(service: ResolvedService) -> ResolvedService:
    """The server as it is, but that nothing stands in the way of an upgrade."""
    kept = {key: value for key, value in service.settings.items() if key.replace("-", "_") not in _IN_THE_WAY}
    return replace(service, settings=kept)


def names_differ(old: ResolvedService, new: ResolvedService) -> Refusal | None:
    """Names of tables are kept as the server that made them was told to; no server takes another's."""
    name = "lower_case_table_names"
    before, after = setting(old, name) or "0", setting(new, name) or "0"
    if before == after:
        return None
    hint = f"set it back to {before}, or: devenv up --fresh {new.name}   start {new.version} empty; the old data is kept"
    return Refusal(f"{name} acts only on new data: it is {before} there, and {after} is wanted", hint)


def own_accounts(*services: ResolvedService) -> str:
    """The accounts that devenv makes at every start, as a list for SQL that needs no quoting."""
    names = {"root"}
    for service in services:
        users = service.options.get("users")
        names |= {str(service.options["user"]), *(users if isinstance(users, dict) else ())}
    return ",".join(f"x'{name.encode().hex()}'" for name in sorted(names))


def values(old: ResolvedService, new: ResolvedService) -> dict[str, str]:
    """What all scripts are told. The old server itself knows by which password it would be entered."""
    return {
        "DEVENV_OWN": own_accounts(old, new),
        "DEVENV_NEXT_PASSWORD": str(new.options["root_password"]),
    }


def copied(old: ResolvedService, new: ResolvedService) -> Route | Refusal:
    """From one of the two to the other."""
    if new.kind.name == "mysql" and new.version.release[:2] < (8, 0):
        return Refusal(
            f"devenv knows no way from {old.kind.title} to MySQL {new.version}", "take MySQL 8.0 or a newer one"
        )
    note = "accounts keep their rights; their passwords cannot be carried over"
    return Route(Way.DUMP, fixed=20, per_gb=240, verified=_tried(old, new), note=note)


def _tried(old: ResolvedService, new: ResolvedService) -> bool:
    return {service.version.release[:2] for service in (old, new)} == {(9, 7), (11, 8)}


def copy(old: ResolvedService, new: ResolvedService) -> Recipe:
    """Both servers at once, and a volume for what one writes and the other reads."""
    servers = (
        Server("old", quiet(old), mounts(old, COPY) | {"/devenv/dump": _DUMP}, FLAGS),
        Server("new", quiet(new), mounts(new, NEW) | {"/devenv/dump": _DUMP}, FLAGS + _FAST),
    )
    own = values(old, new) | {"DEVENV_OTHER": "yes"}
    to = own | {"DEVENV_TO": f"{new.kind.title} {new.version}"}
    steps = (
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        Step(Do.CENSUS, "count what is there", "old", CENSUS, own),
        Step(Do.SERVE, f"start {new.version} beside it", "new"),
        Step(Do.RUN, "dump", "old", f"mysql/dump-to-{new.kind.name}.sh", to),
        Step(Do.RUN, "restore", "new", "mysql/load.sh", to),
        Step(Do.CENSUS, "count again", "new", CENSUS, own),
        Step(Do.RUN, "leave nothing half done", "new", END, own),
        Step(Do.STOP, f"stop {new.version}", "new"),
        Step(Do.STOP, f"stop {old.version}", "old"),
    )
    # The image and the manifest may have made databases of their own.
    return Recipe(servers, steps, NEW, (COPY, _DUMP), more=(*MORE, "database "))
