from __future__ import annotations

import pytest

from devenv.sources.command_lines import starts_a_tool


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["-c", "max_connections=200"],
        ["postgres", "-c", "wal_level=logical"],
        ["/usr/bin/redis-server", "--appendonly", "yes"],
        ["sh", "-c", "redis-server --requirepass x"],
        ["docker-entrypoint.sh", "mysqld"],
        ["bash", "-c", "until pg_isready; do sleep 1; done; exec postgres"],
        ["sh", "-c", "./start.sh"],
        ["sh", "start.sh"],
    ],
)
def test_servers(words: list[str]) -> None:
    assert not starts_a_tool(words)


@pytest.mark.parametrize(
    "words",
    [
        ["pg_dump", "app"],
        ["/usr/local/bin/redis-cli", "ping"],
        ["sleep", "infinity"],
        ["sh", "-c", "while true; do pg_dump app | gzip > /backup/x; sleep 86400; done"],
        ["/bin/bash", "-ec", "pg_isready && psql -c 'select 1'"],
        ["redis-sentinel", "/etc/sentinel.conf"],
        ["redis-server", "/etc/sentinel.conf", "--sentinel"],
    ],
)
def test_tools(words: list[str]) -> None:
    assert starts_a_tool(words)
