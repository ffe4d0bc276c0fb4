from __future__ import annotations

import pytest

from devenv.sources.allowed import allowed, is_mirrored


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
