"""Exports of Pulumi's stacks."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from devenv.document import decode
from devenv.model.fact import Evidence, Fact, Precision, Reading, Status, Trust
from devenv.sources import pulumi
from devenv.sources.known import Known
from devenv.sources.registry import source_of

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '"c4n4ry"'}


def resource(kind: str, name: str, outputs: Any, inputs: Any = None) -> dict[str, Any]:
    urn = f"urn:pulumi:prod::shop::{kind}::{name}"
    return {"urn": urn, "type": kind, "inputs": inputs or {}, "outputs": outputs}


def export(*resources: Any) -> bytes:
    return json.dumps({"version": 3, "deployment": {"resources": list(resources)}}).encode()


def test_a_stack() -> None:
    db = {
        "identifier": "shop",
        "engine": "postgres",
        "engineVersionActual": "15.4",
        "parameterGroupName": "pg",
        "password": SECRET,
    }
    group = {"name": "pg", "parameters": [{"name": "jit", "value": "off"}, {"name": "timezone", "value": SECRET}]}
    google = {
        "name": "g",
        "databaseVersion": "MYSQL_8_0_31",
        "settings": {"databaseFlags": [{"name": "sql_mode", "value": "ANSI"}]},
    }
    document = decode(
        "stack.json",
        export(
            resource("aws:rds/instance:Instance", "main", db, {"engineVersion": "15"}),
            resource("aws:rds/parameterGroup:ParameterGroup", "pg", group),
            resource("gcp:sql/databaseInstance:DatabaseInstance", "g", google),
            resource("aws:s3/bucket:Bucket", "b", {}),
        ),
        day="2026-11-23",
    )
    source = source_of(document)
    assert source
    assert source.name == "pulumi"
    reading = pulumi.parse([document], Known())
    assert [(f.kind, f.version, f.name, dict(f.settings), f.trust, f.evidence.address) for f in reading.facts] == [
        ("postgres", "15.4", "shop", {"jit": "off"}, Trust.RECORDED, "main"),
        ("mysql", "8.0.31", "g", {"sql_mode": "ANSI"}, Trust.CONFIGURED, "g"),
    ]
    assert "c4n4ry" not in repr(reading)


def test_a_version_that_is_secret_is_unknown() -> None:
    document = decode(
        "s.json", export(resource("aws:rds/instance:Instance", "x", {"engine": "postgres", "engineVersion": SECRET}))
    )
    (fact,) = pulumi.parse([document], Known()).facts
    assert (fact.version, fact.status) == ("", Status.UNKNOWN)


def read(*resources: Any, known: Known | None = None) -> Reading:
    reading = pulumi.parse([decode("s.json", export(*resources))], known or Known())
    assert "c4n4ry" not in repr(reading)
    return reading


def test_the_whole_of_a_fact() -> None:
    outputs = {"identifier": "shop", "engine": "postgres", "engineVersionActual": "15.4", "engineVersion": "15"}
    assert read(resource("aws:rds/instance:Instance", "main", outputs)).facts == (
        Fact(
            "postgres",
            Evidence("pulumi", "s.json", "main", "engineVersionActual"),
            "15.4",
            Precision.PATCH,
            name="shop",
            trust=Trust.RECORDED,
        ),
    )


def test_what_was_asked_where_nothing_is_answered() -> None:
    kind, inputs = "aws:rds/instance:Instance", {"engine": "postgres", "engineVersion": "15"}
    for outputs in ({}, None, "x", {"engine": None, "engineVersion": None}):
        assert [(f.kind, f.version) for f in read(resource(kind, "x", outputs, inputs)).facts] == [("postgres", "15")]


def test_what_is_about_to_be_deleted_is_not_there() -> None:
    assert read({**resource("aws:rds/instance:Instance", "x", {"engine": "mysql"}), "delete": True}).facts == ()


def test_other_types() -> None:
    containers = json.dumps([{"image": "redis:7.0.1", "environment": [{"value": "c4n4ry"}]}])
    azure = {"name": "a", "version": "15", "minorVersion": "4", "administratorLogin": "c4n4ry"}
    found = read(
        resource("azure-native:dbforpostgresql/v20221201:Server", "a", azure),
        resource("aws:ecs/taskDefinition:TaskDefinition", "t", {"containerDefinitions": containers}),
        resource("aws:ecs/taskDefinition:TaskDefinition", "u", {"containerDefinitions": SECRET}),
        resource("mongodbatlas:index/cluster:Cluster", "m", {"name": "m", "mongoDbVersion": "7.0.1"}),
        known=Known({"redis": "redis"}),
    )
    assert [(fact.kind, fact.version) for fact in found.facts] == [
        ("postgres", "15.4"),
        ("mongodb", "7.0.1"),
        ("redis", "7.0.1"),
    ]
    assert [str(note) for note in found.notes] == ["s.json: u: its containers cannot be read"]


def test_kubernetes_and_its_releases() -> None:
    spec = {"template": {"spec": {"containers": [{"image": "postgres:15.4", "env": [{"value": "c4n4ry"}]}]}}}
    database = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": spec}
    hidden = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"p": "c4n4ry"}}
    release = {
        "name": "pg",
        "chart": "postgresql",
        "version": "14.2.3",
        "repositoryOpts": {"repo": "https://charts.bitnami.com/bitnami"},
        "status": {"appVersion": "16.2.0"},
        "values": {"auth": {"password": "c4n4ry"}},
    }
    found = read(
        resource("kubernetes:apps/v1:StatefulSet", "sts", database),
        resource("kubernetes:core/v1:Secret", "s", hidden),
        resource("kubernetes:helm.sh/v3:Release", "pg", release),
        known=Known({"postgres": "postgres", "bitnami/postgresql": "postgres"}),
    )
    assert [(f.version, f.name, f.evidence.address, f.evidence.attribute, f.trust) for f in found.facts] == [
        ("16.2", "pg", "pg", "status.appVersion", Trust.RECORDED),
        ("15.4", "db", "sts", "spec.template.spec.containers[0].image", Trust.CONFIGURED),
    ]


VALUES: Any = st.recursive(
    st.none() | st.text(max_size=5) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["urn", "type", "outputs", "inputs", "settings", "parameters"]), inner)
    ),
    max_leaves=15,
)


@given(VALUES, VALUES)
def test_whatever_the_shape(one: Any, other: Any) -> None:
    document = decode("s.json", export(one, resource("gcp:sql/databaseInstance:DatabaseInstance", "x", other)))
    pulumi.recognises(document)
    pulumi.parse([document], Known())
