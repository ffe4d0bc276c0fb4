"""Exports of Pulumi's stacks."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from devenv.document import decode
from devenv.model.fact import Status, Trust
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
