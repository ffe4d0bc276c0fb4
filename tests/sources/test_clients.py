from __future__ import annotations

import pytest

from devenv.sources.clients import is_client


@pytest.mark.parametrize(
    "key",
    [
        "initContainers",
        "extraInitContainers",
        "waitForDatabase",
        "wait-for-db",
        "waitFor",
        "migrations",
        "dbMigration",
        "migrate",
        "backup",
        "postgresBackup",
        "pg-dump",
        "pg_dumpall",
        "pgIsReady",
        "cronJobs",
        "jobs",
        "hooks",
        "volumePermissions",
    ],
)
def test_what_stands_in_a_task_is_a_client(key: str) -> None:
    assert is_client("db", ["web", key, "[0]"], [])


@pytest.mark.parametrize("name", ["wait-for-db", "migrations", "db-migrate", "backup", "pg_dump"])
def test_names_of_tasks(name: str) -> None:
    assert is_client(name, [], [])


@pytest.mark.parametrize(
    "name", ["db", "jobs", "jobs-db", "cron", "waiter", "postgres", "test", "backup-target", "waitress", ""]
)
def test_other_names_may_be_servers(name: str) -> None:
    assert not is_client(name, ["primary", "web"], ["postgres", "-c", "jit=off"])


@pytest.mark.parametrize("words", [["psql", "-c", "select 1"], ["sh", "-c", "until pg_isready; do sleep 1; done"]])
def test_a_command_of_a_clients(words: list[str]) -> None:
    assert is_client("db", [], words)
