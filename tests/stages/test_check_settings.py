"""Names of settings, as servers of each version know them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devenv.model.version import parse_version
from devenv.stages.check import service_issues
from devenv.stages.check_settings import SettingsReport, changed_settings, known_settings, reported_issues
from tests.making import kinds, manifest, resolved


def said(kind: str, version: str, line: str) -> list[str]:
    made = manifest(f'[services.db]\nkind = "{kind}"\nversion = "{version}"\n')
    own = kinds(kind)[kind]
    service = made.services["db"]
    name, _, value = line.partition(" = ")
    values = {"list": ("a", "b")}
    issues = service_issues(replace(service, settings={name: values.get(value, value)}), own)
    return [f"{issue.key}: {issue.message}; {issue.hint}" for issue in issues]


@pytest.mark.parametrize(
    ("kind", "version", "line"),
    [
        ("postgres", "15.4", "max_connections = 200"),
        ("postgres", "15.4", "MAX_CONNECTIONS = 200"),
        ("postgres", "15.4", "timezone = UTC"),
        ("postgres", "15.4", "auto_explain.log_min_duration = 1s"),
        ("postgres", "15.4", "shared_preload_libraries = list"),
        ("postgres", "16.2", "reserved_connections = 3"),
        ("postgres", "16.2", "something_of_16 = 3"),
        ("postgres", "19.1", "max_conections = 3"),
        ("redis", "7.0.15", "maxmemory-policy = allkeys-lru"),
        ("redis", "7.0.15", "rename-command = FLUSHALL x"),
        ("redis", "8.0.2", "search-timeout = 5"),
        ("redis", "7.0.15", "client-output-buffer-limit = list"),
        ("valkey", "8.1.1", "maxmemory = 1gb"),
        ("mariadb", "11.8.9", "max_connections = 200"),
        ("mariadb", "11.8.9", "max-connections = 200"),
        ("mariadb", "11.8.9", "skip-innodb-doublewrite = true"),
        ("mariadb", "11.8.9", "loose_rocksdb_lock_wait_timeout = 5"),
        ("mariadb", "11.8.9", "rocksdb_flush_log_at_trx_commit = 2"),
        ("mariadb", "10.11.6", "innodb_buffer_pool_instances = 8"),  # of older ones; taken and passed over
        ("mariadb", "11.4.2", "sql_mode = list"),
        ("mysql", "9.7.0", "binlog_expire_logs_seconds = 86400"),
        ("mysql", "9.7.0", "validate_password.policy = LOW"),
        ("mysql", "8.0.36", "max_conections = 200"),  # no list is near
    ],
)
def test_settings_that_are_there(kind: str, version: str, line: str) -> None:
    assert said(kind, version, line) == []


@pytest.mark.parametrize(
    ("kind", "version", "line", "message"),
    [
        (
            "postgres",
            "15.4",
            "max_conections = 200",
            "PostgreSQL 15.4 has no such setting; did you mean 'max_connections'?",
        ),
        (
            "postgres",
            "16.2",
            "max_conections = 200",
            "PostgreSQL 16.2 has no such setting; did you mean 'max_connections'?",
        ),
        ("postgres", "15.4", "depends_on = x", "PostgreSQL 15.4 has no such setting; take it out,"),
        ("postgres", "13.4", "recovery_prefetch = on", "PostgreSQL 13.4 has no such setting;"),
        ("postgres", "15.4", "max_connections = list", "must be one value, not a list; the setting is of type integer"),
        (
            "redis",
            "7.0.15",
            "maxmemory-polcy = x",
            "Redis 7.0.15 has no such setting; did you mean 'maxmemory-policy'?",
        ),
        ("postgres", "15.4", "autovacuum = list", "must be one value, not a list; the setting is of type boolean"),
        ("mysql", "9.7.0", "max_conections = 200", "MySQL 9.7.0 has no such setting; did you mean 'max_connections'?"),
        ("mysql", "9.7.0", "max_connections = list", "must be one value, not a list; the setting is of type integer"),
        ("mariadb", "10.5.29", "wait-timeot = 5", "MariaDB 10.5.29 has no such setting; did you mean 'wait_timeout'?"),
        (
            "mariadb",
            "11.4.2",
            "skip_inodb_doublewrite = 5",
            "MariaDB 11.4.2 has no such setting; did you mean 'innodb_doublewrite'?",
        ),
    ],
)
def test_settings_that_are_not_there(kind: str, version: str, line: str, message: str) -> None:
    (found,) = said(kind, version, line)
    assert message in found


@pytest.mark.parametrize("kind", ["mariadb", "mysql", "postgres", "redis", "valkey"])
def test_every_list_belongs_to_a_version_that_is_tried(kind: str) -> None:
    own = kinds(kind)[kind]
    assert all(known_settings(own, parse_version(series)) for series in own.tried)


DB = '[services.db]\nkind = "postgres"\nversion = "15.4"\n[services.db.settings]\nmax_connections = 200\nwork_mem = "7MB"\n'


@pytest.mark.parametrize(
    ("other", "changed"),
    [
        ({}, {}),
        ({"settings.max_connections": "100"}, {"max_connections": 200}),
        ({"settings.max_connections": "100", "version": "15.3"}, {}),
        ({"settings.max_connections": "100", "digest": "sha256:1"}, {}),
        ({"settings.max_connections": "100", "user": "other"}, {"max_connections": 200}),
    ],
)
def test_changed_settings_of_the_same_server(other: dict[str, str], changed: dict[str, object]) -> None:
    service = resolved(DB).services["db"]
    assert changed_settings(service, {**service.described, **other}) == changed
    assert changed_settings(service, {}) == {}


def reported(kind: str, version: str, line: str, known: str, refused: str = "") -> list[str]:
    service = resolved(f'[services.db]\nkind = "{kind}"\nversion = "{version}"\n').services["db"]
    name, _, value = line.partition(" = ")
    issues = reported_issues(service, {name: value}, SettingsReport(known, refused))
    return [f"{issue.key}: {issue.message}; {issue.hint}" for issue in issues]


ALL_OF_POSTGRES = """# complete: from pg_settings
max_connections integer from 1 to 262143
pg_stat_statements.max integer from 100 to 1073741823
"""


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ("max_connections = 200", ""),
        ("wal_level = logical", ""),  # only a superuser is told of some settings; the table has them
        ("pg_stat_statements.max = 500", ""),
        ("app.tenant = x", ""),
        ("max_connections = 200", "max_connections\t\n"),  # the server has it, its program alone does not
    ],
)
def test_settings_that_a_running_server_takes(line: str, refused: str) -> None:
    assert reported("postgres", "15.4", line, ALL_OF_POSTGRES, refused) == []


@pytest.mark.parametrize(
    ("kind", "version", "line", "refused", "message"),
    [
        (
            "postgres",
            "15.4",
            "pg_stat_statements.maxx = 5",
            "",
            "services.db.settings.pg_stat_statements.maxx: PostgreSQL 15.4 has no such setting; "
            "did you mean 'pg_stat_statements.max'?",
        ),
        (
            "postgres",
            "19.1",
            "max_conections = 200",
            "max_conections\t\n",
            "services.db.settings.max_conections: PostgreSQL 19.1 has no such setting; did you mean 'max_connections'?",
        ),
        (
            "postgres",
            "15.4",
            "max_connections = many",
            'max_connections\tinvalid value for parameter "max_connections": "many"\n',
            "services.db.settings.max_connections: PostgreSQL 15.4 refuses this value; "
            'invalid value for parameter "max_connections": "many"; it takes: integer from 1 to 262143',
        ),
        (
            "redis",
            "7.4.1",
            "nonesuch = 1",
            "nonesuch\t\nnonesuch\t\n",
            "services.db.settings.nonesuch: Redis 7.4.1 has no such setting; take it out",
        ),
        (
            "mysql",
            "8.0.36",
            "sql_mode = FOO",
            "sql_mode\tError while setting value 'FOO' to 'sql_mode'\n",
            "services.db.settings.sql_mode: MySQL 8.0.36 refuses this value; Error while setting value 'FOO' to 'sql_mode'",
        ),
    ],
)
def test_settings_that_a_running_server_refuses(kind: str, version: str, line: str, refused: str, message: str) -> None:
    known = ALL_OF_POSTGRES if kind == "postgres" else "# incomplete: from the server\nsql_mode\n"
    assert reported(kind, version, line, known, refused) == [message]
