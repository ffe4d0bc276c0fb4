from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.known import Known
from devenv.sources.platformsh import parse, recognises

KNOWN = Known()
WORDS = [
    "services",
    "type",
    "configuration",
    "properties",
    "max_allowed_packet",
    "extensions",
    "plugins",
    "applications",
]
VALUES = ["mysql:10.3", "redis-persistent:7.2", "postgresql-replica:16", "php:8.3", "db:replicator", "primary"]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(VALUES),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WORDS, "relationships", "db"]), inner)
    ),
    max_leaves=20,
)


def yaml(text: str, file: str = ".platform/services.yaml") -> Document:
    return decode(file, text.encode(), day="2026-11-24")


def fact(kind: str, version: str, precision: Precision, name: str, *, address: str = "", **more: Any) -> Fact:
    evidence = Evidence("platformsh", ".platform/services.yaml", address or name, "type", "2026-11-24")
    return Fact(kind=kind, evidence=evidence, version=version, precision=precision, name=name, **more)


def test_types_and_what_they_really_are() -> None:
    document = yaml(
        """
db: {type: "mysql:10.3", disk: 2048}
other: {type: "oracle-mysql:8.0"}
maria: {type: mariadb:11.4}
cache: {type: redis-persistent:7.10}
fast: {type: valkey-persistent:8.0}
queue: {type: rabbitmq:3.13}
logs: {type: mongodb-enterprise:7.0}
find: {type: elasticsearch-enterprise:8.19}
index: {type: solr:9.6}
files: {type: network-storage:2.0}
"""
    )
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.notes == ()
    assert reading.facts == (
        fact("mariadb", "10.3", Precision.MINOR, "db", note="the type mysql is MariaDB"),
        fact("mysql", "8.0", Precision.MINOR, "other"),
        fact("mariadb", "11.4", Precision.MINOR, "maria"),
        fact("redis", "7.10", Precision.MINOR, "cache"),
        fact("valkey", "8.0", Precision.MINOR, "fast"),
        fact("rabbitmq", "3.13", Precision.MINOR, "queue"),
        fact("mongodb", "7.0", Precision.MINOR, "logs"),
        fact("elasticsearch", "8.19", Precision.MINOR, "find"),
        fact("solr", "9.6", Precision.MINOR, "index"),
    )


def test_what_is_configured() -> None:
    document = yaml(
        """
db:
  type: postgresql:16
  configuration: {extensions: [pg_trgm, postgis], databases: [main]}
sql:
  type: mariadb:10.11
  configuration:
    properties: {max_allowed_packet: 64, default_charset: utf8mb4, default_collation: utf8mb4_unicode_ci, optimizer_switch: x}
cache: {type: redis:7.2, configuration: {maxmemory_policy: allkeys-lfu}}
find: {type: opensearch:2, configuration: {plugins: [analysis-icu]}}
"""
    )
    assert parse([document], KNOWN).facts == (
        fact("postgres", "16", Precision.SERIES, "db", extensions={"pg_trgm": "", "postgis": ""}),
        fact(
            "mariadb",
            "10.11",
            Precision.MINOR,
            "sql",
            settings={
                "character_set_server": "utf8mb4",
                "collation_server": "utf8mb4_unicode_ci",
                "max_allowed_packet": "67108864",
            },
        ),
        fact("redis", "7.2", Precision.MINOR, "cache", settings={"maxmemory-policy": "allkeys-lfu"}),
        fact("opensearch", "2", Precision.SERIES, "find", plugins=("analysis-icu",)),
    )


def test_a_replica_is_part_of_its_primary() -> None:
    document = yaml(
        """
services:
  db: {type: mariadb:11.4}
  copy: {type: mariadb-replica:11.4, relationships: {primary: "db:replicator"}}
  second: {type: postgresql-replica:16, configuration: {relationships: {primary: "main:replicator"}}}
applications: {app: {type: "php:8.3"}}
"""
    )
    assert recognises(document)
    assert parse([document], KNOWN).facts == (
        fact("mariadb", "11.4", Precision.MINOR, "db", address="services.db"),
        fact("mariadb", "11.4", Precision.MINOR, "copy", address="services.copy", part_of="db"),
        fact("postgres", "16", Precision.SERIES, "second", address="services.second", part_of="main"),
    )


def test_what_says_too_little() -> None:
    document = yaml(
        "services: {db: {type: postgresql}, odd: [1], it: {type: [x]}, new: {type: quux:1}, r: {type: redis:7}}"
    )
    reading = parse([document], KNOWN)
    file = ".platform/services.yaml"
    assert reading.facts == (
        fact(
            "postgres",
            "",
            Precision.NONE,
            "db",
            address="services.db",
            status=Status.UNKNOWN,
            note="its type says no version",
        ),
        fact("redis", "7", Precision.SERIES, "r", address="services.r"),
    )
    assert reading.notes == (
        Note("says no type of a service", file, address="services.odd", failed=True),
        Note("says no type of a service", file, address="services.it", failed=True),
        Note("devenv does not know services of type quux", file, address="services.new"),
    )


def test_an_answer_is_how_things_are() -> None:
    document = decode("upsun config", b"services: {db: {type: 'postgresql:16'}}", asked=True)
    assert [fact.trust for fact in parse([document], KNOWN).facts] == [Trust.ASKED]


@pytest.mark.parametrize(
    "text",
    [
        "name: app\ntype: php:8.3\nrelationships: {db: 'db:mysql'}",
        "applications: {app: {type: 'php:8.3'}}",
        "'https://{default}/': {type: upstream, upstream: 'app:http'}",
        "services: {db: {image: 'postgres:16'}}",
        "- type: redis:7",
        "db: {type: postgresql}",
    ],
)
def test_what_is_none_of_theirs(text: str) -> None:
    assert not recognises(yaml(text))


def test_no_secret_leaves() -> None:
    document = yaml(
        """
db:
  type: mysql:10.3
  configuration:
    endpoints: {c4n4ry: {default_schema: c4n4ry, privileges: {main: c4n4ry}}}
    properties: {max_allowed_packet: c4n4ry, default_charset: "mysql://u:c4n4ry@h/x", password: c4n4ry}
bad: {type: [c4n4ry]}
"""
    )
    assert "c4n4ry" not in repr(parse([document], KNOWN))


@given(value=ANYTHING)
def test_whatever_is_written_is_read(value: Any) -> None:
    document = Document("x.yaml", "yaml", (value,))
    recognises(document)
    parse([document], KNOWN)
