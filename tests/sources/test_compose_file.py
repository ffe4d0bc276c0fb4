from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.compose_file import parse, recognises
from devenv.sources.known import Known

DAY = "2026-11-24"
KNOWN = Known(
    {
        "postgres": "postgres",
        "redis": "redis",
        "mysql": "mysql",
        "memcached": "memcached",
        "clickhouse/clickhouse-server": "clickhouse",
    }
)
BUILT = "it is built from a Dockerfile, which says the version; ask the server itself"
KEYS = [
    "services", "image", "build", "command", "entrypoint", "extends", "file", "service", "include", "path", "deploy",
    "replicas", "db", "web", "Spec", "TaskTemplate", "ContainerSpec", "Image", "Config", "Name", "Labels", "Args",
]  # fmt: skip
ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["postgres:16", "redis:$A", "db", "../c.yml", "a -c 'b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=25,
)


def yaml(text: str, file: str = "compose.yml", *, asked: bool = False) -> Document:
    return decode(file, text.encode(), day=DAY, asked=asked)


def fact(kind: str, version: str, precision: Precision, name: str, *, file: str = "compose.yml", **more: Any) -> Fact:
    attribute = more.pop("attribute", "image")
    more.setdefault("status", Status.ACTUAL if version else Status.UNKNOWN)
    more.setdefault("trust", Trust.RENDERED)
    address = more.pop("address", f"services.{name}")
    return Fact(kind, Evidence("compose", file, address, attribute, DAY), version, precision, name=name, **more)


def test_services_and_their_settings() -> None:
    document = yaml("""
x-base: &base {image: "postgres:${PG_VERSION:-16.3}-alpine", profiles: [db]}
services:
  db:
    <<: *base
    command: [postgres, -c, wal_level=logical, -c, "max_connections=${CONNECTIONS:-100}", -c, "search_path=$$user"]
    environment: {POSTGRES_PASSWORD: canary1, DATABASE_URL: "postgres://me:canary2@db/app"}
  cache:
    image: redis:7.2.4
    command: redis-server --maxmemory-policy allkeys-lru --requirepass "canary3" --save ''
  sessions:
    image: redis:alpine
    command: ["sh", "-c", "redis-server --appendonly yes --requirepass \\"$REDIS_PASSWORD\\""]
  fast: {image: "memcached:1.6.26", command: ["-I", "2m"]}
  my: {image: "mysql:8.0.36", command: --sql-mode=ANSI --default-authentication-plugin=mysql_native_password}
  web: {image: "acme/web:${TAG}"}
  backup: {image: "postgres:15", command: sh -c 'while true; do pg_dump app; sleep 86400; done'}
  off: {image: "redis:5", deploy: {replicas: 0}}
""")
    assert recognises(document)
    reading = parse([document], KNOWN)
    mysql = {"default_authentication_plugin": "mysql_native_password", "sql_mode": "ANSI"}
    alpine = "the tag alpine does not name the server's version; ask the server itself"
    postgres = {"max_connections": "100", "wal_level": "logical"}
    assert reading.facts == (
        fact("postgres", "16.3", Precision.PATCH, "db", variant="alpine", settings=postgres),
        fact("redis", "7.2.4", Precision.PATCH, "cache", settings={"maxmemory-policy": "allkeys-lru", "save": '""'}),
        fact("redis", "", Precision.NONE, "sessions", variant="alpine", settings={"appendonly": "yes"}, note=alpine),
        fact("memcached", "1.6.26", Precision.PATCH, "fast", settings={"max_item_size": "2m"}),
        fact("mysql", "8.0.36", Precision.PATCH, "my", settings=mysql),
    )
    assert reading.notes == () and reading.wants == ()
    assert "canary" not in repr(reading)


def test_variables_without_a_value() -> None:
    document = yaml("services: {db: {image: 'postgres:$PG'}, redis: {image: $REDIS_IMAGE}, web: {image: '${WEB:?}'}}")
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact("postgres", "", Precision.NONE, "db", note="its version is in the variable PG"),
        fact("redis", "", Precision.NONE, "redis", note="its version is in the variable REDIS_IMAGE"),
    )
    assert reading.notes == (
        Note("the variable PG is not filled in, so the version is unknown", "compose.yml", address="services.db"),
        Note(
            "the variable REDIS_IMAGE is not filled in, so the version is unknown",
            "compose.yml",
            address="services.redis",
        ),
        Note("unresolved variable WEB", "compose.yml", address="services.web"),
    )


def test_what_is_built_has_a_kind_and_no_version() -> None:
    document = yaml("""
services:
  db: {build: ., image: "postgres:15.4-acme"}
  clickhouse-server: {build: {context: ., args: {BASE: "clickhouse/clickhouse-server:23.8"}}, image: acme-clickhouse}
  cache: {build: ., image: "redis:$TAG"}
  web: {build: .}
""")
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact("postgres", "", Precision.NONE, "db", note=BUILT, attribute="build"),
        fact("clickhouse", "", Precision.NONE, "clickhouse-server", note=BUILT, attribute="build"),
        fact("redis", "", Precision.NONE, "cache", note=BUILT, attribute="build"),
    )
    assert [(note.address, note.untold, note.failed) for note in reading.notes] == [("services.web", True, False)]


def test_extends_in_the_same_file_and_round_in_circles() -> None:
    document = yaml("""
services:
  base: {image: "postgres:16.3", command: -c max_connections=50}
  db: {extends: base, command: -c max_connections=200}
  other: {extends: {service: db}}
  a: {extends: b}
  b: {extends: a}
""")
    assert [(item.name, item.version, item.settings) for item in parse([document], KNOWN).facts] == [
        ("base", "16.3", {"max_connections": "50"}),
        ("db", "16.3", {"max_connections": "200"}),
        ("other", "16.3", {"max_connections": "200"}),
    ]


def test_further_files_are_wanted_and_then_read() -> None:
    prod = yaml(
        """
include: [./mail.yml, {path: [../queue.yml]}]
services:
  db: {extends: {file: base/common.yml, service: pg}, command: -c jit=off}
""",
        "deploy/compose.yml",
    )
    reading = parse([prod], KNOWN)
    assert (reading.facts, reading.notes) == ((), ())
    assert reading.wants == ("deploy/base/common.yml", "deploy/mail.yml", "queue.yml")
    common = yaml("services: {pg: {image: 'postgres:16.3'}, unused: {image: 'redis:5'}}", "deploy/base/common.yml")
    mail = yaml("services: {cache: {image: 'redis:7.2.4'}}", "deploy/mail.yml")
    queue = yaml("services: {web: {image: 'acme/web:1'}}", "queue.yml")
    again = parse([prod, common, mail, queue], KNOWN)
    assert again.facts == (
        fact("postgres", "16.3", Precision.PATCH, "db", file="deploy/compose.yml", settings={"jit": "off"}),
        fact("redis", "7.2.4", Precision.PATCH, "cache", file="deploy/mail.yml"),
    )
    assert again.wants == ()


def test_includes_from_elsewhere_are_told_without_their_address() -> None:
    document = yaml("include: ['oci://me:canary@example.com/x', '${FILE}']\nservices: {cache: {image: 'redis:7.2.4'}}")
    reading = parse([document], KNOWN)
    said = "includes files that are not beside it; give devenv those too"
    assert reading.notes == (Note(said, "compose.yml", failed=True),)
    assert reading.wants == () and len(reading.facts) == 1
    assert "canary" not in repr(reading)


def test_compose_config_as_json() -> None:
    value = {
        "name": "shop",
        "services": {"db": {"image": "postgres:16.3", "command": None, "environment": {"P": "canary"}}},
    }
    document = yaml(json.dumps(value), "docker compose config --format json", asked=True)
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact("postgres", "16.3", Precision.PATCH, "db", file="docker compose config --format json"),
    )
    assert "canary" not in repr(reading)


def test_swarm_services_as_they_run() -> None:
    container = {
        "Image": "redis:7.2.4@sha256:" + "0" * 64,
        "Args": ["redis-server", "--appendonly", "yes"],
        "Env": ["REDIS_PASSWORD=canary"],
    }
    labels = {"com.docker.stack.namespace": "shop"}
    value = [
        {"ID": "x", "Spec": {"Name": "shop_cache", "Labels": labels, "TaskTemplate": {"ContainerSpec": container}}},
        {
            "Spec": {
                "Name": "off",
                "Mode": {"Replicated": {"Replicas": 0}},
                "TaskTemplate": {"ContainerSpec": container},
            }
        },
        {"Spec": {"Name": "web", "TaskTemplate": {"ContainerSpec": {"Image": "acme/web:1"}}}},
    ]
    document = yaml(json.dumps(value), "docker service inspect cache", asked=True)
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact(
            "redis", "7.2.4", Precision.PATCH, "cache", file="docker service inspect cache", address="cache",
            attribute="Spec.TaskTemplate.ContainerSpec.Image", settings={"appendonly": "yes"}, trust=Trust.ASKED,
        ),
    )  # fmt: skip
    assert "canary" not in repr(reading)


def test_containers_as_they_run() -> None:
    config = {"Image": "postgres:16.3", "Cmd": ["postgres", "-c", "jit=off"], "Env": ["POSTGRES_PASSWORD=canary"]}
    document = yaml(json.dumps([{"Name": "/db", "Config": config}]), "docker inspect db", asked=True)
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact(
            "postgres", "16.3", Precision.PATCH, "db", file="docker inspect db", address="db", attribute="Config.Image",
            settings={"jit": "off"}, trust=Trust.ASKED,
        ),
    )  # fmt: skip
    assert "canary" not in repr(reading)


@pytest.mark.parametrize(
    "text",
    [
        "services: {db: {type: 'postgresql:15'}}",  # Upsun
        "services: [{name: db, image: x}]",  # DigitalOcean
        "services: {db: {image: {repository: postgres, tag: '16'}}}",  # a chart's values
        "apiVersion: v1\nkind: List\nservices: {db: {image: x}}",
        "include: [x.yml]",
        "[]",
    ],
)
def test_what_is_somebody_elses(text: str) -> None:
    assert not recognises(yaml(f"{text}\n# not empty", "stack.yml"))


def test_a_file_of_includes_alone_is_known_by_its_name() -> None:
    assert recognises(yaml("include: [x.yml]", "deploy/compose.yaml"))


@pytest.mark.parametrize(
    "text", ["services: {db: postgres}", "services: {db: {image: [x]}}", "services: {db: {image: 16, command: {a: b}}}"]
)
def test_wrong_types_are_nothing(text: str) -> None:
    assert parse([yaml(text)], KNOWN).facts == ()


@given(ANYTHING, ANYTHING)
def test_nothing_fails(value: Any, other: Any) -> None:
    documents = [Document("compose.yml", "yaml", (value,)), Document("c.yml", "json", (other, value))]
    for document in documents:
        recognises(document)
    parse(documents, KNOWN)


def beside(file: str, text: str) -> Document:
    return replace(decode(file, text.encode(), day=DAY), source="compose")


def test_the_file_of_variables_beside_it() -> None:
    """Compose reads it, so it says which version production runs; what it says goes nowhere else."""
    document = yaml(
        "services:\n  db: {image: 'postgres:${PG_VERSION}', command: [-c, 'work_mem=$SECRET']}\n", "p/c.yml"
    )
    (asked,) = parse([document], KNOWN).companions
    assert (asked.path, asked.source) == ("p/.env", "compose")
    variables = beside("p/.env", '# ours\nexport MAJOR=15\nPG_VERSION="${MAJOR}.4" # remark\nSECRET=c4n4ry\n')
    elsewhere = beside(".env", "PG_VERSION=9.6\n")
    reading = parse([document, variables, elsewhere], KNOWN)
    assert [(fact.version, fact.note) for fact in reading.facts] == [("15.4", "")]
    assert "c4n4ry" not in repr(reading)
    named = replace(KNOWN, variables={"PG_VERSION": "16.1"})
    assert [fact.version for fact in parse([document, variables], named).facts] == ["16.1"]


def test_what_a_dockerfile_begins_with() -> None:
    document = yaml("""
services:
  db: {build: ./db, command: [-c, wal_level=logical]}
  cache: {build: {dockerfile_inline: "FROM redis:7.0.15\\nRUN true"}}
  search: {build: {context: s, dockerfile: D, target: run, args: [V=8.0.36]}}
  web: {build: .}
  far: {build: "https://github.com/acme/x.git"}
""")
    paths = [companion.path for companion in parse([document], KNOWN).companions]
    assert paths == [".env", "db/Dockerfile", "s/D", "Dockerfile"]
    reading = parse(
        [
            document,
            beside("db/Dockerfile", "ARG V=14.2\nFROM postgres:$V\nRUN true\n"),
            beside("s/D", "ARG V=5.7\nFROM mysql:$V AS run\nFROM scratch\n"),
            beside("Dockerfile", "FROM python:3.12\n"),
        ],
        Known({**KNOWN.repositories, "python": "python"}),
    )
    assert [(fact.kind, fact.version, fact.name, fact.evidence.file) for fact in reading.facts] == [
        ("postgres", "14.2", "db", "db/Dockerfile"),
        ("redis", "7.0.15", "cache", "compose.yml"),
        ("mysql", "8.0.36", "search", "s/D"),
        ("python", "3.12", "web", "Dockerfile"),
    ]
    assert reading.facts[0].settings == {"wal_level": "logical"}
    assert [(note.address, note.untold) for note in reading.notes] == [("services.far", True)]


def test_a_template_of_ruby_is_a_variable_that_nobody_filled_in() -> None:
    reading = parse([yaml("services:\n  db: {image: 'postgres:<%= pg_version %>'}\n")], KNOWN)
    assert [(fact.kind, fact.version, fact.status) for fact in reading.facts] == [("postgres", "", Status.UNKNOWN)]
    assert "pg_version" in reading.notes[0].message
