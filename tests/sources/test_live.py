from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document
from devenv.effects import live_mysql, live_postgres, live_redis, live_search
from devenv.model.fact import Evidence, Fact, Note, Precision, Reading, Status, Trust
from devenv.sources.allowed import is_told
from devenv.sources.known import Known
from devenv.sources.live import parse, recognises

FILE = "$PROD_URL"
PROTOCOLS = ["amqp", "clickhouse", "memcached", "mongodb", "mysql", "nats", "postgres", "rabbitmq", "redis", "search"]


def read(protocol: str, **answers: Any) -> Reading:
    document = Document(FILE, "json", ({"live": protocol, "service": "main", **answers},), asked=True, day="2026-11-24")
    assert recognises(document)
    return parse([document], Known())


def fact(kind: str, version: str, attribute: str = "", **more: Any) -> Fact:
    defaults: dict[str, Any] = {
        "precision": Precision.PATCH if version else Precision.NONE,
        "note": "" if version else "the server does not tell its version",
    }
    return Fact(
        kind=kind,
        evidence=Evidence("live", FILE, attribute=attribute, date="2026-11-24"),
        version=version,
        status=Status.ACTUAL if version else Status.UNKNOWN,
        trust=Trust.LIVE,
        service="main",
        **(defaults | more),
    )


def remarks(*sentences: str) -> tuple[Note, ...]:
    return tuple(Note(sentence, FILE) for sentence in sentences)


# PostgreSQL ----------------------------------------------------------------------------------------------------------

USUAL = {"encoding": "UTF8", "collate": "en_US.utf8", "ctype": "en_US.utf8", "provider": "c", "locale": None}


def test_postgres() -> None:
    reading = read(
        "postgres",
        version="PostgreSQL 15.18 (Debian 15.18-1) on x86_64-pc-linux-gnu",
        version_num="150018",
        superuser=False,
        settings={
            "TimeZone": "Etc/UTC",
            "DateStyle": "ISO, DMY",
            "lc_messages": "en_US.UTF-8",
            "lc_time": "de_DE.UTF-8",
            "max_connections": "100",
            "wal_level": "logical",
            "shared_buffers": "16384",
        },
        hidden=[],
        extensions={"plpgsql": "1.0", "postgis": "3.4.2", "citext": "1.6"},
        database=USUAL,
    )
    settings = {"datestyle": "ISO, DMY", "lc_time": "de_DE.UTF-8", "wal_level": "logical"}
    extensions = {"citext": "1.6", "postgis": "3.4.2"}
    assert reading == Reading(
        (fact("postgres", "15.18", "server_version_num", settings=settings, extensions=extensions),)
    )


@pytest.mark.parametrize(
    ("number", "version"),
    [
        ("180001", "18.1"),
        ("100023", "10.23"),
        ("90624", "9.6.24"),
        ("", ""),
        ("15.4", ""),
        (150004, "15.4"),
        (None, ""),
    ],
)
def test_numbers_of_postgres(number: Any, version: str) -> None:
    assert [item.version for item in read("postgres", version_num=number).facts] == [version]


@pytest.mark.parametrize(
    ("said", "kind", "version"),
    [
        ("PostgreSQL 8.0.2 on i686-pc-linux-gnu, Redshift 1.0.98174", "redshift", "1.0.98174"),
        ("CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu)", "cockroachdb", "23.1.11"),
        ("PostgreSQL 11.2-YB-2.18.3.0-b0 on x86_64", "yugabytedb", "2.18.3"),
        ("PostgreSQL 9.4.26 (Greenplum Database 6.25.3 build x)", "greenplum", "6.25.3"),
    ],
)
def test_what_only_speaks_as_postgres_does(said: str, kind: str, version: str) -> None:
    assert read("postgres", version=said, version_num="130000").facts == (fact(kind, version, "version()"),)


def test_a_superuser_and_settings_of_the_login() -> None:
    reading = read("postgres", version_num="160003", superuser=True, hidden=["search_path", "jit"])
    assert reading.notes == remarks(
        "the login may do everything: one that may connect, with the role pg_read_all_settings, is enough",
        "the login has a setting of its own for search_path, jit, which hides the server's: ask as one that has none",
    )


@pytest.mark.parametrize(
    ("database", "arguments"),
    [
        ({"collate": "C", "ctype": "C"}, "--encoding=UTF8 --locale=C"),
        ({"collate": "C", "ctype": "C.UTF-8"}, "--encoding=UTF8 --lc-collate=C --lc-ctype=C.UTF-8"),
        ({"encoding": "LATIN1"}, "--encoding=LATIN1 --locale=en_US.utf8"),
        (
            {"provider": "i", "locale": "de-DE"},
            "--encoding=UTF8 --locale-provider=icu --icu-locale=de-DE --locale=en_US.utf8",
        ),
        (
            {"provider": "b", "locale": "C.UTF-8", "collate": "C", "ctype": "C"},
            "--encoding=UTF8 --locale-provider=builtin --builtin-locale=C.UTF-8 --locale=C",
        ),
    ],
)
def test_a_database_that_sorts_in_its_own_way(database: Any, arguments: str) -> None:
    said = f'its database sorts and compares in its own way: initdb_args = "{arguments}" makes the same'
    assert read("postgres", version_num="160003", database=USUAL | database).notes == remarks(said)


@pytest.mark.parametrize("database", [USUAL, USUAL | {"collate": "en_US.UTF-8"}, {"collate": 'x" y'}, {}, None, [1]])
def test_a_database_of_which_nothing_is_to_be_said(database: Any) -> None:
    assert read("postgres", version_num="160003", database=database).notes == ()


# MySQL and MariaDB ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "comment", "expected"),
    [
        ("5.5.5-10.11.19-MariaDB-0+deb12u1", "Debian 12", fact("mariadb", "10.11.19", "version()")),
        ("11.4.2-MariaDB-log", "managed by https://aws.amazon.com/rds/", fact("mariadb", "11.4.2", "version()")),
        ("8.0.36", "MySQL Community Server - GPL", fact("mysql", "8.0.36", "version()")),
        ("8.0.36-28.1", "Percona Server (GPL)", fact("mysql", "8.0.36", "version()")),
        ("8.0.11-TiDB-v7.5.1", "TiDB Server", fact("tidb", "7.5.1", "version()")),
        ("", "", fact("mysql", "")),
    ],
)
def test_mysql_and_its_kin(version: str, comment: str, expected: Fact) -> None:
    assert read("mysql", version=version, comment=comment, variables={}, origins={}).facts == (expected,)


def test_variables_that_somebody_has_set() -> None:
    reading = read(
        "mysql",
        version="10.11.6-MariaDB",
        variables={
            "sql_mode": "ANSI_QUOTES",
            "wait_timeout": "28800",
            "max_connections": "500",
            "tx_isolation": "READ-COMMITTED",
            "time_zone": "SYSTEM",
            "innodb_buffer_pool_size": "1",
        },
        origins={
            "sql_mode": "CONFIG",
            "wait_timeout": "COMPILE-TIME",
            "max_connections": "SQL",
            "tx_isolation": "COMMAND-LINE",
            "time_zone": "AUTO",
            "innodb_buffer_pool_size": "CONFIG",
            "lower_case_table_names": "CONFIG",
        },
        admin=False,
    )
    settings = {"max_connections": "500", "sql_mode": "ANSI_QUOTES", "transaction_isolation": "READ-COMMITTED"}
    assert reading == Reading((fact("mariadb", "10.11.6", "version()", settings=settings),))


def test_mysql_s_own_words_for_origins() -> None:
    reading = read(
        "mysql",
        version="8.4.3",
        variables={"sql_mode": "", "wait_timeout": "60", "event_scheduler": "ON", "local_infile": "OFF"},
        origins={
            "sql_mode": "COMPILED",
            "wait_timeout": "EXPLICIT",
            "event_scheduler": "PERSISTED",
            "local_infile": "",
        },
    )
    settings = {"event_scheduler": "ON", "wait_timeout": "60"}
    assert reading.facts == (fact("mysql", "8.4.3", "version()", settings=settings),)


def test_a_mysql_that_does_not_tell_origins() -> None:
    reading = read("mysql", version="5.6.51", variables={"sql_mode": "ANSI"}, origins=None, admin=True)
    assert reading.facts == (fact("mysql", "5.6.51", "version()"),)
    assert reading.notes == remarks(
        "the login is an administrator's: one without any privilege is enough",
        "the server does not say which settings somebody has set, so none are told",
    )


# Redis and Valkey ----------------------------------------------------------------------------------------------------

DEFAULTS = {
    "maxmemory-policy": "noeviction",
    "notify-keyspace-events": "",
    "appendonly": "no",
    "save": "3600 1 300 100 60 10000",
    "databases": "16",
    "cluster-enabled": "no",
    "timeout": "0",
    "lua-time-limit": "5000",
    "busy-reply-threshold": "5000",
}


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ({"redis_version": "7.0.15"}, fact("redis", "7.0.15", "INFO redis_version")),
        (
            {"server_name": "valkey", "redis_version": "7.2.4", "valkey_version": "8.1.1"},
            fact("valkey", "8.1.1", "INFO valkey_version"),
        ),
        ({"redis_version": "6.3.4", "executable": "keydb-server"}, fact("keydb", "6.3.4", "INFO redis_version")),
        (
            {"redis_version": "7.4.0", "dragonfly_version": "df-v1.21.2"},
            fact("dragonfly", "1.21.2", "INFO dragonfly_version"),
        ),
        (
            {"redis_version": "7.1.0"},
            fact(
                "redis", "7.0", "INFO redis_version", precision=Precision.MINOR, note="ElastiCache's 7.1 is Redis 7.0"
            ),
        ),
        (
            {"server_name": "valkey", "valkey_version": "8.2.0"},
            fact(
                "valkey",
                "8.1",
                "INFO valkey_version",
                precision=Precision.MINOR,
                note="ElastiCache's 8.2 is Valkey 8.1 with modules of its own",
            ),
        ),
        ({}, fact("redis", "")),
    ],
)
def test_redis_and_its_kin(info: Any, expected: Fact) -> None:
    assert read("redis", info=info, config=DEFAULTS, modules=[]).facts == (expected,)


def test_settings_of_redis_that_somebody_chose() -> None:
    config = DEFAULTS | {
        "maxmemory-policy": "allkeys-lru",
        "save": "",
        "appendonly": "yes",
        "lua-time-limit": "9",
        "busy-reply-threshold": "9",
        "requirepass": "c4n4ry",
    }
    settings = {"appendonly": "yes", "busy-reply-threshold": "9", "maxmemory-policy": "allkeys-lru", "save": '""'}
    reading = read("redis", info={"redis_version": "7.0.15"}, config=config, modules=[])
    assert reading == Reading((fact("redis", "7.0.15", "INFO redis_version", settings=settings),))


def test_a_redis_that_keeps_its_settings_to_itself() -> None:
    info = {"redis_version": "7.0.15", "maxmemory_policy": "volatile-lru", "aof_enabled": "1", "cluster_enabled": "0"}
    reading = read("redis", info=info, config=None)
    settings = {"appendonly": "yes", "maxmemory-policy": "volatile-lru"}
    assert reading.facts == (fact("redis", "7.0.15", "INFO redis_version", settings=settings),)
    said = "the server keeps its settings to itself (CONFIG GET): only those that INFO tells are known"
    assert reading.notes == remarks(said)


@pytest.mark.parametrize(
    ("version", "said"),
    [("7.4.2", remarks("it has modules that its plain image has not: ReJSON, search")), ("8.0.1", ())],
)
def test_modules(version: str, said: tuple[Note, ...]) -> None:
    modules = [["search", "21005"], ["ReJSON", "20807"], ["lua", "0"], 7]
    assert read("redis", info={"redis_version": version}, config={}, modules=modules).notes == said


def test_a_sentinel_is_no_server() -> None:
    reading = read("redis", info={"redis_version": "7.0.15", "redis_mode": "sentinel"}, config={})
    said = "is a Sentinel: give the address of a server that it watches"
    assert reading == Reading((), (Note(said, FILE, failed=True),))


# Brokers -------------------------------------------------------------------------------------------------------------


def test_the_greeting_of_rabbitmq() -> None:
    assert read("amqp", product="RabbitMQ", version="3.13.7").facts == (fact("rabbitmq", "3.13.7", "connection.start"),)
    assert read("amqp", product="LavinMQ", version="2.0.1").facts == (fact("lavinmq", "2.0.1", "connection.start"),)


def test_the_management_of_rabbitmq() -> None:
    reading = read(
        "rabbitmq",
        rabbitmq_version="3.13.7",
        administrator=False,
        nodes=[
            {"running": True, "enabled_plugins": ["rabbitmq_shovel", "rabbitmq_management"]},
            {"running": True, "enabled_plugins": ["rabbitmq_management"]},
            {"running": False, "enabled_plugins": ["rabbitmq_stomp"]},
        ],
        vhosts=[{"default_queue_type": "quorum"}, {"default_queue_type": "undefined"}, {}],
    )
    assert reading == Reading(
        (
            fact(
                "rabbitmq",
                "3.13.7",
                "rabbitmq_version",
                settings={"default_queue_type": "quorum"},
                plugins=("rabbitmq_management", "rabbitmq_shovel"),
            ),
        )
    )


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            {"nodes": None, "administrator": True},
            (
                "the login is an administrator's: one with the tag monitoring is enough",
                "the login may not read which plugins are enabled: give it the tag monitoring",
            ),
        ),
        (
            {"nodes": [{"running": True, "enabled_plugins": []}]},
            (
                "the server does not tell its plugins: it does some seconds after its start, but never with "
                "management_agent.disable_metrics_collector",
            ),
        ),
        (
            {
                "nodes": [{"enabled_plugins": ["x"]}],
                "vhosts": [{"default_queue_type": "quorum"}, {"default_queue_type": "classic"}],
            },
            ("its virtual hosts have different types of queues by default: classic, quorum",),
        ),
    ],
)
def test_what_is_to_be_said_of_rabbitmq(answers: Any, said: tuple[str, ...]) -> None:
    reading = read("rabbitmq", rabbitmq_version="4.0.2", **answers)
    assert reading.notes == remarks(*said)
    assert reading.facts[0].settings == {}


def test_nats() -> None:
    reading = read("nats", version="2.10.24", jetstream=True, max_payload=1048576)
    assert reading == Reading((fact("nats", "2.10.24", "INFO version"),))
    reading = read("nats", version="2.10.24", max_payload=8388608)
    assert reading.facts == (fact("nats", "2.10.24", "INFO version", settings={"max_payload": "8388608"}),)
    assert reading.notes == remarks("it has no JetStream: jetstream = false makes the same")


# Others --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "settings"), [("1048576", {}), ("2097152", {"max_item_size": "2097152"})])
def test_memcached(size: str, settings: dict[str, str]) -> None:
    reading = read("memcached", version="1.6.18", settings={"item_size_max": size})
    assert reading == Reading((fact("memcached", "1.6.18", "version", settings=settings),))


def test_mongodb() -> None:
    reading = read("mongodb", version="7.0.8-5", like="", features="7.0")
    assert reading == Reading((fact("mongodb", "7.0.8", "buildInfo.version"),))
    reading = read("mongodb", version="7.0.8", like="", features="6.0")
    assert reading.notes == remarks("it behaves as MongoDB 6.0 does (featureCompatibilityVersion)")
    note = "documentdb answers as MongoDB would: MongoDB of that number is an approximation"
    reading = read("mongodb", version="5.0.0", like="documentdb", features=None)
    assert reading == Reading((fact("documentdb", "5.0.0", "buildInfo.version", note=note),))


def test_search_engines() -> None:
    settings = {"persistent": {"action": {"auto_create_index": "false"}}, "transient": {"cluster": {"name": "x"}}}
    reading = read("search", number="8.19.2", distribution=None, settings=settings, plugins=["b", "a", "a"])
    kept = {"action.auto_create_index": "false"}
    wanted = fact("elasticsearch", "8.19.2", "version.number", settings=kept, plugins=("a", "b"))
    assert reading == Reading((wanted,))
    reading = read("search", number="2.11.1", distribution="opensearch", settings=None, plugins=None)
    assert reading == Reading((fact("opensearch", "2.11.1", "version.number"),))


def test_an_opensearch_in_disguise() -> None:
    reading = read("search", number="7.10.2", distribution="opensearch")
    note = "OpenSearch says Elasticsearch's version (override_main_response_version): its own is not told"
    assert reading.facts == (fact("opensearch", "", note=note),)


def test_clickhouse() -> None:
    assert read("clickhouse", version="24.8.4.13").facts == (fact("clickhouse", "24.8.4.13", "version()"),)


# All -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("postgres", live_postgres.SETTINGS),
        ("mysql", live_mysql.VARIABLES),
        ("mariadb", live_mysql.VARIABLES),
        ("redis", live_redis.SETTINGS),
        ("valkey", live_redis.SETTINGS),
        ("elasticsearch", live_search.SETTINGS),
        ("opensearch", live_search.SETTINGS),
    ],
)
def test_nothing_is_asked_that_may_not_be_told(kind: str, names: tuple[str, ...]) -> None:
    assert [name for name in names if not is_told(kind, name)] == []


def test_the_reader_that_was_named_for_another_document() -> None:
    reading = parse([Document("x.json", "json", ({"live": "c4n4ry"},))], Known())
    assert reading == Reading((), (Note("was asked what devenv cannot read", "x.json", failed=True),))


@pytest.mark.parametrize("value", [{"live": "telnet"}, {"live": True}, {}, [], None, {"live": {}}])
def test_what_is_no_answer(value: Any) -> None:
    assert not recognises(Document("x.json", "json", (value,)))


ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from(["150018", "7.1.0", "5.5.5-1.2.3"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["redis_version", "save", "enabled_plugins", "default_queue_type", "persistent", "encoding"]
            ),
            inner,
        )
    ),
    max_leaves=15,
)
NAMES = [
    *("version", "version_num", "settings", "hidden", "extensions", "database", "superuser", "comment", "variables"),
    *("origins", "admin", "info", "modules", "config", "product", "nodes", "vhosts", "rabbitmq_version", "number"),
    *("plugins", "like", "features", "max_payload", "jetstream", "service", "distribution"),
]


@given(protocol=st.sampled_from(PROTOCOLS), answers=st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=8))
def test_whatever_is_answered_is_read(protocol: str, answers: Any) -> None:
    parse([Document(FILE, "json", ({"live": protocol, **answers},))], Known())
