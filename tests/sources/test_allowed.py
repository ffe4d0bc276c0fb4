from __future__ import annotations

import pytest

from devenv.model.fact import Evidence, Fact
from devenv.sources.allowed import allowed, is_mirrored, named


def test_only_names_on_the_list_pass() -> None:
    said = {
        "max_connections": "200",
        "Jit": "off",
        "shared_buffers": "4GB",
        "primary_conninfo": "password=x",
        "ssl_key": "k",
    }
    assert allowed("postgres", said) == {"jit": "off", "max_connections": "200", "shared_buffers": "4GB"}
    assert [name for name in allowed("postgres", said) if is_mirrored("postgres", name)] == ["jit", "max_connections"]
    assert allowed("redis", {"requirepass": "x", "maxmemory-policy": "noeviction", "masterauth": "y"}) == {
        "maxmemory-policy": "noeviction"
    }
    assert allowed("mailpit", {"anything": "1"}) == {}


@pytest.mark.parametrize(
    "value", ["{DBInstanceClassMemory/9531392}", "LEAST({DBInstanceClassMemory/9531392},5000)", "greatest(1,2)", " "]
)
def test_formulas_and_nothing_are_no_values(value: str) -> None:
    assert allowed("postgres", {"max_connections": value}) == {}


def test_a_value_that_is_an_address_with_a_login_does_not_pass() -> None:
    assert allowed("postgres", {"search_path": "postgres://me:canary@host/db"}) == {}


def test_other_names_of_the_same() -> None:
    assert allowed("postgres", {"rds.logical_replication": "1"}) == {"wal_level": "logical"}
    assert allowed("postgres", {"rds.logical_replication": "0"}) == {}
    assert allowed("mariadb", {"max-allowed-packet": "64M"}) == {"max_allowed_packet": "64M"}
    assert allowed("postgres", {"pg_stat_statements.max": "5000"}) == {"pg_stat_statements.max": "5000"}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("redis", "maxmemory-policy", "allkeys-lru & redis-cli -a canary ping"),
        ("redis", "appendonly", "yes>canary"),
        ("redis", "save", "60 1 canary"),
        ("postgres", "timezone", "CANARYSECRET"),
        ("postgres", "default_text_search_config", "host=h password=canary"),
        ("postgres", "session_preload_libraries", "x password=canary"),
        ("postgres", "search_path", "public password=canary"),
        ("postgres", "default_transaction_isolation", "canary canary"),
        ("postgres", "cron.database_name", "x" * 301),
        ("mysql", "sql_mode", "ANSI ; canary"),
        ("rabbitmq", "heartbeat", "60 canary"),
        ("kafka", "compression.type", "gzip;canary"),
    ],
)
def test_a_value_that_has_not_the_form_of_one_does_not_pass(kind: str, name: str, value: str) -> None:
    assert allowed(kind, {name: value}) == {}


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("redis", "save", "3600 1 300 100"),
        ("redis", "save", '""'),
        ("redis", "notify-keyspace-events", "g$lshzxeKEt"),
        ("postgres", "search_path", '"$user", public'),
        ("postgres", "search_path", "app,public"),
        ("postgres", "shared_preload_libraries", "pg_stat_statements, auto_explain"),
        ("postgres", "datestyle", "ISO, MDY"),
        ("postgres", "default_transaction_isolation", "read committed"),
        ("postgres", "statement_timeout", "30 s"),
        ("postgres", "timezone", "Europe/Berlin"),
        ("postgres", "timezone", "UTC"),
        ("postgres", "timezone", "Etc/GMT+2"),
        ("postgres", "lc_time", "de_DE.UTF-8"),
        ("postgres", "lc_time", "de_DE@euro"),
        ("mysql", "sql_mode", "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"),
        ("mysql", "time_zone", "+00:00"),
        ("mysql", "authentication_policy", "*,,"),
        ("mysql", "transaction_isolation", "READ-COMMITTED"),
        ("elasticsearch", "action.auto_create_index", "+logs-*,-test*"),
    ],
)
def test_values_of_every_form_pass(kind: str, name: str, value: str) -> None:
    assert allowed(kind, {name: value}) == {name: value}


def test_names_that_are_none_do_not_pass() -> None:
    evidence = Evidence("kubernetes", "x.yaml")
    made = named(Fact("rabbitmq", evidence, plugins=("rabbitmq_shovel", "x canary", "CANARY")))
    assert made.plugins == ("rabbitmq_shovel",)
    made = named(Fact("postgres", evidence, extensions={"uuid-ossp": "1.1", "vector": "a canary", "a b": ""}))
    assert made.extensions == {"uuid-ossp": "1.1", "vector": ""}
    assert named(Fact("postgres", evidence)).plugins is None
