"""What moving MySQL's and MariaDB's data has in common: how both are counted and ended, and the way from one to the
other.

That way is a logical copy: the old server's own client writes what it knows into a volume, the new server's own client
reads it. Neither has to understand the other's server.
"""

from __future__ import annotations

from dataclasses import replace

from devenv.model.resolved import ResolvedService
from devenv.model.upgrade import COPY, NEW, Do, Recipe, Refusal, Route, Server, Step, Way, mounts, start_empty

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
#: Collations that only MySQL has -> those of MariaDB that compare alike, as sed's commands, by the first MariaDB that
#: has them. Those of 0900 do not pad, so neither do these.
_TO_MARIADB = (
    ((10, 10), r"s/utf8mb4_0900_(a[is]_c[is])/utf8mb4_uca1400_nopad_\1/g"),
    ((0,), r"s/utf8mb4_0900_ai_ci/utf8mb4_unicode_520_nopad_ci/g"),
)
_BINARY = r"s/utf8mb4_0900_bin/utf8mb4_nopad_bin/g"
#: The same the other way; what is not named here MySQL either has or cannot have.
_TO_MYSQL = (
    r"s/utf8mb4_uca1400_(nopad_)?(ai_ci|as_ci|as_cs)/utf8mb4_0900_\2/g",
    r"s/utf8mb3_uca1400_(nopad_)?ai_ci/utf8mb3_unicode_520_ci/g",
    r"s/utf8mb4_nopad_bin/utf8mb4_0900_bin/g",
)


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
    hint = f"set it back to {before}\n  {start_empty(new)}"
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


def copied(old: ResolvedService, new: ResolvedService) -> tuple[Route, ...] | Refusal:
    """From one of the two to the other."""
    if new.kind.name == "mysql" and new.version.release[:2] < (8, 0):
        return Refusal(
            f"devenv knows no way from {old.kind.title} to MySQL {new.version}", "take MySQL 8.0 or a newer one"
        )
    note = "accounts keep their rights; their passwords cannot be carried over"
    return (Route(Way.DUMP, fixed=20, per_gb=240, verified=_tried(old, new), note=note),)


def _tried(old: ResolvedService, new: ResolvedService) -> bool:
    return {service.version.release[:2] for service in (old, new)} == {(9, 7), (11, 8)}


def _collations(new: ResolvedService) -> tuple[str, ...]:
    if new.kind.name == "mysql":
        return _TO_MYSQL
    return next(command for first, command in _TO_MARIADB if new.version.release >= first), _BINARY


def copy(old: ResolvedService, new: ResolvedService) -> Recipe:
    """Both servers at once, and a volume for what one writes and the other reads."""
    servers = (
        Server("old", quiet(old), mounts(old, COPY) | {"/devenv/dump": _DUMP}, FLAGS),
        Server("new", quiet(new), mounts(new, NEW) | {"/devenv/dump": _DUMP}, FLAGS + _FAST),
    )
    own = values(old, new) | {"DEVENV_OTHER": "yes"}
    to = own | {"DEVENV_TO": f"{new.kind.title} {new.version}", "DEVENV_COLLATIONS": "\n".join(_collations(new))}
    if new.kind.name == "mariadb":  # it takes the hashes of MySQL's old way of logging in
        to["DEVENV_NATIVE"] = "yes"
    steps = (
        Step(Do.START, f"start {new.version} beside it", "new"),
        Step(Do.COPY, "copy the data"),
        Step(Do.SERVE, f"start {old.version} on the copy", "old"),
        Step(Do.CENSUS, "count what is there", "old", CENSUS, own),
        Step(Do.SERVE, f"wait for {new.version}", "new"),
        Step(Do.RUN, "dump", "old", "mysql/dump.sh", to),
        Step(Do.RUN, "restore", "new", "mysql/load.sh", to),
        Step(Do.CENSUS, "count again", "new", CENSUS, own),
        Step(Do.RUN, "leave nothing half done", "new", END, own),
        Step(Do.STOP, f"stop {new.version}", "new"),
        Step(Do.STOP, f"stop {old.version}", "old"),
    )
    # The image and the manifest may have made databases of their own.
    return Recipe(servers, steps, NEW, (COPY, _DUMP), more=(*MORE, "database "))
