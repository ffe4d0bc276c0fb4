from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.known import Known
from devenv.sources.registry import source_of
from devenv.sources.render_com import parse, recognises

KNOWN = Known({"mysql": "mysql", "postgres": "postgres"})
CHOSEN = "Render chose its version when it was made: ask the server itself"
EITHER = "Key Value is Valkey 8 where it was made since February 2025, Redis 6 before: ask the server itself"
WORDS = [
    "services",
    "databases",
    "type",
    "name",
    "postgresMajorVersion",
    "readReplicas",
    "projects",
    "environments",
    "image",
]
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["keyvalue", "pserv", "production", "17"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WORDS, "url", "ungrouped"]), inner),
    max_leaves=25,
)


def yaml(text: str) -> Document:
    return decode("render.yaml", text.encode())


def postgres(address: str, version: str = "", *, name: str = "", **more: Any) -> Fact:
    return Fact(
        kind="postgres",
        evidence=Evidence("render", "render.yaml", address, "postgresMajorVersion" if version else ""),
        version=version,
        precision=Precision.SERIES if version else Precision.NONE,
        name=name or address.rpartition(".")[2],
        status=Status.ACTUAL if version else Status.UNKNOWN,
        note="" if version else CHOSEN,
        **more,
    )


def cache(address: str, **settings: str) -> Fact:
    return Fact(
        kind="redis",
        evidence=Evidence("render", "render.yaml", address),
        name=address.rpartition(".")[2],
        settings={name.replace("_", "-"): value for name, value in settings.items()},
        status=Status.UNKNOWN,
        note=EITHER,
    )


def test_databases_and_what_is_not_said_of_them() -> None:
    document = yaml(
        """
databases:
  - {name: old, databaseName: mydb, user: c4n4ry, readReplicas: [{name: old-copy}]}
  - {name: text, postgresMajorVersion: "17"}
  - {name: number, postgresMajorVersion: 16}
services:
  - {type: keyvalue, name: quick, maxmemoryPolicy: noeviction, ipAllowList: []}
  - {type: redis, name: plain}
  - {type: web, name: app, envVars: [{key: A, value: c4n4ry}]}
"""
    )
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.notes == ()
    assert reading.facts == (
        postgres("databases.old"),
        postgres("databases.old", name="old-copy", part_of="old"),
        postgres("databases.text", "17"),
        postgres("databases.number", "16"),
        cache("services.quick", maxmemory_policy="noeviction"),
        cache("services.plain"),
    )
    assert "c4n4ry" not in repr(reading)


def test_the_environment_that_is_production() -> None:
    document = yaml(
        """
projects:
  - name: shop
    environments:
      - {name: Production, databases: [{name: main, postgresMajorVersion: 16}]}
      - {name: staging, databases: [{name: next, postgresMajorVersion: 18}]}
ungrouped:
  services: [{type: keyvalue, name: shared}]
"""
    )
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.facts == (
        cache("ungrouped.services.shared"),
        postgres("projects.shop.environments.Production.databases.main", "16"),
    )
    said = "environments other than production are left out: staging"
    assert reading.notes == (Note(said, "render.yaml"),)


def test_all_environments_where_none_is_called_production() -> None:
    document = yaml("projects: [{name: p, environments: [{name: eu, databases: [{name: a, plan: x}]}, {name: us}]}]")
    reading = parse([document], KNOWN)
    assert reading.facts == (postgres("projects.p.environments.eu.databases.a"),)
    assert reading.notes == ()


def test_a_service_that_is_an_image() -> None:
    text = """
services:
  - {type: pserv, name: db, runtime: image, image: {url: "docker.io/library/mysql:8.0.36"}, dockerCommand: mysqld --sql-mode=ANSI}
  - {type: worker, name: w, runtime: image, image: {url: "ghcr.io/acme/app:1"}}
"""
    assert parse([yaml(text)], KNOWN).facts == (
        Fact(
            kind="mysql",
            evidence=Evidence("render", "render.yaml", "services.db", "image.url"),
            version="8.0.36",
            precision=Precision.PATCH,
            name="db",
            settings={"sql_mode": "ANSI"},
            trust=Trust.DECLARED,
        ),
    )


def test_what_is_malformed() -> None:
    document = yaml(
        "services: [{type: keyvalue, name: a}, {type: odd, name: b}, 7]\ndatabases: [{plan: free}, 7, {name: d}]"
    )
    reading = parse([document], KNOWN)
    assert reading.facts == (postgres("databases.d"), cache("services.a"))
    assert reading.notes == (
        Note("is a database without a name", "render.yaml", address="databases.0", failed=True),
        Note("is a database without a name", "render.yaml", address="databases.1", failed=True),
        Note("is a service of no type that Render knows", "render.yaml", address="services.b", failed=True),
        Note("is a service of no type that Render knows", "render.yaml", address="services.2", failed=True),
    )


@pytest.mark.parametrize(
    "text",
    [
        "services: {db: {image: 'postgres:16'}}",
        "databases: [{name: db, engine: PG, version: '16'}]",
        "services: [{name: a}]",
        "databases: [{name: db}]",
        "projects: [{environments: x}]",
        "[]",
    ],
)
def test_what_is_none_of_theirs(text: str) -> None:
    assert not recognises(yaml(text))


@given(value=ANYTHING)
def test_whatever_is_written_is_read(value: Any) -> None:
    document = Document("render.yaml", "yaml", (value,))
    recognises(document)
    parse([document], KNOWN)


def test_images_do_not_make_a_blueprint_a_charts_values() -> None:
    text = "services: [{type: pserv, name: q, image: {url: 'docker.io/library/rabbitmq:3.13', repository: rabbitmq}}]"
    found = source_of(decode("render.yaml", text.encode()))
    assert found is not None
    assert found.name == "render"
