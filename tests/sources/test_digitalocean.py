from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devenv.document import Document, decode
from devenv.model.fact import Evidence, Fact, Note, Precision, Status, Trust
from devenv.sources.digitalocean import parse, recognises
from devenv.sources.known import Known
from devenv.sources.registry import source_of

KNOWN = Known({"memcached": "memcached"})
EIGHT = "DigitalOcean's MySQL 8 is MySQL 8.0"
WORDS = ["spec", "databases", "services", "engine", "version", "name", "cluster_name", "image", "num_nodes"]
ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["PG", "pg", "MYSQL", "8", "DOCKER_HUB"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*WORDS, "repository", "registry", "registry_type", "tag"]), inner)
    ),
    max_leaves=25,
)


def yaml(text: str) -> Document:
    return decode(".do/app.yaml", text.encode())


def fact(kind: str, address: str, name: str, version: str = "", **more: Any) -> Fact:
    defaults: dict[str, Any] = {"precision": Precision.SERIES if version else Precision.NONE}
    evidence = Evidence("digitalocean", ".do/app.yaml", address, "version" if version else "")
    status = Status.ACTUAL if version else Status.UNKNOWN
    return Fact(kind=kind, evidence=evidence, version=version, name=name, status=status, **(defaults | more))


def test_databases_of_a_spec() -> None:
    document = yaml(
        """
name: shop
databases:
  - {name: db, engine: PG, version: "16", production: true, db_user: c4n4ry}
  - {name: sql, engine: MYSQL, version: "8", cluster_name: shop-sql, production: true}
  - {name: cache, engine: REDIS, version: "7"}
  - {name: keys, engine: VALKEY}
  - {name: dev}
services: [{name: web, github: {repo: a/b}, envs: [{key: K, value: c4n4ry}]}]
"""
    )
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.notes == ()
    decides = "the cluster shop-sql itself decides, which 'doctl databases list -o json' tells"
    unknown = "its version is not stated: ask the server itself"
    assert reading.facts == (
        fact("postgres", "databases.db", "db", "16"),
        fact("mysql", "databases.sql", "sql", "8.0", precision=Precision.MINOR, note=f"{EIGHT}; {decides}"),
        fact(
            "redis",
            "databases.cache",
            "cache",
            "7",
            note="DigitalOcean turned its Redis into Valkey in 2025: ask the server itself",
        ),
        fact("valkey", "databases.keys", "keys", note=unknown),
        fact("postgres", "databases.dev", "dev", note=unknown),
    )
    assert "c4n4ry" not in repr(reading)


def test_the_spec_of_a_deploy_template_and_of_apps_that_are_listed() -> None:
    spec = "{name: a, databases: [{name: db, engine: PG, version: '15'}]}"
    assert parse([yaml(f"spec: {spec}")], KNOWN).facts == (fact("postgres", "spec.databases.db", "db", "15"),)
    listed = decode(
        ".do/app.yaml", json.dumps([{"id": "x"}, {"spec": {"databases": [{"name": "db", "engine": "PG"}]}}]).encode()
    )
    assert recognises(listed)
    assert [item.evidence.address for item in parse([listed], KNOWN).facts] == ["[1].spec.databases.db"]


def test_an_image_that_is_a_server() -> None:
    document = yaml(
        """
name: x
services:
  - {name: mem, image: {registry_type: DOCKER_HUB, registry: library, repository: memcached, tag: "1.6.26"}, run_command: memcached -I 2m}
  - {name: own, image: {registry_type: DOCR, repository: web, tag: v1}}
"""
    )
    assert recognises(document)
    assert parse([document], KNOWN).facts == (
        Fact(
            kind="memcached",
            evidence=Evidence("digitalocean", ".do/app.yaml", "services.mem", "image"),
            version="1.6.26",
            precision=Precision.PATCH,
            name="mem",
            settings={"max_item_size": "2m"},
        ),
    )


@pytest.mark.parametrize("wrapped", [False, True])
def test_clusters_as_the_api_tells_them(wrapped: bool) -> None:
    rows = [
        {
            "id": "1",
            "name": "main",
            "engine": "pg",
            "version": "16",
            "num_nodes": 2,
            "connection": {"password": "c4n4ry"},
        },
        {
            "id": "2",
            "name": "sql",
            "engine": "mysql",
            "version": "8",
            "num_nodes": 1,
            "users": [{"password": "c4n4ry"}],
        },
    ]
    text = json.dumps({"databases": rows} if wrapped else rows)
    document = decode(".do/app.yaml", text.encode(), asked=True)
    assert recognises(document)
    reading = parse([document], KNOWN)
    assert reading.facts == (
        fact("postgres", "main", "main", "16", trust=Trust.ASKED),
        fact("mysql", "sql", "sql", "8.0", precision=Precision.MINOR, note=EIGHT, trust=Trust.ASKED),
    )
    assert "c4n4ry" not in repr(reading)


def test_what_is_malformed() -> None:
    reading = parse([yaml("databases: [7, {name: odd, engine: c4n4ry}, {name: db, engine: PG, version: [1]}]")], KNOWN)
    assert [item.name for item in reading.facts] == ["db"]
    said = "is a database of no engine that devenv knows"
    assert reading.notes == (
        Note(said, ".do/app.yaml", address="databases.0", failed=True),
        Note(said, ".do/app.yaml", address="databases.odd", failed=True),
    )


@pytest.mark.parametrize(
    "text",
    [
        "databases: [{name: a, plan: free}]",
        "databases: [{name: a, engine: mysql}]",
        "services: [{name: a, image: {repository: redis}}]",
        "spec: {template: x}",
        "[]",
    ],
)
def test_what_is_none_of_theirs(text: str) -> None:
    assert not recognises(yaml(text))


@given(value=ANYTHING)
def test_whatever_is_written_is_read(value: Any) -> None:
    document = Document("app.yaml", "yaml", (value,))
    recognises(document)
    parse([document], KNOWN)


@pytest.mark.parametrize("name", [".do/app.yaml", "app-values.yaml"])
def test_images_do_not_make_a_spec_a_charts_values(name: str) -> None:
    spec = """
name: app
databases: [{name: db, engine: PG, version: "15"}]
services: [{name: w, image: {registry_type: DOCKER_HUB, registry: library, repository: redis, tag: 7.2.4}}]
"""
    found = source_of(decode(name, spec.encode()))
    assert found is not None
    assert found.name == "digitalocean"
