from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.sources.settings_text import flat, of_command, pairs, plugins_in

KINDS = ["postgres", "mysql", "mariadb", "redis", "valkey", "rabbitmq", "kafka", "elasticsearch", "nats", "memcached"]


def test_postgresql_conf() -> None:
    text = """
# max_connections = 1
max_connections = 200      # raised
wal_level=logical
timezone 'Europe/Berlin'
search_path = '"$user", public'  # as ever
lc_messages = 'it''s'
  shared_preload_libraries = 'pg_cron,pgaudit'
include_dir 'conf.d'
nonsense
"""
    assert pairs("postgres", text) == [
        ("max_connections", "200"),
        ("wal_level", "logical"),
        ("timezone", "Europe/Berlin"),
        ("search_path", '"$user", public'),
        ("lc_messages", "it's"),
        ("shared_preload_libraries", "pg_cron,pgaudit"),
        ("include_dir", "conf.d"),
    ]


@pytest.mark.parametrize("kind", ["mysql", "mariadb"])
def test_option_files_have_groups_and_only_the_servers_count(kind: str) -> None:
    text = """
[client]
password = canary
max_allowed_packet = 1M
[mysqld]
# sql_mode = NO
sql-mode = "STRICT_TRANS_TABLES,NO_ZERO_DATE"
loose_local_infile
; comment
max_allowed_packet=64M # big
!include /etc/x
[mysqldump]
max_allowed_packet = 2M
[mariadb-10.11]
lower_case_table_names=1
"""
    assert pairs(kind, text) == [
        ("sql_mode", "STRICT_TRANS_TABLES,NO_ZERO_DATE"),
        ("local_infile", "ON"),
        ("max_allowed_packet", "64M"),
        ("lower_case_table_names", "1"),
    ]


def test_redis_conf_adds_up_its_save_points() -> None:
    text = """
# maxmemory-policy x
maxmemory-policy allkeys-lru
save 900 1
SAVE 300 10
notify-keyspace-events "Ex"
"""
    assert pairs("redis", text) == [
        ("maxmemory-policy", "allkeys-lru"),
        ("notify-keyspace-events", "Ex"),
        ("save", "900 1 300 10"),
    ]
    assert pairs("valkey", 'save ""') == [("save", '""')]


def test_rabbitmq_conf_and_plugins() -> None:
    text = "## x\nconsumer_timeout = 3600000\n  heartbeat = 30 # s\n# channel_max = 1\ndefault_queue_type = quorum\nnonsense\n"
    assert pairs("rabbitmq", text) == [
        ("consumer_timeout", "3600000"),
        ("heartbeat", "30"),
        ("default_queue_type", "quorum"),
    ]
    assert plugins_in("% those\n[rabbitmq_management,\n rabbitmq_shovel].\n") == (
        "rabbitmq_management",
        "rabbitmq_shovel",
    )


def test_properties() -> None:
    text = "# a=b\n! c\nmessage.max.bytes=100\nnum.partitions : 3\ncompression.type zstd\nlog.cleanup.policy = compact,\\\n    delete\n"
    assert pairs("kafka", text) == [
        ("message.max.bytes", "100"),
        ("num.partitions", "3"),
        ("compression.type", "zstd"),
        ("log.cleanup.policy", "compact,delete"),
    ]


def test_yaml_is_flattened() -> None:
    text = "action.auto_create_index: false\nindices:\n  query:\n    bool: {max_clause_count: 2048}\nnode.roles: [master]\n"
    assert pairs("elasticsearch", text) == [
        ("action.auto_create_index", "false"),
        ("indices.query.bool.max_clause_count", "2048"),
    ]
    assert pairs("opensearch", "a: [") == []
    assert flat({"a": {"b": True, "c": 1.5, "d": None}, "e": ["x"]}) == [("a.b", "true"), ("a.c", "1.5")]


def test_nats_conf_outside_of_its_blocks() -> None:
    text = """
max_payload: 8MB  # large
max_connections = 100;
jetstream { max_mem: 1G }
authorization {
  user: a
  password: canary
}
listen 0.0.0.0:4222
cluster { routes [
  x
] }
"""
    assert pairs("nats", text) == [("max_payload", "8MB"), ("max_connections", "100"), ("listen", "0.0.0.0:4222")]


def test_kinds_without_such_files_and_files_too_large() -> None:
    assert pairs("clickhouse", "a = b") == []
    assert pairs("postgres", "a = b\n" * 1_000_000) == []


@pytest.mark.parametrize(
    ("kind", "words", "found"),
    [
        (
            "postgres",
            ["postgres", "-c", "wal_level=logical", "-cmax_connections=100", "--statement-timeout=5s", "-N", "50"],
            [
                ("wal_level", "logical"),
                ("max_connections", "100"),
                ("statement_timeout", "5s"),
                ("max_connections", "50"),
            ],
        ),
        ("postgres", ["-c", "timezone = 'UTC'", "-c"], [("timezone", "UTC")]),
        (
            "mysql",
            ["--sql-mode=ANSI", "--loose-local-infile=1", "--skip-log-bin", "mysqld"],
            [("sql_mode", "ANSI"), ("local_infile", "1"), ("skip_log_bin", "ON")],
        ),
        (
            "redis",
            ["redis-server", "/etc/redis.conf", "--save", "60", "1", "--appendonly", "yes", "--loglevel"],
            [("save", "60 1"), ("appendonly", "yes")],
        ),
        ("redis", ["redis-server", "--save", ""], [("save", '""')]),
        ("memcached", ["memcached", "-m", "64", "-I", "2m"], [("max_item_size", "2m")]),
        ("memcached", ["-I4m", "--max-item-size=8m"], [("max_item_size", "4m"), ("max_item_size", "8m")]),
        ("kafka", ["x", "--override", "num.partitions=3"], [("num.partitions", "3")]),
        ("elasticsearch", ["-Eaction.auto_create_index=false"], [("action.auto_create_index", "false")]),
        ("nats", ["-js"], []),
    ],
)
def test_command_lines(kind: str, words: list[str], found: list[tuple[str, str]]) -> None:
    assert of_command(kind, words) == found


def test_command_lines_through_a_shell() -> None:
    script = 'echo start && exec redis-server --requirepass "$PASSWORD" --maxmemory-policy noeviction'
    assert of_command("redis", ["/bin/sh", "-ec", script]) == [("maxmemory-policy", "noeviction")]
    assert of_command("postgres", ["sh", "-c", "exec postgres -c 'wal_level=logical'"]) == [("wal_level", "logical")]
    assert of_command("redis", ["sh", "-c", "redis-server --appendonly 'yes"]) == []
    assert of_command("redis", ["redis-server", "--maxmemory-policy", "$(POLICY)"]) == []


@given(st.sampled_from(KINDS), st.text(), st.lists(st.text(alphabet="-c=sh '\"x$\n;E", max_size=9), max_size=6))
def test_nothing_fails(kind: str, text: str, words: list[str]) -> None:
    pairs(kind, text)
    plugins_in(text)
    of_command(kind, words)
