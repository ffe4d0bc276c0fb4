"""What a census of PostgreSQL notices: the same rows are the same in every version, and any other row is not."""

from __future__ import annotations

import subprocess

import pytest

from tests.engine import clients
from tests.engine.conftest import Make, Standin
from tests.engine.project import ROOT, Project, own_port
from tests.engine.upgrading import version

FOLDER = ROOT / "templates" / "upgrades" / "postgres"
SCRIPT = "".join((FOLDER / name).read_text(encoding="utf-8") for name in ("common.sh", "census.sh"))
COLUMNS = {
    "a": ("int2", "1"),
    "b": ("int4", "1"),
    "c": ("int8", "1"),
    "d": ("bool", "true"),
    "e": ("numeric", "1.50"),
    "f": ("uuid", "'00000000-0000-0000-0000-000000000001'"),
    "g": ("text", "'1'"),
    "h": ("varchar(9)", "'1'"),
    "i": ("timestamp", "'2026-01-01 10:00'"),
    "j": ("timestamptz", "'2026-01-01 10:00+02'"),
    "k": ("time", "'10:00'"),
    "l": ("date", "'infinity'"),
    "m": ("bytea", "'\\x31'"),
}
OTHERS = {
    **dict.fromkeys("abce", "0"),
    "d": "false",
    "f": "'00000000-0000-0000-0000-000000000000'",
    "g": "''",
    "h": "''",
    "i": "'infinity'",
    "j": "'2026-01-01 10:00+01'",
    "k": "'00:00'",
    "l": "'2000-01-01'",
    "m": "'\\x'",
}


def counted(own: Project, service: str, *, alike: str = "yes") -> dict[str, str]:
    """What the census says of each table."""
    head = f"export DEVENV_USER=postgres DEVENV_ALIKE={alike}\n"
    words = ["docker", "exec", "--interactive", own.container(service), "sh", "-s"]
    done = subprocess.run(words, input=head + SCRIPT, capture_output=True, text=True, check=True)
    begins = "in app: table public."
    lines = [line.removeprefix(begins) for line in done.stdout.splitlines() if line.startswith(begins)]
    return dict(line.split("\t", 1) for line in lines)


@pytest.fixture
def servers(project: Make, standins: tuple[Standin, ...]) -> Project:
    text = "".join(
        f'[services.db{major}]\nkind = "postgres"\nversion = "{version(standins, "postgres", major)}"\n'
        f'databases = ["app"]\nport = {own_port()}\n'
        for major in ("15", "17", "18")
    )
    own = project(text)
    own.up()
    made = ", ".join(f"{name} {kind}" for name, (kind, _) in COLUMNS.items())
    row = ", ".join(value for _, value in COLUMNS.values())
    other = ", ".join(OTHERS[name] for name in COLUMNS)
    for major in ("15", "17", "18"):
        url = own.url(f"db{major}")
        # Columns that went leave their numbers behind, and only where nothing was dumped and restored.
        clients.postgres(url, f"CREATE TABLE t ({'gone text, ' if major == '15' else ''}{made})")
        if major == "15":
            clients.postgres(url, "ALTER TABLE t DROP COLUMN gone")
        clients.postgres(url, f"INSERT INTO t VALUES ({row}), ({other}), ({', '.join(['NULL'] * len(COLUMNS))})")
    return own


def changes(table: str) -> list[str]:
    """Of the rows of a table, each to other rows than all the others."""
    update = f"UPDATE {table} SET"
    found = [f"{update} {name} = {OTHERS[name]} WHERE {name} = {COLUMNS[name][1]}" for name in COLUMNS]
    found += [f"{update} {name} = NULL WHERE {name} = {OTHERS[name]}" for name in COLUMNS]
    # To another row, to another column.
    found += [f"{update} b = CASE b WHEN 1 THEN 0 WHEN 0 THEN 1 END", f"{update} g = h || '2', h = g || '3'"]
    found += [f"{update} g = h || '3', h = g || '2'", f"DELETE FROM {table} WHERE c IS NULL"]
    return [*found, f"INSERT INTO {table} SELECT * FROM t"]


def test_the_same_rows_are_the_same_and_others_are_not(servers: Project) -> None:
    own = servers
    for alike in ("yes", "no"):
        found = [counted(own, f"db{major}", alike=alike) for major in ("15", "17", "18")]
        assert found[0].keys() == {"t"}
        assert found[0] == found[1] == found[2]
    statements = ["CREATE TABLE shuffled AS SELECT * FROM t ORDER BY random()"]
    for number in range(len(changes("t"))):
        statements.append(f"CREATE TABLE changed_{number} AS SELECT * FROM t")
        statements.append(changes(f"changed_{number}")[number])
    clients.postgres(own.url("db17"), *statements)
    after = counted(own, "db17")
    assert after.pop("shuffled") == after["t"]
    assert len(after) == len(changes("t")) + 1
    assert len(set(after.values())) == len(after), after
