from __future__ import annotations

import pytest

from devenv.sources.command_lines import of_command, starts_a_tool


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


@pytest.mark.parametrize(
    "script",
    [
        "redis-server --appendonly yes --maxmemory-policy allkeys-lru &\nredis-cli -a canary ping\nwait\n",
        "redis-server --appendonly yes --maxmemory-policy allkeys-lru\nredis-cli -a canary ping",
        "redis-server --appendonly yes --maxmemory-policy allkeys-lru& redis-cli -a canary",
        "redis-server --maxmemory-policy allkeys-lru --appendonly yes > canary",
        "redis-server --maxmemory-policy allkeys-lru --appendonly yes 2>canary",
        "redis-server --maxmemory-policy allkeys-lru --appendonly yes | tee canary",
        "redis-server --maxmemory-policy allkeys-lru --appendonly yes -a canary",
        "redis-server --maxmemory-policy allkeys-lru canary --appendonly yes canary",
        "redis-server --maxmemory-policy allkeys-lru --appendonly yes # canary\nredis-cli -a canary",
        "(redis-server --maxmemory-policy allkeys-lru --appendonly yes) && (echo canary)",
        "A=canary exec gosu redis redis-server --maxmemory-policy allkeys-lru \\\n  --appendonly yes || echo canary",
        "echo canary --save 1 1; redis-server --maxmemory-policy allkeys-lru --appendonly yes; redis-cli --save canary",
    ],
)
def test_what_other_commands_of_a_script_are_given_is_no_setting(script: str) -> None:
    found = dict(of_command("redis", ["sh", "-c", script]))
    assert found == {"appendonly": "yes", "maxmemory-policy": "allkeys-lru"}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--save", "60", "1", "300", "10", "canary"], {"save": "60 1 300 10"}),
        (["--save", "60 1"], {"save": "60 1"}),
        (["--save", ""], {"save": '""'}),
        (["--save", "canary"], {}),
        (["--appendonly"], {}),
        (["--save 60 1 --requirepass canary"], {}),
    ],
)
def test_only_save_has_several_values(words: list[str], found: dict[str, str]) -> None:
    told = {name: value for name, value in of_command("redis", ["redis-server", *words]) if name == "save"}
    assert told == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (
            ["--character-set-server", "utf8mb4", "--max-connections", "300", "canary"],
            {"character_set_server": "utf8mb4", "max_connections": "300"},
        ),
        (["--sql-mode='ANSI'", '--time-zone="+00:00"'], {"sql_mode": "ANSI", "time_zone": "+00:00"}),
        (["--local-infile", "--skip-log-bin", "canary"], {"local_infile": "ON", "skip_log_bin": "ON"}),
        (["--sql-mode", "--max-connections=5"], {"max_connections": "5"}),
    ],
)
@pytest.mark.parametrize("kind", ["mysql", "mariadb"])
def test_options_of_mysql(kind: str, words: list[str], found: dict[str, str]) -> None:
    assert dict(of_command(kind, ["mysqld", *words])) == found


@pytest.mark.parametrize(
    "script", ["redis-server 'x", "exec /start.sh --appendonly yes", "cat <<X\n--appendonly yes\nX"]
)
def test_a_script_that_starts_no_known_server_says_nothing(script: str) -> None:
    assert of_command("redis", ["bash", "-ec", script]) == []
