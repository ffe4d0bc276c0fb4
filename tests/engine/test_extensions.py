"""Every Postgres extension that devenv knows and Debian has: installed, loaded where it must be, made and used."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.engine import clients
from tests.engine.conftest import Make
from tests.engine.project import Project
from tests.making import kinds

#: Of what devenv knows, what Debian bookworm has no package of and what only Postgres 18 has.
NOT_HERE = {"vector", "pg_squeeze", "h3", "age", "pg_logicalinspect", "pg_overexplain"}
#: Libraries that nobody makes with CREATE EXTENSION.
LIBRARIES = {"auto_explain", "wal2json"}
#: What each says that works only where its library was loaded at the start.
LOADED = {
    "pg_stat_statements": "SELECT count(*) > 0 FROM pg_stat_statements",
    "pg_stat_kcache": "SELECT count(*) > 0 FROM pg_stat_kcache_detail",
    "pg_qualstats": "SELECT count(*) >= 0 FROM pg_qualstats",
    "pgaudit": "SELECT current_setting('pgaudit.log') = 'none'",
    "pg_cron": "SELECT cron.schedule('night', '0 3 * * *', 'SELECT 1') > 0",
    "auto_explain": "SELECT current_setting('auto_explain.log_min_duration') = '-1'",
    "wal2json": "SELECT lsn IS NOT NULL FROM pg_create_logical_replication_slot('changes', 'wal2json')",
}


def manifest(extensions: list[str], more: str = "") -> str:
    head = '[services.db]\nkind = "postgres"\nversion = "15.20"\nvariant = "bookworm"\ndatabases = ["shop", "second"]\n'
    return f"{head}extensions = {extensions}\n{more}".replace("'", '"')


def made_in(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("SELECT extname FROM pg_extension").fetchall()}


def in_database(project: Project, name: str) -> str:
    return f"{project.url('db').rpartition('/')[0]}/{name}"


def test_every_extension_there_is(project: Make) -> None:
    # By name, so that pg_stat_kcache comes before what it builds on.
    wanted = sorted(set(kinds("postgres")["postgres"].packages) - NOT_HERE)
    made = project(manifest(wanted))
    made.up(timeout=900)
    assert made_in(made.url("db")) == {*wanted} - LIBRARIES
    assert made_in(in_database(made, "second")) == {*wanted} - LIBRARIES - {"pg_cron"}
    found: dict[str, Any] = {name: clients.postgres(made.url("db"), asked) for name, asked in LOADED.items()}
    assert found == dict.fromkeys(LOADED, True)
    assert {step["action"] for step in made.up()["plan"]} == {"keep"}


def test_extensions_that_come_to_data_that_is_there(project: Make) -> None:
    """One that builds on another that is not asked for, and one that is in a database of its own."""
    made = project(manifest([]))
    made.up()
    clients.postgres_write(made.url("db"))
    made.write(manifest(["pg_stat_kcache", "pg_cron"], '[services.db.settings]\n"cron.database_name" = "postgres"\n'))
    made.up(timeout=900)
    assert clients.postgres_read(made.url("db")) == clients.VALUE
    kcache = {"plpgsql", "pg_stat_statements", "pg_stat_kcache"}
    assert made_in(made.url("db")) == made_in(in_database(made, "second")) == kcache
    assert made_in(in_database(made, "postgres")) == {"plpgsql", "pg_cron"}
    assert clients.postgres(made.url("db"), LOADED["pg_stat_kcache"])
    assert clients.postgres(in_database(made, "postgres"), LOADED["pg_cron"])
